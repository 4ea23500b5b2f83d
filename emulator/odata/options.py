"""The query options of one request, read from its URL, and those inside an `$expand`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from emulator.odata.check import parsed_filter
from emulator.odata.errors import ODataError, UnknownProperty
from emulator.odata.names import PLAIN, Names, cast_target
from emulator.odata.option_text import NESTED, listed, named, number, refusal, text_of, truth
from emulator.odata.ordering import read_orderby
from emulator.odata.selecting import Selection, read_select
from emulator.odata.splitting import split_list, unreadable
from emulator.odata.types import Navigation, Structured

_ALL = "*"
_REFERENCE = "$ref"
# What one level may hold is bounded by the text; this bounds the levels.
_DEEPEST = 12


@dataclass(frozen=True)
class Options:
    """What a caller asked for; `plain` holds the parameters that are not OData's, `levels` is for an `$expand` only.

    `selection` and `expand` are empty until the options are held against a type.
    """

    select: tuple[str, ...] = ()
    filter: str | None = None
    orderby: str | None = None
    top: int | None = None
    skip: int | None = None
    count: bool = False
    search: str | None = None
    skiptoken: str | None = None
    deltatoken: str | None = None
    expand_text: str | None = None
    levels: str | None = None
    plain: Mapping[str, str] = field(default_factory=dict)
    selection: Selection = field(default_factory=Selection)
    expand: tuple[Expansion, ...] = ()

    def held_against(self, kind: Structured, names: Names = PLAIN) -> Options:
        """The same options with `$select` and `$expand` read for this type."""
        selection = read_select(self.select, kind, names)
        expand = read_expand(self.expand_text, kind, names) if self.expand_text else ()
        return replace(self, selection=selection, expand=expand)


@dataclass(frozen=True)
class Expansion:
    """A navigation to follow from items of the type `owner`, or from all.

    Of what it leads to it shows what is of the type `cast`, or all, as `options` say, which are held against that type.
    `levels` is how often to follow it on from there.
    """

    navigation: Navigation
    cast: Structured | None
    options: Options
    levels: int | Literal["max"] = 1
    is_ref: bool = False
    owner: Structured | None = None

    def with_levels(self, levels: int) -> Expansion:
        """The same with another number of levels."""
        return replace(self, levels=levels)


def read_options(query: Iterable[tuple[str, str]], allowed: frozenset[str], *, bare: bool = False) -> Options:
    """Read the options; `bare` also takes them without the dollar sign, as beta does."""
    given = named(query, bare=bare)
    for name in given:
        if name.startswith("$") and name not in allowed:
            raise ODataError(refusal(name))
    return Options(
        select=listed(given.get("$select")),
        filter=text_of(given, "$filter"),
        orderby=text_of(given, "$orderby"),
        top=number(given, "$top"),
        skip=number(given, "$skip"),
        count=truth(given),
        search=text_of(given, "$search"),
        skiptoken=given.get("$skiptoken"),
        deltatoken=given.get("$deltatoken"),
        expand_text=text_of(given, "$expand"),
        levels=given.get("$levels"),
        plain={name: value for name, value in given.items() if not name.startswith("$")},
    )


def read_nested(text: str) -> Options:
    """Read the options in the parentheses of an `$expand`; semicolons part them."""
    pairs = []
    for part in filter(None, split_list(text, ";")):
        name, sign, value = part.partition("=")
        if not sign or not name.startswith("$"):
            raise unreadable(part)
        pairs.append((name.strip(), value.strip()))
    return read_options(pairs, NESTED)


def read_expand(text: str, kind: Structured, names: Names = PLAIN) -> tuple[Expansion, ...]:
    """The navigations named, all their options held against the types they lead to."""
    return _expansions(text, kind, names, 1)


@dataclass(frozen=True)
class _Term:
    """One item of an `$expand`, taken apart."""

    text: str
    segments: tuple[str, ...]
    options: Options
    is_ref: bool


def _expansions(text: str, kind: Structured, names: Names, depth: int) -> tuple[Expansion, ...]:
    if depth > _DEEPEST:
        raise ODataError(f"The $expand is nested too deeply; the maximum depth allowed is {_DEEPEST}.")
    given: dict[tuple[Structured | None, str], Expansion] = {}
    starred: dict[tuple[Structured | None, str], Expansion] = {}
    for term in (_term(part) for part in split_list(text, ",")):
        if term.segments == (_ALL,):
            starred |= {(None, expansion.navigation.name): expansion for expansion in _all(term, kind)}
            continue
        expansion = _expansion(term, kind, names, depth)
        key = (expansion.owner, expansion.navigation.name)
        if key in given:
            raise ODataError(f"Parsing OData Select and Expand failed: '{key[1]}' is expanded more than once.")
        given[key] = expansion
    return tuple((starred | given).values())


def _term(text: str) -> _Term:
    path, opening, inner = text.partition("(")
    if opening and not inner.endswith(")"):
        raise unreadable(text)
    segments = tuple(segment.strip() for segment in path.split("/"))
    if not all(segments):
        raise unreadable(text)
    is_ref = segments[-1].lower() == _REFERENCE
    return _Term(text, segments[:-1] if is_ref else segments, read_nested(inner[:-1]), is_ref)


def _all(term: _Term, kind: Structured) -> list[Expansion]:
    """Every navigation of the type; beside the star OData lets nothing stand but `$levels`."""
    if replace(term.options, levels=None) != Options():
        raise unreadable(term.text)
    levels = _levels(term.options)
    return [Expansion(navigation, None, term.options, levels, term.is_ref) for navigation in kind.navigations.values()]


def _expansion(term: _Term, kind: Structured, names: Names, depth: int) -> Expansion:
    owner, segments = _casted(term.segments, kind, names)
    if not segments:
        raise unreadable(term.text)
    navigation = _navigation(segments[0], owner, names)
    target, rest = _casted(segments[1:], navigation.target, names)
    if rest:
        raise unreadable(term.text)
    return Expansion(
        navigation,
        None if target is navigation.target else target,
        _held(term.options, target, names, depth),
        _levels(term.options),
        term.is_ref,
        None if owner is kind else owner,
    )


def _held(options: Options, kind: Structured, names: Names, depth: int) -> Options:
    """Options of an expansion: mistakes show before anything is expanded."""
    if options.filter:
        parsed_filter(options.filter, kind, names)
    if options.orderby:
        read_orderby(options.orderby, kind, names)
    expand = _expansions(options.expand_text, kind, names, depth + 1) if options.expand_text else ()
    return replace(options, selection=read_select(options.select, kind, names), expand=expand)


def _casted(segments: tuple[str, ...], kind: Structured, names: Names) -> tuple[Structured, tuple[str, ...]]:
    """The type behind the casts that lead a path, and the rest of the path."""
    while segments and "." in segments[0]:
        found = cast_target(segments[0], kind, names)
        kind = kind if kind.derives_from(found) else found
        segments = segments[1:]
    return kind, segments


def _navigation(name: str, kind: Structured, names: Names) -> Navigation:
    for owner in (kind, *names.heirs(kind)):
        found = owner.find_navigation(name)
        if found is not None:
            return found
    if kind.find(name) is not None:
        raise ODataError(
            f"Property '{kind.find(name)}' on type '{kind.name}' is not a navigation property. "
            "Only navigation properties can be expanded."
        )
    raise UnknownProperty(name, kind.name)


def _levels(options: Options) -> int | Literal["max"]:
    text = options.levels or "1"
    if text.lower() == "max":
        return "max"
    if not (text.isascii() and text.isdigit() and int(text[:12])):
        raise ODataError(f"Invalid value '{text}' for $levels query option found. It is a positive number or 'max'.")
    return int(text[:12])
