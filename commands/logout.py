"""logout: forget a sign-in on this computer, and say how to end it elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from commands._output import Output, for_terminal, printable
from commands._ways import why_nobody_signs_in
from errors import AppError
from principal import SignedIn
from settings import Settings

_HERE = (
    "The sign-in is gone from this computer; a server that is running forgets it with its next call. "
    "Browsers and other programs stay signed in."
)
_MY_ACCOUNT = "https://myaccount.microsoft.com"
_PERSONAL_ACCOUNT = "https://account.microsoft.com/security"


class People(Protocol):
    """Those who are signed in, as auth.People knows them."""

    async def listed(self) -> Sequence[SignedIn]: ...
    async def logout(self, account: str | None = None) -> Sequence[SignedIn]: ...
    async def logout_everybody(self) -> Sequence[SignedIn]: ...


async def logout(
    settings: Settings, people: People, output: Output, *, account: str | None = None, everyone: bool = False
) -> int:
    """The exit status: 0 also where nobody was signed in, 1 where it failed, 2 where there is nobody to sign out."""
    if why := why_nobody_signs_in(settings):
        output.tell(f"There is nobody to sign out: {why}")
        return 2
    try:
        gone = await (people.logout_everybody() if everyone else people.logout(account))
        left = await people.listed()
    except AppError as error:
        output.tell(for_terminal(str(error)))
        return 1
    if not gone:
        output.show("Nobody was signed in.")
        return 0
    output.show(f"Signed out: {_names(gone)}.")
    if left:
        output.tell(f"Still signed in: {_names(left)}. logout --all forgets everybody.")
    for text in _elsewhere(settings, gone):
        output.tell(text)
    return 0


def _names(accounts: Sequence[SignedIn]) -> str:
    return ", ".join(printable(each.username or each.id) for each in accounts)


def _elsewhere(settings: Settings, gone: Sequence[SignedIn]) -> list[str]:
    """Forgetting a token does not end it: whoever has a copy could go on."""
    texts = [_HERE]
    if any(not each.is_personal for each in gone):
        herself = f"choose Sign out everywhere at {_MY_ACCOUNT}, or " if settings.cloud.name == "public" else ""
        texts.append(f"To end the sessions everywhere: {herself}ask an administrator to revoke them in Entra.")
    if any(each.is_personal for each in gone):
        texts.append(f"To end the sessions of a personal account: sign out everywhere at {_PERSONAL_ACCOUNT}.")
    return texts
