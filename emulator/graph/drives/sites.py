"""Sites, as far as files need them: the root site, its library, and the sites that a person follows."""

from __future__ import annotations

from emulator.graph.drives import state
from emulator.graph.drives.errors import NoSuchItem
from emulator.graph.drives.places import root_site
from emulator.graph.drives.service import drives, listing, site, user
from emulator.graph.engine.call import NO_CONTENT, Answer, Call
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import Shown, View
from emulator.store import Entity, Items, Links


@drives.root("sites")
def sites(call: Call) -> Items:
    """All sites that are known; there is always a root."""
    root_site(call.tenant)
    return call.tenant.store.root("sites")


@site.hook("find")
def find(call: Call, target: Target, key: str) -> Entity | None:
    """By the word `root`, by the host's name, or by the path of a group's site."""
    root = root_site(call.tenant)
    lowered = key.lower()
    if lowered in {"root", str(root["siteCollection"]["hostname"])}:
        return root
    if lowered.startswith(":"):
        path = lowered[1:].strip("/")
        known = call.tenant.store.root("sites")
        return root if not path else next((one for one in known if _path(one) == path), None)
    return None


@site.hook("search")
def search(_: View, items: list[Shown], text: str) -> list[Shown]:
    """By the words in their names; a star stands for all."""
    words = text.strip('"').replace("*", " ").lower().split()
    return [one for one in items if all(word in f"{one['displayName']} {one['name']}".lower() for word in words)]


@site.navigation("drive")
def drive(call: Call, owner: Entity) -> Entity:
    """The site's document library."""
    return state.drive_of(call.tenant, owner)


@site.navigation("drives")
def libraries(call: Call, owner: Entity) -> list[Entity]:
    return [state.drive_of(call.tenant, owner)]


@user.navigation("followedSites")
def followed(_: Call, person: Entity) -> Links:
    return person.links_of("followedSites")


@site.collection_operation("add")
def add(call: Call, target: Target) -> Answer:
    """Follow sites."""
    found = _named(call)
    links = _links(target)
    for one in found:
        links.add(one)
    return listing(call, target, found, "site")


@site.collection_operation("remove")
def remove(call: Call, target: Target) -> Answer:
    """Follow them no more."""
    for one in _named(call):
        _links(target).drop(one)
    return NO_CONTENT


def _named(call: Call) -> list[Entity]:
    wanted = call.json.get("value")
    known = sites(call)
    found = [known.get(str(one.get("id"))) if isinstance(one, dict) else None for one in wanted or []]
    if any(one is None for one in found):
        raise NoSuchItem("Requested site could not be found")
    return [one for one in found if one is not None]


def _links(target: Target) -> Links:
    if not isinstance(target.members, Links):
        raise NoSuchItem
    return target.members


def _path(one: Entity) -> str:
    return str(one.get("webUrl") or "").partition("//")[2].partition("/")[2].lower()
