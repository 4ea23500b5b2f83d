"""tools/_untrusted/cleaning.py: what nobody sees is gone, what one sees stays."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.untrusted.invariants import active_in, unseen_in
from tools._untrusted import cleaned, cut, is_clean, one_line

# Pieces that removals may join into something new, among any other text.
PIECES = st.sampled_from(
    [
        "&",
        "#",
        "8203;",
        "x200b;",
        "&#8203;",
        "&amp;",
        "amp;",
        "&zwnj;",
        "&shy",
        "\x1b",
        "[31m",
        "]8;;",
        "\x07",
        "\u200b",
        "\u0301",
        "\x9b",
        "\u2028",
        "\r",
        "&#27;",
        "&#38;",
        "a",
        "&#",
        "00",
        "\ue000",
    ]
)
TROUBLE = st.lists(PIECES | st.text(max_size=4), max_size=12).map("".join)


@settings(max_examples=40)
@given(TROUBLE)
def test_nothing_invisible_is_left_and_cleaning_again_changes_nothing(text: str) -> None:
    once = cleaned(text)
    assert unseen_in(once) == set()
    assert cleaned(once) == once


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("pay\u202egnp.exe", "paygnp.exe", id="right-to-left override"),
        pytest.param("zero\u200bwidth\ufeff", "zerowidth", id="zero width"),
        pytest.param("tag\U000e0041\U000e0042", "tag", id="tag characters"),
        pytest.param("a\r\nb\rc\x00\u2028d\x85e\vf\fg\u2029h", "a\nb\nc\nd\ne\nf\ng\nh", id="line ends"),
        pytest.param("send\ufe0f\ufe01\U000e0100it", "sendit", id="variation selectors"),
        pytest.param("a\u2800b\u3164c\u115fd\u034fe", "abcde", id="fillers and joiners"),
        pytest.param("Grüße, 你好 👍🏽", "Grüße, 你好 👍🏽", id="text and emoji stay"),
        pytest.param("A\u030angstro\u0308m", "A\u030angstro\u0308m", id="nothing is composed"),
        pytest.param("tab\there", "tab\there", id="tab"),
        pytest.param("a" + "\u0301" * 50 + "b", "a" + "\u0301" * 4 + "b", id="piled marks"),
        pytest.param("a\u0301\u0301\u200b\u0301\u0301&#8203;\u0301", "a" + "\u0301" * 4, id="piled over gaps"),
        pytest.param("\x00", "", id="nothing else"),
    ],
)
def test_what_is_seen_stays_and_what_is_not_goes(text: str, shown: str) -> None:
    assert cleaned(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("\x1b[31mred\x07", "red", id="colour"),
        pytest.param("\x1b[1;38:5:1mred\x1b[0m", "red", id="colour with parts"),
        pytest.param("\x1b]8;;https://evil.example\x07text\x1b]8;;\x1b\\", "text", id="link"),
        pytest.param("\x1b]8;;text to the end", "8;;text to the end", id="unclosed link"),
        pytest.param("\x1bPq#0\x1b\\x\x1b_y\x9cz", "xz", id="device and application strings"),
        pytest.param("\x9b31mred \x9b20 euro", "red 20 euro", id="one-character command, and a misread quotation mark"),
        pytest.param("\x1b(0\x1bcx\x1b", "x", id="character set, reset, end of text"),
        pytest.param("\x1b\x1b[31mx", "x", id="escape before escape"),
        pytest.param("a\x1b[\nb", "a\nb", id="broken off"),
    ],
)
def test_commands_to_a_terminal_go_whole(text: str, shown: str) -> None:
    assert cleaned(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a&#8203;b&#x200B;c&#x0000200b;d&#8203e", "abcde", id="numbers"),
        pytest.param("a&zwnj;b&ZeroWidthSpace;c&shy;d&lrm;", "abcd", id="names"),
        pytest.param("a&amp;#8203;b&amp;amp;zwj;c&#38;#x200b;d", "abcd", id="encoded again"),
        pytest.param("&#27;[31mred&#x1b;[0m", "red", id="terminal command"),
        pytest.param("&#82\u200b03;x", "x", id="joined by the first cleaning"),
        pytest.param("&#&#8203;8203;x", "\ufffdx", id="joined by a removal"),
        pytest.param(
            "&lt; &amp; &nbsp; &#65; &#10; R&D &copy", "&lt; &amp; &nbsp; &#65; &#10; R&D &copy", id="visible"
        ),
        pytest.param("&#0;&#xD800;&#;&#x;", "&#0;&#xD800;&#;&#x;", id="no character"),
        pytest.param("&#" + "9" * 5000 + ";", "&#" + "9" * 5000 + ";", id="longer than Python reads"),
        pytest.param("&#" + "0" * 5000 + "8203;x", "x", id="many zeros"),
    ],
)
def test_entities_that_hide_something_go_and_others_stay(text: str, shown: str) -> None:
    assert cleaned(text) == shown


def test_a_subject_is_one_line_and_is_cut_where_it_runs_long() -> None:
    assert one_line("Hello\n  there\tyou") == "Hello there you"
    assert one_line("x" * 200, 10) == "x" * 9 + "…"
    assert one_line(None) == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("![x](https://evil.example)", "! [x] (https://evil.example)", id="image"),
        pytest.param("a <b>bold</b> <|x|>", "a < b>bold< /b> < |x|>", id="tags"),
        pytest.param("Ann <ann@contoso.com>", "Ann <ann@contoso.com>", id="address"),
        pytest.param("1 < 2, x[1] (y), <3!", "1 < 2, x[1] (y), <3!", id="nothing to open"),
    ],
)
def test_a_line_opens_no_image_link_or_tag(text: str, shown: str) -> None:
    assert one_line(text) == shown


@settings(max_examples=40)
@given(st.lists(st.sampled_from(["!", "[", "]", "(", "<", "a", "/", "\u200b", " ", "&shy;"]), max_size=12).map("".join))
def test_no_line_opens_anything(text: str) -> None:
    assert active_in(one_line(text)) == []


def test_nothing_that_a_quick_look_lets_pass_would_be_cleaned() -> None:
    plain = [each for each in map(chr, range(0x10000)) if is_clean(each)]
    assert {"a", "\n", "\t", "ü", "\u2013", "€", "漢", "한", "Я"} <= set(plain)
    assert not unseen_in("".join(plain))
    assert not [each for each in plain if unicodedata.category(each)[0] == "M" or each in "&\r\v\f\x85\u2028\u2029"]


def test_a_line_that_is_one_already_is_only_cut() -> None:
    assert cut("Jonas Brandt", 12) == "Jonas Brandt"
    assert cut("Jonas  Brandt", 8) == "Jonas…"
