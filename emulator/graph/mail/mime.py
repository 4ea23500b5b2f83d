"""Messages as they travel: MIME written from a message, and a message read from MIME."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from email.errors import MessageError
from email.headerregistry import Address as MailAddress
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.message import Message as AnyMessage
from email.parser import BytesParser
from email.utils import format_datetime, getaddresses, parsedate_to_datetime
from typing import Any

from emulator.graph.mail.errors import BadMime, UnreadableMime
from emulator.graph.mail.message import Attached, Message
from emulator.graph.mail.parts import Address, Attachment, Body
from emulator.moments import timestamp

_POLICY = policy.SMTP.clone(refold_source="all")
_ADDRESSED = frozenset({"from", "sender", "to", "cc", "bcc", "reply-to"})
_LONGEST_ADDRESSED, _LONGEST_STRUCTURED, _LONGEST = 65_536, 4096, 16_384
_MOST_HEADERS = 262_144
_MOST_RECIPIENTS = 1000
_DEEPEST = 30
# What Python's parser raises, beside faults of its own, when a message is odd enough.
_CONFUSED = (
    MessageError, LookupError, AttributeError, TypeError, ValueError, ArithmeticError, AssertionError, RecursionError,
)  # fmt: skip
_IMPORTANCE = {"high": "high", "low": "low"}
_CARRIED = frozenset({
    "from", "to", "cc", "bcc", "subject", "date", "message-id", "mime-version", "content-type", "importance",
    "content-transfer-encoding", "reply-to", "sender",
})  # fmt: skip


class _Plain(UnstructuredHeader, BaseHeader):
    """A header of any text."""


class _AsSent(_Plain):
    """A header that is read elsewhere: reading addresses in the way of the registry takes long and may fail."""

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        kwds["decoded"], kwds["parse_tree"] = value, None


_HEADERS = HeaderRegistry()
for _name in _ADDRESSED:
    _HEADERS.map_to_type(_name, _AsSent)
for _name in ("message-id", "date"):
    _HEADERS.map_to_type(_name, _Plain)


class _Careful(policy.EmailPolicy):
    """Reads no header that is so long that it would take a while."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name = sourcelines[0].partition(":")[0].lower()
        limit = _LONGEST_ADDRESSED if name in _ADDRESSED else _LONGEST
        if sum(map(len, sourcelines)) > (_LONGEST_STRUCTURED if name.startswith("content-") else limit):
            raise UnreadableMime
        return super().header_source_parse(sourcelines)


class _Part(EmailMessage):
    """A part that knows how deep it lies."""

    depth = 0

    def attach(self, payload: Any) -> None:  # noqa: ANN401 - as it is above
        if isinstance(payload, _Part):
            payload.depth = self.depth + 1
        if self.depth >= _DEEPEST:
            raise UnreadableMime
        super().attach(payload)


_READING = _Careful(header_factory=_HEADERS)


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
    with _refusing():
        mail = BytesParser(_Part, policy=_READING).parsebytes(raw)
        assert isinstance(mail, _Part)  # noqa: S101 - what this parser makes
        if sum(len(value) for part in mail.walk() for _, value in part.raw_items()) > _MOST_HEADERS:
            raise UnreadableMime
        return _properties(mail), [_attachment(part) for part in _files(mail)]


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except _CONFUSED as error:
        raise UnreadableMime from error


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
    text = _text(part) if part is not None else ""
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
            {"name": name, "value": str(_READING.header_fetch_parse(name, value))}
            for name, value in mail.raw_items()
            if name.lower().startswith("x-")
        ],
    }
    if mail.get("Message-ID"):
        found["internetMessageId"] = str(mail["Message-ID"])
    sender = _addresses(mail, "From")
    return found | ({"from": sender[0]} if sender else {}) | _dated(mail)


def _text(part: AnyMessage) -> str:
    raw = part.get_payload(decode=True)
    content = raw if isinstance(raw, bytes) else b""
    try:
        text = content.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):
        text = content.decode("utf-8", "replace")
    # Some charsets can say half a surrogate pair, which is no text.
    return text.encode("utf-8", "replace").decode()


def _dated(mail: EmailMessage) -> dict[str, str]:
    try:
        return {"sentDateTime": timestamp(parsedate_to_datetime(str(mail["Date"])))} if mail["Date"] else {}
    except (ValueError, OverflowError):
        return {}


def _addresses(mail: EmailMessage, name: str) -> list[dict[str, Any]]:
    given = [str(value).strip() for value in mail.get_all(name, [])]
    # Counted here, since Pythons differ in what they make of too many.
    if any(max(text.count(","), text.count("(")) > _MOST_RECIPIENTS for text in given):
        raise UnreadableMime
    found = getaddresses([text.rstrip(",") for text in given])
    return [Address(str(_HEADERS("Name", shown)) or address, address).recipient for shown, address in found if address]


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
