"""Real, unchanged azure-identity signs in over TLS, in every way it has that needs no desktop."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import azure.identity
import httpx
import jwt
import pytest
import uvicorn
from azure.core.exceptions import ClientAuthenticationError
from cryptography.hazmat.primitives.asymmetric import rsa

from emulator import DEMO_CLIENT_ID, FederatedCredential, build_emulator
from emulator.entra import Entra
from emulator.tenant import Person, Tenant
from emulator.tls import CertificateAuthority
from tests.emulator.entra.api_flows import ACCESS, API_APP, API_URI, GRAPH_DEFAULT, REDIRECT, api, read
from tests.emulator.entra.conftest import KeyPair
from tests.emulator.entra.driver import SECRET, TENANT_ID
from tests.emulator.entra.test_entra_federation import EXCHANGE, OUTSIDE, SUBJECT, key_set


@dataclass
class Cloud:
    """An emulator behind a TLS socket on loopback, and what its clients need to know."""

    netloc: str
    ca_file: str
    entra: Entra
    person: Person
    browser: httpx.Client

    @property
    def base(self) -> str:
        return f"https://{self.netloc}"

    @property
    def options(self) -> dict[str, Any]:
        """How azure-identity is pointed at a cloud of one's own."""
        return {
            "authority": self.base,
            "disable_instance_discovery": True,
            "connection_verify": self.ca_file,
        }

    def graph(self, path: str, token: str) -> Any:
        return self.browser.get(f"{self.base}/v1.0/{path}", headers={"Authorization": f"Bearer {token}"}).json()

    def code(self, scope: str, client_id: str = DEMO_CLIENT_ID) -> str:
        """Sign in with the browser, and let the redirect bring the code."""
        asked = {"client_id": client_id, "response_type": "code", "redirect_uri": REDIRECT, "scope": scope}
        chosen = {"person": self.person.id, "decision": "accept"}
        answer = self.browser.post(f"{self.base}/{TENANT_ID}/oauth2/v2.0/authorize", data=asked | chosen)
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))["code"]

    def user_token(self, scope: str) -> str:
        form = {"grant_type": "authorization_code", "client_id": DEMO_CLIENT_ID, "code": self.code(scope)}
        url = f"{self.base}/{TENANT_ID}/oauth2/v2.0/token"
        answer = self.browser.post(url, data=form | {"redirect_uri": REDIRECT})
        return str(answer.json()["access_token"])


@pytest.fixture(scope="module")
def issuer_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def cloud(
    key_pair: KeyPair, issuer_key: rsa.RSAPrivateKey, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cloud]:
    tenant = Tenant(id=TENANT_ID)
    person = tenant.add_person("Mira Sandoval")
    authority = CertificateAuthority.new()
    ca_file = tmp_path_factory.mktemp("tls") / "ca.pem"
    ca_file.write_text(authority.pem, "ascii")
    context = authority.server_context()
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.MonkeyPatch.context() as environment:
        # A proxy of the machine that runs the tests has no way to this socket.
        for name in ("NO_PROXY", "no_proxy"):
            environment.setenv(name, "localhost")
        netloc = f"localhost:{listener.getsockname()[1]}"
        app = build_emulator(tenant, pages_url=f"https://{netloc}", login_url=f"https://{netloc}")
        federated = (FederatedCredential(OUTSIDE, SUBJECT, keys=key_set(issuer_key)),)
        app.state.entra.register(api(certificates=(key_pair.certificate,), federated=federated))
        app.state.entra.add_managed_identity("reports", roles=frozenset({"User.Read.All"}))
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            date_header=False,
            ssl_context_factory=lambda *_: context,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        trust = ssl.create_default_context(cafile=ca_file)
        with httpx.Client(verify=trust, trust_env=False) as browser:
            yield Cloud(netloc, str(ca_file), app.state.entra, person, browser)
        server.should_exit = True
        thread.join()


def test_a_secret(cloud: Cloud) -> None:
    with azure.identity.ClientSecretCredential(TENANT_ID, API_APP, SECRET, **cloud.options) as credential:
        token = credential.get_token(GRAPH_DEFAULT).token
    assert cloud.entra.caller(f"Bearer {token}").app_id == API_APP


def test_a_wrong_secret(cloud: Cloud) -> None:
    credential = azure.identity.ClientSecretCredential(TENANT_ID, API_APP, "wrong", **cloud.options)
    with credential, pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        credential.get_token(GRAPH_DEFAULT)


@pytest.mark.parametrize("with_chain", [False, True], ids=["alone", "with its chain"])
def test_a_certificate(cloud: Cloud, key_pair: KeyPair, with_chain: bool) -> None:
    pem = (key_pair.private + key_pair.certificate).encode()
    credential = azure.identity.CertificateCredential(
        TENANT_ID, API_APP, certificate_data=pem, send_certificate_chain=with_chain, **cloud.options
    )
    with credential:
        claims = read(credential.get_token(f"{API_URI}/.default").token)
    assert (claims["azp"], claims["azpacr"]) == (API_APP, "2")


def test_a_device_code(cloud: Cloud) -> None:
    def visit(address: str, user_code: str, _: Any) -> None:
        chosen = {"user_code": user_code, "person": cloud.person.id, "decision": "accept"}
        assert "You have signed in" in cloud.browser.post(address, data=chosen).text

    credential = azure.identity.DeviceCodeCredential(
        DEMO_CLIENT_ID, tenant_id=TENANT_ID, prompt_callback=visit, **cloud.options
    )
    with credential:
        record = credential.authenticate(scopes=["User.Read"])
        token = credential.get_token("User.Read").token
    assert record.username == cloud.person.user_principal_name
    assert cloud.graph("me", token)["displayName"] == "Mira Sandoval"


def test_an_authorization_code_and_then_its_refresh_token(cloud: Cloud) -> None:
    code = cloud.code("User.Read offline_access")
    options = {name: value for name, value in cloud.options.items() if name != "disable_instance_discovery"}
    credential = azure.identity.AuthorizationCodeCredential(TENANT_ID, DEMO_CLIENT_ID, code, REDIRECT, **options)
    scope = "https://graph.microsoft.com/User.Read"
    with credential:
        first = credential.get_token(scope).token
        # A claims challenge is what makes a credential ask again while its token is still good.
        second = credential.get_token(scope, claims='{"access_token":{"xms_cc":{"values":["cp1"]}}}').token
    assert first != second
    assert read(second)["xms_cc"] == ["cp1"]
    assert cloud.graph("me", first)["id"] == cloud.graph("me", second)["id"] == cloud.person.id


def test_on_behalf_of(cloud: Cloud) -> None:
    cloud.code("User.Read", API_APP)
    credential = azure.identity.OnBehalfOfCredential(
        TENANT_ID, API_APP, client_secret=SECRET, user_assertion=cloud.user_token(ACCESS), **cloud.options
    )
    with credential:
        token = credential.get_token("https://graph.microsoft.com/User.Read").token
    caller = cloud.entra.caller(f"Bearer {token}")
    assert (caller.app_id, caller.user_id) == (API_APP, cloud.person.id)


def test_a_workloads_token_in_a_file(cloud: Cloud, issuer_key: rsa.RSAPrivateKey, tmp_path: Path) -> None:
    claims = {"iss": OUTSIDE, "sub": SUBJECT, "aud": EXCHANGE, "exp": 9_999_999_999}
    file = tmp_path / "token"
    file.write_text(jwt.encode(claims, issuer_key, "RS256", headers={"kid": "k0"}), "ascii")
    credential = azure.identity.WorkloadIdentityCredential(
        tenant_id=TENANT_ID, client_id=API_APP, token_file_path=str(file), **cloud.options
    )
    with credential:
        assert read(credential.get_token(GRAPH_DEFAULT).token)["appid"] == API_APP


def test_a_managed_identity(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "IMDS_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", cloud.base)
    with azure.identity.ManagedIdentityCredential(connection_verify=cloud.ca_file) as credential:
        token = credential.get_token(GRAPH_DEFAULT).token
    assert cloud.entra.caller(f"Bearer {token}").roles == {"User.Read.All"}


def test_the_managed_identity_of_a_site(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDENTITY_SERVER_THUMBPRINT", raising=False)
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{cloud.base}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", cloud.entra.identity_header)
    with azure.identity.ManagedIdentityCredential(connection_verify=cloud.ca_file) as credential:
        token = credential.get_token(GRAPH_DEFAULT).token
    assert cloud.entra.caller(f"Bearer {token}").user_id is None


def test_discovery_leads_back_to_the_address_it_was_asked_at(cloud: Cloud) -> None:
    url = f"{cloud.base}/{TENANT_ID}/v2.0/.well-known/openid-configuration"
    document = cloud.browser.get(url).json()
    addresses = [document[name] for name in document if name.endswith("_endpoint") and name != "userinfo_endpoint"]
    assert all(address.startswith(f"{cloud.base}/{TENANT_ID}/") for address in addresses)
    assert document["issuer"] == f"https://login.microsoftonline.com/{TENANT_ID}/v2.0"
    instance = {"authorization_endpoint": f"{cloud.base}/{TENANT_ID}/oauth2/v2.0/authorize", "api-version": "1.1"}
    answer = cloud.browser.get(f"{cloud.base}/common/discovery/instance", params=instance).json()
    assert answer["tenant_discovery_endpoint"] == url
