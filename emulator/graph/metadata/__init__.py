"""What Graph says of itself to anybody: its types at `$metadata`, its entity sets at the root of the service."""

from __future__ import annotations

from emulator.graph.metadata.answers import described, is_description
from emulator.graph.metadata.csdl import document

__all__ = ["described", "document", "is_description"]
