"""The page about the demo tenant names every kind of trouble, with what it can be told, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic.alias_generators import to_camel

from emulator.fault_proxy import TROUBLES
from emulator.throttling import EVIL_LINKS, KINDS, Fault

PAGE = (Path(__file__).parents[4] / "docs" / "emulator.md").read_text("utf-8")
_NAME = re.compile(r"`([\w-]+)`")


def section(begin: str, end: str) -> str:
    return PAGE.partition(begin)[2].partition(end)[0]


def rows(text: str) -> dict[str, list[str]]:
    """The cells of a table by what its lines begin with."""
    lines = [line.split("|") for line in text.splitlines() if line.startswith("| `")]
    return {cells[1].strip(" `"): cells[2:-1] for cells in lines}


def test_every_kind_of_trouble_is_told_of() -> None:
    told = rows(section("### Trouble", "What spoils an answer"))
    assert told.keys() == KINDS
    for kind, (_, more) in told.items():
        fault = Fault(kind, target="loop") if kind in {"link", "redirect"} else Fault(kind)  # type: ignore[arg-type]
        assert set(_NAME.findall(more)) == {to_camel(name) for name in fault.facts}, kind


def test_every_evil_link_is_told_of() -> None:
    assert set(_NAME.findall(section("or one of these:", "the address that was just"))) == EVIL_LINKS.keys()


def test_everything_that_the_proxy_does_is_told_of() -> None:
    assert rows(section("passes TLS on unread.", "## ")).keys() == set(TROUBLES)
