"""accounts: who is signed in on this computer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from commands._output import Output, as_json, printable, table
from commands._ways import why_nobody_signs_in
from errors import AppError
from principal import SignedIn
from settings import Settings


class People(Protocol):
    """Those who are signed in, as auth.People knows them."""

    async def listed(self) -> Sequence[SignedIn]: ...


class Searchable(Protocol):
    """The part of MSAL's token cache that tells when a sign-in was renewed."""

    def search(self, credential_type: str) -> Iterable[dict[str, Any]]: ...


def last_renewed(cache: Searchable) -> dict[str, float]:
    """When each account got its newest refresh token, by the account's id."""
    times: dict[str, float] = {}
    for token in cache.search("RefreshToken"):
        when = str(token.get("last_modification_time", ""))
        if when.isdecimal():
            whose = str(token.get("home_account_id", ""))
            times[whose] = max(times.get(whose, 0.0), float(when))
    return times


async def accounts(
    settings: Settings,
    people: People,
    output: Output,
    *,
    json_wanted: bool = False,
    renewed: Callable[[], Mapping[str, float]] = dict,
) -> int:
    """The exit status. `renewed` tells when each account's sign-in was last renewed, by its id, where that is known."""
    if why := why_nobody_signs_in(settings):
        output.tell(f"There are no accounts to list: {why}")
        return 2
    try:
        found = await people.listed()
        times = renewed()
    except AppError as error:
        output.tell(str(error))
        return 1
    rows = [_facts(each, times.get(each.id)) for each in found]
    if json_wanted:
        output.show(as_json({"accounts": rows, "kept_in": str(settings.entra_token_cache_path)}))
    else:
        output.show(_listing(rows))
        if rows:
            output.tell(f"Kept in {settings.entra_token_cache_path}.")
    return 0


def _facts(account: SignedIn, renewed: float | None) -> dict[str, object]:
    return {
        "username": account.username,
        "id": account.id,
        "tenant_id": account.tenant_id,
        "kind": "personal" if account.is_personal else "work",
        "selected": account.is_selected,
        "renewed": datetime.fromtimestamp(renewed, UTC).isoformat() if renewed else None,
    }


def _listing(rows: Sequence[Mapping[str, object]]) -> str:
    if not rows:
        return "Nobody is signed in. login signs somebody in."
    lines = [
        (
            "*" if row["selected"] else "",
            printable(str(row["username"] or row["id"])),
            str(row["kind"]),
            printable(str(row["tenant_id"])),
            str(row["renewed"] or "")[:16].replace("T", " "),
        )
        for row in rows
    ]
    listing = table(("", "account", "kind", "tenant", "last renewed (UTC)"), lines)
    return f"{listing}\n* is worked as where a call names no account." if len(rows) > 1 else listing
