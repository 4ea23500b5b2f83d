"""What must hold for any mail and any question: filters agree with Python, pages with the whole."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import Tenant, exchange_ids
from emulator.graph.mail.state import Attachment
from emulator.odata import ODataError, matches, parse_filter
from emulator.odata.search import Predicate, has_words, read_search, words
from tests.emulator.support import NOW, app_only, client_for, delegated, error_of, ids, pages, small_tenant

NUMBERS = st.integers(-50, 50)
LETTERS = st.text("abcAB", max_size=4)


@given(size=NUMBERS, limit=NUMBERS)
def test_comparisons_agree_with_python(size: int, limit: int) -> None:
    outcomes = {
        operator: matches(parse_filter(f"size {operator} {limit}"), {"size": size})
        for operator in ("eq", "ne", "gt", "ge", "lt", "le")
    }
    assert outcomes == {
        "eq": size == limit,
        "ne": size != limit,
        "gt": size > limit,
        "ge": size >= limit,
        "lt": size < limit,
        "le": size <= limit,
    }


@given(a=st.booleans(), b=st.booleans(), c=st.booleans())
def test_logic_agrees_with_python(*, a: bool, b: bool, c: bool) -> None:
    item = {"a": a, "b": b, "c": c}
    assert matches(parse_filter("a or b and not(c)"), item) is (a or (b and not c))
    assert matches(parse_filter("(a or b) and not(c)"), item) is ((a or b) and not c)
    assert matches(parse_filter("not(a and b) or c"), item) is (not (a and b) or c)


@given(text=LETTERS, part=LETTERS)
def test_text_functions_agree_with_python_without_case(text: str, part: str) -> None:
    item, low, small = {"name": text}, text.lower(), part.lower()
    assert matches(parse_filter(f"contains(name,'{part}')"), item) is (small in low)
    assert matches(parse_filter(f"startswith(name,'{part}')"), item) is low.startswith(small)
    assert matches(parse_filter(f"endswith(name,'{part}')"), item) is low.endswith(small)
    assert matches(parse_filter(f"length(name) eq {len(text)}"), item)


@given(tags=st.lists(LETTERS, max_size=5), wanted=LETTERS)
def test_lambdas_agree_with_python(tags: list[str], wanted: str) -> None:
    item: dict[str, Any] = {"tags": tags}
    low = [tag.lower() for tag in tags]
    assert matches(parse_filter(f"tags/any(t:t eq '{wanted}')"), item) is (wanted.lower() in low)
    assert matches(parse_filter(f"tags/all(t:t eq '{wanted}')"), item) is all(tag == wanted.lower() for tag in low)
    assert matches(parse_filter(f"tags/$count eq {len(tags)}"), item)
    assert matches(parse_filter("tags/any()"), item) is bool(tags)


@given(st.uuids(), st.integers(0, 2**32 - 1), st.integers(0, 50))
def test_every_made_id_is_well_formed_and_no_two_are_alike(mailbox: UUID, number: int, position: int) -> None:
    made = [
        exchange_ids.folder_id(mailbox, number),
        exchange_ids.entry_id(mailbox, number),
        exchange_ids.immutable_id(mailbox, number),
    ]
    made += [exchange_ids.attachment_id(made[1], position), exchange_ids.attachment_id(made[2], position)]
    assert all(map(exchange_ids.is_well_formed, made))
    assert len(set(made)) == len(made)


@given(st.text(max_size=200))
def test_any_text_can_be_asked_whether_it_is_an_id(text: str) -> None:
    assert exchange_ids.is_well_formed(text) in {True, False}


def test_a_mailbox_starts_its_ids_as_most_do() -> None:
    for number in range(50):
        guid = exchange_ids.mailbox_guid("tenant", str(number))
        assert exchange_ids.entry_id(guid, 1).startswith("AAMkAG")


@pytest.mark.parametrize(
    ("text", "wanted", "found"),
    [
        pytest.param("one two three", "two", True, id="word"),
        pytest.param("one two three", "two thr", True, id="words, the last begun"),
        pytest.param("one two three", "tw three", False, id="only the last may be begun"),
        pytest.param("one two three", "three four", False, id="past the end"),
        pytest.param("one two three", "one three", False, id="not neighbours"),
        pytest.param("Größe: ÉTÉ", "grösse", True, id="sharp s folds"),
        pytest.param("Größe: ÉTÉ", "grosse", False, id="an umlaut is a letter of its own"),
        pytest.param("Straße", "STRASSE", True, id="case folding"),
        pytest.param("", "x", False, id="nothing to search"),
    ],
)
def test_words_are_found_in_order(text: str, wanted: str, *, found: bool) -> None:
    assert has_words(words(text), words(wanted)) is found


@given(st.text('ab ()"ANDORT:', max_size=30))
def test_any_search_text_is_read_or_refused(text: str) -> None:
    def contains(token: str) -> Predicate[list[str]]:
        return lambda item: token in item

    try:
        predicate = read_search(text, contains, joins_words=True)
    except ODataError:
        return
    assert predicate(["a"]) in {True, False}


@settings(max_examples=15, deadline=None)
@given(size=st.integers(1, 40), count=st.integers(0, 60))
async def test_pages_of_any_size_make_up_the_whole(size: int, count: int) -> None:
    tenant = small_tenant()
    for number in range(count):
        tenant.add_message(tenant.demo_person, f"hay {number}", sent=NOW - timedelta(minutes=number))
        tenant.add_person(f"Extra P{number}", has_mailbox=False)
    async with client_for(tenant, delegated(tenant.demo_person)) as client:
        mail = [page async for page in pages(client, f"/me/messages?$top={size}")]
        hits = [page async for page in pages(client, f'/me/messages?$search="hay"&$top={size}')]
        people = [page async for page in pages(client, f"/users?$top={size}")]
    whole = list(tenant.mailbox(tenant.demo_person).messages)
    assert [key for page in mail for key in ids(page)] == whole
    assert [key for page in hits for key in ids(page)] == whole
    assert [key for page in people for key in ids(page)] == list(tenant.people)
    assert all(len(page["value"]) == size for page in (*mail[:-1], *hits[:-1], *people[:-1]))


READS = ("Mail.Read", "Mail.ReadWrite")


@pytest.mark.parametrize(
    ("permission", "is_app", "lists", "reads_files"),
    [
        *[pytest.param(name, False, True, True, id=f"delegated {name}") for name in READS],
        *[pytest.param(name, True, True, True, id=f"application {name}") for name in READS],
        pytest.param("Mail.ReadBasic", False, True, False, id="delegated Mail.ReadBasic"),
        pytest.param("Mail.ReadBasic.All", True, True, False, id="application Mail.ReadBasic.All"),
        pytest.param("Mail.ReadBasic.All", False, False, False, id="delegated Mail.ReadBasic.All"),
        pytest.param("Mail.Send", False, False, False, id="delegated Mail.Send"),
        pytest.param("User.Read.All", True, False, False, id="application User.Read.All"),
    ],
)
async def test_mail_permissions_open_what_they_should(
    permission: str, *, is_app: bool, lists: bool, reads_files: bool
) -> None:
    tenant = small_tenant()
    ada = tenant.demo_person
    message = tenant.add_message(ada, "Hello")
    caller = app_only(permission) if is_app else delegated(ada, permission)
    async with client_for(tenant, caller) as client:
        for path in ("messages", f"messages/{message.id}", "mailFolders", "mailFolders/inbox", "messages/$count"):
            assert (await client.get(f"/users/{ada.id}/{path}")).status_code == (200 if lists else 403)
        files = await client.get(f"/users/{ada.id}/messages/{message.id}/attachments")
    assert files.status_code == (200 if reads_files else 403)
    if not reads_files:
        assert error_of(files)[1] == "ErrorAccessDenied"


@pytest.mark.parametrize(
    ("attachments", "expected"),
    [
        pytest.param((), False, id="none"),
        pytest.param((Attachment("a.png", "image/png", b"", is_inline=True),), False, id="only a picture in the text"),
        pytest.param((Attachment("a.txt", "text/plain", b""),), True, id="a file"),
    ],
)
async def test_only_files_count_as_attachments(attachments: tuple[Attachment, ...], *, expected: bool) -> None:
    tenant = small_tenant()
    tenant.add_message(tenant.demo_person, "Hello", attachments=attachments)
    async with client_for(tenant, delegated(tenant.demo_person)) as client:
        body = (await client.get("/me/messages?$select=hasAttachments")).json()
        found = (await client.get('/me/messages?$search="hasAttachments:true"')).json()
    assert body["value"][0]["hasAttachments"] is expected
    assert bool(found["value"]) is expected


async def test_an_answer_follows_every_change_of_state() -> None:
    tenant = Tenant()
    ada = tenant.add_person("Ada Lind")
    async with client_for(tenant, delegated(ada)) as client:
        message = tenant.add_message(ada, "First")
        assert (await client.get("/me/mailFolders/inbox")).json()["unreadItemCount"] == 1
        message.is_read = True
        message.subject = "Changed"
        assert (await client.get("/me/mailFolders/inbox")).json()["unreadItemCount"] == 0
        assert (await client.get(f"/me/messages/{message.id}?$select=subject")).json()["subject"] == "Changed"
        tenant.move_message(ada, message.id, "deleteditems")
        assert (await client.get("/me/mailFolders/inbox")).json()["totalItemCount"] == 0
        assert (await client.get("/me/mailFolders/deleteditems/messages/$count")).text == "1"
        ada.update({"displayName": "Ada Berg"})
        assert (await client.get("/me")).json()["displayName"] == "Ada Berg"
