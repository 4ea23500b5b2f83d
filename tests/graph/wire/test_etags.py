"""graph/wire/etags.py: tags that are sent back as they came, or not at all."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import ToolInputError
from graph import wire

TAGS = [
    pytest.param('"a"', id="strong"),
    pytest.param('W/"JzEtVGFzayAgQEBAQEBAQEBAQEBAQEBAWCc="', id="weak"),
    pytest.param('"{0E8182EC-5EE9-41E6-96BA-372340F873CB},1"', id="SharePoint's"),
    pytest.param("aRjRENTc2MzI5LjA", id="one without quotes"),
]
BAD = [
    pytest.param("", id="empty"),
    pytest.param('"a"\r\nX: y', id="a header"),
    pytest.param('"a\n"', id="a line break"),
    pytest.param('"a", "b"', id="two"),
    pytest.param('"a', id="an open quote"),
    pytest.param('w/"a"', id="a weak one in small letters"),
    pytest.param('""', id="an empty one"),
    pytest.param('"\u00e9"', id="not ASCII"),
    pytest.param("a b", id="a space without quotes"),
    pytest.param('"' + "a" * 2000 + '"', id="too long"),
]


@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_is_sent_back_as_it_came(tag: str) -> None:
    assert wire.etag_of({"etag": tag}, {}) == tag
    assert wire.etag_of({}, {"@odata.etag": tag}) == tag
    assert wire.matches(tag) == {"If-Match": tag}
    assert wire.differs(tag) == {"If-None-Match": tag}


@pytest.mark.parametrize("tag", BAD)
def test_what_is_no_tag_is_not_sent(tag: str) -> None:
    assert wire.etag_of({"etag": tag}, {}) is None
    for header in (wire.matches, wire.differs):
        with pytest.raises(ToolInputError, match="ETag"):
            header(tag)


@pytest.mark.parametrize(
    ("headers", "body", "tag"),
    [
        pytest.param({"etag": '"h"'}, {"@odata.etag": '"b"'}, '"h"', id="the header's first"),
        pytest.param({"etag": "\x00"}, {"@odata.etag": '"b"'}, '"b"', id="the body's where the header's is nonsense"),
        pytest.param({}, {"eTag": '"f"'}, '"f"', id="a file's"),
        pytest.param({}, {"@odata.etag": 5, "eTag": None}, None, id="none"),
        pytest.param({"etag": "*"}, {}, None, id="any is not one"),
    ],
)
def test_the_tag_of_an_answer_is_found(headers: dict[str, str], body: dict[str, Any], tag: str | None) -> None:
    assert wire.etag_of(headers, body) == tag


def test_any_state_can_be_asked_for() -> None:
    assert wire.matches("*") == {"If-Match": "*"}


@given(st.text(max_size=30))
def test_whatever_is_sent_fits_into_a_header(text: str) -> None:
    try:
        headers = wire.matches(text)
    except ToolInputError:
        return
    assert httpx.Headers(headers).raw == [(b"If-Match", text.encode("ascii"))]
    assert text.isprintable()
