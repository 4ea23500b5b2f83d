"""A section of the policy file, read with care: what does not fit is noted with its remedy, and reading goes on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

_MOST_NAMED = 12
_LONGEST_SHOWN = 60
_KINDS: Mapping[type, str] = {bool: "true or false", int: "a number", str: "a text", list: "a list", dict: "a section"}


class Table:
    """One section. `problems` collects a line for each mistake; a value with one reads as if it were not there."""

    def __init__(self, name: str, values: Mapping[str, Any], problems: list[str]) -> None:
        self._name = name
        self._values = values
        self._problems = problems

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def is_empty(self, key: str) -> bool:
        """Whether nothing is said there."""
        return not self._values.get(key)

    def only(self, keys: Collection[str]) -> None:
        """Note every key but these."""
        for key in self._values:
            if key not in keys:
                self.wrong(key, f"is not a key of [{self._name}]. {meant(key, keys)}")

    def wrong(self, key: str, remedy: str) -> None:
        """Note a mistake at a key."""
        self._problems.append(ended(f"{self._name}.{shown(key)} {remedy}"))

    def texts(self, key: str, example: str) -> list[str]:
        """A list of texts; empty where there is none."""
        value = self._values.get(key, [])
        if not isinstance(value, list):
            self.wrong(key, f"is {_kind(value)}, and takes a list. Write {key} = [{example}]")
            return []
        texts = [each for each in value if isinstance(each, str)]
        if len(texts) < len(value):
            others = sorted({_kind(each) for each in value if not isinstance(each, str)})
            self.wrong(key, f"has {' and '.join(others)} in its list, which takes texts. Write {key} = [{example}]")
        return texts

    def text(self, key: str, example: str) -> str | None:
        """A text, None where there is none."""
        value = self._values.get(key)
        if value is None or isinstance(value, str):
            return value
        self.wrong(key, f'is {_kind(value)}, and takes a text. Write {key} = "{example}"')
        return None

    def word(self, key: str, words: Collection[str]) -> str | None:
        """One of some words."""
        value = self.text(key, next(iter(words)))
        if value is None or value in words:
            return value
        self.wrong(key, f"cannot be {shown(value)!r}. {meant(value, words)}")
        return None

    def words(self, key: str, words: Collection[str]) -> list[str]:
        """Some of these words."""
        given = self.texts(key, ", ".join(f'"{each}"' for each in list(words)[:2]))
        for each in given:
            if each not in words:
                self.wrong(key, f"has {shown(each)!r} in its list, which is none of its words. {meant(each, words)}")
        return [each for each in given if each in words]

    def number(self, key: str, least: int, most: int) -> int | None:
        """A whole number between bounds."""
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            self.wrong(key, f"is {_kind(value)}, and takes a whole number. Write {key} = {max(least, 20)}")
        elif not least <= value <= most:
            self.wrong(key, f"is out of bounds. Write a whole number from {least} to {most}")
        else:
            return value
        return None


def ended(sentence: str) -> str:
    """A sentence with its full stop."""
    return sentence if sentence.endswith("?") else f"{sentence}."


def shown(text: str) -> str:
    """A word of the file as it may stand in a message."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in text[: _LONGEST_SHOWN + 1])
    return plain if len(plain) <= _LONGEST_SHOWN else f"{plain[:_LONGEST_SHOWN]}…"


def meant(word: str, known: Collection[str]) -> str:
    """What to write in place of a word: the nearest of the known ones, and all of them where they are few."""
    by_lower = {each.lower(): each for each in known}
    near = get_close_matches(word[:_LONGEST_SHOWN].lower(), by_lower, n=1)
    guess = f"Did you mean {by_lower[near[0]]}?" if near else ""
    few = f"There are: {', '.join(known)}" if 0 < len(known) <= _MOST_NAMED else ""
    return " ".join(filter(None, (guess, few))) or "Take it out, or correct it"


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "a number with a fraction" if isinstance(value, float) else "a date or time")
