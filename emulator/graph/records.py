"""Items as JSON that is computed property by property: a filter on one property never renders a body."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from emulator.odata import Collection, Structured

Renderers = Mapping[str, Callable[[Any], Any]]


class Record(Mapping[str, Any]):
    """One item under Graph's property names; a property the tenant keeps no state for is null or empty."""

    def __init__(self, source: object, kind: Structured, renderers: Renderers) -> None:
        self._source = source
        self._kind = kind
        self._renderers = renderers

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - JSON values
        if name in self._renderers:
            return self._renderers[name](self._source)
        return [] if isinstance(self._kind.properties[name], Collection) else None

    def __iter__(self) -> Iterator[str]:
        return iter(self._kind.properties)

    def __len__(self) -> int:
        return len(self._kind.properties)

    def only(self, names: tuple[str, ...]) -> dict[str, Any]:
        """The chosen properties, rendered."""
        return {name: self[name] for name in names}


def timestamp(moment: datetime | None) -> str | None:
    """A moment as Graph writes it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
