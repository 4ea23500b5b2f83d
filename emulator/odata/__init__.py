"""The OData query options of Graph, without HTTP and without knowledge of any workload."""

from __future__ import annotations

from emulator.odata.check import bound, check_filter, parsed_filter
from emulator.odata.compiling import compiled, compiled_filter, matches
from emulator.odata.errors import ODataError, UnknownProperty
from emulator.odata.items import Related
from emulator.odata.names import Names, TypeSource
from emulator.odata.options import Expansion, Options, read_expand, read_nested, read_options
from emulator.odata.ordering import Order, ordered, read_orderby
from emulator.odata.parser import parse_filter
from emulator.odata.selecting import Selection, read_select
from emulator.odata.types import Collection, Enum, Navigation, PropertyType, Structured, structured, type_name

__all__ = [
    "Collection",
    "Enum",
    "Expansion",
    "Names",
    "Navigation",
    "ODataError",
    "Options",
    "Order",
    "PropertyType",
    "Related",
    "Selection",
    "Structured",
    "TypeSource",
    "UnknownProperty",
    "bound",
    "check_filter",
    "compiled",
    "compiled_filter",
    "matches",
    "ordered",
    "parse_filter",
    "parsed_filter",
    "read_expand",
    "read_nested",
    "read_options",
    "read_orderby",
    "read_select",
    "structured",
    "type_name",
]
