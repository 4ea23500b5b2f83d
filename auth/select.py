"""Choose the way of signing in that the settings call for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import httpx

from auth._msal import Application, MsalSource
from auth.client_credentials import ClientCredentialsSource, certificate_credential
from auth.device import DeviceCodeSource
from auth.msal_http import client_options
from errors import SignInError
from settings import Settings


class NoToken:
    """The source of a server whose sign-in is switched off."""

    async def token(self, scopes: Sequence[str], claims: str | None = None) -> str:
        raise SignInError("Sign-in is switched off. Unset ENTRA_ENABLE_AUTH and start again.")


def token_source(
    settings: Settings, http: Callable[[], httpx.Client], tell: Callable[[str], None]
) -> MsalSource | NoToken:
    """The source for a real tenant; `http` is called on the first sign-in, `tell` shows a person what to do."""
    if not settings.entra_enable_auth:
        return NoToken()
    if settings.auth_mode == "application":
        credential = _credential(settings)
        return ClientCredentialsSource(lambda: _confidential(settings, credential, http()))
    return DeviceCodeSource(
        lambda: public_application(settings.entra_client_id or "", settings.authority_url, http()), tell
    )


def public_application(client_id: str, authority: str, http: httpx.Client) -> Application:
    import msal  # noqa: PLC0415 - a fifth of a second that tools/list does not have to wait for

    return msal.PublicClientApplication(client_id, authority=authority, **client_options(http))


def _confidential(settings: Settings, credential: str | dict[str, str], http: httpx.Client) -> Application:
    import msal  # noqa: PLC0415 - as above

    options: dict[str, Any] = client_options(http)
    return msal.ConfidentialClientApplication(
        settings.entra_client_id, client_credential=credential, authority=settings.authority_url, **options
    )


def _credential(settings: Settings) -> str | dict[str, str]:
    if settings.entra_client_certificate is not None:
        return certificate_credential(settings.entra_client_certificate.get_secret_value())
    return settings.entra_client_secret.get_secret_value() if settings.entra_client_secret else ""
