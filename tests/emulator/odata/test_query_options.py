"""The query options of a request: which are known, how each must look, and what is refused."""

from __future__ import annotations

import pytest

from emulator.odata import ODataError, read_nested, read_options
from emulator.odata.option_text import KNOWN


def test_options_are_read_from_a_query() -> None:
    options = read_options(
        [
            ("$SELECT", "id, name"),
            ("$filter", "id eq '1'"),
            ("$orderby", "id"),
            ("$top", "3"),
            ("$skip", "4"),
            ("$count", "TRUE"),
            ("$search", '"x"'),
            ("$expand", "a($select=b)"),
            ("$skiptoken", "next"),
            ("$deltatoken", "latest"),
            ("$format", "application/json;odata.metadata=minimal"),
            ("startDateTime", "2026-01-01"),
        ],
        KNOWN,
    )
    assert (options.select, options.filter, options.orderby) == (("id", "name"), "id eq '1'", "id")
    assert (options.top, options.skip, options.count, options.search) == (3, 4, True, '"x"')
    assert (options.expand_text, options.skiptoken, options.deltatoken) == ("a($select=b)", "next", "latest")
    assert options.plain == {"startDateTime": "2026-01-01"}


def test_the_dollar_may_be_left_out_where_the_service_allows_it() -> None:
    query = [("Top", "3"), ("expand", "a"), ("token", "x")]
    bare = read_options(query, KNOWN, bare=True)
    assert (bare.top, bare.expand_text, bare.plain) == (3, "a", {"token": "x"})
    plain = read_options(query, KNOWN)
    assert (plain.top, plain.expand_text, set(plain.plain)) == (None, None, {"Top", "expand", "token"})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        pytest.param("$apply", "x", "'$apply' is not supported by the service.", id="known but refused: apply"),
        pytest.param("$compute", "x", "'$compute' is not supported by the service.", id="known but refused: compute"),
        pytest.param(
            "$deltatoken", "x", "'$deltatoken' is not supported by the service.", id="known but refused: delta"
        ),
        pytest.param("$levels", "1", "The query parameter '$levels' is not supported.", id="only inside an expand"),
        pytest.param("$nope", "1", "The query parameter '$nope' is not supported.", id="unknown"),
        pytest.param("$top", "-1", "Invalid value '-1' for $top", id="negative"),
        pytest.param("$top", "٣", "Invalid value", id="digits of another script"),
        pytest.param("$count", "maybe", "Invalid value 'maybe' for $count", id="neither true nor false"),
        pytest.param("$filter", " ", "$filter cannot be empty", id="empty filter"),
        pytest.param("$select", "a,,b", "'a,,b' is not valid in a $select", id="empty name"),
        pytest.param("$format", "xml", "$format query option must be", id="format"),
    ],
)
def test_a_bad_option_is_refused(name: str, value: str, message: str) -> None:
    allowed = frozenset({"$top", "$count", "$filter", "$select"})
    with pytest.raises(ODataError) as caught:
        read_options([(name, value)], allowed)
    assert message in str(caught.value)


def test_an_option_is_given_once() -> None:
    with pytest.raises(ODataError, match=r"'\$top' was specified more than once"):
        read_options([("$top", "1"), ("$Top", "2")], KNOWN)
    with pytest.raises(ODataError, match=r"'\$top' was specified more than once"):
        read_options([("top", "1"), ("$top", "2")], KNOWN, bare=True)


def test_nested_options_stand_between_semicolons() -> None:
    options = read_nested(" $top = 2 ; $filter=a eq ';' ;; $levels=max;")
    assert (options.top, options.filter, options.levels) == (2, "a eq ';'", "max")
    assert read_nested("") == read_options([], KNOWN)
