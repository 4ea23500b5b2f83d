"""`$search`: the directory's clauses and Exchange's keywords reach the workload term by term."""

from __future__ import annotations

import pytest

from emulator.odata import ODataError
from emulator.odata.search import Predicate, has_words, read_search, words


def holds(text: str, *terms: str, joins_words: bool = False) -> bool:
    """Whether a search passes an item that has just these terms."""

    def term(token: str) -> Predicate[frozenset[str]]:
        return lambda item: token.replace('"', "") in item

    return read_search(text, term, joins_words=joins_words)(frozenset(terms))


@pytest.mark.parametrize(
    ("text", "terms", "expected"),
    [
        pytest.param('"displayName:word" OR "mail:x"', ("mail:x",), True, id="or"),
        pytest.param('"displayName:word" AND "mail:x"', ("mail:x",), False, id="and"),
        pytest.param('"displayName:two words"', ("displayName:two words",), True, id="blank inside quotes"),
        pytest.param('("a:1" OR "a:2") AND "b:3"', ("a:2", "b:3"), True, id="parentheses"),
        pytest.param('"a:1" OR "a:2" AND "b:3"', ("a:1",), True, id="and before or"),
        pytest.param('NOT "a:1"', ("a:1",), False, id="not"),
    ],
)
def test_clauses_of_the_directory_are_joined(text: str, terms: tuple[str, ...], *, expected: bool) -> None:
    assert holds(text, *terms) is expected


@pytest.mark.parametrize(
    ("text", "terms", "expected"),
    [
        pytest.param("from:ada subject:plan", ("from:ada", "subject:plan"), True, id="neighbours mean and"),
        pytest.param("from:ada subject:plan", ("from:ada",), False, id="both are needed"),
        pytest.param('subject:"the plan" OR size>=100', ("size>=100",), True, id="quotes behind a name"),
        pytest.param("subject:(plan OR draft)", ("subject:draft",), True, id="a name before parentheses"),
        pytest.param("plan NOT draft", ("plan", "draft"), False, id="not beside a word"),
    ],
)
def test_keywords_of_exchange_are_joined(text: str, terms: tuple[str, ...], *, expected: bool) -> None:
    assert holds(text, *terms, joins_words=True) is expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param('"a" "b"', id="neighbours where they mean nothing"),
        pytest.param('"a" OR', id="end after or"),
        pytest.param('("a"', id="open parenthesis"),
        pytest.param('"a")', id="extra parenthesis"),
        pytest.param('"a', id="open quote"),
        pytest.param("(" * 200, id="too deep"),
    ],
)
def test_a_bad_search_is_refused(text: str) -> None:
    with pytest.raises(ODataError, match=r"\$search"):
        holds(text)


@pytest.mark.parametrize(
    ("text", "wanted", "found"),
    [
        pytest.param("The Plan, again", "plan", True, id="a word without case"),
        pytest.param("The Plan, again", "the pl", True, id="the last word only begun"),
        pytest.param("The Plan, again", "th plan", False, id="an earlier word only begun"),
        pytest.param("The Plan, again", "lan", False, id="the end of a word"),
        pytest.param("", "plan", False, id="no text"),
    ],
)
def test_words_are_found_from_their_beginning(text: str, wanted: str, *, found: bool) -> None:
    assert has_words(words(text), words(wanted)) is found
