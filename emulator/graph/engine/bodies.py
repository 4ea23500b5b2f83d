"""Request bodies held against the type they are for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from emulator.odata.types import Collection, Enum, PropertyType, Structured
from emulator.schema import schema

_BIND = "@odata.bind"
_DEEPEST = 40
# The metadata declares nothing inside of these: they stand for JSON of any shape.
_ANYTHING = frozenset({"microsoft.graph.Json"})


class BadBody(Exception):
    """A body that does not fit the type; the text is for the caller."""


class Values(dict[str, Any]):
    """The properties of a body in the type's own spelling.

    `binds` are the references it makes by `navigation@odata.bind`, `nested` the things that it brings along under a
    navigation, `kind` the type it says it is, `annotations` the rest that begins with an `@`.
    """

    def __init__(self, kind: Structured) -> None:
        super().__init__()
        self.kind = kind
        self.binds: dict[str, list[str]] = {}
        self.nested: dict[str, list[Values]] = {}
        self.annotations: dict[str, Any] = {}


def read_body(body: Mapping[str, Any], kind: Structured) -> Values:
    """The body as values of the type, or of the derived type that it names."""
    return _read(body, kind, 0)


def _read(body: Mapping[str, Any], kind: Structured, depth: int) -> Values:
    values = Values(_named_kind(body, kind))
    for name, value in body.items():
        if name.endswith(_BIND):
            values.binds[_navigation(name[: -len(_BIND)], values.kind)] = _links(name, value)
        elif "@" in name:
            values.annotations[name] = value
        else:
            _take(values, name, value, depth)
    return values


def _take(values: Values, name: str, value: Any, depth: int) -> None:  # noqa: ANN401 - JSON values
    found = values.kind.find(name)
    navigation = values.kind.find_navigation(name) if found is None else None
    if found is not None:
        values[found] = checked(value, values.kind.properties[found], found, depth)
    elif navigation is not None:
        parts = [] if value is None else value if isinstance(value, list) else [value]
        is_fitting = value is None or navigation.is_collection is isinstance(value, list)
        if not is_fitting or not all(isinstance(item, Mapping) for item in parts):
            raise BadBody(f"The value of the navigation property '{name}' has the wrong shape.")
        values.nested[navigation.name] = [_read(item, navigation.target, depth + 1) for item in parts]
    elif values.kind.is_open and (is_extension(name) or not is_of_directory(values.kind)):
        values[name] = value
    else:
        raise BadBody(
            f"The property '{name}' does not exist on type '{values.kind.name}'. Make sure to only use property names "
            "that are defined by the type."
        )


def is_extension(name: str) -> bool:
    """Extensions of the directory have names of several parts; one property of devices is in no metadata."""
    return "_" in name or name.lower() == "extensionattributes"


def is_of_directory(kind: Structured) -> bool:
    """Whether things of this type are objects of the directory."""
    return any(ancestor.name == "microsoft.graph.directoryObject" for ancestor in kind.ancestry)


def checked(value: Any, kind: PropertyType, name: str, depth: int = 0) -> Any:  # noqa: ANN401 - one per type
    """A JSON value that fits the type, in the type's own spelling."""
    if depth > _DEEPEST:
        raise BadBody("The payload is nested too deeply.")
    if value is None:
        return [] if isinstance(kind, Collection) else None
    if isinstance(kind, Collection):
        if not isinstance(value, list):
            raise _mismatch(name, "a collection")
        if any(item is None for item in value):
            raise BadBody(f"The collection '{name}' cannot hold null values.")
        return [checked(item, kind.item, name, depth + 1) for item in value]
    if isinstance(kind, Structured):
        return _structure(value, kind, name, depth)
    if isinstance(kind, Enum):
        return _member(value, kind, name)
    return _primitive(value, kind, name)


def _structure(value: Any, kind: Structured, name: str, depth: int) -> Any:  # noqa: ANN401 - JSON values
    if kind.name in _ANYTHING:
        return value
    if not isinstance(value, Mapping):
        raise _mismatch(name, "an object")
    found = _read(value, kind, depth + 1)
    head = {"@odata.type": f"#{found.kind.name}"} if found.kind is not kind else {}
    open_marks = {key: item for key, item in found.annotations.items() if key != "@odata.type"}
    return {**head, **found, **(open_marks if kind.is_open else {})}


def _member(value: Any, kind: Enum, name: str) -> str:  # noqa: ANN401 - JSON values
    if not isinstance(value, str):
        raise _mismatch(name, f"a member of '{kind.name}'")
    parts = [part.strip() for part in value.split(",")] if kind.is_flags else [value]
    found = [kind.find(part) for part in parts]
    if not all(found):
        raise BadBody(f"Requested value '{value}' was not found.")
    return ",".join(member for member in found if member)


def _primitive(value: Any, kind: str, name: str) -> Any:  # noqa: ANN401 - JSON values
    if kind == "Edm.Boolean" and isinstance(value, str) and value.lower() in {"true", "false"}:
        # Graph takes the words, too: its own documentation sends them.
        return value.lower() == "true"
    if kind.startswith("Edm.") and not _FITS.get(kind, _is_text)(value):
        raise _mismatch(name, f"'{kind}'")
    return value


def _named_kind(body: Mapping[str, Any], kind: Structured) -> Structured:
    named = body.get("@odata.type")
    if not isinstance(named, str):
        return kind
    text = named.removeprefix("#")
    found = schema().find_kind(text if "." in text else f"microsoft.graph.{text}")
    if found is None:
        if kind.is_open:
            return kind
        raise BadBody(f"Cannot apply the type '{named}': it is unknown.")
    if not found.derives_from(kind):
        raise BadBody(f"The type '{found.name}' is not assignable to the expected type '{kind.name}'.")
    return found


def _navigation(name: str, kind: Structured) -> str:
    navigation = kind.find_navigation(name)
    if navigation is None:
        raise BadBody(f"The property '{name}' does not exist on type '{kind.name}'.")
    return navigation.name


def _links(name: str, value: Any) -> list[str]:  # noqa: ANN401 - JSON values
    links = value if isinstance(value, list) else [value]
    if not all(isinstance(link, str) for link in links):
        raise _mismatch(name, "a reference, or a list of them")
    return list(links)


def _mismatch(name: str, wanted: str) -> BadBody:
    return BadBody(f"Cannot convert the value of the property '{name}' to {wanted}.")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_whole(lowest: int, highest: int, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest


def _is_real(value: object) -> bool:
    """A number, or its text, as clients send one that is too exact for JSON."""
    return (isinstance(value, int | float) and not isinstance(value, bool)) or _reads(float, value)


def _reads(read: Callable[[str], object], value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        read(value)
    except ValueError:
        return False
    return True


def _moment(text: str) -> datetime:
    head, dot, tail = text.partition(".")
    digits = len(tail) - len(tail.lstrip("0123456789"))
    # Graph writes seven digits of a second, Python 3.11 reads six.
    return datetime.fromisoformat(f"{head}{dot}{tail[: min(digits, 6)]}{tail[digits:]}" if dot else text)


_FITS: Mapping[str, Callable[[object], bool]] = {
    "Edm.Boolean": lambda value: isinstance(value, bool),
    "Edm.Byte": partial(_is_whole, 0, 255),
    "Edm.Int16": partial(_is_whole, -(2**15), 2**15 - 1),
    "Edm.Int32": partial(_is_whole, -(2**31), 2**31 - 1),
    "Edm.Int64": partial(_is_whole, -(2**63), 2**63 - 1),
    "Edm.Decimal": _is_real,
    "Edm.Double": _is_real,
    "Edm.Single": _is_real,
    "Edm.Guid": partial(_reads, UUID),
    "Edm.DateTimeOffset": partial(_reads, _moment),
    "Edm.Untyped": lambda _: True,
}
