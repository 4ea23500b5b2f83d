"""The way of a message: from its sender to everybody's mailbox, with what happens at each end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from html import escape
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from emulator.graph.mail.errors import InvalidRecipients
from emulator.graph.mail.filing import UNREAD, Departure, blank, composed, thread_start
from emulator.graph.mail.message import Message, attach
from emulator.graph.mail.parts import Address, Body
from emulator.graph.mail.rules import Outcome, outcome
from emulator.graph.mail.settings import answer_while_away
from emulator.graph.mail.state import Mailbox
from emulator.moments import timestamp
from emulator.schema import schema
from emulator.store import Entity

if TYPE_CHECKING:
    from emulator.tenant import Person, Tenant

_POSTMASTER = "microsoftexchange329e71ec88ae4615bbc36ab6ce41109e"
# A rule forwards what another rule forwarded, but not for ever.
_MOST_HOPS = 3
_NO_AUTOMATIC = ("X-Auto-Response-Suppress", "Auto-Submitted", "List-Unsubscribe", "X-MS-Exchange-Inbox-Rules-Loop")
_BULK = ("List-Unsubscribe", "List-Id", "Precedence")
_MACHINES = ("noreply", "no-reply", "donotreply", "newsletter", "news@", "notifications@", "digest@", "mailer-daemon")


def submit(tenant: Tenant, message: Message, now: datetime, *, keeps: bool = True) -> None:
    """Send a message of a mailbox: a draft goes to Sent Items, what was no draft is kept there, too, if wanted."""
    check_recipients(message)
    mailbox = message.mailbox
    times = dict.fromkeys(("sentDateTime", "lastModifiedDateTime", "receivedDateTime"), timestamp(now))
    message.values.update({**times, "isDraft": False, "isRead": True})
    message.values["isDeliveryReceiptRequested"] = bool(message.values.get("isDeliveryReceiptRequested"))
    Delivery(tenant, message, now).to(message.recipients)
    if message in mailbox.items:
        mailbox.move(message, "sentitems")
    elif keeps:
        message.values["parentFolderId"] = mailbox.folder("sentitems").id
        mailbox.add(message)


def check_recipients(message: Message) -> None:
    """Refuse a message that nobody can get."""
    if not message.recipients:
        raise InvalidRecipients
    for address in message.recipients:
        if not is_address(address.address):
            raise InvalidRecipients(address.address or address.name)


def is_address(text: str) -> bool:
    """Whether mail can be sent there at all."""
    name, _, domain = text.strip().partition("@")
    return bool(name and domain) and "@" not in domain and not any(sign in text for sign in " ,;<>")


@dataclass
class Delivery:
    """One message on its way; `passed` are the mailboxes that forwarded it already."""

    tenant: Tenant
    message: Message
    now: datetime
    passed: tuple[str, ...] = ()
    is_automatic: bool = False
    copies: list[Message] = field(default_factory=list)
    _left: list[str] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def to(self, addresses: Iterable[Address]) -> None:
        """Bring it to everyone; what leaves the tenant is kept in its outbox, what nobody takes bounces."""
        for address in addresses:
            self._one(address)
        if self._left:
            sender = self.message.sender
            name = sender.address if sender else ""
            self.tenant.outbox.append(Departure(self.message, name, tuple(self._left), self.now))

    def _one(self, address: Address) -> None:
        if address.key in self._seen:
            return
        self._seen.add(address.key)
        found = self.tenant.addressee(address.key)
        if found is not None and is_group(found):
            self._to_group(found)
        elif found is not None and found.id in self.tenant.mailboxes:
            self._once(found)
        elif found is not None or address.key.rpartition("@")[2] == self.tenant.domain.lower():
            self._bounce(address)
        else:
            self._left.append(address.address)

    def _to_group(self, group: Entity) -> None:
        for listener in self.tenant.group_mail:
            if listener(group, self.message, self.now):
                return
        for member in members_of(group):
            if member.id in self.tenant.mailboxes:
                self._once(member)
            elif member.get("mail"):
                self._one(Address(str(member.get("displayName") or ""), str(member["mail"])))

    def _once(self, person: Entity) -> None:
        if person.id not in self._seen:
            self._seen.add(person.id)
            self._receive(self.tenant.mailboxes[person.id])

    def _receive(self, mailbox: Mailbox) -> None:
        arriving = mailbox.copy(self.message, "inbox", **UNREAD, **self._arrival(mailbox))
        arriving.headers_only(travelled(self.message, self.now))
        self.copies.append(arriving)
        result = outcome(mailbox, arriving)
        arriving.values.update(result.changes)
        if not result.is_gone:
            for folder in result.copies:
                mailbox.add(mailbox.copy(arriving, folder))
            arriving.values["parentFolderId"] = mailbox.folder(result.folder).id
            mailbox.add(arriving)
        self._pass_on(mailbox, arriving, result)
        self._answer(mailbox, arriving)

    def _arrival(self, mailbox: Mailbox) -> dict[str, Any]:
        arrived = timestamp(self.now + timedelta(seconds=1))
        times = dict.fromkeys(("receivedDateTime", "createdDateTime", "lastModifiedDateTime"), arrived)
        fresh = {"categories": [], "flag": {"flagStatus": "notFlagged"}, "isDeliveryReceiptRequested": False}
        return {**times, **fresh, "inferenceClassification": classified(mailbox, self.message)}

    def _pass_on(self, mailbox: Mailbox, arriving: Message, result: Outcome) -> None:
        if mailbox.owner_id in self.passed or len(self.passed) >= _MOST_HOPS:
            return
        for addresses, is_attached in ((result.forwards, False), (result.attached_forwards, True)):
            if addresses:
                self._forward(mailbox, arriving, addresses, is_attached=is_attached)
        if result.redirects:
            self._next(mailbox, self.message).to(result.redirects)

    def _forward(self, mailbox: Mailbox, arriving: Message, addresses: list[Address], *, is_attached: bool) -> None:
        passed_on = mailbox.copy(arriving, "inbox") if not is_attached else None
        if passed_on is None:
            passed_on = machine_message(self.tenant, mailbox, arriving.subject, "", self.now)
            attach_message(passed_on, arriving)
        own = mailbox_address(mailbox)
        passed_on.values.update(
            {"subject": f"FW: {arriving.subject}", "from": own.recipient, "sender": own.recipient, "ccRecipients": []}
        )
        passed_on.values["toRecipients"] = [address.recipient for address in addresses]
        passed_on.headers_only((("X-MS-Exchange-Inbox-Rules-Loop", own.address),))
        self._next(mailbox, passed_on).to(addresses)

    def _next(self, mailbox: Mailbox, message: Message) -> Delivery:
        return replace(
            self,
            message=message,
            passed=(*self.passed, mailbox.owner_id),
            is_automatic=True,
            copies=[],
            _left=[],
            _seen=set(),
        )

    def _answer(self, mailbox: Mailbox, arriving: Message) -> None:
        sender = arriving.sender
        if (
            self.is_automatic
            or sender is None
            or sender.key == mailbox_address(mailbox).key
            or not _is_personal(arriving)
        ):
            return
        is_inside = self.tenant.by_address(sender.address) is not None
        text = answer_while_away(mailbox, sender, self.now, is_inside=is_inside)
        if text is None:
            return
        reply = machine_message(self.tenant, mailbox, f"Automatic reply: {arriving.subject}", text, self.now)
        own = mailbox_address(mailbox).recipient
        reply.values.update({"from": own, "sender": own, "conversationId": arriving.values["conversationId"]})
        reply.values["toRecipients"] = [sender.recipient]
        reply.headers_only((("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All")))
        self._next(mailbox, reply).to([sender])

    def _bounce(self, address: Address) -> None:
        """Tell the sender that there is nobody of this name; a report that cannot be delivered is not reported."""
        sender = self.tenant.by_address(self.message.sender.address) if self.message.sender else None
        if self.is_automatic or sender is None or sender.id not in self.tenant.mailboxes:
            return
        mailbox = self.tenant.mailboxes[sender.id]
        text = (
            f"<p><b>Your message to {escape(address.address)} couldn't be delivered.</b></p>"
            f"<p>{escape(address.address.partition('@')[0])} wasn't found at {escape(self.tenant.domain)}.</p>"
            "<p>Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address "
            "lookup'</p>"
        )
        report = machine_message(self.tenant, mailbox, f"Undeliverable: {self.message.subject}", text, self.now)
        postmaster = Address("Microsoft Outlook", f"{_POSTMASTER}@{self.tenant.domain}").recipient
        report.values.update({"from": postmaster, "sender": postmaster})
        report.values["toRecipients"] = [sender.address.recipient]
        report.values["conversationId"] = self.message.values["conversationId"]
        attach_message(report, self.message)
        report.headers_only((("Auto-Submitted", "auto-replied"), ("X-MS-Exchange-Message-Is-Ndr", "1")))
        mailbox.add(report)


def deliver_meeting_message(
    tenant: Tenant,
    person: Person,
    sender: Address,
    *,
    now: datetime,
    kind: str = "eventMessageRequest",
    event: Entity | None = None,
    **values: Any,  # noqa: ANN401 - properties of the message under Graph's names
) -> Message | None:
    """Put an eventMessage into somebody's inbox: a meeting's request, response or cancellation.

    `values` are Graph's properties (`subject`, `meetingMessageType`, `startDateTime` …; `body` may be a `Body`),
    `event` is what its `event` navigation leads to. Nothing comes of it when the person has no mailbox.
    """
    mailbox = tenant.mailboxes.get(person.id)
    if mailbox is None:
        return None
    start = {**blank(now), **thread_start(mailbox, tenant.domain, now)}
    own = {"from": sender.recipient, "sender": sender.recipient, "toRecipients": [person.address.recipient]}
    message = mailbox.new_message({**start, **own, **values}, "inbox", schema().kind(kind))
    if event is not None:
        message.ones["event"] = event
    result = outcome(mailbox, message)
    message.values.update({**result.changes, "parentFolderId": mailbox.folder(result.folder).id})
    return message if result.is_gone else mailbox.add(message)


def receive_from_outside(
    tenant: Tenant,
    readers: Sequence[Address],
    now: datetime,
    **details: Any,  # noqa: ANN401 - the remaining fields of Message, by name
) -> list[Message]:
    """Let mail from outside the tenant come in as it does: through rules, focused inbox and automatic replies.

    `details` are named as in Python: `sender`, `subject`, `body`, `to`, `cc`, `attachments`, `headers` …. What comes
    into inboxes is returned, also what a rule there deletes.
    """
    # A message is made with the ids of some mailbox; each that it comes into gives it ids of its own.
    mailbox = next(iter(tenant.mailboxes.values()))
    original = composed(mailbox, tenant.domain, "inbox", now, {"to": tuple(readers), **details})
    delivery = Delivery(tenant, original, now)
    delivery.to(readers)
    return delivery.copies


def classified(mailbox: Mailbox, message: Message) -> str:
    """Focused or other: as the owner said of this sender, else by what kind of sender it is."""
    sender = message.sender
    if sender is None:
        return "focused"
    focused = mailbox.owner.ones.get("inferenceClassification")
    for override in focused.set_of("overrides") if focused else ():
        said = Address.of({"emailAddress": override.get("senderEmailAddress")})
        if said and said.key == sender.key:
            return str(override.get("classifyAs"))
    is_bulk = any(message.header(name) for name in _BULK) or any(mark in sender.key for mark in _MACHINES)
    return "other" if is_bulk else "focused"


def is_group(entity: Entity) -> bool:
    """Whether mail to it is for its members."""
    return entity.kind.name == "microsoft.graph.group"


def members_of(group: Entity) -> list[Entity]:
    """Everyone in a group, members of groups inside it too."""
    found: dict[str, Entity] = {}
    waiting = [group]
    while waiting:
        for member in waiting.pop().links_of("members"):
            if member.id not in found:
                found[member.id] = member
                waiting += [member] if is_group(member) else []
    return [member for member in found.values() if not is_group(member)]


def machine_message(tenant: Tenant, mailbox: Mailbox, subject: str, text: str, now: datetime) -> Message:
    """What the system writes in the name of a mailbox, or to it; not yet held."""
    values = {**blank(now), **thread_start(mailbox, tenant.domain, now), "subject": subject}
    html = text if "<html" in text.lower() else f"<html><body>{text}</body></html>"
    return mailbox.new_message({**values, "body": Body(html)}, "inbox")


def attach_message(message: Message, inner: Message) -> None:
    """Hang a message on another one."""
    values = {"name": inner.subject, "contentType": "message/rfc822", "size": len(inner.body.content)}
    found = attach(message, values, schema().kind("itemAttachment"))
    found.put_one("item", message.mailbox.copy(inner, "inbox"))


def mailbox_address(mailbox: Mailbox) -> Address:
    """Whose mailbox it is, as a correspondent."""
    owner = mailbox.owner
    return Address(str(owner.get("displayName") or ""), str(owner.get("mail") or owner.get("userPrincipalName")))


def travelled(message: Message, now: datetime) -> tuple[tuple[str, str], ...]:
    """The headers that a message has when it arrives."""
    sender = message.sender
    date = now.strftime("%a, %d %b %Y %H:%M:%S +0000")
    domain = sender.address.rpartition("@")[2] if sender else ""
    known = {name.lower() for name, _ in message.headers}
    headers = (
        ("Received", f"from mail.{domain} by mail.{domain} with HTTPS; {date}"),
        ("From", f"{sender.name} <{sender.address}>" if sender else ""),
        ("To", ", ".join(f"{to.name} <{to.address}>" for to in message.to)),
        ("Subject", message.subject),
        ("Date", date),
        ("Message-ID", message.internet_message_id),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/html" if message.body.content_type == "html" else "text/plain"),
        ("X-MS-Exchange-MessageSentRepresentingType", "1"),
        ("X-MS-Exchange-Organization-Network-Message-Id", str(uuid4())),
    )
    return (*((name, value) for name, value in headers if name.lower() not in known), *message.headers)


def _is_personal(message: Message) -> bool:
    """Whether somebody wrote it who may be answered: machines and lists are not."""
    sender = message.sender.key if message.sender else ""
    return not any(message.header(name) for name in _NO_AUTOMATIC) and not any(mark in sender for mark in _MACHINES)
