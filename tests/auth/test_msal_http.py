"""auth/msal_http.py: what is no OAuth answer never reaches MSAL, and says how long to wait."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio.to_thread
import httpx
import pytest

from auth.msal_http import KEEP_WHAT_IS_GOOD, DiscoveryOnly, HttpForMsal, client_options, seconds_to_wait
from auth.trouble import sign_in_trouble
from errors import AppRefused, SignInError, SignInUnavailable
from tests.auth.aadsts_scene import LOGIN, SCOPES, SECRET, Scene

NOW = 1_790_000_000.0


def answering(*responses: httpx.Response, clock: Callable[[], float] = lambda: NOW) -> HttpForMsal:
    left = list(responses)
    return HttpForMsal(httpx.Client(transport=httpx.MockTransport(lambda _: left.pop(0))), clock)


def signed_in_then(scene: Scene, change: Callable[[Scene], object]) -> dict[str, Any]:
    """A refresh under a sky that changed after the sign-in."""
    application = scene.public()
    scene.signed_in(application)
    change(scene)
    with sign_in_trouble():
        return scene.refreshed(application)


@pytest.mark.parametrize(
    ("change", "code", "wait"),
    [
        pytest.param(lambda scene: scene.entra.weather.throttle(retry_after=17), 90055, 17, id="throttled"),
        pytest.param(lambda scene: scene.entra.weather.throttle(retry_after=90_000), 90055, 3600, id="for a day"),
        pytest.param(lambda scene: scene.entra.weather.throttle(retry_after=None), 90055, 0, id="without a time"),
        pytest.param(
            lambda scene: scene.entra.weather.throttle(datetime.now(UTC) + timedelta(seconds=600)),
            90055,
            600,
            id="until a date",
        ),
        pytest.param(lambda scene: scene.entra.weather.throttle(60, code=50196), 50196, 60, id="a loop"),
        pytest.param(lambda scene: scene.entra.weather.outage(503, "json"), 90033, 0, id="a failure of Entra's"),
        pytest.param(lambda scene: scene.entra.weather.outage(504, "html"), 0, 0, id="a gateway's page"),
        pytest.param(lambda scene: scene.entra.weather.outage(500, retry_after=5), 0, 5, id="a page and a time"),
    ],
)
async def test_a_service_that_wants_patience_says_how_much(
    change: Callable[[Scene], object], code: int, wait: float
) -> None:
    with pytest.raises(SignInUnavailable) as told:
        await anyio.to_thread.run_sync(signed_in_then, Scene(), change)
    assert told.value.code == code
    assert told.value.retry_after == pytest.approx(wait, abs=2)
    assert "Try again in" in str(told.value)
    assert ("moment" in str(told.value)) == (wait == 0)


def renewed_ahead(scene: Scene, change: Callable[[Scene], object], options: dict[str, Any]) -> tuple[str, str]:
    """The token of a sign-in, and the one that MSAL has once it wants to renew that ahead of its end."""
    application = scene.public()
    old = scene.signed_in(application)
    (entry,) = application.token_cache.search("AccessToken", query={})
    application.token_cache.modify("AccessToken", entry, {"refresh_on": "1"})
    change(scene)
    (account,) = application.get_accounts()
    found = application.acquire_token_silent_with_error(SCOPES, account, **options)
    return old["access_token"], found["access_token"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda scene: scene.entra.weather.outage(), id="an outage"),
        pytest.param(lambda scene: scene.entra.weather.throttle(), id="throttled"),
        pytest.param(lambda scene: scene.entra.weather.tear(), id="a torn answer"),
        pytest.param(lambda scene: scene.entra.revoke_sessions(scene.ines), id="a refusal"),
    ],
)
async def test_a_token_that_is_good_for_hours_outlives_trouble_with_the_next(change: Callable[[Scene], object]) -> None:
    old, found = await anyio.to_thread.run_sync(renewed_ahead, Scene(), change, KEEP_WHAT_IS_GOOD)
    assert found == old


async def test_without_being_told_msal_would_give_up_a_good_token() -> None:
    """The reason for KEEP_WHAT_IS_GOOD: should this fail one day, it can go."""
    scene = Scene()
    with pytest.raises(SignInUnavailable):
        await anyio.to_thread.run_sync(renewed_ahead, scene, lambda scene: scene.entra.weather.outage(), {})


async def test_one_throttled_request_is_not_remembered() -> None:
    scene = Scene()

    def sign_in_twice() -> dict[str, Any]:
        with pytest.raises(SignInUnavailable):
            signed_in_then(scene, lambda scene: scene.entra.weather.throttle(times=1))
        return scene.signed_in(scene.public())

    assert "access_token" in await anyio.to_thread.run_sync(sign_in_twice)


@pytest.mark.parametrize("endpoint", ["devicecode", "discovery"])
async def test_an_outage_is_told_wherever_it_strikes(endpoint: str) -> None:
    scene = Scene()
    scene.entra.weather.outage(502, endpoint=endpoint)

    def begin() -> dict[str, Any]:
        with sign_in_trouble():
            return dict(scene.public().initiate_device_flow(SCOPES))

    with pytest.raises(SignInUnavailable, match=r"fails \(HTTP 502\)\. Try again in a moment"):
        await anyio.to_thread.run_sync(begin)


async def test_an_answer_that_breaks_off_is_not_written_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """MSAL would log the body, which may hold half a token."""
    scene = Scene()
    with caplog.at_level(logging.INFO, "msal"), pytest.raises(SignInUnavailable, match="it broke off"):
        await anyio.to_thread.run_sync(signed_in_then, scene, lambda scene: scene.entra.weather.tear())
    assert "eyJ" not in caplog.text
    assert not any(secret[:20] in caplog.text for secret in scene.secrets)


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(httpx.Response(200, html="<html>Welcome to the hotel</html>"), id="a hotel's page"),
        pytest.param(httpx.Response(200, text="\n <!doctype html>"), id="a page that does not say so"),
        pytest.param(httpx.Response(302, headers={"location": "http://hotel.example/"}), id="a redirect"),
        pytest.param(httpx.Response(403, html="<h1>Blocked by the firm</h1>"), id="a proxy's refusal"),
    ],
)
@pytest.mark.parametrize("verb", ["get", "post"])
def test_a_web_page_in_place_of_an_answer_is_recognised(verb: str, response: httpx.Response) -> None:
    with pytest.raises(SignInUnavailable, match="no usable answer: a web page came in its place"):
        getattr(answering(response), verb)(f"{LOGIN}/common")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"access_token": "eyJ', id="broken off"),
        pytest.param("[1]", id="no object"),
        pytest.param("", id="empty"),
        pytest.param("[" * 100_000, id="nested without end"),
    ],
)
def test_what_is_no_object_is_no_usable_answer(text: str) -> None:
    with pytest.raises(SignInUnavailable, match="broke off, or a proxy changed it"):
        answering(httpx.Response(200, text=text)).post(f"{LOGIN}/common")


def test_a_refusal_of_discovery_is_typed() -> None:
    refused = httpx.Response(400, json={"error": "invalid_tenant", "error_codes": [90002]})
    with pytest.raises(AppRefused, match=r"There is no such tenant\..*AADSTS90002"):
        answering(refused).get(f"{LOGIN}/nowhere.example/v2.0/.well-known/openid-configuration")


def test_a_refused_token_request_is_left_to_msal() -> None:
    refused = httpx.Response(400, json={"error": "invalid_grant", "error_codes": [50173]})
    assert answering(refused).post(f"{LOGIN}/common").status_code == 400


def test_a_failure_keeps_its_number_though_it_is_not_a_passing_one() -> None:
    odd = httpx.Response(500, json={"error": "server_error", "error_codes": [50000]})
    with pytest.raises(SignInUnavailable, match="AADSTS50000") as told:
        answering(odd).post(f"{LOGIN}/common")
    assert told.value.code == 50000


def test_too_many_requests_with_another_error_still_ask_for_patience() -> None:
    odd = httpx.Response(429, headers={"retry-after": "5"}, json={"error": "invalid_grant", "error_codes": [50053]})
    with pytest.raises(SignInUnavailable, match=r"wants fewer requests\. Try again in 5 seconds\.") as told:
        answering(odd).post(f"{LOGIN}/common")
    assert (told.value.code, told.value.retry_after) == (50053, 5)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        pytest.param("", 0, id="none"),
        pytest.param("0", 0, id="zero"),
        pytest.param("120", 120, id="seconds"),
        pytest.param(" 7 ", 7, id="spaces"),
        pytest.param("-5", 0, id="negative"),
        pytest.param("1.5", 0, id="a fraction"),
        pytest.param("9" * 400, 3600, id="more than a lifetime"),
        pytest.param("soon", 0, id="a word"),
        pytest.param("²", 0, id="a digit that is none"),
        pytest.param("Mon, 21 Sep 2026 14:14:20 GMT", 60, id="a date"),
        pytest.param("Mon, 21 Sep 2026 14:14:20 -0000", 60, id="a date without a zone"),
        pytest.param("Mon, 21 Sep 2026 14:00:00 GMT", 0, id="a date gone by"),
        pytest.param("Mon, 21 Sep 2099 14:00:00 GMT", 3600, id="a date far off"),
        pytest.param("Mon, 99 Sep 2026 14:00:00 GMT", 0, id="no date"),
    ],
)
def test_a_time_to_wait_is_read(header: str, seconds: float) -> None:
    assert seconds_to_wait(header, NOW) == seconds


def test_a_signed_assertion_is_sent_as_text() -> None:
    sent: list[bytes] = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request.content)
        return httpx.Response(200, json={})

    HttpForMsal(httpx.Client(transport=httpx.MockTransport(handle))).post(LOGIN, {"client_assertion": b"a.b", "x": "y"})
    assert sent == [b"client_assertion=a.b&x=y"]


async def test_applications_that_share_a_cache_discover_once() -> None:
    scene = Scene()
    paths: list[str] = []
    scene.http.event_hooks["request"].append(lambda request: paths.append(request.url.path))
    scene.register(secrets=(SECRET,), application_roles=frozenset({"Mail.Read"}))

    def twice(cache: DiscoveryOnly | None) -> int:
        paths.clear()
        for _ in range(2):
            scene.confidential(http_cache=cache).acquire_token_for_client(["https://graph.microsoft.com/.default"])
        return sum(path.endswith("openid-configuration") for path in paths)

    assert await anyio.to_thread.run_sync(twice, DiscoveryOnly()) == 1
    assert await anyio.to_thread.run_sync(twice, None) == 2


def test_a_cache_that_is_empty_is_still_the_one_to_share() -> None:
    cache = DiscoveryOnly()
    assert client_options(httpx.Client(), cache)["http_cache"] is cache


def test_every_trouble_is_a_sign_in_error() -> None:
    assert issubclass(SignInUnavailable, SignInError)
