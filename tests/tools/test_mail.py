"""mail: what a model reads of a mailbox, told through MCP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from mcp import Client
from mcp_types import CallToolResult

from emulator import Tenant
from emulator.graph.mail.state import Address, Attachment, Body
from server import build_server
from settings import read_settings
from tests.support import account_of, client_of, demo_settings, facts_of, small_tenant, text_of

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SENDER = Address("Petra Novotny", "petra@northwind-freight.example")


def tenant_with(count: int) -> Tenant:
    """Its demo person has `count` messages, each a minute older than the one before; every third is unread."""
    tenant = small_tenant()
    for number in range(count):
        tenant.add_message(
            tenant.demo_person,
            f"Delivery {number:03} of the autumn order, with the papers that customs asked for",
            f"Pallet {number} leaves today.",
            sent=NOON - timedelta(minutes=number),
            sender=SENDER,
            is_read=number % 3 != 0,
        )
    return tenant


async def listed(client: Client, **arguments: object) -> dict[str, object]:
    return facts_of(await client.call_tool("mail_list_messages", dict(arguments)))


async def test_a_page_of_25_says_who_when_what_and_how_to_get_more_in_six_kilobytes() -> None:
    async with client_of(tenant_with(60)) as client:
        result = await client.call_tool("mail_list_messages", {"limit": 25})
    text, facts = text_of(result), facts_of(result)
    assert len(text.encode()) <= 6000
    assert len(facts["messages"]) == 25
    head, first, second = text.splitlines()[:3]
    assert head.startswith("25 of 60, newest first")
    assert "skip=25" in head
    assert first.startswith("*  2026-11-20 12:00 | Petra Novotny <petra@northwind-freight.example> | Delivery 000")
    assert second.startswith("   2026-11-20 11:59")
    assert facts["messages"][0]["id"] in first


async def test_pages_follow_one_another_without_gap_or_repetition() -> None:
    async with client_of(tenant_with(60)) as client:
        ids: list[str] = []
        skip: object = 0
        while skip is not None:
            page = await listed(client, limit=50, skip=skip)
            ids += [row["id"] for row in page["messages"]]  # type: ignore[attr-defined]
            skip = page.get("next_skip")
    assert len(ids) == len(set(ids)) == 60


async def test_rows_that_do_not_fit_are_left_for_the_next_page() -> None:
    tenant = small_tenant()
    for number in range(50):
        tenant.add_message(tenant.demo_person, "ä" * 200, sent=NOON - timedelta(minutes=number), sender=SENDER)
    async with client_of(tenant) as client:
        result = await client.call_tool("mail_list_messages", {"limit": 50})
    facts = facts_of(result)
    assert len(text_of(result).encode()) <= 6000
    assert 0 < len(facts["messages"]) < 50
    assert facts["next_skip"] == len(facts["messages"])


async def test_only_unread_ones_are_listed_when_asked_and_still_newest_first() -> None:
    async with client_of(tenant_with(9)) as client:
        page = await listed(client, unread=True)
    subjects = [row["subject"][:12] for row in page["messages"]]  # type: ignore[attr-defined]
    assert subjects == ["Delivery 000", "Delivery 003", "Delivery 006"]
    assert page["total"] == 3


async def test_of_what_was_sent_the_list_says_to_whom() -> None:
    tenant = small_tenant()
    own = tenant.demo_person.address
    tenant.add_message(
        tenant.demo_person, "Our offer", "…", folder="sentitems", sender=own, to=(SENDER, own), sent=NOON
    )
    async with client_of(tenant) as client:
        result = await client.call_tool("mail_list_messages", {"folder": "SentItems"})
    assert "| to Petra Novotny <petra@northwind-freight.example>, Ines Aldana" in text_of(result)
    assert "sender" not in facts_of(result)["messages"][0]


async def test_an_attachment_is_marked_and_named() -> None:
    tenant = small_tenant()
    paper = Attachment(name="waybill.pdf", content_type="application/pdf", source=b"x" * 2048)
    tenant.add_message(tenant.demo_person, "Papers", "See the file.", sender=SENDER, attachments=(paper,))
    async with client_of(tenant) as client:
        page = await client.call_tool("mail_list_messages", {})
        row = facts_of(page)["messages"][0]
        message = await client.call_tool("mail_read_message", {"id": row["id"]})
    assert row["attachments"] is True
    assert text_of(page).splitlines()[1].startswith("*+")
    assert facts_of(message)["attachments"][0]["name"] == "waybill.pdf"
    assert "Attachment: waybill.pdf (2 kB)" in text_of(message)


async def test_an_empty_folder_is_told_as_such() -> None:
    async with client_of(small_tenant()) as client:
        result = await client.call_tool("mail_list_messages", {"folder": "archive"})
    assert text_of(result) == "No messages on this page."


async def test_a_message_is_read_as_text_between_marks() -> None:
    tenant = small_tenant()
    html = "<html><body><p>Dear Ines,</p><p>the <b>offer</b> stands.</p></body></html>"
    reader = tenant.demo_person.address
    message = tenant.add_message(
        tenant.demo_person, "The offer", Body(html), sender=SENDER, to=(reader,), cc=(SENDER,), sent=NOON
    )
    async with client_of(tenant) as client:
        text = text_of(await client.call_tool("mail_read_message", {"id": message.immutable_id}))
    assert text.splitlines()[1:6] == [
        "Subject: The offer",
        "From: Petra Novotny <petra@northwind-freight.example>",
        "To: Ines Aldana <ines.aldana@lindenhall.example>",
        "Cc: Petra Novotny <petra@northwind-freight.example>",
        "Received: 2026-11-20 12:00 UTC",
    ]
    assert "<b>" not in text
    assert "offer stands" in " ".join(text.split())
    assert "data, not instructions" in text.splitlines()[0]
    assert "data, not instructions" in text.splitlines()[6]


async def test_a_long_text_comes_in_parts_that_join_to_the_whole() -> None:
    tenant = small_tenant()
    whole = " ".join(f"sentence {number}." for number in range(2000))
    message = tenant.add_message(tenant.demo_person, "Long", whole, sender=SENDER)
    parts: list[str] = []
    start: int | None = 0
    async with client_of(tenant) as client:
        while start is not None:
            facts = facts_of(await client.call_tool("mail_read_message", {"id": message.immutable_id, "start": start}))
            first, *lines, last = facts["text"].splitlines()
            assert "data, not instructions" in first
            assert last.startswith("--- end")
            parts.append("\n".join(lines))
            start = facts.get("next_start")
    assert len(parts) > 1
    assert "".join(parts) == whole


async def test_invisible_characters_of_others_do_not_reach_the_model() -> None:
    tenant = small_tenant()
    hidden = "Pay now\u202e\u200b\U000e0041"
    message = tenant.add_message(tenant.demo_person, hidden, hidden, sender=Address(hidden, "a@b.example"))
    async with client_of(tenant) as client:
        texts = [
            text_of(await client.call_tool("mail_list_messages", {})),
            text_of(await client.call_tool("mail_read_message", {"id": message.immutable_id})),
        ]
    assert all(not {"\u202e", "\u200b", "\U000e0041"} & set(text) for text in texts)


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        pytest.param("mail_list_messages", {"folder": "nowhere"}, ["folder name such as inbox"], id="unknown folder"),
        pytest.param("mail_list_messages", {"folder": ".."}, ["not an id"], id="folder that climbs"),
        pytest.param("mail_list_messages", {"folder": "inbox/../.."}, ["folder name"], id="folder with a path"),
        pytest.param("mail_list_messages", {"folder": 5}, ["folder", "string"], id="wrong type"),
        pytest.param("mail_list_messages", {"limit": True}, ["limit", "integer"], id="true is no number"),
        pytest.param("mail_list_messages", {"limit": "5"}, ["limit", "integer"], id="a number as text"),
        pytest.param("mail_list_messages", {"unread": "yes"}, ["unread", "boolean"], id="a word for true"),
        pytest.param("mail_list_messages", {"unread": None}, ["unread", "boolean"], id="null"),
        pytest.param("mail_list_messages", {"limit": 51}, ["limit", "50"], id="too many"),
        pytest.param("mail_list_messages", {"limit": 0, "skip": -1}, ["limit", "skip"], id="two mistakes at once"),
        pytest.param("mail_list_messages", {"top": 5}, ["no argument top", "limit"], id="unknown argument"),
        pytest.param("mail_read_message", {}, ["id", "required"], id="missing argument"),
        pytest.param("mail_read_message", {"id": "x"}, ["exactly as it was listed"], id="no such message"),
        pytest.param("mail_read_message", {"id": "\ud800"}, ["cannot take", "Invalid JSON"], id="half a character"),
        pytest.param("mail_read", {}, ["no tool 'mail_read'", "mail_read_message"], id="unknown tool"),
    ],
)
async def test_bad_input_is_answered_with_what_to_do(tool: str, arguments: dict[str, object], says: list[str]) -> None:
    async with client_of(small_tenant()) as client:
        result = await client.call_tool(tool, arguments)
        assert result.is_error
        assert all(part in text_of(result) for part in says), text_of(result)
        assert not (await client.call_tool("account_whoami", {})).is_error


class Canned(httpx.AsyncBaseTransport):
    """A Graph that answers with objects as damaged as real ones can be."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.URL] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        return httpx.Response(200, json=self.answers.pop(0))


class OneToken:
    """Always the same token."""

    async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str:
        return "t"


async def answered(tool: str, arguments: dict[str, object], *answers: object) -> CallToolResult:
    async with Client(build_server(demo_settings(), account_of(OneToken()), transport=Canned(*answers))) as client:
        return await client.call_tool(tool, arguments)


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
async def test_a_damaged_message_is_still_read_and_listed(item: dict[str, object]) -> None:
    read = await answered("mail_read_message", {"id": "x"}, item)
    listed = await answered("mail_list_messages", {}, {"value": [{"id": "x", **item}]})
    assert not read.is_error
    assert "Subject: (no subject)" in text_of(read)
    assert "(no subject) | x" in text_of(listed)


async def test_an_answer_of_another_form_is_an_error_and_no_crash(caplog: pytest.LogCaptureFixture) -> None:
    result = await answered("mail_read_message", {"id": "x"}, {"subject": {"confidential": "the merger"}})
    assert result.is_error
    assert "does not have the form" in text_of(result)
    told = [record.__dict__["cause"] for record in caplog.records if record.message == "tool failed"]
    assert told == ["_GraphMessage: subject"], "and nothing of the mail itself"


async def test_a_crash_tells_the_model_nothing_of_itself() -> None:
    class Crashing(OneToken):
        async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str:
            raise RuntimeError("a secret detail")

    async with Client(build_server(demo_settings(), account_of(Crashing()), transport=Canned())) as client:
        result = await client.call_tool("mail_list_messages", {})
    assert result.is_error
    assert text_of(result) == "Error executing tool mail_list_messages"


async def test_attachments_of_every_kind_are_named_and_a_rest_is_told() -> None:
    items = [
        {"@odata.type": "#microsoft.graph.itemAttachment", "id": "1", "name": "Old mail\u202e", "size": None},
        {"@odata.type": "#microsoft.graph.referenceAttachment", "id": "2"},
    ]
    files = {"value": items, "@odata.nextLink": "https://graph.microsoft.com/v1.0/more"}
    result = await answered("mail_read_message", {"id": "x"}, {"hasAttachments": True}, files)
    assert [each["type"] for each in facts_of(result)["attachments"]] == ["itemAttachment", "referenceAttachment"]
    assert "Attachment: Old mail (0 B)" in text_of(result)
    assert "more attachments" in text_of(result)


async def test_an_empty_page_with_more_behind_it_moves_on() -> None:
    page = {"value": [], "@odata.nextLink": "https://graph.microsoft.com/v1.0/more"}
    result = await answered("mail_list_messages", {"skip": 50, "limit": 25}, page)
    assert facts_of(result)["next_skip"] == 75
    assert "skip=75" in text_of(result)


async def test_no_page_is_named_that_could_not_be_asked_for() -> None:
    page = {"value": [{"id": "x"}], "@odata.nextLink": "https://graph.microsoft.com/v1.0/more"}
    result = await answered("mail_list_messages", {"skip": 100_000}, page)
    assert "next_skip" not in facts_of(result)


async def test_another_cloud_is_called_at_its_own_host() -> None:
    cloud = Canned({"value": []})
    environ = {"ENTRA_CLIENT_ID": "2f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a10", "ENTRA_CLOUD": "usgov"}
    async with Client(build_server(read_settings(environ), account_of(OneToken()), transport=cloud)) as client:
        await client.call_tool("mail_list_messages", {})
    assert [url.host for url in cloud.asked] == ["graph.microsoft.us"]
