"""Real, unchanged azure-identity in the flows of two steps: a browser on this computer, one proof for another."""

from __future__ import annotations

from threading import Thread

import azure.identity
import httpx
import pytest

from emulator import DEMO_CLIENT_ID, FederatedCredential, sign_in_at
from tests.emulator.entra.api_flows import ACCESS, API_APP, GRAPH_DEFAULT, api, read
from tests.emulator.entra.conftest import KeyPair
from tests.emulator.entra.driver import TENANT_ID
from tests.emulator.entra.test_entra_azure_identity import Cloud, cloud, issuer_key

__all__ = ["cloud", "issuer_key"]  # fixtures

CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}'
USER_READ = "https://graph.microsoft.com/User.Read"


def visit(cloud: Cloud, link: str) -> bool:
    """What a person's browser does with the link: sign in, and carry the answer back to this computer."""
    answer = sign_in_at(cloud.browser, link, cloud.person)
    back = str(httpx.URL(link).params["redirect_uri"])
    if httpx.URL(link).params.get("response_mode") == "form_post":
        httpx.post(back, data=answer, trust_env=False)
    else:
        httpx.get(back, params=answer, trust_env=False)
    return True


def test_a_browser_on_this_computer(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[Thread] = []

    def opened(link: str) -> bool:
        threads.append(Thread(target=visit, args=(cloud, link)))
        threads[0].start()
        return True

    monkeypatch.setattr("azure.identity._credentials.browser._open_browser", opened)
    with azure.identity.InteractiveBrowserCredential(
        tenant_id=TENANT_ID, client_id=DEMO_CLIENT_ID, timeout=20, **cloud.options
    ) as credential:
        record = credential.authenticate(scopes=[USER_READ])
        token = credential.get_token(USER_READ).token
    threads[0].join(20)
    assert record.username == cloud.person.user_principal_name
    assert cloud.graph("me", token)["id"] == cloud.person.id


def test_a_device_code_and_then_its_refresh_token(cloud: Cloud) -> None:
    def approve(address: str, user_code: str, _: object) -> None:
        fields = {"user_code": user_code, "person": cloud.person.id, "decision": "accept"}
        cloud.browser.post(address, data=fields)

    with azure.identity.DeviceCodeCredential(
        DEMO_CLIENT_ID, tenant_id=TENANT_ID, prompt_callback=approve, **cloud.options
    ) as credential:
        first = credential.get_token("User.Read").token
        newer = credential.get_token(
            "User.Read", claims='{"access_token":{"nbf":{"essential":true,"value":"1"}}}'
        ).token
    assert first != newer
    assert cloud.graph("me", newer)["id"] == cloud.person.id


def test_on_behalf_of_with_a_certificate(cloud: Cloud, key_pair: KeyPair) -> None:
    cloud.code("User.Read", API_APP)
    with azure.identity.OnBehalfOfCredential(
        TENANT_ID,
        API_APP,
        client_certificate=(key_pair.private + key_pair.certificate).encode(),
        user_assertion=cloud.user_token(ACCESS),
        **cloud.options,
    ) as credential:
        token = credential.get_token(USER_READ).token
    assert cloud.graph("me", token)["id"] == cloud.person.id


def test_a_managed_identity_in_place_of_a_secret(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = cloud.entra.add_managed_identity("stand-in")
    issuer = f"https://login.microsoftonline.com/{TENANT_ID}/v2.0"
    cloud.entra.register(api(federated=(FederatedCredential(issuer, identity.object_id),)))
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "IMDS_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", cloud.base)
    with (
        azure.identity.ManagedIdentityCredential(
            client_id=identity.client_id, connection_verify=cloud.ca_file
        ) as machine,
        azure.identity.ClientAssertionCredential(
            TENANT_ID,
            API_APP,
            lambda: machine.get_token("api://AzureADTokenExchange/.default").token,
            **cloud.options,
        ) as credential,
    ):
        assert read(credential.get_token(GRAPH_DEFAULT).token)["appid"] == API_APP
