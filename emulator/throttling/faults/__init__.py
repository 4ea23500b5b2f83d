"""What can go wrong at Graph when somebody asks for it, kind by kind."""

from __future__ import annotations

from emulator.throttling.faults.challenges import challenge, concerns
from emulator.throttling.faults.fault import INSIDE, KINDS, OF_BODY, SPOILING, Fault, Kind, Visit
from emulator.throttling.faults.links import EVIL_LINKS, Link

__all__ = [
    "EVIL_LINKS",
    "INSIDE",
    "KINDS",
    "OF_BODY",
    "SPOILING",
    "Fault",
    "Kind",
    "Link",
    "Visit",
    "challenge",
    "concerns",
]
