"""settings.py: no bad ENTRA_AUTHORITY or ENTRA_TENANT_ID gets past the settings, so none reaches the network."""

from __future__ import annotations

import socket
from collections.abc import Mapping

import pytest

from clouds import CLOUDS
from errors import SettingsError
from settings import Settings, read_settings

TENANT = "6b0c1f5e-3d6a-4a43-8d0b-1f1d3c2b4a59"
LOGIN = "https://login.microsoftonline.com"
CLIENT = {"ENTRA_CLIENT_ID": "2f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a10"}
# Stands for what somebody pastes by mistake: no message may repeat it.
PASTED = "h8Q~pasted-by-mistake"

BAD_AUTHORITIES = {
    "plain http": f"http://login.microsoftonline.com/{TENANT}",
    "no scheme": f"login.microsoftonline.com/{TENANT}",
    "no scheme, two slashes": f"//login.microsoftonline.com/{TENANT}",
    "another scheme": f"ftp://login.microsoftonline.com/{TENANT}",
    "a scheme that runs code": "javascript:alert(1)//login.microsoftonline.com",
    "a file": "file:///etc/passwd",
    "another host": f"https://evil.example/{TENANT}",
    "the name in front of another": f"https://login.microsoftonline.com.evil.example/{TENANT}",
    "the name behind another": f"https://evil-login.microsoftonline.com.example/{TENANT}",
    "a subdomain": f"https://x.login.microsoftonline.com/{TENANT}",
    "the domain above": f"https://microsoftonline.com/{TENANT}",
    "a letter more": f"https://login.microsoftonlines.com/{TENANT}",
    "a zero for an o": f"https://login.micr0softonline.com/{TENANT}",
    "an l for an i": f"https://login.mlcrosoftonline.com/{TENANT}",
    "a cyrillic o": f"https://login.micros\u043eftonline.com/{TENANT}",
    "a full-width dot": f"https://login\uff0emicrosoftonline.com/{TENANT}",
    "an ideographic dot": f"https://login.microsoftonline\u3002com/{TENANT}",
    "a long s": f"https://login.micro\u017foftonline.com/{TENANT}",
    "a long s in the scheme": f"http\u017f://login.microsoftonline.com/{TENANT}",
    "a kelvin sign in the tenant": f"{LOGIN}/\u212aontoso.com",
    "a soft hyphen": f"https://login.micro\u00adsoftonline.com/{TENANT}",
    "a zero-width space": f"https://login.micro\u200bsoftonline.com/{TENANT}",
    "a right-to-left mark": f"https://login.microsoftonline.com\u202e/{TENANT}",
    "punycode": f"https://login.xn--microsftonline-5nk.com/{TENANT}",
    "a dot at the end of the host": f"https://login.microsoftonline.com./{TENANT}",
    "a dot in front of the host": f"https://.login.microsoftonline.com/{TENANT}",
    "two dots": f"https://login..microsoftonline.com/{TENANT}",
    "a user": f"https://{PASTED}@login.microsoftonline.com/{TENANT}",
    "a user and a password": f"https://admin:{PASTED}@login.microsoftonline.com/{TENANT}",
    "the name as the user": f"https://login.microsoftonline.com@evil.example/{TENANT}",
    "the name as user and password": f"https://login.microsoftonline.com:443@evil.example/{TENANT}",
    "a port": f"https://login.microsoftonline.com:8443/{TENANT}",
    "the usual port": f"https://login.microsoftonline.com:443/{TENANT}",
    "an empty port": f"https://login.microsoftonline.com:/{TENANT}",
    "a query": f"{LOGIN}/{TENANT}?secret={PASTED}",
    "a fragment": f"{LOGIN}/{TENANT}#{PASTED}",
    "an empty query": f"{LOGIN}/{TENANT}?",
    "an endpoint": f"{LOGIN}/{TENANT}/oauth2/v2.0/token",
    "the issuer": f"{LOGIN}/{TENANT}/v2.0",
    "dots for a tenant": f"{LOGIN}/..",
    "a path that goes up": f"{LOGIN}/{TENANT}/../common",
    "encoded dots": f"{LOGIN}/%2e%2e",
    "an encoded slash": f"{LOGIN}/{TENANT}%2fv2.0",
    "an encoded dot in the host": f"https://login%2emicrosoftonline.com/{TENANT}",
    "a path parameter": f"{LOGIN}/{TENANT};x=1",
    "a backslash for a slash": f"https:\\\\login.microsoftonline.com\\{TENANT}",
    "a backslash after the host": f"https://login.microsoftonline.com\\@evil.example/{TENANT}",
    "two slashes": f"{LOGIN}//{TENANT}",
    "a line break": f"{LOGIN}/com\nmon",
    "a line break and a header": f"{LOGIN}/common\r\nHost: evil.example",
    "a tab in the host": f"https://login.micro\tsoftonline.com/{TENANT}",
    "a space in the host": f"https://login.microsoftonline .com/{TENANT}",
    "a null": f"{LOGIN}/common\x00.evil.example",
    "loopback": f"https://localhost/{TENANT}",
    "an IPv4 address": f"https://20.190.128.1/{TENANT}",
    "an IPv4 address as a number": f"https://348028929/{TENANT}",
    "an IPv6 address": f"https://[::1]/{TENANT}",
    "the metadata service": "https://169.254.169.254/metadata",
    "a data host": f"https://graph.microsoft.com/{TENANT}",
    "the older token service": f"https://sts.windows.net/{TENANT}/",
    "the cloud that was closed": f"https://login.microsoftonline.de/{TENANT}",
    "AD FS": "https://fs.contoso.com/adfs",
    "AD FS as a tenant": f"{LOGIN}/adfs",
    "B2C": "https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_signin",
    "External ID": "https://contoso.ciamlogin.com/contoso.onmicrosoft.com",
    "a tenant that is no tenant": f"{LOGIN}/contoso",
    "a client id and more": f"{LOGIN}/{TENANT}-{PASTED}",
    "no host": "https:///common",
    "only a scheme": "https://",
    "words": "the usual one",
}
BAD_TENANTS = {
    "a single label": "contoso",
    "an address": "https://contoso.com",
    "an authority": f"{LOGIN}/{TENANT}",
    "a path": "contoso.com/v2.0",
    "a path that goes up": "../common",
    "a slash at the end": f"{TENANT}/",
    "a query": f"{TENANT}?x={PASTED}",
    "a fragment": f"{TENANT}#x",
    "an encoded slash": f"{TENANT}%2f..",
    "a backslash": f"{TENANT}\\common",
    "a user": "admin@contoso.com",
    "a port": "contoso.com:443",
    "braces": f"{{{TENANT}}}",
    "a template": "{tenantid}",
    "a placeholder": "<your-tenant-id>",
    "too short": TENANT[:-1],
    "too long": f"{TENANT}0",
    "without hyphens": TENANT.replace("-", ""),
    "a letter that is no digit": TENANT.replace("6", "g"),
    "digits of another alphabet": TENANT.replace("6", "\u0666"),
    "a cyrillic letter": "c\u043entoso.com",
    "a kelvin sign": "\u212aontoso.com",
    "a long s": "contoso.com".replace("s", "\u017f"),
    "a full-width letter": "\uff43ontoso.com",
    "a line break": "com\nmon",
    "a line break at the end of a domain": "contoso.com\n.evil.example",
    "a space": "contoso .com",
    "a null": "contoso.com\x00",
    "a dot at the end": "contoso.com.",
    "a dot in front": ".contoso.com",
    "two dots": "contoso..com",
    "a hyphen in front": "-contoso.com",
    "AD FS": "adfs",
    "a secret": PASTED,
    "two tenants": f"{TENANT},{TENANT}",
}
CONTRADICTIONS: dict[str, tuple[dict[str, str], str]] = {
    "the host of another cloud": (
        {"ENTRA_AUTHORITY": f"https://login.microsoftonline.us/{TENANT}", "ENTRA_CLOUD": "public"},
        "ENTRA_CLOUD: another cloud than that of ENTRA_AUTHORITY.",
    ),
    "the public host and China": (
        {"ENTRA_AUTHORITY": f"{LOGIN}/{TENANT}", "ENTRA_CLOUD": "china"},
        "ENTRA_CLOUD: another cloud than that of ENTRA_AUTHORITY.",
    ),
    "two tenants": (
        {"ENTRA_AUTHORITY": f"{LOGIN}/{TENANT}", "ENTRA_TENANT_ID": "contoso.com"},
        "ENTRA_TENANT_ID: differs from the tenant in ENTRA_AUTHORITY.",
    ),
    "a tenant and a shared authority": (
        {"ENTRA_AUTHORITY": f"{LOGIN}/common", "ENTRA_TENANT_ID": TENANT},
        "ENTRA_TENANT_ID: differs from the tenant in ENTRA_AUTHORITY.",
    ),
    "a daemon at a shared authority": (
        {"ENTRA_AUTHORITY": f"{LOGIN}/organizations", "ENTRA_CLIENT_SECRET": PASTED},
        "ENTRA_TENANT_ID: application mode works in one tenant.",
    ),
    "a daemon among personal accounts": (
        {"ENTRA_TENANT_ID": "consumers", "ENTRA_CLIENT_SECRET": PASTED},
        "ENTRA_TENANT_ID: application mode works in one tenant.",
    ),
}


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks a name up or connects fails the test."""

    def refuse(*args: object, **kwargs: object) -> object:
        raise AssertionError("a setting reached the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def complaint(environ: Mapping[str, str]) -> str:
    """The one line that says what is wrong."""
    with pytest.raises(SettingsError) as told:
        read_settings({**CLIENT, **environ})
    (line,) = told.value.problems
    return line


def accepted(**environ: str) -> Settings:
    return read_settings({**CLIENT, **environ})


@pytest.mark.parametrize("url", [pytest.param(url, id=what) for what, url in BAD_AUTHORITIES.items()])
def test_an_authority_that_is_not_microsofts_is_refused_with_a_sentence(url: str) -> None:
    line = complaint({"ENTRA_AUTHORITY": url})
    assert line.startswith("ENTRA_AUTHORITY: ")
    assert line.endswith(".")
    assert PASTED not in line
    assert "\n" not in line


@pytest.mark.parametrize("tenant", [pytest.param(tenant, id=what) for what, tenant in BAD_TENANTS.items()])
def test_a_tenant_that_is_none_is_refused_with_a_sentence(tenant: str) -> None:
    line = complaint({"ENTRA_TENANT_ID": tenant})
    assert line.startswith("ENTRA_TENANT_ID: not a tenant id (GUID)")
    assert line.endswith(".")
    assert PASTED not in line


@pytest.mark.parametrize(("environ", "says"), [pytest.param(*given, id=what) for what, given in CONTRADICTIONS.items()])
def test_what_contradicts_is_refused_with_a_sentence(environ: dict[str, str], says: str) -> None:
    line = complaint(environ)
    assert line.startswith(says)
    assert PASTED not in line


def test_there_are_enough_bad_ones() -> None:
    assert len(BAD_AUTHORITIES) >= 30
    assert len(BAD_TENANTS) >= 30


@pytest.mark.parametrize("host", sorted({host for cloud in CLOUDS.values() for host in cloud.login_hosts}))
@pytest.mark.parametrize(
    ("form", "tenant"),
    [
        pytest.param("https://{host}/" + TENANT, TENANT, id="tenant id"),
        pytest.param("https://{host}/Contoso.OnMicrosoft.com/", "contoso.onmicrosoft.com", id="domain"),
        pytest.param("HTTPS://{host}/organizations", "organizations", id="shared, in capitals"),
        pytest.param("https://{host}", "common", id="host alone"),
    ],
)
def test_what_is_microsofts_comes_out_as_that_host_and_tenant(host: str, form: str, tenant: str) -> None:
    settings = accepted(ENTRA_AUTHORITY=form.format(host=host))
    assert settings.authority_url == f"https://{host}/{tenant}"
    assert host in settings.cloud.login_hosts
