"""`$search` on messages: Exchange's keyword language over mail records."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.graph.mail.message import Message
from emulator.graph.mail.parts import words_of
from emulator.odata import ODataError
from emulator.odata.search import Predicate, has_words, read_search, words

_TERM = re.compile(r"(?P<name>[A-Za-z]+)(?P<sign>:|>=|<=|=|>|<)(?P<value>.*)", re.DOTALL)
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_DAY_FORMATS = ("%Y-%m-%d", "%m/%d/%Y", "%Y/%m/%d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT")
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

Span = tuple[datetime, datetime]


def message_search(text: str, now: datetime) -> Predicate[Message]:
    """The predicate of a search as it stands in the URL: the quotes around the whole are optional."""
    stripped = text.strip()
    if len(stripped) > 1 and stripped.startswith('"') and stripped.endswith('"'):
        inner = stripped[1:-1].replace('\\"', '"')
        stripped = inner if inner.count('"') % 2 == 0 else stripped
    if not stripped.strip('" '):
        raise ODataError("The $search query option must not be empty.")
    return read_search(stripped, lambda token: _term(token, now), joins_words=True)


def _term(token: str, now: datetime) -> Predicate[Message]:
    found = _TERM.fullmatch(token)
    name = found["name"].lower() if found else ""
    if found and name in {"received", "sent"}:
        return _dated(name, found["sign"], found["value"].strip('"'), now)
    if found and name == "size":
        return _sized(found["sign"], found["value"].strip('"'))
    if found and name in {"hasattachment", "hasattachments", "isread"}:
        return _truth(name, found["value"].strip('"').lower())
    if found and name in _FIELDS:
        return _worded(_FIELDS[name], found["value"])
    return _worded(_anywhere, token)


def _worded(read: Callable[[Message], list[str]], value: str) -> Predicate[Message]:
    wanted = words(value)
    if not wanted:
        raise ODataError(f"Syntax error: '{value}' holds no word to search for.")
    return lambda message: any(has_words(words(text), wanted) for text in read(message))


def _truth(name: str, value: str) -> Predicate[Message]:
    if value not in _TRUTH:
        raise ODataError(f"Syntax error: '{value}' is neither true nor false.")
    if name == "isread":
        return lambda message: message.is_read is _TRUTH[value]
    return lambda message: message.has_files is _TRUTH[value]


def _sized(sign: str, value: str) -> Predicate[Message]:
    first, dots, last = value.partition("..")
    low, high = _bytes(first), _bytes(last if dots else first)
    if sign in {":", "="}:
        return lambda message: low <= message.size <= high
    return lambda message: _SIGNS[sign](message.size, low)


def _bytes(value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise ODataError(f"Syntax error: '{value}' is not a number of bytes.")
    return int(value[:12])


def _dated(name: str, sign: str, value: str, now: datetime) -> Predicate[Message]:
    moment: Callable[[Message], datetime] = operator.attrgetter(name)
    start, end = _span(value, now)
    if sign in {":", "="}:
        return lambda message: start <= moment(message) < end
    # After a day means after its end, up to a day includes it.
    edge = end - timedelta(microseconds=1) if sign in {">", "<="} else start
    return lambda message: _SIGNS[sign](moment(message), edge)


def _span(value: str, now: datetime) -> Span:
    first, dots, last = value.partition("..")
    if dots:
        return _span(first, now)[0], _span(last, now)[1]
    named = _named_span(value.lower(), now)
    if named:
        return named
    if _MOMENT.match(value):
        return _instant(value)
    for form in _DAY_FORMATS:
        try:
            day = datetime.strptime(value, form).replace(tzinfo=UTC)
            return day, day + timedelta(days=1)
        except (ValueError, OverflowError):
            continue
    raise ODataError(f"Syntax error: '{value}' is not a date.")


def _instant(value: str) -> Span:
    try:
        found = datetime.fromisoformat(value)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found
        return found, found + timedelta(seconds=1)
    except (ValueError, OverflowError):
        raise ODataError(f"Syntax error: '{value}' is not a date.") from None


def _named_span(value: str, now: datetime) -> Span | None:
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    week = today - timedelta(days=(today.weekday() + 1) % 7)
    month = today.replace(day=1)
    day, seven = timedelta(days=1), timedelta(days=7)
    spans = {
        "today": (today, today + day),
        "yesterday": (today - day, today),
        "this week": (week, week + seven),
        "last week": (week - seven, week),
        "this month": (month, (month + 31 * day).replace(day=1)),
        "last month": ((month - day).replace(day=1), month),
    }
    return spans.get(value)


def _anywhere(message: Message) -> list[str]:
    return [message.subject, *words_of(message.sender), message.body.text]


_FIELDS: dict[str, Callable[[Message], list[str]]] = {
    "subject": lambda message: [message.subject],
    "body": lambda message: [message.body.text],
    "from": lambda message: words_of(message.sender),
    "to": lambda message: words_of(*message.to),
    "cc": lambda message: words_of(*message.cc),
    "bcc": lambda message: words_of(*message.bcc),
    "recipients": lambda message: words_of(*message.to, *message.cc, *message.bcc),
    "participants": lambda message: words_of(message.sender, *message.to, *message.cc, *message.bcc),
    "attachment": lambda message: [attachment.name for attachment in message.attachments],
    "importance": lambda message: [message.importance],
    "category": lambda message: list(message.categories),
    "kind": lambda _: ["email"],
}
