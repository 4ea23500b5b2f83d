"""What an operation needs, found for those too that the data does not name; and whether a caller holds it."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from functools import lru_cache

from emulator.permissions.addresses import above, addresses_of, key_of
from emulator.permissions.table import Needs, Table, table

_READS = ("GET",)
# A property is written by PATCH, so what is written below a thing is most like that.
_WRITES = ("PATCH", "PUT", "POST", "DELETE")


@lru_cache(maxsize=4096)
def needs_of(method: str, template: str) -> Needs | None:
    """What opens the operation: its own row, that of its other addresses, or of the nearest thing it lies in.

    None where the data says nothing of it. The template has `{}` for every key: `/users/{}/messages/{}`.
    """
    return found_in(table(), method.upper(), template)


@lru_cache(maxsize=4096)
def row_of(method: str, template: str) -> Needs | None:
    """The row of this very operation, at whichever of its addresses; nothing that it lies in counts."""
    return _first(table(), (method.upper(),), key_of(template))


def found_in(rows: Table, method: str, template: str) -> Needs | None:
    """The same in a given table."""
    key = key_of(template)
    own = rows.row(method, key)
    if own:
        return own
    like = _first(rows, (method,), key) or _nearest(rows, method, key)
    return replace(like, is_exact=False) if like else None


def holds(needs: Needs, *, scopes: Set[str], roles: Set[str], is_app: bool, is_personal: bool) -> bool:
    """Whether the token's permissions open the operation; an app on its own has roles, a person has scopes."""
    if is_app:
        return _opens(roles, needs.application, needs.also_application)
    if is_personal:
        return _opens(scopes, needs.personal, frozenset())
    return _opens(scopes, needs.delegated, needs.also_delegated)


def _opens(held: Set[str], accepted: frozenset[str], also: frozenset[str]) -> bool:
    """One that must be held as well does not count as the one that is accepted, unless there is no other."""
    return also <= held and bool((accepted - also or accepted) & held)


def _nearest(rows: Table, method: str, key: str) -> Needs | None:
    methods = next((kind for kind in (_READS, _WRITES) if method in kind), ())
    # What a collection holds is made and listed with what opens one of its members.
    places = (_first(rows, methods, place) for place in (key, f"{key}/{{}}", *above(key)))
    return next((found for found in places if found), None)


def _first(rows: Table, methods: tuple[str, ...], key: str) -> Needs | None:
    found = (rows.row(method, address) for address in addresses_of(key) for method in methods)
    return next((needs for needs in found if needs), None)
