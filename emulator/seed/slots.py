"""Fills the slots of a text with made-up values that stay the same for the same random source."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from emulator.seed import outside, topics


class Slots(dict[str, str]):
    """Values by slot name, drawn when a text first asks for them."""

    def __init__(self, rng: Random, **fixed: str) -> None:
        super().__init__(fixed)
        self._rng = rng

    def __missing__(self, name: str) -> str:
        value = self[name] = self._draw(name)
        return value

    def fill(self, text: str) -> str:
        """The text with its slots filled and its first letter large."""
        filled = text.format_map(self)
        return filled[:1].upper() + filled[1:]

    def _draw(self, name: str) -> str:
        if name in _CHOICES:
            return self._rng.choice(_CHOICES[name])
        return _FIGURES[name](self._rng)


_CHOICES: dict[str, tuple[str, ...]] = {
    **topics.SLOTS,
    "headline": outside.HEADLINES,
    "verdict": outside.VERDICTS,
    "verdict2": outside.STATES,
    "ticket": outside.TICKETS,
    "hr": outside.HR_NEWS,
    "house": outside.HOUSE_NEWS,
    "meeting": outside.MEETING_NAMES,
    "project2": topics.PROJECTS,
    "engineer": outside.ENGINEERS,
    "team": ("Engineering", "Sales", "the project office", "the workshop"),
}
_FIGURES: dict[str, Callable[[Random], str]] = {
    "few": lambda rng: str(rng.randint(2, 9)),
    "number": lambda rng: str(rng.randint(2, 48)),
    "amount": lambda rng: str(rng.randint(410, 48000)),
    "amount2": lambda rng: str(rng.randint(50000, 240000)),
    "amount3": lambda rng: str(rng.randint(19, 89)),
    "tests": lambda rng: str(rng.randint(1180, 1460)),
    "signal": lambda rng: str(rng.randint(52, 97)),
    "room": lambda rng: str(rng.randint(1, 5)),
    "hour": lambda rng: str(rng.randint(8, 17)),
    "hex": lambda rng: f"{rng.getrandbits(40):010x}",
}
