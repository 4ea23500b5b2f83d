"""The command line: what it offers, and one module for each subcommand."""

from __future__ import annotations

from commands._options import parse
from commands.clients import snippets

__all__ = ["parse", "snippets"]
