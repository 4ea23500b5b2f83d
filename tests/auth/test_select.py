"""auth/select.py: the settings choose the way of signing in, and the whole server works with it."""

from __future__ import annotations

import importlib.util
import os
import socket
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from mcp import Client

import auth
from _server_demo import CLIENT_ID, TENANT_ID, DemoTenant
from _server_wiring import pages_for, scopes_of, sign_in_flow
from auth._keeper import Ask
from auth.cache import FileTokenCache, MemoryTokenCache
from auth.select import cache_of, context_of
from emulator import DEMO_CLIENT_ID, demo_tenant
from errors import SettingsError, SignInError, StorageError, ToolInputError
from network import sync_client
from server import build_server
from settings import Settings, read_settings
from tests.auth.support import APP, SCOPES, SECRET, AtOnce, people_of, public_cloud, registered, settings_for
from tests.certificates import key_and_certificate
from tests.support import client_of, demo_settings, server_on, small_tenant, text_of

KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


def accounts_for(cloud: DemoTenant, settings: Settings, hide: Callable[[str], None] = lambda _: None) -> auth.Accounts:
    flow = AtOnce(cloud)
    return auth.accounts_of(settings, scopes_of(settings), cloud.http, flow, tell=pytest.fail, hide=hide)


def server_cloud() -> DemoTenant:
    cloud = public_cloud(secrets=(SECRET,), application_roles=frozenset({"Mail.Read"}))
    cloud.app.state.tenant.add_message(cloud.app.state.tenant.demo_person, "For the nightly report")
    return cloud


async def test_a_secret_signs_the_app_in_and_mail_of_the_named_mailbox_is_read() -> None:
    cloud = server_cloud()
    settings = settings_for(cloud, ENTRA_CLIENT_SECRET=SECRET, GRAPH_MAILBOX="ines.aldana@lindenhall.example")
    assert (settings.way, settings.auth_mode) == ("secret", "application")
    async with Client(server_on(cloud, settings, accounts_for(cloud, settings))) as client:
        mail = await client.call_tool("mail_list_messages", {})
        who = await client.call_tool("account_whoami", {})
    assert "For the nightly report" in text_of(mail)
    assert "the app Nightly report, without a person" in text_of(who)
    assert "Permissions: Mail.Read" in text_of(who)


async def test_an_app_without_a_mailbox_is_told_to_name_one() -> None:
    cloud = server_cloud()
    settings = settings_for(cloud, ENTRA_CLIENT_SECRET=SECRET)
    async with Client(server_on(cloud, settings, accounts_for(cloud, settings))) as client:
        result = await client.call_tool("mail_list_messages", {})
    assert result.is_error
    assert "say in mailbox whose" in text_of(result)


async def test_a_person_signs_in_and_reads_mail_and_the_next_start_remembers(tmp_path: Path) -> None:
    cloud = server_cloud()
    settings = settings_for(cloud, ENTRA_TOKEN_CACHE_PATH=str(tmp_path / "cache.json"))
    assert (settings.way, settings.auth_mode) == ("person", "delegated")
    for expected in (1, 0):
        cloud.app.state.entra.journal.clear()
        async with Client(server_on(cloud, settings, accounts_for(cloud, settings))) as client:
            assert "For the nightly report" in text_of(await client.call_tool("mail_list_messages", {}))
        assert cloud.app.state.entra.journal.count() == expected


async def test_a_supplied_token_is_used_as_it_is_and_nobody_signs_in() -> None:
    cloud = server_cloud()
    people = people_of(cloud)
    async with people.running():
        token = await people.token(None, Ask.of([*SCOPES, "https://graph.microsoft.com/Mail.Read"]))
    settings = read_settings({"GRAPH_ACCESS_TOKEN": token})
    assert (settings.way, settings.auth_mode) == ("supplied", "delegated")
    accounts = accounts_for(cloud, settings)
    async with Client(server_on(cloud, settings, accounts)) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert "For the nightly report" in text_of(await client.call_tool("mail_list_messages", {}))
    assert "account_login" not in names
    for refused in (accounts.login(), accounts.logout(), accounts.select("x"), accounts.identity("x")):
        with pytest.raises(ToolInputError, match="GRAPH_ACCESS_TOKEN"):
            await refused
    assert await accounts.settled("x")
    assert list(await accounts.listed()) == []


async def test_sign_in_that_is_switched_off_says_how_to_switch_it_on() -> None:
    settings = read_settings({"ENTRA_ENABLE_AUTH": "false"})
    accounts = auth.accounts_of(settings, [], sync_client, auth.DeviceFlow(), tell=pytest.fail, hide=pytest.fail)
    with pytest.raises(SignInError, match="ENTRA_ENABLE_AUTH"):
        await accounts.source().token([])
    assert await accounts.identity() is None
    with pytest.raises(ToolInputError, match="switched off"):
        await accounts.login()


@pytest.mark.parametrize(
    ("environ", "way"),
    [
        pytest.param({"ENTRA_CLIENT_SECRET": SECRET}, "secret", id="a secret"),
        pytest.param({"ENTRA_CLIENT_CERTIFICATE": "".join(key_and_certificate())}, "certificate", id="a certificate"),
        pytest.param({"ENTRA_FEDERATED_TOKEN_FILE": "token"}, "federated", id="a federated token"),
        pytest.param({"ENTRA_MANAGED_IDENTITY": "system"}, "managed-identity", id="a managed identity"),
        pytest.param({}, "person", id="nothing: a person"),
        pytest.param({"ENTRA_CLIENT_SECRET": SECRET, "ENTRA_AUTH_MODE": "delegated"}, "person", id="a person, asked"),
        pytest.param({"ENTRA_ENABLE_AUTH": "false"}, "off", id="switched off"),
        pytest.param({"DEMO": "true"}, "demo", id="the demo"),
    ],
)
def test_what_is_given_decides_the_way(environ: dict[str, str], way: str) -> None:
    tenant = "11111111-2222-4333-8444-555555555555"
    assert read_settings({"ENTRA_CLIENT_ID": APP, "ENTRA_TENANT_ID": tenant, **environ}).way == way


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        pytest.param(
            {"ENTRA_CLIENT_SECRET": SECRET, "ENTRA_MANAGED_IDENTITY": "system"},
            "ENTRA_CLIENT_SECRET: set together with ENTRA_MANAGED_IDENTITY. Keep one of them.",
            id="two credentials",
        ),
        pytest.param(
            {"ENTRA_CLIENT_SECRET": SECRET, "GRAPH_ACCESS_TOKEN": "a.b.c"},
            "GRAPH_ACCESS_TOKEN: set together with ENTRA_CLIENT_SECRET. A supplied token needs none",
            id="a token and a credential",
        ),
        pytest.param(
            {"ENTRA_CERTIFICATE_PASSPHRASE": "x"},
            "ENTRA_CERTIFICATE_PASSPHRASE: is of no use without ENTRA_CLIENT_CERTIFICATE",
            id="a passphrase for nothing",
        ),
        pytest.param({"TOKEN_CACHE_KEY": KEY}, "TOKEN_CACHE_KEY: has no effect without", id="a key for nothing"),
        pytest.param(
            {"TOKEN_CACHE_ENCRYPTION": "key"}, "TOKEN_CACHE_ENCRYPTION: key needs the key", id="encryption without key"
        ),
        pytest.param(
            {"ENTRA_MANAGED_IDENTITY": "mine"},
            "ENTRA_MANAGED_IDENTITY: not system, nor the client id",
            id="no managed identity",
        ),
        pytest.param({"ENTRA_CLIENT_ID": ""}, "docs/app-registration.md", id="no app registration"),
    ],
)
def test_a_conflict_or_a_gap_is_one_clear_message(environ: dict[str, str], says: str) -> None:
    tenant = "11111111-2222-4333-8444-555555555555"
    with pytest.raises(SettingsError) as caught:
        read_settings({"ENTRA_CLIENT_ID": APP, "ENTRA_TENANT_ID": tenant, **environ})
    (problem,) = caught.value.problems
    assert says in problem


def test_over_stdio_tokens_are_kept_in_a_file_and_over_http_in_memory(tmp_path: Path) -> None:
    base = {"ENTRA_CLIENT_ID": APP, "ENTRA_TOKEN_CACHE_PATH": str(tmp_path / "cache.json")}
    assert isinstance(cache_of(read_settings(base), pytest.fail), FileTokenCache)
    over_http = {"TRANSPORT": "http", "HTTP_AUTH": "none", "INSECURE_LOOPBACK": "true"}
    assert isinstance(cache_of(read_settings({**base, **over_http}), pytest.fail), MemoryTokenCache)
    assert list(tmp_path.iterdir()) == []


def test_the_cache_is_encrypted_where_a_key_is_given(tmp_path: Path) -> None:
    base = {"ENTRA_CLIENT_ID": APP, "ENTRA_TOKEN_CACHE_PATH": str(tmp_path / "cache.json")}
    sealed = cache_of(read_settings({**base, "TOKEN_CACHE_ENCRYPTION": "key", "TOKEN_CACHE_KEY": KEY}), pytest.fail)
    assert "encrypted" in repr(sealed)
    with pytest.raises(SettingsError, match="TOKEN_CACHE_KEY: Line 1"):
        cache_of(read_settings({**base, "TOKEN_CACHE_ENCRYPTION": "key", "TOKEN_CACHE_KEY": "short"}), pytest.fail)


def test_a_key_in_the_systems_store_needs_the_package_for_it(tmp_path: Path) -> None:
    environ = {
        "ENTRA_CLIENT_ID": APP,
        "ENTRA_TOKEN_CACHE_PATH": str(tmp_path / "c.json"),
        "TOKEN_CACHE_ENCRYPTION": "os",
    }
    if importlib.util.find_spec("keyring"):
        pytest.skip("the package is installed here")
    with pytest.raises(StorageError, match="pip install keyring"):
        cache_of(read_settings(environ), pytest.fail)


def test_what_errors_tell_of_the_sign_in_comes_from_the_settings() -> None:
    settings = read_settings({"ENTRA_CLIENT_ID": APP, "ENTRA_TENANT_ID": "contoso.example", "ENTRA_CLOUD": "usgov"})
    context = context_of(settings, SCOPES)
    assert (context.login_url, context.tenant) == ("https://login.microsoftonline.us", "contoso.example")
    assert (context.client_id, context.scopes, context.mode) == (APP, SCOPES, "delegated")


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        pytest.param({"DISPLAY": ":0"}, "linux", True, id="Linux with a screen"),
        pytest.param({}, "linux", False, id="Linux without"),
        pytest.param({"WSL_DISTRO_NAME": "Debian"}, "linux", True, id="Linux inside Windows"),
        pytest.param({}, "win32", True, id="Windows"),
        pytest.param({}, "darwin", True, id="macOS"),
        pytest.param({"SSH_CONNECTION": "x", "DISPLAY": ":10"}, "linux", False, id="from afar"),
        pytest.param({"SSH_TTY": "x"}, "darwin", False, id="a Mac from afar"),
    ],
)
def test_a_browser_is_expected_where_there_is_a_screen(environ: dict[str, str], platform: str, expected: bool) -> None:
    assert auth.has_browser(environ, platform) is expected


@pytest.mark.parametrize(
    ("wanted", "kind"),
    [
        pytest.param("browser", auth.BrowserFlow, id="a browser"),
        pytest.param("device", auth.DeviceFlow, id="a code"),
    ],
)
def test_the_person_signs_in_as_the_operator_wants(wanted: str, kind: type) -> None:
    settings = read_settings({"ENTRA_CLIENT_ID": APP, "ENTRA_SIGN_IN": wanted})
    assert isinstance(sign_in_flow(settings, pages_for(settings)), kind)


async def test_the_browser_comes_back_to_the_port_of_the_redirect_uri() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    pages = pages_for(read_settings({"ENTRA_CLIENT_ID": APP, "ENTRA_REDIRECT_URI": f"http://localhost:{port}/back"}))
    async with pages.running():
        assert await pages.url() == f"http://localhost:{port}"


async def test_the_demo_person_is_signed_in_by_the_code_flow() -> None:
    cloud = DemoTenant(small_tenant())
    async with Client(server_on(cloud)) as client:
        assert not (await client.call_tool("account_whoami", {})).is_error
        assert not (await client.call_tool("mail_list_messages", {})).is_error
    assert [each.grant for each in cloud.app.state.entra.journal.token_requests] == ["authorization_code"]


async def test_nothing_of_the_demo_leaves_the_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*args: object, **kwargs: object) -> object:
        raise AssertionError("the demo opened a connection")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    monkeypatch.setenv("HOME", str(tmp_path))
    async with client_of(small_tenant()) as client:
        assert not (await client.call_tool("mail_list_messages", {})).is_error
    assert demo_settings({"ENTRA_TENANT_ID": "ignored"}).entra_tenant_id is None
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - the loop would be blocked by pathlib no less


def test_the_demo_knows_the_ids_of_its_tenant_without_loading_it() -> None:
    assert (DEMO_CLIENT_ID, demo_tenant().id) == (CLIENT_ID, TENANT_ID)


async def test_an_app_that_the_tenant_does_not_know_is_named() -> None:
    cloud = DemoTenant(small_tenant())
    settings = settings_for(cloud, ENTRA_CLIENT_SECRET=SECRET)
    accounts = accounts_for(cloud, settings)
    with pytest.raises(SignInError, match="AADSTS700016"):
        await accounts.identity()
    registered(cloud, secrets=(SECRET,))
    assert (await accounts.identity()).name == "Nightly report"  # type: ignore[union-attr]


async def test_graph_gets_nothing_when_there_is_no_token() -> None:
    calls: list[httpx.Request] = []

    def graph(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return httpx.Response(200, json={})

    settings = read_settings({"GRAPH_ACCESS_TOKEN": "not a token"})
    accounts = auth.accounts_of(settings, [], sync_client, auth.DeviceFlow(), tell=pytest.fail, hide=pytest.fail)

    async with Client(build_server(settings, accounts, transport=httpx.MockTransport(graph))) as client:
        result = await client.call_tool("mail_list_messages", {})
    assert result.is_error
    assert calls == []
