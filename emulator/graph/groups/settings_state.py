"""Settings of groups: templates that are the same in every tenant, and the values that a tenant gave them."""

from __future__ import annotations

from typing import NamedTuple

from emulator.store import Entity
from emulator.tenant import Tenant

UNIFIED = "62375ab9-6b52-47ed-826b-58e47e0e304b"
GUESTS = "08d542b9-071f-4e16-94b0-74abb372e3d9"


class SettingValue(NamedTuple):
    """One value that a template knows."""

    name: str
    type: str
    default: str
    description: str


class SettingTemplate(NamedTuple):
    """What can be set together; `of_groups` says that a single group may have it, too."""

    id: str
    name: str
    description: str
    values: tuple[SettingValue, ...]
    of_groups: bool = False


def _values(text: str) -> tuple[SettingValue, ...]:
    rows = ([part.strip() for part in line.split("|")] for line in text.strip().splitlines())
    return tuple(SettingValue(name, f"System.{kind}", default, says) for name, kind, default, says in rows)


_LIST = (
    SettingTemplate(
        UNIFIED,
        "Group.Unified",
        "What holds for all Microsoft 365 groups of the organisation.",
        _values("""
            NewUnifiedGroupWritebackDefault | Boolean | true | Whether new groups are written back to a local directory.
            EnableMIPLabels | Boolean | false | Whether sensitivity labels can be put on groups.
            CustomBlockedWordsList | String | | Words that names of groups may not contain, parted by commas.
            EnableMSStandardBlockedWords | Boolean | false | Not in use any more.
            ClassificationDescriptions | String | | What the classifications mean, as name:text parted by commas.
            DefaultClassification | String | | The classification of a group that was given none.
            PrefixSuffixNamingRequirement | String | | What names of groups begin and end with, around [GroupName].
            AllowGuestsToBeGroupOwner | Boolean | false | Whether a guest may own a group.
            AllowGuestsToAccessGroups | Boolean | true | Whether guests reach what belongs to groups.
            GuestUsageGuidelinesUrl | String | | Where the rules for guests are.
            GroupCreationAllowedGroupId | String | | The group whose members may make groups where others may not.
            AllowToAddGuests | Boolean | true | Whether guests may be added to groups.
            UsageGuidelinesUrl | String | | Where the rules for groups are.
            ClassificationList | String | | The classifications that a group may have, parted by commas.
            EnableGroupCreation | Boolean | true | Whether people without a role may make groups.
        """),
    ),
    SettingTemplate(
        GUESTS,
        "Group.Unified.Guest",
        "What holds for guests of one Microsoft 365 group.",
        _values("AllowToAddGuests | Boolean | true | Whether guests may be added to this group."),
        of_groups=True,
    ),
    SettingTemplate(
        "4bc7f740-180e-4586-adb6-38b2e9024e6b",
        "Application",
        "What holds for all applications of the organisation.",
        _values("""
            EnableAccessCheckForPrivilegedApplicationUpdates | Boolean | false | Whether powerful apps are guarded more.
        """),
    ),
    SettingTemplate(
        "898f1161-d651-43d1-805c-3b0b388a9fc2",
        "Custom Policy Settings",
        "Which conditional access policies of the organisation's own count.",
        _values("CustomConditionalAccessPolicyUrl | String | | Where the policy is described."),
    ),
    SettingTemplate(
        "5cf42378-d67d-4f36-ba46-e8b86229381d",
        "Password Rule Settings",
        "Which passwords are refused, and when a person is locked out.",
        _values("""
            BannedPasswordCheckOnPremisesMode | String | Audit | Whether a local directory enforces the list.
            EnableBannedPasswordCheckOnPremises | Boolean | true | Whether a local directory knows the list.
            EnableBannedPasswordCheck | Boolean | true | Whether the organisation has a list of its own.
            LockoutDurationInSeconds | Int32 | 60 | How long a person is locked out.
            LockoutThreshold | Int32 | 10 | After how many failures a person is locked out.
            BannedPasswordList | String | | Words that a password may not contain, parted by tabs.
        """),
    ),
    SettingTemplate(
        "80661d51-be2f-4d46-9713-98a2fcaec5bc",
        "Prohibited Names Settings",
        "Which names applications may not have.",
        _values("""
            CustomBlockedSubStringsList | String | | Parts that a name may not contain, parted by commas.
            CustomBlockedWholeWordsList | String | | Words that a name may not contain, parted by commas.
        """),
    ),
    SettingTemplate(
        "aad3907d-1d1a-448b-b3ef-7bf7f63db63b",
        "Prohibited Names Restricted Settings",
        "Names that only Microsoft's own applications may have.",
        _values("""
            CustomAllowedSubStringsList | String | | Parts that are allowed all the same, parted by commas.
            CustomAllowedWholeWordsList | String | | Words that are allowed all the same, parted by commas.
            DoNotValidateAgainstTrademark | Boolean | false | Whether trademarks are left out of account.
        """),
    ),
    SettingTemplate(
        "dffd5d46-495d-40a9-8e21-954ff55e198a",
        "Consent Policy Settings",
        "What people and owners of groups may consent to.",
        _values("""
            EnableGroupSpecificConsent | Boolean | | Whether owners of groups may consent for them.
            BlockUserConsentForRiskyApps | Boolean | true | Whether people may consent to applications at risk.
            EnableAdminConsentRequests | Boolean | false | Whether people may ask an administrator to consent.
            ConstrainGroupSpecificConsentToMembersOfGroupId | String | | Whose owners may consent for groups.
        """),
    ),
)

TEMPLATES = {template.id: template for template in _LIST}


def setting_of(tenant: Tenant, template_id: str) -> Entity | None:
    """The organisation's setting that was made from a template."""
    return next((one for one in tenant.store.root("groupSettings") if one["templateId"] == template_id), None)


def values_of(tenant: Tenant, template_id: str) -> dict[str, str]:
    """The values that count for the organisation: its own, else those of the template."""
    known = {value.name: value.default for value in TEMPLATES[template_id].values}
    setting = setting_of(tenant, template_id)
    own = setting.get("values") if setting is not None else ()
    return known | {str(pair["name"]): str(pair["value"]) for pair in own}
