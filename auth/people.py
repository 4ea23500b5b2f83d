"""The people who are signed in: their tokens, renewed in silence, and the sign-in where silence does not do."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial
from typing import Any

import anyio

from auth._flights import Flights
from auth._flow import Flow, SignInRequest
from auth._keeper import Ask, TokenKeeper
from auth._worker import Application, Cache, Result, in_worker
from auth.aadsts import Context, asks_person, refusal
from auth.accounts import identity_in
from auth.attempts import Attempts
from auth.cache import TokenCache, forget, merge
from auth.msal_http import KEEP_WHAT_IS_GOOD
from auth.public_app import PublicApp
from auth.roster import Roster, nobody_called, signed_in
from errors import SignInError, SignInRefused, StorageError
from principal import Identity, Principal, SignedIn, called

log = logging.getLogger(__name__)

_PATIENCE = 45.0
_KNOWN_DEAD_SECONDS = 60


class _PersonNeeded(SignInError):
    """Silence does not do any more; `claims` is what Entra wants of the sign-in, `tried` marks what was tried."""

    def __init__(self, message: str = "", *, claims: str | None = None, tried: str = "") -> None:
        super().__init__(message)
        self.claims = claims
        self.tried = tried


class People:
    """Everybody who is signed in through one app registration."""

    def __init__(
        self,
        app: PublicApp,
        cache: TokenCache,
        flow: Flow,
        context: Context,
        *,
        cloud: str,
        tell: Callable[[str], None],
        expected: str = "",
        keeper: TokenKeeper | None = None,
        patience: float = _PATIENCE,
    ) -> None:
        self._app = app
        self._cache = cache
        self._context = context
        self._cloud = cloud
        self._expected = expected
        self._roster = Roster(app, expected)
        self._keeper = keeper or TokenKeeper()
        self._attempts = Attempts(app, flow, self._stored, tell, patience)
        self._reading: Flights[list[SignedIn]] = Flights()
        self._readers = anyio.CapacityLimiter(1)  # reading waits for no lock, so not for those who do either
        self._dead: dict[str, tuple[str, float]] = {}

    def running(self) -> AbstractAsyncContextManager[None]:
        """As long as this lasts, a sign-in goes on between two calls."""
        return self._attempts.running()

    def source(self, account: str | None = None) -> PersonSource:
        """The tokens of one account, or of the selected one."""
        return PersonSource(self, account)

    async def token(self, account: str | None, ask: Ask) -> str:
        """A token for what is asked; signs in where silence does not do."""
        who = await self._who(account)
        if who is None:
            who = await self._attempts.signed_in(SignInRequest(ask.scopes, ask.claims))
        try:
            return await self._in_silence(who, ask)
        except _PersonNeeded as needed:
            if other := self._attempts.instead_of(who):
                raise SignInError(_still_needed(who, other)) from needed
            request = SignInRequest(ask.scopes, ask.claims or needed.claims, hint=who.username)
            came = await self._attempts.signed_in(request)
        again = Ask.of(ask.scopes, refused=ask.refused)
        try:
            return await self._in_silence(who, again)
        except _PersonNeeded as needed:
            raise SignInError(_still_needed(who, came)) from needed

    async def _in_silence(self, who: SignedIn, ask: Ask) -> str:
        """A token without asking anybody; what was tried while the person signed in is tried once more."""
        work = partial(self._silently, who, ask)
        try:
            return await self._keeper.token(who.id, ask, work)
        except _PersonNeeded as needed:
            if needed.tried in ("", await in_worker(partial(self._mark_now, who))):
                raise
        return await self._keeper.token(who.id, ask, work)

    def _mark_now(self, who: SignedIn) -> str:
        return _mark_of(self._cache.records(), who.id, self._app.client_id)

    async def identity(self, account: str | None = None) -> Identity:
        """Whom an account is; signs in when nobody is signed in yet."""
        token = await self.token(account, Ask.of(self._context.scopes))
        identity = identity_in(token, self._cloud, is_person=True)
        who = await self._who(account)
        if identity.permissions is not None or who is None:
            return identity
        principal = Principal(self._cloud, who.tenant_id, who.id.rpartition(".")[0], self._app.client_id)
        return replace(identity, principal=principal, username=who.username)

    @property
    def are_kept(self) -> bool:
        """Whether later starts find what was changed last."""
        return not self._cache.is_unsaved

    async def listed(self) -> Sequence[SignedIn]:
        """Everybody who is signed in."""
        return await self._reading.join("roster", partial(in_worker, self._read, limiter=self._readers))

    async def login(self, account: str | None = None) -> Identity:
        """Sign somebody in; once they are through, the next call tells who it was."""
        accounts = await self.listed()
        news = self._attempts.news()
        if news:
            who, asked_as = news
            if who.id in {each.id for each in accounts} and account in (None, asked_as, who.username, who.id):
                return await self.identity(who.id)
        known = called(account, accounts) if account else None
        if known:
            return await self.identity(known.id)
        request = SignInRequest(self._context.scopes, hint=account or "", choose=bool(accounts) and not account)
        who = await self._attempts.signed_in(request, is_asked_for=True)
        return await self.identity(who.id)

    async def logout(self, account: str | None = None) -> Sequence[SignedIn]:
        """Forget an account, here and on disk; who that was."""
        who = await self._who(account)
        if who is None:
            return []
        await self._forgotten([who.id])
        return [who]

    async def logout_everybody(self) -> Sequence[SignedIn]:
        """Forget all that this app has tokens for, also accounts that it may not work as now; who that was."""
        everybody = Roster(self._app.anywhere())
        gone = await in_worker(lambda: everybody.accounts(self._cache.records(), None))
        await self._forgotten([each.id for each in gone])
        return gone

    async def _forgotten(self, identifiers: Sequence[str]) -> None:
        await in_worker(partial(self._forget, identifiers))
        for identifier in identifiers:
            self._keeper.drop(identifier)
        if await in_worker(lambda: any(self._cache.still_keeps(each) for each in identifiers)):
            raise StorageError(
                "Signed out in this process, but the sign-in is still in the token cache, which cannot be written. "
                "Correct that, then sign out again."
            )

    async def select(self, account: str) -> SignedIn:
        """Whom to work as where a call names nobody."""
        accounts = await self.listed()
        who = called(account, accounts)
        if who is None:
            raise nobody_called(account, accounts)
        await in_worker(partial(self._cache.select, who.id))
        return replace(who, is_selected=True)

    async def default(self) -> str | None:
        """The id of the account that calls work as now, if anybody is signed in."""
        who = await self._who(None)
        return who.id if who else None

    async def settled(self, sign_in: str) -> bool:
        """Wait a while for an attempt to end; whether it has."""
        return await self._attempts.settled(sign_in)

    async def give_up(self, sign_in: str) -> None:
        """The person does not want to sign in now."""
        self._attempts.give_up(sign_in)

    def unasked(self, sign_in: str) -> None:
        """The question to sign in did not reach the person."""
        self._attempts.unasked(sign_in)

    async def _who(self, account: str | None) -> SignedIn | None:
        accounts = await self.listed()
        if account is None:
            return next((each for each in accounts if each.is_selected), None)
        who = called(account, accounts)
        if who is None:
            raise nobody_called(account, accounts)
        return who

    # From here on: in worker threads.

    def _read(self) -> list[SignedIn]:
        return self._roster.accounts(self._cache.records(), self._cache.selected())

    def _silently(self, who: SignedIn, ask: Ask, unwanted: str | None) -> Result:
        """A token out of the cache, or by the refresh token in it."""
        if ask.claims and ask.refused:  # what silence brought was challenged once more
            raise _PersonNeeded
        with self._cache.opened() as cache:
            mark = _mark_of(cache, who.id, self._app.client_id)
            result = self._renewed(cache, who, ask, unwanted, mark)
        if result is None:
            raise _PersonNeeded(tried=mark)
        if "access_token" in result:
            return result
        if not asks_person(result):
            raise refusal(result, self._context)
        log.info("a person has to sign in again", extra={"cause": result.get("error")})
        raise _PersonNeeded(claims=result.get("claims"), tried=mark)

    def _renewed(self, cache: Cache, who: SignedIn, ask: Ask, unwanted: str | None, mark: str) -> Result | None:
        account = next((each for each in self._roster.entries(cache) if each["home_account_id"] == who.id), None)
        if account is None or (not ask.claims and self._is_dead(who.id, mark)):
            return None
        application = self._app.over(cache, is_personal=who.is_personal)
        result = _silent(application, account, ask)
        # Another process may have renewed it meanwhile; only if not, MSAL is told to look past its cache.
        if result and unwanted and result.get("access_token") == unwanted:
            result = _silent(application, account, ask, force_refresh=True)
        if result is not None and asks_person(result):
            self._dead[who.id] = (mark, time.monotonic() + _KNOWN_DEAD_SECONDS)
        return result

    def _is_dead(self, identifier: str, mark: str) -> bool:
        """Whether this very refresh token was turned down a moment ago."""
        known, until = self._dead.get(identifier, ("", 0.0))
        return known == mark and time.monotonic() < until

    def _stored(self, result: Result, request: SignInRequest, scratch: Cache) -> SignedIn:
        """Keep a sign-in that succeeded, once it is sure that it is one to keep."""
        if "access_token" not in result:
            raise refusal(result, self._context)
        (entry,) = scratch.search("Account", query={})
        if not self._roster.is_expected(entry):
            who = signed_in(entry, is_selected=False).shown
            raise SignInRefused(
                f"{who} signed in, but this server works for {self._expected} alone "
                "(ENTRA_EXPECTED_ACCOUNT). Nothing was kept. Repeat the call and sign in as that account."
            )
        identifier = str(entry["home_account_id"])
        with self._cache.opened() as cache:
            for token in list(cache.search("AccessToken", query={"home_account_id": identifier})):
                cache.remove_at(token)  # an older one could still be found first
            merge(cache, scratch)
        if request.choose or self._cache.selected() not in {each.id for each in self._read()}:
            self._cache.select(identifier)
        self._keeper.drop(identifier)
        self._dead.pop(identifier, None)
        return next(each for each in self._read() if each.id == identifier)

    def _forget(self, identifiers: Sequence[str]) -> None:
        with self._cache.opened() as cache:
            for identifier in identifiers:
                forget(cache, identifier)
        if self._cache.selected() in identifiers:
            self._cache.select(None)


class PersonSource:
    """A TokenSource for one account of the people signed in."""

    def __init__(self, people: People, account: str | None) -> None:
        self._people = people
        self._account = account

    async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str:
        if self._account is None:  # the default may change under a call that makes several requests, or one twice
            self._account = await self._people.default()
        return await self._people.token(self._account, Ask.of(scopes, claims, refused))


def _still_needed(who: SignedIn, came: SignedIn) -> str:
    if came.id == who.id:
        return f"{who.shown} signed in, and Microsoft wants yet another sign-in. Repeat the call to begin it."
    return (
        f"{came.shown} signed in, but this call works as {who.shown}, whose sign-in is no longer good. "
        f"Repeat the call for a new sign-in and sign in as {who.shown}, or work as {came.shown}."
    )


def _silent(
    application: Application, account: dict[str, Any], ask: Ask, *, force_refresh: bool = False
) -> Result | None:
    found: Result | None = application.acquire_token_silent_with_error(
        list(ask.scopes),
        account=account,
        claims_challenge=ask.claims,
        force_refresh=force_refresh,
        **KEEP_WHAT_IS_GOOD,
    )
    return found


def _mark_of(cache: Cache, identifier: str, client_id: str) -> str:
    """Tells one refresh token from the next without keeping it."""
    query = {"home_account_id": identifier, "client_id": client_id}
    secrets = sorted(token["secret"] for token in cache.search("RefreshToken", query=query))
    return hashlib.sha256("\n".join(secrets).encode()).hexdigest()
