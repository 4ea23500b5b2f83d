"""Checks of what the sign-in lives in: the token cache, and the credential of an app."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import anyio.to_thread
from pydantic import SecretStr

from auth.accounts import claims_of
from commands._output import printable
from commands.doctor._verdict import Seen, Surroundings, Verdict, fail, ok, skipped, warn
from settings import Settings

_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_DAY = 86_400
_SOON_DAYS = 30
_EXCHANGE = "api://AzureADTokenExchange"
_SEALED = b'"aesgcm"'


async def token_cache(about: Surroundings, _: Seen) -> Verdict:
    """Whether the sign-in can be kept, and what is kept can be read by this user and nobody else."""
    settings = about.settings
    if about.problems or settings.way != "person":
        return skipped("correct the settings first" if about.problems else "nobody signs in, so nothing is kept")
    if settings.transport == "http":
        return skipped("over HTTP, tokens are kept in memory only")
    return await anyio.to_thread.run_sync(_read, about, settings.entra_token_cache_path, abandon_on_cancel=True)


def _read(about: Surroundings, path: Path) -> Verdict:
    warnings: list[str] = []
    about.read_cache(warnings.append)
    if warnings:
        return warn(" ".join(warnings), "Run login if you have to sign in again. docs/token-cache.md says more.")
    if not os.access(path if path.exists() else _nearest_folder(path), os.W_OK):
        return warn(
            f"{path} cannot be written", "Correct its permissions, or name another file in ENTRA_TOKEN_CACHE_PATH."
        )
    if not path.exists():
        return ok(f"{path} is not there yet; the first sign-in makes it")
    return ok(f"{path} is in order, {_sealing(about.settings, path)}")


def _nearest_folder(path: Path) -> Path:
    """The folder in which the missing ones would be made."""
    return next(folder for folder in path.absolute().parents if folder.exists())


def _sealing(settings: Settings, path: Path) -> str:
    if _SEALED in path.read_bytes():
        return "encrypted"
    is_wanted = settings.token_cache_encryption in ("os", "key")
    return "and still plain: the next sign-in encrypts it" if is_wanted else "and not encrypted"


async def credential(about: Surroundings, _: Seen) -> Verdict:
    """What can be said about the app's credential without asking Entra."""
    settings = about.settings
    if settings.way in ("off", "demo", "person", "supplied"):
        return skipped("no app signs in by itself")
    if settings.entra_client_secret:
        return _secret(settings.entra_client_secret.get_secret_value())
    if settings.entra_client_certificate:
        return _certificate(settings, settings.entra_client_certificate, about.clock())
    await anyio.to_thread.run_sync(about.prove, abandon_on_cancel=True)
    if settings.entra_federated_token_file:
        return _federated(settings.entra_federated_token_file)
    return ok("the managed identity answers")


def _secret(secret: str) -> Verdict:
    if _GUID.fullmatch(secret):
        says = "the client secret has the form of an id"
        return warn(says, "Entra shows a secret's value once, beside its id: ENTRA_CLIENT_SECRET wants the value.")
    return ok("a client secret is set; only Entra knows until when it is good")


def _certificate(settings: Settings, pem: SecretStr, now: float) -> Verdict:
    from auth.certificate import read_certificate  # noqa: PLC0415 - loads much that a server may not need

    passphrase = settings.entra_certificate_passphrase
    try:
        found = read_certificate(pem.get_secret_value(), passphrase.get_secret_value() if passphrase else "", now)
    except ValueError as error:
        return fail("the certificate cannot be used", f"ENTRA_CLIENT_CERTIFICATE: {error}")
    thumbprint = f"the certificate {found.fingerprint}"
    renewal = "Upload a new one to the app registration, then put it with its key in the place of this one."
    if now >= found.until:
        return fail(f"{thumbprint} expired on {_day(found.until)}", renewal)
    if now < found.since:
        return fail(f"{thumbprint} is valid from {_day(found.since)} only", "Set this computer's clock, or wait.")
    if found.until - now < _SOON_DAYS * _DAY:
        return warn(f"{thumbprint} expires on {_day(found.until)}", renewal)
    return ok(f"{thumbprint} is valid until {_day(found.until)}")


def _federated(path: Path) -> Verdict:
    """What Entra compares with the app registration; none of it is secret, unlike the token itself."""
    claims = claims_of(path.read_text("utf-8-sig").strip())
    audience, issuer, subject = (printable(str(claims.get(name, ""))) for name in ("aud", "iss", "sub"))
    says = f"the token of {issuer} speaks for {subject}"
    if not audience.startswith(_EXCHANGE):
        remedy = f"Have the platform issue it for {_EXCHANGE}, or what the federated credential of the app names."
        return warn(f"{says}, but is for {audience}", remedy)
    return ok(f"{says}; the app's federated credential has to name exactly these")


def _day(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"
