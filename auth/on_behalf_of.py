"""On behalf of: what a caller's token for this server is traded for, a token for Graph that speaks for the same person.

The caller's own token is the assertion. It goes to Entra and nowhere else; whose it is, somebody has verified before.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import httpx

from auth._guarded import Guarded
from auth._keeper import MARGIN, Ask, TokenKeeper
from auth._worker import Application, Result
from auth.aadsts import SAME_AS, Context, asks_person, code_in, refusal
from auth.confidential_app import ConfidentialApp, empty_cache
from auth.credentials import Credential
from errors import AppRefused, ConsentNeeded, SignInError, SignInNeeded
from principal import Principal

log = logging.getLogger(__name__)

OTHER_AUDIENCE = 500131

_MOST = 10_000
_SWEPT_AT_ONCE = 16
# Not taken, expired, withdrawn, or too old: no other permissions and no more claims would make it good again.
_DEAD = frozenset({50013, 50027, 50173, 70000, 70008, 70043, 500133, 700082})
_NO_CONSENT = 65001
_EXPIRED = "Your sign-in to this server has expired. Connect to it again."
_ENDED = "Microsoft no longer takes the sign-in that you connected to this server with. Connect to it again."
_STEP_UP = "Microsoft wants a stronger or a newer sign-in for this than the one you connected with. Connect again."
_WRONG_AUDIENCE = (
    "Your token was made for another app than the one that this server proves to be. Whoever runs this server: "
    "ENTRA_CLIENT_ID has to be the app that clients sign in to."
)
_CONSENT = (
    "Nobody has agreed yet that this server uses these permissions in your name, and your client cannot ask you to. "
    "An administrator of your tenant agrees for everybody here: "
)
_SOMEBODY_ELSE = "Microsoft answered for another person than the one who called. Nothing was done; connect again."


@dataclass(frozen=True, repr=False, slots=True)
class _Assertion(Guarded):
    """A caller's token, and until when it is good."""

    token: str
    expires_at: float


@dataclass(frozen=True, repr=False, slots=True)
class _Had(Guarded):
    """A token that was traded for, the permissions that came with it, and until when it is at hand."""

    token: str
    granted: frozenset[str]
    until: float

    def result(self, now: float) -> Result:
        """As MSAL would put it."""
        return {"access_token": self.token, "expires_in": self.until - now + MARGIN}  # which the keeper takes off again


class _Partition(Guarded):
    """What belongs to one person through one client. Nothing in it is ever used for another.

    There are thousands of them, and MSAL's own cache takes six kilobytes for a token.
    """

    __slots__ = ("had", "number", "principal", "refused", "until")

    def __init__(self, principal: Principal, number: int) -> None:
        self.principal = principal
        self.number = number
        self.until = -math.inf
        """When the last of the sign-ins ends that the person was seen with."""
        self.refused = ""
        """The one that Entra did not take."""
        self.had: list[_Had] = []

    @property
    def whose(self) -> tuple[str, Principal]:
        """What the keeper knows it by."""
        return "on behalf of", self.principal

    def forget(self) -> None:
        """Let go of every token; what is being traded now comes to a list that nobody looks at."""
        self.had = []


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
        self._numbers = itertools.count()
        self._partitions: OrderedDict[Principal, _Partition] = OrderedDict()
        self._ends: list[tuple[float, int, Principal]] = []
        """A heap of when each partition ends; one that has been renewed since comes up once too early."""

    def for_caller(self, principal: Principal, assertion: str, expires_at: float) -> OnBehalfOfSource:
        """The source for whoever sent this token, which has been verified to be theirs and for this server."""
        if principal.cloud != self._cloud or not principal.tenant_id or not principal.user_id:
            raise SignInError("Whose token this is cannot be told, so nothing can be done in anybody's name.")
        given = _Assertion(assertion, expires_at)
        partition = self._partitions.get(principal)
        if partition is None:
            partition = self._partitions[principal] = _Partition(principal, next(self._numbers))
            heapq.heappush(self._ends, (expires_at, partition.number, principal))
        self._seen_with(partition, given)
        self._let_go()
        return OnBehalfOfSource(self, partition, given)

    async def token(self, partition: _Partition, assertion: _Assertion, ask: Ask) -> str:
        """A Graph token of the caller's, for as long as the token that they sent is good."""
        if assertion.expires_at <= self._clock():
            raise SignInNeeded(_EXPIRED)
        if ask.claims and ask.refused:  # a token that was got for claims was challenged again
            partition.refused = assertion.token
            raise SignInNeeded(_STEP_UP, claims=ask.claims)
        return await self._keeper.token(partition.whose, ask, partial(self._fetched, partition, assertion, ask))

    def _seen_with(self, partition: _Partition, given: _Assertion) -> None:
        """A new sign-in is worth a new token only where Entra did not take the old one."""
        if partition.refused and partition.refused != given.token:
            self._keeper.drop(partition.whose)
            partition.forget()
            partition.refused = ""
        partition.until = max(partition.until, given.expires_at)
        self._partitions.move_to_end(partition.principal)

    def _let_go(self) -> None:
        """Of those whose sign-in is over, a few at a time; of the others those longest unseen, if they are too many."""
        now = self._clock()
        for _ in range(_SWEPT_AT_ONCE):
            if not self._ends or self._ends[0][0] > now:
                break
            self._ended(*heapq.heappop(self._ends)[1:], now)
        while len(self._partitions) > self._most:
            self._forget(next(iter(self._partitions.values())))
        if len(self._ends) > 2 * self._most:
            self._ends = [(each.until, each.number, each.principal) for each in self._partitions.values()]
            heapq.heapify(self._ends)

    def _ended(self, number: int, principal: Principal, now: float) -> None:
        partition = self._partitions.get(principal)
        if partition is None or partition.number != number:
            return
        if partition.until > now:
            heapq.heappush(self._ends, (partition.until, number, principal))
        else:
            self._forget(partition)

    def _forget(self, partition: _Partition) -> None:
        self._keeper.drop(partition.whose)
        del self._partitions[partition.principal]

    # From here on: in worker threads.

    def _fetched(self, partition: _Partition, assertion: _Assertion, ask: Ask, unwanted: str | None) -> Result:
        had, now = partition.had, self._clock()
        if found := _at_hand(had, ask, unwanted, now):
            return found.result(now)
        new = self._traded(partition, assertion, ask)
        now = self._clock()
        # Who does this at the same time may undo it, which costs another trade and no more.
        had[:] = [*(each for each in had if each.until > now and each.granted != new.granted), new]
        return new.result(now)

    def _traded(self, partition: _Partition, assertion: _Assertion, ask: Ask) -> _Had:
        def trade(application: Application) -> Result:
            result: Result = application.acquire_token_on_behalf_of(
                assertion.token, list(ask.scopes), claims_challenge=ask.claims
            )
            return result

        tenant = partition.principal.tenant_id
        result = self._app.asked(tenant, empty_cache(), trade)
        if "access_token" not in result:
            partition.refused = assertion.token
            raise self._error(result, tenant, ask)
        self._check_person(partition, result)
        until = self._clock() + float(result.get("expires_in", 0)) - MARGIN
        granted = _words(str(result.get("scope") or " ".join(ask.scopes)))
        return _Had(str(result["access_token"]), granted, min(until, assertion.expires_at))

    def _check_person(self, partition: _Partition, result: Result) -> None:
        said, who = result.get("id_token_claims") or {}, partition.principal
        if said and (said.get("oid"), said.get("tid")) != (who.user_id, who.tenant_id):
            partition.forget()
            log.error("a token for another person than the caller was thrown away")
            raise SignInError(_SOMEBODY_ELSE)

    def _error(self, result: Result, tenant: str, ask: Ask) -> SignInError:
        """Nobody is at hand to sign in here: whatever a person can do starts at their client."""
        code, claims = code_in(result), str(result.get("claims") or "")
        # All that the registration lists is what the administrator's page shows where no permission is named.
        named = tuple(scope for scope in ask.scopes if not scope.endswith("/.default"))
        context = replace(self._context, tenant=tenant, scopes=named)
        told = refusal(result, context)
        if SAME_AS.get(code, code) == _NO_CONSENT or result.get("suberror") == "consent_required":
            return ConsentNeeded(_numbered(_CONSENT + context.consent_link, code), code=code)
        if isinstance(told, AppRefused):
            log.error("Entra refuses to trade callers' tokens", extra={"code": code, "cause": result.get("error")})
            return AppRefused(_numbered(_WRONG_AUDIENCE, code), code=code) if code == OTHER_AUDIENCE else told
        if SAME_AS.get(code, code) in _DEAD:
            return SignInNeeded(_numbered(_ENDED, code), code=code)
        helps = asks_person(result)
        if isinstance(told, ConsentNeeded) or not (helps or claims or result.get("error") == "interaction_required"):
            return told
        text = _numbered(_STEP_UP, code) if helps else str(told)
        return SignInNeeded(text, code=code, claims=claims or ask.claims or "")


class OnBehalfOfSource(Guarded):
    """A TokenSource that speaks for one caller."""

    def __init__(self, all_callers: OnBehalfOf, partition: _Partition, assertion: _Assertion) -> None:
        self._all = all_callers
        self._partition = partition
        self._assertion = assertion

    async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str:
        """A token for Graph in the caller's name."""
        ask = Ask.of(scopes, claims, refused, proof=self._assertion.token)
        return await self._all.token(self._partition, self._assertion, ask)


def _at_hand(had: Sequence[_Had], ask: Ask, unwanted: str | None, now: float) -> _Had | None:
    """A token with these permissions, or more; a challenge is only answered with a new one."""
    fits = (each for each in had if each.until > now and each.token != unwanted and each.granted.issuperset(ask.scopes))
    return None if ask.claims else next(fits, None)


@lru_cache(maxsize=64)
def _words(text: str) -> frozenset[str]:
    """One set for all who were granted the same."""
    return frozenset(text.split())


def _numbered(text: str, code: int) -> str:
    return f"{text} (AADSTS{code})" if code else text
