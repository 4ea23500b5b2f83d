"""Microsoft Graph's types, as far as the emulator's workloads reach; `types.json` is written by a script."""

from __future__ import annotations

from emulator.schema.loading import GRAPH, Operation, Root, Schema, schema

__all__ = ["GRAPH", "Operation", "Root", "Schema", "schema"]
