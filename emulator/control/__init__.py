"""The handles for people who test their own code against the emulator: seed, reset, clock, faults, calls, outbox.

Never part of an emulator by itself: `controlled` puts them in front of one, for callers on this computer only.
"""

from __future__ import annotations

from emulator.control.routes import PREFIX, controlled
from emulator.control.state import Control

__all__ = ["PREFIX", "Control", "controlled"]
