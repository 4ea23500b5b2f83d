"""APIs of the tenant: their scopes, the tokens made for them, and the parameter that names a resource."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from starlette.testclient import TestClient

from emulator.entra import DEMO_CLIENT_ID, AppRegistration, Entra, TokenRefused
from emulator.tenant import Person
from tests.emulator.entra.api_flows import (
    ACCESS,
    API_APP,
    API_URI,
    API_URL,
    ISSUER,
    OLDER_ISSUER,
    OTHER_API,
    OTHER_URI,
    api,
    app_only,
    claims_of,
    other_api,
    post,
    read,
    refresh,
    sign_in,
    tokens,
    user_token,
    verified,
)
from tests.emulator.entra.driver import AUTHORITY, SECRET, TENANT_ID, aadsts, location


@pytest.fixture(autouse=True)
def apis(entra: Entra) -> None:
    entra.register(api())
    entra.register(other_api())


# --- version 2.0


def test_a_token_of_version_two_verifies_with_the_published_keys(client: TestClient, mira: Person) -> None:
    token = user_token(client, mira)
    claims = verified(client, token, API_APP)
    assert set(claims) == {
        "aud", "iss", "iat", "nbf", "exp", "aio", "azp", "azpacr", "name", "oid", "preferred_username", "rh", "scp",
        "sub", "tid", "uti", "ver",
    } | ({"sid"} & set(claims))  # fmt: skip
    shown = {name: claims[name] for name in ("iss", "azp", "azpacr", "oid", "preferred_username", "scp", "tid", "ver")}
    assert shown == {
        "iss": ISSUER,
        "azp": DEMO_CLIENT_ID,
        "azpacr": "0",
        "oid": mira.id,
        "preferred_username": mira.user_principal_name,
        "scp": "mcp.access",
        "tid": TENANT_ID,
        "ver": "2.0",
    }
    assert set(jwt.get_unverified_header(token)) == {"alg", "kid", "typ"}


def test_graph_does_not_take_the_token_of_another_api(client: TestClient, mira: Person, entra: Entra) -> None:
    with pytest.raises(TokenRefused, match="Invalid audience"):
        entra.caller(f"Bearer {user_token(client, mira)}")


@pytest.mark.parametrize(
    "written", [pytest.param(API_URI, id="URI"), pytest.param(API_APP, id="id"), pytest.param(API_URL, id="address")]
)
def test_an_api_goes_by_each_of_its_names(client: TestClient, mira: Person, written: str) -> None:
    body = tokens(client, mira, f"{written}/mcp.access").json()
    assert body["scope"] == f"{written}/mcp.access"
    assert read(body["access_token"])["aud"] == API_APP


def test_the_longer_of_two_addresses_is_meant(client: TestClient, mira: Person, entra: Entra) -> None:
    shorter = API_URL.removesuffix("/mcp")
    entra.register(other_api(identifier_uris=(shorter,), exposed_scopes=("mcp",)))
    assert read(user_token(client, mira, f"{API_URL}/mcp.access"))["aud"] == API_APP
    assert read(user_token(client, mira, f"{shorter}/mcp"))["aud"] == OTHER_API


def test_who_signed_in_is_not_repeated_in_the_scope_of_an_api(client: TestClient, mira: Person) -> None:
    body = tokens(client, mira, f"openid profile offline_access {ACCESS}").json()
    assert body["scope"] == ACCESS
    assert {"id_token", "refresh_token"} <= set(body)


def test_default_means_every_scope_of_the_api(client: TestClient, mira: Person) -> None:
    body = tokens(client, mira, f"{API_URI}/.default").json()
    assert body["scope"] == f"{API_URI}/mcp.access {API_URI}/mcp.admin {API_URI}/.default"
    assert read(body["access_token"])["scp"] == "mcp.access mcp.admin"


def test_default_means_the_scopes_that_the_client_registered(client: TestClient, mira: Person, entra: Entra) -> None:
    listed = frozenset({"User.Read", f"{API_APP}/mcp.admin"})
    entra.register(AppRegistration("narrow", "Narrow", ("http://localhost",), True, delegated_scopes=listed))
    token = user_token(client, mira, f"{API_URI}/.default", client_id="narrow")
    assert read(token)["scp"] == "mcp.admin"


def test_a_scope_that_the_client_did_not_register_needs_an_administrator(
    client: TestClient, mira: Person, entra: Entra
) -> None:
    listed = frozenset({f"{API_APP}/mcp.admin"})
    entra.register(AppRegistration("narrow", "Narrow", ("http://localhost",), True, delegated_scopes=listed))
    answer = location(sign_in(client, mira, ACCESS, client_id="narrow"))
    assert "AADSTS90094" in answer["error_description"]


def test_an_api_sees_optional_claims_only_when_it_lists_them(client: TestClient, mira: Person, entra: Entra) -> None:
    entra.register(api(optional_claims=("idtyp", "email", "xms_cc")))
    ready = '{"access_token":{"xms_cc":{"values":["cp1"]}}}'
    claims = read(user_token(client, mira, redeem_claims=ready))
    assert (claims["idtyp"], claims["email"], claims["xms_cc"]) == ("user", mira.mail, ["cp1"])


def test_the_subject_differs_from_api_to_api(client: TestClient, mira: Person) -> None:
    first, second = (read(user_token(client, mira, scope)) for scope in (ACCESS, f"{OTHER_URI}/Items.Read"))
    assert first["sub"] != second["sub"]
    assert first["oid"] == second["oid"]


def test_a_persons_roles_are_those_of_the_api(client: TestClient, mira: Person, tobias: Person, entra: Entra) -> None:
    entra.assign_role(mira, API_APP, "Reader")
    entra.assign_role(mira, API_APP.upper(), "Auditor")
    assert read(user_token(client, mira))["roles"] == ["Auditor", "Reader"]
    assert "roles" not in read(user_token(client, tobias))
    assert "roles" not in read(user_token(client, mira, f"{OTHER_URI}/Items.Read"))


# --- version 1.0


def test_a_token_of_version_one_verifies_and_names_the_resource_as_asked(
    client: TestClient, mira: Person, entra: Entra
) -> None:
    entra.register(api(token_version=1))
    token = user_token(client, mira)
    claims = verified(client, token, API_URI, "discovery/keys")
    assert (claims["iss"], claims["ver"], claims["appid"], claims["appidacr"]) == (
        OLDER_ISSUER, "1.0", DEMO_CLIENT_ID, "0",
    )  # fmt: skip
    assert (claims["upn"], claims["unique_name"]) == (mira.user_principal_name,) * 2
    assert not {"azp", "preferred_username", "idtyp", "email"} & set(claims)
    assert "nonce" not in jwt.get_unverified_header(token)
    assert read(user_token(client, mira, f"{API_APP}/mcp.access"))["aud"] == API_APP


def test_the_older_configuration_names_the_older_issuer(client: TestClient) -> None:
    document = client.get(f"{AUTHORITY}/.well-known/openid-configuration").json()
    assert document["issuer"] == OLDER_ISSUER
    assert document["jwks_uri"] == f"{AUTHORITY}/discovery/keys"
    shared = client.get("/common/.well-known/openid-configuration").json()
    assert shared["issuer"] == "https://sts.windows.net/{tenantid}/"


# --- consent and the client itself


def test_an_api_needs_consent_of_its_own(client: TestClient, mira: Person) -> None:
    token = tokens(client, mira, "offline_access User.Read").json()["refresh_token"]
    answer = refresh(client, token, scope=ACCESS)
    assert (answer.json()["error"], answer.json()["suberror"], aadsts(answer)) == (
        "invalid_grant", "consent_required", 65001,
    )  # fmt: skip
    assert aadsts(refresh(client, token, scope=f"{API_URI}/.default")) == 65001


def test_a_client_that_the_api_cleared_needs_no_consent(client: TestClient, mira: Person, entra: Entra) -> None:
    entra.register(api(pre_authorized=(DEMO_CLIENT_ID,)))
    token = tokens(client, mira, "offline_access User.Read").json()["refresh_token"]
    assert claims_of(refresh(client, token, scope=ACCESS))["scp"] == "mcp.access"


def test_a_refresh_token_is_good_for_another_resource(client: TestClient, mira: Person) -> None:
    tokens(client, mira, ACCESS)
    token = tokens(client, mira, "offline_access User.Read").json()["refresh_token"]
    assert claims_of(refresh(client, token, scope=ACCESS))["aud"] == API_APP


def test_a_client_may_be_its_own_resource(client: TestClient, mira: Person) -> None:
    assert read(user_token(client, mira, client_id=API_APP))["azp"] == API_APP


@pytest.mark.parametrize(
    ("written", "code"), [pytest.param(API_URI, 90009, id="by URI"), pytest.param(API_APP, None, id="by id")]
)
def test_a_client_that_is_its_own_resource_must_name_it_when_it_refreshes(
    client: TestClient, mira: Person, written: str, code: int | None
) -> None:
    scope = f"{written}/mcp.access"
    token = tokens(client, mira, f"offline_access {scope}", client_id=API_APP).json()["refresh_token"]
    changes = {"client_id": API_APP, "client_secret": SECRET}
    bare = refresh(client, token, **changes)
    assert (aadsts(bare) if code else None) == code
    assert bare.status_code == (400 if code else 200)
    assert claims_of(refresh(client, token, scope=scope, **changes))["scp"] == "mcp.access"


# --- several resources


def test_one_sign_in_may_ask_consent_for_several_resources(client: TestClient, mira: Person) -> None:
    page = client.get(
        f"{AUTHORITY}/oauth2/v2.0/authorize",
        params={
            "client_id": DEMO_CLIENT_ID,
            "response_type": "code",
            "redirect_uri": "http://localhost",
            "scope": f"{ACCESS} User.Read {OTHER_URI}/Items.Read",
        },
    )
    assert f"<code>{OTHER_URI}/Items.Read</code>" in page.text
    both = f"offline_access {ACCESS} User.Read"
    body = tokens(client, mira, both).json()
    assert body["scope"] == ACCESS
    assert claims_of(refresh(client, body["refresh_token"], scope="User.Read"))["scp"] == "User.Read"


def test_a_token_is_for_one_resource(client: TestClient, mira: Person) -> None:
    both = f"offline_access {ACCESS} User.Read"
    answer = tokens(client, mira, both, redeem_scope=both)
    assert (answer.json()["error"], aadsts(answer)) == ("invalid_request", 28000)
    token = tokens(client, mira, both).json()["refresh_token"]
    assert aadsts(refresh(client, token, scope=both)) == 28000


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        pytest.param("api://nowhere/mcp.access", 500011, id="unknown resource"),
        pytest.param(f"{API_URI}x/mcp.access", 500011, id="longer address"),
        pytest.param(f"{API_URI}/mcp/access", 500011, id="deeper address"),
        pytest.param(f"{API_URI}/mcp.write", 650053, id="unknown scope"),
        pytest.param(f"{API_URI}/.default User.Read", 70011, id="default beside another"),
        pytest.param(f"{API_URI}/.default {OTHER_URI}/.default", 70011, id="two defaults"),
    ],
)
def test_a_scope_that_makes_no_sense_is_refused(client: TestClient, mira: Person, scope: str, code: int) -> None:
    token = tokens(client, mira, "offline_access User.Read").json()["refresh_token"]
    assert aadsts(refresh(client, token, scope=scope)) == code


def test_an_api_that_is_gone_is_not_found(client: TestClient, mira: Person, entra: Entra) -> None:
    token = tokens(client, mira, f"offline_access {ACCESS}").json()["refresh_token"]
    entra.unregister(API_APP)
    assert aadsts(refresh(client, token, scope=ACCESS)) == 500011


# --- the resource parameter


@pytest.mark.parametrize("resource", [API_URI, API_URL, API_APP])
def test_a_resource_that_agrees_with_the_scope_is_accepted(client: TestClient, mira: Person, resource: str) -> None:
    body = tokens(client, mira, f"offline_access {ACCESS}", resource=resource, redeem_resource=resource).json()
    assert refresh(client, body["refresh_token"], resource=resource).status_code == 200


@pytest.mark.parametrize(
    ("scope", "resource"),
    [
        pytest.param(ACCESS, "https://graph.microsoft.com", id="other resource"),
        pytest.param(ACCESS, f"{API_URL}/", id="slash at the end"),
        pytest.param("mcp.access User.Read", API_URL, id="bare scope"),
        pytest.param("User.Read", "https://graph.microsoft.com", id="bare Graph scope"),
        pytest.param("openid", API_URL, id="no scope of a resource"),
    ],
)
def test_a_resource_that_contradicts_the_scope_is_refused(
    client: TestClient, mira: Person, scope: str, resource: str
) -> None:
    scope = scope.replace("mcp.access ", "")
    answer = location(sign_in(client, mira, scope, resource=resource))
    assert answer["error"] == "invalid_target"
    assert "AADSTS9010010" in answer["error_description"]
    refused = tokens(client, mira, scope, redeem_resource=resource)
    assert (refused.status_code, refused.json()["error"], aadsts(refused)) == (400, "invalid_target", 9010010)


def test_a_refresh_is_held_to_its_resource(client: TestClient, mira: Person) -> None:
    token = tokens(client, mira, f"offline_access {ACCESS}").json()["refresh_token"]
    assert aadsts(refresh(client, token, resource=OTHER_URI)) == 9010010
    graph = "https://graph.microsoft.com"
    good = tokens(client, mira, f"{graph}/User.Read", resource=graph, redeem_resource=graph)
    assert good.status_code == 200


# --- an application's own tokens


def daemon(client: TestClient, entra: Entra, scope: str, **changes: Any) -> Any:
    roles = frozenset({"User.Read.All", f"{API_APP}/Daemon.Run", f"{API_APP}/Not.There"})
    entra.register(AppRegistration("daemon", "Daemon", secrets=("s",), application_roles=roles))
    return app_only(client, scope, client_id="daemon", client_secret="s", **changes)


def test_an_app_gets_the_roles_it_was_granted_on_the_api(client: TestClient, entra: Entra) -> None:
    claims = verified(client, daemon(client, entra, f"{API_URI}/.default").json()["access_token"], API_APP)
    assert (claims["roles"], claims["azp"], claims["azpacr"]) == (["Daemon.Run"], "daemon", "1")
    assert claims["oid"] == claims["sub"]
    assert not {"scp", "idtyp", "preferred_username", "name"} & set(claims)
    assert claims_of(daemon(client, entra, "https://graph.microsoft.com/.default"))["roles"] == ["User.Read.All"]


def test_an_app_without_roles_on_the_api_gets_a_token_all_the_same(client: TestClient, entra: Entra) -> None:
    assert "roles" not in claims_of(daemon(client, entra, f"{OTHER_URI}/.default"))


def test_an_app_is_told_apart_where_the_api_asks(client: TestClient, entra: Entra) -> None:
    entra.register(api(optional_claims=("idtyp",)))
    assert claims_of(daemon(client, entra, f"{API_URL}/.default"))["idtyp"] == "app"


def test_an_apps_token_of_version_one_has_its_form(client: TestClient, entra: Entra) -> None:
    entra.register(api(token_version=1))
    claims = claims_of(daemon(client, entra, f"{API_URI}/.default"))
    assert (claims["aud"], claims["iss"], claims["appid"]) == (API_URI, OLDER_ISSUER, "daemon")


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        pytest.param(ACCESS, 1002012, id="a scope"),
        pytest.param("api://nowhere/.default", 500011, id="unknown"),
        pytest.param(f"{API_URI}/.default {OTHER_URI}/.default", 70011, id="two"),
    ],
)
def test_an_app_asks_for_one_resource_as_a_whole(client: TestClient, entra: Entra, scope: str, code: int) -> None:
    assert aadsts(daemon(client, entra, scope)) == code


def test_an_app_is_held_to_the_resource_parameter_too(client: TestClient, entra: Entra) -> None:
    assert aadsts(daemon(client, entra, f"{API_URI}/.default", resource=OTHER_URI)) == 9010010
    assert daemon(client, entra, f"{API_URI}/.default", resource=API_URI).status_code == 200


def test_an_app_may_call_itself(client: TestClient) -> None:
    assert claims_of(app_only(client, f"{API_URI}/.default"))["azp"] == API_APP


# --- where an application may be used


@pytest.mark.parametrize("name", ["common", "organizations"])
def test_an_application_of_one_tenant_is_refused_at_a_shared_address(
    client: TestClient, mira: Person, name: str
) -> None:
    url = f"https://login.microsoftonline.com/{name}/oauth2/v2.0"
    form = {"client_id": API_APP, "client_secret": SECRET, "grant_type": "refresh_token", "refresh_token": "1.A"}
    answer = post(client, f"{url}/token", **form)
    assert (answer.json()["error"], aadsts(answer)) == ("invalid_request", 50194)
    assert aadsts(client.post(f"{url}/devicecode", data={"client_id": API_APP, "scope": "openid"})) == 50194
    page = client.get(f"{url}/authorize", params={"client_id": API_APP, "redirect_uri": "http://localhost:5000"})
    assert page.status_code == 400
    assert "AADSTS50194" in page.text


def test_an_application_that_is_switched_off_gets_nothing(client: TestClient, mira: Person, entra: Entra) -> None:
    entra.register(api(is_disabled=True))
    answer = app_only(client)
    assert (answer.json()["error"], aadsts(answer)) == ("unauthorized_client", 7000112)
    page = sign_in(client, mira, "User.Read", client_id=API_APP)
    assert page.status_code == 400
    assert "AADSTS7000112" in page.text
