"""The settings of the HTTP service: nobody unknown is served, nothing secret goes bare, and each mistake is told."""

from __future__ import annotations

import ipaddress

import pytest

from errors import SettingsError
from settings import Settings, read_settings

TENANT = "0a1b2c3d-1111-2222-3333-445566778899"
OTHER = "0a1b2c3d-1111-2222-3333-445566778800"
APP = {"ENTRA_CLIENT_ID": "6f1c2d3e-0a1b-4c5d-8e9f-001122334455", "ENTRA_TENANT_ID": TENANT}
SECRET = {"ENTRA_CLIENT_SECRET": "cAnArY8Q~secret-value"}
PUBLIC = {"PUBLIC_URL": "https://graph.contoso.com"}
ENTRA = {"TRANSPORT": "http", "HTTP_AUTH": "entra", **APP, **SECRET, **PUBLIC}
KEYS = {"TRANSPORT": "http", "HTTP_AUTH": "apikey", **APP, **SECRET}
PROXY = {"TRUSTED_PROXIES": "10.0.0.0/8"}


def problems(environ: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        read_settings(environ)
    return str(caught.value)


def but(environ: dict[str, str], **changes: str) -> dict[str, str]:
    """The same settings with others in it; an empty text unsets one."""
    return {**environ, **changes}


@pytest.mark.parametrize(
    ("environ", "way", "mode"),
    [
        pytest.param(ENTRA, "on-behalf-of", "delegated", id="people with tokens of Entra"),
        pytest.param(but(ENTRA, ENTRA_AUTH_MODE="application"), "secret", "application", id="daemons with such tokens"),
        pytest.param(KEYS, "secret", "application", id="daemons with keys"),
        pytest.param(
            {"TRANSPORT": "http", "HTTP_AUTH": "none", "INSECURE_LOOPBACK": "true", **APP},
            *("person", "delegated"),
            id="everybody on this machine, on purpose",
        ),
        pytest.param({"TRANSPORT": "http", "DEMO": "true"}, "demo", "delegated", id="the demo"),
        pytest.param(APP, "person", "delegated", id="over stdio nobody has to show anything"),
        pytest.param(but(ENTRA, TRANSPORT="stdio"), "secret", "application", id="over stdio HTTP_AUTH has no say"),
    ],
)
def test_who_calls_decides_as_whom_the_server_works(environ: dict[str, str], way: str, mode: str) -> None:
    settings = read_settings(environ)
    assert (settings.way, settings.auth_mode) == (way, mode)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        pytest.param({"TRANSPORT": "http", **APP}, "HTTP_AUTH: missing", id="nothing said"),
        pytest.param(but(ENTRA, HTTP_AUTH="none"), "add --insecure-loopback", id="none without the flag"),
        pytest.param(
            but(ENTRA, HTTP_AUTH="none", INSECURE_LOOPBACK="true", HTTP_HOST="0.0.0.0"),
            "HTTP_HOST: refusing to listen on 0.0.0.0",
            id="none beyond loopback",
        ),
        pytest.param(
            {"TRANSPORT": "http", "DEMO": "true", "HTTP_HOST": "192.0.2.1"}, "HTTP_HOST: refusing", id="demo for others"
        ),
        pytest.param(
            {"TRANSPORT": "http", "DEMO": "true", "HTTP_AUTH": "entra"},
            "does not go with the demo",
            id="demo with auth",
        ),
        pytest.param(
            {"TRANSPORT": "http", "DEMO": "true", "WORKERS": "2"}, "the demo is one process", id="demo with workers"
        ),
    ],
)
def test_nobody_is_served_who_has_shown_nothing(environ: dict[str, str], says: str) -> None:
    assert says in problems(environ)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        pytest.param(but(ENTRA, HTTP_HOST="0.0.0.0"), "TRUSTED_PROXIES", id="plain HTTP for everybody"),
        pytest.param(but(KEYS, HTTP_HOST="::", **PROXY), "PUBLIC_URL: missing", id="no name of its own"),
        pytest.param(but(ENTRA, PUBLIC_URL="http://graph.contoso.com"), "is not https", id="a public name without TLS"),
        pytest.param(but(ENTRA, HTTP_TLS_CERT="a.pem"), "HTTP_TLS_KEY: missing", id="a certificate without key"),
        pytest.param(but(ENTRA, HTTP_TLS_KEY="a.pem"), "HTTP_TLS_CERT: missing", id="a key without certificate"),
        pytest.param(but(ENTRA, METRICS_PORT="3000"), "METRICS_PORT: is HTTP_PORT", id="metrics on the same port"),
    ],
)
def test_tokens_do_not_travel_in_the_clear(environ: dict[str, str], says: str) -> None:
    assert says in problems(environ)


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param(but(ENTRA, HTTP_HOST="0.0.0.0", **PROXY), id="behind a proxy"),
        pytest.param(but(ENTRA, HTTP_HOST="0.0.0.0", HTTP_TLS_CERT="a", HTTP_TLS_KEY="b"), id="TLS of its own"),
        pytest.param(but(ENTRA, PUBLIC_URL="http://127.0.0.1:3000"), id="on this machine alone"),
    ],
)
def test_what_is_safe_may_start(environ: dict[str, str]) -> None:
    assert read_settings(environ).callers == "entra"


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        pytest.param(but(ENTRA, PUBLIC_URL=""), "PUBLIC_URL: missing", id="no public name"),
        pytest.param(but(ENTRA, ENTRA_TENANT_ID="contoso.com"), "needs the tenant's id", id="a domain"),
        pytest.param(but(ENTRA, ENTRA_TENANT_ID="common"), "needs the tenant's id", id="any tenant"),
        pytest.param(but(ENTRA, ENTRA_CLIENT_SECRET=""), "credential of the app", id="no credential"),
        pytest.param(but(ENTRA, ENTRA_ENABLE_AUTH="false"), "does not go with HTTP_AUTH=entra", id="no sign-in"),
        pytest.param(
            but(ENTRA, GRAPH_ACCESS_TOKEN="x.y.z", ENTRA_CLIENT_SECRET=""), "GRAPH_ACCESS_TOKEN", id="one token for all"
        ),
        pytest.param(but(KEYS, ENTRA_AUTH_MODE="delegated"), "apikey needs a credential", id="keys for a person"),
        pytest.param(
            but(ENTRA, ENTRA_AUTH_MODE="application", HTTP_TENANTS=OTHER),
            "HTTP_TENANTS: does not go with ENTRA_AUTH_MODE=application",
            id="apps of other tenants, which would reach the data of this one",
        ),
    ],
)
def test_each_kind_of_caller_needs_its_own(environ: dict[str, str], says: str) -> None:
    assert says in problems(environ)


@pytest.mark.parametrize(
    ("given", "resource"),
    [
        pytest.param("https://graph.contoso.com", "https://graph.contoso.com/mcp", id="a host"),
        pytest.param("https://Graph.Contoso.com:443/", "https://graph.contoso.com/mcp", id="as people write it"),
        pytest.param("https://contoso.com/tools/graph/", "https://contoso.com/tools/graph/mcp", id="below a path"),
        pytest.param("https://contoso.com:8443", "https://contoso.com:8443/mcp", id="another port"),
        pytest.param("https://[2001:db8::1]", "https://[2001:db8::1]/mcp", id="an address"),
    ],
)
def test_the_public_name_is_the_only_source_of_the_resource(given: str, resource: str) -> None:
    assert read_settings(but(ENTRA, PUBLIC_URL=given)).resource == resource


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("PUBLIC_URL", "graph.contoso.com", id="no scheme"),
        pytest.param("PUBLIC_URL", "https://user@graph.contoso.com", id="a user"),
        pytest.param("PUBLIC_URL", "https://graph.contoso.com?x=1", id="a query"),
        pytest.param("PUBLIC_URL", "https://graph.contoso.com/#", id="a fragment"),
        pytest.param("PUBLIC_URL", "https://graph.contoso.com/a b", id="a blank in the path"),
        pytest.param("PUBLIC_URL", "https://graph.contoso.com:99999", id="no port"),
        pytest.param("CORS_ORIGINS", "*", id="every origin"),
        pytest.param("CORS_ORIGINS", "https://app.contoso.com/path", id="a page"),
        pytest.param("CORS_ORIGINS", "null", id="the origin of nobody"),
        pytest.param("CORS_ORIGINS", " , ", id="no origin"),
        pytest.param("HTTP_ALLOWED_HOSTS", "*.contoso.com", id="a wildcard"),
        pytest.param("TRUSTED_PROXIES", "10.0.0.1/8", id="bits beyond the mask"),
        pytest.param("TRUSTED_PROXIES", "proxy.contoso.com", id="a name for a network"),
        pytest.param("HTTP_TENANTS", "contoso.com", id="a domain for a tenant"),
        pytest.param("HTTP_CALLER_RATE", "many", id="no rate"),
        pytest.param("HTTP_CALLER_RATE", "0/minute", id="never"),
        pytest.param("HTTP_BODY_BYTES", "1e9", id="no whole number"),
        pytest.param("WORKERS", "0", id="no worker"),
        pytest.param("ENTRA_APP_ID_URI", "graphward", id="no URI"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_name(name: str, text: str) -> None:
    assert f"{name}: " in problems(but(ENTRA, **{name: text}))


def read(**changes: str) -> Settings:
    return read_settings(but(ENTRA, **changes))


def test_lists_are_read_as_they_are_meant() -> None:
    settings = read(
        TRUSTED_PROXIES="10.0.0.0/8, 127.0.0.1 ::1",
        CORS_ORIGINS="https://App.contoso.com/,http://localhost:6274",
        HTTP_ALLOWED_HOSTS="Graph.internal:3000,10.0.0.7",
        HTTP_TENANTS=f"{OTHER.upper()},{TENANT}",
        HTTP_CALLER_RATE="10 per second",
    )
    assert ipaddress.ip_network("127.0.0.1/32") in settings.trusted_proxies
    assert settings.cors_origins == ("https://app.contoso.com", "http://localhost:6274")
    assert settings.http_allowed_hosts == ("graph.internal:3000", "10.0.0.7")
    assert settings.tenants == (TENANT, OTHER)
    assert settings.http_caller_rate == "10/second"


@pytest.mark.parametrize(
    ("changes", "is_stateless"),
    [
        pytest.param({}, False, id="one worker keeps sessions"),
        pytest.param({"WORKERS": "2"}, True, id="of several each call may reach another"),
        pytest.param({"WORKERS": "2", "STATELESS_HTTP": "false"}, False, id="unless the proxy keeps them together"),
        pytest.param({"STATELESS_HTTP": "true"}, True, id="on request"),
    ],
)
def test_older_clients_get_a_session_where_it_can_be_found_again(changes: dict[str, str], is_stateless: bool) -> None:
    assert read(**changes).is_stateless is is_stateless


def test_a_slip_in_a_name_that_guards_is_noticed() -> None:
    assert "CORS_ORIGINS" in problems(but(ENTRA, CORS_ORIGIN="https://app.contoso.com"))
