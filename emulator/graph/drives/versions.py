"""The versions of a file."""

from __future__ import annotations

from emulator.graph.drives import state
from emulator.graph.drives.downloads import download_url
from emulator.graph.drives.errors import BadDriveRequest, NoSuchItem
from emulator.graph.drives.files import Content
from emulator.graph.drives.service import DOWNLOAD_URL, check_match, doing, item, version
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import NO_CONTENT, Answer, Call
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import Shown
from emulator.schema import schema
from emulator.store import Entity


@item.navigation("versions")
def versions(_: Call, entity: Entity) -> list[Entity]:
    """Newest first; a folder has none."""
    if not state.is_file(entity):
        return []
    return [_shown(entity, one) for one in state.versions_of(entity)]


@version.hook("find")
def find(call: Call, target: Target, key: str) -> Entity | None:
    """`current` is the file as it is."""
    if key.lower() == "current" and target.owner is not None:
        return next(iter(versions(call, target.owner)), None)
    return None


@item.posted("versions")
def refuse(call: Call, target: Target) -> Answer:
    """Nobody asks for a version."""
    raise BadDriveRequest("Versions are made by changing the file.")


@version.hook("create")
def create(call: Call, target: Target, values: Values) -> Entity:
    """An older state of the file, to have something to look at: versions come from writing."""
    entity = target.owner
    if entity is None or not state.is_file(entity):
        raise NoSuchItem
    state.write(entity, Content(state.content_of(entity).data), doing(call))
    entity.state["history"][0]["id"] = values.get("id") or entity.state["history"][0]["id"]
    return _shown(entity, entity.state["history"][0])


@version.computed("size")
def size(shown: Shown) -> int:
    found: Content = shown.entity.state["content"]
    return found.size


@version.hook("annotations")
def notes(shown: Shown) -> dict[str, str]:
    """Where its bytes can be had."""
    entity = shown.entity
    return {DOWNLOAD_URL: download_url(shown.view.call, entity.state["item"], f"version:{entity.id}")}


@version.hook("read")
def read_content(call: Call, target: Target) -> Answer:
    """`/content` of a version."""
    entity = target.thing
    return Answer(None, 302, {"Location": download_url(call, entity.state["item"], f"version:{entity.id}")})


@version.operation("restoreVersion")
def restore(call: Call, target: Target) -> Answer:
    """Make an older version the newest."""
    old = target.thing
    entity: Entity = old.state["item"]
    if old.id == f"{entity.state['number']}.0":
        raise BadDriveRequest("The current version of a file cannot be restored.")
    check_match(call, entity)
    state.write(entity, old.state["content"], doing(call))
    return NO_CONTENT


@version.hook("delete")
def delete(call: Call, old: Entity, _: Target) -> None:
    """Forget an older version."""
    entity: Entity = old.state["item"]
    if old.id == f"{entity.state['number']}.0":
        raise BadDriveRequest("The current version of a file cannot be deleted.")
    entity.state["history"] = [one for one in entity.state["history"] if one["id"] != old.id]
    entity.touch()


def _shown(entity: Entity, one: dict[str, object]) -> Entity:
    if not isinstance(one["content"], Content):
        raise NoSuchItem
    values = {name: value for name, value in one.items() if name != "content"}
    found = Entity(schema().kind("driveItemVersion"), values, entity.changes)
    found.state |= {"item": entity, "content": one["content"]}
    return found
