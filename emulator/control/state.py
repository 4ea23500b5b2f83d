"""What the control routes and the pytest fixtures do, as an object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette

from emulator.call_log import CallLog
from emulator.clock import Clock
from emulator.control.mail import received
from emulator.entra import Entra
from emulator.graph.engine.serving import Graph
from emulator.graph.mail.message import Message
from emulator.graph.mail.parts import Body
from emulator.graph.subscriptions.state import notifications_of
from emulator.seeding import seed
from emulator.store import Entity
from emulator.tenant import Tenant
from emulator.throttling import Chaos, Throttle

if TYPE_CHECKING:
    from emulator.graph.mail.filing import Departure


class NothingToResetTo(Exception):
    """The tenant was handed over as it is: nobody knows how to make it again."""


class Control:
    """One running emulator, for whoever tests with it. `make` makes its tenant as it was at the start."""

    def __init__(self, app: Starlette, clock: Clock, make: Callable[[], Tenant] | None = None) -> None:
        self.app = app
        self.clock = clock
        self._make = make

    @property
    def tenant(self) -> Tenant:
        tenant: Tenant = self.app.state.tenant
        return tenant

    @property
    def graph(self) -> Graph:
        graph: Graph = self.app.state.graph
        return graph

    @property
    def entra(self) -> Entra:
        entra: Entra = self.app.state.entra
        return entra

    @property
    def throttle(self) -> Throttle:
        """The limits: turn them on and off, scale them, and say how long a call takes."""
        throttle: Throttle = self.app.state.throttle
        return throttle

    @property
    def chaos(self) -> Chaos:
        """Trouble at Graph."""
        chaos: Chaos = self.app.state.chaos
        return chaos

    @property
    def calls(self) -> CallLog:
        """What came in."""
        calls: CallLog = self.app.state.calls
        return calls

    @property
    def outbox(self) -> list[Departure]:
        """The mail that left the tenant."""
        return self.tenant.outbox

    def seed(
        self, path: str, values: Mapping[str, Any] | None = None, *, kind: str | None = None, fill: bool = False
    ) -> Entity:
        """Make what a path names, with everything missing on the way; a path to a collection gets one more member."""
        return seed(self.graph, self.tenant, path.strip("/"), values, kind=kind, fill=fill, now=self.clock.now)

    def receive(
        self, sender: str, to: str | Iterable[str], subject: str = "", body: str = "", *, html: bool = False
    ) -> list[Message]:
        """Let mail come in from outside, for people and groups here, and get the copies that came into inboxes.

        It meets what real mail meets: rules, automatic replies and the conversations of groups. An address may have a
        name: `Olga Strand <olga@elsewhere.example>`.
        """
        readers, text = [to] if isinstance(to, str) else to, Body(body, "html" if html else "text")
        return received(self.tenant, self.clock.now, sender, readers, subject=subject, body=text)

    def advance(self, seconds: float) -> None:
        """Let time pass at once."""
        self.clock.advance(seconds)

    def calm(self) -> None:
        """End all throttling and trouble."""
        self.throttle.turn_off()
        self.chaos.clear()
        self.entra.weather.clear()

    def reset(self) -> None:
        """Bring back the tenant, the time and the calm of the start. Tokens and applications stay good."""
        if self._make is None:
            raise NothingToResetTo
        self.clock.reset()
        self.calm()
        self.calls.clear()
        self.entra.reset()
        before = notifications_of(self.tenant)
        # Nobody is to hear of what happens next because of what was asked for until now.
        for watch in tuple(before.watches.values()):
            before.forget(watch.subscription)
        self.tenant.become(self._make())
        self.app.state.connect()
        now = notifications_of(self.tenant)
        now.web, now.sleep = before.web, before.sleep
