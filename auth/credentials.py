"""How an app proves who it is, in the form that MSAL takes; each fetch of a token asks for it anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import httpx

from auth._guarded import Guarded
from auth.federated import FederatedCredential
from auth.managed_identity import ManagedIdentityCredential
from auth.watched_file import Held, WatchedFile, text_of, without_line_end
from errors import SettingsError
from network import direct_client
from settings import Settings

Form = str | dict[str, Any]
"""MSAL's `client_credential`."""


class Credential(Protocol):
    """A proof of who the app is. Blocks, so a worker thread asks for it."""

    def for_msal(self, *, afresh: bool = False) -> Form:
        """The proof as it is now; `afresh`: Entra has just refused it, look once more whether it was replaced."""
        ...


class SecretCredential(Guarded):
    """A client secret, given or in a file."""

    def __init__(self, secret: Held) -> None:
        self._secret = secret

    def for_msal(self, *, afresh: bool = False) -> Form:
        return text_of(self._secret, afresh=afresh)


def credential_of(
    settings: Settings,
    on_secret: Callable[[str], object] = lambda _: None,
    direct: Callable[[], httpx.Client] = direct_client,
) -> Credential:
    """The credential that the settings name. `on_secret` learns of each secret that a file brings later.

    `direct` opens the HTTP client for managed identities, which must not go through a proxy.
    """
    if settings.entra_client_secret:
        return SecretCredential(held(settings, "ENTRA_CLIENT_SECRET", secret_in_file, on_secret))
    if settings.entra_client_certificate:
        return _certificate(settings, on_secret)
    if settings.entra_federated_token_file:
        return FederatedCredential(settings.entra_federated_token_file)
    if settings.entra_managed_identity:
        return ManagedIdentityCredential(settings.entra_managed_identity, direct, cloud=settings.cloud)
    raise SettingsError("ENTRA_AUTH_MODE: an app needs a credential. Set ENTRA_CLIENT_SECRET or one of its kin.")


def held(
    settings: Settings, name: str, parse: Callable[[str], str], on_secret: Callable[[str], object] = lambda _: None
) -> Held:
    """A secret of the settings; where it came from a file, that file, to be read again when it changes."""
    text: str = getattr(settings, name.lower()).get_secret_value()
    if name not in settings.secret_files:
        return text

    def noticed(content: str) -> str:
        secret = parse(content)
        on_secret(secret)
        return secret

    return WatchedFile(settings.secret_files[name], noticed, name=f"{name}_FILE", start=text)


def secret_in_file(text: str) -> str:
    """A client secret as its file holds it."""
    secret = without_line_end(text)
    if secret != secret.strip() or not secret.isprintable():
        raise ValueError("has white space or a line break at an end, or an unprintable character in it. Copy it again.")
    return secret


def _certificate(settings: Settings, on_secret: Callable[[str], object]) -> Credential:
    from auth.certificate import CertificateCredential  # noqa: PLC0415 - loads much that other ways do not need

    passphrase = (
        held(settings, "ENTRA_CERTIFICATE_PASSPHRASE", without_line_end, on_secret)
        if settings.entra_certificate_passphrase
        else ""
    )
    return CertificateCredential(held(settings, "ENTRA_CLIENT_CERTIFICATE", str), passphrase)
