"""The way out: requests to webhooks, with a client that tests can replace."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import SplitResult, urlsplit
from uuid import uuid4

import httpx

from emulator.graph.subscriptions.errors import BadSubscription, EndpointRefused

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_OK = 200
# Control turns away whatever carries this: a subscription must not reset the tenant it belongs to.
MARK = "X-Emulator-Webhook"
_MUST = "Notification endpoint must respond with 200 OK to validation request."


class Web:
    """Posts to webhooks. With a `transport` nothing leaves the process; the limits are in seconds."""

    def __init__(self) -> None:
        self.transport: httpx.AsyncBaseTransport | None = None
        self.handshake_seconds = 10.0
        self.delivery_seconds = 3.0

    async def shake_hands(self, url: str) -> None:
        """Have a webhook show that it is one: it must send a text back."""
        token = f"Validation: Testing client application reachability for subscription Request-Id: {uuid4()}"
        address = httpx.URL(url).copy_merge_params({"validationToken": token})
        try:
            async with asyncio.timeout(self.handshake_seconds), self._client(url) as client:
                answer = await client.post(address, headers={"Content-Type": "text/plain; charset=utf-8"})
        except (TimeoutError, httpx.TimeoutException) as error:
            raise EndpointRefused("timed out.") from error
        except (httpx.HTTPError, OSError) as error:
            raise EndpointRefused(
                "failed. Notification endpoint must respond with 200 OK to validation request."
            ) from error
        if answer.status_code != _OK:
            phrase = httpx.codes.get_reason_phrase(answer.status_code).replace(" ", "")
            raise EndpointRefused(f"failed. HTTP status code is '{phrase}'. {_MUST}")
        is_plain = answer.headers.get("content-type", "").partition(";")[0].strip().lower() == "text/plain"
        if answer.text != token or not is_plain:
            raise EndpointRefused("failed. Response must exactly match validationToken query parameter.")

    async def post(self, url: str, body: Mapping[str, Any]) -> bool:
        """Deliver notifications; whether the webhook took them."""
        try:
            async with asyncio.timeout(self.delivery_seconds), self._client(url) as client:
                answer = await client.post(url, json=body)
        except (TimeoutError, httpx.HTTPError, OSError):
            return False
        return answer.is_success

    def _client(self, url: str) -> httpx.AsyncClient:
        transport = self.transport
        trust = self._trust if url.lower().startswith("https:") else False
        # The callers bound each exchange as a whole.
        return httpx.AsyncClient(  # nosec B113
            transport=transport,
            verify=trust,
            timeout=None,  # noqa: S113
            trust_env=False,
            headers={MARK: "1"},
        )

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context()


def check_address(name: str, url: object) -> str:
    """A webhook's address: https, or plain http on this very machine, which real Graph does not have."""
    parts = _parts(url) if isinstance(url, str) else None
    if parts is None or not parts.hostname:
        raise BadSubscription(f"The value of the property '{name}' is not a valid URL.")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise BadSubscription(f"The value of the property '{name}' must be a HTTPS URL.")
    return str(url)


def _parts(url: str) -> SplitResult | None:
    """The parts of an address that can be posted to."""
    try:
        parts = urlsplit(url)
        # What asks for it reads the host once more, which may be a name that no server could have.
        return parts if httpx.URL(url).host and parts.port != 0 else None
    except (httpx.InvalidURL, ValueError):
        return None
