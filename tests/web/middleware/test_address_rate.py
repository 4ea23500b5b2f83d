"""web/middleware/address_rate.py and web/_rates.py: floods and guesses of one address, by a clock of the test."""

from __future__ import annotations

import pytest
from starlette.types import Receive, Scope, Send

from tests.http.asgi import Clock, answered, call, kinds_passed
from web._rates import Rate, Tally, network_of, rate_of
from web.middleware._passage import passage_of
from web.middleware.address_rate import AddressRate, Proven


async def door(scope: Scope, receive: Receive, send: Send) -> None:
    """Lets in who shows `good`, and says 403 to `narrow`."""
    shown = dict(scope["headers"]).get(b"authorization", b"").decode()
    if shown.startswith("good"):
        passage_of(scope).who = shown
    await answered(200 if shown.startswith("good") else 403 if shown == "narrow" else 401)(scope, receive, send)


def rated(clock: Clock, *, rate: str = "1000/minute", failures: str = "3/minute", share: int = 1) -> AddressRate:
    return AddressRate(door, rate=rate, failures=failures, share=share, clock=clock)


async def statuses(app: AddressRate, count: int, shown: str = "", address: str = "192.0.2.1") -> list[int]:
    headers = {"authorization": shown} if shown else {}
    return [(await call(app, address=address, headers=headers)).status for _ in range(count)]


async def test_beyond_its_rate_an_address_waits_and_others_do_not() -> None:
    clock = Clock()
    app = rated(clock, rate="3/minute")
    assert await statuses(app, 4, "good") == [200, 200, 200, 429]
    assert await statuses(app, 1, "good", "192.0.2.2") == [200]
    refused = await call(app, address="192.0.2.1")
    assert refused.headers["retry-after"] == "61"
    assert refused.reason == "address rate"
    clock.now += 61
    assert await statuses(app, 1, "good") == [200]


async def test_the_subscriber_of_an_ipv6_network_is_one_address() -> None:
    app = rated(Clock(), rate="1/minute")
    assert await statuses(app, 1, "good", "2001:db8:0:1::1") == [200]
    assert await statuses(app, 1, "good", "2001:db8:0:1:ffff::2") == [429]
    assert await statuses(app, 1, "good", "2001:db8:0:2::1") == [200]


async def test_whoever_guesses_is_stopped_and_what_was_let_in_before_goes_on() -> None:
    app = rated(Clock())
    assert await statuses(app, 1, "good") == [200]
    assert await statuses(app, 5, "a guess") == [401, 401, 401, 429, 429]
    assert await statuses(app, 2, "good") == [200, 200]
    assert await statuses(app, 1, "good too") == [429]
    assert await statuses(app, 1, "good too", "192.0.2.2") == [200]


async def test_what_was_let_in_once_and_then_is_not_counts_as_a_guess() -> None:
    verdicts = iter(["known", "", ""])

    async def fickle(scope: Scope, receive: Receive, send: Send) -> None:
        passage_of(scope).who = next(verdicts)
        await answered(200 if passage_of(scope).who else 401)(scope, receive, send)

    app = AddressRate(fickle, rate="9/minute", failures="1/minute", clock=Clock())
    assert await statuses(app, 3, "revoked") == [200, 401, 429]


async def test_a_token_without_the_scope_counts_and_requests_without_any_do_not() -> None:
    app = rated(Clock())
    assert await statuses(app, 9) == [401] * 9
    assert await statuses(app, 4, "narrow") == [403, 403, 403, 429]
    assert await statuses(app, 1) == [401]
    refused = await call(app, headers={"authorization": "x"}, address="192.0.2.1")
    assert refused.reason == "failure rate"
    assert "valid token" in refused.text


async def test_workers_divide_the_limits_and_round_up() -> None:
    app = rated(Clock(), rate="5/minute", share=2)
    assert await statuses(app, 4, "good") == [200, 200, 200, 429]


async def test_the_start_of_the_process_is_no_request() -> None:
    assert await kinds_passed(lambda app: AddressRate(app, rate="1/hour", failures="1/hour")) == ["lifespan"]


def test_what_was_let_in_is_remembered_only_so_long() -> None:
    proven = Proven(most=2)
    for shown in (b"1", b"2", b"1", b"3"):
        proven.learn(shown)
    assert [proven.knows(shown) for shown in (b"1", b"2", b"3")] == [True, False, True]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        pytest.param("192.0.2.1", "192.0.2.1", id="IPv4"),
        pytest.param("::ffff:192.0.2.1", "192.0.2.1", id="IPv4 in IPv6"),
        pytest.param("fe80::1%eth0", "fe80000000000000::/64", id="with a zone"),
        pytest.param("not:an:address", "not:an:address", id="none"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_an_address_counts_as_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_rate_is_read_with_its_time() -> None:
    assert rate_of("600/minute") == Rate(600, 60)
    assert rate_of("5/second", 2) == Rate(3, 1)
    assert rate_of("1/hour", 64) == Rate(1, 3600)


def test_the_window_slides_and_the_wait_that_is_told_is_enough() -> None:
    clock = Clock()
    tally = Tally(clock=clock)
    rate = Rate(10, 60)
    assert [tally.take("a", rate) for _ in range(10)] == [0] * 10
    clock.now += 66  # a tenth into the next window, nine of the ten still count
    assert [tally.take("a", rate) for _ in range(2)] == [0, 1]
    while wait := tally.wait("a", rate):
        clock.now += wait
        assert tally.wait("a", rate) == 0
    assert clock.now == 1067
    clock.now += 120
    assert [tally.take("a", rate) for _ in range(11)] == [0] * 10 + [61]


def test_of_a_million_addresses_few_are_kept() -> None:
    tally = Tally(clock=Clock(), most=100)
    for number in range(1000):
        tally.count(str(number), Rate(1, 60))
        tally.count("always", Rate(1, 60))
    assert len(tally) == 100
    assert tally.wait("always", Rate(1, 60))
