"""Short handles for long ids: `msg_4k7q2m` in an answer stands for the 150 letters of a Graph id.

A handle comes from a keyed hash of owner, kind and id, so that every process and replica
gives the same one, and nobody finds another's by trying. What it stands for is kept in the
store for as long as it is used. It always has a digit and a letter, which words and years
do not, so that a folder named `msg_backup` is not taken for one.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import count

from errors import ToolInputError
from storage import StateKeys, Store
from tools._kinds import Kind

LONGEST_ID_SHOWN = 40

# No letter that a reader or a model takes for another one: no 0 and o, no 1, l and i.
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_FORM = re.compile(rf"([a-z][a-z0-9]{{0,15}})_([{_LETTERS}]{{6,8}})")
_LENGTHS = (6, 7, 8)
_WRAPPING = " \t\r\n`'\"<>()[]{}.,;:#\u2018\u2019\u201c\u201d"
_LONGEST_WRAPPED = 64
_MOST_TRIES = 50
_CHECKS_PER_FILLING = 40
_MOST_RECENT = 10_000
_DIGEST_BYTES = 24

_Wanted = tuple[Kind, str]


class _Recent:
    """The handles that the store was told of so lately that it need not hear of them again.

    There are thousands, so digests stand for the ids, which are long.
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._handles: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    def of(self, who: str, wanted: Collection[_Wanted]) -> dict[_Wanted, str]:
        since, owner = self._clock() - self._seconds, _digest(who)
        found = {each: self._handles.get(owner + _digest(each[0].prefix, each[1])) for each in wanted}
        return {each: held[0] for each, held in found.items() if held is not None and held[1] > since}

    def note(self, who: str, minted: Mapping[_Wanted, str]) -> None:
        now, owner = self._clock(), _digest(who)
        for (kind, item), handle in minted.items():
            key = owner + _digest(kind.prefix, item)
            self._handles[key] = handle, now
            self._handles.move_to_end(key)
        while len(self._handles) > _MOST_RECENT:
            self._handles.popitem(last=False)

    def forget(self, who: str) -> None:
        """The store has lost something of theirs."""
        owner = _digest(who)
        for key in [key for key in self._handles if key.startswith(owner)]:
            del self._handles[key]


class Handles:
    """The handles of all principals; `who` is text that is each one's own. `kinds` are those that errors can name."""

    def __init__(
        self,
        store: Store,
        keys: StateKeys,
        *,
        seconds: float = 30 * 86400,
        most: int = 20_000,
        kinds: Collection[Kind] = (),
        fresh: float = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """For so many `fresh` seconds after it was shown, a handle is shown again without a word to the store."""
        self._store = store
        self._keys = keys
        self._seconds = seconds
        self._most = most
        self._one_in = max(1, most // _CHECKS_PER_FILLING)
        self._kinds = {kind.prefix: kind for kind in kinds}
        self._recent = _Recent(fresh, clock)

    async def mint(self, who: str, ids: Collection[_Wanted]) -> dict[_Wanted, str]:
        """What to show for each id: a handle for a long one, the id itself otherwise."""
        shown = {wanted: wanted[1] for wanted in ids}
        long = [wanted for wanted in shown if _needs_handle(wanted[1])]
        recent = self._recent.of(who, long)
        shown |= recent
        names = {wanted: self._names(who, *wanted) for wanted in long if wanted not in recent}
        if not names:
            return shown
        shelf = shelf_of("handle", who)
        waiting = dict.fromkeys(names)
        for _ in range(_MOST_TRIES):
            tried = {wanted: next(names[wanted]) for wanted in waiting}
            held = await self._claimed(shelf, tried)
            shown |= {wanted: handle for wanted, handle in tried.items() if held[handle] == _packed(wanted[1])}
            waiting = {wanted: None for wanted, handle in tried.items() if held[handle] != _packed(wanted[1])}
            if not waiting:
                break
        await self._bound(shelf, len(names), [_place(shown[wanted]) for wanted in names])
        self._recent.note(who, {wanted: shown[wanted] for wanted in names if wanted not in waiting})
        return shown

    async def resolve(self, who: str, kind: Kind, text: str) -> str:
        """The id that this handle of theirs stands for; what is no handle is an id already, and comes back as it is."""
        handle = unwrapped(text)
        form = _FORM.fullmatch(handle)
        if form is None or not _is_mixed(form[2]):
            return text
        key = shelf_of("handle", who) + handle
        packed = await self._store.get(key)
        if form[1] != kind.prefix:
            return self._of_another_kind(kind, text, form[1], is_known=packed is not None)
        if packed is None:
            self._recent.forget(who)
            raise ToolInputError(
                f"{handle} is not known here (any more). {kind.listed_by} lists {_several(kind)} again."
            )
        await self._store.claim({key: packed}, seconds=self._seconds)
        return _unpacked(packed)

    def _of_another_kind(self, kind: Kind, text: str, prefix: str, *, is_known: bool) -> str:
        other = self._kinds.get(prefix)
        if other is None and not is_known:
            return text
        what = f"stands for {_one(other)}, not for" if other else "does not stand for"
        raise ToolInputError(f"{unwrapped(text)} {what} {_one(kind)}. {kind.listed_by} lists {_several(kind)}.")

    def _names(self, who: str, kind: Kind, item: str) -> Iterator[str]:
        """The handles that this id may have, in the order in which they are tried: short ones first."""
        lengths: Sequence[int] = _LENGTHS
        for attempt in count():
            digest = self._keys.digest("handle", who, kind.prefix, item, str(attempt))
            if _is_mixed(lettered(digest, _LENGTHS[0])):
                yield from (f"{kind.prefix}_{lettered(digest, length)}" for length in lengths)
                lengths = _LENGTHS[-1:]

    async def _claimed(self, shelf: str, tried: dict[_Wanted, str]) -> dict[str, bytes]:
        """What each of these handles stands for in the end; of two ids that want the same one, the first has it."""
        asked: dict[str, bytes] = {}
        for (_, item), handle in tried.items():
            asked.setdefault(handle, _packed(item))
        items = {shelf + handle: packed for handle, packed in asked.items()}
        others = await self._store.claim(items, seconds=self._seconds)
        return asked | {key.removeprefix(shelf): packed for key, packed in others.items()}

    async def _bound(self, shelf: str, fresh: int, places: Collection[int]) -> None:
        """Now and then, for which the handles themselves are the dice: a process would forget how many it made."""
        most = max(self._most, fresh)
        if any(place % self._one_in == 0 for place in places) and await self._store.count(shelf) > most:
            await self._store.trim(shelf, most)


def shelf_of(area: str, who: str) -> str:
    """Where in the store a principal's things lie: under no key of ours, so that they outlive a change of keys."""
    return f"{area}/{hashlib.sha256(_packed(who)).hexdigest()[:32]}/"


def lettered(digest: bytes, length: int) -> str:
    """The first letters of a digest, in an alphabet that is read and copied without mistakes."""
    number, letters = int.from_bytes(digest, "big"), ""
    for _ in range(length):
        number, place = divmod(number, len(_LETTERS))
        letters += _LETTERS[place]
    return letters


def unwrapped(text: str) -> str:
    """Without the quotes, brackets and capitals that models put around what they copy."""
    return text.strip(_WRAPPING).lower() if len(text) <= _LONGEST_WRAPPED else text


def _needs_handle(item: str) -> bool:
    """A short id that reads like a handle needs one too, or it would be looked up as such."""
    return len(item) > LONGEST_ID_SHOWN or _FORM.fullmatch(unwrapped(item)) is not None


def _is_mixed(letters: str) -> bool:
    return not letters.isalpha() and not letters.isdigit()


def _place(handle: str) -> int:
    return sum(_LETTERS.find(letter) * len(_LETTERS) ** n for n, letter in enumerate(handle[-4:]))


def _digest(*parts: str) -> bytes:
    """So long that nobody finds two texts that share one."""
    return hashlib.blake2b(_packed("\0".join(parts)), digest_size=_DIGEST_BYTES).digest()


def _packed(item: str) -> bytes:
    return item.encode("utf-8", "surrogatepass")


def _unpacked(packed: bytes) -> str:
    return packed.decode("utf-8", "surrogatepass")


def _one(kind: Kind) -> str:
    return f"{'an' if kind.noun[0] in 'aeiou' else 'a'} {kind.noun}"


def _several(kind: Kind) -> str:
    if kind.noun.endswith("y") and kind.noun[-2:-1] not in "aeiou":
        return f"{kind.noun[:-1]}ies"
    return f"{kind.noun}{'es' if kind.noun.endswith(('s', 'x', 'ch', 'sh')) else 's'}"
