"""Bodies for requests whose own is not known: what the answer shows was sent, or the least that is valid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.graph.engine.workload import Service
from emulator.odata.types import PropertyType, Structured
from emulator.schema import Operation, schema
from emulator.typical import concrete, typical

_POST = {"body": {"contentType": "text", "content": "Typical content"}}
_MAIL = {"subject": "Typical subject", "toRecipients": [{"emailAddress": {"address": "someone@example.org"}}]}
# What a service cannot do without to make one of these, beside what its type requires.
_LEAST: Mapping[str, Mapping[str, Any]] = {
    "conversation": {"topic": "Typical topic", "threads": [{"posts": [_POST]}]},
    "conversationThread": {"topic": "Typical topic", "posts": [_POST]},
    "user": {
        "accountEnabled": True,
        "displayName": "Typical displayName",
        "mailNickname": "typical",
        "passwordProfile": {"password": "Typical-Passw0rd"},
        "userPrincipalName": "typical@example.org",
    },
}
# Parameters of which the service takes few values although their type would take any.
_PARAMETERS: Mapping[str, Any] = {
    "attachmentitem": {"attachmentType": "file", "name": "Typical name", "size": 4_000_000},
    "item": {"@microsoft.graph.conflictBehavior": "rename"},
    "mailtipsoptions": "automaticReplies, mailboxFullStatus, customMailTip, totalMemberCount, maxMessageSize",
    "message": _MAIL,
    "recipients": [{"email": "someone@example.org"}],
    "roles": ["read"],
    "scope": "organization",
    "type": "Group",
    "types": ["user", "group", "device", "servicePrincipal"],
}
# Parameters that stand for others, which are then left out.
_INSTEAD: Mapping[str, tuple[str, ...]] = {"message": ("torecipients", "comment")}
_STAMPS = ("createdDateTime", "lastModifiedDateTime", "deletedDateTime", "changeKey")
_FACETS = ("bundle", "folder")
_SOMEBODY = "00000000-0000-4000-8000-000000000001"


def invented(service: Service, answer: Any, kind: Structured | None, operation: Operation | None, method: str) -> Any:  # noqa: ANN401
    """A body that the request may have had."""
    if operation is not None:
        taken = {name.lower() for name in operation.takes}
        return {
            name: _parameter(name, of)
            for name, of in operation.takes.items()
            if name != "bindingParameter" and taken.isdisjoint(_INSTEAD.get(name.lower(), ()))
        }
    if kind is None:
        return {}
    shown = answer if isinstance(answer, Mapping) else {}
    named = schema().find_kind(str(shown.get("@odata.type") or "").removeprefix("#"))
    sent = named if named is not None and named.derives_from(kind) else concrete(kind)
    head = {"@odata.type": f"#{sent.name}"} if sent is not kind else {}
    least = _LEAST.get(sent.name.rpartition(".")[2], {}) if method == "POST" else {}
    return {**head, **least, **_of_type(service, sent, shown, method)}


def invented_reference(kind: Structured) -> dict[str, str]:
    """The body of a request that refers to something of a type."""
    general = kind.name == "microsoft.graph.directoryObject"
    roots = (name for name, root in schema().roots.items() if root.is_collection and root.kind is kind)
    place = "users" if general else next(roots, "directoryObjects")
    return {"@odata.id": f"https://graph.microsoft.com/v1.0/{place}/{_SOMEBODY}"}


def _parameter(name: str, kind: PropertyType) -> Any:  # noqa: ANN401 - JSON values
    known = _PARAMETERS.get(name.lower())
    is_other = isinstance(known, Mapping) and not isinstance(kind, Structured)
    return typical(kind, name, 2) if known is None or is_other else known


def _of_type(service: Service, kind: Structured, shown: Mapping[str, Any], method: str) -> dict[str, Any]:
    """What is the caller's to say of what the answer shows, and what the type requires."""
    rules = service.rules(kind)
    closed = {"id", *rules.computed, *rules.fixed, *_STAMPS}
    own = {name: value for name, value in shown.items() if name in kind.properties and name not in closed}
    facets: dict[str, Any] = {
        name: {} for name in _FACETS if name in shown and name in kind.properties and method == "POST"
    }
    needed = {name: typical(kind.properties[name], name) for name in rules.required if name in kind.properties}
    if not own and not needed and method != "POST":
        plain = (name for name, of in kind.properties.items() if of == "Edm.String" and name not in closed)
        needed = {name: typical("Edm.String", name) for name in list(plain)[:1]}
    return {**needed, **facets, **{name: value for name, value in own.items() if value is not None}}
