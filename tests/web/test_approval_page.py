"""web/pages/approval.py: what a person reads before they say yes or no."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.responses import Response

from web import pages
from web.pages.approval import Ending

EVIL = "\"></p></section></form><img src=x onerror=alert(1)>'</style><script>x</script><button name=choice>"
SEEN = "a-value-from-the-page"


@dataclass(frozen=True)
class Asked:
    """A question as some other part of the program would put it."""

    title: str = "Send a mail?"
    lines: Sequence[tuple[str, str]] = (("As", "ines.aldana@lindenhall.example"), ("Subject", "Minutes"))
    text: str = "Dear all,\nhere they are."
    warning: str = ""


class Outline(HTMLParser):
    """The elements of a page, and whether each that needs an end has one."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in {"meta", "input"}:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


def html_of(question: Asked) -> str:
    return text_of(pages.approval(question, SEEN, 10))


def text_of(response: Response) -> str:
    return bytes(response.body).decode()


def row(label: str, value: str) -> str:
    return f"<div><dt><bdi>{label}</bdi></dt><dd>{value}</dd></div>"


def test_the_question_shows_what_as_whom_and_how_long() -> None:
    html = html_of(Asked())
    assert '<html lang="en">' in html
    assert "<h1>Send a mail?</h1>" in html
    assert "An AI assistant wants to do this in your name. It happens only if you approve." in html
    assert row("As", "<bdi>ines.aldana@lindenhall.example</bdi>") in html
    assert row("Subject", "<bdi>Minutes</bdi>") in html
    assert "<h2>Text</h2><p><bdi>Dear all,\nhere they are.</bdi></p>" in html
    assert "answered once, within 10 minutes." in html


def test_the_last_minute_is_one() -> None:
    assert "within 1 minute." in text_of(pages.approval(Asked(), SEEN, 1))


def test_nothing_is_pressed_by_itself_and_to_decline_comes_first() -> None:
    html = html_of(Asked())
    assert "autofocus" not in html
    assert re.findall(r"<(\w+)[^>]* (?:name)=\"(\w+)\" value=\"([^\"]+)\"", html) == [
        ("input", "seen", SEEN),
        ("button", "choice", "decline"),
        ("button", "choice", "approve"),
    ]
    assert html.count("<form") == 1
    assert '<form method="post"' in html


def test_what_is_not_known_leaves_no_gap() -> None:
    html = html_of(Asked(lines=(), text=" \n", warning=" "))
    for missing in ("<dl", 'class="text"', 'class="warning"', "<bdi></bdi>"):
        assert missing not in html


def test_a_warning_stands_in_a_box_of_its_own() -> None:
    html = html_of(Asked(warning="This goes to somebody new."))
    assert '<section class="warning"><h2>Careful</h2><p><bdi>This goes to somebody new.</bdi></p></section>' in html


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("J <j@evil.example> (outside)", "<bdi>J &lt;j@evil.example&gt;</bdi>{mark}", id="at the end"),
        pytest.param("a (outside), b", "<bdi>a</bdi>{mark}<bdi>, b</bdi>", id="in the middle"),
        pytest.param("(outside)", "{mark}", id="alone"),
        pytest.param("a (outside)\nb (outside)", "<bdi>a</bdi>{mark}<bdi>\nb</bdi>{mark}", id="two lines"),
        pytest.param("the outside world", "<bdi>the outside world</bdi>", id="only the word"),
    ],
)
def test_what_is_outside_is_marked_in_words(value: str, shown: str) -> None:
    mark = '<strong class="outside">outside</strong>'
    assert row("To", shown.format(mark=mark)) in html_of(Asked(lines=[("To", value)]))


@pytest.mark.parametrize("length", [pytest.param(2_001, id="by the mark"), pytest.param(1_995, id="across the cut")])
def test_a_mark_is_not_lost_where_a_value_is_cut(length: int) -> None:
    html = html_of(Asked(lines=[("To", "x" * length + "(outside)")]))
    assert 'not shown</span><strong class="outside">outside</strong></dd>' in html


def test_long_values_are_cut_and_say_so() -> None:
    question = Asked("t" * 10_000, [("l" * 10_000, "v" * 10_000)], "x" * 10_000, "c" * 2_001)
    html = html_of(question)
    assert "v" * 2_000 + '</bdi> <span class="cut">… 8,000 more characters not shown</span></dd>' in html
    assert "x" * 4_000 + '</bdi></p><p> <span class="cut">… 6,000 more characters not shown</span></p>' in html
    assert "… 1 more character not shown" in html
    assert len(html) < 16_000


def test_a_text_of_empty_lines_does_not_push_the_buttons_out_of_sight() -> None:
    html = html_of(Asked(text="above" + "\n" * 3_000 + "below"))
    assert html.count("\n") < 160
    assert "… 2,946 more characters not shown" in html


def test_rows_without_end_are_cut_and_those_left_out_keep_their_mark() -> None:
    html = html_of(Asked(lines=[("To", "a")] * 200 + [("To", "b (outside)")] * 2))
    assert html.count("<dt>") == 200
    assert '</dl><p> <span class="cut">… 2 more rows not shown</span><strong class="outside">outside' in html


@pytest.mark.parametrize(
    "question",
    [
        pytest.param(Asked(title=EVIL), id="title"),
        pytest.param(Asked(lines=[(EVIL, "x")]), id="label"),
        pytest.param(Asked(lines=[("x", EVIL)]), id="value"),
        pytest.param(Asked(text=EVIL), id="text"),
        pytest.param(Asked(text="x" * 3_995 + "&<b>"), id="text, cut beside an entity"),
        pytest.param(Asked(warning="x (outside)" + EVIL), id="warning"),
    ],
)
def test_nothing_that_others_wrote_becomes_markup(question: Asked) -> None:
    tags = Outline(html_of(question)).tags
    assert not {"script", "img", "b", "a", "link", "iframe"} & set(tags)
    assert [tags.count(tag) for tag in ("form", "input", "button", "style", "h1")] == [1, 1, 2, 2, 1]


@settings(max_examples=40)
@given(st.text(), st.lists(st.tuples(st.text(max_size=20), st.text(max_size=40)), max_size=3), st.text())
def test_any_text_leaves_the_page_whole(text: str, lines: list[tuple[str, str]], warning: str) -> None:
    html = html_of(Asked(lines=lines, text=text, warning=warning))
    tags = Outline(html).tags
    assert [tags.count(tag) for tag in ("form", "input", "button", "dl")] == [1, 1, 2, 1 if lines else 0]
    assert "\u202e" not in html


def test_half_a_character_does_not_break_the_page() -> None:
    assert "<bdi>a?b</bdi>" in html_of(Asked(text="a\ud800b"))


def test_the_page_brings_its_own_style_and_allows_nothing_else() -> None:
    response = pages.approval(Asked(), SEEN, 10)
    styles = re.findall(r"<style>(.*?)</style>", text_of(response), re.DOTALL)
    digests = {base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() for style in styles}
    policy = dict(part.strip().split(" ", 1) for part in pages.HEADERS["Content-Security-Policy"].split(";"))
    assert set(policy.pop("style-src").split()) == {f"'sha256-{digest}'" for digest in digests}
    assert policy == {
        "default-src": "'none'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert {response.headers[name] for name in pages.HEADERS} == set(pages.HEADERS.values())
    assert int(response.headers["content-length"]) == len(response.body)
    assert text_of(response).index("</style>\n</head>") < text_of(response).index("<body>")


def test_the_page_runs_and_loads_nothing() -> None:
    html = html_of(Asked(warning="x"))
    assert not re.search(r"<(?:script|img|link|iframe|object|embed|base|a)\b", html)
    assert not re.search(r"<[^>]+\s(?:on\w+|src|href|style)\s*=", html)
    assert not re.search(r"url\(|@import", html)


@pytest.mark.parametrize(
    ("ending", "title", "status"),
    [
        pytest.param("approved", "Approved", 200, id="approved"),
        pytest.param("declined", "Declined", 200, id="declined"),
        pytest.param("late", "Too late", 410, id="late"),
        pytest.param("expired", "This question has expired", 410, id="expired"),
        pytest.param("withdrawn", "This question was withdrawn", 410, id="withdrawn"),
        pytest.param("failed", "Your answer could not be kept", 500, id="failed"),
    ],
)
def test_every_ending_says_how_it_ended_and_leaves_nothing_to_press(ending: Ending, title: str, status: int) -> None:
    response = pages.approval_ended(ending)
    assert response.status_code == status
    assert f"<h1>{title}</h1>" in text_of(response)
    assert "This link is used up. You can close this page and go back to your assistant." in text_of(response)
    assert not {"form", "button", "input"} & set(Outline(text_of(response)).tags)


def test_an_answer_from_elsewhere_is_told_where_to_answer() -> None:
    response = pages.approval_unread()
    assert response.status_code == 400
    assert "<h1>Nothing was decided</h1>" in text_of(response)
    assert "press a button there" in text_of(response)
