"""Nobody comes in without having shown who they are, and what they showed is gone when their request is."""

from __future__ import annotations

import asyncio
import logging
import math
import re
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.shared.inbound import MCP_METHOD_HEADER, decode_header_value
from starlette.authentication import AuthCredentials
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from errors import KeysUnavailable, NotAdmitted
from principal import Sender, sent_by
from web.middleware._challenge import challenged, turn_away
from web.middleware._cut import Cut
from web.middleware._passage import passage_of, refuse
from web.middleware.audit_hook import Audit, tell, unheard

if TYPE_CHECKING:
    from auth.inbound import Door

log = logging.getLogger(__name__)

_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_PATIENCE = 5
_EXPIRED = (401, "bad token", "The token expired. Get a new one.")
_WITHDRAWN = (401, "bad token", "The token is not accepted any more. Get a new one.")
_LOOK_SECONDS = 60.0
_MOST_FIELDS = 100


class Authentication:
    """Lets in whom the door knows; all paths but the `public` ones are behind it.

    The SDK is told who it is too: it binds the sessions of older clients and what is asked of newer ones to them.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        door: Door,
        public: Collection[str],
        audit: Audit = unheard,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.app = app
        self._door = door
        self._public = frozenset(public)
        self._audit = audit
        self._clock = clock
        self._resource = str((door.metadata or {}).get("resource", "")) or None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        try:
            sender = await self._sender_of(scope)
        except NotAdmitted as error:
            return await self._turn_away(error, scope, receive, send)
        except KeysUnavailable as error:
            return await self._put_off(error, scope, receive, send)
        if sender is None:
            return await self.app(scope, receive, send)
        await self._let_in(sender, scope, receive, send)

    async def _sender_of(self, scope: Scope) -> Sender | None:
        """Who sends this request; None only where it does not matter."""
        _refuse_queries(scope["query_string"])
        if scope["path"] in self._public:
            return None
        return await self._door.sender(_shown(scope))

    async def _let_in(self, sender: Sender, scope: Scope, receive: Receive, send: Send) -> None:
        passage_of(scope).who = sender.who
        try:
            with _known_to_the_sdk(sender, self._resource, scope), sent_by(sender):
                if _may_stand(scope):
                    await self._while_good(sender, scope, receive, send)
                else:
                    await self.app(scope, receive, send)
        finally:
            # Sessions of older clients and timers keep the context of a request longer than it lasts.
            sender.token = ""

    async def _while_good(self, sender: Sender, scope: Scope, receive: Receive, send: Send) -> None:
        """An event stream stays open by itself: it ends with the token or the key that it was opened with."""
        left = sender.expires_at - self._clock()
        if left <= 0:
            return await self._turn_away(NotAdmitted("no stream begins on an expired token"), scope, receive, send)
        cut = Cut(self._challenging(send))
        # A person's token is over soon, and what is noted about it is for their next request to hear. A key may be
        # good for ever, unless it is revoked.
        watch = None if sender.is_person else asyncio.create_task(self._watch(_shown(scope), cut))
        try:
            await cut.run(self.app, scope, receive, seconds=left, late=_EXPIRED)
        finally:
            if watch:
                watch.cancel()

    async def _watch(self, token: str, cut: Cut) -> None:
        """Ends a stream within a minute of what it was opened with being withdrawn."""
        while cut.why is None:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                with suppress(KeysUnavailable):
                    await self._door.sender(token)
            except NotAdmitted:
                await cut.end(*_WITHDRAWN)

    def _challenging(self, send: Send) -> Send:
        """Has a refusal in place of a stream say where to get a token, as every 401 does."""

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == _EXPIRED[0]:
                said = challenged(self._door.challenge, "invalid_token", _EXPIRED[2])
                message["headers"] = [*message["headers"], (b"www-authenticate", said.encode())]
            await send(message)

        return sent

    async def _turn_away(self, error: NotAdmitted, scope: Scope, receive: Receive, send: Send) -> None:
        await turn_away(scope, receive, send, self._door.challenge, error=error.error, claims=error.claims)
        self._note(error, scope)

    async def _put_off(self, error: KeysUnavailable, scope: Scope, receive: Receive, send: Send) -> None:
        """Nobody can be told from anybody for now, which is no reason to sign in again."""
        wait = str(max(1, math.ceil(error.retry_after or _PATIENCE)))
        text = "Tokens cannot be verified for now. Try again later."
        await refuse(scope, receive, send, 503, text, reason="keys", headers={"Retry-After": wait})
        self._note(error, scope)

    def _note(self, error: Exception, scope: Scope) -> None:
        passage = passage_of(scope)
        log.info("not admitted", extra={"request_id": passage.request_id, "reason": str(error)})
        tell(self._audit, passage, None)


def _refuse_queries(query: bytes) -> None:
    """A token in an address is in every log on its way: it is burnt, and whoever sent it should hear of it."""
    if not query:
        return
    try:
        fields = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise NotAdmitted("too many fields in the query", error="invalid_request") from None
    if any(name.strip().lower() == "access_token" for name, _ in fields):
        raise NotAdmitted("a token in the query", error="invalid_request")


def _shown(scope: Scope) -> str:
    """The token in the one Authorization header."""
    shown = Headers(scope=scope).getlist("authorization")
    if len(shown) > 1:
        raise NotAdmitted("more than one Authorization header", error="invalid_request")
    scheme, _, token = "".join(shown).partition(" ")
    if scheme.lower() != "bearer":
        raise NotAdmitted("no bearer token", error="")
    if not _TOKEN.fullmatch(token):
        raise NotAdmitted("characters that no token has")
    return token


def _may_stand(scope: Scope) -> bool:
    """Whether the answer may be a stream that no call ends. It is wider than `is_standing`: in doubt, it ends here."""
    method = decode_header_value(Headers(scope=scope).get(MCP_METHOD_HEADER))
    return scope["method"] == "GET" or method == "subscriptions/listen"


@contextmanager
def _known_to_the_sdk(sender: Sender, resource: str | None, scope: Scope) -> Iterator[None]:
    """As the SDK's own middleware does it, except that the token stays with us."""
    whose = sender.principal
    user = AuthenticatedUser(
        AccessToken(
            token="",
            client_id=whose.client_id,
            scopes=[],
            subject=f"{whose.tenant_id}:{whose.user_id}",
            claims={"iss": f"{whose.cloud}/{whose.tenant_id}"},
            resource=resource,
        )
    )
    scope["user"], scope["auth"] = user, AuthCredentials()
    before = auth_context_var.set(user)
    try:
        yield
    finally:
        auth_context_var.reset(before)
