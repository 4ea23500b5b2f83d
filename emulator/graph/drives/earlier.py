"""Where items of a drive lay before: a delta query tells that one left a folder only if it lay there."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.store import Entity

_MOVES = "moves"


def moved(item: Entity, before: Entity | None) -> None:
    """Remember the folder that an item lay in until its last change; none for what is new or was in the bin."""
    item.state.setdefault(_MOVES, []).append((item.version, before))


def lineage_at(item: Entity, number: int) -> Iterator[Entity]:
    """The item, the folder it lay in at a moment of the history, and so on up to the root."""
    here: Entity | None = item
    while here is not None:
        yield here
        later = _moves_after(here, number)
        here = later[0][1] if later else here.state["parent"]


def left_at(item: Entity, base: Entity, number: int) -> int:
    """When something that lay in a folder, or below it, at that moment was moved next; 0 if it lay elsewhere."""
    if not any(up is base for up in lineage_at(item, number)):
        return 0
    later = _moves_after(item, number)
    # What only came along with its folder is told when it next changes itself.
    return later[0][0] if later else item.version


def _moves_after(item: Entity, number: int) -> list[tuple[int, Entity | None]]:
    return [move for move in item.state.get(_MOVES, ()) if move[0] > number]
