"""Managed identities: what the endpoints of a machine and of an App Service hand out, and to whom."""

from __future__ import annotations

from typing import Any

import msal
import pytest
from starlette.testclient import TestClient

from emulator.entra import Entra, ManagedIdentity
from tests.emulator.entra.api_flows import API_APP, API_URI, GRAPH_DEFAULT, ISSUER, api, app_only, read
from tests.emulator.entra.driver import Clock, aadsts

GRAPH = "https://graph.microsoft.com"
IMDS = "http://169.254.169.254"
PATH = "/metadata/identity/oauth2/token"
USER_ASSIGNED = "c0c0c0c0-1111-4222-8333-444444444444"
ROLES = frozenset({"Mail.Read", f"{API_APP}/Daemon.Run"})


@pytest.fixture
def machine(entra: Entra) -> ManagedIdentity:
    return entra.add_managed_identity("vm-reports", is_system_assigned=True)


@pytest.fixture
def assigned(entra: Entra) -> ManagedIdentity:
    return entra.add_managed_identity("reports", client_id=USER_ASSIGNED, roles=ROLES)


def imds(client: TestClient, headers: dict[str, str] | None = None, **changes: str) -> Any:
    query = {"api-version": "2018-02-01", "resource": GRAPH} | changes
    kept = {name: value for name, value in query.items() if value}
    return client.get(PATH, params=kept, headers={"Metadata": "true"} if headers is None else headers)


def app_service(client: TestClient, header: str, **changes: str) -> Any:
    query = {"api-version": "2019-08-01", "resource": GRAPH} | changes
    return client.get("/msi/token", params=query, headers={"X-IDENTITY-HEADER": header})


class MachineHttp:
    """An http_client for MSAL inside the machine: it sends what MSAL sends, to wherever the endpoint is."""

    def __init__(self, client: TestClient) -> None:
        self._client = client

    def get(self, url: str, **options: Any) -> Any:
        assert url.startswith(IMDS)
        return self._client.get(url.removeprefix(IMDS), **options)

    def post(self, url: str, **options: Any) -> Any:
        raise AssertionError

    def close(self) -> None:
        """The client belongs to the test."""


# --- the metadata service of a machine


def test_a_machine_gets_a_token_for_graph(
    client: TestClient, machine: ManagedIdentity, entra: Entra, clock: Clock
) -> None:
    body = imds(client).json()
    now = int(clock())
    token = body.pop("access_token")
    assert body == {
        "client_id": machine.client_id,
        "expires_in": "86400",
        "expires_on": str(now + 86400),
        "ext_expires_in": "86400",
        "not_before": str(now),
        "resource": GRAPH,
        "token_type": "Bearer",
    }
    caller = entra.caller(f"Bearer {token}")
    assert (caller.app_id, caller.user_id, caller.roles) == (machine.client_id, None, frozenset())
    claims = read(token)
    assert (claims["oid"], claims["appidacr"], claims["exp"]) == (machine.object_id, "2", now + 86400)


@pytest.mark.parametrize("name", ["client_id", "object_id", "msi_res_id"])
def test_an_identity_is_named_in_three_ways(
    client: TestClient, machine: ManagedIdentity, assigned: ManagedIdentity, entra: Entra, name: str
) -> None:
    value = getattr(assigned, "resource_id" if name == "msi_res_id" else name)
    caller = entra.caller(f"Bearer {imds(client, **{name: value.upper()}).json()['access_token']}")
    assert (caller.app_id, caller.roles) == (USER_ASSIGNED, frozenset({"Mail.Read"}))


def test_without_a_name_the_machines_own_identity_is_meant(
    client: TestClient, machine: ManagedIdentity, assigned: ManagedIdentity
) -> None:
    assert imds(client).json()["client_id"] == machine.client_id


def test_the_only_identity_needs_no_name(client: TestClient, assigned: ManagedIdentity) -> None:
    assert imds(client).json()["client_id"] == USER_ASSIGNED


def test_an_identity_that_is_added_again_is_replaced(client: TestClient, entra: Entra) -> None:
    for roles in (frozenset[str](), frozenset({"User.Read.All"})):
        entra.add_managed_identity("reports", client_id=USER_ASSIGNED, roles=roles)
    assert read(imds(client).json()["access_token"])["roles"] == ["User.Read.All"]


def test_of_several_identities_one_must_be_named(client: TestClient, assigned: ManagedIdentity, entra: Entra) -> None:
    entra.add_managed_identity("another")
    answer = imds(client)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert "Several identities" in answer.json()["error_description"]


@pytest.mark.parametrize(
    ("resource", "audience"),
    [
        pytest.param(f"{GRAPH}/", GRAPH, id="Graph with a slash"),
        pytest.param("00000003-0000-0000-c000-000000000000", "00000003-0000-0000-c000-000000000000", id="by id"),
        pytest.param("api://AzureADTokenExchange", "fb60f99c-7a34-4190-8149-302f77469936", id="token exchange"),
        pytest.param(API_URI, API_APP, id="API of the tenant"),
    ],
)
def test_a_token_is_for_the_resource_that_is_asked_for(
    client: TestClient, assigned: ManagedIdentity, entra: Entra, resource: str, audience: str
) -> None:
    entra.register(api())
    body = imds(client, resource=resource).json()
    assert body["resource"] == resource
    assert read(body["access_token"])["aud"] == audience


def test_a_token_for_the_exchange_is_entras_own_about_the_identity(
    client: TestClient, assigned: ManagedIdentity
) -> None:
    claims = read(imds(client, resource="api://AzureADTokenExchange").json()["access_token"])
    assert (claims["iss"], claims["sub"]) == (ISSUER, assigned.object_id)


def test_the_roles_on_an_api_are_in_its_tokens(client: TestClient, assigned: ManagedIdentity, entra: Entra) -> None:
    entra.register(api())
    assert read(imds(client, resource=API_URI).json()["access_token"])["roles"] == ["Daemon.Run"]


@pytest.mark.parametrize(
    ("headers", "changes", "error"),
    [
        pytest.param({}, {}, "bad_request_102", id="no header"),
        pytest.param({"Metadata": "false"}, {}, "bad_request_102", id="other header"),
        pytest.param({"Metadata": "true", "X-Forwarded-For": "10.0.0.1"}, {}, "bad_request_103", id="forwarded"),
        pytest.param(None, {"api-version": ""}, "bad_request", id="no version"),
        pytest.param(None, {"api-version": "2001-01-01"}, "bad_request", id="unknown version"),
        pytest.param(None, {"resource": ""}, "invalid_request", id="no resource"),
        pytest.param(None, {"resource": "https://vault.example"}, "invalid_resource", id="unknown resource"),
        pytest.param(None, {"client_id": "nobody"}, "invalid_request", id="unknown identity"),
        pytest.param(None, {"client_id": USER_ASSIGNED, "object_id": "x"}, "invalid_request", id="named twice"),
    ],
)
def test_a_wrong_request_is_refused(
    client: TestClient,
    assigned: ManagedIdentity,
    headers: dict[str, str] | None,
    changes: dict[str, str],
    error: str,
) -> None:
    answer = imds(client, headers, **changes)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.json()["error_description"]


def test_a_machine_without_identities_gets_none(client: TestClient) -> None:
    assert imds(client).json() == {"error": "invalid_request", "error_description": "Identity not found"}


def test_a_parameter_that_comes_twice_is_refused(client: TestClient, assigned: ManagedIdentity) -> None:
    answer = client.get(f"{PATH}?resource=a&resource=b", headers={"Metadata": "true"})
    assert answer.json()["error"] == "invalid_request"


def test_an_identity_has_no_secret_to_sign_in_with(client: TestClient, assigned: ManagedIdentity) -> None:
    assert aadsts(app_only(client, client_id=USER_ASSIGNED)) == 700025
    assert aadsts(app_only(client, client_id=USER_ASSIGNED, client_secret="", scope=GRAPH_DEFAULT)) == 7000216


def test_an_identity_that_was_deleted_gets_no_tokens(
    client: TestClient, assigned: ManagedIdentity, entra: Entra
) -> None:
    entra.unregister(USER_ASSIGNED)
    assert imds(client).json()["error"] == "unauthorized_client"


# --- App Service


def test_a_site_gets_a_token(client: TestClient, assigned: ManagedIdentity, entra: Entra, clock: Clock) -> None:
    answer = app_service(client, entra.identity_header, mi_res_id=assigned.resource_id)
    body = answer.json()
    assert set(body) == {"access_token", "client_id", "expires_on", "not_before", "resource", "token_type"}
    assert body["expires_on"] == str(int(clock()) + 86400)
    assert entra.caller(f"Bearer {body['access_token']}").app_id == USER_ASSIGNED


@pytest.mark.usefixtures("assigned")
@pytest.mark.parametrize(
    ("header", "changes", "status"),
    [
        pytest.param("wrong", {}, 401, id="wrong header"),
        pytest.param(None, {"api-version": "2018-02-01"}, 400, id="version of the other endpoint"),
        pytest.param(None, {"client_id": "nobody"}, 400, id="unknown identity"),
    ],
)
def test_a_wrong_request_of_a_site_is_refused(
    client: TestClient, entra: Entra, header: str | None, changes: dict[str, str], status: int
) -> None:
    answer = app_service(client, entra.identity_header if header is None else header, **changes)
    assert (answer.status_code, answer.json()["statusCode"]) == (status, status)
    assert answer.json()["message"]


# --- MSAL


def msal_client(client: TestClient, identity: Any) -> msal.ManagedIdentityClient:
    return msal.ManagedIdentityClient(identity, http_client=MachineHttp(client))


@pytest.fixture
def vm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in the environment says that this is anything but a virtual machine."""
    for name in (
        "IDENTITY_ENDPOINT",
        "IDENTITY_HEADER",
        "MSI_ENDPOINT",
        "IMDS_ENDPOINT",
        "AZURE_POD_IDENTITY_AUTHORITY_HOST",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("vm")
def test_msal_gets_the_machines_token_once(client: TestClient, machine: ManagedIdentity, entra: Entra) -> None:
    app = msal_client(client, msal.SystemAssignedManagedIdentity())
    first, second = (app.acquire_token_for_client(resource=GRAPH) for _ in range(2))
    assert entra.caller(f"Bearer {first['access_token']}").app_id == machine.client_id
    assert (first["expires_in"], second["token_source"]) == (86400, "cache")


@pytest.mark.usefixtures("vm")
@pytest.mark.parametrize("kind", ["client_id", "object_id", "resource_id"])
def test_msal_names_an_identity(
    client: TestClient, machine: ManagedIdentity, assigned: ManagedIdentity, entra: Entra, kind: str
) -> None:
    identity = msal.UserAssignedManagedIdentity(**{kind: getattr(assigned, kind)})
    result = msal_client(client, identity).acquire_token_for_client(resource=GRAPH)
    assert entra.caller(f"Bearer {result['access_token']}").app_id == USER_ASSIGNED


@pytest.mark.usefixtures("vm")
def test_msal_reads_that_an_identity_is_unknown(client: TestClient, machine: ManagedIdentity) -> None:
    identity = msal.UserAssignedManagedIdentity(client_id=USER_ASSIGNED)
    result = msal_client(client, identity).acquire_token_for_client(resource=GRAPH)
    assert (result["error"], result["error_description"]) == ("invalid_request", "Identity not found")


def test_msal_signs_in_from_a_site(
    client: TestClient, assigned: ManagedIdentity, entra: Entra, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{IMDS}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", entra.identity_header)
    identity = msal.UserAssignedManagedIdentity(resource_id=assigned.resource_id)
    result = msal_client(client, identity).acquire_token_for_client(resource=GRAPH)
    assert entra.caller(f"Bearer {result['access_token']}").app_id == USER_ASSIGNED
