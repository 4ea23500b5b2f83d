"""Where a command writes: its result to stdout, everything else to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TextIO

_WORDS = {
    ", then repeat the call": "",
    "Repeat the call": "Repeat the command",
    "account_login adds an account": "login adds one",
}


@dataclass(frozen=True)
class Output:
    """`show` takes what was asked for, a program may read it; `tell` takes what a person reads meanwhile."""

    show: Callable[[str], None]
    tell: Callable[[str], None]


def standard_output() -> Output:
    """The two standard streams of this process."""
    return Output(lambda text: _write(sys.stdout, text), lambda text: _write(sys.stderr, text))


def as_json(value: object) -> str:
    """A result for programs."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns as wide as their longest cell."""
    lines = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def printable(text: str) -> str:
    """Names out of tokens on one line: without what would steer a terminal or turn the direction of the text."""
    return "".join(letter for letter in text if letter.isprintable())


def for_terminal(text: str) -> str:
    """A sentence that is written for whoever calls a tool, for whoever types a command."""
    for of_tools, of_commands in _WORDS.items():
        text = text.replace(of_tools, of_commands)
    return text


def _write(stream: TextIO, text: str) -> None:
    # A console of Windows may lack letters that a name has; a name is no reason to end with an error.
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()
