"""The doctor on what Entra and clients find of the HTTP service: by real MSAL, the emulated Entra, and our document."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from _server_commands import _own_token
from auth.inbound.metadata import metadata_of
from commands.doctor._verdict import Status, Surroundings, Verdict
from errors import AppRefused, SignInError
from network import OnDemand
from settings import read_settings
from tests.commands.doctor.support import surroundings, verdicts
from tests.commands.doctor.test_files import jwt_of
from tests.http.scene import API, CLIENT, PUBLIC_URL, RESOURCE, SECRET, HttpCloud

CLOUD = HttpCloud()
OTHER = "b0b0b0b0-1111-4222-8333-444444444444"
DOCUMENT = f"{PUBLIC_URL}/.well-known/oauth-protected-resource/mcp"
Answer = Callable[[httpx.Request], httpx.Response]


class Beside(httpx.AsyncBaseTransport):
    """The emulator, and beside it what answers for everything else, or instead of some of it."""

    def __init__(self, cloud: HttpCloud, answer: Answer, *hosts: str) -> None:
        self._cloud = httpx.ASGITransport(app=cloud)
        self._answer = answer
        self._hosts = hosts or ("mcp.lindenhall.example",)
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host not in self._hosts:
            return await self._cloud.handle_async_request(request)
        self.asked.append(request)
        return self._answer(request)


def around(cloud: HttpCloud, environ: dict[str, str] | None = None, **details: Any) -> Surroundings:
    """With real MSAL for the app's own token."""
    given = cloud.environ(**(environ or {}))
    msal = {"own_token": _own_token(read_settings(given), OnDemand(cloud.http))}
    return surroundings(cloud, given, **{"clock": cloud.now, **msal, **details})


async def said(name: str, about: Surroundings) -> Verdict:
    return (await verdicts(about, name))[name]


@pytest.mark.parametrize("name", ["http-issuer", "http-metadata", "http-token"])
@pytest.mark.parametrize(
    ("environ", "says"),
    [
        pytest.param({}, "clients reach the server over stdio", id="stdio"),
        pytest.param(
            {"TRANSPORT": "http", "HTTP_AUTH": "apikey", "ENTRA_CLIENT_SECRET": SECRET},
            "no tokens of Entra are taken",
            id="keys",
        ),
        pytest.param({"TRANSPORT": "http", "DEMO": "true"}, "no tokens of Entra are taken", id="the demo"),
    ],
)
async def test_only_where_tokens_of_entra_are_taken_is_anybody_asked(
    environ: dict[str, str], says: str, name: str
) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise AssertionError("nobody is to be asked")

    verdict = await said(name, surroundings(CLOUD, environ, httpx.MockTransport(refuse)))
    assert verdict == Verdict(Status.SKIPPED, says)


# The issuer and its keys.


async def test_the_issuer_is_the_one_that_is_taken_and_its_keys_are_at_hand() -> None:
    cloud = CLOUD
    verdict = await said("http-issuer", around(cloud))
    issuer = f"https://login.microsoftonline.com/{cloud.tenant.id}/v2.0"
    assert verdict == Verdict(Status.OK, f"{issuer} issues tokens, and its keys are at hand")


async def test_each_tenant_is_looked_at() -> None:
    verdict = await said("http-issuer", around(CLOUD, {"HTTP_TENANTS": OTHER}))
    assert verdict.status is Status.FAIL
    assert "its keys are at hand; " in verdict.says
    assert f"tells nothing of tenant {OTHER} (status 400)" in verdict.says
    assert "HTTP_TENANTS" in verdict.remedy


async def test_an_issuer_of_another_name_is_a_failure() -> None:
    def other(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"issuer": "https://sts.other.example/\x1b[2J"})

    cloud = CLOUD
    transport = Beside(cloud, other, "login.microsoftonline.com")
    verdict = await said("http-issuer", around(cloud, transport=transport))
    assert verdict.status is Status.FAIL
    assert "tokens come from https://sts.other.example/" in verdict.says
    assert verdict.says.isprintable()


async def test_keys_that_cannot_be_fetched_are_a_failure() -> None:
    cloud = CLOUD
    issuer = f"https://login.microsoftonline.com/{cloud.tenant.id}/v2.0"

    def no_keys(request: httpx.Request) -> httpx.Response:
        if "openid" in request.url.path:
            return httpx.Response(200, json={"issuer": issuer})
        return httpx.Response(503, stream=httpx.ByteStream(b""))

    verdict = await said("http-issuer", around(cloud, transport=Beside(cloud, no_keys, "login.microsoftonline.com")))
    assert verdict.status is Status.FAIL
    assert "without them nobody is let in" in verdict.remedy


async def test_a_sign_in_service_without_an_address_is_not_asked() -> None:
    async def unresolved(host: str) -> list[str]:
        raise OSError("no such name")

    cloud = CLOUD
    found = await verdicts(around(cloud, resolve=unresolved), "dns-login", "http-issuer", "http-token")
    assert found["http-issuer"].status is found["http-token"].status is Status.SKIPPED


# What clients find at PUBLIC_URL.


async def said_of_document(answer: Answer, **environ: str) -> tuple[Verdict, Beside]:
    cloud = CLOUD
    transport = Beside(cloud, answer)
    return await said("http-metadata", around(cloud, environ, transport=transport)), transport


async def test_our_document_is_found_where_clients_look_for_it() -> None:
    document = metadata_of(CLOUD.settings())
    verdict, transport = await said_of_document(lambda _: httpx.Response(200, json=dict(document)))
    assert verdict == Verdict(Status.OK, f"{DOCUMENT} says what clients have to ask for")
    (request,) = transport.asked
    assert str(request.url) == DOCUMENT
    assert "authorization" not in request.headers


async def test_below_a_path_it_is_at_the_root_of_the_host() -> None:
    _, transport = await said_of_document(lambda _: httpx.Response(404), PUBLIC_URL=f"{PUBLIC_URL}/tools")
    assert transport.asked[0].url.path == "/.well-known/oauth-protected-resource/tools/mcp"


@pytest.mark.parametrize(
    ("answer", "says", "remedy"),
    [
        pytest.param(httpx.Response(404, text="<html>"), "(status 404)", "at the root of the host", id="not passed on"),
        pytest.param(httpx.Response(200, text="<html>"), "(status 200)", "at the root of the host", id="a page"),
        pytest.param(httpx.Response(200, json=[]), "(status 200)", "at the root of the host", id="no object"),
        pytest.param(
            httpx.Response(301, headers={"Location": "https://x"}), "is redirected", "pass it on", id="a redirect"
        ),
        pytest.param(
            httpx.Response(200, json={"resource": "https://inner.example/mcp\x1b"}),
            "speaks for https://inner.example/mcp",
            "PUBLIC_URL and HTTP_PATH",
            id="another name",
        ),
        pytest.param(httpx.Response(200, json={"resource": RESOURCE}), "other settings", "anew", id="older settings"),
    ],
)
async def test_what_else_answers_there_is_a_warning(answer: httpx.Response, says: str, remedy: str) -> None:
    verdict, _ = await said_of_document(lambda _: answer)
    assert verdict.status is Status.WARN
    assert says in verdict.says
    assert verdict.says.isprintable()
    assert remedy in verdict.remedy


async def test_a_server_that_does_not_run_yet_is_a_warning() -> None:
    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    verdict, _ = await said_of_document(down)
    assert verdict.status is Status.WARN
    assert verdict.remedy.startswith("Perhaps the server does not run yet.")


async def test_a_certificate_that_is_not_trusted_is_told_as_such() -> None:
    def untrusted(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("untrusted") from ssl.SSLCertVerificationError("self-signed")

    verdict, _ = await said_of_document(untrusted)
    assert verdict.status is Status.WARN
    assert "is not trusted here" in verdict.says


# A token of our own.


async def test_a_real_token_for_the_api_is_as_this_server_takes_it() -> None:
    cloud = CLOUD
    verdict = await said("http-token", around(cloud))
    issuer = f"https://login.microsoftonline.com/{cloud.tenant.id}/v2.0"
    says = f"Entra gives tokens of version 2.0 for {RESOURCE}, made out to {API} by {issuer}"
    assert verdict == Verdict(Status.OK, says)
    assert "eyJ" not in str(verdict)


async def test_tokens_of_version_1_are_refused_unless_they_are_taken() -> None:
    cloud = HttpCloud(token_version=1)
    verdict = await said("http-token", around(cloud))
    assert verdict.status is Status.FAIL
    assert "requestedAccessTokenVersion to 2" in verdict.remedy
    taken = await said("http-token", around(cloud, {"HTTP_V1_TOKENS": "true"}))
    assert taken.status is Status.OK
    assert f"version 1.0 for {RESOURCE}, made out to {RESOURCE}" in taken.says


async def test_a_name_that_is_not_registered_is_a_failure() -> None:
    verdict = await said("http-token", around(HttpCloud(identifier_uris=(f"api://{API}",))))
    assert verdict.status is Status.FAIL
    assert verdict.says == f"Entra knows no API {RESOURCE} in this tenant (AADSTS500011)"
    assert "Expose an API" in verdict.remedy


@pytest.mark.parametrize(
    ("uris", "status", "says"),
    [
        pytest.param((f"api://{API}", RESOURCE), Status.OK, f"{RESOURCE} is known to Entra, too", id="both"),
        pytest.param((f"api://{API}",), Status.WARN, f"send resource={RESOURCE} will be refused", id="one alone"),
    ],
)
async def test_what_clients_send_as_resource_is_looked_at_too(uris: tuple[str, ...], status: Status, says: str) -> None:
    verdict = await said("http-token", around(HttpCloud(identifier_uris=uris), {"ENTRA_APP_ID_URI": f"api://{API}"}))
    assert verdict.status is status
    assert f"made out to {API}" in verdict.says
    assert says in verdict.says


async def test_a_wrong_credential_is_a_failure_with_its_reason() -> None:
    verdict = await said("http-token", around(CLOUD, {"ENTRA_CLIENT_SECRET": "another-secret-of-the-test"}))
    assert verdict.status is Status.FAIL
    assert "AADSTS7000215" in verdict.remedy
    assert "another-secret" not in str(verdict)


async def test_apps_are_looked_at_once_they_have_a_token_for_graph() -> None:
    async def had() -> str:
        return "EwB4A-opaque"

    cloud, apps = CLOUD, {"ENTRA_AUTH_MODE": "application"}
    found = await verdicts(around(cloud, apps, token=had), "sign-in", "http-token")
    assert found["http-token"].status is Status.OK
    found = await verdicts(around(cloud, apps), "sign-in", "http-token")
    assert found["http-token"] == Verdict(Status.SKIPPED, "the app has no token for Graph either")


async def test_callers_sign_in_and_the_server_does_not() -> None:
    found = await verdicts(around(CLOUD), "sign-in", "token", "permissions", "token-cache", "credential")
    assert "http-token" in found["sign-in"].says
    assert {found[name].status for name in ("sign-in", "token", "permissions", "token-cache")} == {Status.SKIPPED}
    assert found["credential"].status is Status.OK


def answering(
    outcome: str | Exception, then: str | Exception = ""
) -> tuple[Callable[[str], Awaitable[str]], list[str]]:
    """What Entra answers at first, and to all that comes after, if that is different."""
    asked: list[str] = []

    async def token(scope: str) -> str:
        asked.append(scope)
        found = outcome if len(asked) == 1 or not then else then
        if isinstance(found, Exception):
            raise found
        return found

    return token, asked


def made(cloud: HttpCloud, **claims: object) -> str:
    issuer = f"https://login.microsoftonline.com/{cloud.tenant.id}/v2.0"
    return jwt_of(**{"ver": "2.0", "aud": API, "iss": issuer, **claims})


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        pytest.param({"aud": CLIENT}, f"{RESOURCE} is the URI of {CLIENT}, not of {API}", id="another app's name"),
        pytest.param({"aud": ""}, f"{RESOURCE} is the URI of another app", id="nobody's"),
        pytest.param({"ver": "3.0"}, "version 3.0", id="an unknown version"),
        pytest.param({"ver": ""}, "version ?", id="no version"),
        pytest.param({"iss": "https://sts.other.example/"}, "tokens come from https://sts.other", id="another issuer"),
    ],
)
async def test_tokens_that_this_server_would_not_take_are_a_failure(claims: dict[str, str], says: str) -> None:
    cloud = CLOUD
    token, _ = answering(made(cloud, **claims))
    verdict = await said("http-token", around(cloud, own_token=token))
    assert verdict.status is Status.FAIL
    assert says in verdict.says
    assert verdict.remedy


async def test_an_app_that_may_ask_for_itself_by_its_id_alone_does() -> None:
    cloud = CLOUD
    token, asked = answering(AppRefused("No.", code=90009), made(cloud))
    assert (await said("http-token", around(cloud, own_token=token))).status is Status.OK
    assert asked == [f"{RESOURCE}/.default", f"{API}/.default"]


async def test_an_api_for_assigned_apps_alone_cannot_be_looked_into() -> None:
    cloud = CLOUD
    token, _ = answering(AppRefused("No.", code=501051))
    verdict = await said("http-token", around(cloud, own_token=token))
    assert verdict.status is Status.WARN
    assert "requestedAccessTokenVersion" in verdict.remedy


async def test_a_resource_that_is_refused_for_another_reason_is_known() -> None:
    cloud = CLOUD
    token, _ = answering(made(cloud), SignInError("No.", code=501051))
    about = around(cloud, {"ENTRA_APP_ID_URI": f"api://{API}"}, own_token=token)
    assert (await said("http-token", about)).status is Status.OK
