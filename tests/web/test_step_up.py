"""web/step_up.py: which answers carry the challenge that a call met; with real clients in tests/http."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from principal import Principal, Sender, sent_by
from web.step_up import KEY, StepUp

CHALLENGE = 'resource_metadata="https://mcp.lindenhall.example/x", error="invalid_token"'
ERROR = {"content": [], "isError": True}


@dataclass
class Asked:
    """As much of a request's context as counts here."""

    method: str = "tools/call"


def sender(step_up: str = CHALLENGE) -> Sender:
    return Sender(Principal("public", "t", "u", "c"), step_up=step_up)


async def answer(result: Any, asked: Asked | None = None) -> Any:
    async def call_next(_: Any) -> Any:
        return result

    return await StepUp()(asked or Asked(), call_next)  # type: ignore[arg-type]


async def test_the_error_of_a_call_that_met_a_challenge_carries_it() -> None:
    with sent_by(sender()):
        shown = await answer({**ERROR, "_meta": {"mine": 1}})
    assert shown == {**ERROR, "_meta": {"mine": 1, KEY: [f"Bearer {CHALLENGE}"]}}
    with sent_by(sender()):
        assert (await answer({**ERROR, "_meta": None}))["_meta"] == {KEY: [f"Bearer {CHALLENGE}"]}


@pytest.mark.parametrize(
    ("result", "asked", "step_up"),
    [
        pytest.param({"content": [], "isError": False}, Asked(), CHALLENGE, id="a success after all"),
        pytest.param({"content": []}, Asked(), CHALLENGE, id="a success that does not say so"),
        pytest.param(None, Asked(), CHALLENGE, id="no answer"),
        pytest.param(ERROR, Asked("tools/list"), CHALLENGE, id="another method"),
        pytest.param(ERROR, Asked(), "", id="no challenge"),
    ],
)
async def test_other_answers_stay_as_they_are(result: Any, asked: Asked, step_up: str) -> None:
    with sent_by(sender(step_up)):
        assert await answer(result, asked) is result


async def test_without_a_sender_nothing_is_added() -> None:
    assert await answer(ERROR) is ERROR
