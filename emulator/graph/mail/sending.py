"""Writing, sending, answering and moving messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.faults import MailboxDenied
from emulator.graph.engine.arguments import arguments
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import ACCEPTED, NO_CONTENT, Answer, Call
from emulator.graph.engine.permits import has_any
from emulator.graph.engine.resolving import entered
from emulator.graph.engine.target import Target
from emulator.graph.engine.writing import body_for, merged, shown_entity
from emulator.graph.mail.access import grant_of, is_own, opened
from emulator.graph.mail.answering import FORWARD, REPLY, REPLY_ALL, answer_to, in_thread
from emulator.graph.mail.errors import CannotDelete, EmptyId, MessageTooLarge, NotADraft, SendAsDenied, SentMessageFixed
from emulator.graph.mail.folders import folder, folder_of
from emulator.graph.mail.message import Message
from emulator.graph.mail.messages import message
from emulator.graph.mail.mime import read_mime
from emulator.graph.mail.parts import Address
from emulator.graph.mail.post import check_recipients, mailbox_address, submit
from emulator.graph.mail.state import Folder, Mailbox
from emulator.graph.mail.workload import me
from emulator.graph.mail.writing import bring_along, drafted, files, written
from emulator.store import Entity

_REQUEST_LIMIT = 4 * 1024 * 1024
# What a message that was sent keeps.
_ONLY_IN_DRAFTS = frozenset({
    "subject", "body", "from", "sender", "toRecipients", "ccRecipients", "bccRecipients", "replyTo",
    "internetMessageId", "internetMessageHeaders",
})  # fmt: skip


@message.hook("create")
def create(call: Call, target: Target, values: Values) -> Entity:
    """A draft, in Drafts or in the folder that was named."""
    mailbox, place = place_of(call, target)
    draft = drafted(call, mailbox, values, place)
    return mailbox.add(draft)


@me.posted("messages")
@folder.posted("messages")
def post_message(call: Call, target: Target) -> Answer:
    """A draft from JSON or from MIME, at the place that the path names."""
    check_size(call)
    if is_mime(call):
        mailbox, place = place_of(call, target)
        draft: Entity = mailbox.add(from_mime(call, mailbox, place))
    else:
        draft = create(call, target, body_for(call, target))
    answer = shown_entity(target.rules.service, call, entered(target, draft), status=201)
    return Answer(answer.body, 201, {"Location": f"{call.root}/{call.path}('{draft.id}')", **answer.headers})


@message.hook("update")
def update(call: Call, entity: Entity, values: Values) -> None:
    """Everything of a draft, only marks of what was sent."""
    assert isinstance(entity, Message)  # noqa: S101 - mailboxes hold nothing else
    given = written(values)
    given.pop("isDraft", None)
    if not entity.is_draft and any(_differs(entity, name, given[name]) for name in _ONLY_IN_DRAFTS & set(given)):
        raise SentMessageFixed
    given = {name: merged(entity.get(name), value) if name == "flag" else value for name, value in given.items()}
    if given.get("flag", {}).get("flagStatus") == "notFlagged":
        given["flag"] = {"flagStatus": "notFlagged"}
    _extend(call, entity, values)
    entity.update({**given, "lastModifiedDateTime": call.stamp})


@message.hook("delete")
def delete(_: Call, entity: Entity, target: Target) -> None:
    """To Deleted Items; from there to where it can only be recovered."""
    thing = held(target) if target.entity is entity else entity
    assert isinstance(thing, Message)  # noqa: S101 - mailboxes hold nothing else
    mailbox = thing.mailbox
    if mailbox.is_dumpster(thing.folder_id):
        raise CannotDelete
    is_second = thing.folder_id == mailbox.folder("deleteditems").id
    mailbox.move(thing, "recoverableitemsdeletions" if is_second else "deleteditems")


@message.operation("permanentDelete")
def permanent_delete(_: Call, target: Target) -> Answer:
    """To where only an administrator finds it."""
    thing = held(target)
    thing.mailbox.move(thing, "recoverableitemspurges")
    return NO_CONTENT


@message.operation("move")
def move(call: Call, target: Target) -> Answer:
    """Into another folder, under a new id."""
    thing = held(target)
    moved = thing.mailbox.move(thing, destination(call, target, thing.mailbox).id)
    return shown_entity(target.rules.service, call, entered(target, moved), status=201)


@message.operation("copy")
def copy(call: Call, target: Target) -> Answer:
    """A second one in another folder."""
    thing = held(target)
    copied = thing.mailbox.copy(thing, destination(call, target, thing.mailbox).id)
    thing.mailbox.add(copied)
    return shown_entity(target.rules.service, call, entered(target, copied), status=201)


@message.operation("send")
def send(call: Call, target: Target) -> Answer:
    """A draft goes on its way."""
    thing = held(target)
    if not thing.is_draft:
        raise NotADraft
    check_sender(call, thing)
    submit(call.tenant, thing, call.now)
    return ACCEPTED


@me.operation("sendMail")
def send_mail(call: Call, target: Target) -> Answer:
    """A message written and sent at once."""
    check_size(call)
    mailbox = sending_mailbox(call, target.thing)
    if is_mime(call):
        draft, keeps = from_mime(call, mailbox, "sentitems"), True
    else:
        given = arguments(call, target)
        values = given.get("Message") or given.get("message")
        if not values:
            raise target.dialect.bad_body("The message must be supplied in the request body.")
        draft = drafted(call, mailbox, values, "sentitems")
        saved = given.get("SaveToSentItems", given.get("saveToSentItems"))
        keeps = True if saved is None else bool(saved)
    check_sender(call, draft)
    submit(call.tenant, draft, call.now, keeps=keeps)
    return ACCEPTED


def _created(how: str) -> Callable[[Call, Target], Answer]:
    def create_answer(call: Call, target: Target) -> Answer:
        thing = held(target)
        draft = thing.mailbox.add(_answer(call, target, how))
        return shown_entity(target.rules.service, call, entered(target, draft), status=201)

    return create_answer


def _sent(how: str) -> Callable[[Call, Target], Answer]:
    def send_answer(call: Call, target: Target) -> Answer:
        draft = _answer(call, target, how)
        check_sender(call, draft)
        check_recipients(draft)
        submit(call.tenant, draft, call.now)
        return ACCEPTED

    return send_answer


for _name, _how in (("Reply", REPLY), ("ReplyAll", REPLY_ALL), ("Forward", FORWARD)):
    message.operation(f"create{_name}")(_created(_how))
    message.operation(_name)(_sent(_how))


def _answer(call: Call, target: Target, how: str) -> Message:
    check_size(call)
    thing = held(target)
    if is_mime(call):
        draft = from_mime(call, thing.mailbox, "drafts")
        draft.values.update(in_thread(thing))
        return draft
    return answer_to(call, thing.mailbox, thing, how, arguments(call, target))


def held(target: Target) -> Message:
    """The message at the end of the path, which lies in a mailbox."""
    thing = target.thing
    if not isinstance(thing, Message) or thing not in thing.mailbox.items:
        raise target.dialect.not_found(thing.id)
    return thing


def place_of(call: Call, target: Target) -> tuple[Mailbox, str]:
    """The mailbox and folder that a path to messages names."""
    owner = target.owner
    if isinstance(owner, Folder):
        return owner.mailbox, owner.id
    assert owner is not None  # noqa: S101 - messages lie in a mailbox
    return opened(call, owner).mailbox, "drafts"


def destination(call: Call, target: Target, mailbox: Mailbox) -> Folder:
    """The folder that a move or copy goes to."""
    given = arguments(call, target)
    key = str(given.get("DestinationId") or given.get("destinationId") or "")
    if not key:
        raise EmptyId
    return folder_of(mailbox, key)


def sending_mailbox(call: Call, owner: Entity) -> Mailbox:
    """The mailbox that a caller sends from: its own, or another one that lets it."""
    mailbox = call.tenant.mailbox(call.tenant.person(owner.id))
    grant = grant_of(call, mailbox)
    allowed = grant.full_access or grant.send_as or grant.send_on_behalf
    if not is_own(call, owner) and not (allowed and has_any(call, "Mail.Send.Shared")):
        raise MailboxDenied
    return mailbox


def check_sender(call: Call, draft: Message) -> None:
    """Who a message says that it is from must be who sends it, or have allowed that."""
    own = mailbox_address(draft.mailbox)
    sender = draft.sender or own
    shown = _granted(call, own, draft)
    if sender.key != own.key and not _is_alias(draft.mailbox.owner, sender.key):
        owner = call.tenant.by_address(sender.address)
        mailbox = call.tenant.mailboxes.get(owner.id) if owner else None
        grant = mailbox.grants.get(draft.mailbox.owner_id) if mailbox else None
        if owner is None or grant is None or not (grant.send_as or grant.send_on_behalf):
            raise SendAsDenied
        sender = owner.address
        shown = sender if grant.send_as else own
    draft.values.update({"from": sender.recipient, "sender": shown.recipient})


def _granted(call: Call, own: Address, draft: Message) -> Address:
    """Who is shown as sender of mail from this mailbox: a delegate who may only act for its owner shows."""
    if is_own(call, draft.mailbox.owner) or call.me is None:
        return own
    grant = grant_of(call, draft.mailbox)
    if not (grant.send_as or grant.send_on_behalf):
        raise SendAsDenied
    return own if grant.send_as else call.me.address


def check_size(call: Call) -> None:
    """Refuse a request that is too large for Exchange, before anything is done."""
    if len(call.body) > _REQUEST_LIMIT:
        raise MessageTooLarge


def is_mime(call: Call) -> bool:
    """Whether the body is a message in MIME."""
    return call.headers.get("content-type", "").lower().startswith("text/plain")


def from_mime(call: Call, mailbox: Mailbox, place: str) -> Message:
    """A draft of what a caller sent in MIME, not yet held."""
    values, attachments = read_mime(call.body)
    draft = drafted(call, mailbox, values, place)
    files(draft, attachments)
    return draft


def _extend(call: Call, entity: Message, values: Values) -> None:
    """Extended properties that a PATCH brings replace those of the same id; attachments and extensions join."""
    for name, parts in values.nested.items():
        for part in parts if name.endswith("ExtendedProperties") else ():
            earlier = entity.set_of(name).get(str(part.get("id")))
            if earlier is not None:
                entity.set_of(name).discard(earlier)
    bring_along(call, entity, values)


def _differs(entity: Message, name: str, value: Any) -> bool:  # noqa: ANN401 - JSON values
    if name == "body":
        return bool(value.content != entity.body.content)
    kept: Any = entity.get(name)
    return bool((kept or None) != (value or None))


def _is_alias(owner: Entity, key: str) -> bool:
    aliases = [proxy.partition(":")[2] for proxy in owner.get("proxyAddresses")]
    return key in {name.lower() for name in (*aliases, str(owner.get("userPrincipalName") or ""))}
