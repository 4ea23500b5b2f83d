"""Open extensions and extended properties of everything that a mailbox holds."""

from __future__ import annotations

from emulator.faults import IdTaken, InvalidRequest
from emulator.graph.engine.call import Answer, Call
from emulator.graph.engine.resolving import entered
from emulator.graph.engine.target import Target
from emulator.graph.engine.writing import body_for, shown_entity
from emulator.graph.mail.workload import mail
from emulator.graph.mail.writing import EXTENSION_PREFIX, extended
from emulator.schema import schema
from emulator.store import Entity, Items

item = mail.type("outlookItem")


class Extensions(Items):
    """Extensions are found by their names, too."""

    def get(self, key: str) -> Entity | None:
        """By the id, or by what follows its prefix."""
        return super().get(key) or super().get(f"{EXTENSION_PREFIX}{key}")


@item.navigation("extensions")
def extensions(_: Call, owner: Entity) -> Items:
    """The open extensions of an item."""
    if not isinstance(owner.sets.get("extensions"), Extensions):
        found = Extensions(owner.changes, owner, "extensions")
        for one in owner.sets.get("extensions", ()):
            one.items = found
            found.entities[one.id] = one
        owner.sets["extensions"] = found
    return owner.sets["extensions"]


@item.posted("extensions")
def post_extension(call: Call, target: Target) -> Answer:
    """An extension under a name of its own."""
    values = body_for(call, target, schema().kind("openTypeExtension"))
    name = values.get("extensionName")
    if not name:
        raise InvalidRequest("The 'extensionName' of the extension is required.", code="ErrorInvalidArgument")
    assert target.owner is not None  # noqa: S101 - extensions lie on something
    key = f"{EXTENSION_PREFIX}{name}"
    if target.owner.set_of("extensions").get(key) is not None:
        raise IdTaken(key)
    found = extended(call, target.owner, values)
    target.owner.touch()
    body = shown_entity(target.rules.service, call, entered(target, found), status=201)
    return Answer(body.body, 201, {"Location": f"{call.root}/{call.path}('{found.id}')"})
