"""The emulator as each Microsoft cloud: its hosts, its issuers, its Graph, and what it says to strangers."""

from __future__ import annotations

from typing import Any

import httpx
import jwt
import pytest
from starlette.applications import Starlette

from emulator import CLOUDS, AppRegistration, ManagedIdentity, build_emulator
from emulator.entra.callers import TokenRefused
from tests.emulator.support import error_of, small_tenant

APP = "2f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a10"
OTHER_TENANT = "0d7e5f0a-9b1c-4c2e-8f3a-5a6b7c8d9e0f"
SECRET = "a-secret-of-the-test"
DOCUMENT = "v2.0/.well-known/openid-configuration"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PAGES = {
    "public": "devicelogin",
    "usgov": "deviceloginus",
    "usgov-dod": "deviceloginus",
    "china": "deviceloginchina",
}
# Written out, and not read from the emulator: where people sign in, Graph's host, and who issues tokens of version 1.
HOSTS = {
    "public": ("login.microsoftonline.com", "graph.microsoft.com", "sts.windows.net"),
    "usgov": ("login.microsoftonline.us", "graph.microsoft.us", "sts.windows.net"),
    "usgov-dod": ("login.microsoftonline.us", "dod-graph.microsoft.us", "sts.windows.net"),
    "china": ("login.partner.microsoftonline.cn", "microsoftgraph.chinacloudapi.cn", "sts.chinacloudapi.cn"),
}
INSTANCES = {
    "public": ("microsoftonline.com", "graph.windows.net", "EU", None),
    "usgov": ("microsoftonline.us", "graph.windows.net", "USGov", "DODCON"),
    "usgov-dod": ("microsoftonline.us", "graph.windows.net", "USGov", "DOD"),
    "china": ("partner.microsoftonline.cn", "graph.chinacloudapi.cn", "AS", None),
}
EVERY_CLOUD = pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in HOSTS])
STRANGERS = [
    pytest.param(home, away, id=f"{home} asked at {away}")
    for home, (login, _, _) in HOSTS.items()
    for away, (other, _, _) in HOSTS.items()
    if login != other
]


def app_in(name: str) -> Starlette:
    app = build_emulator(small_tenant(), cloud=CLOUDS[name])
    details: dict[str, Any] = {"redirect_uris": ("http://localhost",), "accounts": "organizations"}
    registration = AppRegistration(APP, "Nightly report", secrets=(SECRET,), allow_public_client=True, **details)
    app.state.entra.register(registration)
    return app


def at(host: str, app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=f"https://{host}")


def tenant_of(app: Starlette) -> str:
    return str(app.state.tenant.id)


async def as_itself(app: Starlette, host: str, scope: str, **more: str) -> dict[str, Any]:
    """What the app gets for its secret."""
    form = {"grant_type": "client_credentials", "client_id": APP, "client_secret": SECRET, "scope": scope, **more}
    async with at(host, app) as client:
        body: dict[str, Any] = (await client.post(f"/{tenant_of(app)}/oauth2/v2.0/token", data=form)).json()
    return body


def shown(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


@EVERY_CLOUD
async def test_discovery_is_that_of_the_cloud(name: str) -> None:
    app, (login, graph, older) = app_in(name), HOSTS[name]
    async with at(login, app) as client:
        body = (await client.get(f"/{tenant_of(app)}/{DOCUMENT}")).json()
        older_body = (await client.get(f"/{tenant_of(app)}/.well-known/openid-configuration")).json()
        shared = (await client.get(f"/common/{DOCUMENT}")).json()
    instance, older_graph, region, sub_region = INSTANCES[name]
    assert body["issuer"] == f"https://{login}/{tenant_of(app)}/v2.0"
    assert older_body["issuer"] == f"https://{older}/{tenant_of(app)}/"
    assert older_body["jwks_uri"] == f"https://{login}/{tenant_of(app)}/discovery/keys"
    assert shared["issuer"] == f"https://{login}/{{tenantid}}/v2.0"
    assert (body["msgraph_host"], body["userinfo_endpoint"]) == (graph, f"https://{graph}/oidc/userinfo")
    assert (body["cloud_instance_name"], body["cloud_graph_host_name"]) == (instance, older_graph)
    assert (body["tenant_region_scope"], body.get("tenant_region_sub_scope")) == (region, sub_region)
    assert shared["tenant_region_scope"] is None
    addresses = [url for key, url in body.items() if key.endswith(("_endpoint", "_uri")) and key != "userinfo_endpoint"]
    assert {url.split("/")[2] for url in addresses} == {login}


@EVERY_CLOUD
async def test_keys_and_instance_discovery_are_those_of_the_cloud(name: str) -> None:
    app, (login, _, _) = app_in(name), HOSTS[name]
    async with at(login, app) as client:
        keys = (await client.get("/common/discovery/v2.0/keys")).json()["keys"]
        asked = {"api-version": "1.1", "authorization_endpoint": f"https://{login}/common/oauth2/v2.0/authorize"}
        instance = (await client.get("/common/discovery/instance", params=asked)).json()
        away = "https://login.microsoftonline.de/common/oauth2/v2.0/authorize"
        other = await client.get("/common/discovery/instance", params={**asked, "authorization_endpoint": away})
    assert {key["cloud_instance_name"] for key in keys} == {INSTANCES[name][0]}
    assert instance["metadata"][0]["preferred_network"] == instance["metadata"][0]["aliases"][0] == login
    assert other.json()["error_codes"] == [50049]
    assert other.json()["error_uri"] == f"https://{login}/error?code=50049"


@EVERY_CLOUD
async def test_a_token_is_for_the_graph_of_the_cloud_and_from_its_issuer(name: str) -> None:
    app, (login, graph, older) = app_in(name), HOSTS[name]
    body = await as_itself(app, login, f"https://{graph}/.default")
    claims = shown(body["access_token"])
    assert (claims["aud"], claims["iss"]) == (f"https://{graph}", f"https://{older}/{tenant_of(app)}/")
    assert claims["idp"] == claims["iss"]
    assert app.state.entra.caller(f"Bearer {body['access_token']}").app_id == APP
    async with at(graph, app) as client:
        answer = await client.get("/v1.0/users", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert error_of(answer)[:2] == (403, "Authorization_RequestDenied")


@EVERY_CLOUD
async def test_graph_can_be_named_by_its_id_and_in_capitals_in_every_cloud(name: str) -> None:
    app, (login, graph, _) = app_in(name), HOSTS[name]
    by_id = await as_itself(app, login, "00000003-0000-0000-c000-000000000000/.default")
    assert shown(by_id["access_token"])["aud"] == "00000003-0000-0000-c000-000000000000"
    in_capitals = await as_itself(app, login, f"HTTPS://{graph.upper()}/.default")
    assert shown(in_capitals["access_token"])["aud"] == f"https://{graph}"


@EVERY_CLOUD
@pytest.mark.parametrize("other", [pytest.param(name, id=f"scope of {name}") for name in HOSTS])
async def test_a_scope_of_another_clouds_graph_names_nothing_here(name: str, other: str) -> None:
    app, scope = app_in(name), f"https://{HOSTS[other][1]}/.default"
    body = await as_itself(app, HOSTS[name][0], scope)
    if name == other:
        assert "access_token" in body
        return
    assert (body["error"], body["error_codes"]) == ("invalid_resource", [500011])
    assert f"https://{HOSTS[other][1]}" in body["error_description"]


@EVERY_CLOUD
async def test_a_resource_parameter_has_to_be_the_clouds_own_graph(name: str) -> None:
    app, (login, graph, _) = app_in(name), HOSTS[name]
    good = await as_itself(app, login, f"https://{graph}/.default", resource=f"https://{graph}")
    assert "access_token" in good
    other = "https://graph.microsoft.us" if name == "public" else "https://graph.microsoft.com"
    bad = await as_itself(app, login, f"https://{graph}/.default", resource=other)
    assert bad["error_codes"] == [9010010]


@EVERY_CLOUD
async def test_a_device_code_is_typed_at_the_page_of_the_cloud(name: str) -> None:
    app, (login, graph, _) = app_in(name), HOSTS[name]
    async with at(login, app) as client:
        form = {"client_id": APP, "scope": f"https://{graph}/User.Read"}
        body = (await client.post(f"/{tenant_of(app)}/oauth2/v2.0/devicecode", data=form)).json()
        page = await client.get(f"/{PAGES[name]}")
        elsewhere = [await client.get(f"/{each}") for each in {*PAGES.values()} - {PAGES[name], "devicelogin"}]
    assert body["verification_uri"] == f"https://microsoft.com/{PAGES[name]}"
    assert body["verification_uri"] in body["message"]
    assert page.status_code == 200
    assert 'name="user_code"' in page.text
    assert all("user_code" not in answer.text for answer in elsewhere)


@EVERY_CLOUD
async def test_a_managed_identity_gets_tokens_for_its_clouds_graph_only(name: str) -> None:
    app, (_, graph, _) = app_in(name), HOSTS[name]
    identity = app.state.entra.add_managed_identity("reports")
    assert isinstance(identity, ManagedIdentity)
    other = "graph.microsoft.us" if name == "public" else "graph.microsoft.com"
    async with at("169.254.169.254", app) as client:
        client.headers["Metadata"] = "true"
        url = "/metadata/identity/oauth2/token"
        good = await client.get(url, params={"api-version": "2018-02-01", "resource": f"https://{graph}"})
        bad = await client.get(url, params={"api-version": "2018-02-01", "resource": f"https://{other}"})
    assert shown(good.json()["access_token"])["aud"] == f"https://{graph}"
    assert (bad.status_code, bad.json()["error"]) == (400, "invalid_resource")


@pytest.mark.parametrize(("home", "away"), STRANGERS)
@pytest.mark.parametrize(
    "proof",
    [
        pytest.param({"client_secret": SECRET}, id="a secret"),
        pytest.param({"client_assertion": "e.y.J", "client_assertion_type": ASSERTION}, id="an assertion"),
    ],
)
async def test_an_app_with_a_proof_is_refused_at_another_cloud(home: str, away: str, proof: dict[str, str]) -> None:
    app = app_in(home)
    form = {"grant_type": "client_credentials", "client_id": APP, "scope": f"https://{HOSTS[home][1]}/.default"}
    async with at(HOSTS[away][0], app) as client:
        answer = await client.post(f"/{tenant_of(app)}/oauth2/v2.0/token", data={**form, **proof})
    assert answer.status_code == 400
    assert (answer.json()["error"], answer.json()["error_codes"]) == ("invalid_request", [900382])


async def test_a_basic_header_is_a_proof_too() -> None:
    app = app_in("usgov")
    form = {"grant_type": "client_credentials", "scope": "https://graph.microsoft.us/.default"}
    async with at("login.microsoftonline.com", app) as client:
        answer = await client.post(f"/{tenant_of(app)}/oauth2/v2.0/token", data=form, auth=(APP, SECRET))
    assert answer.json()["error_codes"] == [900382]


@pytest.mark.parametrize(("home", "away"), STRANGERS)
async def test_a_tenant_is_not_at_another_clouds_sign_in(home: str, away: str) -> None:
    app, graph = app_in(home), HOSTS[home][1]
    async with at(HOSTS[away][0], app) as client:
        form = {"client_id": APP, "scope": f"https://{graph}/User.Read"}
        device = (await client.post(f"/{tenant_of(app)}/oauth2/v2.0/devicecode", data=form)).json()
        grant = {**form, "grant_type": "refresh_token", "refresh_token": "1.A"}
        token = (await client.post(f"/{tenant_of(app)}/oauth2/v2.0/token", data=grant)).json()
    assert device["error_codes"] == token["error_codes"] == [90038]
    assert f"'{INSTANCES[home][0]}'" in device["error_description"]
    assert f"'{INSTANCES[away][0]}'" in device["error_description"]


@pytest.mark.parametrize("page", ["oauth2/v2.0/authorize", "v2.0/adminconsent", "adminconsent", "login"])
async def test_a_page_at_another_cloud_says_where_the_tenant_is(page: str) -> None:
    app = app_in("china")
    async with at("login.microsoftonline.com", app) as client:
        answer = await client.get(f"/{tenant_of(app)}/{page}", params={"client_id": APP})
    assert answer.status_code == 400
    assert "AADSTS90038" in answer.text


@pytest.mark.parametrize("authority", ["common", "organizations", "consumers"])
async def test_an_app_is_unknown_at_the_shared_authorities_of_another_cloud(authority: str) -> None:
    app = app_in("usgov")
    async with at("login.microsoftonline.com", app) as client:
        form = {"client_id": APP, "scope": "User.Read"}
        answer = await client.post(f"/{authority}/oauth2/v2.0/devicecode", data=form)
    assert answer.json()["error_codes"] == [700016]
    assert APP in answer.json()["error_description"]


@pytest.mark.parametrize(("home", "away"), STRANGERS)
async def test_discovery_at_another_cloud_tells_which_one_the_tenant_is_in(home: str, away: str) -> None:
    app = app_in(home)
    async with at(HOSTS[away][0], app) as client:
        body = (await client.get(f"/{tenant_of(app)}/{DOCUMENT}")).json()
        shared = (await client.get(f"/common/{DOCUMENT}")).json()
    assert body["issuer"] == f"https://{HOSTS[home][0]}/{tenant_of(app)}/v2.0"
    assert (body["msgraph_host"], body["cloud_instance_name"]) == (HOSTS[home][1], INSTANCES[home][0])
    assert body["token_endpoint"].startswith(f"https://{HOSTS[away][0]}/")
    assert shared["issuer"] == f"https://{HOSTS[away][0]}/{{tenantid}}/v2.0"


@pytest.mark.parametrize("host", ["localhost:8443", "login.partner.microsoftonline.cn:443", "login.chinacloudapi.cn"])
async def test_this_computer_and_older_names_are_no_other_cloud(host: str) -> None:
    app = app_in("china")
    assert "access_token" in await as_itself(app, host, "https://microsoftgraph.chinacloudapi.cn/.default")


@EVERY_CLOUD
async def test_graph_takes_no_token_that_is_for_another_clouds(name: str) -> None:
    app, (login, graph, _) = app_in(name), HOSTS[name]
    claims = shown((await as_itself(app, login, f"https://{graph}/.default"))["access_token"])
    for other in {host for _, host, _ in HOSTS.values()} - {graph}:
        forged = app.state.entra._realm.keys.sign_for_graph(claims | {"aud": f"https://{other}"})
        with pytest.raises(TokenRefused, match="Invalid audience"):
            app.state.entra.caller(f"Bearer {forged}")
        async with at(graph, app) as client:
            answer = await client.get("/v1.0/me", headers={"Authorization": f"Bearer {forged}"})
        assert error_of(answer)[:2] == (401, "InvalidAuthenticationToken")
        assert f'authorization_uri="https://{login}/common/oauth2/authorize"' in answer.headers["www-authenticate"]


@EVERY_CLOUD
async def test_another_clouds_graph_takes_no_token_of_this_one(name: str) -> None:
    app, (login, graph, _) = app_in(name), HOSTS[name]
    token = (await as_itself(app, login, f"https://{graph}/.default"))["access_token"]
    for other in {host for _, host, _ in HOSTS.values()} - {graph}:
        async with at(other, app) as client:
            answer = await client.get("/v1.0/me", headers={"Authorization": f"Bearer {token}"})
        assert error_of(answer) == (
            401,
            "InvalidAuthenticationToken",
            "Access token validation failure. Invalid audience.",
        )


async def test_a_token_of_another_clouds_keys_is_not_even_read() -> None:
    token = (await as_itself(app_in("usgov"), HOSTS["usgov"][0], "https://graph.microsoft.us/.default"))["access_token"]
    with pytest.raises(TokenRefused, match="Signature is invalid"):
        app_in("public").state.entra.caller(f"Bearer {token}")


@EVERY_CLOUD
async def test_a_stranger_is_told_by_the_issuer_of_their_own_tenant(name: str) -> None:
    app, (login, graph, older) = app_in(name), HOSTS[name]
    stranger = app.state.entra.add_outsider(
        "Olga Outside", "olga@other.example", "0d7e5f0a-9b1c-4c2e-8f3a-5a6b7c8d9e0f"
    )
    fields = {"client_id": APP, "scope": f"https://{graph}/User.Read", "response_type": "code", "decision": "accept"}
    async with at(login, app) as client:
        url = f"/{tenant_of(app)}/oauth2/v2.0/authorize"
        answer = await client.post(url, data={**fields, "redirect_uri": "http://localhost", "person": stranger.id})
    assert "AADSTS50020" in answer.text
    assert f"https://{older}/{OTHER_TENANT}/" in answer.text
