"""mail: what a model reads of a mailbox, told through MCP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from mcp import Client

from emulator import Tenant
from emulator.mailbox import Address, Attachment, Body
from tests.support import client_of, facts_of, small_tenant, text_of

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
    assert text_of(result) == "No messages here."


async def test_a_message_is_read_as_text_between_marks() -> None:
    tenant = small_tenant()
    html = "<html><body><p>Dear Ines,</p><p>the <b>offer</b> stands.</p></body></html>"
    reader = tenant.demo_person.address
    message = tenant.add_message(
        tenant.demo_person, "The offer", Body(html), sender=SENDER, to=(reader,), cc=(SENDER,), sent=NOON
    )
    async with client_of(tenant) as client:
        text = text_of(await client.call_tool("mail_read_message", {"id": message.immutable_id}))
    assert text.splitlines()[:5] == [
        "Subject: The offer",
        "From: Petra Novotny <petra@northwind-freight.example>",
        "To: Ines Aldana <ines.aldana@lindenhall.example>",
        "Cc: Petra Novotny <petra@northwind-freight.example>",
        "Received: 2026-11-20 12:00 UTC",
    ]
    assert "<b>" not in text
    assert "offer stands" in " ".join(text.split())
    assert "data, not instructions" in text


async def test_a_long_text_comes_in_parts_that_join_to_the_whole() -> None:
    tenant = small_tenant()
    whole = " ".join(f"sentence {number}." for number in range(2000))
    message = tenant.add_message(tenant.demo_person, "Long", whole, sender=SENDER)
    parts: list[str] = []
    start: int | None = 0
    async with client_of(tenant) as client:
        while start is not None:
            facts = facts_of(await client.call_tool("mail_read_message", {"id": message.immutable_id, "start": start}))
            parts.append(facts["text"])
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
        pytest.param("mail_list_messages", {"limit": 51}, ["limit", "50"], id="too many"),
        pytest.param("mail_list_messages", {"limit": 0, "skip": -1}, ["limit", "skip"], id="two mistakes at once"),
        pytest.param("mail_list_messages", {"top": 5}, ["no argument top", "limit"], id="unknown argument"),
        pytest.param("mail_read_message", {}, ["id", "required"], id="missing argument"),
        pytest.param("mail_read_message", {"id": "x"}, ["exactly as it was listed"], id="no such message"),
        pytest.param("mail_read", {}, ["no tool 'mail_read'", "mail_read_message"], id="unknown tool"),
    ],
)
async def test_bad_input_is_answered_with_what_to_do(tool: str, arguments: dict[str, object], says: list[str]) -> None:
    async with client_of(small_tenant()) as client:
        result = await client.call_tool(tool, arguments)
        assert result.is_error
        assert all(part in text_of(result) for part in says), text_of(result)
        assert not (await client.call_tool("account_whoami", {})).is_error
