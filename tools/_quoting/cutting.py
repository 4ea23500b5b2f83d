"""Which of a mail's lines are history, and which repeat it only to be answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tools._html import Mark
from tools._quoting import words
from tools._quoting.earlier import Kind, Opening, is_quoted, opening_at
from tools._quoting.signatures import MOST_SIGNATURE_LINES, says_something, without_signature

MOST_LIFTED = 3
MOST_LINES_ABOVE = 80
MOST_LETTERS_ABOVE = 6000
LINES_OF_QUOTE = 3
LONGEST_QUOTED = 200
_SHORT = 300
_MOST_LINES_ANSWERED = 200
_MOST_LINES_SIGNED = 3


class Cut:
    """Looks through the lines once for the place from which on everything is history."""

    def __init__(self, lines: Sequence[str], *, passes_on: bool = False) -> None:
        self.lines = list(lines)
        self._ends = _containers(lines)
        self._next = _next_said(self.lines)
        self._known: dict[tuple[int, int], bool] = {}
        self._own = 0
        self._starts = [0]
        self._pointed = False
        self._lifted = 0
        self._passes_on = passes_on
        self.has_quotes = False

    def place(self) -> int:
        """Where the history begins; after the last line, if nothing is surely history."""
        at = 0
        while at < len(self.lines):
            if is_quoted(self.lines[at]):
                end = _end_of_quote(self.lines, at)
                if self.has_quotes and self._is_all(end):
                    return at
                at = end
                continue
            opening = opening_at(self.lines, at)
            if opening is not None and self._is_history(opening):
                return at
            at = opening.end if opening else at + 1
        return len(self.lines)

    def unsigned(self, place: int) -> list[str]:
        """What is before that place without signatures; of a forwarded message, its own and the one above it."""
        ends = [*self._starts[1:], place]
        parts = [self.lines[start:end] for start, end in zip(self._starts, ends, strict=True)]
        left: list[str] = []
        for part in parts:
            left += [*without_signature(part), ""]
        return left

    def is_signed_below(self, place: int) -> bool:
        """Whether a signature comes after the history that begins there."""
        ends = (at for at in range(len(self.lines) - 1, place - 1, -1) if _ends_history(self.lines[at]))
        below = self.lines[next(ends, len(self.lines)) + 1 :]
        return any(map(says_something, below)) and not any(
            map(says_something, without_signature(["", *below], may_be_all=True))
        )

    def _is_history(self, opening: Opening) -> bool:
        if not opening.is_sure:
            if self._is_pointer(opening.start):
                self._keep(opening)
            return False
        is_last = self._is_last(opening)
        if opening.kind is Kind.FORWARDED or (is_last and (self._passes_on or self._is_pointer(opening.start))):
            self._passes_on = False
            self._keep(opening)
            return False
        self.has_quotes = True
        return is_last and not self._is_answered(opening)

    def _is_answered(self, opening: Opening) -> bool:
        """Whether the message that is opened has answers in it under the name of who wrote them."""
        return any(map(words.ANSWER_WITHIN.match, self.lines[opening.end : opening.end + _MOST_LINES_ANSWERED]))

    def _is_last(self, opening: Opening) -> bool:
        """Whether nothing new comes after the message that is opened."""
        if opening.start in self._ends:
            return self._is_all(self._ends[opening.start] + 1)
        below = self._next[opening.end]
        if opening.kind in {Kind.ATTRIBUTION, Kind.MARK} and below < len(self.lines) and is_quoted(self.lines[below]):
            return self._is_all(_end_of_quote(self.lines, below))
        return True

    def _is_pointer(self, end: int) -> bool:
        """Whether what stands above is nothing, or only says that the message is below."""
        place = (self._own, min(end, self._own + MOST_LINES_ABOVE + 1))
        if place not in self._known:
            self._known[place] = self._points_down(self.lines[slice(*place)])
        return self._known[place]

    def _points_down(self, above: list[str]) -> bool:
        if len(above) > MOST_LINES_ABOVE or sum(map(len, above)) > MOST_LETTERS_ABOVE:
            return False
        lines = [line.strip() for line in without_signature(above, may_be_all=True) if says_something(line)]
        said = " ".join(lines)
        if not said or (not self._pointed and _only_greets(lines)):
            return True
        return not self._pointed and len(said) <= _SHORT and bool(words.POINTS_DOWN.search(said))

    def _keep(self, opening: Opening) -> None:
        """The message that is opened counts as part of this one."""
        self._own = opening.end
        self._pointed = True
        self._starts.append(opening.start)
        below = self._next[opening.end]
        if below < len(self.lines) and is_quoted(self.lines[below]) and self._lifted < MOST_LIFTED:
            self._lifted += 1
            self.lines[below:] = [line.removeprefix(">").removeprefix(" ") for line in self.lines[below:]]
            self._next = _next_said(self.lines)

    def _is_all(self, end: int) -> bool:
        """Whether nothing comes after this line but a signature, or more history."""
        at = self._next[end]
        if at == len(self.lines) or ((opening := opening_at(self.lines, at)) and opening.is_sure):
            return True
        last = at
        for _ in range(MOST_SIGNATURE_LINES + 4):
            last = self._next[last + 1] if last < len(self.lines) else last
        if last < len(self.lines):
            return False
        rest = without_signature(["", *self.lines[end:]], may_be_all=True)
        return not any(map(says_something, rest))


def _only_greets(lines: list[str]) -> bool:
    """Whether there is a salutation, and a farewell with a name, and nothing between them."""
    while lines and words.GREETING.fullmatch(lines[0]):
        lines = lines[1:]
    if lines and words.CLOSING.fullmatch(lines[0]):
        return len(lines) <= _MOST_LINES_SIGNED and all(line.istitle() for line in lines[1:])
    return not lines


def _ends_history(line: str) -> bool:
    return is_quoted(line) or line == Mark.HISTORY_END


def _containers(lines: Sequence[str]) -> dict[int, int]:
    """Where each marked piece of history ends."""
    ends: dict[int, int] = {}
    opened: list[int] = []
    for at, line in enumerate(lines):
        if line == Mark.HISTORY:
            opened.append(at)
        elif line == Mark.HISTORY_END and opened:
            ends[opened.pop()] = at
    return ends


def _end_of_quote(lines: Sequence[str], at: int) -> int:
    """Where quoted lines end; blank ones and marks between them count."""
    end = at
    while at < len(lines) and (is_quoted(lines[at]) or not lines[at].strip() or lines[at].startswith("\0")):
        at += 1
        end = at if is_quoted(lines[at - 1]) else end
    return end


def _next_said(lines: Sequence[str]) -> list[int]:
    """For each line, and for the place after the last, which is the next that says something."""
    found = [len(lines)]
    for at in range(len(lines) - 1, -1, -1):
        found.append(at if says_something(lines[at]) or is_quoted(lines[at]) else found[-1])
    return found[::-1]


def shortened(lines: Iterable[str]) -> Iterator[str]:
    """The lines, of each quote only the end, which is what is answered."""
    quote: list[str] = []
    for line in lines:
        if is_quoted(line):
            quote.append(line)
        else:
            yield from _end_of(quote)
            quote = []
            yield line
    yield from _end_of(quote)


def _end_of(quote: list[str]) -> Iterator[str]:
    said = [line for line in quote if line.strip("> ")]
    if len(said) > LINES_OF_QUOTE:
        yield "> […]"
    for line in said[-LINES_OF_QUOTE:]:
        yield line if len(line) <= LONGEST_QUOTED else f"{line[: LONGEST_QUOTED - 1].rstrip()}…"
