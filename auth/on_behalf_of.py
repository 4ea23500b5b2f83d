"""On behalf of: what a caller's token for this server is traded for, a token for Graph that speaks for the same person.

The caller's own token is the assertion. It goes to Entra and nowhere else; whose it is, somebody has verified before.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import httpx

from auth._guarded import Guarded
from auth._keeper import MARGIN, Ask, TokenKeeper
from auth._worker import Application, Cache, Result
from auth.aadsts import Context, asks_person, code_in, refusal
from auth.confidential_app import ConfidentialApp, empty_cache
from auth.credentials import Credential
from errors import AppRefused, ConsentNeeded, SignInError, SignInNeeded
from principal import Principal

log = logging.getLogger(__name__)

_MOST = 10_000
_NOT_TAKEN = {50013, 50027, 500133}
_OTHER_AUDIENCE = 500131
_EXPIRED = "Your sign-in to this server has expired. Connect to it again."
_ENDED = "Microsoft no longer takes the sign-in that you connected to this server with. Connect to it again."
_STEP_UP = "Microsoft wants a stronger or a newer sign-in for this than the one you connected with. Connect again."
_WRONG_AUDIENCE = (
    "Your token was made for another app than the one that this server proves to be. Whoever runs this server: "
    "ENTRA_CLIENT_ID has to be the app that clients sign in to. (AADSTS500131)"
)
_SOMEBODY_ELSE = "Microsoft answered for another person than the one who called. Nothing was done; connect again."


@dataclass(frozen=True, repr=False)
class _Assertion(Guarded):
    """A caller's token, and until when it is good."""

    token: str
    expires_at: float


class _Partition(Guarded):
    """What belongs to one person through one client. Nothing in it is ever used for another."""

    def __init__(self, principal: Principal, assertion: _Assertion) -> None:
        self.principal = principal
        self.assertion = assertion
        self.is_refused = False
        self._cache: Cache | None = None
        self._cached_until = math.inf
        self._one_thread = threading.Lock()

    @property
    def whose(self) -> tuple[str, ...]:
        who = self.principal
        return ("on behalf of", who.cloud, who.tenant_id, who.user_id, who.client_id)

    def forget(self) -> None:
        """Let go of MSAL's cache."""
        with self._one_thread:
            self._cache, self._cached_until = None, math.inf

    def cache_at(self, now: float) -> Cache:
        """MSAL's cache, which ends with the first sign-in that anything in it came of."""
        with self._one_thread:
            if self._cache is None or self._cached_until <= now:
                self._cache, self._cached_until = empty_cache(), math.inf
            return self._cache

    def end_with(self, assertion: _Assertion) -> float:
        """Until when what is in the cache is good, with what was just got for this assertion."""
        with self._one_thread:
            self._cached_until = min(self._cached_until, assertion.expires_at)
            return self._cached_until


class OnBehalfOf(Guarded):
    """Makes the token source of each caller; keeps what belongs to the callers of late, apart from each other."""

    def __init__(
        self,
        context: Context,
        credential: Credential,
        http: Callable[[], httpx.Client],
        keeper: TokenKeeper,
        *,
        cloud: str,
        clock: Callable[[], float] = time.time,
        most: int = _MOST,
    ) -> None:
        self._app = ConfidentialApp(context, credential, http)
        self._context = context
        self._keeper = keeper
        self._cloud = cloud
        self._clock = clock
        self._most = most
        self._partitions: OrderedDict[Principal, _Partition] = OrderedDict()

    def for_caller(self, principal: Principal, assertion: str, expires_at: float) -> OnBehalfOfSource:
        """The source for whoever sent this token, which has been verified to be theirs and for this server."""
        if principal.cloud != self._cloud or not principal.tenant_id or not principal.user_id:
            raise SignInError("Whose token this is cannot be told, so nothing can be done in anybody's name.")
        given = _Assertion(assertion, expires_at)
        partition = self._partitions.get(principal)
        if partition is None:
            partition = self._partitions[principal] = _Partition(principal, given)
        elif partition.assertion != given:
            self._replace(partition, given)
        self._partitions.move_to_end(principal)
        self._let_go()
        return OnBehalfOfSource(self, partition)

    async def token(self, partition: _Partition, ask: Ask) -> str:
        """A Graph token of the caller's, for as long as the token that they sent is good."""
        if partition.assertion.expires_at <= self._clock():
            raise SignInNeeded(_EXPIRED)
        if ask.claims and ask.refused:  # a token that was got for claims was challenged again
            raise SignInNeeded(_STEP_UP, claims=ask.claims)
        return await self._keeper.token(partition.whose, ask, partial(self._fetched, partition, ask))

    def _replace(self, partition: _Partition, given: _Assertion) -> None:
        """A new sign-in is worth a new token only where Entra did not take the old one."""
        if partition.is_refused:
            self._keeper.drop(partition.whose)
            partition.forget()
        partition.assertion, partition.is_refused = given, False

    def _let_go(self) -> None:
        """Of those longest unseen: whoever is too many, or whose sign-in is over."""
        while len(self._partitions) > 1:
            eldest = next(iter(self._partitions.values()))
            if len(self._partitions) <= self._most and eldest.assertion.expires_at > self._clock():
                return
            self._keeper.drop(eldest.whose)
            del self._partitions[eldest.principal]

    # From here on: in worker threads.

    def _fetched(self, partition: _Partition, ask: Ask, unwanted: str | None) -> Result:
        assertion = partition.assertion
        result = self._app.asked(
            partition.principal.tenant_id,
            partition.cache_at(self._clock()),
            partial(_silent_or_traded, assertion=assertion, ask=ask, unwanted=unwanted),
        )
        if "access_token" not in result:
            partition.is_refused = True
            raise self._error(result, partition, ask)
        self._check_person(partition, result)
        left = partition.end_with(assertion) - self._clock() + MARGIN  # the keeper takes its margin off again
        return {**result, "expires_in": min(float(result.get("expires_in", 0)), left)}

    def _check_person(self, partition: _Partition, result: Result) -> None:
        said, who = result.get("id_token_claims") or {}, partition.principal
        if said and (said.get("oid"), said.get("tid")) != (who.user_id, who.tenant_id):
            partition.forget()
            log.error("a token for another person than the caller was thrown away")
            raise SignInError(_SOMEBODY_ELSE)

    def _error(self, result: Result, partition: _Partition, ask: Ask) -> SignInError:
        """Nobody is at hand to sign in here: whatever a person can do starts at their client."""
        code, claims = code_in(result), str(result.get("claims") or "")
        told = refusal(result, replace(self._context, tenant=partition.principal.tenant_id, scopes=ask.scopes))
        if code == _OTHER_AUDIENCE:
            return AppRefused(_WRONG_AUDIENCE, code=code)
        if code in _NOT_TAKEN:
            return SignInNeeded(_numbered(_ENDED, code), code=code)
        if isinstance(told, ConsentNeeded) or not (claims or result.get("error") == "interaction_required"):
            return told
        text = _numbered(_STEP_UP, code) if asks_person(result) else str(told)
        return SignInNeeded(text, code=code, claims=claims)


class OnBehalfOfSource(Guarded):
    """A TokenSource that speaks for one caller."""

    def __init__(self, all_callers: OnBehalfOf, partition: _Partition) -> None:
        self._all = all_callers
        self._partition = partition

    async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str:
        """A token for Graph in the caller's name."""
        return await self._all.token(self._partition, Ask.of(scopes, claims, refused))


def _silent_or_traded(application: Application, *, assertion: _Assertion, ask: Ask, unwanted: str | None) -> Result:
    """MSAL does not look into its cache before it trades, so that is done first."""
    scopes = list(ask.scopes)
    accounts = [] if ask.claims else application.get_accounts()
    found: Result | None = application.acquire_token_silent(scopes, account=accounts[0]) if accounts else None
    if found and found["access_token"] != unwanted:
        return found
    traded: Result = application.acquire_token_on_behalf_of(assertion.token, scopes, claims_challenge=ask.claims)
    return traded


def _numbered(text: str, code: int) -> str:
    return f"{text} (AADSTS{code})" if code else text
