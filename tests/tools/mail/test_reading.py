"""mail_read_message: one message as its reader needs it, whatever it is made of."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from threading import get_ident
from typing import Any

import httpx
import pytest

from emulator.graph.mail.state import Address, Attachment, Body
from tests.corpus_files import pages, texts
from tests.support import small_tenant, text_of
from tests.tools.mail.support import NOON, SENDER, Mailbox, in_fence, mailbox_of, mailbox_on
from tests.tools.untrusted.invariants import active_in, unseen_in
from tools._outside import Home
from tools.mail.bodies import part_of, read_text
from tools.mail.messages import GraphMessage
from tools.mail.reading import BODY_CHARACTERS


def message_of(item: dict[str, Any], files: dict[str, Any] | None = None) -> Callable[[httpx.Request], httpx.Response]:
    """A Graph that has this one message, and nothing else."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/attachments"):
            return httpx.Response(200, json=files or {"value": []})
        if "/messages/" in request.url.path:
            return httpx.Response(200, json={"id": "x", **item})
        if request.url.path.endswith("/messages"):
            return httpx.Response(200, json={"value": [{"id": "x", **item}]})
        return httpx.Response(404, json={"error": {"code": "NotFound", "message": "gone"}})

    return answer


def with_text(content: str, kind: str = "text") -> dict[str, Any]:
    sender = {"emailAddress": {"name": SENDER.name, "address": SENDER.address}}
    return {"subject": "S", "from": sender, "body": {"contentType": kind, "content": content}}


async def parts_of(mailbox: Mailbox, **arguments: Any) -> list[str]:
    """The text, put together as its parts say."""
    parts, start = list[str](), 0
    for _ in range(100):
        facts = await mailbox.facts("read_message", id="x", start=start, **arguments)
        parts.append("\n".join(in_fence(facts["text"])))
        if "next_start" not in facts:
            return parts
        start = facts["next_start"]
    raise AssertionError("the text has no end")


async def test_a_message_is_read_as_text_with_its_people_in_a_fence() -> None:
    tenant = small_tenant()
    html = "<html><body><p>Dear Ines,</p><p>the <b>offer</b> stands.</p></body></html>"
    reader = tenant.demo_person.address
    message = tenant.add_message(
        tenant.demo_person, "The offer", Body(html), sender=SENDER, to=(reader,), cc=(SENDER,), sent=NOON
    )
    async with mailbox_of(tenant) as mailbox:
        text = await mailbox.text("read_message", id=message.immutable_id)
    assert text.splitlines()[0] == "Received 2026-11-20 12:00 UTC."
    assert in_fence(text) == [
        "Subject: The offer",
        "From: Petra Novotny <petra@northwind-freight.example> (outside)",
        "To: Ines Aldana <ines.aldana@lindenhall.example>",
        "Cc: Petra Novotny <petra@northwind-freight.example> (outside)",
        "",
        "Dear Ines,",
        "",
        "the offer stands.",
    ]


async def test_a_listed_message_is_read_by_its_handle_and_its_file_has_one() -> None:
    tenant = small_tenant()
    paper = Attachment(name="waybill.pdf", content_type="application/pdf", source=b"x" * 2048)
    tenant.add_message(tenant.demo_person, "Papers", "See the file.", sender=SENDER, attachments=(paper,))
    async with mailbox_of(tenant) as mailbox:
        [row] = (await mailbox.facts("list_messages"))["messages"]
        facts = await mailbox.facts("read_message", id=row["id"])
        text = await mailbox.text("read_message", id=f"<{row['id'].upper()}>")
        told = await mailbox.refusal("read_message", id=facts["files"][0]["id"])
    [file] = facts["files"]
    assert file["id"].startswith("att_")
    assert (file["name"], file["type"]) == ("waybill.pdf", "application/pdf")
    assert f"File: {file['id']} waybill.pdf, 2 kB" in in_fence(text)
    assert "does not stand for a message. mail_list_messages lists messages" in told


@pytest.mark.parametrize(
    ("identifier", "says"),
    [
        pytest.param("msg_4k7q2m", "msg_4k7q2m is not known here (any more). mail_list_messages", id="a forged handle"),
        pytest.param("x", "exactly as it was listed", id="no id of Graph's"),
        pytest.param("\ud800", "cannot take", id="half a character"),
    ],
)
async def test_a_message_that_is_not_there_says_where_they_are_listed(identifier: str, says: str) -> None:
    async with mailbox_of(small_tenant()) as mailbox:
        assert says in await mailbox.refusal("read_message", id=identifier)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(" ".join(f"sentence {number}." for number in range(700)), id="words"),
        pytest.param("\n".join(f"line {number}" for number in range(1000)), id="lines"),
        pytest.param("漢字" * 2300, id="without spaces"),
        pytest.param("e\u0301\u0302" * 3000, id="letters with marks"),
        pytest.param("👍🏽" * 2500, id="emoji with colours"),
    ],
)
async def test_a_long_text_comes_in_parts_that_join_to_the_whole(content: str) -> None:
    most = "6000"
    async with mailbox_on(message_of(with_text(content)), {"ANSWER_BYTES": most}) as mailbox:
        first = await mailbox.call("read_message", id="x")
        parts = await parts_of(mailbox)
    assert "".join(parts) == content
    assert len(parts) > 1
    assert all(unicodedata.category(part[0])[0] != "M" and part[0] != "\U0001f3fd" for part in parts)
    assert len(text_of(first).encode()) <= int(most)
    assert "The text goes on: start=" in text_of(first).splitlines()[-1]
    assert len(httpx.Response(200, json=first.structured_content).content) <= int(most)


async def test_a_start_beyond_the_text_says_how_long_it_is() -> None:
    async with mailbox_on(message_of(with_text("Hello there"))) as mailbox:
        assert "which has 11 characters" in await mailbox.refusal("read_message", id="x", start=11)


@pytest.mark.parametrize(
    ("text", "start", "most", "part"),
    [
        pytest.param("one two three", 0, 9, "one two ", id="to the end of a word"),
        pytest.param("one two", 0, 7, "one two", id="all of it"),
        pytest.param("one two", 4, 7, "two", id="the rest"),
        pytest.param("aaaa", 0, 3, "aaa", id="no word's end near"),
        pytest.param("aae\u0301", 0, 3, "aa", id="no letter without its marks"),
        pytest.param("\u0301" * 4, 0, 2, "\u0301" * 2, id="nothing but marks"),
        pytest.param("a bbb", 0, 1, "a", id="one character"),
    ],
)
def test_a_part_ends_where_it_hurts_least(text: str, start: int, most: int, part: str) -> None:
    assert part_of(text, start, most) == part


REPLY = """<div>Agreed.</div><hr><div id="divRplyFwdMsg"><b>From:</b> Jonas &lt;j@x.example&gt;<br>
<b>Sent:</b> Friday, November 20, 2026 10:00<br><b>To:</b> Ines<br><b>Subject:</b> Pallets</div><div>Is it?</div>"""


async def test_history_is_left_out_and_comes_when_it_is_asked_for() -> None:
    async with mailbox_on(message_of(with_text(REPLY, "html"))) as mailbox:
        short = await mailbox.text("read_message", id="x")
        whole = await mailbox.text("read_message", id="x", whole=True)
    assert "Is it?" not in short
    assert short.splitlines()[-1] == "1 earlier message below it: mail_read_thread, or whole=true."
    assert "Is it?" in whole
    assert "earlier message" not in whole


SIGNED = "The papers are there.\n\n-- \nPetra Novotny\nNorthwind Freight\n+420 555 0100"


async def test_a_signature_that_was_left_out_is_told_and_comes_when_it_is_asked_for() -> None:
    async with mailbox_on(message_of(with_text(SIGNED))) as mailbox:
        short = await mailbox.text("read_message", id="x")
        whole = await mailbox.text("read_message", id="x", whole=True)
    assert "555" not in short
    assert short.splitlines()[-1] == "A signature or notice was left out: whole=true."
    assert "555" in whole
    assert "left out" not in whole


async def test_what_is_whole_without_them_tells_of_no_signature() -> None:
    async with mailbox_on(message_of(with_text("The papers are there."))) as mailbox:
        assert "left out" not in await mailbox.text("read_message", id="x")


class Watched(Home):
    """Keeps in mind which threads asked for its domains, as whoever reads a body does."""

    def __init__(self) -> None:
        super().__init__(())
        self.threads = set[int]()

    def __getattribute__(self, name: str) -> Any:
        if name == "domains":
            self.threads.add(get_ident())
        return super().__getattribute__(name)


@pytest.mark.parametrize(
    ("kind", "length", "is_apart"),
    [
        pytest.param("html", 2_000, False, id="a short page"),
        pytest.param("HTML", 2_001, True, id="a longer page"),
        pytest.param("text", 20_000, False, id="a short text"),
        pytest.param("text", 20_001, True, id="a longer text"),
    ],
)
async def test_what_can_be_slow_to_read_does_not_keep_others_waiting(kind: str, length: int, is_apart: bool) -> None:
    home = Watched()
    home.threads.clear()
    message = GraphMessage.model_validate({"body": {"contentType": kind, "content": "x" * length}})
    assert (await read_text(message, home)).text == "x" * length
    assert (home.threads == {get_ident()}) is not is_apart


async def test_what_somebody_passes_on_is_no_history() -> None:
    async with mailbox_on(message_of({**with_text(REPLY, "html"), "subject": "FW: Pallets"})) as mailbox:
        text = await mailbox.text("read_message", id="x")
    assert "Is it?" in in_fence(text)
    assert "earlier message" not in text


async def test_the_next_part_of_a_whole_text_is_asked_for_as_a_whole() -> None:
    async with mailbox_on(message_of(with_text("word " * 5000))) as mailbox:
        assert "start=8000, whole=true." in await mailbox.text("read_message", id="x", whole=True)
        assert "".join(await parts_of(mailbox, whole=True)) == ("word " * 5000).rstrip()


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        pytest.param({"contentType": "html", "content": "<p>Hi<p>there"}, ["Hi", "", "there"], id="broken HTML"),
        pytest.param({"contentType": "HTML", "content": "<b>Hi</b>"}, ["Hi"], id="HTML in capitals"),
        pytest.param({"contentType": "html", "content": "<img src=x>"}, ["(no text)"], id="nothing but a picture"),
        pytest.param({"contentType": "text", "content": "a &lt; b"}, ["a &lt; b"], id="plain text is as written"),
        pytest.param({"contentType": "text", "content": " \r\n\t"}, ["(no text)"], id="blanks"),
        pytest.param({"content": "Hi"}, ["Hi"], id="no type"),
        pytest.param({}, ["(no text)"], id="empty"),
    ],
)
async def test_a_body_of_any_kind_is_read(body: dict[str, Any], shown: list[str]) -> None:
    async with mailbox_on(message_of({**with_text(""), "body": body})) as mailbox:
        lines = in_fence(await mailbox.text("read_message", id="x"))
    assert lines[lines.index("") + 1 :] == shown


@pytest.mark.parametrize(
    "item",
    [
        pytest.param({}, id="nothing at all"),
        pytest.param(
            dict.fromkeys(("subject", "from", "toRecipients", "ccRecipients", "receivedDateTime", "hasAttachments")),
            id="nulls",
        ),
        pytest.param({"body": {"content": None}, "from": {"emailAddress": None}}, id="empty parts"),
        pytest.param({"receivedDateTime": "0001-01-01T00:00:00+05:00"}, id="a date before all dates"),
        pytest.param({"receivedDateTime": "yesterday"}, id="no date"),
    ],
)
async def test_a_damaged_message_is_still_read_and_listed(item: dict[str, Any]) -> None:
    async with mailbox_on(message_of(item)) as mailbox:
        read = await mailbox.text("read_message", id="x")
        listed = await mailbox.text("list_messages")
    assert read.splitlines()[0] == "Not received yet."
    assert "Subject: (no subject)" in in_fence(read)
    assert in_fence(listed)[0].replace("!", "") == "x no date |nobody|(no subject)"


async def test_an_answer_of_another_form_is_an_error_and_no_crash(caplog: pytest.LogCaptureFixture) -> None:
    async with mailbox_on(message_of({"subject": {"confidential": "the merger"}})) as mailbox:
        assert "does not have the form" in await mailbox.refusal("read_message", id="x")
    told = [record.__dict__["cause"] for record in caplog.records if record.message == "tool failed"]
    assert told == ["GraphMessage: subject"], "and nothing of the mail itself"


async def test_attachments_of_every_kind_are_named_and_a_rest_is_told() -> None:
    items = [
        {"@odata.type": "#microsoft.graph.itemAttachment", "id": "1", "name": "Old\nmail\u202e", "size": None},
        {"@odata.type": "#microsoft.graph.referenceAttachment", "id": "2"},
        {"id": "3", "name": "![x](https://evil.example/?q=1).pdf", "contentType": "application/pdf", "size": 1_400_000},
    ]
    files = {"value": items, "@odata.nextLink": "https://graph.microsoft.com/v1.0/more"}
    async with mailbox_on(message_of({"hasAttachments": True}, files)) as mailbox:
        facts = await mailbox.facts("read_message", id="x")
        text = await mailbox.text("read_message", id="x")
    assert [each["type"] for each in facts["files"]] == ["itemAttachment", "referenceAttachment", "application/pdf"]
    assert [line for line in in_fence(text) if line.startswith("File")][:2] == [
        "File: 1 Old mail, 0 B",
        "File: 2 unnamed, 0 B",
    ]
    assert "![x](" not in text
    assert text.splitlines()[-1] == "There are more files than these."


async def test_very_many_files_and_readers_leave_room_for_the_text() -> None:
    files = {"value": [{"id": f"f{number}", "name": f"{'n' * 90}.pdf", "size": 1} for number in range(200)]}
    people = [{"emailAddress": {"name": "n" * 40, "address": f"{number}@x.example"}} for number in range(500)]
    item = {**with_text("word " * 100), "toRecipients": people, "hasAttachments": True}
    async with mailbox_on(message_of(item, files)) as mailbox:
        result = await mailbox.call("read_message", id="x")
    text, facts = text_of(result), result.structured_content or {}
    assert "There are more files than these." in text
    assert "488 more" in text
    assert facts["to"][-1] == "and 460 more"
    assert in_fence(facts["text"]) == [("word " * 100).strip()]
    assert len(text.encode()) <= 16_000


ATTACKS = [
    *((name, text, "text") for name, text in texts().items()),
    *((n, page, "html") for n, page in pages().items()),
]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        pytest.param("list_messages", {}, id="listed"),
        pytest.param("read_message", {"id": "x"}, id="read"),
        pytest.param("read_message", {"id": "x", "whole": True}, id="read whole"),
        pytest.param("read_thread", {"id": "x"}, id="in a thread"),
    ],
)
async def test_no_attack_leaves_its_fence_in_any_answer(tool: str, arguments: dict[str, Any]) -> None:
    """Each attack is everywhere at once: subject, name, text, file."""
    now: list[Callable[[httpx.Request], httpx.Response]] = []

    def latest(request: httpx.Request) -> httpx.Response:
        return now[-1](request)

    async with mailbox_on(latest) as mailbox:
        for name, attack, kind in ATTACKS:
            item = {**with_text(attack, kind), "subject": attack, "conversationId": "c", "hasAttachments": True}
            item["from"] = {"emailAddress": {"name": attack[:200], "address": "eve@evil.example"}}
            files = {"value": [{"id": "1", "name": attack[:300], "contentType": attack[:50], "size": 1}]}
            now.append(message_of(item, files))
            result = await mailbox.call(tool, **arguments)
            text, facts = text_of(result), httpx.Response(200, json=result.structured_content).text
            lines = in_fence(text)
            faults = active_in("\n".join(lines))
            assert not unseen_in(text) | unseen_in(facts), name
            assert not [fault for fault in faults if fault.startswith(("an image", "an inline", "a drawn"))], name
            assert len(text.splitlines()) - len(lines) <= 4, f"{name}: nothing of it stands outside of the fence"


async def test_ten_megabytes_of_adversarial_text_are_read() -> None:
    unit = "<div style='display:none'>&#x200b;[a](b)![c](d)e\u0301\u202e<!-- --" + "(" * 20 + "`" * 5 + "\n> From: x\n"
    body = unit * (10_000_000 // len(unit.encode()))
    for kind in ("html", "text"):
        async with mailbox_on(message_of(with_text(body, kind))) as mailbox:
            text = await mailbox.text("read_message", id="x")
        assert len(text.encode()) <= 16_000
        assert not unseen_in(text)


def test_a_part_is_of_the_size_that_was_promised() -> None:
    assert BODY_CHARACTERS == 8000


async def test_who_sent_nothing_is_nobody_and_a_hidden_name_shows_its_address() -> None:
    tenant = small_tenant()
    message = tenant.add_message(tenant.demo_person, "x", "y", sender=Address("\u202e\u200b", "a@b.example"), sent=NOON)
    async with mailbox_of(tenant) as mailbox:
        assert "From: a@b.example (outside)" in await mailbox.text("read_message", id=message.immutable_id)
