"""An emulator whose time and whose latency a test holds in its hands."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import httpx
from starlette.applications import Starlette

from emulator import Tenant, build_emulator
from emulator.clock import Clock
from emulator.entra import Caller
from emulator.tenant import Person
from emulator.throttling import Chaos, Throttle
from tests.emulator.support import NOW, FakeEntra

BASE = "https://graph.microsoft.com/v1.0"


@dataclass
class Pause:
    """A sleep that ends when the test says so, or at once."""

    waits: bool = False
    sleeping: int = 0
    most: int = 0
    slept: list[float] = field(default_factory=list)
    _go: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.sleeping += 1
        self.most = max(self.most, self.sleeping)
        if self.waits:
            await self._go.wait()
        else:
            await asyncio.sleep(0)
        self.sleeping -= 1

    def end(self) -> None:
        self._go.set()

    async def until(self, number: int) -> None:
        """Let the others run until so many sleep."""
        for _ in range(1000):
            if self.sleeping >= number:
                return
            await asyncio.sleep(0)
        raise AssertionError(f"only {self.sleeping} sleep")


@dataclass
class Scene:
    """One emulator, and who calls it."""

    tenant: Tenant
    clock: Clock
    pause: Pause
    entra: FakeEntra
    app: Starlette

    @property
    def throttle(self) -> Throttle:
        throttle: Throttle = self.app.state.throttle
        return throttle

    @property
    def chaos(self) -> Chaos:
        chaos: Chaos = self.app.state.chaos
        return chaos

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url=BASE)

    def speak_as(self, caller: Caller) -> None:
        self.entra.speaks_for = caller


def scene(tenant: Tenant, caller: Caller) -> Scene:
    clock, pause, entra = Clock(NOW.timestamp), Pause(), FakeEntra(caller)
    app = build_emulator(tenant, entra=entra, clock=clock, sleep=pause)
    return Scene(tenant, clock, pause, entra, app)


def as_app(person: Person, *scopes: str, app: str = "app") -> Caller:
    return Caller(app, person.id, frozenset(scopes), frozenset())
