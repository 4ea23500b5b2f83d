"""Servers that stand behind proxies, started once for all tests that need them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from tests.deploy.proxies import OWN_HOST, SUB_PATH, Front, front
from tests.http.scene import RESOURCE, HttpCloud
from tests.microsoft import Microsoft, microsoft
from tests.serving import Service, serving

Servers = Callable[[str, bool], Service]


@pytest.fixture(scope="session")
def cloud() -> HttpCloud:
    made = HttpCloud(identifier_uris=(RESOURCE, f"{OWN_HOST}/mcp", f"{SUB_PATH}/mcp"))
    made.tenant.add_message(made.ines, "For Ines")
    made.tenant.add_message(made.jonas, "For Jonas")
    return made


@pytest.fixture(scope="session")
def hosts(cloud: HttpCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Microsoft]:
    with microsoft(cloud, tmp_path_factory.mktemp("microsoft")) as found:
        yield found


@pytest.fixture(scope="session")
def servers(cloud: HttpCloud, hosts: Microsoft, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """A server by its PUBLIC_URL: two workers behind a trusted proxy, or one with sessions that trusts nobody."""
    with ExitStack() as running:

        @cache
        def server(public_url: str, has_sessions: bool) -> Service:
            kind = {"STATELESS_HTTP": "false"} if has_sessions else {"WORKERS": "2", "TRUSTED_PROXIES": "127.0.0.1"}
            state = {"STATE_DIR": str(tmp_path_factory.mktemp("state")), "METRICS_TOKEN": "token-of-metrics"}
            extra = {**hosts.environ, **cloud.environ(PUBLIC_URL=public_url), **state, **kind}
            return running.enter_context(serving(extra=extra))

        yield server


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(("nginx", OWN_HOST), id="nginx, own host"),
        pytest.param(("nginx", SUB_PATH), id="nginx, sub-path"),
        pytest.param(("caddy", OWN_HOST), id="caddy, own host"),
        pytest.param(("caddy", SUB_PATH), id="caddy, sub-path"),
    ],
)
def stateless(
    request: pytest.FixtureRequest, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    """A proxy in front of two workers."""
    kind, public_url = request.param
    with front(kind, public_url, servers(public_url, False), tmp_path_factory.mktemp(kind)) as running:
        yield running


@pytest.fixture(scope="session", params=["nginx", "caddy"])
def sessions(
    request: pytest.FixtureRequest, servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    """A proxy in front of one worker, which keeps the sessions of older clients."""
    with front(request.param, SUB_PATH, servers(SUB_PATH, True), tmp_path_factory.mktemp(request.param)) as running:
        yield running
