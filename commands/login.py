"""login: sign somebody in at the terminal, so that no client has to ask for it later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from commands._output import Output, for_terminal, printable
from commands._ways import why_nobody_signs_in
from errors import AppError, SignInError, SignInNeeded
from principal import Identity, SignedIn
from settings import Settings

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class People(Protocol):
    """Those who are signed in, as auth.People knows them."""

    @property
    def are_kept(self) -> bool: ...
    def running(self) -> AbstractAsyncContextManager[None]: ...
    async def listed(self) -> Sequence[SignedIn]: ...
    async def login(self, account: str | None = None) -> Identity: ...
    async def settled(self, sign_in: str) -> bool: ...


async def login(
    settings: Settings,
    made: Callable[[Callable[[str], None]], People],
    output: Output,
    *,
    account: str | None = None,
    open_page: Callable[[str], bool],
) -> int:
    """The exit status: 0 once somebody is signed in, 1 where that failed, 2 where there is nobody to sign in.

    `made` makes the people with what tells a person where to sign in; `open_page` shows a page, in a worker thread,
    and says whether it could.
    """
    if why := why_nobody_signs_in(settings):
        output.tell(f"There is nothing to sign in to: {why}")
        return 2
    people = made(lambda text: output.tell(for_terminal(text)))
    async with people.running():
        return await _signed_in(settings, people, output, account, open_page)


async def _signed_in(
    settings: Settings, people: People, output: Output, account: str | None, open_page: Callable[[str], bool]
) -> int:
    try:
        before = await people.listed()
        identity = await _through(people, account, _Waiting(settings, output, open_page))
        output.show(_result(settings, identity, account, before))
        _tell_rest(settings, identity, account, output, is_kept=people.are_kept)
        await _tell_default(people, before, output)
    except AppError as error:
        output.tell(for_terminal(str(error)))
        return 1
    except anyio.get_cancelled_exc_class():
        output.tell("Stopped. Nobody was signed in, and nothing was changed.")
        raise
    return 0


class _Waiting:
    """Shows the page once, if it is one for this computer, and from then on that it is still waited for."""

    def __init__(self, settings: Settings, output: Output, open_page: Callable[[str], bool]) -> None:
        self._settings = settings
        self._output = output
        self._open_page = open_page

    async def begin(self, url: str) -> None:
        if self._is_for_this_computer(url) and await anyio.to_thread.run_sync(
            self._open_page, url, abandon_on_cancel=True
        ):
            self._output.tell("That page is opening in your browser.")
        self._output.tell("Waiting for the sign-in (Ctrl+C stops) ...")

    def remind(self) -> None:
        self._output.tell("Still waiting for the sign-in (Ctrl+C stops) ...")

    def _is_for_this_computer(self, url: str) -> bool:
        """A code may be typed on any device; only a page of our own has to be opened here."""
        return self._settings.entra_sign_in != "device" and urlsplit(url).hostname in _LOOPBACK


async def _through(people: People, account: str | None, waiting: _Waiting) -> Identity:
    """Who signed in, once the person is through."""
    asked = ""
    while True:
        try:
            return await people.login(account)
        except SignInNeeded as needed:
            if asked and needed.sign_in != asked:
                raise SignInError("The sign-in was not completed in time. Repeat the command to try again.") from needed
            if not asked:
                await waiting.begin(needed.url)
            asked = needed.sign_in
        while not await people.settled(asked):
            waiting.remind()


def _result(settings: Settings, identity: Identity, account: str | None, before: Sequence[SignedIn]) -> str:
    name, username = printable(identity.name), printable(identity.username)
    who = f"{name} <{username}>" if name and username else name or username or "an account that does not tell its name"
    tenant = f", tenant {identity.principal.tenant_id}" if identity.principal.tenant_id else ""
    known = {name.lower() for each in before for name in (each.username, each.id)}
    was_signed_in = bool(account) and (account or "").strip().lower() in known
    already = " already, and the sign-in still works" if was_signed_in else ""
    return f"Signed in as {who}{tenant}{already}."


async def _tell_default(people: People, before: Sequence[SignedIn], output: Output) -> None:
    """A newcomer that became the default is worth a word."""
    known = {each.id for each in before}
    new = [each for each in await people.listed() if each.is_selected and each.id not in known]
    if known and new:
        output.tell(f"{new[0].shown} is the default account now. The tool account_select chooses another.")


def _tell_rest(settings: Settings, identity: Identity, account: str | None, output: Output, *, is_kept: bool) -> None:
    """What is worth knowing now: somebody else signed in, where it is kept, what comes next."""
    if account and identity.username and not _is_meant(account, identity):
        output.tell(
            f"Note: you asked for {printable(account)}, and {printable(identity.username)} signed in. "
            "If that is not the same, sign out of it in the browser and repeat the command; logout forgets it here."
        )
    if not is_kept:
        output.tell(
            f"The sign-in could not be kept in {settings.entra_token_cache_path}, so it ends with this command. "
            "Correct what is told above, then repeat it."
        )
        return
    output.tell(f"The sign-in is kept in {settings.entra_token_cache_path}. logout removes it.")
    output.tell("Next: let your MCP client start the server. It uses this sign-in from its next start, without asking.")


def _is_meant(account: str, identity: Identity) -> bool:
    wanted = account.strip().lower()
    principal = identity.principal
    ids = (principal.user_id, f"{principal.user_id}.{principal.tenant_id}")
    return wanted in {name.lower() for name in (identity.username, *ids)}
