"""permissions: what the chosen toolsets need, who has to agree to it, and the link for an administrator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from auth.consent import admin_consent_url
from clouds import GRAPH_ID
from commands._output import Output, as_json, table
from commands._permission_map import (
    Need,
    all_application,
    all_delegated,
    identifier,
    is_for_administrators,
    is_for_personal_accounts,
    needs,
)
from settings import Settings
from tools import ToolSpec

_BY_TOKEN_OR_KEY = ("entra", "apikey")
_NO_APP = "The link needs the app: set ENTRA_CLIENT_ID (docs/app-registration.md says how to register one)."


def permissions(
    settings: Settings,
    offered: Iterable[ToolSpec],
    output: Output,
    *,
    json_wanted: bool = False,
    only_link: bool = False,
) -> int:
    """The exit status: 2 where there is no app for a link that was asked for. `offered` is to a person or to an app."""
    if settings.callers == "apikey":  # nobody stands behind a key, whatever else is set by now
        settings = settings.model_copy(update={"entra_auth_mode": "application"})
    found = needs(offered)
    link = _link(settings, found)
    if only_link:
        output.show(link) if link else output.tell(_NO_APP)
        return 0 if link else 2
    output.show(as_json(_facts(settings, found, link)) if json_wanted else _report(settings, found, link))
    return 0


def told_for_docs(found: Sequence[Need]) -> str:
    """The table of docs/app-registration.md."""
    lines = [
        "| Toolset | Access | Delegated (a person) | Application (an app by itself) | Tools |",
        "|---|---|---|---|---|",
        *(f"| {' | '.join((*_cells(need, '`'), _listed(need.tools, '`')))} |" for need in found),
    ]
    return "\n".join([*lines, "", "\\* An administrator has to agree. To application permissions always."])


def _link(settings: Settings, found: Sequence[Need]) -> str:
    if not settings.entra_client_id:
        return ""
    return admin_consent_url(settings, settings.entra_scopes or all_delegated(found))


def _facts(settings: Settings, found: Sequence[Need], link: str) -> dict[str, object]:
    person, app = all_delegated(found), all_application(found)
    return {
        "toolsets": [
            {
                "toolset": need.toolset,
                "access": str(need.access),
                "delegated": list(need.delegated),
                "wants": list(need.wants),
                "application": list(need.application) if need.has_app_form else None,
                "tools": list(need.tools),
            }
            for need in found
        ],
        "delegated": [
            {
                "name": name,
                "admin_consent": is_for_administrators(name),
                "personal_accounts": is_for_personal_accounts(name),
            }
            for name in person
        ],
        "application": [{"name": name, "admin_consent": True} for name in app],
        "asked_for": list(settings.entra_scopes or person),
        "admin_consent_url": link or None,
        "required_resource_access": _manifest(settings, person, app),
    }


def _manifest(settings: Settings, person: Sequence[str], app: Sequence[str]) -> list[dict[str, object]]:
    """The permissions as the manifest of an app registration has them, for the mode that the settings call for."""
    kind, mark, names = (
        ("application", "Role", app) if settings.auth_mode == "application" else ("delegated", "Scope", person)
    )
    entries = [{"id": found, "type": mark} for name in names if (found := identifier(name, kind))]
    return [{"resourceAppId": GRAPH_ID, "resourceAccess": entries}]


def _report(settings: Settings, found: Sequence[Need], link: str) -> str:
    head = ("toolset", "access", "signed-in person", "app by itself")
    person, app = all_delegated(found), all_application(found)
    admins = [name for name in person if is_for_administrators(name)]
    not_personal = [name for name in person if not is_for_personal_accounts(name)]
    lines = [
        table(head, [_cells(need) for need in found]),
        "",
        *(
            _of_callers(settings, person, app)
            or [
                f"A person grants: {_listed(person)}. {_who_agrees(admins)}",
                f"An app by itself needs: {_listed(app)}. An administrator has to agree.",
            ]
        ),
    ]
    if not_personal and settings.callers not in _BY_TOKEN_OR_KEY:
        lines.append(f"Personal Microsoft accounts do not have: {_listed(not_personal)}.")
    if settings.entra_scopes and settings.auth_mode == "delegated":
        lines.append(f"ENTRA_SCOPES is set: {_asks(settings)} {_listed(settings.entra_scopes)} instead.")
    return "\n".join([*lines, f"An administrator agrees for everybody at: {link}" if link else _NO_APP])


def _of_callers(settings: Settings, person: Sequence[str], app: Sequence[str]) -> list[str]:
    """What the app registration has to have where callers over HTTP bring tokens or keys; nothing where they do not."""
    if settings.callers not in _BY_TOKEN_OR_KEY:
        return []
    if settings.auth_mode == "application":
        says = f"The app needs these application permissions: {_listed(app)}. An administrator has to agree."
        return [says, "Callers share them: the server works as the app, whoever calls."]
    return [
        f"The API's registration needs these delegated permissions: {_listed(person)}.",
        "An administrator has to agree to all of them: nobody can be asked on the way to Graph (--admin-consent-url).",
    ]


def _asks(settings: Settings) -> str:
    return "in the name of callers, the server asks for" if settings.callers == "entra" else "sign-in asks for"


def _who_agrees(admins: Sequence[str]) -> str:
    if not admins:
        return "The person may agree alone, unless the tenant reserves that to administrators."
    return f"An administrator has to agree to: {_listed(admins)} (marked *)."


def _cells(need: Need, quote: str = "") -> tuple[str, str, str, str]:
    person = _marked(need.delegated, quote) or "none"
    if need.wants:
        person += f"; better with {_marked(need.wants, quote)}"
    app = _listed(need.application, quote) if need.has_app_form else "not offered"
    return need.toolset, str(need.access), person, app


def _marked(names: Sequence[str], quote: str) -> str:
    star = "\\*" if quote else "*"
    return ", ".join(f"{quote}{name}{quote}{star * is_for_administrators(name)}" for name in names)


def _listed(names: Sequence[str], quote: str = "") -> str:
    return ", ".join(f"{quote}{name}{quote}" for name in names) or "none"
