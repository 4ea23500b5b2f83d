"""Message rules: what the owner of an inbox wants done with mail as it comes in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.graph.mail.message import Message
from emulator.graph.mail.parts import Address, words_of
from emulator.graph.mail.state import Mailbox
from emulator.store import Entity


@dataclass
class Outcome:
    """What the rules make of one message: where it goes, how it is marked, and who else gets it."""

    folder: str = "inbox"
    copies: list[str] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)
    forwards: list[Address] = field(default_factory=list)
    attached_forwards: list[Address] = field(default_factory=list)
    redirects: list[Address] = field(default_factory=list)
    is_gone: bool = False


def outcome(mailbox: Mailbox, message: Message) -> Outcome:
    """What the rules of the inbox say of a message that comes in, in their order."""
    found = Outcome()
    rules = sorted(mailbox.folder("inbox").set_of("messageRules"), key=lambda rule: int(rule.get("sequence") or 0))
    for rule in rules:
        if not rule.get("isEnabled") or not _applies(rule, mailbox, message):
            continue
        actions = rule.get("actions") or {}
        _act(actions, mailbox, found)
        if actions.get("stopProcessingRules"):
            break
    return found


def _applies(rule: Entity, mailbox: Mailbox, message: Message) -> bool:
    conditions = _said(rule.get("conditions"))
    exceptions = _said(rule.get("exceptions"))
    wanted = all(_holds(name, value, mailbox, message) for name, value in conditions.items())
    return wanted and not any(_holds(name, value, mailbox, message) for name, value in exceptions.items())


def _said(predicates: Mapping[str, Any] | None) -> dict[str, Any]:
    found = predicates or {}
    return {name: value for name, value in found.items() if value not in (None, [], {}) and not name.startswith("@")}


def _holds(name: str, value: Any, mailbox: Mailbox, message: Message) -> bool:  # noqa: ANN401 - JSON values
    return name in _PREDICATES and _PREDICATES[name](message, value, mailbox.owner)


def _act(actions: Mapping[str, Any], mailbox: Mailbox, found: Outcome) -> None:
    target, copy = actions.get("moveToFolder"), actions.get("copyToFolder")
    if target and mailbox.find_folder(target):
        found.folder = target
    if copy and mailbox.find_folder(copy):
        found.copies.append(copy)
    if actions.get("delete"):
        found.folder = "deleteditems"
    found.is_gone = found.is_gone or bool(actions.get("permanentDelete"))
    if actions.get("markAsRead"):
        found.changes["isRead"] = True
    if actions.get("markImportance"):
        found.changes["importance"] = actions["markImportance"]
    if actions.get("assignCategories"):
        earlier = found.changes.get("categories", [])
        found.changes["categories"] = list(dict.fromkeys([*earlier, *actions["assignCategories"]]))
    found.forwards += Address.all_of(actions.get("forwardTo"))
    found.attached_forwards += Address.all_of(actions.get("forwardAsAttachmentTo"))
    found.redirects += Address.all_of(actions.get("redirectTo"))


_Predicate = Callable[[Message, Any, Entity], bool]


def _any_in(texts: Iterable[str], wanted: Iterable[str]) -> bool:
    low = [text.lower() for text in texts]
    return any(part.lower() in text for part in wanted for text in low)


def _keys(addresses: Iterable[Address]) -> set[str]:
    return {address.key for address in addresses}


def _mine(owner: Entity) -> set[str]:
    names = (owner.get("mail"), owner.get("userPrincipalName"), *owner.get("otherMails"))
    aliases = (proxy.partition(":")[2] for proxy in owner.get("proxyAddresses"))
    return {name.lower() for name in (*names, *aliases) if name}


def _to_me(message: Message, owner: Entity) -> bool:
    return bool(_keys(message.to) & _mine(owner))


def _cc_me(message: Message, owner: Entity) -> bool:
    return bool(_keys(message.cc) & _mine(owner))


def _within(size: int, limits: Mapping[str, Any]) -> bool:
    kilobytes = size / 1024
    low, high = limits.get("minimumSize"), limits.get("maximumSize")
    return (low is None or kilobytes >= low) and (high is None or kilobytes <= high)


def _is(marked: Callable[[Message], bool]) -> _Predicate:
    return lambda message, value, _: marked(message) is bool(value)


_PREDICATES: dict[str, _Predicate] = {
    "bodyContains": lambda message, value, _: _any_in([message.body.text], value),
    "bodyOrSubjectContains": lambda message, value, _: _any_in([message.subject, message.body.text], value),
    "subjectContains": lambda message, value, _: _any_in([message.subject], value),
    "senderContains": lambda message, value, _: _any_in(words_of(message.sender), value),
    "recipientContains": lambda message, value, _: _any_in(words_of(*message.to, *message.cc), value),
    "headerContains": lambda message, value, _: _any_in([f"{name}: {text}" for name, text in message.headers], value),
    "categories": lambda message, value, _: bool(set(message.categories) & set(value)),
    "fromAddresses": lambda message, value, _: (
        message.sender is not None and message.sender.key in _keys(Address.all_of(value))
    ),
    "sentToAddresses": lambda message, value, _: bool(_keys((*message.to, *message.cc)) & _keys(Address.all_of(value))),
    "hasAttachments": _is(lambda message: message.has_files),
    "importance": lambda message, value, _: message.importance == value,
    "isAutomaticReply": _is(lambda message: message.header("Auto-Submitted") == "auto-replied"),
    "isAutomaticForward": _is(lambda message: message.header("X-MS-Exchange-Inbox-Rules-Loop") is not None),
    "isMeetingRequest": _is(lambda message: message.get("meetingMessageType") == "meetingRequest"),
    "isMeetingResponse": _is(
        lambda message: (
            str(message.get("meetingMessageType") or "") not in {"", "none", "meetingRequest", "meetingCancelled"}
        )
    ),
    "isNonDeliveryReport": _is(lambda message: message.header("X-MS-Exchange-Message-Is-Ndr") is not None),
    "isReadReceipt": _is(lambda message: message.header("X-MS-Exchange-Message-Is-Receipt") is not None),
    "messageActionFlag": lambda message, value, _: value in {"any", message.flag.status},
    "sensitivity": lambda message, value, _: (message.header("Sensitivity") or "normal").lower() == str(value).lower(),
    "withinSizeRange": lambda message, value, _: _within(message.size, value),
    "sentToMe": lambda message, value, owner: _to_me(message, owner) is bool(value),
    "sentCcMe": lambda message, value, owner: _cc_me(message, owner) is bool(value),
    "sentToOrCcMe": lambda message, value, owner: (_to_me(message, owner) or _cc_me(message, owner)) is bool(value),
    "sentOnlyToMe": lambda message, value, owner: (
        (_to_me(message, owner) and len(message.recipients) == 1) is bool(value)
    ),
    "notSentToMe": lambda message, value, owner: (not _to_me(message, owner)) is bool(value),
}
