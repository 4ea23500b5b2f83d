"""Typical values: something believable of the right shape for any property, from the types alone."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from emulator.odata.types import Collection, Enum, PropertyType, Structured
from emulator.png import GREY, drawn
from emulator.schema import schema

DEPTH = 3
_UNKNOWN = frozenset({"unknownFutureValue", "unknown", "none", "notSet", "unspecified"})
_PRIMITIVES: dict[str, Any] = {
    "Edm.Boolean": False,
    "Edm.Byte": 1,
    "Edm.SByte": 1,
    "Edm.Int16": 1,
    "Edm.Int32": 1,
    "Edm.Int64": 1,
    "Edm.Decimal": 1.5,
    "Edm.Double": 1.5,
    "Edm.Single": 1.5,
    "Edm.DateTimeOffset": "2026-02-02T09:00:00Z",
    "Edm.Date": "2026-02-02",
    "Edm.TimeOfDay": "09:00:00.0000000",
    "Edm.Duration": "PT1H",
    "Edm.Binary": "AAEC",
    "Edm.Stream": "AAEC",
}
# Something ends after it began and expires late; Exchange keeps birthdays at this hour.
_MOMENTS = (("end", "2026-02-02T10:00:00Z"), ("expir", "2046-02-02T09:00:00Z"), ("birthday", "1990-05-17T11:59:00Z"))
# What a text holds is known by the name of its property; the first that fits counts.
_TEXTS = tuple(
    (re.compile(pattern, re.IGNORECASE), text)
    for pattern, text in (
        (r"timezone$", "UTC"),
        (r"^expir.*dateTime$", "2046-02-02T09:00:00Z"),
        (r"dateTime$", "2026-02-02T09:00:00.0000000"),
        (r"nickname$", "typical"),
        (r"(?:ip|Ip|IP)Address$", "192.0.2.10"),
        (r"principalName$", "someone@example.org"),
        (r"^(?:mail|address|.*email(?:Address)?)$", "someone@example.org"),
        (r"(?:url|uri|link)s?$", "https://example.org/typical"),
        (r"domain(?:Name)?s?$", "example.org"),
        (r"(?:phone|phones|phoneNumber|mobile|fax|faxNumber)$", "+49 421 5550100"),
        (r"(?:locale|language|languageTag)$", "en-US"),
        (r"(?:country|usageLocation|countryCode|countryOrRegion)$", "DE"),
        (r"^(?:mime|content)Type$", "text/plain"),
    )
)
# The most usual of the types that stand for a general one, abstract or not.
_USUAL = {
    "directoryObject": "user",
    "attachment": "fileAttachment",
    "extension": "openTypeExtension",
    "baseItem": "driveItem",
    "outlookItem": "message",
    "authenticationMethod": "phoneAuthenticationMethod",
    "conversationMember": "aadUserConversationMember",
    "policyBase": "tokenLifetimePolicy",
}


def typical(kind: PropertyType, name: str = "", depth: int = DEPTH) -> Any:  # noqa: ANN401 - JSON values
    """A value of the type, structures filled down to a depth; below it they are empty."""
    if isinstance(kind, Collection):
        return [typical(kind.item, name, depth)] if depth else []
    if isinstance(kind, Structured):
        return _later(_structure(kind, depth)) if name.lower().startswith("end") else _structure(kind, depth)
    if isinstance(kind, Enum):
        return next((member for member in kind.members if member not in _UNKNOWN), kind.members[0])
    return _primitive(kind, name)


def concrete(kind: Structured) -> Structured:
    """The type itself, or the most usual of those that a general one stands for."""
    usual = schema().find_kind(f"microsoft.graph.{_USUAL.get(kind.name.rpartition('.')[2], '')}")
    if usual is not None:
        return usual
    if not kind.is_abstract:
        return kind
    return next((derived for derived in derived_of(kind) if not derived.is_abstract), kind)


@cache
def picture() -> bytes:
    """A small grey picture, a real PNG."""
    side = 96
    rows = b"".join(b"\x00" + bytes([120 + row]) * side for row in range(side))
    return drawn(side, side, GREY, rows)


@cache
def derived_of(kind: Structured) -> tuple[Structured, ...]:
    """Every type that derives from one, in the schema's order."""
    every = (schema().kind(name) for name in schema().names)
    return tuple(other for other in every if other is not kind and other.derives_from(kind))


def _later(value: dict[str, Any]) -> dict[str, Any]:
    """Something ends after it began."""
    moment = value.get("dateTime")
    return value | {"dateTime": moment.replace("T09:", "T10:")} if isinstance(moment, str) else value


def _structure(kind: Structured, depth: int) -> dict[str, Any]:
    found = concrete(kind)
    head = {} if found is kind else {"@odata.type": f"#{found.name}"}
    if depth <= 0:
        return head
    return head | {name: typical(of, name, depth - 1) for name, of in found.properties.items() if of != "Edm.Stream"}


def _primitive(kind: str, name: str) -> Any:  # noqa: ANN401 - JSON values
    if kind == "Edm.Guid":
        return str(uuid5(NAMESPACE_URL, f"typical/{name}"))
    if kind == "Edm.DateTimeOffset":
        named = (moment for start, moment in _MOMENTS if name.lower().startswith(start))
        return next(named, _PRIMITIVES[kind])
    return _PRIMITIVES.get(kind) if kind in _PRIMITIVES else _text(name)


def _text(name: str) -> str:
    known = next((text for pattern, text in _TEXTS if pattern.search(name)), None)
    return known or f"Typical {name}".strip()
