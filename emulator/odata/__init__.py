"""The OData query options of Graph, without HTTP and without knowledge of any workload."""

from __future__ import annotations

from emulator.odata.binding import bound
from emulator.odata.check import check_filter
from emulator.odata.errors import ODataError, UnknownProperty
from emulator.odata.evaluate import matches
from emulator.odata.options import Options, read_options
from emulator.odata.ordering import Order, ordered, read_orderby
from emulator.odata.parser import parse_filter
from emulator.odata.types import Collection, Structured, structured

__all__ = [
    "Collection",
    "ODataError",
    "Options",
    "Order",
    "Structured",
    "UnknownProperty",
    "bound",
    "check_filter",
    "matches",
    "ordered",
    "parse_filter",
    "read_options",
    "read_orderby",
    "structured",
]
