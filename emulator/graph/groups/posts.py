"""What Graph says of conversations, threads and posts."""

from __future__ import annotations

from dataclasses import replace

from emulator.faults import GraphFault, InvalidRequest, ItemNotFound, MailboxMissing, MalformedId, ResourceDenied
from emulator.graph.engine.arguments import arguments
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import ACCEPTED, Answer, Call
from emulator.graph.engine.dialects import EXCHANGE
from emulator.graph.engine.resolving import entered
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import Shown
from emulator.graph.engine.workload import Page, Workload
from emulator.graph.engine.writing import body_for, generic, shown_entity
from emulator.graph.groups import conversations as state
from emulator.graph.mail.message import attach
from emulator.graph.mail.state import Address, Body
from emulator.schema import schema
from emulator.store import Entity
from emulator.tenant import Person

_SHORTEST_ID = 60


def _missing(key: str) -> GraphFault:
    """Ids of conversations are told from what cannot be an id by their length."""
    return ItemNotFound() if len(key) > _SHORTEST_ID else MalformedId()


group_mail = Workload("groupMail", replace(EXCHANGE, name="groupMail", not_found=_missing))

_STAMPED = frozenset({"hasAttachments", "lastDeliveredDateTime", "preview", "uniqueSenders"})
_PAGE = Page(20, 1000)
_NEEDS_MAILBOX = frozenset({"conversations", "threads"})

group = group_mail.type("group", own=("conversations", "threads"))
conversation = group_mail.type("conversation", fixed=_STAMPED, page=_PAGE)
thread = group_mail.type("conversationThread", fixed=_STAMPED, page=_PAGE, patched=204)
post = group_mail.type("post", page=_PAGE, hidden=frozenset({"conversationId"}))


@group.hook("check")
def check(call: Call, target: Target) -> None:
    """Only Microsoft 365 groups have a mailbox."""
    named = {name for name in target.plan.raw[2:3] if name in _NEEDS_MAILBOX}
    if named and target.home is not None and not state.takes_mail(target.home):
        raise MailboxMissing


@group.navigation("threads")
def all_threads(_: Call, owner: Entity) -> list[Entity]:
    return state.threads_of(owner)


@conversation.hook("order")
@thread.hook("order")
def latest_first(entities: list[Entity], _: Target) -> list[Entity]:
    """The one that was written to last comes first."""
    return sorted(entities, key=lambda entity: str(entity.get("lastDeliveredDateTime") or ""), reverse=True)


@conversation.hook("create")
def create_conversation(call: Call, target: Target, values: Values) -> Entity:
    """A conversation with its threads, and their posts."""
    topic = str(values.get("topic") or "")
    made = state.start_conversation(call.tenant, _group(target), topic, call.stamp)
    for part in values.nested.get("threads", []):
        _thread(call, target, made, part, topic)
    return made


@group.posted("conversations")
def post_conversation(call: Call, target: Target) -> Answer:
    """The answer names the threads, too."""
    values = body_for(call, target, schema().kind("conversation"))
    if not any(part.nested.get("posts") for part in values.nested.get("threads", [])):
        raise InvalidRequest("The conversation must have a thread with a post.", code="ErrorInvalidRequest")
    made = create_conversation(call, target, values)
    answer = shown_entity(target.service, call, entered(target, made), status=201)
    body = dict(answer.body) if isinstance(answer.body, dict) else {}
    body["threads"] = [{"id": one.id} for one in made.set_of("threads")]
    return Answer(body, 201, answer.headers)


@thread.hook("create")
def create_thread(call: Call, target: Target, values: Values) -> Entity:
    """A thread of a conversation; one of a group's begins a conversation of its own."""
    topic = str(values.get("topic") or "")
    owner = _group(target)
    if owner.kind.name == "microsoft.graph.group":
        owner = state.start_conversation(call.tenant, owner, topic, call.stamp)
    return _thread(call, target, owner, values, topic)


def _thread(call: Call, target: Target, owner: Entity, values: Values, topic: str) -> Entity:
    made = state.start_thread(call.tenant, owner, str(values.get("topic") or topic), call.stamp)
    for part in values.nested.get("posts", []):
        _post(call, target, made, part)
    return made


@post.hook("create")
def create_post(call: Call, target: Target, values: Values) -> Entity:
    return _post(call, target, _group(target), values)


def _post(call: Call, target: Target, place: Entity, values: Values) -> Entity:
    """Write a post with what it brings along, and tell those who follow."""
    if place.get("isLocked"):
        raise ResourceDenied("The thread is locked.", code="ErrorAccessDenied")
    made = state.write_post(
        call.tenant,
        place,
        _author(call, place),
        values.get("body") or {},
        call.stamp,
        new_participants=values.get("newParticipants") or (),
    )
    for part in values.nested.get("attachments", []):
        attach(made, part, part.kind)
    for name in ("extensions", "singleValueExtendedProperties", "multiValueExtendedProperties"):
        for part in values.nested.get(name, []):
            made.set_of(name).put(generic(target.service, call, part))
    state.mark_attachments(made)
    state.tell_members(call.tenant, made, call.me)
    return made


def _author(call: Call, place: Entity) -> Address:
    """Who writes: the caller, or for an app on its own the group itself."""
    if call.me is not None:
        return call.me.address
    owner: Entity | None = place
    while owner is not None and owner.kind.name != "microsoft.graph.group":
        owner = owner.owner
    return state.address_of(call.tenant, owner or place)


@thread.hook("delete")
def delete_thread(_: Call, entity: Entity, __: Target) -> None:
    state.forget_thread(entity)


@thread.operation("reply")
def reply(call: Call, target: Target) -> Answer:
    """Another post in the thread."""
    _post(call, target, target.thing, _reply(call, target))
    return ACCEPTED


@post.operation("reply")
def reply_to_post(call: Call, target: Target) -> Answer:
    """Another post in the same thread, as an answer to this one."""
    place = target.thing.owner
    assert place is not None  # noqa: S101 - posts live in threads
    made = _post(call, target, place, _reply(call, target))
    made.ones["inReplyTo"] = target.thing
    return ACCEPTED


def _reply(call: Call, target: Target) -> Values:
    found = arguments(call, target).get("Post")
    if not isinstance(found, Values):
        raise InvalidRequest("The parameter 'Post' is missing.", code="ErrorInvalidRequest")
    return found


@post.operation("forward")
def forward(call: Call, target: Target) -> Answer:
    """Send a post on by mail."""
    given = arguments(call, target)
    people = [one["emailAddress"] for one in given.get("ToRecipients") or () if one.get("emailAddress")]
    if not people:
        raise InvalidRequest("At least one recipient is required.", code="ErrorInvalidRecipients")
    place = target.thing.owner
    topic = str(place.get("topic") or "") if place is not None else ""
    body = target.thing["body"]
    content = f"{given.get('Comment') or ''}<hr>{body['content']}"
    author = _author(call, target.thing)
    to = tuple(Address(str(one.get("name") or one.get("address")), str(one.get("address"))) for one in people)
    for address in to:
        reader = call.tenant.by_address(address.address)
        if isinstance(reader, Person) and reader.id in call.tenant.mailboxes:
            text = Body(content, body["contentType"])
            call.tenant.add_message(reader, f"FW: {topic}", text, sent=call.now, sender=author, to=to)
    return ACCEPTED


@post.posted("attachments")
def attach_to_post(call: Call, target: Target) -> Answer:
    """Hang a file on a post."""
    owner = _group(target)
    values = body_for(call, target, schema().kind("attachment"))
    made = attach(owner, values, values.kind)
    state.mark_attachments(owner)
    return shown_entity(target.service, call, entered(target, made), status=201)


@post.hook("etag")
def etag(entity: Entity) -> str:
    return f'W/"{entity.get("changeKey")}"'


@thread.computed("hasAttachments")
@conversation.computed("hasAttachments")
def has_attachments(shown: Shown) -> bool:
    return bool(shown.entity.get("hasAttachments"))


def _group(target: Target) -> Entity:
    """What a new conversation, thread or post is made in."""
    owner = target.owner
    if owner is None:
        raise MailboxMissing
    return owner
