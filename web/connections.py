"""What a peer may do with a connection: limits and strictness that uvicorn's two protocols lack."""

from __future__ import annotations

import importlib
import importlib.util
from collections import Counter

from web._connection import Connection, Limits

__all__ = ["Limits", "protocol_class"]


def protocol_class(limits: Limits, parser: str = "auto") -> type[Connection]:
    """What uvicorn's `http` option takes; `parser` is httptools, h11, or the faster of those that are installed.

    Connections are counted by class, so that each server has to have one of its own.
    """
    if parser == "auto":
        parser = "httptools" if importlib.util.find_spec("httptools") else "h11"
    # Each module imports its parser, and httptools is not everywhere.
    module = importlib.import_module(f"web._connection_{parser}")
    found: type[Connection] = module.connection_class(limits, Counter())
    return found
