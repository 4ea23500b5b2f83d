"""The content of a token cache as plain data: reading MSAL's JSON, and bringing two versions of it together. No I/O."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

# Section -> key -> entry. What MSAL reads is checked; a section that it does not know holds what it holds.
State = dict[str, dict[str, Any]]

ACCOUNT = "Account"
ACCESS_TOKEN = "AccessToken"  # noqa: S105 - the name of a section
REFRESH_TOKEN = "RefreshToken"  # noqa: S105 - as above
ID_TOKEN = "IdToken"  # noqa: S105 - as above
OF_AN_ACCOUNT = (ACCESS_TOKEN, REFRESH_TOKEN, ID_TOKEN, ACCOUNT)

_NUMBER = re.compile(r"-?[0-9]{1,15}")
_LARGEST = 10**15


class Damaged(Exception):
    """The text is no token cache that MSAL could work with. Never says what it holds."""


def parse(text: str) -> State:
    """The state in a cache's text, checked to the depth at which MSAL would stumble later."""
    try:
        state = json.loads(text, parse_constant=_no_number) if text.strip() else {}
    except (ValueError, RecursionError):
        raise Damaged from None
    if not isinstance(state, dict) or not all(isinstance(entries, dict) for entries in state.values()):
        raise Damaged
    for section, rules in _RULES.items():
        for entry in state.get(section, {}).values():
            if not _fits(entry, rules):
                raise Damaged
    return state


def usable(state: State) -> State:
    """The state less the entries that `parse` would not take: an odd answer of Entra must not cost the others."""
    return {
        section: {key: entry for key, entry in entries.items() if _fits(entry, _RULES[section])}
        if section in _RULES
        else entries
        for section, entries in state.items()
    }


def without_expired(state: State, now: float) -> State:
    """The state less the access tokens that nobody can use any more; a refresh token has no such end."""
    if ACCESS_TOKEN not in state:
        return state
    tokens = state[ACCESS_TOKEN]
    return {**state, ACCESS_TOKEN: {key: entry for key, entry in tokens.items() if int(entry["expires_on"]) >= now}}


def without_account(state: State, home_account_id: str) -> State:
    """The state less everything that belongs to one account."""
    return {
        section: {key: entry for key, entry in entries.items() if not _belongs(section, entry, {home_account_id})}
        for section, entries in state.items()
    }


def laid_over(state: State, newer: State) -> State:
    """Both, and where they have the same key, the newer entry."""
    return {section: {**state.get(section, {}), **newer.get(section, {})} for section in _sections(state, newer)}


def reconciled(base: State, ours: State, theirs: State) -> State:
    """What both made of `base`. Where both changed an entry, theirs counts; whom they signed out stays signed out."""
    signed_out = _accounts(base) - _accounts(theirs)
    both = {}
    for section in _sections(theirs, ours):
        was, mine, now = (state.get(section, {}) for state in (base, ours, theirs))
        changed = {key for key in mine if mine[key] != was.get(key) and was.get(key) == now.get(key)}
        removed = {key for key in was if key not in mine and was[key] == now.get(key)}
        kept = {key: entry for key, entry in now.items() if key not in removed}
        added = {key: mine[key] for key in mine if key in changed and not _belongs(section, mine[key], signed_out)}
        both[section] = {**kept, **added}
    return both


def _sections(*states: State) -> list[str]:
    return list(dict.fromkeys(section for state in states for section in state))


def _accounts(state: State) -> set[str]:
    return {str(entry.get("home_account_id")) for entry in state.get(ACCOUNT, {}).values()}


def _belongs(section: str, entry: Any, accounts: set[str]) -> bool:  # noqa: ANN401 - unknown sections hold anything
    return section in OF_AN_ACCOUNT and entry.get("home_account_id") in accounts


def _no_number(constant: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_text_or_null(value: object) -> bool:
    return value is None or isinstance(value, str)


def _is_number(value: object) -> bool:
    if isinstance(value, str):
        return _NUMBER.fullmatch(value) is not None
    return type(value) is int and abs(value) < _LARGEST


def _is_the_word(word: str) -> Callable[[object], bool]:
    return lambda value: value == word


_MISSING = object()
Rule = Callable[[object], bool]


def _maybe(rule: Rule) -> Rule:
    return lambda value: value is _MISSING or rule(value)


def _fits(entry: object, rules: Mapping[str, Rule]) -> bool:
    return isinstance(entry, dict) and all(rule(entry.get(field, _MISSING)) for field, rule in rules.items())


# What MSAL makes keys of; it writes null for an app that signs in as itself.
_KEYS = {name: _maybe(_is_text_or_null) for name in ("home_account_id", "environment", "client_id", "realm")}
_RULES: dict[str, dict[str, Rule]] = {
    ACCESS_TOKEN: {
        **_KEYS,
        "credential_type": _is_the_word(ACCESS_TOKEN),
        "secret": _is_text,
        "target": _maybe(_is_text),
        "ext_cache_key": _maybe(_is_text_or_null),
        "expires_on": _is_number,
        "refresh_on": _maybe(_is_number),
    },
    REFRESH_TOKEN: {
        **_KEYS,
        "credential_type": _is_the_word(REFRESH_TOKEN),
        "secret": _is_text,
        "client_id": _is_text,
        "target": _maybe(_is_text_or_null),
        "last_modification_time": _maybe(_is_number),
    },
    ID_TOKEN: {**_KEYS, "credential_type": _is_the_word(ID_TOKEN), "secret": _maybe(_is_text)},
    ACCOUNT: {**_KEYS, "authority_type": _is_text, "username": _maybe(_is_text)},
    "AppMetadata": {**_KEYS, "family_id": _maybe(_is_text_or_null)},
}
