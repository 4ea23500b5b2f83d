"""web/middleware/trusted_proxies.py: whose forwarding headers count, and that nobody behind sees them."""

from __future__ import annotations

import ipaddress
import logging

import pytest
from starlette.types import ASGIApp

from tests.web.middleware.edge import HOST, PEER, Answer, ask, passes_other_scopes, scope_of
from web.middleware._passage import passage_of
from web.middleware.trusted_proxies import TrustedProxies, address_in

PROXY = ("10.0.0.1", 5000)
FORWARDING = (
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-uri",
    "x-forwarded-client-cert",
    "x_forwarded_for",
    "x-forwarded_host",
    "X-Forwarded-Server",
    "x-real-ip",
    "x_real_ip",
    "x-original-url",
    "x-rewrite-url",
    "x-host",
    "x_request_id",
)


def proxies(app: ASGIApp, *networks: str) -> TrustedProxies:
    named = networks or ("10.0.0.0/8", "2001:db8:1::/48")
    return TrustedProxies(app, networks=[ipaddress.ip_network(each) for each in named])


async def asked(*fields: tuple[str, str], client: object = PROXY) -> Answer:
    return await ask(proxies, scope_of(fields=[HOST, *fields], client=client))


async def address(*fields: tuple[str, str], client: object = PROXY) -> str:
    answer = await asked(*fields, client=client)
    assert answer.seen is not None
    found = passage_of(answer.sent).address
    assert answer.seen["client"] == (found, 0)
    return found


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param("198.51.100.7", "198.51.100.7", id="one hop"),
        pytest.param("1.1.1.1, 198.51.100.7", "198.51.100.7", id="what the client wrote itself"),
        pytest.param("1.1.1.1, 198.51.100.7, 10.0.0.2, 10.0.0.3", "198.51.100.7", id="two proxies of ours"),
        pytest.param("198.51.100.7:41234", "198.51.100.7", id="a port"),
        pytest.param("2001:db8::7", "2001:db8::7", id="IPv6"),
        pytest.param("[2001:DB8:0::7]:443", "2001:db8::7", id="IPv6 with brackets and a port"),
        pytest.param("[2001:db8::7]", "2001:db8::7", id="IPv6 with brackets"),
        pytest.param("fe80::1%eth0", "fe80::1", id="a zone"),
        pytest.param("::ffff:198.51.100.7", "198.51.100.7", id="IPv4 written as IPv6"),
        pytest.param("1.1.1.1, ::ffff:10.0.0.2", "1.1.1.1", id="a proxy written as IPv6"),
        pytest.param("198.51.100.7, 2001:db8:1::5", "198.51.100.7", id="a proxy with IPv6"),
        pytest.param("10.0.0.9, 10.0.0.8", "10.0.0.9", id="a client in the proxies' own network"),
        pytest.param("1.1.1.1, unknown", "10.0.0.1", id="unknown"),
        pytest.param("1.1.1.1, _hidden, 10.0.0.2", "10.0.0.2", id="a hidden hop"),
        pytest.param("1.1.1.1,", "10.0.0.1", id="an empty item"),
        pytest.param("", "10.0.0.1", id="nothing"),
        pytest.param("256.1.1.1", "10.0.0.1", id="no address"),
        pytest.param("2130706433", "10.0.0.1", id="an address as one number"),
        pytest.param("[2001:db8::7", "10.0.0.1", id="half a bracket"),
        pytest.param("1.1.1.1;DROP", "10.0.0.1", id="junk"),
        pytest.param("\u00b2.1.1.1", "10.0.0.1", id="a digit that is none"),
        pytest.param(", ".join(["1.1.1.1"] * 1000), "1.1.1.1", id="a thousand"),
        pytest.param(", ".join(["1.1.1.1"] + ["10.0.0.5"] * 1000), "10.0.0.5", id="more proxies than there can be"),
    ],
)
async def test_the_nearest_hop_that_is_no_proxy_of_ours_is_the_client(told: str, expected: str) -> None:
    assert await address(("x-forwarded-for", told)) == expected


async def test_several_lines_are_one_list() -> None:
    lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "198.51.100.7, 10.0.0.2")]
    assert await address(*lines) == "198.51.100.7"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param("for=198.51.100.7;proto=https;by=10.0.0.1", "198.51.100.7", id="one hop"),
        pytest.param('For="198.51.100.7:4711"', "198.51.100.7", id="quoted with a port"),
        pytest.param('for="[2001:db8::7]:4711"', "2001:db8::7", id="IPv6"),
        pytest.param('for="\\198.51.100.7"', "198.51.100.7", id="escaped"),
        pytest.param("for=1.1.1.1, for=198.51.100.7, for=10.0.0.2,", "198.51.100.7", id="several"),
        pytest.param('for=1.1.1.1;host="a, for=9.9.9.9"', "1.1.1.1", id="a comma within quotes"),
        pytest.param("for=1.1.1.1, for=unknown", "10.0.0.1", id="unknown"),
        pytest.param("for=1.1.1.1, proto=https", "10.0.0.1", id="a hop that names nobody"),
        pytest.param("proto=https", "10.0.0.1", id="nobody at all"),
        pytest.param("  ", "10.0.0.1", id="empty"),
    ],
)
async def test_forwarded_says_the_same_in_its_own_way(told: str, expected: str) -> None:
    assert await address(("forwarded", told)) == expected


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param([("x-forwarded-for", "1.1.1.1"), ("forwarded", "for=2.2.2.2")], id="two clients"),
        pytest.param([("x-forwarded-for", "1.1.1.1"), ("forwarded", "for=_hidden")], id="one hides"),
        pytest.param([("forwarded", 'for="1.1.1.1')], id="an open quote"),
        pytest.param([("forwarded", "for=1.1.1.1;for=2.2.2.2")], id="a hop with two names"),
        pytest.param([("forwarded", "for 1.1.1.1")], id="no pair"),
        pytest.param([("forwarded", '"' + '\\"' * 8000)], id="nothing but quotes"),
    ],
)
async def test_headers_that_contradict_each_other_are_refused(
    fields: list[tuple[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        answer = await asked(*fields)
    assert answer.seen is None
    assert (answer.status, answer.reason) == (400, "forwarding")
    assert b"X-Forwarded-For" in answer.body
    assert [getattr(record, "address", "") for record in caplog.records] == ["10.0.0.1"]


async def test_both_headers_are_fine_where_they_agree() -> None:
    both = [("x-forwarded-for", "6.6.6.6, 1.1.1.1"), ("forwarded", 'for="1.1.1.1:80"')]
    assert await address(*both) == "1.1.1.1"
    assert await address(("x-forwarded-for", "1.1.1.1"), ("forwarded", "proto=https")) == "1.1.1.1"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param([("x-forwarded-proto", "https")], "https", id="https"),
        pytest.param([("x-forwarded-proto", "http, HTTPS ")], "https", id="the nearest hop's"),
        pytest.param([("x-forwarded-proto", "https"), ("x-forwarded-proto", "http")], "http", id="two lines"),
        pytest.param([("x-forwarded-proto", "javascript")], "http", id="another scheme"),
        pytest.param([("forwarded", "for=1.1.1.1;proto=https")], "https", id="Forwarded"),
        pytest.param([("forwarded", "for=1.1.1.1"), ("x-forwarded-proto", "https")], "http", id="never a mix"),
        pytest.param([], "http", id="nothing"),
    ],
)
async def test_the_scheme_is_the_nearest_proxys(fields: list[tuple[str, str]], expected: str) -> None:
    answer = await asked(*fields)
    assert answer.seen is not None
    assert answer.seen["scheme"] == expected


@pytest.mark.parametrize(
    "client",
    [
        pytest.param(PEER, id="another address"),
        pytest.param(("11.0.0.1", 1), id="next to the network"),
        pytest.param(("::1", 1), id="loopback"),
    ],
)
async def test_what_anybody_else_says_counts_for_nothing(client: tuple[str, int]) -> None:
    spoofed = [
        ("x-forwarded-for", "1.1.1.1"),
        ("forwarded", 'for="'),
        ("x-forwarded-proto", "https"),
        ("x-request-id", "0123456789abcdef"),
    ]
    assert await address(*spoofed, client=client) == client[0]
    answer = await asked(*spoofed, client=client)
    assert answer.seen is not None
    assert answer.seen["scheme"] == "http"
    assert answer.passed == dict([HOST])


@pytest.mark.parametrize(
    "client",
    [pytest.param(None, id="none"), pytest.param(("", 0), id="empty"), pytest.param(("/run/x.sock", 0), id="a socket")],
)
async def test_a_peer_without_an_address_is_not_trusted(client: object) -> None:
    answer = await asked(("x-forwarded-for", "1.1.1.1"), client=client)
    assert answer.seen is not None
    assert (passage_of(answer.sent).address, answer.seen["client"]) == ("", client)
    assert answer.passed == dict([HOST])


@pytest.mark.parametrize("client", [pytest.param(PROXY, id="of a proxy"), pytest.param(PEER, id="of anybody")])
@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in FORWARDING])
async def test_forwarding_headers_are_never_handed_on(name: str, client: object) -> None:
    assert (await asked((name, "for=10.0.0.9"), ("accept", "x"), client=client)).passed == dict([HOST, ("accept", "x")])


async def test_the_id_that_a_proxy_gave_is_handed_on() -> None:
    assert (await asked(("x-request-id", "abc"))).passed["x-request-id"] == "abc"


async def test_networks_may_be_written_as_mapped_ipv6_and_peers_too() -> None:
    mapped = await ask(
        lambda app: proxies(app, "::ffff:10.0.0.0/104"),
        scope_of(fields=[("x-forwarded-for", "1.1.1.1")], client=("::ffff:10.1.2.3", 1)),
    )
    assert passage_of(mapped.sent).address == "1.1.1.1"


async def test_without_networks_nobody_is_believed() -> None:
    scope = scope_of(fields=[("x-forwarded-for", "1.1.1.1")], client=("127.0.0.1", 1))
    await ask(lambda app: TrustedProxies(app, networks=()), scope)
    assert passage_of(scope).address == "127.0.0.1"


async def test_other_scopes_pass_through() -> None:
    assert await passes_other_scopes(proxies)


def test_a_hop_of_any_length_is_read_in_one_go() -> None:
    assert address_in("1" * 100_000) is None
    assert address_in("[" + ":" * 100_000) is None
