"""`$search` on people: names however misspelt, addresses, and `topic:` for what one wrote about."""

from __future__ import annotations

from difflib import SequenceMatcher

from emulator.graph.people.state import Standing, correspondents
from emulator.odata.search import words
from emulator.tenant import Person, Tenant

_TOPIC = "topic:"
# How alike two words must be, of one: a letter too many, a vowel wrong.
_ALIKE = 0.75
_SHORTEST = 3


def found(tenant: Tenant, owner: Person, standings: list[Standing], text: str) -> list[Standing]:
    """Those who answer to a search, the best first."""
    wanted = text.strip().strip('"').strip()
    if wanted.lower().startswith(_TOPIC):
        return _about(tenant, owner, standings, wanted[len(_TOPIC) :])
    if "@" in wanted:
        return [one for one in standings if one.address.casefold().startswith(wanted.casefold())]
    ranks = ((_rank(one, words(wanted)), one) for one in standings)
    matches = [(rank, one) for rank, one in ranks if rank]
    return [one for rank, one in sorted(matches, key=lambda pair: (-pair[0], *pair[1].key))]


def _about(tenant: Tenant, owner: Person, standings: list[Standing], topic: str) -> list[Standing]:
    wanted = words(topic.strip('" '))
    counts = correspondents(tenant, owner, wanted) if wanted and owner.id in tenant.mailboxes else {}
    matches = [one for one in standings if counts.get(one.address.lower())]
    return sorted(matches, key=lambda one: (-counts[one.address.lower()], *one.key))


def _rank(standing: Standing, wanted: list[str]) -> float:
    """How well somebody fits all words; nothing when one of them fits nowhere."""
    known = [*words(standing.name), *words(standing.address.partition("@")[0])]
    marks = [max((_likeness(word, other) for other in known), default=0.0) for word in wanted]
    return min(marks, default=0.0)


def _likeness(word: str, other: str) -> float:
    if other == word:
        return 1.0
    if other.startswith(word):
        return 0.95
    if min(len(word), len(other)) < _SHORTEST:
        return 0.0
    ratio = SequenceMatcher(None, word, other).ratio()
    return ratio * 0.9 if ratio >= _ALIKE else 0.0
