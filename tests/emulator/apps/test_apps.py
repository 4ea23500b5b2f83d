"""Applications and service principals over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.emulator.groups.driver import (
    BAD,
    MISSING,
    answer,
    as_app,
    as_person,
    link,
    made,
    named,
    names,
    refused,
    small_tenant,
)

GRAPH = "00000003-0000-0000-c000-000000000000"
KEY = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": "AAEC"}


async def application(client: httpx.AsyncClient, name: str = "Planner", **more: Any) -> dict[str, Any]:
    """A new application."""
    return await answer(client.post("/applications", json={"displayName": name, **more}), 201)


async def test_an_application_begins_empty_and_belongs_to_who_registered_it() -> None:
    tenant = small_tenant()
    async with as_person(tenant) as client:
        app = await application(client, web={"redirectUris": ["https://x.example/cb"]})
        assert app["signInAudience"] == "AzureADMyOrg"
        assert app["publisherDomain"] == tenant.domain
        assert app["web"]["redirectUris"] == ["https://x.example/cb"]
        assert app["web"]["implicitGrantSettings"] == {
            "enableAccessTokenIssuance": False, "enableIdTokenIssuance": False,
        }  # fmt: skip
        path = f"/applications/{app['id']}"
        assert await names(client.get(f"{path}/owners")) == ["Ada Lind"]
        await answer(client.post(f"{path}/owners/$ref", json=link(named(tenant, "Bo").id)), 204)
        group = await made(client, "Door")
        await refused(client.post(f"{path}/owners/$ref", json=link(group["id"])), 400, BAD, "owners")
        assert (await answer(client.get(f"/applications(appId='{app['appId']}')")))["id"] == app["id"]


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        pytest.param({}, "A value is required for property 'displayName' of resource 'Application'.", id="no name"),
        pytest.param({"displayName": "x" * 300}, "displayName", id="a long name"),
        pytest.param({"displayName": "x", "signInAudience": "Everybody"}, "signInAudience", id="an unknown audience"),
        pytest.param({"displayName": "x", "identifierUris": ["api://taken"]}, "identifierUris", id="a uri in use"),
        pytest.param({"displayName": "x", "uniqueName": "one"}, "uniqueName", id="a unique name in use"),
    ],
)
async def test_what_no_application_can_be(wish: dict[str, Any], words: str) -> None:
    async with as_app(small_tenant()) as client:
        await application(client, identifierUris=["api://taken"], uniqueName="one")
        await refused(client.post("/applications", json=wish), 400, BAD, words)


async def test_an_application_is_changed_and_its_principal_follows() -> None:
    async with as_app(small_tenant()) as client:
        app = await application(client)
        path = f"/applications/{app['id']}"
        principal = await answer(client.post("/servicePrincipals", json={"appId": app["appId"]}), 201)
        await answer(client.patch(path, json={"displayName": "Draft", "signInAudience": "azureadmultipleorgs"}), 204)
        found = await answer(client.get(path))
        assert (found["displayName"], found["signInAudience"]) == ("Draft", "AzureADMultipleOrgs")
        assert (await answer(client.get(f"/servicePrincipals/{principal['id']}")))["appDisplayName"] == "Draft"
        await refused(client.patch(path, json={"publisherDomain": "x"}), 400, BAD, "read-only")
        secret = [{"secretText": "made up by the caller"}]
        await refused(client.patch(path, json={"passwordCredentials": secret}), 400, BAD, "service actions")


async def test_an_application_is_made_by_its_unique_name() -> None:
    async with as_app(small_tenant()) as client:
        await answer(client.patch("/applications(uniqueName='u1')", json={"displayName": "One"}), 201)
        await answer(client.patch("/applications(uniqueName='u1')", json={"displayName": "Two"}), 204)
        assert await names(client.get("/applications")) == ["Two"]


async def test_a_deleted_application_comes_back() -> None:
    async with as_app(small_tenant()) as client:
        app = await application(client)
        await answer(client.delete(f"/applications/{app['id']}"), 204)
        await refused(client.get(f"/applications/{app['id']}"), 404, MISSING)
        await answer(client.post(f"/directory/deletedItems/{app['id']}/restore"))
        await answer(client.get(f"/applications/{app['id']}"))


@pytest.mark.parametrize("root", ["applications", "servicePrincipals"])
async def test_a_secret_is_told_once(root: str) -> None:
    async with as_app(small_tenant()) as client:
        app = await application(client)
        thing = app if root == "applications" else await answer(
            client.post("/servicePrincipals", json={"appId": app["appId"]}), 201
        )  # fmt: skip
        path = f"/{root}/{thing['id']}"
        wish = {"passwordCredential": {"displayName": "robot"}}
        told = await answer(client.post(f"{path}/addPassword", json=wish))
        assert len(told["secretText"]) == 40
        assert told["secretText"].startswith(told["hint"])
        kept = (await answer(client.get(path)))["passwordCredentials"]
        assert [(one["keyId"], one["secretText"], one["hint"]) for one in kept] == [(told["keyId"], None, told["hint"])]
        await refused(client.post(f"{path}/addPassword", json={"passwordCredential": {"secretText": "x"}}), 400, BAD)
        await answer(client.post(f"{path}/removePassword", json={"keyId": told["keyId"]}), 204)
        await refused(client.post(f"{path}/removePassword", json={"keyId": told["keyId"]}), 400, BAD, told["keyId"])
        assert (await answer(client.get(path)))["passwordCredentials"] == []


async def test_a_key_is_added_with_proof_of_another() -> None:
    async with as_app(small_tenant()) as client:
        path = f"/applications/{(await application(client))['id']}"
        await refused(client.post(f"{path}/addKey", json={"keyCredential": KEY}), 400, BAD, "proof")
        await refused(client.post(f"{path}/addKey", json={"keyCredential": {}, "proof": "x"}), 400, BAD, "type")
        whole = {"keyCredential": KEY, "passwordCredential": {"secretText": "x"}, "proof": "x"}
        told = await answer(client.post(f"{path}/addKey", json=whole))
        found = await answer(client.get(path))
        assert [one["keyId"] for one in found["keyCredentials"]] == [told["keyId"]]
        assert len(found["passwordCredentials"]) == 1
        await refused(client.post(f"{path}/removeKey", json={"keyId": told["keyId"]}), 400, BAD, "proof")
        await answer(client.post(f"{path}/removeKey", json={"keyId": told["keyId"], "proof": "x"}), 204)


async def test_a_service_principal_stands_for_an_application_once() -> None:
    async with as_app(small_tenant()) as client:
        app = await application(client, identifierUris=["api://planner"], web={"redirectUris": ["https://x.example"]})
        made_one = await answer(client.post("/servicePrincipals", json={"appId": app["appId"]}), 201)
        assert made_one["servicePrincipalNames"] == ["api://planner", app["appId"]]
        assert made_one["replyUrls"] == ["https://x.example"]
        code = "Request_MultipleObjectsWithSameKeyValue"
        await refused(client.post("/servicePrincipals", json={"appId": app["appId"]}), 409, code, app["appId"])
        unknown = {"appId": "00000000-0000-0000-0000-000000000001"}
        await refused(client.post("/servicePrincipals", json=unknown), 400, BAD, "valid application object")
        await answer(client.post("/servicePrincipals", json={"appId": GRAPH, "displayName": "Microsoft Graph"}), 201)
        path = f"/servicePrincipals(appId='{app['appId']}')"
        await answer(client.patch(path, json={"appRoleAssignmentRequired": True}), 204)
        assert (await answer(client.get(path)))["appRoleAssignmentRequired"] is True
        await refused(client.patch(path, json={"appId": GRAPH}), 400, BAD, "read-only")
        await answer(client.delete(path), 204)


async def test_a_signing_certificate_comes_as_a_pair_of_keys() -> None:
    async with as_app(small_tenant()) as client:
        app = await application(client)
        principal = await answer(client.post("/servicePrincipals", json={"appId": app["appId"]}), 201)
        path = f"/servicePrincipals/{principal['id']}"
        told = await answer(client.post(f"{path}/addTokenSigningCertificate", json={"displayName": "CN=planner"}))
        assert len(told["thumbprint"]) == 40
        found = await answer(client.get(path))
        assert [one["usage"] for one in found["keyCredentials"]] == ["Sign", "Verify"]
        assert found["preferredTokenSigningKeyThumbprint"] == told["thumbprint"]
        await refused(client.post(f"{path}/addTokenSigningCertificate", json={"displayName": "x"}), 400, BAD)


async def test_an_application_defines_properties_of_others() -> None:
    async with as_app(small_tenant()) as client:
        app = await application(client)
        path = f"/applications/{app['id']}/extensionProperties"
        wish = {"name": "skill", "dataType": "string", "targetObjects": ["user"]}
        told = await answer(client.post(path, json=wish), 201)
        assert told["name"] == f"extension_{app['appId'].replace('-', '')}_skill"
        assert (told["dataType"], told["targetObjects"], told["appDisplayName"]) == ("String", ["User"], "Planner")
        await refused(client.post(path, json=wish), 400, BAD, "name already exists")
        for name, value in (("name", "1 x"), ("dataType", "Colour"), ("targetObjects", ["Cat"])):
            await refused(client.post(path, json={**wish, name: value}), 400, BAD, name)
        known = await answer(client.post("/directoryObjects/getAvailableExtensionProperties", json={}))
        assert [one["name"] for one in known["value"]] == [told["name"]]
        await answer(client.delete(f"{path}/{told['id']}"), 204)


async def test_an_application_trusts_other_issuers() -> None:
    async with as_app(small_tenant()) as client:
        path = f"/applications/{(await application(client))['id']}/federatedIdentityCredentials"
        wish = {
            "name": "ci",
            "issuer": "https://ci.example",
            "subject": "repo:x",
            "audiences": ["api://AzureADTokenExchange"],
        }
        told = await answer(client.post(path, json=wish), 201)
        await refused(client.post(path, json=wish), 400, BAD, "name already exists")
        await refused(client.post(path, json={**wish, "name": "ci2"}), 400, BAD, "issuer and subject")
        await refused(client.post(path, json={**wish, "name": "ci3", "audiences": []}), 400, BAD, "audiences")
        await answer(client.patch(f"{path}/{told['id']}", json={"subject": "repo:y"}), 204)
        await refused(client.patch(f"{path}/{told['id']}", json={"name": "other"}), 400, BAD, "read-only")
        for number in range(19):
            await answer(client.post(path, json={**wish, "name": f"n{number}", "subject": str(number)}), 201)
        await refused(client.post(path, json={**wish, "name": "n20", "subject": "20"}), 400, BAD)


async def test_an_application_says_who_published_it() -> None:
    async with as_person(small_tenant()) as client:
        path = f"/applications/{(await application(client))['id']}"
        await answer(client.post(f"{path}/setVerifiedPublisher", json={"verifiedPublisherId": "1234567"}), 204)
        assert (await answer(client.get(path)))["verifiedPublisher"]["verifiedPublisherId"] == "1234567"
        await answer(client.post(f"{path}/unsetVerifiedPublisher"), 204)
        assert (await answer(client.get(path)))["verifiedPublisher"]["verifiedPublisherId"] is None
        await refused(client.post(f"{path}/setVerifiedPublisher", json={}), 400, BAD, "verifiedPublisherId")
