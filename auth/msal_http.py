"""What MSAL gets from us: an HTTP client, and a response cache that cannot replay one caller's trouble to another."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from auth.aadsts import again_in, refusal
from auth.msal_log import keep_answers_out
from errors import SignInUnavailable

_LONGEST_WAIT = 3600.0

# For acquire_token_silent: MSAL renews a long-lived token ahead of its end, and where that fails it falls back on the
# one that is still good only after errors that it is told of. By default those are of a library that we do not use.
KEEP_WHAT_IS_GOOD: dict[str, Any] = {"http_exceptions": (httpx.RequestError, SignInUnavailable)}


class DiscoveryOnly(dict[str, Any]):
    """MSAL's response cache, kept to what it GETs.

    MSAL would also remember a failed POST and answer every later caller of the same scope with it:
    one throttled user would stop all the others.
    """

    def __setitem__(self, key: str, value: Any) -> None:  # noqa: ANN401 - whatever MSAL stores
        if not key.startswith("POST"):
            super().__setitem__(key, value)


class HttpForMsal:
    """The HTTP client that MSAL expects, over httpx.

    What is no OAuth answer becomes an error of ours here: MSAL would raise what nobody can read, drop how long
    to wait, or write a body that may hold half a token into the log.
    """

    def __init__(self, http: httpx.Client, clock: Callable[[], float] = time.time) -> None:
        self._http = http
        self._clock = clock

    def get(self, url: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - whatever MSAL passes
        """What discovery asks. MSAL says the same of a tenant that does not exist and of a proxy's page."""
        response = self._http.get(url, **options)
        answer = self._understood(response)
        if "error" in answer:
            raise refusal(answer)
        return response

    def post(self, url: str, data: dict[str, str | bytes] | None = None, **options: Any) -> httpx.Response:  # noqa: ANN401
        # A signed assertion comes as bytes, which httpx would write out as Python shows them: b'…'.
        form = {name: value.decode() if isinstance(value, bytes) else value for name, value in (data or {}).items()}
        response = self._http.post(url, data=form, **options)
        self._understood(response)
        return response

    def _understood(self, response: httpx.Response) -> dict[str, Any]:
        answer = _object_in(response)
        if response.status_code == 429 or response.status_code >= 500:
            raise self._unavailable(response, answer or {})
        if answer is None:
            raise SignInUnavailable(_misread(response))
        return answer

    def _unavailable(self, response: httpx.Response, answer: dict[str, Any]) -> SignInUnavailable:
        wait = seconds_to_wait(response.headers.get("retry-after", ""), self._clock())
        told = refusal(answer, retry_after=wait)
        if isinstance(told, SignInUnavailable):
            return told
        what = "wants fewer requests" if response.status_code == 429 else f"fails (HTTP {response.status_code})"
        text = f"Microsoft's sign-in service {what}. {again_in(wait)}"
        return SignInUnavailable(text, code=told.code, retry_after=wait)


def seconds_to_wait(retry_after: str, now: float) -> float:
    """What a Retry-After header comes to, given in seconds or as a date; 0 for none, and an hour at most."""
    try:
        wait = float(retry_after) if retry_after.strip().isdecimal() else _moment(retry_after) - now
    except (ValueError, OverflowError):
        return 0.0
    return min(max(wait, 0.0), _LONGEST_WAIT)


def _moment(date: str) -> float:
    parsed = parsedate_to_datetime(date)
    # "-0000" says that the zone is not known; HTTP has no dates but in UTC.
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def _object_in(response: httpx.Response) -> dict[str, Any] | None:
    try:
        body = json.loads(response.text)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _misread(response: httpx.Response) -> str:
    is_page = "html" in response.headers.get("content-type", "") or response.text.lstrip().startswith("<")
    if is_page or response.has_redirect_location:
        return (
            "Microsoft's sign-in service gave no usable answer: a web page came in its place, from a network that "
            "wants a sign-in of its own or from a proxy. Open any page in a browser to see it, then try again."
        )
    return (
        "Microsoft's sign-in service gave no usable answer: it broke off, or a proxy changed it. "
        "Try again in a moment; if that does not help, check the network or the proxy."
    )


def client_options(http: httpx.Client, http_cache: dict[str, Any] | None = None) -> dict[str, Any]:
    """The arguments that every MSAL application is made with; those that share a cache share what was discovered."""
    keep_answers_out()
    return {
        "http_client": HttpForMsal(http),
        "http_cache": DiscoveryOnly() if http_cache is None else http_cache,
        "instance_discovery": False,  # the authority's host is already on our own list of clouds
        "client_capabilities": ["cp1"],
    }
