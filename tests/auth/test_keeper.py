"""auth/_keeper.py and auth/_flights.py: tokens in memory, by two clocks, one renewal for all who ask."""

from __future__ import annotations

import threading

import anyio
import pytest

from auth._flights import Flights
from auth._keeper import Ask, TokenKeeper
from auth._worker import Result
from errors import SignInError, SignInUnavailable

ASK = Ask.of(["https://graph.microsoft.com/User.Read"])
HOUR = 3600.0


class Hands:
    """Two clocks, moved by hand."""

    def __init__(self) -> None:
        self.wall = 1_000_000.0
        self.steady = 50.0

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds

    def keeper(self) -> TokenKeeper:
        return TokenKeeper(clock=lambda: self.wall, steady=lambda: self.steady)


class Issuer:
    """Hands out numbered tokens, and remembers what was asked of it."""

    def __init__(self, *trouble: Exception, seconds: float = HOUR) -> None:
        self.trouble = list(trouble)
        self.seconds = seconds
        self.unwanted: list[str | None] = []
        self.threads: set[int] = set()

    def __call__(self, unwanted: str | None) -> Result:
        self.unwanted.append(unwanted)
        self.threads.add(threading.get_ident())
        if self.trouble:
            raise self.trouble.pop(0)
        return {"access_token": f"token-{len(self.unwanted)}", "expires_in": self.seconds}


async def test_a_token_is_fetched_once_and_served_until_shortly_before_it_expires() -> None:
    hands, issuer = Hands(), Issuer()
    keeper = hands.keeper()
    assert await keeper.token("ines", ASK, issuer) == "token-1"
    hands.pass_by(HOUR - 301)
    assert await keeper.token("ines", ASK, issuer) == "token-1"
    hands.pass_by(2)
    assert await keeper.token("ines", ASK, issuer) == "token-2"
    assert issuer.unwanted == [None, "token-1"]


async def test_a_thousand_callers_share_one_flight_outside_the_event_loop() -> None:
    issuer, tokens = Issuer(), set[str]()
    keeper = Hands().keeper()

    async def ask() -> None:
        tokens.add(await keeper.token("ines", ASK, issuer))

    async with anyio.create_task_group() as tasks:
        for _ in range(1_000):
            tasks.start_soon(ask)
    assert tokens == {"token-1"}
    assert len(issuer.unwanted) == 1
    assert threading.get_ident() not in issuer.threads


@pytest.mark.parametrize(
    ("whose", "ask"),
    [
        pytest.param("jonas", ASK, id="another account"),
        pytest.param("ines", Ask.of(["https://graph.microsoft.com/Mail.Read"]), id="other scopes"),
    ],
)
async def test_nobody_gets_a_token_that_was_not_kept_for_them(whose: str, ask: Ask) -> None:
    keeper = Hands().keeper()
    await keeper.token("ines", ASK, Issuer())
    other = Issuer()
    await keeper.token(whose, ask, other)
    assert other.unwanted == [None]


async def test_the_order_of_scopes_does_not_matter() -> None:
    keeper, issuer = Hands().keeper(), Issuer()
    await keeper.token("ines", Ask.of(["b", "a"]), issuer)
    assert await keeper.token("ines", Ask.of(["a", "b"]), issuer) == "token-1"


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(Ask.of(ASK.scopes, claims='{"access_token":{}}'), id="claims"),
        pytest.param(Ask.of(ASK.scopes, refused="token-1"), id="a refused token"),
    ],
)
async def test_a_challenge_or_a_refusal_fetches_anew_and_the_new_token_serves_all(ask: Ask) -> None:
    keeper, issuer = Hands().keeper(), Issuer()
    await keeper.token("ines", ASK, issuer)
    assert await keeper.token("ines", ask, issuer) == "token-2"
    assert await keeper.token("ines", ASK, issuer) == "token-2"


async def test_a_refused_token_that_was_replaced_meanwhile_costs_nothing() -> None:
    keeper, issuer = Hands().keeper(), Issuer()
    await keeper.token("ines", ASK, issuer)
    refused = Ask.of(ASK.scopes, refused="token-1")
    assert await keeper.token("ines", refused, issuer) == "token-2"
    assert await keeper.token("ines", refused, issuer) == "token-2"
    assert len(issuer.unwanted) == 2


@pytest.mark.parametrize(
    ("jump", "fetches"),
    [
        pytest.param(HOUR, 2, id="an hour ahead: renewed once"),
        pytest.param(-HOUR, 1, id="an hour back: still good by the steady clock"),
    ],
)
async def test_a_clock_that_jumps_makes_no_storm(jump: float, fetches: int) -> None:
    hands, issuer = Hands(), Issuer()
    keeper = hands.keeper()
    await keeper.token("ines", ASK, issuer)
    hands.wall += jump
    for _ in range(50):
        await keeper.token("ines", ASK, issuer)
    assert len(issuer.unwanted) == fetches


async def test_a_clock_that_was_set_back_does_not_keep_a_dead_token_alive() -> None:
    hands, issuer = Hands(), Issuer()
    keeper = hands.keeper()
    await keeper.token("ines", ASK, issuer)
    hands.wall -= HOUR
    hands.pass_by(HOUR)
    assert await keeper.token("ines", ASK, issuer) == "token-2"
    assert issuer.unwanted[-1] == "token-1", "whoever fetches must look past a cache that goes by the wall clock"


async def test_a_renewal_that_cannot_reach_entra_leaves_the_old_token_in_use_and_pauses() -> None:
    hands, issuer = Hands(), Issuer()
    keeper = hands.keeper()
    await keeper.token("ines", ASK, issuer)
    hands.pass_by(HOUR - 200)
    issuer.trouble = [SignInUnavailable("away", retry_after=60)]
    assert await keeper.token("ines", ASK, issuer) == "token-1"
    hands.pass_by(59)
    assert await keeper.token("ines", ASK, issuer) == "token-1"
    assert len(issuer.unwanted) == 2, "Entra asked for a minute"
    hands.pass_by(2)
    assert await keeper.token("ines", ASK, issuer) == "token-3"


async def test_once_the_old_token_is_dead_the_trouble_is_told() -> None:
    hands, issuer = Hands(), Issuer()
    keeper = hands.keeper()
    await keeper.token("ines", ASK, issuer)
    hands.pass_by(HOUR)
    issuer.trouble = [SignInUnavailable("away")]
    with pytest.raises(SignInUnavailable):
        await keeper.token("ines", ASK, issuer)


async def test_a_refused_token_is_not_served_again_for_want_of_a_better() -> None:
    keeper, issuer = Hands().keeper(), Issuer()
    await keeper.token("ines", ASK, issuer)
    issuer.trouble = [SignInUnavailable("away")]
    with pytest.raises(SignInUnavailable):
        await keeper.token("ines", Ask.of(ASK.scopes, refused="token-1"), issuer)


async def test_what_is_dropped_is_fetched_anew_and_nobody_else_suffers() -> None:
    keeper, ines, jonas = Hands().keeper(), Issuer(), Issuer()
    await keeper.token("ines", ASK, ines)
    await keeper.token("jonas", ASK, jonas)
    keeper.drop("ines")
    assert await keeper.token("ines", ASK, ines) == "token-2"
    assert await keeper.token("jonas", ASK, jonas) == "token-1"


async def test_what_is_kept_is_bounded() -> None:
    keeper = TokenKeeper(most=3)
    for number in range(5):
        await keeper.token(f"person {number}", ASK, Issuer())
    assert len(keeper._kept) == 3
    again = Issuer()
    await keeper.token("person 4", ASK, again)
    assert again.unwanted == []


async def test_a_token_is_in_no_repr() -> None:
    keeper = Hands().keeper()
    await keeper.token("ines", ASK, Issuer())
    assert "token-1" not in repr(keeper._kept)
    assert "token-1" not in repr(Ask.of(ASK.scopes, refused="token-1"))


async def test_an_error_reaches_everybody_on_the_flight_and_nobody_after() -> None:
    flights, asked, caught = Flights[str](), list[int](), list[SignInError]()
    release = anyio.Event()

    async def fail() -> str:
        asked.append(1)
        await release.wait()
        raise SignInError("no", code=50076)

    async def ride() -> None:
        with pytest.raises(SignInError) as error:
            await flights.join("key", fail)
        caught.append(error.value)

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(ride)
        await anyio.wait_all_tasks_blocked()
        release.set()
    assert len(asked) == 1
    assert [error.code for error in caught] == [50076] * 3
    release = anyio.Event()
    release.set()
    with pytest.raises(SignInError):
        await flights.join("key", fail)
    assert len(asked) == 2


async def test_another_caller_leads_when_the_first_gives_up() -> None:
    flights, leaders = Flights[str](), list[str]()
    release, first = anyio.Event(), anyio.CancelScope()
    results: list[str] = []

    async def work() -> str:
        leaders.append("leader")
        await release.wait()
        return "token"

    async def leave() -> None:
        with first:
            await flights.join("key", work)

    async def stay() -> None:
        results.append(await flights.join("key", work))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(leave)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(stay)
        await anyio.wait_all_tasks_blocked()
        first.cancel()
        await anyio.wait_all_tasks_blocked()
        release.set()
    assert leaders == ["leader", "leader"]
    assert results == ["token"]


async def test_a_token_that_arrives_after_its_owner_was_dropped_is_not_kept() -> None:
    keeper, issuer = Hands().keeper(), Issuer()

    def fetch(unwanted: str | None) -> Result:
        keeper.drop("ines")
        return issuer(unwanted)

    assert await keeper.token("ines", ASK, fetch) == "token-1"
    assert await keeper.token("ines", ASK, issuer) == "token-2"


async def test_what_is_dropped_leaves_nothing_behind() -> None:
    keeper = TokenKeeper()
    for number in range(100):
        await keeper.token(number, ASK, Issuer())
        keeper.drop(number)
        keeper.drop(f"nobody {number}")
    assert not [each for each in vars(keeper).values() if isinstance(each, dict) and each]


async def test_whoever_asks_with_another_proof_waits_for_no_answer_to_that_one() -> None:
    keeper, answers = TokenKeeper(), list[str]()

    async def ask(proof: str, issuer: Issuer) -> None:
        try:
            answers.append(await keeper.token("ines", Ask.of(ASK.scopes, proof=proof), issuer))
        except SignInError:
            answers.append(f"not with the {proof} one")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask, "bad", Issuer(SignInError("no")))
        tasks.start_soon(ask, "good", Issuer())
    assert sorted(answers) == ["not with the bad one", "token-1"]
