"""Microsoft's Graph SDK and azure-identity as their users have them; only host and trusted certificate differ."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from azure.core.credentials import TokenCredential
from azure.identity import AuthorizationCodeCredential, ClientSecretCredential, DeviceCodeCredential
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph.graph_request_adapter import GraphRequestAdapter, options
from msgraph.graph_service_client import GraphServiceClient
from msgraph_core import GraphClientFactory

ROOT = Path(__file__).resolve().parents[2]
GRAPH = "https://graph.microsoft.com"
SCOPES = [
    f"{GRAPH}/{name}"
    for name in (
        *("User.Read", "Mail.ReadWrite", "Mail.Send", "Files.ReadWrite"),
        *("Calendars.ReadWrite", "Calendars.Read.Shared"),  # the second for findMeetingTimes alone
    )
]
REDIRECT = "http://localhost"


@dataclass(frozen=True)
class Account:
    """Somebody who can sign in."""

    id: str
    upn: str


@dataclass(frozen=True)
class Cloud:
    """Where the emulator is, and who is there."""

    base: str
    tenant: str
    domain: str
    public_app: str
    app: str
    secret: str
    person: Account
    colleague: Account
    browser: httpx.Client

    @property
    def place(self) -> dict[str, Any]:
        """How azure-identity is told of a cloud of one's own."""
        return {"authority": self.base, "disable_instance_discovery": True}

    def accept_device(self, address: str, user_code: str, _: object) -> None:
        """What the person does with a device code: type it in, choose themselves, accept."""
        chosen = {"user_code": user_code, "person": self.person.id, "decision": "accept"}
        assert self.browser.post(address, data=chosen).status_code == 200

    def code_for(self, account: Account, scopes: list[str]) -> str:
        """An authorization code, as a browser brings it back to the application."""
        scope = " ".join((*scopes, "offline_access"))
        asked = {"client_id": self.public_app, "response_type": "code", "redirect_uri": REDIRECT, "scope": scope}
        chosen = {"person": account.id, "decision": "accept"}
        answer = self.browser.post(f"{self.base}/{self.tenant}/oauth2/v2.0/authorize", data=asked | chosen)
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))["code"]

    @contextlib.asynccontextmanager
    async def client(self, credential: TokenCredential, scopes: list[str]) -> AsyncIterator[GraphServiceClient]:
        """A client with all the SDK's own middleware, at the emulator's address."""
        provider = AzureIdentityAuthenticationProvider(credential, scopes=scopes, allowed_hosts=["localhost"])
        # The middleware does not pass a closing on to the transport beneath it, so that one is ours to close.
        async with httpx.AsyncHTTPTransport(http2=True) as transport:
            plain = httpx.AsyncClient(transport=transport, timeout=60)
            http = GraphClientFactory.create_with_default_middleware(client=plain, options=options)
            adapter = GraphRequestAdapter(provider, http)
            adapter.base_url = f"{self.base}/v1.0"
            yield GraphServiceClient(request_adapter=adapter)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """One emulator for all tests, as a process of its own; each test works with items that it made."""
    command = [sys.executable, "-m", "tests.clients.cloud"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        try:
            line = process.stdout.readline()
            assert line, "The emulator did not start; what it said is above."
            facts = json.loads(line)
            with pytest.MonkeyPatch.context() as environment, trusting(environment, facts["caFile"]) as browser:
                yield Cloud(
                    base=facts["base"],
                    tenant=facts["tenant"],
                    domain=facts["domain"],
                    public_app=facts["publicApp"],
                    app=facts["app"],
                    secret=facts["secret"],
                    person=Account(**facts["person"]),
                    colleague=Account(**facts["colleague"]),
                    browser=browser,
                )
        finally:
            process.stdin.close()
            process.wait(30)


@contextlib.contextmanager
def trusting(environment: pytest.MonkeyPatch, ca_file: str) -> Iterator[httpx.Client]:
    """Trust the emulator's authority in the way that its users are told to: by the environment."""
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        environment.setenv(name, ca_file)
    for name in ("NO_PROXY", "no_proxy"):
        environment.setenv(name, "localhost")
    with httpx.Client() as browser:
        yield browser


@pytest.fixture(scope="session")
def app_credential(cloud: Cloud) -> Iterator[TokenCredential]:
    with ClientSecretCredential(cloud.tenant, cloud.app, cloud.secret, **cloud.place) as credential:
        yield credential


@pytest.fixture(scope="session")
def my_credential(cloud: Cloud) -> Iterator[TokenCredential]:
    with DeviceCodeCredential(
        cloud.public_app, tenant_id=cloud.tenant, prompt_callback=cloud.accept_device, **cloud.place
    ) as credential:
        yield credential


@pytest.fixture(scope="session")
def their_credential(cloud: Cloud) -> Iterator[TokenCredential]:
    code = cloud.code_for(cloud.colleague, SCOPES)
    with AuthorizationCodeCredential(
        cloud.tenant, cloud.public_app, code, REDIRECT, authority=cloud.base
    ) as credential:
        yield credential


# A client belongs to the event loop of its test; the credentials, with their tokens, are shared.


@pytest.fixture
async def app(cloud: Cloud, app_credential: TokenCredential) -> AsyncIterator[GraphServiceClient]:
    """The client of an application without a person."""
    async with cloud.client(app_credential, [f"{GRAPH}/.default"]) as client:
        yield client


@pytest.fixture
async def me(cloud: Cloud, my_credential: TokenCredential) -> AsyncIterator[GraphServiceClient]:
    """The client of the demo person."""
    async with cloud.client(my_credential, SCOPES) as client:
        yield client


@pytest.fixture
async def them(cloud: Cloud, their_credential: TokenCredential) -> AsyncIterator[GraphServiceClient]:
    """The client of a colleague of the demo person."""
    async with cloud.client(their_credential, SCOPES) as client:
        yield client
