"""Browser sign-in: authorization code with PKCE, which comes back to a page on this computer."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Protocol, TypeAlias
from urllib.parse import parse_qsl, urlsplit

import anyio
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth._flow import Invitation, SignInRequest
from auth._worker import Application, Result, in_worker
from errors import AppError, SignInError

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
Pause: TypeAlias = Callable[[float], Awaitable[None]]

LIFETIME = 15 * 60
_MOST_FIELDS = 50

_GIVEN_UP = "The server that asked for this sign-in has stopped waiting for it."
_UNFINISHED = "Microsoft did not complete the sign-in."
_REASONS = {
    "access_denied": "The sign-in was cancelled, or the permissions were declined.",
    "consent_required": "The permissions that this needs have not been agreed to.",
    "temporarily_unavailable": "Microsoft's sign-in service has trouble of its own at the moment.",
    "server_error": "Microsoft's sign-in service has trouble of its own at the moment.",
}


class Pages(Protocol):
    """The page server on this computer, as far as a sign-in needs it."""

    async def url(self) -> str: ...

    def add(
        self, path: str, endpoint: Endpoint, *, methods: Collection[str] = ..., takes_cross_site: bool = ...
    ) -> None: ...

    def remove(self, path: str) -> None: ...

    def signed_in(self, username: str) -> Response: ...

    def not_signed_in(self, reason: str, said: str = "") -> Response: ...

    def unknown_link(self) -> Response: ...


class BrowserFlow:
    """Sends the person's browser to Entra, and takes what it brings back, for any number of sign-ins at once."""

    def __init__(self, pages: Pages, redirect_uri: str, *, pause: Pause = anyio.sleep) -> None:
        self._pages = pages
        self._redirect_uri = redirect_uri
        self._pause = pause
        self._waiting: dict[str, BrowserAttempt] = {}

    async def begin(self, application: Application, request: SignInRequest) -> BrowserAttempt:
        """Open the way in and the way back; both are closed when the attempt ends."""
        base = await self._pages.url()
        started = await in_worker(
            partial(
                application.initiate_auth_code_flow,
                list(request.scopes),
                redirect_uri=_with_port(self._redirect_uri, base),
                prompt="select_account" if request.choose else None,
                login_hint=request.hint or None,
                claims_challenge=request.claims,
                response_mode="form_post",
            )
        )
        return self._opened(base, application, started)

    def _opened(self, base: str, application: Application, started: Result) -> BrowserAttempt:
        link, state = f"/sign-in/{secrets.token_urlsafe(16)}", started["state"]
        attempt = BrowserAttempt(
            f"{base}{link}",
            self._pages,
            expiry=partial(self._pause, LIFETIME),
            redeem=partial(application.acquire_token_by_auth_code_flow, started),
            close=partial(self._close, link, state),
        )
        if not self._waiting:
            # Entra's form comes from another site. Its `state`, which nobody can guess, shows that we asked for it.
            self._pages.add(self._way_back, self._returned, methods=("GET", "POST"), takes_cross_site=True)
        self._waiting[state] = attempt
        self._pages.add(link, partial(_sent_to, started["auth_uri"]))
        return attempt

    @property
    def _way_back(self) -> str:
        return urlsplit(self._redirect_uri).path or "/"

    def _close(self, link: str, state: str) -> None:
        self._pages.remove(link)
        del self._waiting[state]
        if not self._waiting:
            self._pages.remove(self._way_back)

    async def _returned(self, request: Request) -> Response:
        """The browser comes back from Entra; a state that nobody waits for ends nothing."""
        fields = await _fields(request)
        attempt = self._waiting.get(fields.get("state", ""))
        if attempt is None or not (fields.get("code") or fields.get("error")):
            return self._pages.unknown_link()
        return await attempt.answer(fields)


class BrowserAttempt:
    """One sign-in: the first answer that the browser brings is redeemed, and every tab sees what came of it."""

    def __init__(
        self,
        url: str,
        pages: Pages,
        *,
        expiry: Callable[[], Awaitable[None]],
        redeem: Callable[[dict[str, str]], Result],
        close: Callable[[], None],
    ) -> None:
        self.invitation = Invitation(
            f"Sign-in needed: open {url} in a browser on this computer, then repeat the call.", url
        )
        self._pages = pages
        self._expiry = expiry
        self._redeem = redeem
        self._close = close
        self._fields: dict[str, str] | None = None
        self._came = anyio.Event()
        self._ended = anyio.Event()
        self._result: Result = {}
        self._page = pages.not_signed_in(_GIVEN_UP)

    async def answer(self, fields: dict[str, str]) -> Response:
        """The page for the browser, once it is known who signed in or why nobody did."""
        if self._fields is None:
            self._fields = fields
            self._came.set()
        await self._ended.wait()
        return self._page

    async def result(self) -> Result:
        """Wait for the browser to come back, then have MSAL redeem what it brings."""
        self._result = await in_worker(partial(self._redeem, await self._brought()))
        return self._result

    def close(self, error: AppError | None) -> None:
        """Close both ways, and answer the browser: with Entra's own words where it was Entra that refused."""
        try:
            self._page = self._last_page(error)
        finally:
            self._close()
            self._ended.set()

    def _last_page(self, error: AppError | None) -> Response:
        if "error" in self._result:
            return self._refused()
        if error is not None:
            return self._pages.not_signed_in(str(error))
        if not self._result:
            return self._page
        claims = self._result.get("id_token_claims") or {}
        return self._pages.signed_in(str(claims.get("preferred_username") or claims.get("name") or ""))

    async def _brought(self) -> dict[str, str]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._expire)
            await self._came.wait()
            tasks.cancel_scope.cancel()
        if self._fields is None:
            raise SignInError(
                f"Nobody signed in within {LIFETIME // 60} minutes, and the link has expired. "
                "Repeat the call to get a new one."
            )
        return self._fields

    async def _expire(self) -> None:
        await self._expiry()
        self._came.set()

    def _refused(self) -> Response:
        reason = _REASONS.get(str(self._result["error"]), _UNFINISHED)
        return self._pages.not_signed_in(reason, str(self._result.get("error_description") or ""))


async def _sent_to(address: str, request: Request) -> Response:
    """The short link: what the model shows to its person holds neither state nor nonce."""
    return RedirectResponse(address, status_code=302)


async def _fields(request: Request) -> dict[str, str]:
    """What came back, in a form or in the query; nothing where a name stands twice or it cannot be read."""
    try:
        encoded = request.url.query if request.method == "GET" else (await request.body()).decode()
        pairs = parse_qsl(encoded, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:  # too many fields, or no UTF-8
        return {}
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else {}


def _with_port(redirect_uri: str, base: str) -> str:
    """The registered address with the port of our pages: Entra disregards the port of a loopback address alone."""
    parts = urlsplit(redirect_uri)
    if parts.port:
        return redirect_uri
    return parts._replace(netloc=f"{parts.netloc}:{urlsplit(base).port}").geturl()
