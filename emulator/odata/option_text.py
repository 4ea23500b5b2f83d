"""The texts of query options: each given once, each in its own form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from emulator.odata.errors import ODataError

NESTED = frozenset({"$select", "$filter", "$orderby", "$top", "$skip", "$count", "$search", "$expand", "$levels"})
KNOWN = (NESTED - {"$levels"}) | {"$format", "$skiptoken", "$deltatoken", "$apply", "$compute"}
_JSON = frozenset({"json", "application/json"})


def named(query: Iterable[tuple[str, str]], *, bare: bool) -> dict[str, str]:
    """The options by name, each given once; other parameters keep their spelling."""
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


def refusal(name: str) -> str:
    """Why an option is not taken."""
    if name in KNOWN:
        return f"'{name}' is not supported by the service."
    return f"The query parameter '{name}' is not supported."


def listed(text: str | None) -> tuple[str, ...]:
    """The names of a `$select`."""
    if text is None:
        return ()
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise ODataError(f"Parsing OData Select and Expand failed: Term '{text}' is not valid in a $select expression.")
    return names


def text_of(given: Mapping[str, str], name: str) -> str | None:
    """An option that may not be empty."""
    value = given.get(name)
    if value is not None and not value.strip():
        raise ODataError(f"The value of OData query option {name} cannot be empty.")
    return value


def number(given: Mapping[str, str], name: str) -> int | None:
    """An option that counts."""
    value = given.get(name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit()):
        raise ODataError(
            f"Invalid value '{value}' for {name} query option found. "
            f"The {name} query option requires a non-negative integer value."
        )
    return int(value[:12])


def truth(given: Mapping[str, str]) -> bool:
    """Whether `$count=true` is given."""
    value = given.get("$count", "false").lower()
    if value not in {"true", "false"}:
        raise ODataError(f"Invalid value '{value}' for $count query option found. Valid values are 'true' or 'false'.")
    return value == "true"
