"""HTML mail as text: what a person reads, without the marks of the markup."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.html_text import html_to_text

FRAGMENTS = ["<p>", "</p>", "<br>", "<hr>", "<table><tr><td>", "</td><td>", "</td></tr></table>", "<ul><li>", "a", " "]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param("<p>One</p><p>Two</p>", "One\r\n\r\nTwo", id="paragraphs"),
        pytest.param("<p>One<br>Two</p>", "One\r\nTwo", id="line break"),
        pytest.param("<p>One\r\n   and\ttwo</p>", "One and two", id="blanks are one"),
        pytest.param("<p>&lt;b&gt; &amp; caf&eacute;</p>", "<b> & café", id="entities"),
        pytest.param("<head><title>T</title><style>p {}</style></head><p>Seen</p>", "Seen", id="hidden parts"),
        pytest.param(
            "<table><tr><td>Net</td><td>12</td></tr><tr><td>Tax</td><td>2</td></tr></table>",
            "Net\t12\r\nTax\t2",
            id="table: one line a row, a tab between cells",
        ),
        pytest.param("<table><tr><th>A</th><th>B</th></tr></table><p>Below</p>", "A\tB\r\n\r\nBelow", id="heads"),
        pytest.param("<ul><li>Bread</li><li>Milk</li></ul>", "* Bread\r\n* Milk", id="list"),
        pytest.param("<p>a</p><hr><p>b</p>", "a\r\n\r\n________________________________\r\n\r\nb", id="rule"),
        pytest.param('<p><img src="cid:1" alt="[plan]"></p>', "[plan]", id="picture"),
        pytest.param('<p><img src="cid:1"></p>', "", id="picture without words"),
        pytest.param("<div><div><div>deep</div></div></div><div></div>", "deep", id="empty blocks"),
        pytest.param("</style>odd</p>", "odd", id="closed but never opened"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_html_becomes_what_a_person_reads(html: str, text: str) -> None:
    assert html_to_text(html) == text


@given(st.lists(st.sampled_from(FRAGMENTS)))
def test_text_has_no_runs_of_blank_lines_and_no_stray_blanks(parts: list[str]) -> None:
    lines = html_to_text("".join(parts)).split("\r\n")
    assert all(line == line.strip() for line in lines)
    assert not any(first == second == "" for first, second in pairwise(lines))
