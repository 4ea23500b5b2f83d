"""Nothing that must stay secret reaches a log, a traceback or a repr, whatever is logged and whatever fails."""

from __future__ import annotations

import io
import json
import logging
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import hpack
import httpx
import pytest
from mcp import Client

import auth
import logging_config
import network
from _server_demo import DemoTenant
from auth._keeper import Ask, TokenKeeper
from auth.cache import FileTokenCache
from auth.client_credentials import ClientCredentialsSource
from auth.credentials import credential_of
from auth.on_behalf_of import OnBehalfOf
from auth.select import context_of
from auth.supplied import supplied_token
from emulator import AppRegistration, BlockingTransport
from errors import AppError, SignInNeeded
from principal import Principal
from tests.auth.support import APP, GRAPH, SCOPES, SECRET, AtOnce, people_of, public_cloud, registered, settings_for
from tests.auth.test_people import Turns, approve
from tests.certificates import key_and_certificate
from tests.support import demo_settings, server_on

# What travels under these names may be in no sink. `client_info` and `state` open nothing.
SECRET_NAMES = {
    *("access_token", "refresh_token", "id_token", "device_code", "code", "code_verifier"),
    *("client_secret", "client_assertion", "assertion", "nonce"),
}
DEFAULT = [f"{GRAPH}/.default"]


class Overheard(httpx.BaseTransport):
    """Passes on, and collects every secret that passes."""

    def __init__(self, cloud: DemoTenant) -> None:
        self._inner = BlockingTransport(cloud)
        self.secrets: set[str] = set()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._collect(dict(parse_qsl(request.url.query.decode())))
        self._collect(dict(parse_qsl(request.content.decode())))
        response = self._inner.handle_request(request)
        if response.headers.get("content-type", "").startswith("application/json"):
            self._collect(json.loads(response.content))
        self._collect({name: values[0] for name, values in parse_qs(response.headers.get("location", "")).items()})
        return response

    def _collect(self, fields: dict[str, Any]) -> None:
        self.secrets |= {str(text) for name, text in fields.items() if name in SECRET_NAMES and len(str(text)) > 8}


class Sinks:
    """Everything that could keep a secret: the text log, the JSON log, and what is printed of objects and errors."""

    def __init__(self, folder: Path) -> None:
        self._files = [folder / "text.log", folder / "json.log"]
        self.shown = io.StringIO()

    def log_everything(self, *, json_lines: bool) -> None:
        logging_config.configure("DEBUG", file=self._files[json_lines], json_lines=json_lines)
        for name in list(logging.Logger.manager.loggerDict):
            logging.getLogger(name).setLevel(logging.DEBUG)

    def show(self, *objects: object) -> None:
        for each in objects:
            self.shown.write(f"{each!r}\n{each}\n{[each]!r}\n")

    def fail(self, error: BaseException) -> None:
        self.shown.write("".join(traceback.format_exception(error)))
        logging.getLogger("canary").error("failed", exc_info=error)

    def text(self) -> str:
        return self.shown.getvalue() + "".join(file.read_text() for file in self._files if file.exists())


@pytest.fixture(params=[pytest.param(False, id="text log"), pytest.param(True, id="JSON log")])
def sinks(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sinks]:
    before = {name: logging.getLogger(name).level for name in logging.Logger.manager.loggerDict}
    root, level, handlers = logging.getLogger(), logging.getLogger().level, logging.getLogger().handlers[:]
    sinks = Sinks(tmp_path)
    sinks.log_everything(json_lines=request.param)
    yield sinks
    for name in list(logging.Logger.manager.loggerDict):
        logging.getLogger(name).setLevel(before.get(name, logging.NOTSET))
    for handler in root.handlers[:]:
        root.removeHandler(handler)
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


def check(sinks: Sinks, secrets: set[str], *, at_least: int) -> None:
    text = sinks.text()
    assert len(secrets) >= at_least, "the test overheard too little to prove anything"
    assert len(text) > 1_000, "the log was silent, so it proves nothing"
    assert [secret[:12] for secret in secrets if secret in text] == []


async def test_people_sign_in_renew_and_fail_without_a_trace(sinks: Sinks, tmp_path: Path) -> None:
    cloud, turns = public_cloud(), Turns()
    overheard = Overheard(cloud)
    entra, ines = cloud.app.state.entra, cloud.app.state.tenant.demo_person
    cloud.http = lambda: network.sync_client(overheard)  # type: ignore[method-assign]
    file, told = tmp_path / "cache.json", list[str]()
    for flow in (auth.DeviceFlow(pause=turns), AtOnce(cloud)):
        cache = FileTokenCache(file, client_id=APP, warn=pytest.fail)
        people = people_of(cloud, flow, cache, told=told, patience=10)
        async with Client(server_on(cloud, demo_settings({"TOOLSETS": "account"}), people)) as client:
            try:
                token = await people.token(None, Ask.of(SCOPES))
            except SignInNeeded as needed:
                sinks.fail(needed)
                await approve(cloud, told[-1], ines)
                turns.go_on()
                token = await people.token(None, Ask.of(SCOPES))
            await client.call_tool("account_whoami", {})
            overheard.secrets.add(await people.token(None, Ask.of(SCOPES, refused=token)))
            for trouble in (entra.weather.outage, entra.weather.tear, entra.weather.throttle):
                trouble()
                await failing(sinks, people.token(None, Ask.of(SCOPES, claims='{"access_token":{}}')))
                entra.weather.clear()
            overheard.secrets |= {each["secret"] for each in secrets_in(file)}
            sinks.show(people, cache, people._keeper, people._keeper._kept, people._attempts, flow, cache.read())
            entra.revoke_sessions(ines)
            await client.call_tool("account_whoami", {})
            await people.logout()
    check(sinks, overheard.secrets, at_least=12)


def secrets_in(file: Path) -> list[dict[str, str]]:
    sections = json.loads(file.read_text())
    return [entry for name in ("AccessToken", "RefreshToken") for entry in sections.get(name, {}).values()]


async def failing(sinks: Sinks, call: Any) -> None:
    with pytest.raises(AppError) as caught:
        await call
    sinks.fail(caught.value)


async def test_apps_sign_in_and_fail_without_a_trace(sinks: Sinks, tmp_path: Path) -> None:
    cloud = public_cloud()
    overheard = Overheard(cloud)
    key, certificate = key_and_certificate()
    registered(cloud, secrets=(SECRET,), certificates=(certificate,))
    kinds = [
        {"ENTRA_CLIENT_SECRET": SECRET},
        {"ENTRA_CLIENT_SECRET": "not-the-secret-but-somebodys"},
        {"ENTRA_CLIENT_CERTIFICATE": key + certificate},
        {"ENTRA_CLIENT_CERTIFICATE": "".join(key_and_certificate())},
    ]
    for environ in kinds:
        settings = settings_for(cloud, **environ)
        credential, keeper = credential_of(settings), TokenKeeper()
        context = context_of(settings, DEFAULT)
        source = ClientCredentialsSource(context, credential, lambda: network.sync_client(overheard), keeper)
        try:
            overheard.secrets.add(await source.token(DEFAULT))
        except AppError as error:
            sinks.fail(error)
        sinks.show(source, credential, keeper, settings)
    check(sinks, overheard.secrets, at_least=6)
    assert "PRIVATE KEY" not in sinks.text()


async def test_a_callers_own_token_is_traded_without_a_trace(sinks: Sinks) -> None:
    cloud = public_cloud()
    overheard = Overheard(cloud)
    entra, ines = cloud.app.state.entra, cloud.app.state.tenant.demo_person
    api = AppRegistration(
        client_id=APP,
        display_name="Graphward API",
        secrets=(SECRET,),
        allow_public_client=True,
        redirect_uris=("http://localhost",),
        exposed_scopes=("mcp.access",),
        identifier_uris=(f"api://{APP}",),
    )
    entra.register(api)
    client_app = "3f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a11"
    entra.register(
        AppRegistration(
            client_id=client_app,
            display_name="A client",
            allow_public_client=True,
            redirect_uris=("http://localhost",),
        )
    )
    settings = settings_for(cloud, ENTRA_CLIENT_SECRET=SECRET, ENTRA_AUTH_MODE="application")
    app = auth.PublicApp(client_app, "https://login.microsoftonline.com", cloud.app.state.tenant.id, cloud.http)
    cloud.http = lambda: network.sync_client(overheard)  # type: ignore[method-assign]
    people = people_of(cloud)
    people._app = people._attempts._app = people._roster._app = app
    async with people.running():
        assertion = await people.token(None, Ask.of([f"api://{APP}/mcp.access"]))
    context = context_of(settings, DEFAULT)
    traded = OnBehalfOf(
        context, credential_of(settings), lambda: network.sync_client(overheard), TokenKeeper(), cloud="public"
    )
    principal = Principal("public", cloud.app.state.tenant.id, ines.id, client_app)
    source = traded.for_caller(principal, assertion, time.time() + 3600)
    await failing(sinks, source.token([f"{GRAPH}/User.Read"]))
    entra.grant_admin_consent(APP, ["User.Read"])
    overheard.secrets.add(await source.token([f"{GRAPH}/User.Read"]))
    sinks.show(traded, source)
    check(sinks, overheard.secrets, at_least=5)


async def test_a_supplied_token_is_used_without_a_trace(sinks: Sinks) -> None:
    cloud = public_cloud()
    people = people_of(cloud)
    async with people.running():
        token = await people.token(None, Ask.of(SCOPES))
    settings = settings_for(cloud, GRAPH_ACCESS_TOKEN=token)
    source = supplied_token(settings)
    account = auth.Account(source, SCOPES, cloud="public", is_person=True)
    async with Client(server_on(cloud, settings, account)) as client:
        assert not (await client.call_tool("account_whoami", {})).is_error
        cloud.app.state.entra.rotate_keys(keep_old=False)
        await client.call_tool("account_whoami", {})
    await failing(sinks, source.token(SCOPES, refused=token))
    sinks.show(source, account, settings)
    check(sinks, {token}, at_least=1)


def test_headers_that_the_http_2_library_logs_are_masked(sinks: Sinks) -> None:
    token = "EwB4A8l6BAAU7p9QDpi/D7xJLwsTgCg3TskyTaQAAXu71AU9f4JS2qUJY"
    hpack.Encoder().encode([(b"authorization", f"Bearer {token}".encode())])
    logging.getLogger("canary").debug("x" * 1_200)
    check(sinks, {token}, at_least=1)
