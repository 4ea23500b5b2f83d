"""web/middleware/host_and_origin.py: only our own names are answered, and only pages that were named may call."""

from __future__ import annotations

import pytest
from starlette.types import ASGIApp

from settings import read_settings
from tests.web.middleware.edge import Answer, ask, passes_other_scopes, scope_of
from web._hosts import host_in, names_loopback, origin_in
from web.middleware.host_and_origin import HostAndOrigin, hosts_of, origins_of

NAME = "mcp.lindenhall.example"
HOSTS = (NAME, f"{NAME}:8443", "[2001:db8::7]:3000", "xn--bcher-kva.example")
ORIGINS = (f"https://{NAME}", "https://app.contoso.com", "http://intranet:8080")


def public(app: ASGIApp) -> HostAndOrigin:
    return HostAndOrigin(app, hosts=HOSTS, origins=ORIGINS, loopback=False)


def local(app: ASGIApp) -> HostAndOrigin:
    return HostAndOrigin(app, loopback=True)


async def asked(*fields: tuple[str, str], on_loopback: bool = False, target: str = "/mcp") -> Answer:
    return await ask(local if on_loopback else public, scope_of("GET", target, fields))


@pytest.mark.parametrize(
    "host",
    [
        pytest.param(NAME, id="the name"),
        pytest.param("MCP.LindenHall.EXAMPLE", id="capitals"),
        pytest.param(f"{NAME}.", id="a dot at the end"),
        pytest.param(f"{NAME}:443", id="the usual port of https"),
        pytest.param(f"{NAME}:80", id="the usual port of http"),
        pytest.param(f"{NAME}:8443", id="its own port"),
        pytest.param(f"{NAME}.:8443", id="a dot and a port"),
        pytest.param("[2001:DB8:0:0::7]:3000", id="IPv6 in another spelling"),
        pytest.param("xn--bcher-kva.example", id="an international name"),
    ],
)
async def test_our_names_are_answered(host: str) -> None:
    assert (await asked(("host", host))).status == 200


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("evil.example", id="another name"),
        pytest.param(f"{NAME}.evil.example", id="a name that begins like ours"),
        pytest.param(f"evil.{NAME}", id="a name that ends like ours"),
        pytest.param(f"{NAME}..", id="two dots"),
        pytest.param(f"{NAME}:9999", id="another port"),
        pytest.param(f"{NAME}:", id="no port after the colon"),
        pytest.param(f"{NAME}:0", id="port 0"),
        pytest.param(f"{NAME}:65536", id="no port at all"),
        pytest.param(f"{NAME}:443:443", id="two ports"),
        pytest.param(f"{NAME}:+443", id="a port with a sign"),
        pytest.param(f"evil@{NAME}", id="a user name"),
        pytest.param(f"{NAME}@evil.example", id="our name as a user name"),
        pytest.param(f"{NAME}/", id="a path"),
        pytest.param(f"{NAME}#evil.example", id="a fragment"),
        pytest.param(f"{NAME}\\evil.example", id="a backslash"),
        pytest.param(f"{NAME}, evil.example", id="two names"),
        pytest.param(f" {NAME}", id="a space"),
        pytest.param(f"{NAME}\x00", id="NUL"),
        pytest.param(f"{NAME}\n", id="a line break"),
        pytest.param("b\u00fccher.example", id="letters that punycode stands for"),
        pytest.param("[2001:db8::7%25eth0]:3000", id="a zone"),
        pytest.param("[2001:db8::7", id="half a bracket"),
        pytest.param("[2001:db8:::7]:3000", id="no address"),
        pytest.param("2001:db8::7", id="IPv6 without brackets"),
        pytest.param("localhost:3000", id="loopback"),
        pytest.param("127.0.0.1", id="loopback by address"),
        pytest.param("*", id="a star"),
        pytest.param("", id="empty"),
    ],
)
async def test_other_names_are_refused_on_every_path(host: str) -> None:
    for target in ("/mcp", "/healthz", "/.well-known/oauth-protected-resource", "/nowhere"):
        answer = await asked(("host", host), target=target)
        assert (answer.status, answer.seen, answer.reason) == (421, None, "host")
        assert b"PUBLIC_URL" in answer.body


async def test_a_request_without_a_host_or_with_two_is_refused() -> None:
    assert (await asked()).status == 421
    assert (await asked(("host", NAME), ("host", NAME))).status == 421


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("127.0.0.1:3000", id="address"),
        pytest.param("127.8.8.8", id="any of this machine's"),
        pytest.param("localhost:3000", id="name"),
        pytest.param("LOCALHOST", id="capitals"),
        pytest.param("[::1]:3000", id="IPv6"),
        pytest.param("[::ffff:127.0.0.1]:3000", id="IPv4 written as IPv6"),
    ],
)
async def test_on_loopback_this_machines_names_are_answered(host: str) -> None:
    assert (await asked(("host", host), on_loopback=True)).status == 200


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("evil.example", id="another name"),
        pytest.param("localhost.evil.example:3000", id="a name that begins like ours"),
        pytest.param("127.0.0.1.evil.example", id="a name that begins like our address"),
        pytest.param("10.0.0.1:3000", id="another address"),
        pytest.param("0.0.0.0:3000", id="no address"),
        pytest.param("2130706433", id="an address as one number"),
        pytest.param("127.1", id="an address cut short"),
        pytest.param("[::1%25lo]:3000", id="a zone"),
        pytest.param("localhost@evil.example", id="a user name"),
        pytest.param("localhost:0", id="port 0"),
        pytest.param("localhost:65536", id="no port at all"),
    ],
)
async def test_on_loopback_a_foreign_host_is_refused(host: str) -> None:
    answer = await asked(("host", host), on_loopback=True)
    assert answer.status == 421
    assert b"http://127.0.0.1" in answer.body


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        pytest.param(f"https://{NAME}", 200, id="our own"),
        pytest.param("https://app.contoso.com", 200, id="one that is listed"),
        pytest.param("HTTPS://App.Contoso.com:443", 200, id="the same in another spelling"),
        pytest.param("http://intranet:8080", 200, id="with a port"),
        pytest.param("http://intranet", 403, id="without its port"),
        pytest.param("http://app.contoso.com", 403, id="without TLS"),
        pytest.param("https://app.contoso.com:444", 403, id="another port"),
        pytest.param("https://app.contoso.com.", 403, id="a dot at the end is another origin"),
        pytest.param("https://app.contoso.com.evil.example", 403, id="a look-alike"),
        pytest.param("https://evil.example", 403, id="another site"),
        pytest.param("https://app.contoso.com@evil.example", 403, id="a user name"),
        pytest.param("https://app.contoso.com/", 403, id="a path"),
        pytest.param("https://app.contoso.com https://evil.example", 403, id="two in one"),
        pytest.param("https://\u00e4pp.contoso.com", 403, id="a letter that is not ASCII"),
        pytest.param("http://localhost:6274", 403, id="a page of this machine"),
        pytest.param("https://[::1", 403, id="half a bracket"),
        pytest.param("https://[::g]", 403, id="no address"),
        pytest.param("null", 403, id="a sandboxed page"),
        pytest.param("file://", 403, id="a file"),
        pytest.param("*", 403, id="a star"),
        pytest.param("", 403, id="empty"),
    ],
)
async def test_an_origin_has_to_be_one_that_was_named(origin: str, status: int) -> None:
    answer = await asked(("host", NAME), ("origin", origin))
    assert (answer.status, answer.reason) == (status, "" if status == 200 else "origin")


async def test_two_origins_are_refused() -> None:
    twice = [("origin", "https://app.contoso.com")] * 2
    assert (await asked(("host", NAME), *twice)).status == 403


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        pytest.param("http://localhost:6274", 200, id="a page of this machine"),
        pytest.param("https://127.0.0.1", 200, id="over https"),
        pytest.param("http://[::1]:6274", 200, id="IPv6"),
        pytest.param("https://evil.example", 403, id="another site"),
        pytest.param("http://localhost.evil.example", 403, id="a look-alike"),
        pytest.param("null", 403, id="a sandboxed page"),
        pytest.param("http://localhost:x", 403, id="no port number"),
    ],
)
async def test_on_loopback_pages_of_this_machine_may_call(origin: str, status: int) -> None:
    assert (await asked(("host", "localhost"), ("origin", origin), on_loopback=True)).status == status


@pytest.mark.parametrize(
    ("hosts", "status"),
    [
        pytest.param(["mcp.lindenhall.example"], 403, id="it has a public name"),
        pytest.param(["127.0.0.1:3000", "[::1]"], 200, id="it has none"),
    ],
)
async def test_behind_a_proxy_pages_of_this_machine_are_other_sites(hosts: list[str], status: int) -> None:
    fields = [("host", "localhost:3000"), ("origin", "http://localhost:6274")]
    answer = await ask(lambda app: HostAndOrigin(app, hosts=hosts, loopback=True), scope_of(fields=fields))
    assert answer.status == status


async def test_other_scopes_pass_through() -> None:
    assert await passes_other_scopes(public)


def served(**environ: str) -> dict[str, str]:
    keys = {"ENTRA_TENANT_ID": "a0a0a0a0-1111-4222-8333-444444444444", "TRANSPORT": "http"}
    return {
        **keys,
        "ENTRA_CLIENT_ID": keys["ENTRA_TENANT_ID"],
        "ENTRA_CLIENT_SECRET": "a-secret-of-the-test",
        "HTTP_AUTH": "apikey",
        **environ,
    }


def test_the_names_come_from_the_settings_alone() -> None:
    environ = served(PUBLIC_URL="https://mcp.contoso.com:8443/tools", HTTP_ALLOWED_HOSTS="10.0.0.7:3000,alias.local")
    settings = read_settings({**environ, "CORS_ORIGINS": "https://app.contoso.com"})
    assert hosts_of(settings) == {"mcp.contoso.com:8443", "mcp.contoso.com", "10.0.0.7:3000", "alias.local"}
    assert origins_of(settings) == {"https://mcp.contoso.com:8443", "https://app.contoso.com"}


def test_without_any_there_are_no_names() -> None:
    settings = read_settings(served(HTTP_HOST="localhost"))
    assert (hosts_of(settings), origins_of(settings)) == (frozenset(), frozenset())


def test_where_it_listens_everywhere_this_machine_may_ask_how_it_is() -> None:
    public_url = {"PUBLIC_URL": "https://[2001:db8::7]", "TRUSTED_PROXIES": "10.0.0.0/8", "HTTP_HOST": "0.0.0.0"}
    here = {"localhost:3000", "127.0.0.1:3000", "[::1]:3000"}
    assert hosts_of(read_settings(served(**public_url))) == here | {"[2001:db8::7]"}


def test_hosts_and_origins_have_one_spelling() -> None:
    assert host_in("[0:0::1]:08080") == ("[::1]", 8080)
    assert origin_in("HTTP://A.example:80") == "http://a.example"
    assert origin_in("http://a.example:443") == "http://a.example:443"
    # The sign for Kelvin is a k in lower case.
    assert host_in("\u212aontoso.com") is None
    assert origin_in("https://\u212aontoso.com") is None


def test_an_address_leads_to_this_machine_or_it_does_not() -> None:
    assert all(names_loopback(f"//{host}") for host in ("localhost:3000", "127.0.0.1", "[::1]:3000"))
    wrong = ("localhost:evil", "[::1", "localhost:0", "localhost/", "a@localhost", "evil.example", "")
    assert not any(names_loopback(f"//{host}") for host in wrong)
