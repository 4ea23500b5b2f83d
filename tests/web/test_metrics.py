"""web/metrics.py: what is counted, under which words, and who may read it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import get_args

import httpx
import pytest
from starlette.applications import Starlette

from principal import Access
from tools import _records
from web import metrics
from web.metrics import Meter, NoMeter, PrometheusMeter, metrics_app, metrics_route, shared_numbers

TOOLS = ("mail_search", "mail_send")
TOKEN = "töken of the test"


def values(*meters: PrometheusMeter) -> dict[str, float]:
    """What the last of them tells, without the zeros and the buckets."""
    lines = meters[-1].text().decode().splitlines()
    found = (line.rpartition(" ") for line in lines if not line.startswith("#") and "_bucket" not in line)
    return {name.removeprefix("graphward_"): float(value) for name, _, value in found if float(value)}


def use(meter: Meter) -> None:
    """A little of everything."""
    meter.request("POST", "mcp", 200, 0.25, 1000)
    meter.request("GET", "mcp-stream", 401, 0.25, 10)
    meter.refused("no token")
    meter.tool("mail_search", "answered", "read", 0.5, 3, 700)
    meter.graph(200, 0.125)
    meter.graph(429, 0.125)
    meter.graph(0, 3)
    meter.throttled()


COUNTED = {
    'http_requests_total{method="POST",route="mcp",status="2xx"}': 1,
    'http_requests_total{method="GET",route="mcp-stream",status="4xx"}': 1,
    "http_request_seconds_count": 1,
    "http_request_seconds_sum": 0.25,
    "http_bytes_out_total": 1010,
    'refusals_total{reason="no token"}': 1,
    'tool_calls_total{access="read",outcome="answered",tool="mail_search"}': 1,
    'tool_seconds_count{tool="mail_search"}': 1,
    'tool_seconds_sum{tool="mail_search"}': 0.5,
    "tool_graph_calls_total": 3,
    "tool_bytes_out_total": 700,
    'graph_calls_total{status="2xx"}': 1,
    'graph_calls_total{status="4xx"}': 1,
    'graph_calls_total{status="none"}': 1,
    "graph_seconds_count": 3,
    "graph_seconds_sum": 3.25,
    "graph_throttled_total": 1,
    'build_info{version="1.2.3"}': 1,
}


def test_everything_is_counted_under_its_name() -> None:
    meter = PrometheusMeter("1.2.3", TOOLS)
    use(meter)
    assert values(meter) == COUNTED


def test_two_meters_in_one_process_share_nothing() -> None:
    use(PrometheusMeter("1.2.3", TOOLS))
    assert values(PrometheusMeter("1.2.3", TOOLS)) == {'build_info{version="1.2.3"}': 1}


def test_durations_fall_into_buckets() -> None:
    meter = PrometheusMeter("1", TOOLS)
    use(meter)
    text = meter.text().decode()
    assert 'graphward_http_request_seconds_bucket{le="0.1"} 0.0' in text
    assert 'graphward_http_request_seconds_bucket{le="0.25"} 1.0' in text


def test_no_meter_takes_everything_and_keeps_nothing() -> None:
    use(NoMeter())


# No caller can add a series.


@pytest.mark.parametrize(
    "word",
    [
        pytest.param("ines@lindenhall.example", id="a person"),
        pytest.param("", id="nothing"),
        pytest.param('x"} 1\nevil 1', id="a line of its own"),
        pytest.param("A" * 10_000, id="a long one"),
        pytest.param("mail_searchx", id="almost a tool"),
    ],
)
def test_unknown_words_are_other(word: str) -> None:
    meter = PrometheusMeter("1", TOOLS)
    meter.request(word, word, 99, 0, 0)
    meter.tool(word, word, word, 0, 0, 0)
    meter.refused(word if word != "mail_searchx" else "Not a reason")
    labelled = {name for name in values(meter) if "{" in name and "version" not in name}
    assert labelled == {
        'http_requests_total{method="other",route="other",status="none"}',
        'tool_calls_total{access="other",outcome="other",tool="other"}',
        'tool_seconds_count{tool="other"}',
        'refusals_total{reason="other"}',
    }


def test_there_is_an_end_of_reasons() -> None:
    meter = PrometheusMeter("1")
    letters = "abcdefghijklmnopqrstuvwxyz"
    reasons = [f"{first}{second}" for first in letters for second in letters]
    for reason in (*reasons, *reasons):
        meter.refused(reason)
    found = {name: value for name, value in values(meter).items() if name.startswith("refusals")}
    assert len(found) == 65
    assert found['refusals_total{reason="aa"}'] == 2
    assert found['refusals_total{reason="other"}'] == 2 * (len(reasons) - 64)


def test_the_words_are_those_of_the_tools() -> None:
    assert set(get_args(_records.Outcome)) == metrics.OUTCOMES
    assert {each.value for each in Access} == metrics.ACCESSES


def test_nothing_tells_about_the_machine() -> None:
    meter = PrometheusMeter("1", TOOLS)
    use(meter)
    names = re.findall(r"^# TYPE (\w+)", meter.text().decode(), re.MULTILINE)
    assert names
    assert all(name.startswith("graphward_") for name in names)
    assert "_created" not in meter.text().decode()


# Several workers.


def working(number: int) -> closing[PrometheusMeter]:
    return closing(PrometheusMeter("1.2.3", TOOLS, worker=number))


def test_the_numbers_of_all_workers_come_together() -> None:
    with shared_numbers(), working(0) as first, working(1) as second:
        use(first)
        use(second)
        doubled = {name: value * 2 for name, value in COUNTED.items() if "build" not in name}
        assert values(first) == values(second) == {**doubled, 'build_info{version="1.2.3"}': 1}


def test_a_worker_that_replaces_another_goes_on_with_its_numbers() -> None:
    with shared_numbers():
        for round_ in (1, 2, 3):
            with working(1) as meter:
                use(meter)
                assert values(meter)["http_bytes_out_total"] == 1010 * round_
        assert len([*Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).iterdir()]) == 3


@pytest.mark.parametrize("before", [pytest.param(None, id="none before"), pytest.param("elsewhere", id="a user's own")])
def test_the_folder_is_ours_alone_and_goes_away(before: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    if before:
        monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", before)
    with shared_numbers():
        folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
        assert os.name != "posix" or stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()
    assert os.environ.get("PROMETHEUS_MULTIPROC_DIR") == before


def test_one_worker_writes_no_files_wherever_the_environment_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "nowhere")
    with closing(PrometheusMeter("1.2.3", TOOLS)) as meter:
        use(meter)
        assert values(meter) == COUNTED


# Who may read them.


async def read(app: Starlette, *authorization: str, method: str = "GET") -> httpx.Response:
    headers = [(b"authorization", each.encode()) for each in authorization]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as http:
        return await http.request(method, "/metrics", headers=headers)


def guarded(token: str = TOKEN) -> Starlette:
    meter = PrometheusMeter("1.2.3", TOOLS)
    use(meter)
    return Starlette(routes=[metrics_route(meter, token)])


@pytest.mark.parametrize("scheme", [pytest.param("Bearer", id="as written"), pytest.param("bEARER", id="any case")])
async def test_the_token_opens_the_numbers(scheme: str) -> None:
    answer = await read(guarded(), f"{scheme} töken of the test")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "graphward_graph_throttled_total 1.0" in answer.text


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param([], id="nothing"),
        pytest.param(["Bearer "], id="an empty token"),
        pytest.param(["Bearer"], id="no token"),
        pytest.param(["Bearer another"], id="another token"),
        pytest.param(["Bearer töken of the tes"], id="a part of it"),
        pytest.param(["Basic töken of the test"], id="another scheme"),
        pytest.param(["töken of the test"], id="no scheme"),
        pytest.param(["Bearer töken of the test"] * 2, id="twice"),
    ],
)
async def test_others_learn_nothing(shown: Sequence[str]) -> None:
    answer = await read(guarded(), *shown)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="metrics"'
    assert answer.text == "Send METRICS_TOKEN as a bearer token.\n"


async def test_a_token_that_is_empty_opens_nothing() -> None:
    assert (await read(guarded(""), "Bearer ")).status_code == 401
    assert (await read(guarded(""))).status_code == 401


async def test_a_port_of_its_own_needs_no_token_and_has_nothing_else() -> None:
    meter = PrometheusMeter("1.2.3", TOOLS)
    app = metrics_app(meter)
    assert (await read(app)).content == meter.text()
    assert (await read(app, method="POST")).status_code == 405
