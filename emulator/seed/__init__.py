"""The company the demo tenant is filled with."""

from __future__ import annotations

from emulator.seed.company import demo_tenant

__all__ = ["demo_tenant"]
