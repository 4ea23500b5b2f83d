"""Mail that is odd on purpose: MIME that confuses parsers, HTML that goes on and on."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from tests.emulator.mail.scene import BO, draft, letter
from tests.emulator.support import error_of

UNREADABLE = (400, "ErrorMimeContentInvalid")
SIZE = 100_000


def nested(depth: int) -> bytes:
    heads = (f"--{number}\r\nContent-Type: multipart/mixed; boundary={number + 1}\r\n\r\n" for number in range(depth))
    return ("Content-Type: multipart/mixed; boundary=0\r\n\r\n" + "".join(heads)).encode()


async def sent(graph: httpx.AsyncClient, mime: bytes) -> httpx.Response:
    return await graph.post("/me/messages", content=base64.b64encode(mime), headers={"Content-Type": "text/plain"})


@pytest.mark.parametrize(
    "mime",
    [
        pytest.param(b"To: " + b"a@b," * 20_000, id="a header of many addresses"),
        pytest.param(b"To: " + b"a@b," * 1001, id="more addresses than anyone writes to"),
        pytest.param(b"To: " + b"(" * 20_000, id="comments in comments"),
        pytest.param(b"Content-Type: " + b"a/b;" * 9000, id="a type of many parameters"),
        pytest.param(b"Subject: " + b"=?a?b?c" * 5000, id="a subject that seems encoded"),
        pytest.param(b"".join(b"X-%d: %s\r\n" % (one, b"a " * 8000) for one in range(20)), id="many long headers"),
        pytest.param(nested(40), id="parts in parts"),
        pytest.param(nested(3000), id="very many parts in parts"),
        pytest.param(b"Content-Type: message/rfc822\r\n\r\n" * 3000, id="messages in messages"),
    ],
)
async def test_mime_that_nobody_could_read_is_refused(graph: httpx.AsyncClient, mime: bytes) -> None:
    assert error_of(await sent(graph, mime))[:2] == UNREADABLE
    assert (await graph.get("/me/mailFolders/drafts/messages")).json()["value"] == []


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"Message-ID: <<<<", id="an id of brackets"),
        pytest.param(b'To: "a@b"@[x', id="an address of which half is missing"),
        pytest.param(b"To: " + b'"' * 30_000, id="quotes only"),
        pytest.param(b"Date: Mon, 01 Jan 99999999999999999999 00:00:00 +0000", id="a year beyond all years"),
        pytest.param(b"From: =?nope?q?a?= <a@b.example>", id="a name in an unknown charset"),
        pytest.param(b"X-Odd: \xff\xfe", id="bytes in a header"),
    ],
)
async def test_an_odd_header_does_no_harm(graph: httpx.AsyncClient, head: bytes) -> None:
    response = await sent(graph, head + b"\r\n\r\nwords")
    assert (response.status_code, response.json()["body"]["content"]) == (201, "words")


@pytest.mark.parametrize("charset", ["nope", "rot13", "hex", '""', "idna", "undefined", "utf-8"])
async def test_a_text_in_an_unknown_charset_is_read_all_the_same(graph: httpx.AsyncClient, charset: str) -> None:
    mime = f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode() + "Grüße ".encode() + b"\xff"
    response = await sent(graph, mime)
    assert (response.status_code, response.json()["body"]["content"]) == (201, "Grüße \ufffd")


async def test_half_a_letter_is_shown_as_a_question_mark(graph: httpx.AsyncClient) -> None:
    mime = b"Content-Type: text/plain; charset=unicode_escape\r\n\r\na\\ud800b"
    assert (await sent(graph, mime)).json()["body"]["content"] == "a?b"


async def test_names_of_recipients_are_decoded_one_by_one(graph: httpx.AsyncClient) -> None:
    mime = b'To: =?utf-8?q?Lind=2C_Ada?= <ada@a.example>,\r\n "Falk, Cy" <cy@a.example>, bo@a.example\r\n\r\nHi'
    found = (await sent(graph, mime)).json()["toRecipients"]
    assert [(one["emailAddress"]["name"], one["emailAddress"]["address"]) for one in found] == [
        ("Lind, Ada", "ada@a.example"),
        ("Falk, Cy", "cy@a.example"),
        ("bo@a.example", "bo@a.example"),
    ]


@pytest.mark.parametrize(
    "piece",
    [
        "<meta refresh", "<form ", "<a ", "<", "<!--", "<script", "<p onclick='a' ", " onclick=", "<p " + " " * 60,
        '<a b="', "<a =' ", "<meta http-equiv ", "href=  ", '<img alt="', "</script ",
    ],
)  # fmt: skip
async def test_html_of_one_unclosed_piece_over_and_over_is_answered(graph: httpx.AsyncClient, piece: str) -> None:
    html = piece * (SIZE // len(piece)) + " refresh"
    made = await draft(graph, letter(BO, body={"contentType": "html", "content": html}))
    for kind in ("text", "html"):
        wanted = {"Prefer": f'outlook.body-content-type="{kind}"'}
        response = await graph.get(f"/me/messages/{made['id']}", headers=wanted)
        assert (response.status_code, response.json()["body"]["contentType"]) == (200, kind)


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        pytest.param('<p onclick="a > b" class=x onload=y>Hi</p>', "<p class=x>Hi</p>", id="handlers"),
        pytest.param('<p title="a>b" onclick=x>Hi</p>', '<p title="a>b">Hi</p>', id="a handler behind a bracket"),
        pytest.param("<p>Hi</p><form action=x", "<p>Hi</p>", id="a form that does not end"),
        pytest.param('<meta http-equiv="refresh" content=0><p>Hi</p>', "<p>Hi</p>", id="a page that goes elsewhere"),
        pytest.param('<meta charset="x"><input>', '<meta charset="x">', id="other facts of the page"),
        pytest.param("<a href = ' javascript:x()'>l</a>", "<a href = '#'>l</a>", id="a link that runs"),
        pytest.param("<p>onclick = refresh</p>", "<p>onclick = refresh</p>", id="words"),
    ],
)
async def test_only_what_runs_is_taken_out(graph: httpx.AsyncClient, html: str, shown: str) -> None:
    body: dict[str, Any] = {"contentType": "html", "content": html}
    made = await draft(graph, letter(BO, body=body))
    found = (await graph.get(f"/me/messages/{made['id']}")).json()["body"]["content"]
    assert found.partition("<body>")[2].removesuffix("</html>").removesuffix("</body>") == shown
