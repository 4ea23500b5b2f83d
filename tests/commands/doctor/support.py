"""What tests of the doctor share: surroundings in which all is well, to be spoiled one thing at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Any

import httpx

import network
from _server_demo import DemoTenant
from _server_wiring import selection_of
from commands.doctor import Surroundings
from commands.doctor._run import CHECKS, WITH_SIGN_IN, findings
from commands.doctor._verdict import Verdict
from errors import SignInNeeded
from settings import Settings
from tests.auth.support import public_cloud, settings_for
from tools import ToolSpec

NOW = 1_790_000_000.0
READING_MAIL = {"TOOLSETS": "mail", "READ_ONLY": "true"}
REQUIREMENTS = Path(__file__).resolve().parents[3] / "requirements.txt"


class Dated(httpx.AsyncBaseTransport):
    """The emulator behind a web server whose clock is `ahead` of ours."""

    def __init__(self, cloud: DemoTenant, *, ahead: float = 0.0, **headers: str) -> None:
        self._inner = httpx.ASGITransport(app=cloud)
        self._ahead = ahead
        self._headers = headers
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        response = await self._inner.handle_async_request(request)
        response.headers["date"] = formatdate(NOW + self._ahead, usegmt=True)
        response.headers.update(self._headers)
        return response


async def resolved(host: str) -> Sequence[str]:
    return ["192.0.2.1"]


async def no_issuer(url: str) -> str:
    raise AssertionError("every certificate is trusted")


async def not_signed_in() -> str:
    raise SignInNeeded("Nobody is signed in.")


async def not_asked_for(scope: str) -> str:
    raise AssertionError("nobody needs a token of the app itself")


async def nothing_runs(settings: Settings) -> bool:
    return False


def _offered(settings: Settings) -> Iterable[ToolSpec]:
    return selection_of(settings).tools.values()


def surroundings(
    cloud: DemoTenant | None = None,
    environ: dict[str, str] | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    variables: dict[str, str] | None = None,
    **details: Any,
) -> Surroundings:
    """`environ` becomes settings, `variables` is what the doctor itself looks at."""
    cloud = cloud or public_cloud()
    settings = settings_for(cloud, **{**READING_MAIL, **(environ or {})})
    given: dict[str, Any] = {
        "settings": settings,
        "offered": partial(_offered, settings),
        "problems": (),
        "env_file": Path("absent.env"),
        "requirements": REQUIREMENTS,
        "environ": variables or {},
        "http": lambda: network.async_client(transport or Dated(cloud)),
        "trusted": object,
        "token": not_signed_in,
        "own_token": not_asked_for,
        "is_running": nothing_runs,
        "prove": object,
        "read_cache": lambda _: None,
        "resolve": resolved,
        "issuer_of": no_issuer,
        "clock": lambda: NOW,
    }
    return Surroundings(**{**given, **details})


def answering(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.AsyncBaseTransport:
    return httpx.MockTransport(answer)


async def verdicts(about: Surroundings, *names: str) -> dict[str, Verdict]:
    """What these checks say, or all of them, by their names."""
    checks = {name: check for name, check in (CHECKS | WITH_SIGN_IN).items() if not names or name in names}
    return {found.id: found.verdict for found in await findings(about, checks)}
