"""auth/managed_identity.py: a managed identity of Azure vouches for an app; MSAL against the emulator's endpoints."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from auth._worker import in_worker
from auth.managed_identity import EXCHANGES, ManagedIdentityCredential
from clouds import CLOUDS
from clouds import Cloud as MicrosoftCloud
from emulator.entra.registrations import FederatedCredential as Trusted
from errors import AppRefused, SignInUnavailable
from network import direct_client
from tests.auth.apps import DEFAULT, SECRET, Clock, Cloud

OF_A_PLATFORM = (
    *("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT", "IMDS_ENDPOINT"),
    *("MSI_ENDPOINT", "MSI_SECRET", "AZURE_POD_IDENTITY_AUTHORITY_HOST"),
)


@pytest.fixture(autouse=True)
def _a_machine_of_no_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OF_A_PLATFORM:
        monkeypatch.delenv(name, raising=False)


class Machine(Cloud):
    """A machine in Azure, whose identities the app trusts."""

    def __init__(self, *names: str) -> None:
        super().__init__(secrets=(SECRET,))
        added = {name: self.entra.add_managed_identity(name, is_system_assigned=name == "system") for name in names}
        self.ids = {name: identity.client_id for name, identity in added.items()}
        issuer = f"https://login.microsoftonline.com/{self.tenant.id}/v2.0"
        self.register(federated=tuple(Trusted(issuer, identity.object_id) for identity in added.values()))

    def local(self) -> httpx.Client:
        return httpx.Client(transport=self.wire, trust_env=False)

    @property
    def asked(self) -> list[str]:
        """The requests of identity endpoints."""
        return [str(each.url) for each in self.wire.requests if each.url.path.startswith(("/metadata", "/msi"))]


@pytest.mark.parametrize(
    "identity", [pytest.param("system", id="the machine's own"), pytest.param("nightly", id="an assigned one")]
)
async def test_an_identity_of_a_virtual_machine_signs_the_app_in(identity: str) -> None:
    machine = Machine("system", "nightly")
    named = "system" if identity == "system" else machine.ids[identity]
    source = machine.source(ManagedIdentityCredential(named, machine.local))
    assert await source.token(DEFAULT)
    assert "client_secret" not in machine.wire.forms[0]
    assert ("client_id=" in machine.asked[0]) is (identity != "system")


async def test_an_identity_of_an_app_service_signs_the_app_in(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine("system")
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:41741/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", machine.entra.identity_header)
    assert await machine.source(ManagedIdentityCredential("system", machine.local)).token(DEFAULT)
    assert machine.asked[0].startswith("http://127.0.0.1:41741/msi/token?")


async def test_the_identitys_token_is_kept_and_a_new_one_is_got_after_a_refusal() -> None:
    machine = Machine("system")
    credential = ManagedIdentityCredential("system", machine.local)
    source = machine.source(credential)
    first = await source.token(DEFAULT)
    await source.token(DEFAULT, refused=first)
    assert len(machine.asked) == 1
    await in_worker(lambda: credential.for_msal(afresh=True))
    assert len(machine.asked) == 2


async def test_an_identity_that_is_not_assigned_is_told_as_such() -> None:
    machine = Machine("system")
    credential = ManagedIdentityCredential("0f0e0d0c-1111-4222-8333-444455556666", machine.local)
    with pytest.raises(AppRefused, match="no such identity for this machine"):
        await machine.source(credential).token(DEFAULT)
    assert not machine.wire.forms


async def test_an_app_that_does_not_trust_the_identity_is_told_so_by_number() -> None:
    machine = Machine("system")
    machine.register(federated=())
    with pytest.raises(AppRefused, match="AADSTS"):
        await machine.source(ManagedIdentityCredential("system", machine.local)).token(DEFAULT)


async def test_an_app_service_that_refuses_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine("system")
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:41741/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "of another site")
    with pytest.raises(AppRefused, match="Assign it there"):
        await machine.source(ManagedIdentityCredential("system", machine.local)).token(DEFAULT)


def answering(answer: Callable[[httpx.Request], httpx.Response]) -> Callable[[], httpx.Client]:
    return lambda: httpx.Client(transport=httpx.MockTransport(answer))


def no_route(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route to host", request=request)


def too_slow(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectTimeout("timed out", request=request)


@pytest.mark.parametrize(
    ("answer", "waits"),
    [
        pytest.param(no_route, 0, id="nothing there"),
        pytest.param(too_slow, 0, id="no answer in time"),
        pytest.param(lambda _: httpx.Response(404), 0, id="another cloud's machine"),
        pytest.param(lambda _: httpx.Response(410), 0, id="being moved"),
        pytest.param(lambda _: httpx.Response(429, headers={"Retry-After": "6"}), 6, id="too many requests"),
        pytest.param(lambda _: httpx.Response(503), 0, id="down"),
    ],
)
def test_an_endpoint_that_does_not_answer_may_do_so_later(
    answer: Callable[[httpx.Request], httpx.Response], waits: float
) -> None:
    asked = list[str]()

    def counted(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return answer(request)

    clock = Clock()
    credential = ManagedIdentityCredential("system", answering(counted), clock=clock)
    for later, requests in ((0, 1), (4, 1), (4, 2)):
        clock.now += later
        with pytest.raises(SignInUnavailable, match="exist on Azure only") as caught:
            credential.for_msal()
        assert caught.value.retry_after == waits
        assert len(asked) == requests, "all who ask within a few seconds share the trouble"


def test_the_identitys_token_outlives_an_endpoint_that_is_away_for_a_while() -> None:
    clock, asked = Clock(), list[int]()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(1)
        if len(asked) == 1:
            return httpx.Response(200, json={"access_token": "the first", "expires_in": "86400"})
        if len(asked) == 2:
            return no_route(request)
        return httpx.Response(200, json={"access_token": "the next", "expires_in": "86400"})

    credential = ManagedIdentityCredential("system", answering(answer), clock=clock)
    held = list[str]()
    for later in (0, 43_000, 300, 1, 10):
        clock.now += later
        held.append(credential.for_msal()["client_assertion"]())
    assert held == ["the first", "the first", "the first", "the first", "the next"]
    assert len(asked) == 3


def test_a_token_that_is_over_is_not_handed_out_while_there_is_no_new_one() -> None:
    clock = Clock()
    answers = [httpx.Response(200, json={"access_token": "the first", "expires_in": "86400"})]

    def answer(request: httpx.Request) -> httpx.Response:
        return answers.pop() if answers else no_route(request)

    credential = ManagedIdentityCredential("system", answering(answer), clock=clock)
    assert credential.for_msal()["client_assertion"]() == "the first"
    clock.now += 86_400
    with pytest.raises(SignInUnavailable, match="nothing answers"):
        credential.for_msal()


def test_what_answers_elsewhere_than_on_azure_is_told_apart() -> None:
    page = httpx.Response(200, text="<html>Welcome</html>")
    credential = ManagedIdentityCredential("system", answering(lambda _: page))
    with pytest.raises(AppRefused, match=r"is not Azure.*set another credential"):
        credential.for_msal()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("[1]", id="no object"),
        pytest.param('{"access_token": "t", "expires_in": "soon"}', id="a time that is none"),
    ],
)
def test_an_endpoint_that_answers_nonsense_is_told_without_what_it_said(body: str) -> None:
    credential = ManagedIdentityCredential("system", answering(lambda _: httpx.Response(200, text=body)))
    with pytest.raises(AppRefused, match="cannot be used by this process") as caught:
        credential.for_msal()
    assert body not in str(caught.value)


def test_service_fabric_is_told_to_be_beyond_us(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        monkeypatch.setenv(name, "https://localhost/token")
    monkeypatch.setenv("IDENTITY_SERVER_THUMBPRINT", "00" * 20)
    with pytest.raises(AppRefused, match="Service Fabric is not supported"):
        ManagedIdentityCredential("system", answering(no_route)).for_msal()


@pytest.mark.parametrize("cloud", [pytest.param(cloud, id=cloud.name) for cloud in CLOUDS.values()])
def test_each_cloud_has_an_exchange_of_its_own(cloud: MicrosoftCloud) -> None:
    asked = list[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params["resource"])
        return httpx.Response(200, json={"access_token": "a.token.of.it", "expires_in": "86400"})

    form = ManagedIdentityCredential("system", answering(answer), cloud=cloud).for_msal()
    assert form["client_assertion"]() == "a.token.of.it"
    assert asked == [EXCHANGES[cloud]]


class _Metadata(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.headers["Metadata"] == "true" else 400)
        self.end_headers()
        self.wfile.write(b'{"access_token": "from the machine itself", "expires_in": "86400"}')

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Metadata) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_endpoint_is_asked_past_every_proxy(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", endpoint)
    form = ManagedIdentityCredential("system").for_msal()
    assert form["client_assertion"]() == "from the machine itself"


def test_what_does_not_connect_at_once_is_given_up() -> None:
    with direct_client() as http:
        assert http.timeout.connect is not None
        assert http.timeout.connect <= 2
