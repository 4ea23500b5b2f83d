"""Claims challenges: the token source is asked once, and what it says then is the last word."""

from __future__ import annotations

from pathlib import Path

import pytest

from errors import GraphUnauthorized, SignInNeeded
from tests.graph.chaos.clock import RESTLESS
from tests.graph.chaos.deed import Deed
from tests.graph.chaos.deeds import DEEDS
from tests.graph.chaos.judging import check, check_all_right
from tests.graph.chaos.playing import in_time
from tests.graph.chaos.stage import stage

CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'
SIGNED = [name for name in DEEDS if name != "metadata"]  # which everybody may read

APART = frozenset({"several gets apart", "several posts"})


@pytest.fixture
def anyio_backend() -> object:
    return RESTLESS


@pytest.mark.parametrize("times", [pytest.param(1, id="once"), pytest.param(None, id="until a new token is shown")])
@pytest.mark.parametrize("name", SIGNED)
async def test_a_challenge_is_answered_by_a_token_with_the_claims(name: str, times: int | None, tmp_path: Path) -> None:
    async with stage() as found:
        deed = DEEDS[name](found, tmp_path)
        found.chaos.strike("challenge", times=times, user=found.me.id, claims=CLAIMS)
        outcomes = await in_time(deed.do())
        check(outcomes, deed.parts)
        check_all_right(outcomes)
        asked = [claims for claims, _ in found.tokens.asked if claims is not None]
        assert asked in [[CLAIMS] * times for times in range(1, _calls(name, deed) + 1)]


@pytest.mark.parametrize("name", SIGNED)
async def test_a_second_challenge_is_the_token_sources_to_speak_of(name: str, tmp_path: Path) -> None:
    async with stage() as found:
        deed = DEEDS[name](found, tmp_path)
        found.chaos.strike("challenge", times=50, user=found.me.id, claims=CLAIMS)
        outcomes = await in_time(deed.do())
        check(outcomes, deed.parts)
        assert all(isinstance(each, SignInNeeded | GraphUnauthorized) for each in outcomes)
        assert len(found.log.sent) == 2 * _calls(name, deed)


def _calls(name: str, deed: Deed) -> int:
    """How many calls of it may be challenged, each on its own."""
    return len(deed.parts) if name in APART else 1
