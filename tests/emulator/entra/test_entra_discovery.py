"""Discovery: what MSAL and others read before they sign anybody in."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.emulator.entra.driver import AUTHORITY, LOGIN, TENANT_ID, aadsts

DOCUMENT = "v2.0/.well-known/openid-configuration"
DOCUMENTED = {
    "authorization_endpoint", "claims_supported", "cloud_graph_host_name", "cloud_instance_name",
    "device_authorization_endpoint", "end_session_endpoint", "frontchannel_logout_supported", "http_logout_supported",
    "id_token_signing_alg_values_supported", "issuer", "jwks_uri", "kerberos_endpoint", "msgraph_host", "rbac_url",
    "request_uri_parameter_supported", "response_modes_supported", "response_types_supported", "scopes_supported",
    "subject_types_supported", "tenant_region_scope", "token_endpoint", "token_endpoint_auth_methods_supported",
    "userinfo_endpoint",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "issuer", "authority"),
    [
        pytest.param(TENANT_ID, f"{AUTHORITY}/v2.0", TENANT_ID, id="tenant id"),
        pytest.param(TENANT_ID.upper(), f"{AUTHORITY}/v2.0", TENANT_ID, id="tenant id in capitals"),
        pytest.param("Lindenhall.example", f"{AUTHORITY}/v2.0", TENANT_ID, id="domain"),
        pytest.param("common", f"{LOGIN}/{{tenantid}}/v2.0", "common", id="common"),
        pytest.param("organizations", f"{LOGIN}/{{tenantid}}/v2.0", "organizations", id="organizations"),
    ],
)
def test_each_way_to_name_the_tenant_has_its_document(
    client: TestClient, name: str, issuer: str, authority: str
) -> None:
    answer = client.get(f"/{name}/{DOCUMENT}")
    body = answer.json()
    assert set(body) == DOCUMENTED
    assert body["issuer"] == issuer
    assert body["token_endpoint"] == f"{LOGIN}/{authority}/oauth2/v2.0/token"
    assert answer.headers["cache-control"] == "max-age=86400, private"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-ms-request-id"]
    assert answer.headers["x-ms-ests-server"]


def test_the_addresses_are_microsofts_whatever_host_was_asked(client: TestClient) -> None:
    body = client.get(f"http://127.0.0.1:9999/common/{DOCUMENT}").json()
    addresses = [value for name, value in body.items() if name.endswith(("_endpoint", "_uri"))]
    assert len(addresses) == 7
    assert all(address.startswith("https://") for address in addresses)


@pytest.mark.parametrize("path", [DOCUMENT, "discovery/v2.0/keys", "oauth2/v2.0/token", "oauth2/v2.0/devicecode"])
def test_a_tenant_that_is_not_here_is_refused(client: TestClient, path: str) -> None:
    answer = client.request("POST" if "oauth2" in path else "GET", f"/nowhere.example/{path}")
    assert answer.status_code == 400
    assert aadsts(answer) == 90002


@pytest.mark.parametrize("path", ["oauth2/v2.0/authorize", "oauth2/v2.0/logout", "login"])
def test_a_page_for_a_tenant_that_is_not_here_says_so(client: TestClient, path: str) -> None:
    answer = client.get(f"/nowhere.example/{path}")
    assert answer.status_code == 400
    assert "AADSTS90002" in answer.text


def test_two_keys_are_published_with_certificates_and_issuer(client: TestClient) -> None:
    keys = client.get("/common/discovery/v2.0/keys").json()["keys"]
    assert len({key["kid"] for key in keys}) == 2
    for key in keys:
        assert (key["kty"], key["use"], key["x5t"]) == ("RSA", "sig", key["kid"])
        assert key["issuer"] == f"{LOGIN}/{{tenantid}}/v2.0"
        assert len(key["x5c"]) == 1
    assert client.get(f"/{TENANT_ID}/discovery/v2.0/keys").json()["keys"][0]["issuer"] == f"{AUTHORITY}/v2.0"


def instance(client: TestClient, endpoint: str) -> Any:
    parameters = {"api-version": "1.1", "authorization_endpoint": endpoint}
    return client.get("/common/discovery/instance", params=parameters)


def test_instance_discovery_knows_the_hosts_of_this_cloud(client: TestClient) -> None:
    body = instance(client, "https://login.windows.net/common/oauth2/v2.0/authorize").json()
    assert body["tenant_discovery_endpoint"] == f"{LOGIN}/common/{DOCUMENT}"
    assert "login.windows.net" in body["metadata"][0]["aliases"]


@pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param("https://login.evil.example/common/oauth2/v2.0/authorize", id="other host"),
        pytest.param("http://login.microsoftonline.com/common/oauth2/authorize", id="no TLS"),
        pytest.param("https://[login/common", id="no address"),
        pytest.param("common", id="no host"),
    ],
)
def test_instance_discovery_refuses_other_hosts(client: TestClient, endpoint: str) -> None:
    answer = instance(client, endpoint)
    assert answer.json()["error"] == "invalid_instance"
    assert aadsts(answer) == 50049


def test_instance_discovery_needs_an_address(client: TestClient) -> None:
    assert aadsts(client.get("/common/discovery/instance")) == 900144
