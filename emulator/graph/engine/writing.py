"""POST, PATCH, PUT and DELETE: what a caller makes, changes and takes away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from emulator.faults import DirectoryBadRequest, MethodNotAllowed, StaleETag
from emulator.graph.engine.bodies import BadBody, Values, is_of_directory, read_body
from emulator.graph.engine.call import NO_CONTENT, Answer, Call, Reply
from emulator.graph.engine.plan import ToKey, ToPath
from emulator.graph.engine.reading import body_of, check_etag, inner, property_path, view_of
from emulator.graph.engine.resolving import as_items, entered, missing
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import related
from emulator.graph.engine.workload import Service
from emulator.odata.types import Structured
from emulator.store import Entity, Links

_SILENT = 204
# Who made a thing, in the state that Graph does not show.
CREATOR = "creator"
_STAMPS = ("createdDateTime", "lastModifiedDateTime")


def create(service: Service, call: Call, target: Target) -> Reply:
    """Answer a POST to a collection."""
    owner_rules = service.rules(target.owner.kind) if target.owner is not None else None
    name = target.navigation.name if target.navigation is not None else ""
    if owner_rules is not None and name in owner_rules.posts:
        return owner_rules.posts[name](call, target)
    if not target.plan.is_collection:
        raise MethodNotAllowed
    values = body_for(call, target)
    entity = made(service, call, target, values)
    answer = shown_entity(service, call, entered(target, entity), status=201)
    place = f"{call.root}/{call.path}('{entity.id}')"
    return Answer(answer.body, 201, {"Location": place, **answer.headers})


def made(service: Service, call: Call, target: Target, values: Values) -> Entity:
    """A new member of a collection, made as its workload makes them."""
    rules = service.rules(values.kind)
    if is_of_directory(values.kind):
        # The directory numbers its objects itself.
        values.pop("id", None)
    for name in rules.required:
        if values.get(name) in (None, ""):
            short = values.kind.name.rpartition(".")[2]
            raise target.dialect.bad_body(
                f"A value is required for property '{name}' of resource '{short[0].upper()}{short[1:]}'."
            )
    hook = rules.hooks.get("create")
    if hook is not None:
        entity: Entity = hook(call, target, values)
    else:
        items = as_items(target)
        if items is None:
            raise MethodNotAllowed
        entity = items.add(generic(service, call, values))
    entity.state.setdefault(CREATOR, call.caller.user_id or call.caller.app_id)
    return entity


def generic(service: Service, call: Call, values: Values) -> Entity:
    """An entity that no workload has anything to say about, with what it brings along."""
    fixed = service.rules(values.kind).fixed
    given = {name: value for name, value in values.items() if name not in fixed}
    stamps = {name: call.stamp for name in _STAMPS if name in values.kind.properties and not given.get(name)}
    others = bound(call, values)
    entity = call.tenant.store.entity(values.kind, {**given, **stamps})
    for name, parts in values.nested.items():
        navigation = values.kind.navigations[name]
        for part in parts:
            if navigation.is_collection:
                entity.set_of(name).add(generic(service, call, part))
            else:
                entity.put_one(name, generic(service, call, part))
    link_all(entity, others)
    return entity


def bound(call: Call, values: Values) -> dict[str, list[Entity]]:
    """What a body refers to by `@odata.bind`; looked up before anything is changed, for one may not be there."""
    return {name: [referred(call, link) for link in links] for name, links in values.binds.items()}


def link_all(entity: Entity, others: Mapping[str, list[Entity]]) -> None:
    """Make references, by navigation."""
    for name, entities in others.items():
        for other in entities:
            entity.links_of(name).add(other)


def update(service: Service, call: Call, target: Target) -> Reply:
    """Answer a PATCH of an entity, or of a structured property of one."""
    if target.plan.ending == "$value":
        return put(service, call, target)
    if target.plan.type is not None:
        return _update_inner(service, call, target)
    if target.entity is None:
        return _made_at_key(service, call, target)
    view = view_of(service, call, target)
    check_etag(view, target.entity, StaleETag())
    values = body_for(call, target, target.entity.kind)
    apply(service, call, target.entity, values)
    wanted = call.preferences.get("return", "").lower()
    is_silent = (service.rules(target.entity.kind).patched or target.dialect.patched) == _SILENT
    if (is_silent and wanted != "representation") or wanted == "minimal":
        return NO_CONTENT
    return shown_entity(service, call, target)


def apply(service: Service, call: Call, entity: Entity, values: Values) -> None:
    """Change an entity as its workload changes them."""
    rules = service.rules(entity.kind)
    # Each says first what is wrong with its part, and what to do when nothing else is.
    elsewhere = [rules.changes[name](call, entity, values.pop(name)) for name in tuple(values) if name in rules.changes]
    if not elsewhere or values or values.binds or values.nested:
        hook = rules.hooks.get("update")
        if hook is not None:
            hook(call, entity, values)
        else:
            change(call, entity, values, rules.fixed)
    for carry_out in elsewhere:
        carry_out()


def change(call: Call, entity: Entity, values: Values, fixed: frozenset[str] = frozenset()) -> None:
    """Change what a body says of an entity, its `fixed` properties apart: what is the same in every PATCH."""
    given = {name: value for name, value in values.items() if name not in fixed and name != "id"}
    if "lastModifiedDateTime" in entity.kind.properties:
        given["lastModifiedDateTime"] = call.stamp
    others = bound(call, values)
    entity.values.update({name: merged(entity.get(name), value) for name, value in given.items()})
    for name in values.binds:
        for other in entity.links_of(name) if not entity.kind.navigations[name].is_collection else ():
            entity.links_of(name).drop(other)
    link_all(entity, others)
    entity.touch()


def merged(old: Any, new: Any) -> Any:  # noqa: ANN401 - JSON values
    """A structured property keeps what a PATCH does not mention."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return {**old, **{name: merged(old.get(name), value) for name, value in new.items()}}
    return new


def put(service: Service, call: Call, target: Target) -> Reply:
    """Answer a PUT: the bytes of a thing, the only target of a relation, or a thing with an id of the caller's."""
    if target.plan.ending == "$ref":
        return link_one(service, call, target)
    if target.plan.ending == "$value" or target.plan.type == "Edm.Stream":
        return _write_bytes(call, target)
    if target.plan.type is not None or target.plan.is_collection:
        raise MethodNotAllowed
    return update(service, call, target)


def delete(service: Service, call: Call, target: Target) -> Reply:
    """Answer a DELETE of an entity, or of a reference to one."""
    if target.plan.ending == "$ref":
        return unlink(service, call, target)
    if target.plan.ending == "$value":
        return _write_bytes(call, target)
    if target.plan.type is not None or target.plan.is_collection:
        raise MethodNotAllowed
    if target.entity is None:
        raise missing(target)
    check_etag(view_of(service, call, target), target.entity, StaleETag())
    hook = service.rules(target.entity.kind).hooks.get("delete", _discard)
    hook(call, target.entity, target)
    return NO_CONTENT


def _discard(_: Call, entity: Entity, target: Target) -> None:
    if entity.items is not None:
        entity.items.discard(entity)
    elif target.owner is not None and target.navigation is not None:
        target.owner.ones.pop(target.navigation.name, None)
        target.owner.touch()


def _write_bytes(call: Call, target: Target) -> Reply:
    hook = target.rules.hooks.get("write")
    if hook is None:
        raise MethodNotAllowed
    answer: Reply = hook(call, target)
    return answer


def link(service: Service, call: Call, target: Target) -> Reply:
    """Answer `POST .../$ref`."""
    links = _links(service, call, target)
    entity = referred(call, _referred_id(call, target))
    if entity in links:
        raise target.dialect.bad_body(
            f"One or more added object references already exist for the following modified properties: "
            f"'{target.navigation.name if target.navigation else ''}'."
        )
    _consult(service, call, target, "link", entity)
    links.add(entity)
    return NO_CONTENT


def link_one(service: Service, call: Call, target: Target) -> Reply:
    """Answer `PUT .../$ref` of a single-valued relation."""
    links = _links(service, call, target)
    entity = referred(call, _referred_id(call, target))
    _consult(service, call, target, "link", entity)
    links.replace(entity)
    return NO_CONTENT


def unlink(service: Service, call: Call, target: Target) -> Reply:
    """Answer `DELETE .../$ref`, the member named in the path or by `$id`."""
    links = _links(service, call, target)
    entity = target.entity
    named = call.plain("$id")
    if entity is None and named:
        entity = referred(call, named)
    if entity is None or entity not in links:
        raise target.dialect.not_found(target.plan.raw[-2])
    _consult(service, call, target, "unlink", entity)
    links.drop(entity)
    return NO_CONTENT


def _consult(service: Service, call: Call, target: Target, what: str, entity: Entity) -> None:
    """Let the owner's workload refuse that a reference comes or goes."""
    hook = service.rules(target.owner.kind).hooks.get(what) if target.owner is not None else None
    if hook is not None:
        hook(call, target, entity)


def _links(service: Service, call: Call, target: Target) -> Links:
    navigation, owner = target.navigation, target.owner
    if navigation is None or owner is None:
        raise MethodNotAllowed
    found = related(service, call, owner, navigation.name)
    if isinstance(found, Links):
        return found
    if navigation.contains or (navigation.is_collection and found is not None and not isinstance(found, list)):
        raise MethodNotAllowed
    return owner.links_of(navigation.name)


def _referred_id(call: Call, target: Target) -> str:
    found = call.json.get("@odata.id")
    if not isinstance(found, str) or not found:
        raise target.dialect.bad_body("An '@odata.id' with the address of the object to refer to is required.")
    return found


def referred(call: Call, link_text: str) -> Entity:
    """The directory object that an address ends with: `https://.../v1.0/directoryObjects/{id}`."""
    try:
        path = unquote(urlsplit(link_text).path).strip("/")
    except ValueError as error:
        raise DirectoryBadRequest(f"Invalid URL specified for a reference: '{link_text}'.") from error
    key = path.rpartition("/")[2]
    if "('" in key:
        key = key.partition("('")[2].rstrip("')")
    return call.tenant.directory_object(key)


def body_for(call: Call, target: Target, kind: Structured | None = None) -> Values:
    """The body of a call, held against the type; what does not fit is refused in the words of the service."""
    try:
        return read_body(call.json, kind or target.kind)
    except BadBody as error:
        raise target.dialect.bad_body(str(error)) from error


def _made_at_key(service: Service, call: Call, target: Target) -> Reply:
    """A PUT or PATCH may make a thing under the id, or alternate key, that its path names."""
    step, items = target.plan.last, as_items(target)
    if isinstance(step, ToPath) and call.method == "PUT":
        entity = made(service, call, target, body_for(call, target))
        return shown_entity(service, call, entered(target, entity), status=201)
    if not isinstance(step, ToKey) or items is None or (call.method == "PATCH" and not step.named):
        raise missing(target)
    if is_of_directory(target.kind) and not step.named:
        raise MethodNotAllowed
    values = body_for(call, target)
    values.update(dict(step.named) or {"id": step.text})
    return shown_entity(service, call, entered(target, made(service, call, target, values)), status=201)


def shown_entity(service: Service, call: Call, target: Target, status: int = 200) -> Answer:
    """An answer with the entity that was just written."""
    view = view_of(service, call, target)
    return Answer(body_of(view, target.thing), status)


def _update_inner(service: Service, call: Call, target: Target) -> Reply:
    """A PATCH of a structured property, as `/me/mailboxSettings` is one."""
    if target.entity is None:
        raise missing(target)
    first, *rest = property_path(target)
    if not isinstance(target.plan.type, Structured):
        raise MethodNotAllowed
    value: Any = dict(call.json)
    for name in reversed(rest):
        value = {name: value}
    try:
        values = read_body({first: value}, target.entity.kind)
    except BadBody as error:
        raise target.dialect.bad_body(str(error)) from error
    apply(service, call, target.entity, values)
    return inner(view_of(service, call, target))
