"""Style sheets as rules: whom they are about, what they say, and whether they surely hold on a desk."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from tools._html.css import BRACKET, CLOSER, Declarations, declared, quiet
from tools._html.lengths import pixels

# The sheets of real pages have some hundred rules; a page with more than this is not judged, and so not shown.
MOST_RULES = 5_000
LONGEST_SHEETS = 400_000
MOST_COMPOUNDS = 8
MOST_PARTS = 20

# A reader's screen, in pixels: rules for narrower and for wider ones are not his, or perhaps not.
_NARROW = 1024
_WIDE = 1280

_NAME = r"[\w\-\u0080-\U0010ffff]+"
_PART = re.compile(rf"(\*\|)?({_NAME}|\*)|([.#]{_NAME})|(\[[^\[\]]{{1,300}}\])|(::?)({_NAME})(\()?")
_ATTRIBUTE = re.compile(
    rf"\[\s{{0,9}}({_NAME})\s{{0,9}}(?:([~|^$*]?=)\s{{0,9}}\"?([^\"\]]{{0,200}}?)\"?\s{{0,9}}(?:\s[is]\s{{0,9}})?)?\]"
)
_ROUND = re.compile(r"[()]")
_COMBINATOR = re.compile(r"\s*([>+~])\s*|\s+")
_WIDTH = re.compile(r"\(\s{0,9}(min|max)-(?:device-)?width\s{0,9}:([^()]{1,40})\)")
_COLOUR_SCHEME = re.compile(r"\(\s{0,9}prefers-color-scheme\s{0,9}:\s{0,9}(\w{1,9})\s{0,9}\)")
_MEDIUM = re.compile(r"(?:only\s+)?(screen|all)|(?:only\s+)?(print|speech|tty|tv|projection|handheld|braille)")
_NEVER = re.compile(
    r"hover|focus(?:-within|-visible)?|active|visited|target|before|after|first-line|first-letter|selection|marker"
    r"|placeholder|backdrop"
)
_NO_RULES = re.compile(
    r"@(?:-\w{1,9}-)?(?:keyframes|font-face|page|property|counter-style|starting-style|font-feature-values"
    r"|view-transition|viewport)"
)


class Truth(IntEnum):
    """Whether a rule holds: of one that only may, what it hides is hidden, and what it shows is not shown."""

    NO = 0
    PERHAPS = 1
    YES = 2


@dataclass(frozen=True, slots=True)
class Attribute:
    """What a selector asks of an attribute."""

    name: str
    operator: str
    value: str

    def fits(self, has: str) -> bool:
        """Whether an attribute of this value, in lower case, is meant."""
        match self.operator:
            case "":
                return True
            case "=":
                return has == self.value
            case "~=":
                return self.value in has.split()
            case "|=":
                return has == self.value or has.startswith(f"{self.value}-")
        return bool(self.value) and _is_part(self.operator, has, self.value)


def _is_part(operator: str, has: str, value: str) -> bool:
    if operator == "^=":
        return has.startswith(value)
    return has.endswith(value) if operator == "$=" else value in has


# A tag, a class with its dot, an id with its sign, or what an attribute has to be.
Part = str | Attribute


@dataclass(frozen=True, slots=True)
class Step:
    """What an element around must have, and whether the next one lies directly in it."""

    parts: frozenset[Part]
    is_parent: bool


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One selector: what an element must have, what must be around and before it, and what then holds."""

    own: frozenset[Part]
    around: tuple[Step, ...]
    before: frozenset[Part]
    style: Declarations
    is_sure: bool

    @property
    def weight(self) -> tuple[int, int, int]:
        """How much it counts among the others."""
        parts = [*self.own, *self.before, *(part for step in self.around for part in step.parts)]
        ids = sum(isinstance(part, str) and part[0] == "#" for part in parts)
        classes = sum(isinstance(part, Attribute) or part[0] == "." for part in parts)
        return ids, classes, len(parts) - ids - classes


@dataclass(slots=True)
class _Block:
    prelude: str
    selectors: str
    truth: Truth
    said: list[str] = field(default_factory=list)


def rules_of(sheets: list[str], late: Sequence[str] = ()) -> list[Rule] | None:
    """The rules that say what is seen, the weightiest last; None if there are more than any page needs.

    The `late` sheets only hide: they lie in what is not read, and may be no sheets.
    """
    if sum(map(len, (*sheets, *late))) > LONGEST_SHEETS:
        return None
    found: list[Rule] = []
    for sheet, most in (*((each, Truth.YES) for each in sheets), *((each, Truth.PERHAPS) for each in late)):
        for block in _Blocks(quiet(sheet.replace("<!--", " ").replace("-->", " ")).lower()):
            style = declared(block.said)
            if style:
                found += _rules(block.selectors, style, min(block.truth, most))
            if len(found) > MOST_RULES:
                return None
    return sorted(found, key=lambda rule: rule.weight)


class _Blocks:
    """What is in braces, from the inside out, where it may hold."""

    def __init__(self, sheet: str) -> None:
        self._sheet = sheet
        self._start = 0
        self._open: list[_Block] = []
        self._asked_at = -1
        self._is_rule = False

    def __iter__(self) -> Iterator[_Block]:
        closers: list[str] = []
        for found in BRACKET.finditer(self._sheet):
            if closers or found[0] in "([":
                _skip(closers, found[0])
            elif found[0] in "{};":
                yield from self._at(found[0], found.start())
        while self._open:
            yield from self._ended(len(self._sheet))

    def _at(self, sign: str, at: int) -> Iterator[_Block]:
        if sign == "{":
            prelude = self._sheet[self._start : at].strip()
            self._open.append(_opened(prelude, self._open[-1] if self._open else None))
        elif sign == "}":
            yield from self._ended(at)
        elif self._open:
            self._open[-1].said.append(self._sheet[self._start : at])
        elif not self._is_at_rule(at):
            return
        self._start = at + 1

    def _is_at_rule(self, at: int) -> bool:
        """Whether a sign that stands between blocks ends a rule: a selector goes on behind it."""
        if self._asked_at != self._start:
            self._asked_at = self._start
            self._is_rule = self._sheet[self._start : at].lstrip().startswith("@")
        return self._is_rule

    def _ended(self, at: int) -> Iterator[_Block]:
        if self._open:
            block = self._open.pop()
            block.said.append(self._sheet[self._start : at])
            if block.selectors and block.truth is not Truth.NO:
                yield block
        self._start = at


def _skip(closers: list[str], sign: str) -> None:
    if sign in CLOSER:
        closers.append(CLOSER[sign])
    elif sign == closers[-1]:
        closers.pop()


def _opened(prelude: str, outer: _Block | None) -> _Block:
    selectors = outer.selectors if outer else ""
    truth = outer.truth if outer else Truth.YES
    if prelude.startswith("@"):
        return _Block(prelude, selectors, min(truth, _at_rule(prelude), _nested(selectors)))
    # A sign that went astray before a selector makes browsers leave the rule out, but not all other programs.
    astray = Truth.PERHAPS if ";" in prelude else Truth.YES
    own = prelude.rpartition(";")[2].replace("&", " ").strip()
    return _Block(prelude, own or selectors, min(truth, astray, _nested(selectors)))


def _nested(selectors: str) -> Truth:
    return Truth.PERHAPS if selectors else Truth.YES


def _at_rule(prelude: str) -> Truth:
    name = re.split(r"[\s(]", prelude, maxsplit=1)[0]
    if _NO_RULES.fullmatch(name):
        return Truth.NO
    if name != "@media" or len(prelude) > 1000:
        return Truth.PERHAPS
    return max(_medium(query.strip()) for query in prelude.removeprefix("@media").split(","))


def _medium(query: str) -> Truth:
    truths = [_condition(each.strip()) for each in re.split(r"\sand\b", query)]
    return min(truths)


def _condition(condition: str) -> Truth:
    if not condition:
        return Truth.YES
    if width := _WIDTH.fullmatch(condition):
        return _by_width(width[1], pixels(width[2]))
    if scheme := _COLOUR_SCHEME.fullmatch(condition):
        return Truth.NO if scheme[1] == "dark" else Truth.YES
    if medium := _MEDIUM.fullmatch(condition):
        return Truth.YES if medium[1] else Truth.NO
    return Truth.PERHAPS


def _by_width(bound: str, width: float | None) -> Truth:
    if width is None:
        return Truth.PERHAPS
    if bound == "min":
        return Truth.YES if width <= _NARROW else Truth.PERHAPS
    return Truth.NO if width < _WIDE else Truth.PERHAPS


def _rules(selectors: str, style: Declarations, truth: Truth) -> Iterator[Rule]:
    """One for each selector; commas in brackets do not part them."""
    if "(" in selectors or "[" in selectors:
        selectors = re.sub(r"[(\[][^()\[\]]{0,300}[)\]]", lambda found: found[0].replace(",", "\0"), selectors)
    for selector in selectors.split(",")[: MOST_RULES + 1]:
        rule = _rule(selector.strip(), style, truth)
        if rule is not None:
            yield rule


def _rule(selector: str, style: Declarations, truth: Truth) -> Rule | None:
    """What a selector means; of what is too much to be judged, its end."""
    if not selector:
        return None
    compounds, signs = _compounds(selector)
    truth = min(truth, Truth.YES if len(compounds) <= MOST_COMPOUNDS else Truth.PERHAPS)
    judged = [_judged(each) for each in compounds[-MOST_COMPOUNDS:]]
    truth = min(truth, *(truth for _, truth in judged))
    if truth is Truth.NO:
        return None
    *others, own = (parts for parts, _ in judged)
    around, before = [], set[Part]()
    for parts, sign in zip(others, signs[-len(others) :] if others else [], strict=True):
        if sign in {"+", "~"}:
            before |= parts
            truth = Truth.PERHAPS
        else:
            around.append(Step(parts, sign == ">"))
    return Rule(own, tuple(around), frozenset(before), style, truth is Truth.YES)


def _compounds(selector: str) -> tuple[list[str], list[str]]:
    """The parts of a selector and the signs between them; spaces in brackets do not part them."""
    if "(" in selector or "[" in selector:
        selector = re.sub(r"[(\[][^()\[\]]{0,300}[)\]]", lambda found: _unspaced(found[0]), selector)
    compounds, signs, start = [], [], 0
    for found in _COMBINATOR.finditer(selector):
        compounds.append(selector[start : found.start()])
        signs.append(found[1] or " ")
        start = found.end()
    return [*compounds, selector[start:]], signs


def _unspaced(text: str) -> str:
    return text.translate({0x20: "\1", 0x09: "\1", 0x0A: "\1", 0x0D: "\1", 0x3E: "\2", 0x2B: "\3", 0x7E: "\4"})


def _spaced(text: str) -> str:
    return text.translate({1: " ", 2: ">", 3: "+", 4: "~"})


def _judged(compound: str) -> tuple[frozenset[Part], Truth]:
    """What an element must have for it, and whether that is all it takes."""
    parts: set[Part] = set()
    truth, at = Truth.YES, 0
    while at < len(compound):
        found = _PART.match(compound, at)
        if found is None or len(parts) > MOST_PARTS:
            return frozenset(parts), Truth.PERHAPS
        at = found.end()
        part, holds = _part(found)
        parts |= {part} if part else set()
        truth = min(truth, holds)
        if found[7]:
            at = _after_bracket(compound, at)
    return frozenset(parts), truth


def _after_bracket(compound: str, at: int) -> int:
    depth = 1
    for found in _ROUND.finditer(compound, at):
        depth += 1 if found[0] == "(" else -1
        if not depth:
            return found.end()
    return len(compound)


def _part(found: re.Match[str]) -> tuple[Part | None, Truth]:
    tag, name, bracket, state = found[2], found[3], found[4], found[6]
    if bracket:
        return _attribute(bracket)
    if state:
        return _STATES.get(state), Truth.YES if state in _STATES else _state(found[5], state)
    return (None if tag == "*" else tag or name), Truth.YES


def _attribute(bracket: str) -> tuple[Part | None, Truth]:
    found = _ATTRIBUTE.fullmatch(_spaced(bracket))
    if found is None:
        return None, Truth.PERHAPS
    return Attribute(found[1], found[2] or "", found[3] or ""), Truth.YES


def _state(colons: str, state: str) -> Truth:
    return Truth.NO if colons == "::" or _NEVER.fullmatch(state) else Truth.PERHAPS


_STATES: dict[str, Part] = {
    "link": Attribute("href", "", ""),
    "any-link": Attribute("href", "", ""),
    "root": "html",
}
