"""Many calls in few requests."""

from __future__ import annotations

from graph.batch.batcher import Batcher

__all__ = ["Batcher"]
