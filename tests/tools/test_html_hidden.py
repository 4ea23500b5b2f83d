"""What a page hides stays hidden, however it is said and however much of it there is; what a desk shows stays."""

from __future__ import annotations

import pytest

from tools._html import NOT_FOR_ALL, TOO_LONG, markdown_of, read
from tools._html.colours import Ink, ink
from tools._html.document import Close, Document, Open
from tools._html.hidden import visible
from tools._html.lengths import pixels, text_size
from tools._html.sheets import LONGEST_SHEETS, MOST_RULES, rules_of
from tools._html.styles import Styles

STYLES = [
    *("display:none;display:bogus", "color:white;color:bogus", "visibility:hidden;visibility:shown"),
    *("overflow:hidden;overflow:bogus;height:0", "height:0;height:-5px;overflow:hidden", "font-size:0;font:16px"),
    *("color:#fff;background:white;background:red bogus", "background:black;color:black;background:red green"),
    *("display:none;x:(;display:block;)", "display:none;x:{;display:block}", "display:none;x:(};display:block"),
    *("background:url(a'b);display:none", "background:url(/*);display:none", "x:'/*';display:none"),
    *("display:none!important;display:block", "display:none ! important;display:block"),
    *("display:none!/**/important;display:block", r"d\69 splay:none", "font-size:16px;font:0/0 a"),
    *("color:hsl(0,0%,100%)", "color:hsla(0deg 0% 100% / 1)", "color:rgb(100%,100%,100%)", "color:rgb(254.6 255 255)"),
    *("color:lightyellow", "color:ivory", "color:#00000000", "color:#0001", "color:rgba(0,0,0,.1)"),
    *("color:rgb(0 0 0/5%)", "color:oklch(100% 0 0)", "color:lab(100 0 0)", "color:hwb(0 100% 0%)"),
    *("color:hwb(0 80% 0%);background:#fcc", "color:rgb(none 0 0);background:#000", "-webkit-text-fill-color:white"),
    *("--c:white;color:var(--c)", "display:none;display:var(--q,none)", "color:oklab(0 0 0);background:black"),
    *("font-size:calc(0)", "font-size:calc(1px - 1px)", "font-size:calc(0*5px)", "font-size:min(0px,5px)"),
    *("font-size:clamp(0px,1px,9px)", "font-size:calc((1em - 16px)/2)", "font-size:max(1px,0px)"),
    *("font-size:1e-9px", "font-size:0q", "font-size:.01pc", "font-size:.1vw", f"font-size:.{'0' * 30}1px"),
    *("opacity:calc(0)", "opacity:.05", "filter:opacity(0)", "-webkit-filter:blur(1px) opacity(5%)"),
    *("transform:translate(-9999px)", "transform:translateX(-9999px)", "transform:translateY(-999em)"),
    *("transform:scale(0)", "transform:scaleX(.01)", "-webkit-transform:scale3d(0,0,0)", "scale:0"),
    *("transform:matrix(0,0,0,0,0,0)", "transform:matrix(1,0,0,1,-9999,0)", "transform:rotateX(90deg)"),
    *("zoom:0", "zoom:1%", "translate:-9999px", "transform:translateX(-100%)", "content-visibility:hidden"),
    *("position:absolute;bottom:-9999px", "position:absolute;right:-9999px", "inset:-9999px;position:fixed"),
    *("position:absolute;left:9999px", "margin-left:0;margin:0 0 0 -9999px", "margin:0 0 -1px -9999px"),
    *("clip-path:polygon()", "clip-path:circle(0px)", "clip-path:inset(100%)", "clip:rect(1px,1px,1px,1px)"),
    *("overflow:hidden;line-height:0", "overflow:hidden;line-height:1px", "height:.01em;overflow-y:clip"),
]
SHEETS = {
    "attribute": "[class]{display:none}",
    "attribute-value": "[data-a='b c' i]{display:none}",
    "attribute-beginning": "[data-a^=b]{display:none}",
    "attribute-end": "[data-a$=c]{display:none}",
    "attribute-part": "[data-a*=' ']{display:none}",
    "attribute-word": "[data-a~=c]{display:none}",
    "attribute-language": "[lang|=en]{display:none}",
    "id-and-class": "#I.h{display:none}",
    "escaped-name": ".a\\:b{display:none}",
    "escaped-letter": ".\\68{display:none}",
    "sign": ".😀{display:none}",
    "comment-in-a-string": ".a{content:'/*'} .h{display:none}",
    "brace-in-a-string": ".a{content:'}'} .h{display:none}",
    "quote-in-a-string": ".a{content:'\\''} .h{display:none}",
    "bracket": ".x{a:(})} .h{display:none}",
    "nested": ".x{.y{color:red}} .h{display:none}",
    "before-a-nested": ".h{display:none;.y{color:red}}",
    "behind-a-nested": ".h{.y{color:red} display:none}",
    "shown-only-within": ".h{display:none} .zzz{.h{display:block}}",
    "shown-only-directly-within": ".h{display:none} body > .h{display:block}",
    "shown-only-within-both": ".h{display:none} .o.u .h{display:block}",
    "shown-only-within-a-few": ".h{display:none} .u .o .h{display:block}",
    "shown-by-another-program": ".h{display:none} @supports(x:y){.h{display:block}}",
    "shown-on-paper": "@media print{.h{display:block}} .h{display:none}",
    "shown-before-it": ".h{display:none} .h::x{display:block}",
    "shown-where-the-mouse-is": ".h{display:none} .h:hover{display:block}",
    "important": ".h{display:none ! important} .h{display:block}",
    "astray": ".h{display:none}};.h{display:block}",
    "unclosed": "@media screen{.h{display:none",
    "import": "@import url(x);.h{display:none}",
    "wide": "@media all and (min-width:37.5em){.h{display:none}}",
    "always": "@media{.h{display:none}}",
    "light": "@media (prefers-color-scheme:light){.h{display:none}}",
    "variable": ":root{--c:white}.h{color:var(--c)}",
    "link": "a:link{color:#fff}",
    "html": ":root .h{display:none}",
    "in-a-frame-of-its-own": "@keyframes x{from{opacity:0}} .h{display:none}",
    "directly-within": ".u > .h{display:none}",
    "deep": ".o .u > .h{display:none}",
    "many-selectors": ",".join(f".a{number}" for number in range(60)) + ",.h{display:none}",
}
BEHIND_A_CONDITION = {
    "not": ".h:not(.x){display:none}",
    "is": ".h:is(.h,.b){display:none}",
    "first": ".h:first-child{visibility:hidden}",
    "sibling": "i+.h{display:none}",
    "later-sibling": "i~.h{display:none}",
    "supports": "@supports(display:grid){.h{display:none}}",
    "supports-small": "@supports(x:y){.h{font-size:0}}",
    "supports-clear": "@supports(x:y){.h{opacity:0}}",
    "supports-far": "@supports(x:y){.h{position:absolute;left:-9999px}}",
    "supports-boxed": "@supports(x:y){.h{max-height:0}} @supports(z:y){.h{overflow:hidden;max-height:9px}}",
    "layer": "@layer a{.h{display:none}}",
    "layer-beaten": "@layer a{.h{display:block}.h{display:none}}",
    "width": "@media (max-width:9999px){.h{display:none}}",
    "wide": "@media screen and (min-width:2000px){.h{display:none}}",
    "range": "@media (width>1px){.h{display:none}}",
    "broken-width": "@media (min-width:bogus){.h{display:none}}",
    "not-paper": "@media not print{.h{display:none}}",
    "long-query": f"@media {'x ' * 600}{{.h{{display:none}}}}",
    "nested": ".o{& .h{display:none}}",
    "itself": ".h{&{display:none}}",
    "media-inside": ".h{@media screen{display:none}}",
    "sign-astray": "x;.h{display:none}",
    "long-selector": " ".join([".x", *["*"] * 7]) + " .h{display:none}",
    "many-parts": ".h" + "".join(f":not(.a{number})" for number in range(30)) + "{display:none}",
    "no-selector": ".h?{display:none}",
    "attribute-of-no-kind": ".h[class!=c]{display:none}",
}


@pytest.mark.parametrize("style", [pytest.param(style, id=f"style-{n}") for n, style in enumerate(STYLES)])
def test_no_value_and_no_trick_of_writing_shows_what_is_hidden(style: str) -> None:
    assert markdown_of(f'<p>yes</p><div style="{style}">no</div>') == "yes"


@pytest.mark.parametrize("sheet", [pytest.param(sheet, id=name) for name, sheet in SHEETS.items()])
def test_what_a_sheet_hides_is_hidden(sheet: str) -> None:
    inner = "<a href=x id=i class='h a:b 😀' data-a='B C' lang=EN-us>no</a>"
    assert markdown_of(f"<style>{sheet}</style><body>yes<div class=o><div class=u>{inner}</div></div>") == "yes"


@pytest.mark.parametrize("sheet", [pytest.param(sheet, id=name) for name, sheet in BEHIND_A_CONDITION.items()])
def test_what_only_some_programs_show_is_left_out_and_said_so(sheet: str) -> None:
    inner = f"{'<div>' * 8}<i></i><p class=h style='color:red'>no</p>"
    text = markdown_of(f"<style>{sheet}</style>yes<div class=o>{inner}</div>")
    assert text == f"yes\n\n{NOT_FOR_ALL}"


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<div style='opacity:.3'><p style='opacity:.3'>no", id="clear-in-clear"),
        pytest.param("<div style='opacity:.3'><p style='opacity:.3;visibility:visible'>no", id="clear-is-not-visible"),
        pytest.param("<div style='font-size:.3em'><p style='font-size:.3em'>no", id="small-in-small"),
        pytest.param("<p style='font-size:0'><font size=bogus>no</font>", id="no-size"),
        pytest.param("<p style='font-size:0'><b style='font-size:inherit'>no</b>", id="size-from-around"),
        pytest.param("<p style='font-size:1px'><b style='font-size:larger'>no</b>", id="a-little-larger"),
        pytest.param("<p popover>no", id="popover"),
        pytest.param("<div style='color:white'><a href=#x style='color:inherit'>no", id="ink-from-around"),
        pytest.param("<div style='color:white'><img alt='no word'></div>", id="image-in-pale-ink"),
        pytest.param("<div style='font-size:0'><img alt='no word'></div>", id="image-in-tiny-text"),
        pytest.param("<style>/*</style><style>.h{display:none}</style><p class=h>no", id="comment-of-one-sheet"),
    ],
)
def test_what_is_hidden_by_what_is_around_it_is_gone(html: str) -> None:
    assert markdown_of(f"yes{html}") == "yes"


@pytest.mark.parametrize("name", ["audio", "video", "canvas", "progress", "meter"])
def test_text_instead_of_a_thing_is_for_some_programs_only(name: str) -> None:
    assert markdown_of(f"<p>yes</p><{name}>no</{name}>") == f"yes\n\n{NOT_FOR_ALL}"


PHONES = "@media(max-width:600px){.m{display:block!important}.d{display:none!important}}"


@pytest.mark.parametrize(
    "html",
    [
        pytest.param(f"<style>.m{{display:none}}{PHONES}</style><p class=m>no</p><p class=d>yes", id="telephones"),
        pytest.param(
            "<style>.d{display:none}@media(min-width:480px){.d{display:block}}</style><p class=d>yes", id="up"
        ),
        pytest.param(
            "<style>@media (prefers-color-scheme:dark){.d{display:none}}[data-ogsc] .d{display:none}</style>"
            "<p class=d>yes",
            id="dark",
        ),
        pytest.param("<style>u+.body .d{display:none!important}</style><body class=body><p class=d>yes", id="gmail"),
        pytest.param("<style>@media (max-device-width:1024px){.d{display:none}}</style><p class=d>yes", id="tablets"),
        pytest.param("<style>.d:hover{opacity:0}.d::before{display:none}</style><p class=d>yes", id="states"),
        pytest.param(
            "<style>@supports(x:y){.d{display:block;width:100%;color:#fff}}</style><p class=d>yes", id="looks"
        ),
        pytest.param(
            "<style>@supports(x:y){.d{opacity:1;zoom:1;margin:0;width:1em;left:0}}</style><p class=d>yes", id="no-harm"
        ),
        pytest.param("<style>.o .u > .d, .x.y .d{color:#fff}</style><div class=o><p class=d>yes", id="not-within"),
        pytest.param("<style>td[class=x]{display:none}</style><p class=x>yes", id="another-tag"),
        pytest.param("<style>[title|=a]{display:none}</style><p title=b>yes", id="another-value"),
        pytest.param("<style>,{display:none}.x,{display:none}x</style><p>yes", id="nobody"),
        pytest.param("<style>.b{background:#0a7d33}.b>a{color:#fff}</style><p class=b><a href=#x>yes</a>", id="button"),
        pytest.param("<p style='background-color:rgb(0 0 0/80%);color:#fff'>yes", id="white-on-smoke"),
        pytest.param("<table bgcolor=black><tr><td style='background:none;color:#fff'>yes", id="no-ground-of-its-own"),
        pytest.param("<table bgcolor=black><tr><td style='background:inherit;color:#fff'>yes", id="ground-around"),
        pytest.param("<p style='font-size:0;font-size:14px'>yes", id="valid-size"),
        pytest.param("<p style='font-size:0;font:small-caps 700 14px a'>yes", id="valid-font"),
        pytest.param("<p style='font-size:0;font:menu'>yes", id="font-of-the-system"),
        pytest.param("<p style='font-size:0;font:inherit'>yes", id="font-around"),
        pytest.param("<p style='color:#fff;color:#000'>yes", id="valid-ink"),
        pytest.param("<p style='color:#fff;color:initial;-webkit-text-fill-color:currentcolor'>yes", id="usual-ink"),
        pytest.param("<p style='display:none;display:inline-block!important'>yes", id="valid-display"),
        pytest.param("<p style='overflow:hidden;height:0;overflow:inherit'>yes", id="overflow-around"),
        pytest.param("<p style='overflow:hidden auto;line-height:1.2;width:calc(100% - 20px)'>yes", id="room"),
        pytest.param("<p style='overflow:hidden;height:calc(1px + 1foo)'>yes", id="cannot-be-calculated"),
        pytest.param("<p style='overflow:a b c;margin:a;margin:1px 2px 3px'>yes", id="no-values"),
        pytest.param("<p style='transform:translate(-50%,-50%);position:absolute;left:50%'>yes", id="centred"),
        pytest.param("<p style='transform:matrix(0,1,-1,0,0,0) rotate(90deg);zoom:100%'>yes", id="turned"),
        pytest.param("<p style='filter:opacity(1) blur(0);clip:rect(auto,auto,auto,auto)'>yes", id="no-clip"),
        pytest.param("<div style='opacity:.9'><p style='opacity:.8'>yes", id="a-little-clear"),
        pytest.param("<small><small><small>yes", id="small"),
        pytest.param("<object><p>yes</object>", id="object"),
        pytest.param("<noscript>yes</noscript>", id="no-script"),
    ],
)
def test_what_a_reader_at_a_desk_sees_stays(html: str) -> None:
    assert markdown_of(html) == "yes"


@pytest.mark.parametrize(
    "html",
    [
        pytest.param(
            f"<style>{'.a{color:red}' * 4000}.h{{display:none}}</style>yes<p class=h>no", id="a-rule-behind-many"
        ),
        pytest.param(f"<style>{'.a,' * 60}.h{{display:none}}</style>yes<p class=h>no", id="a-selector-behind-many"),
        pytest.param(f"<style>.h{{display:none}}</style>yes<p class='{'a ' * 60}h'>no", id="a-class-behind-many"),
        pytest.param("<style>.h{display:none ! important}</style>yes<p class=h style='display:block'>no", id="blank"),
    ],
)
def test_no_limit_of_ours_shows_what_is_hidden(html: str) -> None:
    assert markdown_of(html) == "yes"


@pytest.mark.parametrize(
    ("rest", "is_hidden"),
    [
        pytest.param(f"<b><i><style title='{'>' * 600}'>.h{{display:none}}</style>", True, id="behind-many-tags"),
        pytest.param(f"{'x' * 300}<STYLE\n>.h{{display:none}}</STYLE>", True, id="behind-much-text"),
        pytest.param(f"<!--{'x' * 300}<style>.h{{display:none}}", True, id="unclosed"),
        pytest.param("<b><i><style a='", False, id="no-sheet"),
    ],
)
def test_a_sheet_in_what_is_not_read_hides_all_the_same(rest: str, is_hidden: bool) -> None:
    document = read(f"yes<p class=h>no</p>{rest}", longest=200, most=8)
    assert ("no" not in visible(document)) is is_hidden
    assert not document.is_whole


def test_a_sheet_in_what_is_not_read_shows_nothing() -> None:
    page = "<style>.h{display:none}</style>yes<p class=h>no</p><b><i><!--<style>.h{display:block!important}</style>-->"
    events = visible(read(page, most=8))
    assert "yes" in events
    assert "no" not in events


@pytest.mark.parametrize("most", [pytest.param(most, id=str(most)) for most in range(4, 9)])
def test_a_sheet_hides_wherever_reading_ends(most: int) -> None:
    document = read("yes<p class=h>no</p><style>.h{display:none}</style><b><i>", most=most)
    assert visible(document)[0] == "yes"
    assert "no" not in visible(document)


@pytest.mark.parametrize(
    "sheet",
    [
        pytest.param("body{font-size:0}", id="tiny"),
        pytest.param("body{display:none}", id="not-displayed"),
        pytest.param("@supports(x:y){body{display:none}}", id="by-some-programs"),
        pytest.param("html > body p{color:#fff}", id="within"),
    ],
)
def test_a_page_is_in_a_body_even_if_it_does_not_say_so(sheet: str) -> None:
    assert "no" not in markdown_of(f"<style>{sheet}</style><p>no").replace(NOT_FOR_ALL, "")


@pytest.mark.parametrize(
    "sheet",
    [
        pytest.param(".a{color:red}" * (MOST_RULES + 1), id="rules"),
        pytest.param(".a," * (MOST_RULES + 1) + ".b{color:red}", id="selectors"),
        pytest.param(" " * (LONGEST_SHEETS + 1), id="text"),
    ],
)
def test_a_page_with_more_rules_than_any_real_one_is_not_shown(sheet: str) -> None:
    assert rules_of([sheet]) is None
    assert markdown_of(f"<style>{sheet}</style>no") == TOO_LONG


@pytest.mark.parametrize(
    "html",
    [
        pytest.param(f"<style>{'.b>.b .b>.b{color:red}' * 20}</style>{'<div class=b>' * 100}", id="children"),
        pytest.param(f"<style>{'p{color:red}' * 100}</style>{'<p>x' * 100}", id="rules-for-all"),
        pytest.param(
            f"<style>{''.join(f'[a*=x{n}]{{color:red}}' for n in range(100))}</style>"
            + "".join(f"<p a={n}>x" for n in range(50)),
            id="attributes",
        ),
        pytest.param("".join(f"<p style='{'x:y;' * 30}x:{n}'>x" for n in range(50)), id="styles"),
        pytest.param("<p style='--a:var(--a);--b:var(--a);left:var(--b)'>x" * 200, id="variables"),
    ],
)
def test_work_without_end_is_ended_by_counting_it(html: str) -> None:
    everything = len(visible(read(html)))
    document = read(html)
    events = visible(document, 10_000)
    assert not document.is_whole
    assert len(events) < everything
    assert sum(isinstance(event, Open) for event in events) == sum(isinstance(event, Close) for event in events)
    assert read(html).is_whole


def test_a_newsletter_takes_a_small_part_of_the_work() -> None:
    sheet = "".join(f".c{n}{{color:red;font:14px a;background:#fff}}" for n in range(300)) + PHONES
    styles = Styles([sheet], [])
    for number in range(2000):
        opened = Open("td", {"class": f"c{number % 300} d", "style": f"padding:{number % 40}px;color:#333"})
        styles.of(opened)
        styles.enter(opened)
        styles.leave()
    assert not styles.is_spent


def test_deep_links_lead_nowhere_and_cost_nothing() -> None:
    text = markdown_of("<a href=https://a.example/1>x<object>" * 30)
    assert text.count("<https://a.example/1>") == 8


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("#abc", Ink((170, 187, 204)), id="short"),
        pytest.param("rebeccapurple", Ink((102, 51, 153)), id="name"),
        pytest.param("hsl(.5turn 100% 50%)", Ink((0, 255, 255)), id="hue"),
        pytest.param("oklch(.5 0 0)", Ink(None), id="light-that-is-not-told"),
        pytest.param("color-mix(in srgb, red, blue)", Ink(None), id="mixed"),
        *(
            pytest.param(value, None, id=value)
            for value in ("rgb(1,2)", "rgb(1,2,x)", "rgb(1,2,3,x)", "hsl(x,1%,1%)", "lab(x 0 0)", "#abcde", "redd")
        ),
    ],
)
def test_colours_are_told_or_refused(value: str, expected: Ink | None) -> None:
    assert ink(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("1in", 96.0, id="inch"),
        pytest.param("calc(2 * (1px + 3px) / 4)", 2.0, id="nested"),
        pytest.param("max(1px, 10%)", 1.6, id="mixed"),
        pytest.param("calc(1px / 0)", None, id="by-nothing"),
        pytest.param("calc(1px + x)", None, id="no-number"),
        pytest.param("calc(1px, 2px)", None, id="two"),
        pytest.param("90deg", None, id="angle"),
        pytest.param("(" * 50 + "1px" + ")" * 50, None, id="too-deep"),
    ],
)
def test_lengths_are_calculated_or_refused(value: str, expected: float | None) -> None:
    assert pixels(value) == (None if expected is None else pytest.approx(expected))


def test_sizes_of_text_go_by_the_text_around() -> None:
    assert text_size("50%", 20.0) == pytest.approx(10.0)
    assert text_size("calc(1em + 5%)", 20.0) == pytest.approx(21.0)
    assert text_size("1turn", 20.0) is None


def test_a_document_without_anything_is_whole() -> None:
    document = Document()
    assert visible(document) == []
    assert document.is_whole
    assert document.is_for_all
