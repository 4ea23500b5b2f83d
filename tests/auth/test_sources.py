"""auth/: each way of signing in, by real MSAL against the emulator's Entra."""

from __future__ import annotations

import json
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import anyio
import anyio.to_thread
import httpx
import pytest
from mcp import Client

import auth
from auth.msal_http import DiscoveryOnly
from emulator import DEMO_CLIENT_ID, AppRegistration, BlockingTransport, sign_in_at
from emulator.tenant import Person
from errors import SignInError, SignInNeeded
from graph import TokenSource
from network import sync_client
from server import DemoTenant
from settings import Settings, read_settings
from tests.support import client_of, demo_settings, server_on, small_tenant, text_of

APP = "2f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a10"
SECRET = "a-secret-of-the-test"
GRAPH = "https://graph.microsoft.com"


def registered(cloud: DemoTenant, **details: Any) -> None:
    cloud.app.state.entra.register(AppRegistration(client_id=APP, display_name="Nightly report", **details))


def settings_for(cloud: DemoTenant, **environ: str) -> Settings:
    return read_settings({"ENTRA_CLIENT_ID": APP, "ENTRA_TENANT_ID": cloud.app.state.tenant.id, **environ})


def source_for(cloud: DemoTenant, settings: Settings, tell: Callable[[str], None] = lambda _: None) -> TokenSource:
    return auth.token_source(settings, lambda: sync_client(BlockingTransport(cloud)), tell)


class Counted(httpx.BaseTransport):
    """Passes on, and remembers what was asked and by which thread."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner = inner
        self.paths: list[str] = []
        self.threads: set[int] = set()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.paths.append(f"{request.method} {request.url.path.rpartition('/')[2]}")
        self.threads.add(threading.get_ident())
        return self.inner.handle_request(request)


async def test_a_secret_signs_the_app_in_and_mail_of_the_named_mailbox_is_read() -> None:
    cloud = DemoTenant(small_tenant())
    registered(cloud, secrets=(SECRET,), application_roles=frozenset({"Mail.Read"}))
    cloud.app.state.tenant.add_message(cloud.app.state.tenant.demo_person, "For the nightly report")
    settings = settings_for(cloud, ENTRA_CLIENT_SECRET=SECRET, GRAPH_MAILBOX="ines.aldana@lindenhall.example")
    assert settings.auth_mode == "application"
    async with Client(server_on(cloud, settings, source_for(cloud, settings))) as client:
        mail = await client.call_tool("mail_list_messages", {})
        who = await client.call_tool("account_whoami", {})
    assert "For the nightly report" in text_of(mail)
    assert "the app Nightly report, without a person" in text_of(who)
    assert "Permissions: Mail.Read" in text_of(who)


async def test_an_app_without_a_mailbox_is_told_to_name_one() -> None:
    cloud = DemoTenant(small_tenant())
    registered(cloud, secrets=(SECRET,), application_roles=frozenset({"Mail.Read"}))
    settings = settings_for(cloud, ENTRA_CLIENT_SECRET=SECRET)
    async with Client(server_on(cloud, settings, source_for(cloud, settings))) as client:
        result = await client.call_tool("mail_list_messages", {})
    assert result.is_error
    assert "GRAPH_MAILBOX" in text_of(result)


async def test_a_wrong_secret_says_what_to_check_and_repeats_neither() -> None:
    cloud = DemoTenant(small_tenant())
    registered(cloud, secrets=(SECRET,))
    settings = settings_for(cloud, ENTRA_CLIENT_SECRET="not-the-secret")
    with pytest.raises(SignInError, match=r"AADSTS7000215.*secret's value") as caught:
        await source_for(cloud, settings).token([f"{GRAPH}/.default"])
    assert "not-the-secret" not in str(caught.value)


async def test_an_app_that_the_tenant_does_not_know_is_named() -> None:
    cloud = DemoTenant(small_tenant())
    settings = settings_for(cloud, ENTRA_CLIENT_SECRET=SECRET)
    with pytest.raises(SignInError, match="ENTRA_CLIENT_ID is not an app of this tenant"):
        await source_for(cloud, settings).token([f"{GRAPH}/.default"])


async def test_a_tenant_that_does_not_exist_is_named() -> None:
    cloud = DemoTenant(small_tenant())
    settings = settings_for(cloud, ENTRA_CLIENT_SECRET=SECRET, ENTRA_TENANT_ID="nobody.example")
    with pytest.raises(SignInError, match="ENTRA_TENANT_ID"):
        await source_for(cloud, settings).token([f"{GRAPH}/.default"])


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


async def test_a_device_code_invites_the_person_and_the_repeated_call_goes_through() -> None:
    cloud, clock = DemoTenant(small_tenant()), Clock()
    registered(cloud, allow_public_client=True)
    cloud.app.state.entra.pages_url = "http://127.0.0.1:4000"
    settings, told = settings_for(cloud), list[str]()
    counted = Counted(BlockingTransport(cloud))
    http = sync_client(counted)
    source = auth.DeviceCodeSource(
        lambda: auth.public_application(APP, settings.authority_url, http), told.append, clock
    )
    async with (
        Client(server_on(cloud, settings, source)) as client,
        httpx.AsyncClient(transport=httpx.ASGITransport(app=cloud), base_url="http://127.0.0.1:4000") as browser,
    ):
        first = await client.call_tool("account_whoami", {})
        looked = await client.call_tool("account_whoami", {})
        too_soon = await client.call_tool("account_whoami", {})
        assert first.is_error
        assert text_of(first) == text_of(looked) == told[0]
        assert text_of(too_soon) == f"{told[0]} If that is done, wait a few seconds before you repeat it."
        assert len(told) == 1
        assert "open http://127.0.0.1:4000/devicelogin" in told[0]
        assert counted.paths.count("POST token") == 1, "Entra is not asked again at once"
        code = told[0].partition("enter the code ")[2].partition(",")[0]
        person = cloud.app.state.tenant.demo_person
        await browser.post("/devicelogin", data={"user_code": code, "person": person.id, "decision": "accept"})
        clock.now += 5
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MSAL's own clock did not move
            done = await client.call_tool("account_whoami", {})
    assert "Signed in as Ines Aldana" in text_of(done)


async def test_a_code_that_has_expired_is_replaced() -> None:
    cloud, clock = DemoTenant(small_tenant()), Clock()
    registered(cloud, allow_public_client=True)
    settings, told = settings_for(cloud), list[str]()
    http = sync_client(BlockingTransport(cloud))
    source = auth.DeviceCodeSource(
        lambda: auth.public_application(APP, settings.authority_url, http), told.append, clock
    )
    for _ in range(2):
        with pytest.raises(SignInNeeded):
            await source.token([f"{GRAPH}/User.Read"])
        clock.now += 901
    assert len(set(told)) == 2


async def test_a_declined_device_code_ends_and_the_next_call_starts_anew() -> None:
    cloud = DemoTenant(small_tenant())
    registered(cloud, allow_public_client=True)
    source = source_for(cloud, settings_for(cloud))
    scopes = [f"{GRAPH}/User.Read"]
    with pytest.raises(SignInNeeded) as invited:
        await source.token(scopes)
    code = str(invited.value).partition("enter the code ")[2].partition(",")[0]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=cloud), base_url="http://127.0.0.1:4000") as browser:
        await browser.post("/devicelogin", data={"user_code": code, "decision": "cancel"})
    with pytest.raises(SignInError, match="authorization_declined"):
        await source.token(scopes)
    with pytest.raises(SignInNeeded) as second:
        await source.token(scopes)
    assert code not in str(second.value)


async def test_an_app_that_takes_no_public_sign_in_says_so() -> None:
    cloud = DemoTenant(small_tenant())
    registered(cloud, allow_public_client=False)
    source = source_for(cloud, settings_for(cloud))
    with pytest.raises(SignInNeeded):
        await source.token([f"{GRAPH}/User.Read"])
    with pytest.raises(SignInError, match="allow public client flows"):
        await source.token([f"{GRAPH}/User.Read"])


async def test_an_app_that_is_unknown_gets_no_device_code() -> None:
    cloud = DemoTenant(small_tenant())
    with pytest.raises(SignInError, match="not an app of this tenant"):
        await source_for(cloud, settings_for(cloud)).token([f"{GRAPH}/User.Read"])


async def test_many_callers_at_once_make_one_sign_in_and_none_of_them_on_the_event_loop() -> None:
    cloud = DemoTenant(small_tenant())
    counted = Counted(BlockingTransport(cloud))
    registered(cloud, secrets=(SECRET,))
    settings = settings_for(cloud, ENTRA_CLIENT_SECRET=SECRET)
    source = auth.token_source(settings, lambda: sync_client(counted), lambda _: None)
    tokens: set[str] = set()

    async def ask() -> None:
        tokens.add(await source.token([f"{GRAPH}/.default"]))

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(ask)
    assert len(tokens) == 1
    assert counted.paths.count("POST token") == 1
    assert threading.get_ident() not in counted.threads


async def test_a_sign_in_service_that_is_away_is_told_as_such() -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    cloud = DemoTenant(small_tenant())
    settings = settings_for(cloud, ENTRA_CLIENT_SECRET=SECRET)
    source = auth.token_source(settings, lambda: sync_client(httpx.MockTransport(away)), lambda _: None)
    with pytest.raises(SignInError, match="cannot be reached"):
        await source.token([f"{GRAPH}/.default"])


async def test_the_demo_person_is_signed_in_by_the_code_flow() -> None:
    cloud = DemoTenant(small_tenant())
    counted = Counted(BlockingTransport(cloud))

    class Watched(DemoTenant):
        def _http(self) -> httpx.Client:
            return sync_client(counted)

    watched = Watched(small_tenant())
    counted.inner = BlockingTransport(watched)
    async with Client(server_on(watched)) as client:
        assert not (await client.call_tool("account_whoami", {})).is_error
        assert not (await client.call_tool("mail_list_messages", {})).is_error
    assert counted.paths == ["GET openid-configuration", "POST authorize", "POST token"]


async def test_sign_in_that_is_switched_off_says_how_to_switch_it_on() -> None:
    settings = read_settings({"ENTRA_ENABLE_AUTH": "false"})
    source = auth.token_source(settings, sync_client, lambda _: None)
    with pytest.raises(SignInError, match="ENTRA_ENABLE_AUTH"):
        await source.token([])


def test_msal_keeps_what_it_discovered_and_forgets_what_failed() -> None:
    cache = DiscoveryOnly()
    cache["GET https://login.microsoftonline.com/common"] = "found"
    cache["POST token of another caller"] = "429"
    assert list(cache.values()) == ["found"]


async def test_nothing_of_the_demo_leaves_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> object:
        raise AssertionError("the demo opened a connection")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    async with client_of(small_tenant()) as client:
        assert not (await client.call_tool("mail_list_messages", {})).is_error
    assert demo_settings({"ENTRA_TENANT_ID": "ignored"}).entra_tenant_id is None


class Scripted(httpx.BaseTransport):
    """Passes on, but for requests to one endpoint while `trouble` has answers left for it."""

    def __init__(self, cloud: DemoTenant, endpoint: str, *trouble: httpx.Response) -> None:
        self.inner = BlockingTransport(cloud)
        self.endpoint = endpoint
        self.trouble = list(trouble)
        self.forms: list[dict[str, str]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(self.endpoint):
            self.forms.append(dict(parse_qsl(request.content.decode())))
            if self.trouble:
                return self.trouble.pop(0)
        return self.inner.handle_request(request)


def app_source(cloud: DemoTenant, transport: httpx.BaseTransport) -> TokenSource:
    registered(cloud, secrets=(SECRET,))
    settings = settings_for(cloud, ENTRA_CLIENT_SECRET=SECRET)
    return auth.token_source(settings, lambda: sync_client(transport), lambda _: None)


async def test_a_certificate_that_is_not_trusted_names_the_remedy() -> None:
    def intercepted(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate", request=request)

    cloud = DemoTenant(small_tenant())
    with pytest.raises(SignInError, match="SSL_CERT_FILE"):
        await app_source(cloud, httpx.MockTransport(intercepted)).token([f"{GRAPH}/.default"])


async def test_a_device_code_that_lacks_its_page_is_an_error() -> None:
    cloud = DemoTenant(small_tenant())
    registered(cloud, allow_public_client=True)
    broken = httpx.Response(200, json={"user_code": "ABC", "device_code": "x"})
    settings = settings_for(cloud)
    source = auth.token_source(settings, lambda: sync_client(Scripted(cloud, "devicecode", broken)), lambda _: None)
    with pytest.raises(SignInError, match="no token came"):
        await source.token([f"{GRAPH}/User.Read"])


async def test_entra_asking_for_patience_is_not_a_failure() -> None:
    cloud, clock = DemoTenant(small_tenant()), Clock()
    registered(cloud, allow_public_client=True)
    settings = settings_for(cloud)
    scripted = Scripted(cloud, "token", httpx.Response(400, json={"error": "slow_down"}))
    http = sync_client(scripted)
    source = auth.DeviceCodeSource(
        lambda: auth.public_application(APP, settings.authority_url, http), lambda _: None, clock
    )
    for pause in (0, 5, 4, 6):  # invited; told to slow down; too soon now; looked
        with pytest.raises(SignInNeeded):
            await source.token([f"{GRAPH}/User.Read"])
        clock.now += pause
    assert len(scripted.forms) == 1


@pytest.mark.parametrize(
    ("endpoint", "answer", "says"),
    [
        pytest.param("token", httpx.Response(503), "Try again in a moment", id="down"),
        pytest.param("token", httpx.Response(200, text="<html>Welcome to the hotel"), "proxy", id="a page of a hotel"),
        pytest.param("token", httpx.Response(200, json=[1]), "no usable answer", id="no object"),
        pytest.param("openid-configuration", httpx.Response(302), "no usable answer", id="a redirect"),
        pytest.param("openid-configuration", httpx.Response(200, text="<html>"), "proxy", id="a page for discovery"),
        pytest.param(
            "token",
            httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip")),
            "cannot be reached",
            id="broken compression",
        ),
    ],
)
async def test_a_sign_in_service_that_answers_nonsense_is_told_as_such(
    endpoint: str, answer: httpx.Response, says: str
) -> None:
    cloud = DemoTenant(small_tenant())
    source = app_source(cloud, Scripted(cloud, endpoint, answer))
    with pytest.raises(SignInError, match=says):
        await source.token([f"{GRAPH}/.default"])
    assert await source.token([f"{GRAPH}/.default"]), "the next call finds the service well again"


async def test_one_callers_throttling_is_not_replayed_to_the_next() -> None:
    cloud = DemoTenant(small_tenant())
    throttled = httpx.Response(429, headers={"Retry-After": "3600"}, json={"error": "temporarily_unavailable"})
    source = app_source(cloud, Scripted(cloud, "token", throttled))
    with pytest.raises(SignInError, match="Try again in a moment"):
        await source.token([f"{GRAPH}/.default"])
    assert await source.token([f"{GRAPH}/.default"])


async def test_a_claims_challenge_and_our_capability_reach_entra() -> None:
    cloud = DemoTenant(small_tenant())
    scripted = Scripted(cloud, "token")
    source = app_source(cloud, scripted)
    await source.token([f"{GRAPH}/.default"])
    await source.token([f"{GRAPH}/.default"], '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}')
    first, second = (json.loads(form["claims"])["access_token"] for form in scripted.forms)
    assert first == {"xms_cc": {"values": ["cp1"]}}
    assert second["acrs"]["value"] == "c1"


async def test_trouble_that_passes_does_not_ask_the_person_to_sign_in_again() -> None:
    cloud = DemoTenant(small_tenant())
    busy = httpx.Response(429, json={"error": "temporarily_unavailable", "error_codes": [90055]})
    scripted = Scripted(cloud, "token")
    source = auth.DemoSource(
        lambda: auth.public_application(DEMO_CLIENT_ID, authority_of(cloud), sync_client(scripted)),
        lambda link: accepted_by(cloud, link, cloud.app.state.tenant.demo_person),
    )
    assert await source.token([f"{GRAPH}/User.Read"])
    scripted.trouble.append(busy)
    with pytest.raises(SignInError, match="Try again in a moment"):
        await source.token([f"{GRAPH}/User.Read"], '{"access_token":{}}')
    assert [form["grant_type"] for form in scripted.forms] == ["authorization_code", "refresh_token"]


async def test_whoever_signed_in_last_is_whom_the_server_works_as() -> None:
    cloud = DemoTenant(small_tenant())
    people = list(cloud.app.state.tenant.people.values())
    scripted = Scripted(cloud, "token")
    source = auth.DemoSource(
        lambda: auth.public_application(DEMO_CLIENT_ID, authority_of(cloud), sync_client(scripted)),
        lambda link: accepted_by(cloud, link, people.pop(0)),
    )
    account = auth.Account(source, [f"{GRAPH}/User.Read"], cloud="public", is_person=True)
    assert (await account.identity()).name == "Ines Aldana"
    scripted.trouble.append(httpx.Response(400, json={"error": "invalid_grant", "error_codes": [50173]}))
    await source.token([f"{GRAPH}/User.Read"], '{"access_token":{}}')
    assert (await account.identity()).name == "Jonas Brandt"
    assert (await account.identity()).name == "Jonas Brandt"


def authority_of(cloud: DemoTenant) -> str:
    return f"https://login.microsoftonline.com/{cloud.app.state.tenant.id}"


def accepted_by(cloud: DemoTenant, link: str, person: Person) -> dict[str, str]:
    with sync_client(BlockingTransport(cloud)) as browser:
        return sign_in_at(browser, link, person)
