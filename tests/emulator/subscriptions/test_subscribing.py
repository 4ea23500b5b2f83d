"""Making, reading, renewing and ending subscriptions."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from emulator.entra import Caller
from emulator.graph.contacts.state import contact_box
from emulator.tenant import Person
from tests.emulator.subscriptions.webhook import LIFECYCLE, URL, Stage, body, in_minutes, subscribed
from tests.emulator.support import app_only, delegated, error_of, ids, small_tenant

_INBOX = "me/mailFolders('Inbox')/messages"
_MAIL = "Mail.Read"
_REFUSED = "Subscription validation request"


@pytest.fixture
def stage() -> Stage:
    return Stage(small_tenant())


@pytest.fixture
def bo(stage: Stage) -> Person:
    return stage.tenant.person("bo.mcallister@lindenhall.example")


async def test_a_webhook_that_shakes_hands_is_subscribed(stage: Stage, bo: Person) -> None:
    async with stage.client(delegated(bo, _MAIL)) as client:
        response = await client.post("/subscriptions", json=body(_INBOX, "Created,Updated"))
        shown = response.json()
        assert response.status_code == 201
        assert response.headers["Location"].endswith(f"/v1.0/subscriptions('{shown['id']}')")
        again = (await client.get(f"/subscriptions/{shown['id']}")).json()
    assert stage.webhook.handshakes == [URL]
    assert again == shown
    expected = {
        "resource": _INBOX,
        "applicationId": "app",
        "changeType": "created,updated",
        "clientState": "secret",
        "notificationUrl": URL,
        "expirationDateTime": in_minutes(60),
        "creatorId": bo.id,
        "latestSupportedTlsVersion": "v1_2",
        "includeResourceData": None,
        "encryptionCertificate": None,
    }
    assert shown.items() >= expected.items()


async def test_both_addresses_shake_hands_even_if_they_are_one(stage: Stage, bo: Person) -> None:
    async with stage.client(delegated(bo, _MAIL)) as client:
        await subscribed(client, _INBOX, lifecycleNotificationUrl=LIFECYCLE)
        await subscribed(client, "me/messages", lifecycleNotificationUrl=URL)
    assert stage.webhook.handshakes == [URL, LIFECYCLE, URL, URL]


async def test_what_stands_in_the_address_of_a_webhook_is_kept(stage: Stage, bo: Person) -> None:
    async with stage.client(delegated(bo, _MAIL)) as client:
        await subscribed(client, _INBOX, notificationUrl=f"{URL}?code=a%2Fb")
    assert httpx.URL(stage.webhook.handshakes[0]).params["code"] == "a/b"


@pytest.mark.parametrize(
    ("greeting", "reason"),
    [
        pytest.param(httpx.Response(403), "failed. HTTP status code is 'Forbidden'.", id="refuses"),
        pytest.param(httpx.Response(202, text="x"), "failed. HTTP status code is 'Accepted'.", id="is not 200"),
        pytest.param(httpx.Response(200, text="other"), "failed. Response must exactly match", id="says another text"),
        pytest.param(httpx.Response(200, json="x"), "failed. Response must exactly match", id="answers JSON"),
        pytest.param(httpx.ConnectError("no"), "failed. Notification endpoint must respond", id="is not there"),
        pytest.param(httpx.ReadTimeout("slow"), "timed out.", id="is slow"),
    ],
)
async def test_a_webhook_that_does_not_shake_hands_is_not_subscribed(
    stage: Stage, bo: Person, greeting: httpx.Response | Exception, reason: str
) -> None:
    stage.webhook.greeting = greeting
    async with stage.client(delegated(bo, _MAIL)) as client:
        status, code, message = error_of(await client.post("/subscriptions", json=body(_INBOX)))
        assert (await client.get("/subscriptions")).json()["value"] == []
    assert (status, code) == (400, "ValidationError")
    assert message.startswith(f"{_REFUSED} {reason}")


async def test_a_webhook_has_ten_seconds(stage: Stage, bo: Person) -> None:
    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    assert stage.notifications.web.handshake_seconds == 10
    stage.notifications.web.handshake_seconds = 0
    stage.notifications.web.transport = httpx.MockTransport(never)
    async with stage.client(delegated(bo, _MAIL)) as client:
        assert error_of(await client.post("/subscriptions", json=body(_INBOX)))[2] == f"{_REFUSED} timed out."


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"changeType": None}, "changeType is a required property", id="no changes"),
        pytest.param({"notificationUrl": ""}, "notificationUrl is a required property", id="no webhook"),
        pytest.param({"resource": None}, "resource is a required property", id="no resource"),
        pytest.param({"expirationDateTime": None}, "expirationDateTime is a required property", id="no end"),
        pytest.param({"changeType": "created,moved"}, "Invalid 'changeType'", id="an unknown change"),
        pytest.param({"notificationUrl": "http://hooks.example/x"}, "must be a HTTPS URL", id="plain http"),
        pytest.param({"notificationUrl": "hooks"}, "is not a valid URL", id="no address"),
        pytest.param({"lifecycleNotificationUrl": "ftp://x.example"}, "must be a HTTPS URL", id="lifecycle by ftp"),
        pytest.param({"clientState": "x" * 129}, "exceeds 128 characters", id="a long state"),
        pytest.param({"latestSupportedTlsVersion": "v9"}, "not a known version", id="TLS of the future"),
        pytest.param({"expirationDateTime": in_minutes(-1)}, "must be in the future", id="ended already"),
        pytest.param({"expirationDateTime": "soon"}, "Could not process subscription creation payload", id="no date"),
        pytest.param({"expiration": 1}, "Could not process subscription creation payload", id="an unknown name"),
        pytest.param({"resource": "/"}, "not a valid resource path", id="no path"),
        pytest.param({"resource": "https://graph.microsoft.com/v1.0/me"}, "not a valid resource path", id="a URL"),
        pytest.param({"resource": "me/mailFolders"}, "are not supported", id="what nobody can watch"),
        pytest.param({"resource": "me/messages/$count"}, "are not supported", id="a number"),
        pytest.param({"resource": "users", "changeType": "created"}, "'created' is not supported", id="new users"),
        pytest.param({"includeResourceData": True}, "encryptionCertificate is a required", id="no certificate"),
        pytest.param(
            {"includeResourceData": True, "encryptionCertificate": "AAAA", "encryptionCertificateId": "1"},
            "not a valid RSA certificate",
            id="a bad certificate",
        ),
    ],
)
async def test_what_makes_no_sense_is_refused_before_any_handshake(
    stage: Stage, bo: Person, changes: dict[str, Any], says: str
) -> None:
    async with stage.client(delegated(bo, _MAIL, "User.Read.All")) as client:
        response = await client.post("/subscriptions", json=body(_INBOX) | changes)
    assert error_of(response)[:2] == (400, "InvalidRequest")
    assert says in error_of(response)[2]
    assert stage.webhook.handshakes == []


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:1", "[::1]:80"])
async def test_plain_http_is_good_enough_on_this_machine(stage: Stage, bo: Person, host: str) -> None:
    async with stage.client(delegated(bo, _MAIL)) as client:
        await subscribed(client, _INBOX, notificationUrl=f"http://{host}/hook")


@pytest.mark.parametrize(
    ("resource", "changes", "minutes"),
    [
        pytest.param(_INBOX, "created", 10_080, id="mail"),
        pytest.param("me/contacts", "created", 10_080, id="contacts"),
        pytest.param("users", "updated", 41_760, id="users"),
    ],
)
async def test_nobody_listens_longer_than_the_kind_of_resource_allows(
    stage: Stage, bo: Person, resource: str, changes: str, minutes: int
) -> None:
    async with stage.client(delegated(bo, _MAIL, "Contacts.Read", "User.Read.All")) as client:
        longest = await subscribed(client, resource, changes, expirationDateTime=in_minutes(minutes))
        over = await client.post(
            "/subscriptions", json=body(resource, changes, expirationDateTime=in_minutes(minutes + 2))
        )
        renewed = await client.patch(f"/subscriptions/{longest}", json={"expirationDateTime": in_minutes(minutes + 2)})
    expected = (400, "ExtensionError", f"Subscription expiration can only be {minutes} minutes in the future.")
    assert error_of(over) == error_of(renewed) == expected


async def test_another_time_zone_is_the_same_moment(stage: Stage, bo: Person) -> None:
    async with stage.client(delegated(bo, _MAIL)) as client:
        key = await subscribed(client, _INBOX, expirationDateTime="2026-03-11T17:30:00.1234567+02:00")
        assert (await client.get(f"/subscriptions/{key}")).json()["expirationDateTime"] == "2026-03-11T15:30:00Z"


@pytest.mark.parametrize(
    ("caller", "resource", "status"),
    [
        pytest.param(("Contacts.Read",), _INBOX, 403, id="no permission"),
        pytest.param((_MAIL, "Mail.Read.Shared"), "users/{cy}/messages", 403, id="another mailbox"),
        pytest.param(("Mail.Read.Shared",), "me/messages", 403, id="a shared scope"),
        pytest.param((_MAIL,), "me/mailFolders/nowhere/messages", 400, id="a folder that is none"),
        pytest.param((_MAIL,), "me/messages/{gone}", 404, id="a message that is not there"),
        pytest.param((_MAIL,), "me/nonsense", 400, id="a path that is none"),
        pytest.param((_MAIL,), "me/messages?$filter=nonsense eq 1", 400, id="a filter that is none"),
        pytest.param((), "me/messages", 400, id="an app without a person"),
        pytest.param((), "users/{dee}/messages", 404, id="no mailbox"),
    ],
)
async def test_the_resource_must_be_there_and_be_permitted(
    stage: Stage, bo: Person, caller: tuple[str, ...], resource: str, status: int
) -> None:
    keys = {name: stage.tenant.person(f"{full}@lindenhall.example").id for name, full in _PEOPLE.items()}
    stage.tenant.mailbox(stage.tenant.people[keys["cy"]]).grant(bo, full_access=True)
    path = resource.format(gone=contact_box(stage.tenant, bo).default.id, **keys)
    who: Caller = delegated(bo, *caller) if caller else app_only("Mail.Read")
    async with stage.client(who) as client:
        response = await client.post("/subscriptions", json=body(path))
    assert error_of(response)[:2] == (status, "ExtensionError")
    assert error_of(response)[2].startswith("Operation: Create; Exception: [Status Code: ")


@pytest.mark.parametrize(
    "roles", [pytest.param(("User.Read.All",), id="the relation"), pytest.param((_MAIL,), id="mail")]
)
async def test_a_mailbox_is_not_watched_through_a_relation(stage: Stage, bo: Person, roles: tuple[str, ...]) -> None:
    path = f"users/{bo.id}/manager/microsoft.graph.user/messages"
    async with stage.client(app_only(*roles)) as client:
        response = await client.post("/subscriptions", json=body(path))
    assert error_of(response)[:2] == (403, "ExtensionError")


_PEOPLE = {"cy": "cy.falk", "dee": "dee.ruiz"}


async def test_an_app_on_its_own_listens_to_any_mailbox(stage: Stage, bo: Person) -> None:
    async with stage.client(app_only(_MAIL)) as client:
        key = await subscribed(client, f"users/{bo.user_principal_name}/messages")
        assert (await client.get(f"/subscriptions/{key}")).json()["creatorId"] == "app"


async def test_a_subscription_is_its_makers_alone(stage: Stage, bo: Person) -> None:
    cy = stage.tenant.person("cy.falk@lindenhall.example")
    async with stage.client(delegated(bo, _MAIL)) as client:
        key = await subscribed(client, _INBOX)
    others = (
        delegated(cy, _MAIL),
        app_only(_MAIL),
        Caller("other", bo.id, frozenset({_MAIL}), frozenset()),
    )
    for other in others:
        async with stage.client(other) as client:
            assert ids((await client.get("/subscriptions")).json()) == []
            for method in ("GET", "DELETE", "PATCH"):
                response = await client.request(method, f"/subscriptions/{key}", json={})
                assert error_of(response) == (404, "ResourceNotFound", "The object was not found.")
    async with stage.client(delegated(cy, "Subscription.Read.All")) as client:
        assert ids((await client.get("/subscriptions")).json()) == [key]
        assert (await client.delete(f"/subscriptions/{key}")).status_code == 404


async def test_a_renewal_moves_the_end_and_a_new_webhook_shakes_hands(stage: Stage, bo: Person) -> None:
    async with stage.client(delegated(bo, _MAIL)) as client:
        key = await subscribed(client, _INBOX)
        renewed = await client.patch(f"/subscriptions/{key}", json={"expirationDateTime": in_minutes(600)})
        assert (renewed.status_code, renewed.json()["expirationDateTime"]) == (200, in_minutes(600))
        moved = await client.patch(f"/subscriptions/{key}", json={"notificationUrl": f"{URL}/2"})
        assert moved.json()["notificationUrl"] == f"{URL}/2"
        stage.webhook.greeting = httpx.Response(500)
        failed = await client.patch(f"/subscriptions/{key}", json={"notificationUrl": f"{URL}/3"})
        assert error_of(failed)[:2] == (400, "ValidationError")
        assert (await client.get(f"/subscriptions/{key}")).json()["notificationUrl"] == f"{URL}/2"
        past = await client.patch(f"/subscriptions/{key}", json={"expirationDateTime": in_minutes(-5)})
        assert error_of(past)[:2] == (400, "InvalidRequest")
    assert stage.webhook.handshakes == [URL, f"{URL}/2", f"{URL}/3"]


async def test_a_subscription_ends_by_wish_or_by_time(stage: Stage, bo: Person) -> None:
    async with stage.client(delegated(bo, _MAIL)) as client:
        first, second = await subscribed(client, _INBOX), await subscribed(client, "me/messages")
        assert (await client.delete(f"/subscriptions/{first}")).status_code == 204
        assert ids((await client.get("/subscriptions")).json()) == [second]
        stage.now = stage.now.replace(hour=16)
        assert ids((await client.get("/subscriptions")).json()) == []
        assert (await client.get(f"/subscriptions/{second}")).status_code == 404
    assert stage.tenant.store.changes.listeners == []


async def test_a_mailbox_has_room_for_a_thousand_subscriptions(stage: Stage, bo: Person) -> None:
    async with stage.client(delegated(bo, _MAIL)) as client:
        await subscribed(client, _INBOX)
        watches = stage.notifications.watches
        only = next(iter(watches.values()))
        watches.update({f"{number}": only for number in range(999)})
        status, code, message = error_of(await client.post("/subscriptions", json=body(_INBOX)))
    assert (status, code) == (403, "ExtensionError")
    assert "1000 active subscriptions per mailbox" in message


async def test_an_app_has_room_for_a_hundred_subscriptions_to_the_directory(stage: Stage, bo: Person) -> None:
    async with stage.client(delegated(bo, "User.Read.All", _MAIL)) as client:
        for _ in range(100):
            await subscribed(client, "users", "updated")
        status, _, message = error_of(await client.post("/subscriptions", json=body("users", "updated")))
        await subscribed(client, _INBOX)
    assert status == 403
    assert "100 subscriptions per application" in message


async def test_a_listed_content_type_is_taken_as_documented(stage: Stage, bo: Person) -> None:
    async with stage.client(delegated(bo, _MAIL)) as client:
        key = await subscribed(client, _INBOX, notificationContentType="application/json")
        shown = (await client.get(f"/subscriptions/{key}")).json()
        other = await subscribed(client, _INBOX)
        unnamed = (await client.get(f"/subscriptions/{other}")).json()
        chosen = (await client.get(f"/subscriptions/{other}", params={"$select": "id,resource"})).json()
    assert shown["notificationContentType"] == "application/json"
    assert "notificationContentType" not in unnamed
    assert set(chosen) - {"@odata.context"} == {"id", "resource"}


async def test_other_methods_are_not_there(stage: Stage, bo: Person) -> None:
    async with stage.client(delegated(bo, _MAIL)) as client:
        assert (await client.put(f"/subscriptions/{await subscribed(client, _INBOX)}", json={})).status_code != 500
        assert (await client.delete("/subscriptions")).status_code == 405
