"""Replies and forwards: drafts that quote what they answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import Call
from emulator.graph.mail.errors import InvalidArgument
from emulator.graph.mail.message import Message, copy_parts
from emulator.graph.mail.parts import Address, Body
from emulator.graph.mail.post import mailbox_address
from emulator.graph.mail.state import Mailbox
from emulator.graph.mail.threads import answered_index
from emulator.graph.mail.writing import bring_along, drafted, whole_html, written

REPLY, REPLY_ALL, FORWARD = "reply", "replyAll", "forward"
_TAGS = re.compile(r"</?(?:p|br|b|i|u|a|div|span|ul|ol|li|strong|em|table|html|body|h\d)\b[^>]*>", re.IGNORECASE)
_LINE = '<hr tabindex="-1" style="display:inline-block; width:98%">'


def answer_to(call: Call, mailbox: Mailbox, original: Message, how: str, given: Mapping[str, Any]) -> Message:
    """A draft that answers or forwards a message, not yet held; `given` are the arguments of the action."""
    values = given.get("Message") or given.get("message") or Values(original.kind)
    comment, recipients = _argument(given, "comment"), _argument(given, "toRecipients")
    if comment and values.get("body"):
        raise InvalidArgument("The 'comment' parameter and the 'body' of the message cannot be used together.")
    if recipients and values.get("toRecipients"):
        raise InvalidArgument("The 'toRecipients' parameter and the one of the message cannot be used together.")
    addressed = _addressed(mailbox, original, how)
    if recipients:
        addressed["toRecipients"] = [address.recipient for address in Address.all_of(recipients)]
    draft = drafted(call, mailbox, {**addressed, "subject": _subject(original, how), "importance": original.importance})
    draft.values.update({
        "body": _quoting(original, str(comment or "")),
        **in_thread(original),
        **written(values),
        "isDraft": True,
    })  # fmt: skip
    copy_files(original, draft, only_inline=how != FORWARD)
    if isinstance(values, Values):
        bring_along(call, draft, values)
    return draft


def copy_files(source: Message, target: Message, *, only_inline: bool) -> None:
    """Take over what hangs on a message: all of it when it is forwarded, the pictures in its text when answered."""
    if any(attached.is_inline for attached in source.attachments) or not only_inline:
        copy_parts(source, target, lambda part: not only_inline or bool(part.get("isInline")))


def _argument(given: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - JSON values
    return given.get(name) or given.get(name[:1].upper() + name[1:])


def _addressed(mailbox: Mailbox, original: Message, how: str) -> dict[str, Any]:
    if how == FORWARD:
        return {"toRecipients": []}
    own = mailbox_address(mailbox).key
    sender = original.reply_to or ((original.sender,) if original.sender else ())
    if how == REPLY:
        return {"toRecipients": [address.recipient for address in sender]}
    seen = {own}
    to = [address for address in (*sender, *original.to) if not _again(address, seen)] or list(sender)
    cc = [address for address in original.cc if not _again(address, seen)]
    return {
        "toRecipients": [address.recipient for address in to],
        "ccRecipients": [address.recipient for address in cc],
    }


def _again(address: Address, seen: set[str]) -> bool:
    known = address.key in seen
    seen.add(address.key)
    return known


def _subject(original: Message, how: str) -> str:
    prefix = "FW:" if how == FORWARD else "RE:"
    subject = original.subject
    return subject if subject.lower().startswith(prefix.lower()) else f"{prefix} {subject}"


def in_thread(original: Message) -> dict[str, Any]:
    """The ids that keep an answer in the conversation."""
    index = original.conversation_index
    answered = Message.conversation_index.write(answered_index(index, len(index)))
    return {"conversationId": original.conversation_id, "conversationIndex": answered}


def _quoting(original: Message, comment: str) -> Body:
    lines = [
        ("From", _listed((original.sender,))),
        ("Sent", original.sent.strftime("%A, %B %d, %Y %H:%M")),
        ("To", _listed(original.to)),
        *([("Cc", _listed(original.cc))] if original.cc else []),
        ("Subject", original.subject),
    ]
    if original.body.content_type != "html":
        head = "\r\n".join(f"{label}: {value}" for label, value in lines)
        return Body(f"{comment}\r\n________________________________\r\n{head}\r\n\r\n{original.body.content}", "text")
    header = "<br>".join(f"<b>{label}:</b> {escape(value)}" for label, value in lines)
    said = comment if _TAGS.search(comment) else escape(comment).replace("\n", "<br>")
    return Body(
        whole_html(
            f'<div>{said}</div>\r\n{_LINE}<div id="divRplyFwdMsg" dir="ltr">{header}</div>\r\n'
            f"<div>{_inner(original.body.content)}</div>"
        )
    )


def _inner(html: str) -> str:
    start = html.lower().find("<body")
    end = html.lower().rfind("</body>")
    inner = html[html.find(">", start) + 1 :] if start >= 0 else html
    return inner[: len(inner) - (len(html) - end)] if end >= 0 else inner


def _listed(addresses: tuple[Address | None, ...]) -> str:
    return "; ".join(f"{address.name} <{address.address}>" for address in addresses if address)
