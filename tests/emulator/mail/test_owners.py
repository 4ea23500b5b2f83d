"""What belongs to the owner of a mailbox: settings, categories, tips on others, ids in other forms."""

from __future__ import annotations

import httpx
import pytest

from emulator import Tenant
from emulator.schema import schema
from emulator.tenant import Person
from tests.emulator.mail.conftest import ClientOf
from tests.emulator.mail.scene import ADA, BO, CY, OUTSIDE, to
from tests.emulator.support import app_only, client_for, delegated, error_of


async def test_settings_are_there_from_the_beginning_and_change_in_parts(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person
) -> None:
    found = (await graph.get("/me/mailboxSettings")).json()
    assert found["@odata.context"].endswith("/mailboxSettings")
    assert (found["timeZone"], found["userPurpose"], found["language"]["locale"]) == ("UTC", "user", "en-US")
    assert found["automaticRepliesSetting"]["status"] == "disabled"
    assert found["archiveFolder"] == tenant.mailbox(ada).folder("archive").id
    hours = {"daysOfWeek": ["monday"], "startTime": "09:00:00.0000000", "timeZone": {"name": "Pacific Standard Time"}}
    change = {
        "timeZone": "Pacific Standard Time",
        "language": {"locale": "de-de"},
        "workingHours": hours,
        "userPurpose": "room",
    }
    changed = await graph.patch("/me/mailboxSettings", json=change)
    assert changed.status_code == 200
    again = (await graph.get("/me/mailboxSettings")).json()
    assert again["language"] == {"locale": "de-DE", "displayName": "German (Germany)"}
    assert (again["workingHours"]["daysOfWeek"], again["workingHours"]["endTime"]) == (["monday"], "17:00:00.0000000")
    assert again["userPurpose"] == "user"
    assert (await graph.get("/me/mailboxSettings/timeZone")).json()["value"] == "Pacific Standard Time"
    chosen = (await graph.get("/me/mailboxSettings", params={"$select": "timeZone,language"})).json()
    assert set(chosen) == {"@odata.context", "timeZone", "language"}
    assert (await graph.get("/me/mailboxSettings", params={"$select": "shoeSize"})).status_code == 400
    assert (await graph.get("/me/mailboxSettings/userPurpose")).json()["value"] == "user"
    assert (await graph.get("/me/mailboxSettings/automaticRepliesSetting")).json()["externalAudience"] == "all"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"timeZone": "Middle Earth"}, "TimeZoneNotSupportedException", id="zone"),
        pytest.param(
            {"workingHours": {"timeZone": {"name": "Nowhere"}}}, "TimeZoneNotSupportedException", id="zone of the hours"
        ),
        pytest.param({"automaticRepliesSetting": {"status": "sometimes"}}, "RequestBodyRead", id="status"),
        pytest.param({"language": "de"}, "RequestBodyRead", id="shape"),
        pytest.param({"nothing": 1}, "RequestBodyRead", id="name"),
    ],
)
async def test_odd_settings_are_refused(graph: httpx.AsyncClient, change: dict[str, object], code: str) -> None:
    assert error_of(await graph.patch("/me/mailboxSettings", json=change))[:2] == (400, code)


async def test_a_zone_of_ones_own_making_is_taken(graph: httpx.AsyncClient) -> None:
    zone = {"@odata.type": "#microsoft.graph.customTimeZone", "bias": 60, "name": "Customized Time Zone"}
    response = await graph.patch("/me/mailboxSettings", json={"workingHours": {"timeZone": zone}})
    assert response.json()["workingHours"]["timeZone"]["bias"] == 60


async def test_settings_need_their_own_permission_and_the_own_mailbox(tenant: Tenant, ada: Person, bo: Person) -> None:
    async with client_for(tenant, delegated(ada, "Mail.ReadWrite")) as client:
        assert error_of(await client.get("/me/mailboxSettings"))[:2] == (403, "ErrorAccessDenied")
    async with client_for(tenant, delegated(ada, "MailboxSettings.Read")) as client:
        assert (await client.get("/me/mailboxSettings")).status_code == 200
        assert error_of(await client.patch("/me/mailboxSettings", json={"timeZone": "UTC"}))[0] == 403
        assert error_of(await client.get(f"/users/{BO}/mailboxSettings"))[:2] == (403, "ErrorAccessDenied")
        assert error_of(await client.get("/users/dee.ruiz@lindenhall.example/mailboxSettings"))[:2] == (
            404,
            "MailboxNotEnabledForRESTAPI",
        )
    async with client_for(tenant, app_only("MailboxSettings.ReadWrite")) as client:
        assert (await client.patch(f"/users/{BO}/mailboxSettings", json={"timeZone": "UTC"})).status_code == 200
    bo.state["purpose"] = "shared"
    async with client_for(tenant, app_only("MailboxSettings.Read")) as client:
        assert (await client.get(f"/users/{BO}/mailboxSettings/userPurpose")).json()["value"] == "shared"


async def test_categories_begin_with_six_and_keep_their_names(graph: httpx.AsyncClient) -> None:
    path = "/me/outlook/masterCategories"
    first = (await graph.get(path)).json()["value"]
    assert [one["displayName"] for one in first][:2] == ["Red category", "Orange category"]
    assert {len(one["id"]) for one in first} == {36}
    made = await graph.post(path, json={"displayName": "Urgent", "color": "preset9"})
    assert (made.status_code, made.json()["color"]) == (201, "preset9")
    one = f"{path}/{made.json()['id']}"
    assert (await graph.patch(one, json={"color": "preset15"})).json()["color"] == "preset15"
    assert error_of(await graph.patch(one, json={"displayName": "Other"}))[0] == 400
    assert error_of(await graph.post(path, json={"displayName": "urgent"}))[0] == 409
    assert error_of(await graph.post(path, json={"displayName": "x", "color": "pink"}))[0] == 400
    assert error_of(await graph.post(path, json={}))[0] == 400
    assert (await graph.delete(one)).status_code == 204
    assert error_of(await graph.get(one))[:2] == (404, "ErrorItemNotFound")


async def test_languages_and_zones_are_offered(graph: httpx.AsyncClient) -> None:
    languages = (await graph.get("/me/outlook/supportedLanguages")).json()["value"]
    assert {"locale": "en-US", "displayName": "English (United States)"} in languages
    windows = (await graph.get("/me/outlook/supportedTimeZones")).json()["value"]
    assert "W. Europe Standard Time" in {zone["alias"] for zone in windows}
    iana = (
        await graph.get("/me/outlook/supportedTimeZones(TimeZoneStandard=microsoft.graph.timeZoneStandard'Iana')")
    ).json()
    assert "Europe/Berlin" in {zone["alias"] for zone in iana["value"]}


async def test_tips_tell_what_a_sender_should_know(
    graph: httpx.AsyncClient, tenant: Tenant, bo: Person, cy: Person, client_of: ClientOf
) -> None:
    setting = {"status": "alwaysEnabled", "internalReplyMessage": "On holiday"}
    await client_of(bo).patch("/me/mailboxSettings", json={"automaticRepliesSetting": setting})
    group = tenant.store.root("groups").add(
        tenant.store.entity(
            schema().kind("group"), {"displayName": "All", "mail": "all@lindenhall.example", "mailEnabled": True}
        )
    )
    for member in (bo, cy):
        group.links_of("members").add(member)
    body = {
        "EmailAddresses": [BO, "nobody@lindenhall.example", OUTSIDE, "all@lindenhall.example"],
        "MailTipsOptions": "automaticReplies, mailboxFullStatus, totalMemberCount, recipientScope",
    }
    found = (await graph.post("/me/getMailTips", json=body)).json()["value"]
    assert set(found[0]) == {"emailAddress", "automaticReplies", "mailboxFull", "totalMemberCount", "recipientScope"}
    assert [one["automaticReplies"]["message"] for one in found] == ["On holiday", "", "", ""]
    assert found[1]["error"]["code"] == "ErrorNonExistentMailbox"
    assert [one["recipientScope"] for one in found] == ["internal", "internal", "external", "internal"]
    assert found[3]["totalMemberCount"] == 2


async def test_ids_are_translated_there_and_back(graph: httpx.AsyncClient, tenant: Tenant, ada: Person) -> None:
    message = tenant.add_message(ada, "Hello")
    inbox = tenant.mailbox(ada).folder("inbox").id

    async def translated(keys: list[str], source: str, goal: str) -> list[dict[str, object]]:
        body = {"inputIds": keys, "sourceIdType": source, "targetIdType": goal}
        response = await graph.post("/me/translateExchangeIds", json=body)
        assert response.status_code == 200, response.text
        found: list[dict[str, object]] = response.json()["value"]
        return found

    there = await translated([message.id, inbox, "nothing"], "restId", "restImmutableEntryId")
    assert [one["targetId"] for one in there] == [message.immutable_id, inbox, None]
    assert "errorDetails" in there[2]
    back = await translated([message.immutable_id], "restImmutableEntryId", "restId")
    assert back == [{"sourceId": message.immutable_id, "targetId": message.id}]
    (ews,) = await translated([message.id], "restId", "ewsId")
    assert "_" not in str(ews["targetId"])
    assert (await translated([str(ews["targetId"])], "ewsId", "restId"))[0]["targetId"] == message.id
    assert (await translated([message.id], "restId", "entryId"))[0]["targetId"] == message.id
    too_many = {"inputIds": ["x"] * 1001, "sourceIdType": "restId", "targetIdType": "ewsId"}
    assert error_of(await graph.post("/me/translateExchangeIds", json=too_many))[0] == 400
    assert error_of(await graph.post("/me/translateExchangeIds", json={"inputIds": []}))[0] == 400


FULL, BEHALF, AS = {"full_access": True}, {"send_on_behalf": True}, {"send_as": True}


async def test_a_delegate_reads_what_was_opened_and_only_with_the_shared_permission(
    tenant: Tenant, ada: Person, bo: Person
) -> None:
    tenant.add_message(bo, "Secret")
    kept = tenant.add_message(bo, "Shared", folder="archive")
    tenant.mailbox(bo).grant(ada, folder="archive", role="reviewer")
    async with client_for(tenant, delegated(ada, "Mail.Read")) as client:
        assert error_of(await client.get(f"/users/{BO}/mailFolders/archive/messages"))[0] == 403
    async with client_for(tenant, delegated(ada, "Mail.ReadWrite.Shared")) as client:
        found = (await client.get(f"/users/{BO}/mailFolders/archive/messages")).json()["value"]
        assert [one["subject"] for one in found] == ["Shared"]
        assert [one["subject"] for one in (await client.get(f"/users/{BO}/messages")).json()["value"]] == ["Shared"]
        assert error_of(await client.get(f"/users/{BO}/mailFolders/inbox/messages"))[0] == 403
        assert error_of(await client.patch(f"/users/{BO}/messages/{kept.id}", json={"isRead": True}))[0] == 403
        assert error_of(await client.get(f"/users/{CY}/messages"))[0] == 403
        assert (await client.get("/me/messages")).status_code == 200
        tenant.mailbox(bo).grant(ada, folder="archive", role="editor")
        assert (await client.patch(f"/users/{BO}/messages/{kept.id}", json={"isRead": True})).status_code == 200
        tenant.mailbox(bo).grant(ada, **FULL)
        assert len((await client.get(f"/users/{BO}/messages")).json()["value"]) == 2


@pytest.mark.parametrize(
    ("rights", "status", "shown"),
    [
        pytest.param({}, 403, None, id="nothing"),
        pytest.param(FULL, 403, None, id="only reading"),
        pytest.param(BEHALF, 202, ADA, id="on behalf"),
        pytest.param(AS, 202, BO, id="as"),
    ],
)
async def test_a_letter_from_another_needs_that_others_leave(
    graph: httpx.AsyncClient, tenant: Tenant, *, rights: dict[str, bool], status: int, shown: str | None
) -> None:
    ada, bo, cy = list(tenant.people.values())[:3]
    tenant.mailbox(bo).grant(ada, **rights)
    message = {"subject": "x", "toRecipients": to(CY), "from": to(BO)[0]}
    response = await graph.post("/me/sendMail", json={"message": message})
    assert response.status_code == status
    if shown is None:
        assert error_of(response)[1] == "ErrorSendAsDenied"
        return
    box = tenant.mailbox(cy)
    (copy,) = box.in_folder(box.folder("inbox").id)
    assert (copy["from"]["emailAddress"]["address"], copy["sender"]["emailAddress"]["address"]) == (BO, shown)


async def test_a_delegate_sends_from_the_others_mailbox(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person, bo: Person
) -> None:
    body = {"message": {"subject": "x", "toRecipients": to(CY)}}
    assert error_of(await graph.post(f"/users/{BO}/sendMail", json=body))[:2] == (403, "ErrorAccessDenied")
    grant = tenant.mailbox(bo).grant(ada, **FULL)
    assert error_of(await graph.post(f"/users/{BO}/sendMail", json=body))[:2] == (403, "ErrorSendAsDenied")
    grant.send_on_behalf = True
    assert (await graph.post(f"/users/{BO}/sendMail", json=body)).status_code == 202
    (sent,) = tenant.mailbox(bo).in_folder(tenant.mailbox(bo).folder("sentitems").id)
    assert (sent["from"]["emailAddress"]["address"], sent["sender"]["emailAddress"]["address"]) == (BO, ADA)
