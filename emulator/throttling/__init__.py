"""The limits that Graph's services keep, when somebody asks for them; and trouble on request."""

from __future__ import annotations

from emulator.throttling.chaos import Chaos
from emulator.throttling.faults import EVIL_LINKS, INSIDE, KINDS, Fault, Kind, Visit
from emulator.throttling.gate import Gate
from emulator.throttling.rules import CONCURRENCY, RULES
from emulator.throttling.throttle import Throttle

__all__ = [
    "CONCURRENCY",
    "EVIL_LINKS",
    "INSIDE",
    "KINDS",
    "RULES",
    "Chaos",
    "Fault",
    "Gate",
    "Kind",
    "Throttle",
    "Visit",
]
