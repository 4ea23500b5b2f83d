"""One record of each call: what it was and what came of it, and nothing of what was in it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.shared.exceptions import MCPError
from mcp_types import ElicitResult
from opentelemetry.trace import INVALID_SPAN_CONTEXT, NonRecordingSpan, Span, use_span
from opentelemetry.util import types

from graph import counting
from principal import Access
from tests.support import demo_settings, text_of
from tests.tools.clients import Person, at
from tests.tools.trouble import ERAS, FREE, LIST, MAIL, SEND, cloud_of, served, working
from tests.virtual_time import VIRTUAL_TIME
from tools._records import CallRecord, logged, recorded
from tools._render import compact


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "tools._records")
    return caplog


def facts_in(log: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The records of the calls so far, as they were logged."""
    names = asdict(CallRecord("")).keys()
    lines = [vars(line) for line in log.records if line.name == "tools._records" and line.message == "tool call"]
    log.clear()
    return [{name: line[name] for name in names if name in line} for line in lines]


def story(facts: dict[str, Any]) -> tuple[Any, ...]:
    return facts["tool"], facts.get("access"), facts.get("decision"), facts["outcome"]


async def test_a_call_that_reads_leaves_one_record_with_its_measures(log: pytest.LogCaptureFixture) -> None:
    async with working() as (client, cloud):
        await client.call_tool(LIST, {})
        log.clear()
        before = len(cloud.app.state.calls.calls)
        result = await client.call_tool(LIST, {"limit": 3})
        asked = [call for call in cloud.app.state.calls.calls[before:] if not call.path.endswith("/$batch")]
    (facts,) = facts_in(log)
    assert story(facts) == (LIST, "read", None, "answered")
    assert facts["graph_calls"] >= len(asked) > 0
    assert facts["bytes_out"] == len(text_of(result).encode()) + len(compact(result.structured_content).encode())
    assert len(facts["who"]) == 32
    assert facts["ms"] >= 0


@pytest.mark.parametrize(
    ("tool", "arguments", "expected"),
    [
        pytest.param(LIST, {"limit": "x"}, (LIST, None, None, "failed"), id="a mistaken argument"),
        pytest.param(LIST, {"nobody": 1}, (LIST, None, None, "failed"), id="an unknown argument"),
        pytest.param(LIST, {"folder": "nowhere"}, (LIST, "read", None, "failed"), id="a folder that is not there"),
        pytest.param(SEND, {**MAIL, "dry_run": True}, (SEND, "send", "dry run", "answered"), id="a dry run"),
        pytest.param(SEND, MAIL, (SEND, "send", "free", "answered"), id="a write that nobody is asked about"),
        pytest.param("account_whoami", {}, ("account_whoami", "read", None, "answered"), id="nothing in Graph"),
    ],
)
async def test_the_record_says_what_came_of_the_call(
    tool: str, arguments: dict[str, Any], expected: tuple[Any, ...], log: pytest.LogCaptureFixture
) -> None:
    async with working() as (client, _):
        result = await client.call_tool(tool, arguments)
    (facts,) = facts_in(log)
    assert story(facts) == expected
    assert bool(facts["bytes_out"]) is not result.is_error


async def test_what_a_rule_forbids_is_refused(log: pytest.LogCaptureFixture) -> None:
    async with working(["Mail.Read", "User.Read"]) as (client, _):
        assert (await client.call_tool(SEND, MAIL)).is_error
    assert [story(each) for each in facts_in(log)] == [(SEND, "send", None, "refused")]


@pytest.mark.parametrize(
    ("era", "agrees", "outcomes"),
    [
        pytest.param("legacy stream", True, ["answered"], id="older handshake, yes"),
        pytest.param("legacy stream", False, ["declined"], id="older handshake, no"),
        pytest.param("modern stream", True, ["asked", "answered"], id="2026-07-28, yes"),
        pytest.param("modern stream", False, ["asked", "declined"], id="2026-07-28, no"),
    ],
)
async def test_each_round_of_a_question_is_a_call(
    era: str, *, agrees: bool, outcomes: list[str], log: pytest.LogCaptureFixture
) -> None:
    server = served(cloud_of(), settings=demo_settings())
    said = ElicitResult(action="accept", content={"approve": agrees})
    async with at(server, era, Person(form=said), {"form": {}}) as client:
        await client.call_tool(SEND, MAIL)
    assert [story(each) for each in facts_in(log)] == [(SEND, "send", "yes", outcome) for outcome in outcomes]


async def test_what_nobody_can_be_asked_about_is_refused(log: pytest.LogCaptureFixture) -> None:
    server = served(cloud_of(), settings=demo_settings())
    async with at(server, "modern stream", Person(), None) as client:
        assert (await client.call_tool(SEND, MAIL)).is_error
    assert [story(each) for each in facts_in(log)] == [(SEND, "send", "yes", "refused")]


@pytest.mark.parametrize("era", ERAS)
async def test_what_the_client_gives_up_is_cancelled(era: str, log: pytest.LogCaptureFixture) -> None:
    cloud = cloud_of()
    async with at(served(cloud), era, Person()) as client:
        cloud.app.state.throttle.latency = 10_000
        with anyio.move_on_after(5) as given_up:
            await client.call_tool(LIST, {})
        await anyio.sleep(1)
    assert given_up.cancelled_caught
    assert [story(each) for each in facts_in(log)] == [(LIST, "read", None, "cancelled")]


async def test_a_call_through_another_tool_is_recorded_once_under_the_one_that_did_it(
    log: pytest.LogCaptureFixture,
) -> None:
    async with Client(served(cloud_of(), settings=demo_settings({**FREE, "DISCOVERY": "true"}))) as client:
        await client.call_tool("tool_call", {"name": LIST, "arguments": {"limit": 2}})
        await client.call_tool("tool_find", {"query": "mail"})
    assert [story(each) for each in facts_in(log)] == [
        (LIST, "read", None, "answered"),
        ("tool_find", "read", None, "answered"),
    ]


class Told(Exception):
    """Something that nobody meant."""


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        pytest.param(ToolError("no such folder"), "failed", id="meant for the model"),
        pytest.param(UnexpectedToolError("Error executing tool x"), "crashed", id="a crash of a handler"),
        pytest.param(Told("a bug"), "crashed", id="a crash of ours"),
        pytest.param(MCPError(-32000, "no such capability"), "failed", id="of the protocol"),
    ],
)
async def test_an_error_that_was_not_meant_is_a_crash_whatever_was_noted_before(error: Exception, outcome: str) -> None:
    kept = list[CallRecord]()

    def called() -> None:
        with recorded("x", kept.append) as record:
            record.outcome = "failed" if type(error) is ToolError else "answered"
            raise error

    with pytest.raises(type(error)):
        called()
    assert [each.outcome for each in kept] == [outcome]


async def test_the_calls_within_are_counted_and_no_others() -> None:
    kept = list[CallRecord]()
    counting.note()
    with recorded("x", kept.append):
        counting.note(2)
    counting.note()
    assert kept[0].graph_calls == 2


async def test_a_record_that_cannot_be_kept_takes_nobodys_answer_away(caplog: pytest.LogCaptureFixture) -> None:
    def full(record: CallRecord) -> None:
        raise OSError("no space left on device")

    with recorded("x", full) as record:
        record.outcome = "answered"
    assert [line.message for line in caplog.records if line.levelno == logging.ERROR] == [
        "the record of a call was lost"
    ]


def test_the_log_has_what_is_known_and_leaves_out_what_is_not(log: pytest.LogCaptureFixture) -> None:
    logged(CallRecord("x", access=Access.WRITE, outcome="answered"))
    facts = {"tool": "x", "access": "write", "graph_calls": 0, "bytes_out": 0, "ms": 0, "outcome": "answered"}
    assert facts_in(log) == [facts]


class Noted(NonRecordingSpan):
    """A span that keeps its attributes; the SDK of OpenTelemetry is not needed for that."""

    def __init__(self, *, is_recording: bool) -> None:
        super().__init__(INVALID_SPAN_CONTEXT)
        self.attributes: dict[str, Any] = {}
        self._is_recording = is_recording

    def is_recording(self) -> bool:
        return self._is_recording

    def set_attributes(self, attributes: Any) -> None:
        assert self._is_recording, "nobody looks at it"
        self.attributes.update(attributes)


class Tracer:
    """Stands for the SDK's tracer, and keeps every span."""

    def __init__(self) -> None:
        self.spans: dict[str, Noted] = {}

    @contextmanager
    def start_as_current_span(self, name: str, **_: types.AttributeValue | object) -> Iterator[Span]:
        self.spans[name] = span = Noted(is_recording=True)
        with use_span(span, record_exception=False, set_status_on_exception=False):
            yield span


@pytest.mark.parametrize("era", ERAS)
async def test_the_span_of_the_call_gets_the_same_facts(
    era: str, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracer = Tracer()
    monkeypatch.setattr("mcp.shared._otel._tracer", tracer)
    async with at(served(cloud_of()), era, Person()) as client:
        await client.call_tool(LIST, {"limit": 2})
    (facts,) = facts_in(log)
    assert (
        tracer.spans[f"tools/call {LIST}"].attributes.items()
        >= {f"graphward.{name}": value for name, value in facts.items()}.items()
    )


async def test_a_span_that_nobody_records_costs_nothing() -> None:
    with use_span(Noted(is_recording=False)), recorded("x", lambda _: None) as record:
        record.outcome = "answered"
