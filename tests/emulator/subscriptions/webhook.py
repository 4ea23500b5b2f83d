"""A webhook in this process, a clock that stands still, and clients that subscribe."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from emulator import Tenant, build_emulator
from emulator.entra import Caller
from emulator.graph.subscriptions.state import Notifications, notifications_of
from tests.emulator.support import NOW, FakeEntra

URL = "https://hooks.example/notify"
LIFECYCLE = "https://hooks.example/lifecycle"


@dataclass
class Webhook:
    """Shakes hands and keeps what it is sent; `statuses` are its next answers to notifications."""

    handshakes: list[str] = field(default_factory=list)
    received: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    greeting: httpx.Response | Exception | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        token = request.url.params.get("validationToken")
        if token is not None:
            return self._greet(request, token)
        status = self.statuses.pop(0) if self.statuses else 202
        if httpx.codes.is_success(status):
            self.received.append((str(request.url), json.loads(request.content)))
        return httpx.Response(status)

    def _greet(self, request: httpx.Request, token: str) -> httpx.Response:
        self.handshakes.append(str(request.url.copy_remove_param("validationToken")))
        if isinstance(self.greeting, Exception):
            raise self.greeting
        return self.greeting or httpx.Response(200, text=token)

    @property
    def news(self) -> list[dict[str, Any]]:
        """All notifications so far, in the order they came."""
        return [one for _, body in self.received for one in body["value"]]

    @property
    def told(self) -> list[tuple[str, str]]:
        """Each as its change and the id of what changed."""
        return [(one["changeType"], one["resourceData"].get("id", "")) for one in self.news]


@dataclass
class Stage:
    """A tenant whose notifications go to one webhook."""

    tenant: Tenant
    webhook: Webhook = field(default_factory=Webhook)
    now: datetime = NOW
    slept: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.notifications.web.transport = httpx.MockTransport(self.webhook)
        self.notifications.sleep = self._sleep

    @property
    def notifications(self) -> Notifications:
        return notifications_of(self.tenant)

    def clock(self) -> float:
        return self.now.timestamp()

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    @asynccontextmanager
    async def client(self, caller: Caller, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
        """Someone who calls Graph."""
        app = build_emulator(self.tenant, entra=FakeEntra(caller), clock=self.clock)
        base = "https://graph.microsoft.com/v1.0"
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=base, headers=headers) as client:
            yield client

    async def news(self) -> list[tuple[str, str]]:
        """What the webhook was told once everything is delivered."""
        await self.notifications.settle()
        return self.webhook.told


def body(resource: str, changes: str = "created,updated,deleted", **more: Any) -> dict[str, Any]:
    """A subscription that is all right."""
    return {
        "changeType": changes,
        "notificationUrl": URL,
        "resource": resource,
        "expirationDateTime": in_minutes(60),
        "clientState": "secret",
        **more,
    }


def in_minutes(minutes: float, now: datetime = NOW) -> str:
    return (now + timedelta(minutes=minutes)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")


async def subscribed(
    client: httpx.AsyncClient, resource: str, changes: str = "created,updated,deleted", **more: Any
) -> str:
    """The id of a new subscription."""
    response = await client.post("/subscriptions", json=body(resource, changes, **more))
    assert response.status_code == 201, response.text
    return str(response.json()["id"])
