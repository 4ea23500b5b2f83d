"""Messages as they travel: MIME written from a message, and a message read from MIME."""

from __future__ import annotations

import base64
import binascii
import hashlib
from email import message_from_bytes, policy
from email.headerregistry import Address as MailAddress
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses, parsedate_to_datetime
from typing import Any

from emulator.graph.mail.errors import BadMime
from emulator.graph.mail.message import Attached, Message
from emulator.graph.mail.parts import Address, Attachment, Body, stamp

_POLICY = policy.SMTP.clone(refold_source="all")
_IMPORTANCE = {"high": "high", "low": "low"}
_CARRIED = frozenset({
    "from", "to", "cc", "bcc", "subject", "date", "message-id", "mime-version", "content-type", "importance",
    "content-transfer-encoding", "reply-to", "sender",
})  # fmt: skip


def written_mime(message: Message) -> bytes:
    """The message as MIME, the same bytes each time."""
    mail = EmailMessage(policy=_POLICY)
    for name, value in message.headers:
        if name.lower() not in _CARRIED:
            mail[name] = _line(value)
    _head(mail, message)
    body = message.body
    subtype = "html" if body.content_type == "html" else "plain"
    mail.set_content(body.content, subtype=subtype, charset="utf-8", cte="quoted-printable")
    for attached in message.attachments:
        _add(mail, attached)
    for number, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        part.set_boundary(f"_{number:03}_{hashlib.sha256(message.internet_message_id.encode()).hexdigest()[:32]}_")
    return mail.as_bytes()


def read_mime(body: bytes) -> tuple[dict[str, Any], list[Attachment]]:
    """The properties and files of a message that came as base64 of MIME."""
    try:
        raw = base64.b64decode(b"".join(body.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadMime from None
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)  # noqa: S101 - what this policy makes
    return _properties(mail), [_attachment(part) for part in _files(mail)]


def _head(mail: EmailMessage, message: Message) -> None:
    sender = (message.sender,) if message.sender else ()
    lines = [("From", sender), ("To", message.to), ("Cc", message.cc), ("Reply-To", message.reply_to)]
    if message.is_draft:
        lines.append(("Bcc", message.bcc))
    for name, addresses in lines:
        found = [_mail_address(address) for address in addresses]
        if found:
            mail[name] = found
    mail["Subject"] = _line(message.subject)
    mail["Date"] = format_datetime(message.sent)
    mail["Message-ID"] = message.internet_message_id
    if message.importance in _IMPORTANCE:
        mail["Importance"] = _IMPORTANCE[message.importance]


def _mail_address(address: Address) -> MailAddress:
    name, _, domain = address.address.rpartition("@")
    return MailAddress(_line(address.name), _line(name), _line(domain))


def _add(mail: EmailMessage, attached: Attached) -> None:
    main, _, sub = (attached.content_type or "application/octet-stream").partition("/")
    mail.add_attachment(
        attached.content,
        maintype=main,
        subtype=sub or "octet-stream",
        filename=_line(attached.name),
        disposition="inline" if attached.is_inline else "attachment",
        cid=f"<{_line(attached.content_id)}>" if attached.content_id else None,
    )


def _line(text: str) -> str:
    """The text on one line: a header takes no more."""
    return " ".join(text.split())


def _properties(mail: EmailMessage) -> dict[str, Any]:
    part = mail.get_body(("html", "plain"))
    text = str(part.get_content()) if part is not None else ""
    is_html = part is not None and part.get_content_subtype() == "html"
    importance = str(mail.get("Importance", "normal")).lower()
    found: dict[str, Any] = {
        "subject": str(mail.get("Subject", "")),
        "body": Body(text, "html" if is_html else "text"),
        "importance": importance if importance in _IMPORTANCE else "normal",
        "toRecipients": _addresses(mail, "To"),
        "ccRecipients": _addresses(mail, "Cc"),
        "bccRecipients": _addresses(mail, "Bcc"),
        "replyTo": _addresses(mail, "Reply-To"),
        "internetMessageHeaders": [
            {"name": name, "value": str(value)} for name, value in mail.items() if name.lower().startswith("x-")
        ],
    }
    if mail.get("Message-ID"):
        found["internetMessageId"] = str(mail["Message-ID"])
    sender = _addresses(mail, "From")
    return found | ({"from": sender[0]} if sender else {}) | _dated(mail)


def _dated(mail: EmailMessage) -> dict[str, str]:
    try:
        return {"sentDateTime": stamp(parsedate_to_datetime(str(mail["Date"])))} if mail["Date"] else {}
    except ValueError:
        return {}


def _addresses(mail: EmailMessage, name: str) -> list[dict[str, Any]]:
    found = getaddresses([str(value) for value in mail.get_all(name, [])])
    return [Address(shown or address, address).recipient for shown, address in found if address]


def _files(mail: EmailMessage) -> list[EmailMessage]:
    body = mail.get_body(("html", "plain"))
    parts = (part for part in mail.walk() if not part.is_multipart() and part is not body)
    return [part for part in parts if part.get_filename() or part["Content-ID"]]


def _attachment(part: EmailMessage) -> Attachment:
    content = part.get_payload(decode=True)
    content_id = str(part["Content-ID"] or "").strip("<>") or None
    return Attachment(
        part.get_filename() or content_id or "attachment",
        part.get_content_type(),
        content if isinstance(content, bytes) else b"",
        is_inline=part.get_content_disposition() == "inline" or (content_id is not None and not part.get_filename()),
        content_id=content_id,
    )
