"""What MSAL gets from us: an HTTP client, and a response cache that cannot replay one caller's trouble to another."""

from __future__ import annotations

from typing import Any

import httpx


class DiscoveryOnly(dict[str, Any]):
    """MSAL's response cache, kept to what it GETs.

    MSAL would also remember a failed POST and answer every later caller of the same scope with it:
    one throttled user would stop all the others.
    """

    def __setitem__(self, key: str, value: Any) -> None:  # noqa: ANN401 - whatever MSAL stores
        if not key.startswith("POST"):
            super().__setitem__(key, value)


class HttpForMsal:
    """The HTTP client that MSAL expects, over httpx."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def get(self, url: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - whatever MSAL passes
        return self._http.get(url, **options)

    def post(self, url: str, data: dict[str, str | bytes] | None = None, **options: Any) -> httpx.Response:  # noqa: ANN401
        # A signed assertion comes as bytes, which httpx would write out as Python shows them: b'…'.
        form = {name: value.decode() if isinstance(value, bytes) else value for name, value in (data or {}).items()}
        return self._http.post(url, data=form, **options)


def client_options(http: httpx.Client) -> dict[str, Any]:
    """The arguments that every MSAL application is made with."""
    return {
        "http_client": HttpForMsal(http),
        "http_cache": DiscoveryOnly(),
        "instance_discovery": False,  # the authority's host is already on our own list of clouds
        "client_capabilities": ["cp1"],
    }
