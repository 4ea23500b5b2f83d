"""Checks of the sign-in: whether silence brings a token, what the token is for, and what it allows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from auth.accounts import claims_of
from auth.consent import admin_consent_url
from clouds import GRAPH_ID, SHARED_TENANTS
from commands._output import printable
from commands._permission_map import covers
from commands.doctor._verdict import Seen, Surroundings, Verdict, fail, ok, skipped, warn
from errors import SignInNeeded
from settings import Settings
from tools import ToolSpec

_OPAQUE = "the token does not tell (those of personal accounts do not)"
_NONE = "there is no token"


async def sign_in(about: Surroundings, seen: Seen) -> Verdict:
    """Whether a token can be had without asking anybody. Never starts a sign-in."""
    settings = about.settings
    if about.problems:
        return skipped("correct the settings first")
    if settings.way == "on-behalf-of":
        return skipped("callers bring tokens of their own; http-token shows whether the app's credential works")
    if settings.way in ("off", "demo"):
        return skipped("sign-in is switched off" if settings.way == "off" else "the demo signs in by itself")
    try:
        seen.token = await about.token()
    except SignInNeeded:
        if settings.transport == "http":
            return skipped("over HTTP people sign in to the running server, with the tool account_login")
        return warn("not signed in, or not any more", "Run: python server.py login")
    seen.claims = claims_of(seen.token)
    who = seen.claims.get("upn") or seen.claims.get("unique_name") or seen.claims.get("app_displayname") or ""
    return ok(f"signed in as {printable(str(who))}" if who else "a token was had without asking anybody")


async def token(about: Surroundings, seen: Seen) -> Verdict:
    """Whether the token is one for this Graph, of this tenant, and still good."""
    settings, claims = about.settings, seen.claims
    if not claims:
        return skipped(_OPAQUE if seen.token else _NONE)
    audience = str(claims.get("aud", "")).rstrip("/")
    if audience not in (settings.cloud.graph_url, GRAPH_ID):
        remedy = "Check ENTRA_CLOUD, and that ENTRA_SCOPES names permissions of Graph only."
        return fail(f"the token is for {printable(audience) or 'nobody'}, not for {settings.cloud.graph_url}", remedy)
    tenant = str(claims.get("tid", "")).lower()
    if seen.tenant_id and settings.tenant not in SHARED_TENANTS and tenant != seen.tenant_id:
        return fail(
            f"the token is of tenant {printable(tenant)}", "Run logout, then login with an account of the tenant."
        )
    left = _number(claims.get("exp")) - about.clock()
    if left <= 0:
        return fail("the token has expired", "Set this computer's clock; a supplied token has to be replaced.")
    version = printable(str(claims.get("ver", "")))
    if version != "1.0":
        return warn(
            f"the token has version {version or 'none'}; Graph's own have 1.0", "Check that ENTRA_SCOPES names Graph."
        )
    return ok(
        f"version 1.0, for {settings.cloud.graph_host}, tenant {printable(tenant)}, good for {round(left / 60)} minutes"
    )


async def permissions(about: Surroundings, seen: Seen) -> Verdict:
    """Whether the token allows what the tools need; a right to write is never concluded from one to read."""
    settings, claims = about.settings, seen.claims
    if not claims:
        return skipped(_OPAQUE if seen.token else _NONE)
    is_app = settings.auth_mode == "application"
    granted = claims.get("roles") if is_app else str(claims.get("scp", "")).split()
    have = [str(name) for name in granted] if isinstance(granted, list) else []
    missing = _missing(about.offered(), have, is_app=is_app)
    if not missing:
        return ok(f"enough for the tools that are on: {printable(', '.join(sorted(have)))}")
    says = "; ".join(f"{name} is missing for {', '.join(tools)}" for name, tools in missing.items())
    if settings.entra_scopes and not is_app:
        return warn(says, f"ENTRA_SCOPES leaves it out: add {', '.join(missing)} there, or unset it.")
    return fail(says, _remedy(settings, missing, is_app=is_app))


def _missing(offered: Iterable[ToolSpec], have: Iterable[str], *, is_app: bool) -> dict[str, list[str]]:
    """The permissions that no granted one covers, each with the tools that need it."""
    granted, missing = list(have), dict[str, list[str]]()
    for tool in offered:
        for name in (tool.application or ()) if is_app else tool.delegated:
            if not any(covers(each, name) for each in granted):
                missing.setdefault(name, []).append(tool.name)
    return missing


def _remedy(settings: Settings, missing: Mapping[str, object], *, is_app: bool) -> str:
    names = ", ".join(missing)
    if settings.way == "supplied":
        return f"Supply a token that has {names}, or leave these toolsets out (TOOLSETS)."
    link = admin_consent_url(settings, missing)
    if is_app:
        return f"Add {names} as application permissions of the app. An administrator agrees at {link}"
    return f"Run login once more and agree to {names}. Where only an administrator may, at {link}"


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
