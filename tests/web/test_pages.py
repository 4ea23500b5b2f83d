"""web/pages/: what people read when a sign-in has ended or a link leads nowhere."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable

import pytest
from starlette.responses import Response

from web import pages

EVIL = "\"><img src=x onerror=alert(1)>'</style><script>x</script>"

ALL = [
    pytest.param(lambda: pages.signed_in("ines.aldana@lindenhall.example"), 200, id="signed in"),
    pytest.param(lambda: pages.signed_in(""), 200, id="signed in, name unknown"),
    pytest.param(lambda: pages.signed_in(EVIL), 200, id="signed in, evil name"),
    pytest.param(lambda: pages.not_signed_in("It was cancelled."), 400, id="not signed in"),
    pytest.param(lambda: pages.not_signed_in(EVIL, EVIL), 400, id="not signed in, evil text"),
    pytest.param(pages.unknown_link, 404, id="unknown link"),
    pytest.param(pages.misdirected, 421, id="wrong host"),
    pytest.param(pages.cross_site, 403, id="another site"),
    pytest.param(lambda: pages.wrong_method({"POST", "GET"}), 405, id="wrong method"),
    pytest.param(pages.too_large, 413, id="too large"),
]


def text_of(response: Response) -> str:
    return bytes(response.body).decode()


@pytest.mark.parametrize(("made", "status"), ALL)
def test_every_page_has_a_status_a_language_a_title_and_one_heading(made: Callable[[], Response], status: int) -> None:
    response = made()
    html = text_of(response)
    assert response.status_code == status
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert html.startswith('<!DOCTYPE html>\n<html lang="en">')
    title, heading = re.findall(r"<title>(.+?) · Graphward</title>", html), re.findall(r"<h1>(.+?)</h1>", html)
    assert len(title) == 1
    assert title == heading
    assert html.count("<main") == 1
    assert 'name="viewport"' in html


@pytest.mark.parametrize(("made", "status"), ALL)
def test_no_page_runs_or_loads_anything(made: Callable[[], Response], status: int) -> None:
    html = text_of(made())
    assert not re.search(r"<(?:script|img|link|iframe|object|embed|form|base)\b", html)
    assert not re.search(r"<[^>]+\s(?:on\w+|src|href|style)\s*=", html)
    assert not re.search(r"url\(|@import", html)


@pytest.mark.parametrize(("made", "status"), ALL)
def test_every_page_allows_its_own_style_and_nothing_else(made: Callable[[], Response], status: int) -> None:
    response = made()
    (style,) = re.findall(r"<style>(.*?)</style>", text_of(response), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = dict(part.strip().split(" ", 1) for part in response.headers["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["x-frame-options"] == "DENY"


def test_the_style_knows_light_and_dark() -> None:
    html = text_of(pages.signed_in(""))
    assert "color-scheme: light dark" in html
    assert "@media (prefers-color-scheme: dark)" in html


def test_who_signed_in_is_named_and_escaped() -> None:
    html = text_of(pages.signed_in("<b>ines</b>@lindenhall.example"))
    assert "You are signed in as <strong><bdi>&lt;b&gt;ines&lt;/b&gt;@lindenhall.example</bdi></strong>." in html
    assert "You can close this page." in html


def test_a_name_that_is_not_known_leaves_no_gap() -> None:
    assert "<p>You are signed in. You can close this page.</p>" in text_of(pages.signed_in(""))


@pytest.mark.parametrize(
    "character",
    [
        pytest.param("\u202e", id="right-to-left override"),
        pytest.param("\u2066", id="isolate"),
        pytest.param("\u200b", id="zero width"),
        pytest.param("\ufeff", id="byte order mark"),
        pytest.param("\x00", id="null"),
        pytest.param("\x85", id="control"),
    ],
)
def test_characters_that_nobody_sees_are_left_out(character: str) -> None:
    html = text_of(pages.signed_in(f"in{character}es"))
    assert "<bdi>ines</bdi>" in html
    assert character not in html


def test_what_went_wrong_comes_with_microsofts_words_and_what_to_do() -> None:
    html = text_of(pages.not_signed_in("It was cancelled.", "AADSTS65004: declined.\nTrace ID: 1"))
    assert "<p>It was cancelled.</p>" in html
    assert "<h2>What Microsoft says</h2><p><bdi>AADSTS65004: declined.\nTrace ID: 1</bdi></p>" in html
    assert "ask for the same once more" in html


@pytest.mark.parametrize("said", [pytest.param("", id="nothing"), pytest.param(" \n", id="blank")])
def test_microsoft_saying_nothing_leaves_no_empty_box(said: str) -> None:
    assert "What Microsoft says" not in text_of(pages.not_signed_in("It was cancelled.", said))


def test_ids_stay_readable_and_what_looks_like_a_code_does_not() -> None:
    correlation, code = "b76c098c-da9b-4d9f-980b-96794fe7a52c", "0.AXoA" + "Zz9-_." * 12
    html = text_of(pages.not_signed_in("No.", f"Correlation ID: {correlation} code={code}&x=eyJ0{'a' * 50}.{'b' * 50}"))
    assert correlation in html
    assert code not in html
    assert "eyJ0" not in html


def test_a_text_without_end_is_cut() -> None:
    html = text_of(pages.not_signed_in("No.", "word " * 10_000))
    assert len(html) < 10_000
    assert "…</bdi>" in html


def test_a_wrong_method_names_the_right_ones() -> None:
    assert pages.wrong_method({"POST", "GET"}).headers["allow"] == "GET, POST"
