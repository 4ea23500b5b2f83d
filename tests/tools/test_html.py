"""HTML becomes what a reader of the page sees, in few words, whatever the page is made of."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus_files import pages
from tools._html import LONGEST, TOO_LONG, markdown_of
from tools._html.document import document_of
from tools._html.tokens import tokens

MAILS = Path(__file__).parents[1] / "corpus" / "mail"
PAGES = {**pages(), **{path.name: path.read_text("utf-8") for path in sorted(MAILS.glob("*.html"))}}


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param("<p>one\n two</p><p>three</p>", "one two\n\nthree", id="paragraphs"),
        pytest.param("<p class=MsoNormal>a</p><p class=MsoNormal>b</p>", "a\nb", id="paragraphs-of-outlook"),
        pytest.param(
            "<p class=MsoNormal>a<p class=MsoNormal>&nbsp;<p class=MsoNormal>b", "a\n\nb", id="blank-paragraph"
        ),
        pytest.param("<div>a</div><div><br></div><div>b</div>", "a\n\nb", id="blank-line"),
        pytest.param("<p>a<br>b<br><br>c</br>d", "a\nb\n\nc\nd", id="line-breaks"),
        pytest.param("<h1>T</h1>x<h3>U</h3><h2></h2>y", "# T\n\nx\n\n### U\n\ny", id="headings"),
        pytest.param("a<hr><hr>b", "a\n\n---\n\nb", id="rule"),
        pytest.param("<ul><li>a<ul><li>b</li></ul><li><p>c</p></ul>", "- a\n  - b\n- c", id="lists-in-lists"),
        pytest.param(
            "<ol start=3><li>x<li value=9>y<li>z<li value=-1>w</ol>", "3. x\n9. y\n10. z\n11. w", id="numbers"
        ),
        pytest.param("<ol start=ten><li>x</ol><li>y", "1. x\n\n- y", id="list-without-a-number"),
        pytest.param("<ul><li>a<br>b<li></ul>", "- a\n  b", id="lines-of-an-item"),
        pytest.param("<blockquote>a<p>b</p></blockquote>c", "> a\n>\n> b\n\nc", id="quote"),
        pytest.param("<blockquote style='border: none'>a</blockquote>", "a", id="indented-by-a-quote"),
        pytest.param("<pre>a\n  b\n\n\tc</pre>", "a\n  b\n\n    c", id="verbatim"),
        pytest.param("<pre>a<b> b</b></pre>", "a b", id="verbatim-in-pieces"),
        pytest.param("x &amp; y &#x41;&#66; &lt;b&gt; &copy", "x & y AB <b> ©", id="entities"),
        pytest.param("&#99999999999999999999; &#x;&#0;", "� &#x;�", id="entities-of-nothing"),
        pytest.param("&lt;script&gt;x", "< script>x", id="a-tag-that-is-text"),
        pytest.param("a &zwnj;&nbsp;&#847; &shy;b\u200b", "a b", id="filling"),
        pytest.param("<textarea>a &amp; <b></textarea><xmp><i></xmp>", "a & <b><i>", id="content-that-is-no-markup"),
        pytest.param("a < b <3 </ >c", "a < b <3 c", id="no-tags"),
        pytest.param("<svg><title>no</title><text>no</text><p>yes", "yes", id="drawing"),
        pytest.param("<details><summary>More</summary>Text</details>", "More\nText", id="details-are-shown"),
    ],
)
def test_a_page_reads_like_markdown(html: str, text: str) -> None:
    assert markdown_of(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param("<table><tr><th>A<th>B<tr><td>1<td></table>", "A | B\n1", id="header"),
        pytest.param("<table border=1><tr><td>a<td><td>c</table>", "a |  | c", id="empty-cell-of-a-real-table"),
        pytest.param("<table border=1><tr><td><p>a</p><p>b</p><td>c</table>", "a / b | c", id="lines-in-a-cell"),
        pytest.param("<table><tr><td>Total<td>&nbsp;<td>$42</table>", "Total | $42", id="values-side-by-side"),
        pytest.param("<table><tr><td><p>a</p><p>b</p><td>c</table>", "a\n\nb\n\nc", id="columns-of-text"),
        pytest.param("<table border=1><tr><td><ul><li>a</ul><td>b</table>", "- a\n\nb", id="list-in-a-cell"),
        pytest.param("<table><tr><td><table><tr><td>a<td>b</table><td>c</table>", "a | b\n\nc", id="table-in-a-layout"),
        pytest.param(f"<table border=1><tr><td>{'x' * 301}<td>b</table>", f"{'x' * 301}\nb", id="long-cell"),
        pytest.param("<tr><td>a<td>b", "a\nb", id="row-without-a-table"),
        pytest.param("<table border=1><tr>a</tr></table>", "a", id="text-without-a-cell"),
        pytest.param("<table border=1><tr><td>a<br>b<hr>", "a\nb\n\n---", id="rule-in-a-cell"),
        pytest.param("<table role=presentation border=1><tr><td>a</table>", "a", id="layout-that-says-so"),
    ],
)
def test_rows_of_values_are_lines_and_layouts_are_flat(html: str, text: str) -> None:
    assert markdown_of(html) == text


def test_the_lists_of_word_are_lists() -> None:
    item = "<p class=MsoListParagraph style='mso-list:l0 level{} lfo1'><span style='mso-list:Ignore'>{}</span>{}</p>"
    html = item.format(1, "·<span>&nbsp;</span>", "a") + item.format(2, "o ", "b") + item.format(1, "(c) ", "c") + "d"
    assert markdown_of(html) == "- a\n  - b\n(c) c\nd"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param("<a href='https://a.example/x'>the page</a>.", "the page <https://a.example/x>.", id="link"),
        pytest.param("<a href='https://a.example/x'>a.example/x</a>", "a.example/x", id="text-is-the-address"),
        pytest.param("<a href='mailto:a@b.example'>a@b.example</a>", "a@b.example", id="mail-address"),
        pytest.param("<a href='javascript:alert(1)'>x</a><a href='#y'>y</a><a>z</a>", "xyz", id="leads-nowhere"),
        pytest.param("<a href='https://a.example'></a>x", "x", id="nothing-to-click-on"),
        pytest.param(
            "<a href='https://a.example/1'><div>x</div></a>y", "x <https://a.example/1>\ny", id="around-a-block"
        ),
        pytest.param(
            "<a href=https://a.example/1>a<a href=https://b.example/2>b",
            "a <https://a.example/1>b <https://b.example/2>",
            id="unclosed",
        ),
        pytest.param(
            "<a href='https://a.example/?a=1&copy=2'>x</a>", "x <https://a.example/?a=1&copy=2>", id="no-entity"
        ),
        pytest.param("<a href='https://a.example/?a=1&amp;b=2'>x</a>", "x <https://a.example/?a=1&b=2>", id="entity"),
        pytest.param(
            "<a href=https://a.example/1><img alt='Our shop'></a>",
            "[image: Our shop] <https://a.example/1>",
            id="image",
        ),
        pytest.param(
            "<a href=https://a.example/1><img src=x></a>", "[image] <https://a.example/1>", id="image-without-words"
        ),
        pytest.param("<a href=#x><img src=x></a>", "", id="image-that-leads-nowhere"),
    ],
)
def test_links_say_where_they_lead(html: str, text: str) -> None:
    assert markdown_of(html) == text


@pytest.mark.parametrize(
    ("said", "address", "is_told"),
    [
        pytest.param("https://login.contoso.example/x", "https://evil.example/", True, id="another-host"),
        pytest.param("contoso.example", "https://www.contoso.example/", False, id="a-host-of-ours"),
        pytest.param("fabrikam.example", "https://evil.example/", False, id="not-of-ours"),
        pytest.param("the portal", "https://evil.example/", False, id="no-host"),
        pytest.param("contoso.example", "mailto:a@evil.example", False, id="mail"),
    ],
)
def test_a_link_that_pretends_to_stay_at_home_is_pointed_out(said: str, address: str, is_told: bool) -> None:
    text = markdown_of(f"<a href='{address}'>{said}</a>", home=["Contoso.example"])
    assert ("(leads elsewhere)" in text) is is_told


@pytest.mark.parametrize(
    ("image", "text"),
    [
        pytest.param("alt='A chart [of] sales <b>'", "[image: A chart (of) sales b]", id="description"),
        pytest.param(f"alt='{'long ' * 30}'", f"[image: {('long ' * 30)[:59].rstrip()}…]", id="long"),
        pytest.param("alt='A gate. Description automatically generated'", "[image: A gate]", id="made-by-outlook"),
        pytest.param("alt=image001.png", "", id="file-name"),
        pytest.param("alt=Logo", "", id="says-nothing"),
        pytest.param("alt='...'", "", id="no-letters"),
        pytest.param("alt=Seen width=1 height=1", "", id="pixel"),
        pytest.param("alt=Seen style='width:1px'", "", id="pixel-by-style"),
        pytest.param("alt=Seen style='display:none'", "", id="hidden"),
    ],
)
def test_of_an_image_only_what_it_shows_stays(image: str, text: str) -> None:
    assert markdown_of(f"<img src=cid:1 {image}>") == text


HIDDEN = [
    pytest.param("<p hidden>no</p>", id="attribute"),
    pytest.param("<p aria-hidden=TRUE>no</p>", id="aria"),
    pytest.param("<dialog>no</dialog><template>no</template><datalist>no</datalist>", id="elements"),
    pytest.param(
        "<script>no</script><style>no</style><title>no</title><iframe>no</iframe><noembed>no</noembed>", id="unread"
    ),
    pytest.param("<SCRIPT >no</script x><script>no", id="unclosed-script"),
    pytest.param("<!-- no --><!--[if mso]>no<![endif]--><!--> <!---> <!doctype no><?no?></ no>", id="comments"),
    pytest.param("<!-- no", id="unclosed-comment"),
    pytest.param("<p title='no>no", id="unclosed-quote"),
    pytest.param("<p title=no", id="unclosed-tag"),
    *(
        pytest.param(f"<div style='{style}'>no</div>", id=f"style-{number}")
        for number, style in enumerate(
            [
                "display:none",
                "DISPLAY : None !important; display:block",
                "display:/*x*/none",
                "d\\69 splay:none",
                "visibility:hidden",
                "visibility:collapse",
                "opacity:0",
                "opacity:1%",
                "font-size:0",
                "font-size:1px",
                "font-size:0.05em",
                "font-size:1%",
                "font-size:.1rem",
                "font:0/0 a",
                "color:#fff",
                "color:white",
                "color:rgb(255, 254, 255)",
                "color:rgba(0,0,0,0)",
                "color:transparent",
                "color:#0a0a0a;background:#000 no-repeat",
                "background-color:navy;color:#000080",
                "max-height:0;overflow:hidden",
                "height:1px;overflow:clip",
                "width:0;overflow-x:hidden",
                "text-indent:-9999px",
                "margin-left:-200em",
                "margin:-9999px 0 0",
                "position:absolute;left:-5000px",
                "position:absolute;right:-5000px",
                "position:fixed;top:-100in",
                "clip:rect(0,0,0,0)",
                "clip-path:inset(50%)",
                "transform:scale(0)",
                "mso-hide:all",
            ]
        )
    ),
    pytest.param("<span style='display:none'><div></span>no</div></span>", id="end-tag-that-closes-nothing"),
    pytest.param("<table bgcolor=#FF0000><tr><td><font color=red>no</font></table>", id="colours-as-attributes"),
    pytest.param("<body text=white>no", id="ink-of-the-body"),
    pytest.param("<style>.h{display:none}</style><p class='x H'>no</p>", id="class"),
    pytest.param("<style>#i, b.c{font-size:0}</style><p id=i>no</p><b class=c>no</b>", id="id-and-tag"),
    pytest.param("<style><!-- div.o > p .h{opacity:0} --></style><div class=o><p><i class=h>no</i></div>", id="within"),
    pytest.param("<style>@media screen{.h{display:none}}</style><p class=h>no</p>", id="media"),
    pytest.param("<style>b{color:#fff!important}</style><b style='color:#000'>no</b>", id="important"),
]


@pytest.mark.parametrize("html", HIDDEN)
def test_what_a_reader_does_not_see_is_gone(html: str) -> None:
    assert markdown_of(f"<p>yes</p>{html}").startswith("yes")
    assert "no" not in markdown_of(f"<p>yes</p>{html}")


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<div style='font-size:0'><p style='font-size:16px'>yes", id="a-size-of-its-own"),
        pytest.param("<div style='font-size:0'><p style='font-size:small'>yes", id="a-named-size"),
        pytest.param("<div style='font-size:0'><font size=2>yes", id="a-size-of-old"),
        pytest.param("<div style='visibility:hidden'><p style='visibility:visible'>yes", id="visible-again"),
        pytest.param("<td bgcolor=#0078d4><a href=#x style='color:#ffffff'>yes", id="white-on-blue"),
        pytest.param("<div style='background:url(x.png)'><p style='color:#fff'>yes", id="white-on-a-picture"),
        pytest.param("<table background=x.png><tr><td style='color:#fff'>yes", id="white-on-a-picture-of-old"),
        pytest.param("<div style='background:linear-gradient(red,blue);color:#fff'>yes", id="white-on-a-gradient"),
        pytest.param("<div style='background:var(--x);color:#fff'>yes", id="white-on-something"),
        pytest.param("<div style='color:var(--x)'>yes", id="ink-that-cannot-be-told"),
        pytest.param("<div style='color:rgb(10%,0%,0%)'>yes", id="ink-in-parts"),
        pytest.param("<div style='color:#fff'><a href='#x'>yes", id="links-have-an-ink-of-their-own"),
        pytest.param("<a href=https://a.example style='mso-hide:all'>yes</a>", id="a-button-for-all-but-outlook"),
        pytest.param("<div style='max-height:0'>yes", id="overflows"),
        pytest.param("<div style='left:-9999px;text-indent:-18pt;margin:0 auto'>yes", id="not-positioned"),
        pytest.param("<p hidden>no<p>yes", id="a-paragraph-ends-the-last"),
        pytest.param("<ul><li hidden>no<li>yes</ul>", id="an-item-ends-the-last"),
        pytest.param("<table><tr><td hidden>no<td>yes</table>", id="a-cell-ends-the-last"),
        pytest.param("<table><tr hidden><td>no<tr><td>yes</table>", id="a-row-ends-the-last"),
        pytest.param("<div><b hidden><p></b>no</p></div>yes", id="ends-with-the-block-in-it"),
        pytest.param("<style>@media (max-width:600px){.h{display:none}}</style><p class=h>yes", id="telephones-only"),
        pytest.param("<style>@font-face{x:y}</style><style>}.h:hover{display:none}</style><p class=h>yes", id="states"),
        pytest.param("<style>.o .h{display:none}.h{x:y}</style><p class=h>yes", id="not-within"),
        pytest.param("<style>.h{display:none}/* no</style><p style='display' class=x>yes", id="no-declaration"),
    ],
)
def test_what_a_reader_sees_stays(html: str) -> None:
    text = markdown_of(html)
    assert "yes" in text
    assert "no" not in text


@pytest.mark.parametrize("page", [pytest.param(page, id=name) for name, page in PAGES.items()])
def test_nothing_hidden_of_the_corpus_survives(page: str) -> None:
    text = markdown_of(page)
    assert "HIDDEN" not in text
    assert "<script" not in text.lower()


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param("<div>", id="div"),
        pytest.param("<table><tr><td>", id="table"),
        pytest.param("<ul><li>", id="list"),
        pytest.param("<blockquote>", id="quote"),
        pytest.param("<b><p></b>", id="crossed"),
    ],
)
def test_depth_costs_no_stack(piece: str) -> None:
    text = markdown_of("x" + piece * 2000 + "y")
    assert text.startswith("x")
    assert text.endswith("y")
    assert len(text) < 200


def test_more_tags_than_a_mail_has_are_not_read() -> None:
    document = document_of(tokens("<b>" * 50), 10)
    assert not document.is_whole
    assert len(document.events) == 10


def test_a_long_page_is_cut_and_says_so() -> None:
    text = markdown_of("word " * LONGEST)
    assert len(text) <= LONGEST + 200
    assert text.endswith(TOO_LONG)


PIECES = st.sampled_from(
    [
        *(
            "<",
            ">",
            "/",
            "<!",
            "<!--",
            "-->",
            "<p",
            "<p>",
            "</p>",
            "<div>",
            "</div>",
            "</span>",
            "<table>",
            "<tr>",
            "<td>",
        ),
        *(
            "</table>",
            "<a href=x>",
            "</a>",
            "<ul>",
            "<li>",
            "<pre>",
            "</pre>",
            "<script>",
            "</script>",
            "<style>",
            "</style>",
        ),
        *(
            ".a{",
            "}",
            "&",
            "&#",
            "&#x",
            "&lt;",
            "&amp;",
            "'",
            '"',
            "=",
            "x",
            "\0",
            "\n",
            " ",
            "<br>",
            "<hr>",
            "<h1>",
            "<svg>",
        ),
        *("<blockquote>", "<body>", "<img alt=x>", "<p style='mso-list:l0 level2'>", "<span style='mso-list:Ignore'>"),
        *("<p style='display:none'>", "<b style='color:#fff'>", "<table border=1>"),
    ]
)


@settings(max_examples=60)
@given(st.lists(PIECES | st.text(max_size=8), max_size=40).map("".join))
def test_any_text_at_all_becomes_some_text(html: str) -> None:
    text = markdown_of(html)
    assert "\n\n\n" not in text
    assert "<script" not in text.lower()
    assert "\0" not in text
