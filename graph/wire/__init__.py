"""Graph on the wire, without I/O: addresses, links, queries, batches, and what answers mean."""

from __future__ import annotations

from graph.wire.batches import MOST_PARTS, Part, PartReply, batch_body, read_batch
from graph.wire.bodies import read_object
from graph.wire.errors import read_error
from graph.wire.etags import differs, etag_of, matches
from graph.wire.links import Home, Place, Trail
from graph.wire.monitors import Monitor, read_monitor
from graph.wire.odata import Scalar, literal, query_string, search, search_of
from graph.wire.paths import checked_path, path, path_segment
from graph.wire.waiting import MOST_SECONDS, retry_after

__all__ = [
    "MOST_PARTS",
    "MOST_SECONDS",
    "Home",
    "Monitor",
    "Part",
    "PartReply",
    "Place",
    "Scalar",
    "Trail",
    "batch_body",
    "checked_path",
    "differs",
    "etag_of",
    "literal",
    "matches",
    "path",
    "path_segment",
    "query_string",
    "read_batch",
    "read_error",
    "read_monitor",
    "read_object",
    "retry_after",
    "search",
    "search_of",
]
