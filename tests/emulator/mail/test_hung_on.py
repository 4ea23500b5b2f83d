"""Attachments that callers add and take off, in one request or in ranges; extensions and extended properties."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from emulator import Tenant
from emulator.graph.mail.message import Message
from emulator.graph.mail.uploads import uploads_of
from emulator.tenant import Person
from tests.emulator.mail.scene import BO, OLGA, draft, inside, letter
from tests.emulator.support import NOW, client_for, delegated, error_of

FILE = {
    "@odata.type": "#microsoft.graph.fileAttachment",
    "name": "a.txt",
    "contentType": "text/plain",
    "contentBytes": "aGVsbG8=",
}
SIZE = 3 * 1024 * 1024 + 7
FROM_TO = {"start": "09", "end": "10"}


@pytest.fixture
async def path(graph: httpx.AsyncClient) -> str:
    """Where a draft of Ada's is."""
    return f"/me/messages/{(await draft(graph, letter(BO)))['id']}"


async def test_a_file_is_added_read_and_taken_off(graph: httpx.AsyncClient, path: str) -> None:
    before = (await graph.get(path)).json()
    response = await graph.post(f"{path}/attachments", json=FILE)
    made = response.json()
    assert response.status_code == 201
    assert (made["@odata.type"], made["name"], made["isInline"]) == ("#microsoft.graph.fileAttachment", "a.txt", False)
    assert made["size"] > len("hello")
    after = (await graph.get(path)).json()
    assert (after["hasAttachments"], before["hasAttachments"]) == (True, False)
    assert after["changeKey"] != before["changeKey"]
    value = await graph.get(f"{path}/attachments/{made['id']}/$value")
    assert (value.content, value.headers["content-type"]) == (b"hello", "text/plain")
    assert (await graph.get(f"{path}?$expand=attachments($select=name)")).json()["attachments"][0]["name"] == "a.txt"
    assert (await graph.get(f"{path}/attachments/$count")).text == "1"
    assert (await graph.delete(f"{path}/attachments/{made['id']}")).status_code == 204
    assert error_of(await graph.get(f"{path}/attachments/{made['id']}"))[0] == 404
    assert (await graph.get(path)).json()["hasAttachments"] is False


async def test_items_and_links_hang_on_messages_too(graph: httpx.AsyncClient, path: str) -> None:
    inner = {
        "@odata.type": "microsoft.graph.message",
        "subject": "Inner",
        "body": {"contentType": "html", "content": "<b>x</b>"},
        "attachments": [FILE],
    }
    item = await graph.post(
        f"{path}/attachments", json={"@odata.type": "#microsoft.graph.itemAttachment", "name": "Inner", "item": inner}
    )
    assert item.status_code == 201, item.text
    found = (
        await graph.get(f"{path}/attachments/{item.json()['id']}?$expand=microsoft.graph.itemAttachment/item")
    ).json()
    assert (found["item"]["subject"], found["item"]["bodyPreview"], found["item"]["hasAttachments"]) == (
        "Inner",
        "x",
        True,
    )
    value = await graph.get(f"{path}/attachments/{item.json()['id']}/$value")
    assert "Subject: Inner" in value.text
    link = await graph.post(
        f"{path}/attachments", json={"@odata.type": "#microsoft.graph.referenceAttachment", "name": "Link"}
    )
    assert link.json()["@odata.type"] == "#microsoft.graph.referenceAttachment"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param({**FILE, "contentBytes": "not base64!"}, 400, "RequestBodyRead", id="no base64"),
        pytest.param({**FILE, "contentBytes": "AAAA" * SIZE}, 413, "ErrorMessageSizeExceeded", id="too large"),
        pytest.param({"@odata.type": "#microsoft.graph.nothing"}, 400, "RequestBodyRead", id="unknown type"),
        pytest.param({**FILE, "size": "big"}, 400, "RequestBodyRead", id="wrong type"),
    ],
)  # fmt: skip
async def test_an_attachment_that_does_not_fit_is_refused(
    graph: httpx.AsyncClient, path: str, body: dict[str, object], status: int, code: str
) -> None:
    assert error_of(await graph.post(f"{path}/attachments", json=body))[:2] == (status, code)


async def test_a_request_larger_than_exchange_takes_is_refused(graph: httpx.AsyncClient) -> None:
    big = {**FILE, "contentBytes": base64.b64encode(b"x" * SIZE).decode()}
    response = await graph.post("/me/sendMail", json={"message": letter(BO, attachments=[big])})
    assert error_of(response)[:2] == (413, "ErrorMessageSizeExceeded")


async def session(client: httpx.AsyncClient, path: str, **item: Any) -> dict[str, Any]:
    body = {"AttachmentItem": {"attachmentType": "file", "name": "big.bin", "size": SIZE, **item}}
    response = await client.post(f"{path}/attachments/createUploadSession", json=body)
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


def part(first: int, content: bytes, total: int = SIZE) -> dict[str, Any]:
    return {"content": content, "headers": {"Content-Range": f"bytes {first}-{first + len(content) - 1}/{total}"}}


async def test_a_large_file_comes_in_ranges(graph: httpx.AsyncClient, tenant: Tenant, ada: Person, path: str) -> None:
    content = bytes(range(256)) * (SIZE // 256 + 1)
    opened = await session(graph, path, contentType="application/x-big", isInline=True, contentId="big")
    assert opened["nextExpectedRanges"] == ["0-"]
    assert opened["expirationDateTime"] == "2026-03-12T14:30:00Z"
    url, half = opened["uploadUrl"], SIZE // 2
    async with client_for(tenant, delegated(ada, "User.Read"), refusal="no token here") as anonymous:
        first = await anonymous.put(url, **part(0, content[:half]))
        assert (first.status_code, first.json()["nextExpectedRanges"]) == (200, [f"{half}-"])
        assert (await anonymous.get(url)).json()["nextExpectedRanges"] == [f"{half}-"]
        assert error_of(await anonymous.put(url, **part(0, content[:half])))[0] == 416
        last = await anonymous.put(url, **part(half, content[half:SIZE]))
        assert (last.status_code, last.content) == (201, b"")
        assert (await anonymous.get(url)).status_code == 404
    value = await graph.get(
        f"{last.headers['location'].replace('(', '/').replace(')', '').replace(chr(39), '')}/$value"
    )
    assert value.content == content[:SIZE]
    listed = (await graph.get(f"{path}/attachments")).json()["value"]
    assert [(one["name"], one["contentType"], one["isInline"], one["contentId"]) for one in listed] == [
        ("big.bin", "application/x-big", True, "big")
    ]


async def test_an_event_of_a_group_takes_large_files_too(tenant: Tenant, ada: Person) -> None:
    caller = delegated(ada, "Group.ReadWrite.All", "Calendars.ReadWrite")
    unified = {"displayName": "Fair", "mailNickname": "fair", "groupTypes": ["Unified"]}
    times = {name: {"dateTime": f"2026-04-01T{hour}:00:00", "timeZone": "UTC"} for name, hour in FROM_TO.items()}
    async with client_for(tenant, caller) as client:
        made = await client.post("/groups", json={**unified, "mailEnabled": True, "securityEnabled": False})
        place = f"/groups/{made.json()['id']}/events"
        event = (await client.post(place, json={"subject": "Build", **times})).json()["id"]
        url = (await session(client, f"{place}/{event}"))["uploadUrl"]
        last = await client.put(url, **part(0, b"x" * SIZE))
        listed = (await client.get(f"{place}/{event}/attachments")).json()["value"]
    assert last.status_code == 201
    assert [(one["name"], one["size"] >= SIZE) for one in listed] == [("big.bin", True)]


async def test_an_upload_can_be_given_up(graph: httpx.AsyncClient, path: str) -> None:
    url = (await session(graph, path))["uploadUrl"]
    assert (await graph.delete(url)).status_code == 204
    assert (await graph.put(url, **part(0, b"x"))).status_code == 404
    assert (await graph.get(f"{url}x")).status_code == 404


@pytest.mark.parametrize(
    ("item", "code"),
    [
        pytest.param(
            {"size": 3 * 1024 * 1024 - 1}, "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize", id="too small"
        ),
        pytest.param({"size": 151 * 1024 * 1024}, "ErrorAttachmentSizeLimitExceeded", id="too large"),
        pytest.param({"name": ""}, "ErrorInvalidArgument", id="no name"),
        pytest.param({"size": None}, "ErrorInvalidArgument", id="no size"),
        pytest.param({"size": "x"}, "RequestBodyRead", id="no number"),
    ],
)
async def test_a_session_is_only_for_large_files(
    graph: httpx.AsyncClient, path: str, item: dict[str, object], code: str
) -> None:
    body = {"AttachmentItem": {"attachmentType": "file", "name": "big.bin", "size": SIZE, **item}}
    assert error_of(await graph.post(f"{path}/attachments/createUploadSession", json=body))[:2] == (400, code)


@pytest.mark.parametrize("header", ["", "bytes 0-9/9", "bytes 1-2/3", "items 0-1/2"])
async def test_odd_ranges_are_refused(graph: httpx.AsyncClient, path: str, header: str) -> None:
    url = (await session(graph, path))["uploadUrl"]
    response = await graph.put(url, content=b"xy", headers={"Content-Range": header} if header else {})
    assert error_of(response)[0] in {400, 416}
    assert error_of(await graph.post(url))[0] == 405


EXTENSION = {
    "@odata.type": "microsoft.graph.openTypeExtension",
    "extensionName": "Com.Example.Referral",
    "company": "Lamps",
    "deals": 3,
}


async def test_an_open_extension_is_found_by_its_name(graph: httpx.AsyncClient, path: str) -> None:
    response = await graph.post(f"{path}/extensions", json=EXTENSION)
    made = response.json()
    assert response.status_code == 201
    assert made["id"] == "Microsoft.OutlookServices.OpenTypeExtension.Com.Example.Referral"
    for key in ("Com.Example.Referral", made["id"]):
        found = (await graph.get(f"{path}/extensions/{key}")).json()
        assert (found["extensionName"], found["company"], found["deals"]) == ("Com.Example.Referral", "Lamps", 3)
    changed = await graph.patch(
        f"{path}/extensions/Com.Example.Referral", json={"@odata.type": "microsoft.graph.openTypeExtension", "deals": 4}
    )
    assert changed.status_code in {200, 204}
    whole = (await graph.get(f"{path}?$expand=extensions")).json()
    assert whole["extensions"][0]["deals"] == 4
    assert (await graph.delete(f"{path}/extensions/Com.Example.Referral")).status_code == 204
    assert (await graph.get(f"{path}?$expand=extensions")).json()["extensions"] == []
    assert error_of(await graph.post(f"{path}/extensions", json={"company": "x"}))[0] == 400


async def test_what_a_message_carries_moves_with_it(graph: httpx.AsyncClient, tenant: Tenant, ada: Person) -> None:
    color = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Color"
    made = await draft(
        graph, letter(BO, extensions=[EXTENSION], singleValueExtendedProperties=[{"id": color, "value": "green"}])
    )
    moved = (await graph.post(f"/me/messages/{made['id']}/move", json={"destinationId": "inbox"})).json()["id"]
    found = (
        await graph.get(
            f"/me/messages/{moved}",
            params={"$expand": f"extensions,singleValueExtendedProperties($filter=id eq '{color}')"},
        )
    ).json()
    assert found["singleValueExtendedProperties"] == [{"id": color, "value": "green"}]
    assert found["extensions"][0]["company"] == "Lamps"
    await graph.patch(f"/me/messages/{moved}", json={"singleValueExtendedProperties": [{"id": color, "value": "red"}]})
    wanted = {"$filter": f"singleValueExtendedProperties/any(ep: ep/id eq '{color}' and ep/value eq 'red')"}
    assert [one["id"] for one in (await graph.get("/me/messages", params=wanted)).json()["value"]] == [moved]


async def test_the_basic_permission_sees_no_attachments_in_any_way(tenant: Tenant, ada: Person) -> None:
    message: Message = tenant.add_message(ada, "Hello", sender=OLGA)
    async with client_for(tenant, delegated(ada, "Mail.ReadBasic")) as client:
        for path in ("attachments", "attachments/$count"):
            assert error_of(await client.get(f"/me/messages/{message.id}/{path}"))[0] == 403
        assert error_of(await client.get("/me/messages?$expand=attachments"))[0] == 403
        assert (await client.get(f"/me/messages/{message.id}?$select=body,subject")).json().keys() == {
            "@odata.context",
            "@odata.etag",
            "id",
            "subject",
        }
    assert inside(tenant, ada, "inbox") == [message]


async def test_a_file_may_lack_the_signs_that_only_fill_up(graph: httpx.AsyncClient, path: str) -> None:
    made = (
        await graph.post(f"{path}/attachments", json={**FILE, "contentType": None, "contentBytes": "aGVsbG8"})
    ).json()
    assert made["contentType"] == "application/octet-stream"
    assert error_of(await graph.post(f"{path}/attachments", json={"name": "a"}))[:2] == (400, "RequestBodyRead")
    assert (await graph.get(f"{path}/attachments/{made['id']}/$value")).content == b"hello"


async def test_an_upload_ends_when_its_time_is_over(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person, path: str
) -> None:
    url = (await session(graph, path))["uploadUrl"]
    (upload,) = uploads_of(ada).values()
    upload.expires = NOW
    assert error_of(await graph.put(url, **part(0, b"x")))[:2] == (404, "ErrorItemNotFound")
