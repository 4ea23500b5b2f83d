"""Checks of what Entra and clients find of the HTTP service: issuers and keys, our metadata, a token of our own."""

from __future__ import annotations

import ssl
import time
from urllib.parse import urlsplit

import anyio
import httpx

from auth.accounts import claims_of
from auth.inbound.issuers import Terms, issuer_of, key_sets
from auth.inbound.jwks import KeySet
from auth.inbound.metadata import document_address, metadata_of
from commands._output import printable
from commands.doctor._http_callers import api_name
from commands.doctor._network import asked, causes_of, json_in
from commands.doctor._verdict import Seen, Surroundings, Verdict, all_of, fail, ok, skipped, warn, without_http
from errors import SignInError
from settings import Settings

_NOT_ENTRA = "no tokens of Entra are taken"
_PATIENCE = 5.0
_UNKNOWN_API = 500011
_FOR_ITSELF = 90009
"""Entra knows the name, and wants the app to ask for itself by its id."""
_NO_ROLE = 501051


async def http_issuer(about: Surroundings, seen: Seen) -> Verdict:
    """Whether the tenants issue tokens as this server takes them, and their keys can be had."""
    if nothing := _nothing_of_entra(about):
        return nothing
    sets = key_sets(about.settings, about.http, time.monotonic)
    return all_of(*[await _tenant(about, seen, tenant, keys) for tenant, keys in sets.items()])


async def _tenant(about: Surroundings, seen: Seen, tenant: str, keys: KeySet) -> Verdict:
    issuer = issuer_of(about.settings.cloud, tenant)
    answer = await asked(about, seen, f"{issuer}/.well-known/openid-configuration")
    if isinstance(answer, Verdict):
        return answer
    document = json_in(answer)
    found = printable(str(document.get("issuer", "")))
    if "error" in document or not found:
        remedy = "Correct ENTRA_TENANT_ID or HTTP_TENANTS; check ENTRA_CLOUD."
        return fail(f"the sign-in service tells nothing of tenant {tenant} (status {answer.status_code})", remedy)
    if found != issuer:
        return fail(f"tokens come from {found}, and this server takes those of {issuer}", "Check ENTRA_CLOUD.")
    if not await keys.is_usable():
        remedy = f"Let this machine fetch them from {urlsplit(issuer).hostname}: without them nobody is let in."
        return fail(f"the keys of {issuer} cannot be fetched", remedy)
    return ok(f"{issuer} issues tokens, and its keys are at hand")


async def http_metadata(about: Surroundings, _: Seen) -> Verdict:
    """Whether clients find at PUBLIC_URL what they have to ask for. The server may not run yet, so this never fails."""
    if nothing := _nothing_of_entra(about):
        return nothing
    address = document_address(about.settings)
    try:
        with anyio.fail_after(_PATIENCE):
            async with about.http() as http:
                answer = await http.get(address, follow_redirects=False)
    except (httpx.TransportError, TimeoutError) as error:
        return _unreached(address, error)
    return _document(about.settings, address, answer)


def _unreached(address: str, error: Exception) -> Verdict:
    if any(isinstance(each, ssl.SSLCertVerificationError) for each in causes_of(error)):
        remedy = "Serve the whole chain, of an authority that clients trust; or name yours in SSL_CERT_FILE here."
        return warn(f"the certificate at {address} is not trusted here", remedy)
    remedy = "Perhaps the server does not run yet. Else check name, proxy and firewall in front of it, then repeat."
    return warn(f"{address} does not answer", remedy)


def _document(settings: Settings, address: str, answer: httpx.Response) -> Verdict:
    if answer.is_redirect:
        return warn(f"{address} is redirected", "Have the proxy pass it on: clients do not follow from there.")
    found = json_in(answer)
    if answer.status_code != httpx.codes.OK or "resource" not in found:
        remedy = f"Have the proxy pass {urlsplit(address).path} at the root of the host on to this server."
        return warn(f"something else answers at {address} (status {answer.status_code})", remedy)
    if found["resource"] != settings.resource:
        remedy = "Set PUBLIC_URL and HTTP_PATH as clients know the server, then start it anew; is it the right server?"
        return warn(f"{address} speaks for {printable(str(found['resource']))}, not {settings.resource}", remedy)
    if found != metadata_of(settings):
        return warn(f"{address} was made from other settings than these", "Start the server anew.")
    return ok(f"{address} says what clients have to ask for")


async def http_token(about: Surroundings, seen: Seen) -> Verdict:
    """Whether Entra knows our API by the name that clients use, and gives tokens for it that this server takes."""
    if nothing := _nothing_of_entra(about):
        return nothing
    settings = about.settings
    if urlsplit(settings.authority_url).hostname in seen.unresolved:
        return skipped("the sign-in service was not reached")
    if settings.way != "on-behalf-of" and not seen.token:
        return skipped("the app has no token for Graph either")
    name = api_name(settings)
    found = [await _made_for(about, name)]
    if settings.resource != name and settings.resource.startswith("https:") and settings.auth_mode == "delegated":
        found.append(await _known_as(about, settings.resource))
    return all_of(*found)


async def _made_for(about: Surroundings, name: str) -> Verdict:
    try:
        token = await _own_token(about, name)
    except SignInError as error:
        if error.code == _UNKNOWN_API:
            remedy = "Register it, letter by letter: Expose an API, Application ID URI. Its domain has to be verified."
            return fail(f"Entra knows no API {name} in this tenant (AADSTS{_UNKNOWN_API})", remedy)
        if error.code == _NO_ROLE:
            remedy = f"Look at requestedAccessTokenVersion in the manifest of {name}: it has to be 2."
            return warn("the API gives tokens to assigned apps alone, so none could be looked at", remedy)
        raise
    return _judged(about.settings, name, token)


async def _known_as(about: Surroundings, resource: str) -> Verdict:
    try:
        await _own_token(about, resource)
    except SignInError as error:
        if error.code != _UNKNOWN_API:
            return ok(f"{resource} is known to Entra, too")
        remedy = (
            f"Add {resource} as a second URI (identifierUris in the manifest), or use clients that send no resource."
        )
        return warn(f"clients that send resource={resource} will be refused (AADSTS9010010)", remedy)
    return ok(f"{resource} is known to Entra, too")


async def _own_token(about: Surroundings, name: str) -> str:
    try:
        return await about.own_token(f"{name}/.default")
    except SignInError as error:
        if error.code != _FOR_ITSELF:
            raise
    return await about.own_token(f"{about.settings.entra_client_id}/.default")


def _judged(settings: Settings, name: str, token: str) -> Verdict:
    claims, terms = claims_of(token), Terms.of(settings)
    version, audience, issuer = (printable(str(claims.get(each, ""))) for each in ("ver", "aud", "iss"))
    if version != "2.0" and not (version == "1.0" and terms.takes_older):
        remedy = (
            "Set requestedAccessTokenVersion to 2 in the manifest of the API (docs/http.md), and wait a few minutes. "
            "HTTP_V1_TOKENS=true takes version 1 too."
        )
        return fail(f"Entra gives tokens of version {version or '?'} for {name}, which are refused here", remedy)
    if not terms.is_ours(audience):
        remedy = "ENTRA_CLIENT_ID and its credential have to be those of the API that has this URI."
        return fail(f"{name} is the URI of {audience or 'another app'}, not of {settings.entra_client_id}", remedy)
    if issuer != terms.issuer(version, settings.tenant):
        wanted = terms.issuer(version, settings.tenant)
        return fail(f"tokens come from {issuer}, and this server takes those of {wanted}", "Check ENTRA_CLOUD.")
    return ok(f"Entra gives tokens of version {version} for {name}, made out to {audience} by {issuer}")


def _nothing_of_entra(about: Surroundings) -> Verdict | None:
    if nothing := without_http(about):
        return nothing
    return skipped(_NOT_ENTRA) if about.settings.callers != "entra" else None
