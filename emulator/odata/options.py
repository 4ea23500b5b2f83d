"""The query options of one request, read from its URL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from emulator.odata.errors import ODataError, UnknownProperty
from emulator.odata.types import Structured

KNOWN = frozenset(
    {"$select", "$filter", "$orderby", "$top", "$skip", "$count", "$search", "$expand", "$format", "$skiptoken"}
)
_JSON = frozenset({"json", "application/json"})


@dataclass(frozen=True)
class Options:
    """What a caller asked for; `plain` holds the parameters that are not OData's."""

    select: tuple[str, ...] = ()
    filter: str | None = None
    orderby: str | None = None
    top: int | None = None
    skip: int | None = None
    count: bool = False
    search: str | None = None
    skiptoken: str | None = None
    plain: Mapping[str, str] = field(default_factory=dict)

    def select_of(self, kind: Structured, *derived: Structured) -> tuple[str, ...]:
        """The selected properties, each known to the type; a path selects the whole property it starts with.

        A property that only a derived type has is written behind that type's name.
        """
        return tuple(dict.fromkeys(_known(name, kind, derived) for name in self.select))


def _known(path: str, kind: Structured, derived: tuple[Structured, ...]) -> str:
    first, _, rest = path.partition("/")
    for cast in derived:
        if rest and first.lower() == cast.name.lower():
            return _known(rest, cast, ())
    found = "*" if first == "*" else kind.find(first)
    if found is None:
        raise UnknownProperty(first, kind.name)
    return found


def read_options(query: Iterable[tuple[str, str]], allowed: frozenset[str], *, bare: bool = False) -> Options:
    """Read the options; `bare` also takes them without the dollar sign, as beta does."""
    given = _named(query, bare=bare)
    for name in given:
        if name.startswith("$") and name not in allowed:
            raise ODataError(_refusal(name))
    return Options(
        select=_list(given.get("$select")),
        filter=_text(given, "$filter"),
        orderby=_text(given, "$orderby"),
        top=_number(given, "$top"),
        skip=_number(given, "$skip"),
        count=_truth(given),
        search=_text(given, "$search"),
        skiptoken=given.get("$skiptoken"),
        plain={name: value for name, value in given.items() if not name.startswith("$")},
    )


def _named(query: Iterable[tuple[str, str]], *, bare: bool) -> dict[str, str]:
    given: dict[str, str] = {}
    for raw, value in query:
        name = raw.lower() if raw.startswith("$") else raw
        if bare and f"${raw.lower()}" in KNOWN:
            name = f"${raw.lower()}"
        if name.startswith("$") and name in given:
            raise ODataError(
                f"Query option '{name}' was specified more than once, but it must be specified at most once."
            )
        given[name] = value
    if given.pop("$format", "json").partition(";")[0].lower() not in _JSON:
        raise ODataError("The $format query option must be 'json' or 'application/json'.")
    return given


def _refusal(name: str) -> str:
    if name in KNOWN:
        return f"'{name}' is not supported by the service."
    return f"The query parameter '{name}' is not supported."


def _list(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise ODataError(f"Parsing OData Select and Expand failed: Term '{text}' is not valid in a $select expression.")
    return names


def _text(given: Mapping[str, str], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not value.strip():
        raise ODataError(f"The value of OData query option {name} cannot be empty.")
    return value


def _number(given: Mapping[str, str], name: str) -> int | None:
    value = given.get(name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit()):
        raise ODataError(
            f"Invalid value '{value}' for {name} query option found. "
            f"The {name} query option requires a non-negative integer value."
        )
    return int(value[:12])


def _truth(given: Mapping[str, str]) -> bool:
    value = given.get("$count", "false").lower()
    if value not in {"true", "false"}:
        raise ODataError(f"Invalid value '{value}' for $count query option found. Valid values are 'true' or 'false'.")
    return value == "true"
