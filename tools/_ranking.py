"""Ranked search over a small catalogue, for whoever asks for a tool in their own words.

BM25 over stemmed words, in which a synonym counts for less than the word itself, and
the beginning of a last word for what it may become. Only a word that nothing else knows is
taken for a typing mistake.
"""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tools._ranking_words import PHRASES, STOP_WORDS, SYNONYMS

_SATURATION, _LENGTH_SHARE = 1.2, 0.5
_SYNONYM, _BEGINNING, _TYPO = 0.6, 0.5, 0.5
_NAMED = 4.0
_LONGEST_QUERY, _LONGEST_WORD, _MOST_WORDS = 2000, 40, 40
_SHORTEST_BEGINNING, _SHORTEST_TYPO = 3, 4
_SIMILAR = 0.75

_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ENDINGS = ("ing", "ed", "e")
_DOUBLED = re.compile(r"([b-df-hj-km-np-rtv-y])\1$")


class Ranking:
    """An index over documents, each of which is text of different weights under one name."""

    def __init__(self, documents: Mapping[str, Sequence[tuple[str, float]]]) -> None:
        weights = {name: _weights(parts) for name, parts in documents.items()}
        lengths = {name: sum(found.values()) for name, found in weights.items()}
        mean = sum(lengths.values()) / max(1, len(lengths)) or 1.0
        self._postings: dict[str, dict[str, float]] = defaultdict(dict)
        for name, found in weights.items():
            stretch = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * lengths[name] / mean)
            for stem, weight in found.items():
                self._postings[stem][name] = weight * (_SATURATION + 1) / (weight + stretch)
        for found_in in self._postings.values():
            rarity = math.log(1 + (len(weights) - len(found_in) + 0.5) / (len(found_in) + 0.5))
            found_in.update({name: score * rarity for name, score in found_in.items()})
        self._spellings = sorted({*self._postings, *_SYNONYMS})
        self._names = {name: f" {' '.join(_words(name))} " for name in documents}

    def best(self, query: str, most: int = 8) -> list[tuple[str, float]]:
        """The documents that answer best, with their scores, best first; those of equal score by name."""
        plain = f" {' '.join(_words(query[:_LONGEST_QUERY]))} "
        words = _telling(plain)
        scores: dict[str, float] = defaultdict(float)
        hits: Counter[str] = Counter()
        for place, word in enumerate(words):
            found = self._scores(word, is_last=place == len(words) - 1)
            hits.update(found.keys())
            for name, score in found.items():
                scores[name] += score
        ranked = [
            (name, score * (1 + hits[name] / len(words)) * (_NAMED if self._names[name] in plain else 1.0))
            for name, score in scores.items()
        ]
        return sorted(ranked, key=lambda each: (-each[1], each[0]))[: max(0, most)]

    def _scores(self, word: str, *, is_last: bool) -> dict[str, float]:
        """What one word of the query gives each document: the best of what it may mean, not the sum."""
        found: dict[str, float] = {}
        for stem, share in self._meanings(word, is_last=is_last).items():
            for name, score in self._postings.get(stem, {}).items():
                found[name] = max(found.get(name, 0.0), share * score)
        return found

    def _meanings(self, word: str, *, is_last: bool) -> dict[str, float]:
        """The stems that a word may stand for, each with its share of what the word itself would give."""
        stem = _stem(word)
        near: list[tuple[str, float]] = []
        if is_last and len(word) >= _SHORTEST_BEGINNING:
            near = [(each, _BEGINNING) for each in self._spellings if each.startswith(word)]
        if not near and stem not in self._postings and stem not in _SYNONYMS and len(word) >= _SHORTEST_TYPO:
            near = [(each, _TYPO) for each in difflib.get_close_matches(stem, self._spellings, 2, _SIMILAR)]
        meanings: dict[str, float] = {}
        for each, share in (*near, (stem, 1.0)):
            meanings |= dict.fromkeys(_SYNONYMS.get(each, ()), share * _SYNONYM)
        return meanings | dict(near) | {stem: 1.0}


def _weights(parts: Iterable[tuple[str, float]]) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for text, weight in parts:
        for word in _words(text):
            found[_stem(word)] += weight
    return found


def _telling(plain: str) -> list[str]:
    """The words of a query that say something, each once, in their order."""
    for phrase, meaning in PHRASES.items():
        if f" {phrase} " in plain:
            plain = plain.replace(f" {phrase} ", f" {meaning} ")
    return list(dict.fromkeys(word for word in plain.split() if word not in STOP_WORDS))[:_MOST_WORDS]


def _words(text: str) -> list[str]:
    """The words in their order; `OneDrive` is one word and two."""
    plain = unicodedata.normalize("NFKD", text).replace("'", "")
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return [
        part.casefold()[:_LONGEST_WORD]
        for word in _WORD.findall(bare)
        for part in dict.fromkeys((*_CAMEL.split(word), word))
    ]


def _stem(word: str) -> str:
    """Roughly the same for all forms of an English word; it need be no word itself."""
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    stem = word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word
    for ending in _ENDINGS:
        if stem.endswith(ending) and len(stem) - len(ending) >= 3:
            return _DOUBLED.sub(r"\1", stem.removesuffix(ending))
    return stem


def _synonyms() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for group in SYNONYMS:
        stems = {_stem(word) for word in group.split()}
        for stem in stems:
            found[stem] |= stems - {stem}
    return {stem: frozenset(others) for stem, others in found.items()}


_SYNONYMS = _synonyms()
