"""The limits that Graph's services keep, when somebody asks for them; and trouble on request."""

from __future__ import annotations

from emulator.throttling.chaos import Chaos, Fault, Kind
from emulator.throttling.gate import Gate
from emulator.throttling.rules import CONCURRENCY, RULES
from emulator.throttling.throttle import Throttle

__all__ = ["CONCURRENCY", "RULES", "Chaos", "Fault", "Gate", "Kind", "Throttle"]
