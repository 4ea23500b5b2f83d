"""Where log records go and how they read: one line each, no secrets, to stderr or a file of our own.

`configure` comes before MCPServer is built, which otherwise installs a handler of its own.
Redaction sits on the handler, so records of libraries pass through it too; a record that
cannot be redacted is dropped, never written as it is.
"""

from __future__ import annotations

import json
import logging
import os
import re
import stat
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import lru_cache
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO
from urllib.parse import quote, quote_plus

if sys.platform != "win32":
    import fcntl

MASK = "[redacted]"

_LONGEST_LINE = 16 * 1024
_LONGEST_PIECE = 64 * 1024
_LONGEST_KEY = 64
_MOST_EXTRAS = 50
_MOST_NAMES = 500
_FILE_SIZE = 5 * 1024 * 1024
_FILES_KEPT = 3

_CUT = "...[cut]"
_DROPPED = "a log record was dropped: it could not be redacted"
_UNWRITTEN = "a log record was lost: it could not be written"
_CAUTIOUS = 0
# O_NONBLOCK, or a FIFO would keep us waiting for its reader; O_BINARY, or Windows would write every CR twice.
for _flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY", "O_NOINHERIT"):
    _CAUTIOUS |= getattr(os, _flag, 0)
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | _CAUTIOUS

# These print whole addresses, with what was searched for, at INFO already.
_TELLING = ("httpx", "httpx2", "mcp.server.mcpserver.server")
_NOISY = ("msal",)
# These print headers and bodies below INFO.
_TALKATIVE = ("httpcore", "httpcore2", "hpack", "h2", "urllib3", "mcp", "sse_starlette")
_UVICORN = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")

_ORDINARY = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "color_message"}
_OWN_KEYS = {"time", "level", "logger", "message", "exception", "stack"}

# Every quantifier below runs over one class of characters and none holds another, so time is linear in the text.
_HEADER = r"(?:(?:proxy-)?authorization|(?:set-)?cookie|(?:x-)?api-key)"
_NAME = (
    r"(?:token|secret|assertion|passw(?:or)?d|passphrase|pwd"
    r"|(?:api|private|subscription|account)[ _-]?key|code[ _-]?verifier"
    r"|(?:device|user|auth|authorization)[ _-]?code|(?:(?<![a-z0-9_-])|(?<=%[0-9a-f][0-9a-f]))(?:code|sig))"
)
# What stands between a name and its value, where the name is in quotes and where it is not.
_OPENING = r"\s*[\[({]{0,2}(?:[bur]{1,2}(?=[\"']))?"
_AFTER_QUOTED = rf"\\*[\"']\]?\s*(?:=>|[:=,]){_OPENING}"
_AFTER_BARE = rf"(?:%2[27])?\]?\s*(?:=>|[:=]|%3[ad]){_OPENING}"
_QUOTED = r"(?P<plain>[\"'])(?:\\.|(?!(?P=plain))[^\\])*|(?P<nested>\\+[\"'])(?:(?!(?<!\\)(?P=nested)).)*"
_PATTERNS = (
    re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(rf"(?P<kept>{_HEADER}{_AFTER_QUOTED})(?:{_QUOTED}|[^\r\n]+)", re.IGNORECASE | re.DOTALL),
    re.compile(rf"(?P<kept>{_HEADER}{_AFTER_BARE})[^\r\n]+", re.IGNORECASE),
    re.compile(rf"(?P<kept>{_NAME}(?:{_AFTER_QUOTED}|{_AFTER_BARE}))(?:{_QUOTED}|[^\s&]+)", re.IGNORECASE | re.DOTALL),
    re.compile(
        r"(?P<kept>\b(?:bearer|basic|pop|dpop|negotiate|ntlm)(?:\s|%20|\+){1,8}[\"']?)[a-z0-9._~+/=%-]+", re.IGNORECASE
    ),
    re.compile(r"eyJ[A-Za-z0-9_.=-]{8,}"),
    re.compile(r"(?<![A-Za-z0-9])[01]\.A[A-Za-z0-9_.-]{20,}"),
    re.compile(r"(?<![A-Za-z0-9])M\.[A-Z][0-9]{1,4}_[A-Za-z0-9_.!*$-]{10,}"),
    re.compile(r"[A-Za-z0-9_.~-]{3}[0-9]Q~[A-Za-z0-9_.~-]{30,40}"),
    re.compile(r"(?P<kept>\bthe code )[A-Z0-9-]{6,12}\b"),
    re.compile(r"(?P<kept>://[^\s/@:]{0,256}:)[^\s/]{1,256}(?=@)"),
)
# Each pattern needs one of these: what has none is not searched by all of them, which is most of what is logged.
_SIGN = re.compile(r"[=:%~+,]")
_SCHEME = re.compile(r"(?:bearer|basic|pop|negotiate|ntlm)\s", re.IGNORECASE)
_SECRET_KEY = re.compile(rf"(?:{_HEADER}|{_NAME})\Z", re.IGNORECASE)
# Line breaks, terminal escapes, text direction, and halves of surrogate pairs that no encoding takes.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")

_NEEDS_QUOTES = re.compile(r"[\s\"'=]")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.]{1,64}")

_registered: tuple[str, ...] = ()
_registering = threading.Lock()


def configure(
    level: str = "INFO", *, file: Path | None = None, json_lines: bool = False, stream: TextIO | None = None
) -> None:
    """Send every record of this process to one place; raises ValueError where `file` cannot be that place."""
    formatter = _Formatter(json_lines=json_lines)
    handler = _FileHandler(file, formatter) if file else _StreamHandler(stream or sys.stderr, formatter)
    handler.setLevel(level)
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        if isinstance(old, _Guarded):
            old.close()
    root.addHandler(handler)
    root.setLevel(level)
    _quieten(handler.level)
    logging.captureWarnings(True)


def register_secret(value: str) -> None:
    """Mask this value wherever it appears from now on, in any usual notation."""
    global _registered  # noqa: PLW0603 - logging itself is one per process
    forms = {value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1], repr(value)[1:-1]}
    with _registering:
        known = forms.union(_registered) - {""}
        # The longest first, or the rest of a secret that begins with another one would stay.
        _registered = tuple(sorted(known, key=len, reverse=True))


def redact(text: str) -> str:
    """The text without anything that looks like a credential or is registered as one."""
    for secret in _registered:
        text = text.replace(secret, MASK)
    text = text[:_LONGEST_PIECE]
    if _may_hold_a_secret(text):
        for pattern in _PATTERNS:
            text = pattern.sub(_masked, text)
    return text


def _may_hold_a_secret(text: str) -> bool:
    has_mark = "eyJ" in text or ".A" in text or "M." in text or "-----BEGIN " in text or "the code " in text
    return bool(has_mark or _SIGN.search(text) or _SCHEME.search(text))


@lru_cache(_MOST_NAMES)
def _name_of(key: str, _secrets: tuple[str, ...]) -> tuple[str, bool]:
    """The name of a field as it is written, and whether its value is a secret; the code has few of them."""
    return redact(key)[:_LONGEST_KEY], key not in _OWN_KEYS and _SECRET_KEY.search(key) is not None


def _masked(match: re.Match[str]) -> str:
    parts = match.groupdict()
    opening = parts.get("plain") or parts.get("nested") or ""
    return f"{parts.get('kept') or ''}{opening}{MASK}"


def _quieten(level: int) -> None:
    """Keep libraries from drowning our records, and uvicorn from having handlers of its own."""
    debugging = level <= logging.DEBUG
    for name in (*_TELLING, *_NOISY, *_TALKATIVE):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    if debugging:
        for name in _NOISY:
            logging.getLogger(name).setLevel(logging.NOTSET)
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.INFO)
    for name in _UVICORN:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)


class _Formatter(logging.Formatter):
    """One record, one line: text for people or JSON for machines."""

    def __init__(self, *, json_lines: bool) -> None:
        super().__init__()
        self._json_lines = json_lines

    def format(self, record: logging.LogRecord) -> str:
        fields = ((key, _clean(key, value)) for key, value in self._fields(record))
        if self._json_lines:
            return "{" + ", ".join(_fitted(fields, _json_part)) + "}"
        return " ".join(_fitted(fields, _text_part))

    def _fields(self, record: logging.LogRecord) -> Iterator[tuple[str, object]]:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        yield "time", moment.replace("+00:00", "Z")
        yield "level", record.levelname
        yield "logger", record.name
        yield "message", record.getMessage()
        extras = [(key, value) for key, value in vars(record).items() if key not in _ORDINARY]
        for key, value in extras[:_MOST_EXTRAS]:
            yield f"extra_{key}" if key in _OWN_KEYS else key, value
        if record.exc_info:
            yield "exception", self.formatException(record.exc_info)
        elif record.exc_text:
            yield "exception", record.exc_text
        if record.stack_info:
            yield "stack", record.stack_info

    def notice(self, record: logging.LogRecord, text: str = _DROPPED) -> str:
        """A line in place of a record, with nothing of the record but its level and a harmless logger name."""
        name = record.name if _PLAIN_NAME.fullmatch(record.name) else "unknown"
        fields = (("level", logging.getLevelName(record.levelno)), ("logger", name), ("message", text))
        if self._json_lines:
            return json.dumps(dict(fields))
        return " ".join(_text_part(key, value) for key, value in fields)


def _clean(key: str, value: object) -> object:
    """The value without secrets; numbers stay numbers."""
    if key == "time":  # which is ours: one of a record's own is called extra_time
        return value
    if _name_of(key, _registered)[1]:
        return MASK
    text = str(value)
    cleaned = redact(text)
    return value if type(value) in {bool, int} and cleaned == text else cleaned


def _fitted(fields: Iterable[tuple[str, object]], part: Callable[[str, object], str]) -> Iterator[str]:
    """The parts of a line, cut so that the line stays within its limit."""
    room = _LONGEST_LINE - len("{}\n")
    for key, value in fields:
        name, kept = _name_of(key, _registered)[0], value
        while len(encoded := part(name, kept).encode()) > room and kept:
            kept = _shorter(str(kept))
        if len(encoded) > room:
            return
        room -= len(encoded) + len(", ")
        yield encoded.decode()


def _shorter(text: str) -> str:
    cut = text.removesuffix(_CUT)
    return f"{cut[: len(cut) * 3 // 4]}{_CUT}" if cut else ""


def _json_part(key: str, value: object) -> str:
    # DEL is the one control character that JSON lets through.
    return f"{json.dumps(key)}: {json.dumps(value)}".replace("\x7f", "\\u007f")


def _text_part(key: str, value: object) -> str:
    text = str(value)
    if key in {"time", "level", "message"}:
        return _escaped(text)
    if key == "logger":
        return f"{_escaped(text)}:"
    if not text or _NEEDS_QUOTES.search(text):
        text = json.dumps(text, ensure_ascii=False)
    return _escaped(f"{key}={text}")


def _escaped(text: str) -> str:
    # None of those can be printed.
    return text if text.isprintable() else _CONTROL.sub(lambda match: ascii(match[0])[1:-1], text)


class _Guarded(logging.Handler):
    """A handler that writes a notice instead of a record which it cannot make safe."""

    lines: _Formatter

    def format(self, record: logging.LogRecord) -> str:
        try:
            return self.lines.format(record)
        except Exception:  # noqa: BLE001 - whatever it was, the record may hold a secret
            return self.lines.notice(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging calls it so
        """Say that a record could not be written; logging itself would print the record's arguments."""
        with suppress(Exception):
            sys.stderr.write(f"{self.lines.notice(record, _UNWRITTEN)}\n")


class _StreamHandler(_Guarded, logging.StreamHandler[TextIO]):
    """Records on a stream that belongs to someone else."""

    def __init__(self, stream: TextIO, lines: _Formatter) -> None:
        self.lines = lines
        super().__init__(stream)


class _FileHandler(_Guarded, RotatingFileHandler):
    """Records in a file that only this account can read, and in a few older ones beside it.

    Several processes may share it: each line is one write, one of them puts the full file aside, and all go on in the
    new one. Where it cannot be put aside, it grows.
    """

    def __init__(self, path: Path, lines: _Formatter) -> None:
        self.lines = lines
        self._written: tuple[logging.LogRecord, str] | None = None
        try:
            super().__init__(path, maxBytes=_FILE_SIZE, backupCount=_FILES_KEPT, encoding="utf-8")
        except OSError as error:
            reason = f"cannot be opened ({error.strerror})"
            raise ValueError(f"{path}: {reason}. Name a file in a folder that this account can write to.") from error

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        self._written = None

    def format(self, record: logging.LogRecord) -> str:
        """Its line, made once: to see whether there is room for it, and to write it."""
        if self._written is None or self._written[0] is not record:
            self._written = record, super().format(record)
        return self._written[1]

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802 - logging calls it so
        """Whether it is too full for this line; asked before each, so this is where another's new file is noticed."""
        stream = self.stream
        if stream is None or not _is_at(self.baseFilename, stream):
            self.stream = opened = self._open()
            if stream:
                stream.close()
            stream = opened
        line = self.format(record).encode(errors="backslashreplace")
        return os.fstat(stream.fileno()).st_size + len(line) >= self.maxBytes

    def doRollover(self) -> None:  # noqa: N802 - logging calls it so
        """Put the file aside, unless another process just did: that one's new file is not to follow at once."""
        with suppress(OSError), _locked(self.baseFilename):
            if self.stream and _is_at(self.baseFilename, self.stream):
                self.stream.close()
                self.stream = None
                # Windows refuses this while others have it open: said before the older ones have moved up for nothing.
                Path(self.baseFilename).rename(self.baseFilename)
                super().doRollover()

    def _open(self) -> TextIOWrapper:
        path = Path(self.baseFilename)
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise _unfit(path)
        descriptor = os.open(path, _APPEND, 0o600)
        # Room for the longest line, so that no other process writes into the middle of one.
        opened = os.fdopen(descriptor, "a", 2 * _LONGEST_LINE, encoding="utf-8", errors="backslashreplace")
        # Judged once more by what was opened: the name may have changed hands since the first look.
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            opened.close()
            raise _unfit(path)
        if sys.platform != "win32":
            os.fchmod(descriptor, 0o600)
        return opened


def _is_at(path: str, stream: TextIOWrapper) -> bool:
    """Whether this is the file that has the name now."""
    if sys.platform == "win32":  # where nobody renames what is open
        return True
    try:
        return os.path.samestat(os.fstat(stream.fileno()), Path(path).lstat())
    except FileNotFoundError:
        return False


@contextmanager
def _locked(path: str) -> Iterator[None]:
    """The file for us alone: by an opening of its own, because processes that were forked share the stream's."""
    if sys.platform == "win32":
        yield
        return
    descriptor = os.open(path, os.O_RDONLY | _CAUTIOUS)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _unfit(path: Path) -> ValueError:
    return ValueError(f"{path}: is a link, a folder or a device, or has a second name. Name an ordinary file.")
