"""The seeded company: its size, its tree, its mail, and that it is the same every time."""

from __future__ import annotations

import re
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from random import Random

import httpx
import pytest

from emulator import Tenant, demo_tenant
from emulator.graph.mail.state import Address, Body, Mailbox, Message
from emulator.seed.post import PostOffice
from emulator.tenant import Person
from tests.emulator.support import NOW, app_only, client_for, delegated, ids, pages


def staff(tenant: Tenant) -> list[Person]:
    """Those who work here: no guests, and no rooms or shared mailboxes."""
    members = (person for person in tenant.people.values() if person.user_type == "Member")
    return [person for person in members if "purpose" not in person.state]


@pytest.fixture(scope="module")
def tenant() -> Tenant:
    return demo_tenant(NOW)


@pytest.fixture(scope="module")
def demo(tenant: Tenant) -> Mailbox:
    return tenant.mailbox(tenant.demo_person)


def everyones(tenant: Tenant) -> Iterator[tuple[Person, Message]]:
    for key, mailbox in tenant.mailboxes.items():
        for message in mailbox.messages.values():
            yield tenant.people[key], message


def facts(tenant: Tenant) -> list[tuple[str, str, str, str, str, bool]]:
    return [
        (message.id, message.folder_id, message.subject, message.body.content, message.conversation_id, message.is_read)
        for _, message in everyones(tenant)
    ]


def test_the_company_is_big_enough(tenant: Tenant, demo: Mailbox) -> None:
    assert len(tenant.people) >= 25
    assert all(person.id in tenant.mailboxes for person in staff(tenant))
    assert len(demo.messages) >= 400
    assert all(len(tenant.mailbox(person).messages) >= 10 for person in staff(tenant))


def test_everyone_reports_to_one_head_and_nobody_in_a_circle(tenant: Tenant) -> None:
    heads = [person for person in staff(tenant) if person.manager_id is None]
    assert len(heads) == 1
    for person in staff(tenant):
        chain = [person]
        while (boss := tenant.manager_of(chain[-1])) is not None:
            assert boss not in chain
            chain.append(boss)
        assert chain[-1] is heads[0]
    assert tenant.demo_person is not heads[0]
    assert tenant.direct_reports(tenant.demo_person)


def test_people_have_all_that_a_directory_shows(tenant: Tenant) -> None:
    for person in staff(tenant):
        assert person.user_principal_name.endswith("@lindenhall.example")
        details = ("jobTitle", "department", "officeLocation", "city", "businessPhones")
        assert all(person.get(name) for name in details)
        assert datetime.fromisoformat(str(person.get("createdDateTime"))) < NOW


def test_the_same_seed_and_moment_give_the_same_tenant() -> None:
    assert facts(demo_tenant(NOW)) == facts(demo_tenant(NOW.astimezone(timezone(timedelta(hours=5)))))


def test_another_seed_gives_other_mail() -> None:
    assert facts(demo_tenant(NOW)) != facts(demo_tenant(NOW, seed=21))


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(datetime(2026, 3, 14, 3, 5, tzinfo=UTC), id="a Saturday night"),
        pytest.param(datetime(2026, 1, 1, 0, 1, tzinfo=UTC), id="new year"),
        pytest.param(datetime(2028, 2, 29, 23, 59, tzinfo=UTC), id="a leap day"),
        pytest.param(datetime(2026, 3, 9, 6, 0, tzinfo=UTC), id="an early Monday"),
    ],
)
def test_mail_ends_minutes_ago_and_goes_back_months_whenever_it_is_now(now: datetime) -> None:
    tenant = demo_tenant(now)
    received = [message.received for _, message in everyones(tenant)]
    assert max(received) <= now + timedelta(minutes=1)
    assert max(received) > now - timedelta(minutes=15)
    assert timedelta(days=90) < now - min(received) < timedelta(days=135)


def test_the_demo_tenant_is_of_today_unless_told_otherwise() -> None:
    newest = max(message.received for _, message in everyones(demo_tenant()))
    assert abs(datetime.now(UTC) - newest) < timedelta(hours=1)


def test_most_mail_is_written_in_working_hours(tenant: Tenant) -> None:
    sent = [message.sent for _, message in everyones(tenant)]
    inside = [moment for moment in sent if moment.weekday() < 5 and 7 <= moment.hour <= 18]
    assert len(inside) > 0.95 * len(sent)


def test_a_message_inside_the_company_is_the_same_for_sender_and_readers(tenant: Tenant) -> None:
    by_address = {person.address.address: person for person in staff(tenant)}
    sent_items = [
        (owner, message)
        for owner, message in everyones(tenant)
        if message.folder_id == tenant.mailbox(owner).folder("sentitems").id
    ]
    assert len(sent_items) > 200
    for owner, message in sent_items:
        assert message.sender == owner.address
        for address in (*message.to, *message.cc):
            if address.address in by_address:
                copies = [
                    copy
                    for copy in tenant.mailbox(by_address[address.address]).messages.values()
                    if copy.internet_message_id == message.internet_message_id
                ]
                assert len(copies) == 1
                assert copies[0].conversation_id == message.conversation_id
                assert copies[0].body is message.body


def test_replies_stay_in_their_thread_and_quote_what_they_answer(demo: Mailbox) -> None:
    replies = [message for message in demo.messages.values() if message.subject.startswith("RE: ")]
    assert len(replies) > 50
    for reply in replies:
        assert len(reply.conversation_index) > 22
        assert "<b>From:</b>" in reply.body.content
        assert "divRplyFwdMsg" in reply.body.content


def test_bodies_have_no_open_slot_and_do_not_repeat(tenant: Tenant, demo: Mailbox) -> None:
    bodies = Counter(message.body.content for message in demo.messages.values())
    assert bodies.most_common(1)[0][1] == 1
    for _, message in everyones(tenant):
        assert "{" not in message.subject
        assert "{" not in message.body.text
        assert message.body.preview


def test_the_mailbox_of_the_demo_person_is_varied(demo: Mailbox) -> None:
    messages = list(demo.messages.values())
    inbox = list(demo.in_folder(demo.folder("inbox").id))
    assert 0.05 < sum(not message.is_read for message in inbox) / len(inbox) < 0.5
    assert {message.flag.status for message in messages} == {"notFlagged", "flagged", "complete"}
    assert {message.importance for message in messages} == {"low", "normal", "high"}
    assert {message.inference for message in messages} == {"focused", "other"}
    assert any(message.categories for message in messages)
    for name in ("drafts", "sentitems", "deleteditems", "archive", "junkemail"):
        assert any(demo.in_folder(demo.folder(name).id)), name
    nested = [folder for folder in demo.folders.values() if demo.children(folder.id)]
    assert len(nested) >= 3


def test_new_mail_is_more_often_unread_than_old_mail(tenant: Tenant) -> None:
    fresh: list[bool] = []
    settled: list[bool] = []
    for owner, message in everyones(tenant):
        if message.sender != owner.address:
            (fresh if NOW - message.sent < timedelta(days=6) else settled).append(message.is_read)
    assert sum(fresh) / len(fresh) < 0.7
    assert sum(settled) / len(settled) > 0.9


def test_attachments_are_real_files(tenant: Tenant) -> None:
    kinds: Counter[str] = Counter()
    for _, message in everyones(tenant):
        for attachment in message.attachments:
            kinds[attachment.content_type] += 1
            check_file(attachment.content_type, attachment.content)
            if attachment.is_inline:
                assert f"cid:{attachment.content_id}" in message.body.content
    assert set(kinds) == {"text/csv", "text/plain", "application/pdf", "image/png"}


def check_file(content_type: str, content: bytes) -> None:
    if content_type == "application/pdf":
        start = int(content.split(b"startxref\n")[1].split(b"\n")[0])
        assert content.startswith(b"%PDF-1.4")
        assert content[start:].startswith(b"xref\n0 6")
        offset = int(content[start:].split(b"\n")[3].split()[0])
        assert content[offset:].startswith(b"1 0 obj")
    elif content_type == "image/png":
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        length = struct.unpack(">I", content[33:37])[0]
        assert len(zlib.decompress(content[41 : 41 + length])) == 24 * (24 * 3 + 1)
    elif content_type == "text/csv":
        assert content.decode().startswith("Item;Quantity;")
    else:
        assert content.decode()


def test_every_address_is_reserved_for_examples(tenant: Tenant) -> None:
    for _, message in everyones(tenant):
        for address in (message.sender, *message.to, *message.cc):
            assert address is not None
            assert address.address.endswith(".example")


def test_a_message_to_nobody_here_is_a_mistake_in_the_seed(tenant: Tenant) -> None:
    office = PostOffice(tenant, Random(1), NOW)  # noqa: S311 - nothing is drawn
    stranger = Address("A", "a@elsewhere.example")
    with pytest.raises(ValueError, match="reaches nobody"):
        office.post(stranger, (stranger,), subject="x", body=Body(""), sent=NOW, thread=office.thread(NOW))


async def test_the_whole_mailbox_can_be_paged_through(tenant: Tenant, demo: Mailbox) -> None:
    async with client_for(tenant, delegated(tenant.demo_person)) as client:
        seen = [key async for page in pages(client, "/me/messages?$top=100&$select=id") for key in ids(page)]
    assert sorted(seen) == sorted(demo.messages)


async def test_the_sum_of_all_folders_is_the_mailbox(tenant: Tenant, demo: Mailbox) -> None:
    async def total(client: httpx.AsyncClient, path: str) -> int:
        count = 0
        async for page in pages(client, f"{path}?includeHiddenFolders=true"):
            for folder in page["value"]:
                count += folder["totalItemCount"]
                if folder["childFolderCount"]:
                    count += await total(client, f"/me/mailFolders/{folder['id']}/childFolders")
        return count

    async with client_for(tenant, delegated(tenant.demo_person)) as client:
        assert await total(client, "/me/mailFolders") == len(demo.messages)


def letters_of(tenant: Tenant) -> list[Message]:
    """What people wrote, once each: the demo person's mail without machines, junk and drafts."""
    mailbox = tenant.mailbox(tenant.demo_person)
    return [each for each in mailbox.messages.values() if "Signature" in each.body.content]


def test_a_reply_comes_after_what_it_answers_and_carries_its_subject(tenant: Tenant) -> None:
    threads: dict[str, list[Message]] = {}
    for message in letters_of(tenant):
        threads.setdefault(message.conversation_id, []).append(message)
    assert len(threads) > 100
    for thread in threads.values():
        by_position = sorted(thread, key=lambda message: len(message.conversation_index))
        assert [each.sent for each in by_position] == sorted(each.sent for each in thread)
        assert len({each.subject.removeprefix("RE: ") for each in thread}) == 1


def test_threads_rarely_share_a_subject(tenant: Tenant) -> None:
    subjects = {each.conversation_id: each.subject.removeprefix("RE: ") for each in letters_of(tenant)}
    assert len(set(subjects.values())) > 0.9 * len(subjects)


def test_no_answer_is_given_twice_in_a_thread(tenant: Tenant) -> None:
    longest = [each for each in letters_of(tenant) if each.body.content.count("divRplyFwdMsg") >= 3]
    assert longest
    for message in longest:
        said = [part.split("</p>\r\n<p>")[1] for part in message.body.content.split("divRplyFwdMsg")]
        assert len(set(said)) == len(said)


def test_all_are_greeted_only_where_there_are_several(tenant: Tenant) -> None:
    greeted = [each for each in letters_of(tenant) if each.body.text.startswith("Hi all,")]
    assert greeted
    assert all(len(message.to) + len(message.cc) > 1 for message in greeted)


def test_people_write_on_working_days(tenant: Tenant) -> None:
    fresh = NOW - timedelta(hours=1)
    written = [each.sent for each in letters_of(tenant) if each.sent < fresh]
    assert all(moment.weekday() < 5 and 7 <= moment.hour < 18 for moment in written)


def test_ticket_and_build_numbers_rise_with_time(tenant: Tenant) -> None:
    inbox = sorted(tenant.mailbox(tenant.demo_person).messages.values(), key=lambda message: message.sent)
    for pattern in (r"Ticket (\d+):", r"build #(\d+) ", r"Luminaire Weekly (\d+):"):
        numbers = [int(found[1]) for each in inbox if (found := re.search(pattern, each.subject))]
        assert len(numbers) >= 5
        assert numbers == sorted(numbers)


def test_text_bodies_are_tidy(tenant: Tenant) -> None:
    for message in tenant.mailbox(tenant.demo_person).messages.values():
        lines = message.body.text.split("\r\n")
        assert all(line == line.strip() for line in lines)
        assert not any(first == second == "" for first, second in pairwise(lines))


def test_hostile_mail_has_come_in_from_outside(tenant: Tenant, demo: Mailbox) -> None:
    inbox = list(demo.in_folder(demo.folder("inbox").id))
    outsiders = [message for message in inbox if message.sender and tenant.by_address(message.sender.address) is None]
    everything = "\n".join(f"{message.subject}\n{message.body.content}" for message in outsiders)
    assert "AI assistants" in everything
    assert re.search("[\u200b\u200c\u202e]", everything)
    assert re.search("[\U000e0020-\U000e007f]", everything)
    assert re.search(r'<img src="https://[^"]*reader=', everything)
    names = {person.display_name: person.address for person in staff(tenant)}
    false = [message.sender for message in outsiders if message.sender and message.sender.name in names]
    assert false
    assert all(names[sender.name] != sender for sender in false)


async def test_a_shared_mailbox_is_read_and_written_by_those_who_work_in_it(tenant: Tenant) -> None:
    desk, member = tenant.person("site.desk@lindenhall.example"), tenant.demo_person
    scopes = ("Mail.ReadWrite.Shared", "Mail.Send.Shared", "Mail.Read.Shared", "MailboxSettings.Read")
    async with client_for(tenant, delegated(member, *scopes)) as client:
        listed = (await client.get(f"/users/{desk.id}/messages?$select=subject,from")).json()["value"]
        assert len(listed) == 3
        to = [{"emailAddress": {"address": member.mail}}]
        letter: dict[str, object] = {"subject": "From the desk", "toRecipients": to}
        letter["from"] = {"emailAddress": {"address": desk.mail}}
        assert (await client.post("/me/sendMail", json={"message": letter})).status_code == 202
    stranger = tenant.person("gerda.wiesinger@lindenhall.example")
    async with client_for(tenant, delegated(stranger, *scopes)) as client:
        assert (await client.get(f"/users/{desk.id}/messages")).status_code == 403
    async with client_for(tenant, app_only("MailboxSettings.Read")) as client:
        assert (await client.get(f"/users/{desk.id}/mailboxSettings/userPurpose")).json()["value"] == "shared"
