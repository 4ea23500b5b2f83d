"""Which service answers for a path, and what one call takes from that service's limits, by the path's first words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from graph.calls import Call
from graph.throttle.costs import Weights, directory_cost, plain, sharepoint_cost, word
from graph.throttle.teams import weigh_teams

_WORDS = {
    "outlook": """calendar calendarGroups calendarView calendars contactFolders contacts conversations events
        acceptedSenders findMeetingTimes getMailTips inferenceClassification mailFolders mailboxSettings messages
        outlook people photo photos rejectedSenders reminderView sendMail threads todo translateExchangeIds""",
    "sharepoint": "drive drives followedSites sites",
    "onenote": "notes onenote",
    "teams": "chats joinedTeams team teamwork",
    "presence": "presence",
    "intune": """deviceManagementTroubleshootingEvents exportDeviceAndAppManagementData managedAppRegistrations
        getManagedAppDiagnosticStatuses getManagedAppPolicies getManagedDevicesWithAppFailures managedDevices
        removeAllDevicesFromManagement wipeManagedAppRegistrationsByDeviceTag""",
    "insights": "insights",
    "extensions": "extensions",
    "other": """activities adhocCalls agreementAcceptances cloudClipboard cloudPCs dataSecurityAndGovernance
        employeeExperience exportPersonalData onlineMeetings planner settings solutions""",
}
# What follows a person or a group in a path; what is not here is the directory's own, like memberOf or licenseDetails.
_OF_OWNER = {word.lower(): service for service, words in _WORDS.items() for word in words.split()}

_ROOT_WORDS = {
    "directory": """administrativeUnits applicationTemplates applications authenticationMethodConfigurations
        authenticationMethodsPolicy certificateBasedAuthConfiguration contacts contracts devices directory
        directoryObjects directoryRoleTemplates directoryRoles domainDnsRecords domains groupLifecyclePolicies
        groupSettingTemplates groupSettings groups me oauth2PermissionGrants organization permissionGrants policies
        roleManagement scopedRoleMemberships servicePrincipals subscribedSkus users""",
    "sharepoint": "drive drives shares sites storage",
    "teams": "appCatalogs chats teams teamsTemplates teamwork",
    "intune": "deviceAppManagement deviceManagement",
    "subscriptions": "subscriptions",
    "audit": "auditLogs",
    "protection": "identityProtection",
    "identityproviders": "identityProviders",
    "invitations": "invitations",
    "extensions": "schemaExtensions",
    "education": "education",
}
_ROOTS = {word.lower(): service for service, words in _ROOT_WORDS.items() for word in words.split()}

# Roots below which the second word decides, before the root does.
_BELOW = {
    ("admin", "serviceannouncement"): "health",
    ("admin", "sharepoint"): "sharepoint",
    ("communications", "callrecords"): "callrecords",
    ("communications", "getpresencesbyuserid"): "presence",
    ("communications", "presences"): "presence",
    ("devicemanagement", "virtualendpoint"): "other",
    ("identity", "b2cuserflows"): "identityproviders",
    ("identity", "b2xuserflows"): "identityproviders",
    ("identity", "conditionalaccess"): "protection",
    ("identity", "identityproviders"): "identityproviders",
    ("identity", "userflowattributes"): "identityproviders",
    ("policies", "conditionalaccesspolicies"): "protection",
    ("security", "alerts"): "alerts",
    ("security", "alerts_v2"): "alerts",
    ("security", "cases"): "ediscovery",
    ("security", "incidents"): "alerts",
    ("security", "securescorecontrolprofiles"): "securescores",
    ("security", "securescores"): "securescores",
    ("security", "tiindicators"): "tiindicators",
}
# Roots that several services share; the second word tells them apart.
_GATHERED = frozenset({"admin", "communications", "devicemanagement", "identity", "reports", "security", "solutions"})
_OWNERS = frozenset({"users", "groups"})
_SENDING = frozenset({"sendmail", "send", "reply", "replyall", "forward"})
_USAGE = re.compile(r"get(?:email|mailbox|m365|office365|onedrive|sharepoint|skypeforbusiness|teams|yammer)")
# Of a site by its id or by its path; a folder or a list may have the same name.
_SITE = r"sites/[^/:]+(?::/[^:]+:|/[^/(]*getByPath\([^)]*\))?/"
_NOTES = re.compile(rf"(?:groups/[^/]+/)?(?:{_SITE})+onenote(?:/|$)", re.IGNORECASE)
_WORKBOOK = re.compile(r"(?:items/[^/:]+|:/[^:]+:)/workbook(?:/|$)", re.IGNORECASE)


def weigh(call: Call) -> tuple[Weights, str | None]:
    """The rows of the table of limits that a call meets, and whose mailbox or which thing; None is the caller's own."""
    words = call.path.split("/")
    if "(" in words[0]:
        words[:1] = _root_and_key(words[0])
    root = words[0].lower()
    if root == "me":
        service, whose = _of_owner(words, 1), None
    elif root in _OWNERS and len(words) > 1:
        service, whose = _of_owner(words, 2), plain(words[1])
    else:
        service, whose = _of_root(root, words), ""
    weigher = _WEIGHERS.get(service)
    return weigher(call, words, whose) if weigher else (((service, 1),), "")


def _root_and_key(segment: str) -> list[str]:
    """`users('x')` and `users(userPrincipalName='x')` are `users/x`."""
    root, _, key = segment.partition("(")
    key = key.removesuffix(")").replace("%27", "'")
    return [root, (key if key.startswith("'") else key.partition("=")[2]).strip("'")]


def _of_owner(words: list[str], place: int) -> str:
    return _OF_OWNER.get(word(words[place]), "directory") if len(words) > place else "directory"


def _of_root(root: str, words: list[str]) -> str:
    second = word(words[1]) if len(words) > 1 else ""
    if root == "reports" and _USAGE.match(second):
        return "reports"
    return _BELOW.get((root, second)) or _ROOTS.get(root, "other")


# What a call takes from each service that counts more than calls.


def _outlook(call: Call, words: list[str], whose: str | None) -> tuple[Weights, str | None]:
    if call.method == "POST" and word(words[-1]) in _SENDING:
        return (("outlook", 1), ("outlook.send", 1)), whose
    return (("outlook", 1),), whose


def _directory(call: Call, words: list[str], whose: str | None) -> tuple[Weights, str | None]:
    units, is_write = directory_cost(call, words)
    half, count = ("write", 1) if is_write else ("read", 0)
    return (
        ("directory", units),
        (f"directory.{half}", count),
        ("directory-app", units),
        (f"directory-app.{half}", count),
    ), ""


def _sharepoint(call: Call, words: list[str], whose: str | None) -> tuple[Weights, str | None]:
    if "workbook" in call.path and _WORKBOOK.search(call.path):
        return (("excel", 1), ("excel-app", 1)), ""
    if _NOTES.match("/".join(words)):
        return (("onenote", 1),), ""
    return (("sharepoint", sharepoint_cost(call, words)),), ""


def _intune(call: Call, words: list[str], whose: str | None) -> tuple[Weights, str | None]:
    return (("intune", 1),) if call.is_read else (("intune", 1), ("intune.write", 1)), ""


def _subscriptions(call: Call, words: list[str], whose: str | None) -> tuple[Weights, str | None]:
    return ((("subscriptions.list" if call.is_read and len(words) == 1 else "subscriptions"), 1),), ""


def _reports(call: Call, words: list[str], whose: str | None) -> tuple[Weights, str | None]:
    is_json = call.version == "beta" and "json" in call.query
    return (("reports.json" if is_json else "reports", 1),), word(words[1])


def _insights(call: Call, words: list[str], whose: str | None) -> tuple[Weights, str | None]:
    return (("insights", 1),), whose


def _other(call: Call, words: list[str], whose: str | None) -> tuple[Weights, str | None]:
    """One lane for each user and each name that tells what it is."""
    if whose != "":
        return (("other", 1),), word(words[1 if whose is None else 2])
    root = words[0].lower()
    return (("other", 1),), f"{root}/{word(words[1])}" if root in _GATHERED and len(words) > 1 else root


_Weigher: TypeAlias = Callable[[Call, list[str], str | None], tuple[Weights, str | None]]
_WEIGHERS: dict[str, _Weigher] = {
    "outlook": _outlook,
    "directory": _directory,
    "sharepoint": _sharepoint,
    "teams": weigh_teams,
    "intune": _intune,
    "subscriptions": _subscriptions,
    "reports": _reports,
    "insights": _insights,
    "other": _other,
}
