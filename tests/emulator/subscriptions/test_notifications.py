"""Which changes are told to whom, and what the notifications say."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, hmac, padding
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric import padding as asymmetric
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from emulator.graph.contacts.state import contact_box, immutable_id_of
from emulator.graph.directory.recycling import erase
from emulator.graph.subscriptions.sealing import PUBLISHER, read_certificate
from emulator.schema import schema
from emulator.tenant import Person
from tests.emulator.subscriptions.webhook import Stage, body, in_minutes, subscribed
from tests.emulator.support import NOW, delegated, error_of, small_tenant

_INBOX = "me/mailFolders('Inbox')/messages"
_STAMP = "2026-03-11T14:30:00Z"
_SCOPES = ("Mail.ReadWrite", "Contacts.ReadWrite", "User.ReadWrite.All", "Group.ReadWrite.All", "Files.ReadWrite.All")


@pytest.fixture
def stage() -> Stage:
    return Stage(small_tenant())


@pytest.fixture
def bo(stage: Stage) -> Person:
    return stage.tenant.person("bo.mcallister@lindenhall.example")


async def test_a_new_message_is_told_with_its_address_and_the_secret(stage: Stage, bo: Person) -> None:
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        key = await subscribed(client, _INBOX, "created")
        message = stage.tenant.add_message(bo, "Hello")
        assert await stage.news() == [("created", message.id)]
    place = f"Users/{bo.id}/Messages/{message.id}"
    (news,) = stage.webhook.news
    assert news.pop("id")
    assert news == {
        "subscriptionId": key,
        "subscriptionExpirationDateTime": in_minutes(60),
        "clientState": "secret",
        "tenantId": stage.tenant.id,
        "changeType": "created",
        "resource": place,
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Message",
            "@odata.id": place,
            "@odata.etag": f'W/"{message.change_key}"',
            "id": message.id,
        },
    }


async def test_only_the_folder_and_the_changes_asked_for_are_told(stage: Stage, bo: Person) -> None:
    cy = stage.tenant.person("cy.falk@lindenhall.example")
    old = stage.tenant.add_message(bo, "Old")
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        await subscribed(client, _INBOX, "updated", clientState=None)
        stage.tenant.add_message(bo, "Sent", folder="sentitems").is_read = True
        stage.tenant.add_message(cy, "Not mine").is_read = True
        new = stage.tenant.add_message(bo, "New")
        new.is_read = True
        assert await stage.news() == []
        old.is_read = True
        old.subject = "Older"
        assert await stage.news() == [("updated", old.id)]
        new.is_read = False
        assert await stage.news() == [("updated", old.id), ("updated", new.id)]
    assert "clientState" not in stage.webhook.news[0]


async def test_a_message_that_moves_leaves_one_folder_and_comes_to_another(stage: Stage, bo: Person) -> None:
    message = stage.tenant.add_message(bo, "Hello")
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        await subscribed(client, _INBOX, "created,deleted")
        await subscribed(client, "me/mailFolders/archive/messages", "created,deleted")
        moved = stage.tenant.move_message(bo, message.id, "archive")
        assert sorted(await stage.news()) == sorted([("deleted", message.id), ("created", moved.id)])


async def test_news_of_one_moment_come_in_one_request(stage: Stage, bo: Person) -> None:
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        await subscribed(client, "me/messages", "created")
        await subscribed(client, _INBOX, "created")
        for number in range(60):
            stage.tenant.add_message(bo, f"Nr {number}")
        assert len(await stage.news()) == 120
    assert [len(content["value"]) for _, content in stage.webhook.received] == [100, 20]


async def test_contacts_are_told_whatever_the_id(stage: Stage, bo: Person) -> None:
    box = contact_box(stage.tenant, bo)
    async with stage.client(delegated(bo, *_SCOPES), Prefer='IdType="ImmutableId"') as client:
        await subscribed(client, "me/contacts")
        ida = box.add_contact({"displayName": "Ida"}, _STAMP)
        box.add_contact({"displayName": "Elsewhere"}, _STAMP, box.add_folder("Family"))
        message = stage.tenant.add_message(bo, "Hello")
        assert await stage.news() == [("created", immutable_id_of(ida))]
        await subscribed(client, "me/messages", "updated")
        await subscribed(client, "users", "updated")
        message.is_read = True
        bo.update({"city": "Leeds"})
        assert (await stage.news())[1:] == [("updated", message.immutable_id), ("updated", bo.id)]


async def test_a_filter_lets_only_some_changes_through(stage: Stage, bo: Person) -> None:
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        await subscribed(client, f"{_INBOX}?$filter=importance eq 'high'", "created")
        stage.tenant.add_message(bo, "Dull")
        urgent = stage.tenant.add_message(bo, "Urgent", importance="high")
        assert await stage.news() == [("created", urgent.id)]


async def test_events_are_told_from_the_first_to_the_last(stage: Stage, bo: Person) -> None:
    when = {"dateTime": "2026-03-12T10:00:00", "timeZone": "UTC"}
    async with stage.client(delegated(bo, "Calendars.ReadWrite")) as client:
        await subscribed(client, "me/events")
        made = await client.post("/me/events", json={"subject": "Talk", "start": when, "end": when})
        assert made.status_code == 201, made.text
        key = made.json()["id"]
        assert await stage.news() == [("created", key)]
        await client.patch(f"/me/events/{key}", json={"subject": "Long talk"})
        assert await stage.news() == [("created", key), ("updated", key)]
        assert (await client.delete(f"/me/events/{key}")).status_code == 204
        assert await stage.news() == [("created", key), ("updated", key), ("deleted", key)]
    assert stage.webhook.news[0]["resource"] == f"Users/{bo.id}/Events/{key}"


async def test_one_thing_can_be_watched_alone(stage: Stage, bo: Person) -> None:
    cy = stage.tenant.person("cy.falk@lindenhall.example")
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        await subscribed(client, f"users/{cy.id}", "updated")
        bo.update({"city": "Leeds"})
        cy.update({"city": "Leeds"})
        assert await stage.news() == [("updated", cy.id)]
    data = stage.webhook.news[0]["resourceData"]
    assert (data["@odata.type"], data["organizationId"]) == ("#Microsoft.Graph.User", stage.tenant.id)


async def test_the_directory_calls_everything_but_the_very_end_an_update(stage: Stage, bo: Person) -> None:
    cy = stage.tenant.person("cy.falk@lindenhall.example")
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        await subscribed(client, "users", "updated,deleted")
        new = stage.tenant.add_person("Eve New", has_mailbox=False)
        assert ("updated", new.id) in await stage.news()
        stage.webhook.received.clear()
        assert (await client.delete(f"/users/{cy.id}")).status_code == 204
        assert {what for what, key in await stage.news() if key == cy.id} == {"updated"}
        stage.webhook.received.clear()
        erase(stage.tenant, cy)
        assert set(await stage.news()) == {("deleted", cy.id)}


async def test_who_joins_and_leaves_a_group_is_named(stage: Stage, bo: Person) -> None:
    cy = stage.tenant.person("cy.falk@lindenhall.example")
    store = stage.tenant.store
    group = store.root("groups").add(store.entity(schema().kind("group"), {"displayName": "Team"}))
    group.links_of("members").add(bo)
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        await subscribed(client, "groups", "updated")
        await subscribed(
            client, f"groups/{group.id}/members", "updated", notificationUrl="https://hooks.example/members"
        )
        group.links_of("members").add(cy)
        group.links_of("members").drop(bo)
        group.links_of("owners").add(cy)
        assert await stage.news() == [("updated", group.id)] * 2
    for news in stage.webhook.news:
        assert news["resource"] == f"Groups/{group.id}"
        assert news["resourceData"]["members@delta"] == [{"id": cy.id}, {"id": bo.id, "@removed": "deleted"}]
        assert news["resourceData"]["owners@delta"] == [{"id": cy.id}]


async def test_a_drive_tells_that_something_in_it_changed(stage: Stage, bo: Person) -> None:
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        await subscribed(client, "me/drive/root", "updated")
        inside = await client.put("/me/drive/root:/Plans.txt:/content", content=b"plan")
        assert inside.status_code == 201, inside.text
        assert ("updated", "") in await stage.news()
        news = stage.webhook.news[0]
        assert (news["resource"], news["resourceData"]) == (
            "me/drive/root",
            {"@odata.type": "#Microsoft.Graph.DriveItem"},
        )
        below = await client.post("/subscriptions", json=body(f"me/drive/items/{inside.json()['id']}", "updated"))
        assert error_of(below)[:2] == (400, "InvalidRequest")


async def test_nothing_is_told_once_a_subscription_ended(stage: Stage, bo: Person) -> None:
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        first = await subscribed(client, _INBOX, "created")
        await subscribed(client, "me/messages", "created")
        stage.tenant.add_message(bo, "Too late")
        await client.delete(f"/subscriptions/{first}")
        stage.webhook.received.clear()
        stage.now += timedelta(minutes=61)
        stage.tenant.add_message(bo, "Later still")
        assert await stage.news() == []


def _certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "subscriber")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
    return builder.not_valid_after(datetime(2030, 1, 1, tzinfo=UTC)).sign(key, hashes.SHA256())


def _der(certificate: x509.Certificate) -> str:
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()


def _opened(sealed: dict[str, str], private: rsa.RSAPrivateKey) -> dict[str, Any]:
    """What a subscriber does: unwrap the key, check the signature, decrypt."""
    oaep = asymmetric.OAEP(asymmetric.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303
    key = private.decrypt(base64.b64decode(sealed["dataKey"]), oaep)
    data = base64.b64decode(sealed["data"])
    signature = hmac.HMAC(key, hashes.SHA256())
    signature.update(data)
    signature.verify(base64.b64decode(sealed["dataSignature"]))
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    padded = decryptor.update(data) + decryptor.finalize()
    unpadder = padding.PKCS7(128).unpadder()
    content: dict[str, Any] = json.loads(unpadder.update(padded) + unpadder.finalize())
    return content


@pytest.fixture(scope="module")
def private() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def rich(private: rsa.RSAPrivateKey) -> dict[str, Any]:
    """What a subscription adds to get the data, too."""
    certificate = _der(_certificate(private))
    return {"includeResourceData": True, "encryptionCertificate": certificate, "encryptionCertificateId": "mine"}


async def test_rich_news_bring_the_data_for_the_subscriber_alone(
    stage: Stage, bo: Person, private: rsa.RSAPrivateKey, rich: dict[str, Any]
) -> None:
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        await subscribed(client, f"{_INBOX}?$select=subject,importance", **rich)
        await subscribed(client, "me/messages", "created")
        message = stage.tenant.add_message(bo, "Hello")
        await stage.news()
    (_, content), *_ = stage.webhook.received
    sealed = content["value"][0]["encryptedContent"]
    assert sealed["encryptionCertificateId"] == "mine"
    thumbprint = _certificate(private).fingerprint(hashes.SHA1())  # noqa: S303
    assert sealed["encryptionCertificateThumbprint"] == thumbprint.hex().upper()
    opened = _opened(sealed, private)
    assert {name: opened[name] for name in ("id", "subject", "importance")} == {
        "id": message.id,
        "subject": "Hello",
        "importance": "normal",
    }
    assert "body" not in opened
    assert "encryptedContent" not in content["value"][1]


async def test_a_token_vouches_for_rich_news(stage: Stage, bo: Person, rich: dict[str, Any]) -> None:
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        await subscribed(client, f"{_INBOX}?$select=subject", **rich)
        stage.tenant.add_message(bo, "Hello")
        await stage.news()
    (token,) = stage.webhook.received[0][1]["validationTokens"]
    public = stage.notifications.keys.current.private.public_key()
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    claims = jwt.decode(token, public, ["RS256"], audience="app", options=options)
    assert (claims["appid"], claims["iss"]) == (PUBLISHER, f"https://sts.windows.net/{stage.tenant.id}/")
    assert claims["exp"] > NOW.timestamp() > claims["nbf"] - 1


async def test_what_is_gone_has_no_data_any_more(stage: Stage, bo: Person, rich: dict[str, Any]) -> None:
    message = stage.tenant.add_message(bo, "Hello")
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        await subscribed(client, "me/messages?$select=subject", **rich)
        message.is_read = True
        stage.tenant.mailbox(bo).remove(message)
        assert await stage.news() == [("updated", message.id), ("deleted", message.id)]
    assert all("encryptedContent" not in news for news in stage.webhook.news)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"resource": "me/messages"}, "$select clause is required", id="all of a message"),
        pytest.param({"resource": "users", "changeType": "updated"}, "Resource data is not supported", id="users"),
        pytest.param({"expirationDateTime": in_minutes(1500)}, "1440 minutes", id="more than a day"),
    ],
)
async def test_not_everything_can_be_had_with_its_data(
    stage: Stage, bo: Person, rich: dict[str, Any], changes: dict[str, str], says: str
) -> None:
    async with stage.client(delegated(bo, *_SCOPES)) as client:
        response = await client.post("/subscriptions", json=body("me/messages?$select=id") | rich | changes)
    assert response.status_code == 400
    assert says in error_of(response)[2]


def test_a_certificate_may_be_pem_but_must_be_rsa(private: rsa.RSAPrivateKey) -> None:
    pem = base64.b64encode(_certificate(private).public_bytes(Encoding.PEM)).decode()
    assert read_certificate(pem) == _certificate(private)
    assert read_certificate(_der(_certificate(ec.generate_private_key(ec.SECP256R1())))) is None
    assert read_certificate("no base64!") is None
