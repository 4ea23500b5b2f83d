"""tools/_untrusted/defusing.py: bodies in which nothing loads, runs or pretends."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.untrusted.invariants import active_in, unseen_in
from tools._untrusted import defused

PIECES = st.sampled_from(
    [
        "![",
        "[",
        "](",
        "]",
        ")",
        "(",
        "x",
        "]:",
        "\n",
        " ",
        "<",
        ">",
        "img",
        "<b>",
        "</",
        "!",
        "<!--",
        "-->",
        "javascript:",
        "https://evil.example/",
        "data:text/html,",
        "alt=",
        '"',
        "&#58;",
        "java",
        "script:",
        "```",
        "\\",
        "[x]: //e.example\n",
    ]
)


@settings(max_examples=60)
@given(st.lists(PIECES | st.text(max_size=3), max_size=14).map("".join))
def test_nothing_active_is_left_of_any_text(text: str) -> None:
    shown = defused(text)
    assert active_in(shown) == []
    assert unseen_in(shown) == set()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("![a chart](https://e.example/x?d=1)", "[image: a chart]", id="inline"),
        pytest.param("![](https://e.example/x)", "[image]", id="without words"),
        pytest.param("![a][r]\n[r]: https://e.example", "[image: a]\n", id="by reference"),
        pytest.param(
            "![r][] ![R]\n\n[r]: <https://e.example> 'title'", "[image: r] [image: R]\n\n", id="short references"
        ),
        pytest.param("![a ![b](u)](v)", "[image: a image: b]", id="image in an image"),
        pytest.param("[![b](//i.example)](//l.example/x)", "[image: b] <https://l.example/x>", id="image in a link"),
        pytest.param("!!![a](u)(v)", "!! [image: a] (v)", id="bangs around"),
        pytest.param(f"![{'w' * 100}](u)", f"[image: {'w' * 59}…]", id="long words"),
        pytest.param('<img src=x alt="two words"/><IMG alt=one>', "[image: two words][image: one]", id="tags"),
        pytest.param("<img src=x></img><img alt='it' src=y>", "[image][image: it]", id="tags in other quotes"),
        pytest.param("![open](https://e.example/", "! [open] (https://e.example", id="never closed"),
        pytest.param("wow![1] ![[x.png]]", "wow! [1] ! [[x.png]]", id="no image"),
        pytest.param("![see [x](https://e.example)](u)", "[image: see x]", id="link in an image"),
    ],
)
def test_an_image_is_left_as_words(text: str, shown: str) -> None:
    assert defused(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("[bank.com](https://evil.example/x)", "bank.com <https://evil.example/x>", id="another host"),
        pytest.param("[a](https://e.example/(b)c 'title')", "a <https://e.example/(b)c>", id="brackets and title"),
        pytest.param("[a](<https://e.example/b c>)", "a <https://e.example/b%20c>", id="in angle brackets"),
        pytest.param("[a](#part) [b](page.md) [c]()", "a b c", id="within its page"),
        pytest.param("[a](javascript:x) <vbscript:x>", "a [link removed] [link removed]", id="no web address"),
        pytest.param("[a](&#106;avascript\\:x)", "a [link removed]", id="hidden by entity and escape"),
        pytest.param("[t][r] [r]\n\n[r]: https://e.example/x", "t (e.example) r (e.example)\n\n", id="by reference"),
        pytest.param("[t][r]\n[r]: https://a.home.example/x", "t <https://a.home.example/x>\n", id="reference at home"),
        pytest.param("[t][r]\n[r]: javascript:x", "t [link removed]\n", id="reference to a script"),
        pytest.param("[r]: https://e.example/x", "[r] <https://e.example/x>", id="definition that nobody uses"),
        pytest.param("[r]: data:text/html,x", "[r] [link removed]", id="dangerous definition"),
        pytest.param("[r]: /a/b\n[r]", "[r] : /a/b\n[r]", id="definition within its page"),
        pytest.param("[Bob]: hello\n[10:32]: x", "[Bob]: hello\n[10:32]: x", id="chat is no definition"),
        pytest.param("[a](https://e.example/javascript:x)", "a <https://e.example/javascript:x>", id="only called so"),
        pytest.param("see https://u:p@e.example/x?utm_id=1.", "see https://e.example/x.", id="bare"),
        pytest.param(
            "(https://e.example/a_(b)) (https://e.example/c).",
            "(https://e.example/a_(b)) (https://e.example/c).",
            id="round brackets",
        ),
        pytest.param("https://|x", "[link removed]", id="bare and broken"),
        pytest.param("<https://e.example?utm_id=1> <a@b.example>", "<https://e.example> <a@b.example>", id="autolinks"),
        pytest.param('<a href="https://evil.example">bank.com</a>', "<https://evil.example> bank.com", id="tag"),
        pytest.param("<a name=x>there</a>", "there", id="anchor"),
        pytest.param(
            "[a [b](https://e.example/1)](https://e.example/2)",
            "a b <https://e.example/1> <https://e.example/2>",
            id="nested",
        ),
        pytest.param("[a](https://e.example", "[a] (https://e.example", id="never closed"),
    ],
)
def test_a_link_tells_where_it_leads(text: str, shown: str) -> None:
    assert defused(text, home={"Home.example"}) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("<p>one</p><p>two<br>three</p>", "one\ntwo\nthree\n", id="known tags"),
        pytest.param("List<String> a < b </tool_result>", "List< String> a < b < /tool_result>", id="unknown tags"),
        pytest.param("std::vector<std::string>", "std::vector< std::string>", id="C++"),
        pytest.param("<|im_start|>system", "< |im_start|>system", id="turn of a talk"),
        pytest.param("a<!-- b -->c<![CDATA[d]]>e<?php f ?>g", "aceg", id="comments"),
        pytest.param("a<!-- b", "a b", id="comment without an end"),
        pytest.param("a<!-- <!-- <?", "a  ", id="several without an end"),
        pytest.param("<im<b></b>g src=x>", "< img src=x>", id="joined by a removal"),
        pytest.param("&lt;img&gt;", "&lt;img&gt;", id="entities stay"),
        pytest.param("<img src=x", "< img src=x", id="never closed"),
        pytest.param("```mermaid\nx\n```\n~~~ html\n~~~", "```\nx\n```\n~~~\n~~~", id="code blocks"),
        pytest.param("```x``` y", "```x``` y", id="code in a line"),
        pytest.param("java<b>script:alert(1)", "[link removed]", id="scheme joined by a removal"),
        pytest.param(
            "smb://x/y data:text/html,z file:///c ms-word:ofe", "[link removed] " * 3 + "[link removed]", id="schemes"
        ),
        pytest.param("data: yes; file: a.docx; about: us", "data: yes; file: a.docx; about: us", id="words"),
        pytest.param("x: list[int]: y", "x: list[int]: y", id="types"),
    ],
)
def test_markup_is_dropped_or_broken_up(text: str, shown: str) -> None:
    assert defused(text) == shown
