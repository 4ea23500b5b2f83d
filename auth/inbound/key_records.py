"""What is kept of a key, and the JSON that it is kept in: whoever wrote it is told where it is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from auth.inbound.key_form import ID

VERSION = 1
MOST_CALLS = 1000

_LONGEST_NAME = 64
_LONGEST_WORD = 256
_HASH = re.compile(r"[0-9a-f]{64}")
_TOOL = re.compile(r"[a-z][a-z0-9_]{0,63}")
_RATE = re.compile(r"[1-9][0-9]{0,6}/(?:second|minute|hour)")

_ASK = "is ask, and nobody stands behind a key who could be asked. Write read or full"
_EXPECTED = {
    "id": "is not 10 lower-case letters or digits",
    "name": f"is not a text of 1 to {_LONGEST_NAME} letters that all can be seen",
    "sha256": "is not a SHA-256 hash in 64 lower-case digits",
    "created": 'is not a time with its zone, as in "2026-05-04T09:00:00Z"',
    "expires": 'is neither null nor a time with its zone, as in "2026-05-04T09:00:00Z"',
    "revoked": 'is neither null nor a time with its zone, as in "2026-05-04T09:00:00Z"',
    "level": "is neither read nor full",
    "toolsets": "is neither null nor a list of names of toolsets",
    "tools": "is neither null nor a list of names of tools",
    "mailboxes": "is neither null nor a list of addresses or object ids",
    "sites": "is neither null nor a list of ids or addresses of sites",
    "rate": "is neither null nor a rate as in 600/minute",
    "calls": f"is neither null nor a whole number from 1 to {MOST_CALLS}",
    "version": f"is not {VERSION}. A newer release wrote the file: update this one",
    "keys": "is not a list of keys",
}


class FileFault(ValueError):
    """The text is no file of keys; the message says where."""


def as_name(text: str) -> str:
    """What people call a key, on one line and without what cannot be seen."""
    name = text.strip()
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise ValueError(f"needs 1 to {_LONGEST_NAME} letters that all can be seen")
    return name


def as_rate(text: str) -> str:
    """So many requests in a second, a minute or an hour."""
    rate = text.strip().lower()
    if not _RATE.fullmatch(rate):
        raise ValueError("is no rate. Write a number and a time, as in 600/minute")
    return rate


def as_words(texts: Sequence[str]) -> tuple[str, ...]:
    """Names of mailboxes or sites, each as it is compared: without regard to case."""
    words = tuple(dict.fromkeys(each.strip().casefold() for each in texts))
    if not words or not all(each.isprintable() and 0 < len(each) <= _LONGEST_WORD for each in words):
        raise ValueError(f"needs 1 to {_LONGEST_WORD} letters that all can be seen")
    return words


def _matching(pattern: re.Pattern[str]) -> AfterValidator:
    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError("does not match")
        return text

    return AfterValidator(check)


def _not_ask(value: object) -> object:
    if value == "ask":
        raise ValueError(_ASK)
    return value


_Tool = Annotated[str, _matching(_TOOL)]
_Words = Annotated[tuple[str, ...], AfterValidator(as_words)]


class KeyRecord(BaseModel):
    """A key without its secret. Of what it may do, None stands for no limit of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    id: Annotated[str, _matching(ID)]
    name: Annotated[str, AfterValidator(as_name)]
    sha256: Annotated[str, _matching(_HASH), Field(repr=False)]
    created: AwareDatetime
    expires: AwareDatetime | None
    level: Annotated[Literal["read", "full"], BeforeValidator(_not_ask)] = "read"
    toolsets: tuple[_Tool, ...] | None = None
    tools: tuple[_Tool, ...] | None = None
    mailboxes: _Words | None = None
    sites: _Words | None = None
    rate: Annotated[str, AfterValidator(as_rate)] | None = None
    calls: Annotated[int, Field(ge=1, le=MOST_CALLS)] | None = None
    revoked: AwareDatetime | None = None


class _Whole(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    version: Literal[1]
    keys: tuple[KeyRecord, ...]


def parsed(content: bytes) -> tuple[KeyRecord, ...]:
    """The keys of a file, or FileFault with the first place where it is wrong."""
    text = _json_text(content)
    try:
        keys = _Whole.model_validate_json(text).keys
    except ValidationError as error:
        raise FileFault(_complaint(error.errors(include_url=False)[0])) from None
    seen: dict[str, int] = {}
    for place, key in enumerate(keys):
        if seen.setdefault(key.id, place) != place:
            raise FileFault(f"keys[{place}].id is that of keys[{seen[key.id]}] as well. Remove one of them")
    return keys


def written(keys: Sequence[KeyRecord]) -> bytes:
    """The file of these keys."""
    rows = [key.model_dump(mode="json") for key in keys]
    return (json.dumps({"version": VERSION, "keys": rows}, ensure_ascii=False, indent=2) + "\n").encode()


def _json_text(content: bytes) -> str:
    """The text, once it is JSON in which no field is said twice: readers differ in which of two they believe."""
    try:
        text = content.decode("utf-8-sig")
        json.loads(text, object_pairs_hook=_without_doubles)
    except UnicodeDecodeError:
        raise FileFault("is not UTF-8 text. Save it as UTF-8") from None
    except json.JSONDecodeError as error:
        raise FileFault(f"line {error.lineno}, column {error.colno} is no JSON ({error.msg}). Correct it") from None
    except RecursionError:
        raise FileFault("has more brackets in brackets than any file of keys. Correct it") from None
    return text


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        what = f"the field {twice}" if twice in _EXPECTED else "a field"
        raise FileFault(f"has {what} twice in one record. Remove one of them")
    return found


def _complaint(detail: ErrorDetails) -> str:
    """Where it is wrong and how, with nothing of what stands there: it may be a key that was pasted."""
    place, kind = detail["loc"][:3], detail["type"]
    if kind == "extra_forbidden":
        return f"{_shown(place[:-1])} has a field that is not known. Correct its name, or remove it"
    if kind == "missing":
        return f"{_shown(place)} is missing"
    if _ASK in detail["msg"]:
        return f"{_shown(place)} {_ASK}"
    field = str(place[-1]) if place else ""
    return f"{_shown(place)} {_EXPECTED.get(field, 'is not a record in braces')}"


def _shown(place: tuple[int | str, ...]) -> str:
    """A place as programs write it: keys[2].expires."""
    steps = (f"[{each}]" if isinstance(each, int) else f".{each}" for each in place)
    return "".join(steps).removeprefix(".") or "the whole"
