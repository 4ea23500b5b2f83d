"""Checks of the way to Microsoft: proxy, names, certificates, the sign-in service and Graph, the clock."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from clouds import CLOUDS, PERSONAL_TENANT
from commands.doctor._proxy import Route, route_to
from commands.doctor._verdict import Seen, Surroundings, Verdict, fail, ok, skipped, warn
from network import CA_VARIABLES
from settings import Settings

_CLOCK_WARNS = 60
_CLOCK_FAILS = 300
_TEMPLATE = "{tenantid}"
_OTHER_BUNDLES = ("CURL_CA_BUNDLE",)
_NO_NAME = "its name cannot be resolved"
_NOT_NEEDED = "nothing is signed in to"


def needs_network(settings: Settings) -> bool:
    """Whether the server would talk to Microsoft at all; also asked where the settings are wrong."""
    return not settings.demo


async def proxy(about: Surroundings, _: Seen) -> Verdict:
    """Which proxy stands between, and what NO_PROXY lets past it."""
    if not needs_network(about.settings):
        return skipped("the demo stays inside this process")
    routes = {host: _route(about, host) for host in _hosts(about.settings)}
    used = {route.text for route in routes.values() if route.address}
    if not used:
        return ok(next(iter(routes.values())).text)
    past = [host for host, route in routes.items() if not route.address]
    exempt = f"; NO_PROXY lets {', '.join(past)} past it" if past else ""
    return ok(f"{', '.join(sorted(used))}{exempt}")


async def certificates(about: Surroundings, _: Seen) -> Verdict:
    """Whose certificates are trusted."""
    about.trusted()  # a StartError says it all
    extra = [f"{name} ({path})" for name in (*CA_VARIABLES, "SSL_CERT_DIR") if (path := about.environ.get(name))]
    unread = [name for name in _OTHER_BUNDLES if about.environ.get(name) and not extra]
    note = f"; {', '.join(unread)} is for other programs and is not read here" if unread else ""
    return ok(f"trusted: {' and '.join(['the operating system', *extra])}{note}")


async def login_name(about: Surroundings, seen: Seen) -> Verdict:
    """Whether the name of the sign-in host is known."""
    return await _name(about, seen, _hosts(about.settings)[0])


async def graph_name(about: Surroundings, seen: Seen) -> Verdict:
    """Whether the name of Graph's host is known."""
    return await _name(about, seen, _hosts(about.settings)[1])


async def _name(about: Surroundings, seen: Seen, host: str) -> Verdict:
    if not needs_network(about.settings):
        return skipped("the demo stays inside this process")
    if _route(about, host).address:
        return skipped(f"the proxy resolves {host}")
    try:
        addresses = await about.resolve(host)
    except OSError as error:
        seen.unresolved.add(host)
        remedy = "Check the network and its DNS. Where only a proxy leads out, set HTTPS_PROXY."
        return fail(f"{host} cannot be resolved ({error.strerror or 'no such name'})", remedy)
    except BaseException:
        seen.unresolved.add(host)  # out of time: to connect would only wait for the same name again
        raise
    return ok(f"{host} is {', '.join(addresses[:2])}")


async def login_service(about: Surroundings, seen: Seen) -> Verdict:
    """Whether the sign-in service answers."""
    settings = about.settings
    if not needs_network(settings) or settings.way == "supplied":
        return skipped(_NOT_NEEDED)
    url = f"{settings.authority_url}/v2.0/.well-known/openid-configuration"
    answer = await asked(about, seen, url)
    if isinstance(answer, Verdict):
        return answer
    seen.login, seen.login_at = answer, about.clock()
    return ok(f"{answer.url.host} answers")


async def graph_service(about: Surroundings, seen: Seen) -> Verdict:
    """Whether Graph answers; without a token, it refuses."""
    if not needs_network(about.settings):
        return skipped(_NOT_NEEDED)
    answer = await asked(about, seen, f"{about.settings.cloud.graph_url}/v1.0/me")
    if isinstance(answer, Verdict):
        return answer
    if answer.status_code >= 500:
        return warn(
            f"Graph answers with {answer.status_code}", "Try again later; see the Microsoft 365 service health."
        )
    if "error" not in json_in(answer):
        return _stranger(answer)
    return ok(f"{answer.url.host} answers")


async def clock(about: Surroundings, seen: Seen) -> Verdict:
    """Whether this computer's clock agrees with that of the sign-in service."""
    date = _date_in(seen.login)
    if date is None:
        return skipped("the sign-in service told no time")
    off = round(seen.login_at - date)
    if abs(off) <= _CLOCK_WARNS:
        return ok("agrees with the sign-in service")
    way = "ahead of" if off > 0 else "behind"
    says = f"this computer's clock is {_duration(abs(off))} {way} the sign-in service's"
    remedy = "Set it by a time server (NTP); in a virtual machine or WSL also after it slept."
    return fail(says, remedy) if abs(off) > _CLOCK_FAILS else warn(says, remedy)


async def discovery(about: Surroundings, seen: Seen) -> Verdict:
    """Whether the authority is there, and is that of the tenant and cloud that are set."""
    if seen.login is None:
        return skipped("the sign-in service was not reached")
    document = json_in(seen.login)
    if "error" in document:
        return _no_authority(about.settings, document)
    if seen.login.status_code >= 500:
        return warn(f"the sign-in service answers with {seen.login.status_code}", "Try again in a moment.")
    issuer = document.get("issuer")
    if seen.login.status_code != 200 or not isinstance(issuer, str):
        return _stranger(seen.login)
    return _judged(about.settings, seen, issuer, str(document.get("msgraph_host", "")))


def _judged(settings: Settings, seen: Seen, issuer: str, graph_host: str) -> Verdict:
    parts = urlsplit(issuer)
    tenant_id = parts.path.strip("/").partition("/")[0].lower()
    if parts.scheme != "https" or parts.hostname not in settings.cloud.login_hosts:
        says = f"tokens would come from {parts.hostname}, which is not of the {settings.cloud.name} cloud"
        return fail(says, "Correct ENTRA_CLOUD or ENTRA_AUTHORITY. A proxy that changes answers would do the same.")
    if _is_id(settings.tenant) and tenant_id != settings.tenant:
        return fail(f"the tenant is {tenant_id}, not {settings.tenant}", "Correct ENTRA_TENANT_ID.")
    if graph_host and graph_host != settings.cloud.graph_host and settings.tenant != "consumers":
        meant = next((cloud.name for cloud in CLOUDS.values() if cloud.graph_host == graph_host), "")
        remedy = (
            f"Set ENTRA_CLOUD={meant}." if meant else "Ask an administrator which Microsoft cloud the tenant is in."
        )
        return fail(f"this tenant's data is at {graph_host}, not {settings.cloud.graph_host}", remedy)
    seen.tenant_id = "" if tenant_id == _TEMPLATE else tenant_id
    whose = "any tenant" if tenant_id == _TEMPLATE else f"tenant {tenant_id}"
    return ok(f"issues tokens for {'personal accounts' if tenant_id == PERSONAL_TENANT else whose}")


def _no_authority(settings: Settings, document: Mapping[str, Any]) -> Verdict:
    if document.get("error") == "invalid_tenant" or 90002 in (document.get("error_codes") or ()):
        remedy = (
            "Copy the Directory (tenant) ID from the app's overview in Entra to ENTRA_TENANT_ID; check ENTRA_CLOUD."
        )
        return fail(f"there is no tenant {settings.tenant} in the {settings.cloud.name} cloud", remedy)
    return fail("the sign-in service refuses this authority", "Check ENTRA_TENANT_ID and ENTRA_AUTHORITY.")


async def asked(about: Surroundings, seen: Seen, url: str) -> httpx.Response | Verdict:
    """The answer, or why there is none."""
    host = urlsplit(url).hostname or ""
    if host in seen.unresolved:
        return skipped(f"{host}: {_NO_NAME}")
    try:
        async with about.http() as http:
            return await http.get(url, follow_redirects=False)
    except httpx.TransportError as error:
        untrusted = next((each for each in causes_of(error) if isinstance(each, ssl.SSLCertVerificationError)), None)
        if untrusted or "CERTIFICATE_VERIFY_FAILED" in str(error):
            return await _untrusted(about, url, untrusted)
        return _unreached(about, host, error)


async def _untrusted(about: Surroundings, url: str, error: ssl.SSLCertVerificationError | None) -> Verdict:
    try:
        issuer = await about.issuer_of(url)
    except (OSError, httpx.TransportError):
        issuer = "an unknown issuer"
    message = str(getattr(error, "verify_message", ""))
    reason = f": {message}" if message else ""
    host = urlsplit(url).hostname
    bundle = next((about.environ[name] for name in _OTHER_BUNDLES if about.environ.get(name)), "")
    hint = f" It may be in {bundle}, which other programs use." if bundle else ""
    remedy = (
        "If that is your organisation's proxy that inspects TLS, put its root certificate (PEM) into a file and name "
        f"it in SSL_CERT_FILE.{hint} If it is not, do not go on: somebody is in between."
    )
    return fail(f"the certificate of {host} is not trusted{reason}; it was issued by {issuer}", remedy)


def _unreached(about: Surroundings, host: str, error: httpx.TransportError) -> Verdict:
    route = _route(about, host)
    if isinstance(error, httpx.ProxyError):
        remedy = "Check the proxy's address, and whether it wants a user and password (http://USER:PASSWORD@HOST:PORT)."
        return fail(f"the proxy does not let us through to {host} ({route.text})", remedy)
    kind = "does not answer in time" if isinstance(error, httpx.TimeoutException) else "cannot be reached"
    remedy = f"Check {route.text}." if route.address else "Check network and firewall: TCP port 443 has to be open."
    return fail(f"{host} {kind}", remedy)


def _stranger(answer: httpx.Response) -> Verdict:
    says = f"something else answers in the place of {answer.url.host} (status {answer.status_code})"
    return fail(
        says, "A proxy, or the sign-in page of a hotel or guest network, may be in between. Open a web page first."
    )


def _date_in(answer: httpx.Response | None) -> float | None:
    """The time of the answer; a copy out of a proxy's store tells how old it is."""
    try:
        date = parsedate_to_datetime(answer.headers["date"]).timestamp() if answer else None
        return date if date is None or answer is None else date + float(answer.headers.get("age", 0))
    except (KeyError, ValueError, TypeError):
        return None


def _duration(seconds: int) -> str:
    if seconds < 2 * _CLOCK_WARNS:
        return f"{seconds} seconds"
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"


def json_in(answer: httpx.Response) -> dict[str, Any]:
    """The object that an answer holds; nothing of what is none."""
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def causes_of(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and what it came of."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _hosts(settings: Settings) -> tuple[str, str]:
    return urlsplit(settings.authority_url).hostname or "", settings.cloud.graph_host


def _route(about: Surroundings, host: str) -> Route:
    return route_to(host, about.environ, about.system_proxies())


def _is_id(tenant: str) -> bool:
    return tenant.count("-") == 4 and "." not in tenant
