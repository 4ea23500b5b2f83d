"""Addresses below the version: built from templates, so that no id or name can bend them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from errors import ToolInputError
from graph.wire._characters import encoded, usable

_MAX_SEGMENT = 1024
_MAX_FILE_PATH = 4096

_PLACEHOLDER = re.compile(r"\{([a-z_]+)(?::([a-z]+))?\}")
_KINDS = frozenset({None, "path", "literal"})
_NOT_IN_A_FILE_NAME = re.compile(r'["*:<>?\\|]')

# Each character has one place in these, so that a match takes one walk; possessive forms are wrong in Python 3.11.2.
_PLAIN = r"[A-Za-z0-9\-._~!$&'()*+,;=:@/]*"
_SPELLED = re.compile(rf"{_PLAIN}(?:%(?![01]|7[fF])[0-9A-Fa-f]{{2}}{_PLAIN})*")
# An empty segment, or one of dots, encoded or not, which is a step up or aside; some servers cut at semicolons first.
_ASTRAY = re.compile(r"(?:\A|/)(?:(?:\.|%2[eE])+(?:[/;]|\Z)|/|\Z)")


def path_segment(text: str) -> str:
    """Encode an id or name so that it stays one segment of a path, whatever is in it."""
    if not text.strip() or not text.strip("."):
        raise ToolInputError(f"{text!r} is not an id. Pass one as it was listed.")
    if len(text) > _MAX_SEGMENT:
        raise ToolInputError(f"An id has at most {_MAX_SEGMENT} characters, this one has {len(text)}.")
    return encoded(text, "id")


def path(template: str, **values: str | int) -> str:
    """Fill a template of this code's own: `path("me/messages/{id}/attachments", id=id)`.

    `{name}` becomes one segment, `{name:path}` a file's path of several, `'{name:literal}'` a text in OData's quotes.
    """
    parsed = _parsed(template)
    if values.keys() != parsed.names:
        raise ValueError(f"{template} takes {', '.join(sorted(parsed.names)) or 'nothing'}, not {', '.join(values)}.")
    parts = [slot.filled(str(values[slot.name])) if isinstance(slot, _Slot) else slot for slot in parsed.parts]
    filled = "".join(parts)
    steps = parsed.steps + sum(str(values[name]).count("/") for name in parsed.file_paths)
    if filled.count("/") != steps or not _is_below(filled):
        raise AssertionError(f"{template} was bent by what it was filled with.")
    return filled


def checked_path(path: str) -> str:
    """The path itself, if it stays below the version of Graph that it is put behind."""
    if _is_below(path):
        return path
    raise ToolInputError(
        "A path of Graph is relative and percent-encoded, such as me/messages: without a scheme, a host, a query, "
        "empty or dot segments, or control characters."
    )


def _is_below(path: str) -> bool:
    """Whether it stays below the version: spelled as it has to be, without a scheme, and without a way around."""
    return bool(_SPELLED.fullmatch(path)) and ":" not in path.partition("/")[0] and not _ASTRAY.search(path)


@dataclass(frozen=True)
class _Slot:
    """A place in a template, and how it is filled."""

    name: str
    kind: str | None

    def filled(self, value: str) -> str:
        if self.kind == "path":
            return _file_path(value)
        return _in_quotes(value) if self.kind == "literal" else path_segment(value)


@dataclass(frozen=True)
class _Template:
    """A template in its parts; `steps` is how many slashes it has of its own."""

    parts: tuple[str | _Slot, ...]
    names: frozenset[str]
    file_paths: tuple[str, ...]
    steps: int


@lru_cache(maxsize=1024)
def _parsed(template: str) -> _Template:
    example = _PLACEHOLDER.sub("x", template)
    if not _is_below(example):
        raise ValueError(f"{template} is no template of a path.")
    parts: list[str | _Slot] = []
    start = 0
    for found in _PLACEHOLDER.finditer(template):
        _check_place(template, found)
        parts += [template[start : found.start()], _Slot(found[1], found[2])]
        start = found.end()
    parts.append(template[start:])
    slots = [part for part in parts if isinstance(part, _Slot)]
    return _Template(
        tuple(parts),
        names=frozenset(slot.name for slot in slots),
        file_paths=tuple(slot.name for slot in slots if slot.kind == "path"),
        steps=example.count("/"),
    )


def _check_place(template: str, found: re.Match[str]) -> None:
    """Each kind has its own escaping, which only helps in its own place."""
    name, kind = found.groups()
    before, after = template[: found.start()], template[found.end() :]
    in_quotes = before.count("'") % 2 == 1
    if kind not in _KINDS:
        raise ValueError(f"{template}: {{{name}:{kind}}} is neither a segment, a path nor a literal.")
    if in_quotes != (kind == "literal") or (in_quotes and not (before.endswith("'") and after.startswith("'"))):
        raise ValueError(f"{template}: {{{name}}} has to be a literal exactly where it stands alone in quotes.")
    if before.endswith(":/") != (kind == "path"):
        raise ValueError(f"{template}: {{{name}}} has to be a path exactly where it comes after a colon and a slash.")


def _file_path(text: str) -> str:
    """A path below a folder of a drive. What no name in a drive can hold is refused: a colon would end the path."""
    if len(text) > _MAX_FILE_PATH:
        raise ToolInputError(f"A path has at most {_MAX_FILE_PATH} characters, this one has {len(text)}.")
    if found := _NOT_IN_A_FILE_NAME.search(text):
        raise ToolInputError(
            f"No file or folder in a drive has {found[0]} in its name. Pass the path as it was listed."
        )
    names = text.split("/")
    if any(not name.strip() or not name.strip(".") for name in names):
        raise ToolInputError("A path is names with one / between them, and neither begins nor ends with it.")
    return "/".join(path_segment(name) for name in names)


def _in_quotes(text: str) -> str:
    if len(text) > _MAX_SEGMENT:
        raise ToolInputError(f"A text to look for has at most {_MAX_SEGMENT} characters, this one has {len(text)}.")
    return encoded(usable(text, "text").replace("'", "''"), "text")
