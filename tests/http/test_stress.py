"""Many people, two workers, both eras, trouble everywhere: nobody gets a trace of anybody else.

`make test` plays a small part within this process; with STRESS=1, as in .ci/run, 50 people make 200 calls each of a
server with two processes.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path
from random import Random

import httpx
import pytest

from emulator.tenant import Person
from tests import processes
from tests.http.crowd import MARKER, Found, at_work, marked
from tests.http.scene import HttpCloud
from tests.http.service import MCP_HEADERS, USUAL, Onto, Service, heard, service, told_in
from tests.microsoft import microsoft

IS_WHOLE = bool(os.environ.get("STRESS"))
KEYS = "0f" * 32
WORKS = {"WORKERS": "2", "STATE_KEYS": KEYS, "HTTP_CALL_SECONDS": "2"}
READY_SECONDS = 30.0


QUICK = ("forbidden", "torn", "outage", "tear", "missing")
ALL = (*QUICK, "throttled", "unavailable", "lost", "slow")


def trouble_in(cloud: HttpCloud, random: Random, kinds: Sequence[str]) -> Callable[[], object]:
    """One kind after the other. Some make a call wait for seconds, or need a socket."""
    chaos, weather, throttle = cloud.app.state.chaos, cloud.entra.weather, cloud.app.state.throttle
    strikes: dict[str, Callable[[], object]] = {
        "forbidden": partial(chaos.strike, status=403, times=3),
        "missing": partial(chaos.strike, status=404, times=2),
        "torn": partial(chaos.strike, "torn"),
        "outage": partial(weather.outage, times=1, endpoint="token"),
        "tear": partial(weather.tear, times=1),
        "throttled": partial(chaos.strike, status=429, retry_after=1, times=2),
        "unavailable": partial(chaos.strike, status=503, times=2),
        "lost": partial(chaos.strike, "lost"),
        "slow": partial(setattr, throttle, "latency", 1.5),
    }

    def strike() -> None:
        throttle.latency = 0.0
        strikes[random.choice(kinds)]()

    return strike


def check(found: Found, cloud: HttpCloud, people: dict[str, Person], log: str) -> None:
    """Everybody got something, and nobody anything of another's."""
    assert not found.foreign
    assert not found.odd
    assert found.own > found.answers * 0.2
    assert not MARKER.findall(log)
    assert not re.search(r"eyJ[A-Za-z0-9_-]{20}", log)
    for person in people.values():
        box = cloud.tenant.mailbox(person)
        sent = box.folder("sentitems").id
        assert not [each for each in box.messages.values() if each.values["parentFolderId"] == sent]


async def test_nobody_gets_a_trace_of_another_whatever_happens(tmp_path: Path) -> None:
    cloud, random = HttpCloud(), Random(7)  # noqa: S311 - the same disorder each time
    people = marked(cloud, 8)
    workers: list[Service] = []
    environ = {**WORKS, "STATE_DIR": str(tmp_path / "state")}

    def client(person: Person) -> httpx.AsyncClient:
        return random.choice(workers).http(cloud.token(person))

    with heard() as records:
        async with AsyncExitStack() as running:
            workers.extend([await running.enter_async_context(service(cloud, environ)) for _ in range(2)])
            trouble = trouble_in(cloud, random, QUICK)
            found = await at_work(people, client, calls=12, seed=7, leaves=0.05, trouble=trouble, every=8)
    check(found, cloud, people, told_in(records))


@contextmanager
def two_processes(environ: dict[str, str], folder: Path) -> Iterator[str]:
    """A server with a log file, and its URL."""
    log = folder / "graphward.log"
    given = {**environ, "LOG_FILE": str(log), "LOG_LEVEL": "DEBUG", "LOG_FORMAT": "json"}
    command = processes.command("--transport", "http", "--port", "0")
    with subprocess.Popen(command, env=processes.environment(given), stdin=subprocess.DEVNULL) as process:
        try:
            yield _url_in(log)
        finally:
            process.terminate()
            assert process.wait(processes.WAIT) == 0


def _whole(folder: Path) -> str:
    return "".join(path.read_text("utf-8") for path in folder.glob("graphward.log*"))


def _url_in(log: Path) -> str:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        if log.exists() and (found := re.search(r"http://127\.0\.0\.1:\d+/mcp", log.read_text("utf-8"))):
            return found[0]
        time.sleep(0.05)
    raise AssertionError("the server did not start")


@pytest.mark.skipif(not IS_WHOLE, reason="takes minutes: .ci/run plays it, with STRESS=1")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="several workers need fork")
async def test_fifty_people_and_two_processes(tmp_path: Path) -> None:
    cloud, random = HttpCloud(), Random(7)  # noqa: S311 - the same disorder each time
    people = marked(cloud, 50)
    calls = int(os.environ.get("STRESS_CALLS", "200"))
    with microsoft(cloud, tmp_path) as hosts:
        environ = {**hosts.environ, **cloud.environ(), **USUAL, **WORKS, "STATE_DIR": str(tmp_path / "state")}
        with two_processes(environ, tmp_path) as url:

            def client(person: Person) -> httpx.AsyncClient:
                headers = {**MCP_HEADERS, "Authorization": f"Bearer {cloud.token(person)}"}
                return httpx.AsyncClient(
                    transport=Onto(int(url.split(":")[2].split("/")[0])), headers=headers, timeout=30
                )

            trouble = trouble_in(cloud, random, ALL)
            found = await at_work(people, client, calls=calls, seed=7, leaves=0.3, trouble=trouble, every=40)
    check(found, cloud, people, _whole(tmp_path))
    assert found.answers > 50 * calls * 0.7
