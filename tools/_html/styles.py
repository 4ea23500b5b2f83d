"""Which declarations hold for an element, by the rules of the sheets and by its own style, within a budget of work."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from tools._html.css import Declarations, declarations, declared, overlay, shielded, value_of
from tools._html.document import Open
from tools._html.looks import hiding_of
from tools._html.sheets import Attribute, Part, Rule, Step, rules_of

# What a page may cost, in steps of about a tenth of a microsecond; real pages take a hundredth of it.
MOST_JUDGED = 1_500_000
_MOST_VARIABLES = 4
_LONGEST_VALUE = 500
_VARIABLE = re.compile(r"var\(\s{0,9}(--[\w-]{1,60})\s{0,9}(?:,([^()]{0,100}))?\)")
_PER_RULE = 4
_PER_STEP = 6
_PER_DECLARATION = 40

Parts = frozenset[Part]


@dataclass(frozen=True, slots=True)
class Style:
    """What surely holds for an element, and what hides it in the programs that follow all rules."""

    sure: Declarations
    perhaps: Declarations


class Styles:
    """Follows the elements as they are opened and closed, and tells what holds for each."""

    def __init__(self, sheets: list[str], late: list[str], most: int = MOST_JUDGED) -> None:
        rules = rules_of(sheets, late)
        # A page whose rules cannot all be judged is not shown: what they hide would be.
        self._left = -1 if rules is None else most
        self._buckets: dict[Part | None, list[tuple[int, Rule]]] = {}
        self._wanted: set[Part] = set()
        self._attributes: dict[str, list[Attribute]] = {}
        for number, rule in enumerate(rules or ()):
            self._keep(number, rule)
        # Every page is in these, whether it says so or not.
        self._around: Counter[Part] = Counter(["html", "body"])
        self._seen: set[Part] = set()
        self._path: list[Parts] = [frozenset(["html"]), frozenset(["body"])]
        self._parts: dict[tuple[str | tuple[str, str], ...], Parts] = {}
        self._fitting: dict[Parts, list[Rule]] = {}
        self._merged: dict[tuple[int, ...], Style] = {}
        self._read: dict[str, Declarations] = {}
        self._custom: Declarations = {}
        for rule in rules or ():
            self._learn(rule.style)

    @property
    def is_spent(self) -> bool:
        """Whether the page asks for more judging than any real one does."""
        return self._left < 0

    def of(self, opened: Open) -> Style:
        """What holds for an element that is about to be entered."""
        found = self._of_sheets(self._holding(self.parts(opened))) if self._buckets else _NONE
        own = opened["style"]
        if not own:
            return found
        sure = dict(found.sure)
        overlay(sure, self._own(own))
        return Style(sure, found.perhaps)

    def enter(self, opened: Open) -> None:
        """What comes is in this element."""
        if self._buckets:
            parts = self.parts(opened)
            self._around.update(parts)
            self._seen |= parts
            self._path.append(parts)

    def leave(self) -> None:
        """What comes is not in it any more."""
        if self._buckets:
            self._around.subtract(self._path.pop())

    def parts(self, opened: Open) -> Parts:
        """What the rules may ask for, and the element has."""
        asked = self._attributes
        pairs = (pair for pair in opened.attributes.items() if pair[0] in {"class", "id"} or pair[0] in asked)
        key: tuple[str | tuple[str, str], ...] = (opened.name, *pairs)
        if key not in self._parts:
            self._parts[key] = self._parts_of(opened)
        return self._parts[key]

    def _keep(self, number: int, rule: Rule) -> None:
        self._buckets.setdefault(min(rule.own, key=_commonness, default=None), []).append((number, rule))
        for parts in (rule.own, rule.before, *(step.parts for step in rule.around)):
            self._wanted |= parts
        for part in self._wanted_attributes(rule):
            known = self._attributes.setdefault(part.name, [])
            if part not in known[-20:]:
                known.append(part)

    def _wanted_attributes(self, rule: Rule) -> list[Attribute]:
        parts = (*rule.own, *rule.before, *(part for step in rule.around for part in step.parts))
        return [part for part in parts if isinstance(part, Attribute)]

    def _parts_of(self, opened: Open) -> Parts:
        classes = shielded(opened["class"]).lower().split()
        self._left -= len(classes) + len(self._attributes) + 10
        own: set[Part] = {f".{each}" for each in classes}
        own |= {opened.name, f"#{shielded(opened['id']).lower()}"}
        for name, wanted in self._attributes.items():
            if name in opened.attributes:
                value = shielded(opened[name]).lower()
                self._left -= len(wanted) * (_PER_STEP + len(value) // 50)
                own.update(each for each in wanted if not self.is_spent and each.fits(value))
        return frozenset(own & self._wanted)

    def _holding(self, parts: Parts) -> list[Rule]:
        fitting = self._rules_for(parts)
        self._left -= len(fitting) * _PER_RULE
        return [rule for rule in fitting if not self.is_spent and self._holds(rule)]

    def _rules_for(self, own: Parts) -> list[Rule]:
        if own not in self._fitting:
            found = [pair for part in (None, *own) for pair in self._buckets.get(part, ())]
            self._left -= len(found) * _PER_RULE
            self._fitting[own] = [rule for _, rule in sorted(found, key=lambda pair: pair[0]) if rule.own <= own]
        return self._fitting[own]

    def _holds(self, rule: Rule) -> bool:
        if not rule.before <= self._seen:
            return False
        around = rule.around
        if not around:
            return True
        if not all(self._around[part] for step in around for part in step.parts):
            return False
        if len(around) == 1 and not around[0].is_parent and len(around[0].parts) <= 1:
            return True
        return self._leads_here(around)

    def _leads_here(self, steps: tuple[Step, ...]) -> bool:
        """Whether the elements around have what the steps ask, one in the other."""
        self._left -= len(self._path) * len(steps) * _PER_STEP
        if self.is_spent:
            return True
        ever, last = [True, *[False] * len(steps)], [False] * (len(steps) + 1)
        for parts in self._path:
            now = [False] * len(last)
            for number, step in enumerate(steps):
                comes = last[number] if number and steps[number - 1].is_parent else ever[number]
                now[number + 1] = comes and step.parts <= parts
            last = now
            ever = [was or now for was, now in zip(ever, now, strict=True)]
        return last[-1] if steps[-1].is_parent else ever[-1]

    def _of_sheets(self, rules: list[Rule]) -> Style:
        key = tuple(map(id, rules))
        if key not in self._merged:
            self._left -= sum(len(rule.style) for rule in rules) * _PER_STEP
            found = _merged(rules)
            self._merged[key] = Style(self._resolved(found.sure), self._resolved(found.perhaps))
        return self._merged[key]

    def _own(self, style: str) -> Declarations:
        if style not in self._read:
            self._left -= (style.count(";") + style.count("\\") + 1) * _PER_DECLARATION + len(style)
            self._read[style] = {} if self.is_spent else declarations(style)
            self._learn(self._read[style])
        return self._resolved(self._read[style])

    def _learn(self, style: Declarations) -> None:
        self._custom |= {name: value for name, value in style.items() if name.startswith("--")}

    def _resolved(self, style: Declarations) -> Declarations:
        """A style with the page's own variables put in: the last value of each, wherever it was given."""
        if not any("var(" in value for value in style.values()):
            return style
        self._left -= len(style) * _PER_DECLARATION * _MOST_VARIABLES
        found: Declarations = {}
        for name, value in style.items():
            filled = value
            for _ in range(_MOST_VARIABLES):
                filled = _VARIABLE.sub(self._variable, filled[:_LONGEST_VALUE])
            overlay(found, declared([f"{name}:{filled}"]) or {name: value})
        return found

    def _variable(self, found: re.Match[str]) -> str:
        return value_of(self._custom, found[1]) or found[2] or ""


_NONE = Style({}, {})


def _commonness(part: Part) -> tuple[int, str]:
    if isinstance(part, Attribute):
        return 2, part.name
    return (0 if part[0] == "#" else 1 if part[0] == "." else 3), part


def _merged(rules: list[Rule]) -> Style:
    sure: Declarations = {}
    perhaps: Declarations = {}
    for rule in rules:
        if rule.is_sure:
            overlay(sure, rule.style)
        else:
            overlay(perhaps, hiding_of(rule.style))
    return Style(sure, perhaps)
