"""What Outlook makes of the values that it is given: names, addresses, birthdays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

RANKS = ("primaryEmailAddress", "secondaryEmailAddress", "tertiaryEmailAddress")
_PLACES = ("homeAddress", "businessAddress", "otherAddress")
_NAME_PARTS = ("givenName", "middleName", "surname", "generation")


def tidied(values: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What a caller gives, as Outlook keeps it beside what it knows already."""
    found = dict(values)
    if found.get("birthday"):
        # Outlook keeps the day alone, a minute before noon so that no time zone moves it.
        found["birthday"] = f"{found['birthday'][:10]}T11:59:00Z"
    ranked = {rank: found.pop(rank) for rank in RANKS if rank in found}
    if ranked or "emailAddresses" in found:
        addresses = found.get("emailAddresses", before.get("emailAddresses", ()))
        found["emailAddresses"] = [_named(one) for one in _with_ranked(list(addresses), ranked)]
    for place in _PLACES:
        if place in found:
            found[place] = {**(before.get(place) or {}), **found[place]} if found[place] else {}
    return found


def derived(values: Mapping[str, Any], before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, str]:
    """The names that Outlook makes: those that nobody gave, or that it made itself earlier."""
    found: dict[str, str] = {}
    makers: tuple[tuple[str, Callable[[Mapping[str, Any]], str]], ...] = (
        ("displayName", _display_name),
        ("fileAs", _file_as),
    )
    for name, made in makers:
        is_own = not values.get(name) or values[name] == made(before)
        text = made({**values, **found})
        if name not in given and is_own and text:
            found[name] = text
    return found


def _with_ranked(addresses: list[Any], ranked: Mapping[str, Any]) -> list[Any]:
    for position, rank in enumerate(RANKS):
        if rank in ranked:
            addresses[position : position + 1] = [ranked[rank]]
    return [address for address in addresses if address]


def _named(address: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": address.get("name") or address.get("address"), "address": address.get("address")}


def _display_name(values: Mapping[str, Any]) -> str:
    return " ".join(str(values[part]) for part in _NAME_PARTS if values.get(part))


def _file_as(values: Mapping[str, Any]) -> str:
    first = " ".join(str(values[part]) for part in ("givenName", "middleName") if values.get(part))
    names = ", ".join(str(part) for part in (values.get("surname"), first) if part)
    return names or str(values.get("companyName") or values.get("displayName") or "")
