"""Names of groups: what one may look like, whether it is free, and what the tenant's naming policy demands."""

from __future__ import annotations

import re

from emulator.graph.groups import settings_state as settings
from emulator.graph.groups.state import by_nickname
from emulator.store import Entity
from emulator.tenant import Tenant

LONGEST_NAME = 256
LONGEST_NICKNAME = 64
_NICKNAME = re.compile(r"[\x21-\x7e]+")
_FORBIDDEN = frozenset('@()\\[]";:<>, ')
_ATTRIBUTE = re.compile(r"\[([A-Za-z0-9]+)\]")
# What a naming policy may take from the person who makes the group.
_ATTRIBUTES = {
    "department": "department",
    "company": "companyName",
    "office": "officeLocation",
    "stateorprovince": "state",
    "countryorregion": "country",
    "title": "jobTitle",
}
_NAME = "[GroupName]"

Detail = dict[str, str]


def is_nickname(text: str) -> bool:
    """Whether a mail nickname has only characters that an address may have before its at sign."""
    fits = 0 < len(text) <= LONGEST_NICKNAME and _NICKNAME.fullmatch(text) is not None
    return fits and _FORBIDDEN.isdisjoint(text)


def problems(
    tenant: Tenant, display_name: str | None, nickname: str | None, maker: Entity | None, *, is_team: bool = True
) -> list[Detail]:
    """What is wrong with the names of a new group, each problem as an error detail."""
    found: list[Detail] = []
    if display_name is not None:
        found += _policy(tenant, "displayName", display_name, maker)
        if not 0 < len(display_name) <= LONGEST_NAME:
            found.append(_detail("displayName", "InvalidLength", f"may have 1 to {LONGEST_NAME} characters"))
    if nickname is not None:
        found += _policy(tenant, "mailNickname", nickname, maker)
        if not is_nickname(nickname):
            found.append(_detail("mailNickname", "InvalidValue", "has characters that an address cannot have"))
        elif is_team and by_nickname(tenant, nickname) is not None:
            text = "Another object with the same value for property mailNickname already exists."
            found.append({"target": "mailNickname", "code": "PropertyConflict", "message": text})
    return found


def _policy(tenant: Tenant, name: str, text: str, maker: Entity | None) -> list[Detail]:
    values = settings.values_of(tenant, settings.UNIFIED)
    blocked = [word.strip().lower() for word in values.get("CustomBlockedWordsList", "").split(",") if word.strip()]
    words = [word.lower() for word in re.findall(r"\w+", text)]
    found = [
        _detail(name, "ContainsBlockedWord", f"contains the blocked word '{word}'") for word in blocked if word in words
    ]
    requirement = values.get("PrefixSuffixNamingRequirement", "")
    if _NAME in requirement:
        prefix, _, suffix = requirement.partition(_NAME)
        prefix, suffix = _filled(prefix, maker), _filled(suffix, maker)
        if not (text.lower().startswith(prefix.lower()) and text.lower().endswith(suffix.lower())):
            text = f"must begin with '{prefix}' and end with '{suffix}'"
            found.append({**_detail(name, "MissingPrefixSuffix", text), "prefix": prefix, "suffix": suffix})
    return found


def _filled(text: str, maker: Entity | None) -> str:
    def value(found: re.Match[str]) -> str:
        name = _ATTRIBUTES.get(found[1].lower())
        return str(maker.get(name) or "") if maker is not None and name else ""

    return _ATTRIBUTE.sub(value, text)


def _detail(name: str, code: str, text: str) -> Detail:
    return {"target": name, "code": code, "message": f"Property {name} {text}."}
