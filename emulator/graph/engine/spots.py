"""Where things that an answer shows would be asked for on their own: what an `$expand` may show is decided there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from emulator.graph.engine.checks import check
from emulator.graph.engine.permits import is_open, places_of
from emulator.graph.engine.places import is_elsewhere
from emulator.permissions import row_of
from emulator.store import Entity

if TYPE_CHECKING:
    from emulator.graph.engine.target import Target
    from emulator.graph.engine.view import Shown, View
    from emulator.odata.types import Navigation


@dataclass(frozen=True)
class Spot:
    """One shown thing: the templates that name it, any of which may open what hangs on it, and the way to it."""

    templates: tuple[str, ...]
    trail: tuple[Entity, ...]


def spot_of(view: View, shown: Shown) -> Spot:
    """That of a thing which the call itself asks for."""
    target = view.target
    entity = shown.entity
    trail = target.trail if target.trail and target.trail[-1] is entity else (*target.trail, entity)
    return _spot(view, Spot((_item_template(target),), trail), has_own=target.plan.is_referred)


def behind(view: View, spot: Spot, navigation: Navigation, entity: Entity) -> Spot:
    """That of a thing which hangs on another one."""
    key = "/{}" if navigation.is_collection else ""
    templates = tuple(f"{template}/{navigation.name}{key}" for template in spot.templates)
    return _spot(view, Spot(templates, (*spot.trail, entity)), has_own=is_elsewhere(navigation))


def admit(view: View, shown: Shown, spot: Spot, navigation: Navigation, found: Entity | None) -> None:
    """Refuse to show what a relation leads to, unless the caller could read it on its own."""
    call = view.call
    templates = [f"{place}/{navigation.name}" for place in spot.templates]
    trail = spot.trail if found is None else (*spot.trail, found)
    place = next((template for template in templates if is_open(call, "GET", template)), None)
    plan = replace(view.target.plan, template=place or "", raw=(), passed=())
    kind = found.kind if found is not None else navigation.target
    rules = view.service.rules(kind)
    if place is None:
        raise (rules.dialect or view.target.dialect).denied()
    target = replace(
        view.target, plan=plan, rules=rules, kind=kind, entity=found, members=None, trail=trail,
        navigation=navigation, owner=shown.entity, casts=(), place=place,
    )  # fmt: skip
    check(replace(call, method="GET"), target)


def kept_back(view: View, shown: Shown, spot: Spot, names: tuple[str, ...]) -> frozenset[str]:
    """Those of the selected properties which another service keeps and the caller could not read on their own."""
    voices = view.service.rules(shown.kind).voices
    return frozenset(name for name in names if name.lower() in voices and not _is_readable(view, spot, name))


def refuse_kept_back(view: View, shown: Shown, names: frozenset[str]) -> None:
    """In the words of the service that keeps them."""
    voices = view.service.rules(shown.kind).voices
    for name in names:
        raise voices[name.lower()].denied()


def _is_readable(view: View, spot: Spot, name: str) -> bool:
    places = [f"{place}/{name}" for place in spot.templates]
    rows = [place for place in places if row_of("GET", place)]
    return not rows or any(is_open(view.call, "GET", place) for place in rows)


def _spot(view: View, spot: Spot, *, has_own: bool) -> Spot:
    """The spot with the own places of the thing, which alone count where it is only referred to."""
    entity = spot.trail[-1]
    own = tuple(places_of(view.call, entity))
    if has_own and own:
        return Spot(own, (entity,))
    return Spot(tuple(dict.fromkeys((*spot.templates, *own))), spot.trail)


def _item_template(target: Target) -> str:
    """The template of one of the things that are asked for."""
    plan, template = target.plan, target.place
    if plan.operation is not None:
        template = template.rpartition("/")[0]
    return f"{template}/{{}}" if plan.is_collection else template
