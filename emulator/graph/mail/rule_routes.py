"""Message rules of the inbox: made, changed and taken away by callers."""

from __future__ import annotations

from base64 import b64encode
from uuid import uuid4

from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import Call
from emulator.graph.engine.target import Target
from emulator.graph.engine.writing import merged
from emulator.graph.mail.errors import InvalidArgument
from emulator.graph.mail.workload import ANY_ID, EVERYTHING, mail
from emulator.store import Entity

DEFAULT = (
    "id", "displayName", "sequence", "isEnabled", "hasError", "isReadOnly", "conditions", "exceptions", "actions",
)  # fmt: skip
rule = mail.type("messageRule", default=DEFAULT, page=EVERYTHING, dialect=ANY_ID)


@rule.hook("create")
def create(call: Call, target: Target, values: Values) -> Entity:
    """A rule that is in force from the next message on."""
    if not values.get("displayName"):
        raise InvalidArgument("The rule must have a display name.", code="ErrorInvalidArgument")
    if not values.get("actions"):
        raise InvalidArgument("The rule must have at least one action.", code="ErrorInvalidArgument")
    items = target.items
    usual = {
        "sequence": 1 + max((int(one.get("sequence") or 0) for one in items), default=0),
        "isEnabled": True,
        "hasError": False,
        "isReadOnly": False,
        "conditions": None,
        "exceptions": None,
    }
    given = {name: value for name, value in values.items() if name not in {"id", "hasError", "isReadOnly"}}
    made = call.tenant.store.entity(
        values.kind, {**usual, **given, "id": b64encode(b"\x01\0\0\0" + uuid4().bytes[:4]).decode()}
    )
    return items.add(made)


@rule.hook("update")
def update(_: Call, entity: Entity, values: Values) -> None:
    """What is given changes; conditions and actions are replaced as they are named."""
    given = {name: value for name, value in values.items() if name not in {"id", "hasError", "isReadOnly"}}
    entity.update({name: merged(entity.get(name), value) for name, value in given.items()})


@rule.hook("order")
def in_sequence(entities: list[Entity], _: Target) -> list[Entity]:
    """In the order in which they apply."""
    return sorted(entities, key=lambda entity: int(entity.get("sequence") or 0))
