"""Choose the way of signing in that the settings call for."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import httpx

from auth._flow import Flow
from auth._keeper import TokenKeeper
from auth.aadsts import Context
from auth.accounts import Account, SignedOut
from auth.cache import FileTokenCache, MemoryTokenCache, TokenCache
from auth.callers import Callers, Challenges
from auth.client_credentials import ClientCredentialsSource
from auth.credentials import Credential, credential_of
from auth.on_behalf_of import OnBehalfOf
from auth.people import People
from auth.public_app import PublicApp
from auth.supplied import supplied_token
from errors import SettingsError, SignInError, StorageError
from settings import Settings
from storage import KeyRing, key_from_system, parse_keys

log = logging.getLogger(__name__)

Accounts: TypeAlias = People | Account | Callers | SignedOut
Tell: TypeAlias = Callable[[str], None]


class NoToken:
    """The source of a server whose sign-in is switched off."""

    async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str:
        raise SignInError("Sign-in is switched off. Unset ENTRA_ENABLE_AUTH and start again.")


def accounts_of(
    settings: Settings,
    scopes: Sequence[str],
    http: Callable[[], httpx.Client],
    flow: Flow,
    *,
    tell: Tell,
    hide: Tell,
    challenges: Challenges | None = None,
) -> Accounts:
    """Who this server can work as. `http` is called on the first sign-in, `hide` keeps a secret out of the log.

    `challenges` is how callers who bring tokens hear that theirs will not do.
    """
    if settings.way == "off":
        return SignedOut(NoToken())
    if settings.way == "person":
        if unused := settings.app_credentials:
            log.warning("a person signs in, so these have no effect", extra={"names": ", ".join(unused)})
        return people_of(settings, scopes, http, flow, tell=tell)
    if settings.way == "on-behalf-of":
        return callers_of(settings, scopes, http, credential_of(settings, hide), challenges)
    is_person = settings.auth_mode == "delegated"
    if settings.way == "supplied":
        return Account(supplied_token(settings, hide), scopes, cloud=settings.cloud.name, is_person=is_person)
    context = context_of(settings, scopes)
    credential: Credential = credential_of(settings, hide)
    source = ClientCredentialsSource(context, credential, http, TokenKeeper())
    return Account(source, scopes, cloud=settings.cloud.name, is_person=False)


def callers_of(
    settings: Settings,
    scopes: Sequence[str],
    http: Callable[[], httpx.Client],
    credential: Credential,
    challenges: Challenges | None = None,
) -> Callers:
    """Whoever calls, each as themselves; what their tokens are traded for stays in memory."""
    cloud = settings.cloud.name
    traded = OnBehalfOf(context_of(settings, scopes), credential, http, TokenKeeper(), cloud=cloud)
    return Callers(traded, scopes, cloud=cloud, challenges=challenges)


def people_of(
    settings: Settings,
    scopes: Sequence[str],
    http: Callable[[], httpx.Client],
    flow: Flow,
    *,
    tell: Tell,
    patience: float = 45.0,
) -> People:
    """The people signed in through the app registration of the settings."""
    context = context_of(settings, scopes)
    return People(
        PublicApp(context.client_id, context.login_url, context.tenant, http),
        cache_of(settings, tell),
        flow,
        context,
        cloud=settings.cloud.name,
        tell=tell,
        expected=settings.entra_expected_account or "",
        patience=patience,
    )


def cache_of(settings: Settings, warn: Tell) -> TokenCache:
    """Over stdio a file that later starts find again. HTTP serves whoever calls, so nothing of it is left on disk."""
    if settings.transport == "http":
        return MemoryTokenCache()
    client_id = settings.entra_client_id or ""
    return FileTokenCache(settings.entra_token_cache_path, client_id=client_id, ring=ring_of(settings), warn=warn)


def context_of(settings: Settings, scopes: Sequence[str]) -> Context:
    """What an error message has to know of this sign-in."""
    login_url, _, tenant = settings.authority_url.rpartition("/")
    client_id, redirect_uri = settings.entra_client_id or "", settings.entra_redirect_uri
    return Context(login_url, tenant, client_id, tuple(scopes), settings.auth_mode, redirect_uri)


def has_browser(environ: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Whether a browser window on this computer can be expected."""
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return False
    if platform in ("win32", "darwin"):
        return True
    return any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"))


def check_keys(settings: Settings) -> None:
    """Complain of keys before they are needed; a store of the system is opened only by those who need it."""
    if settings.way == "person" and settings.transport == "stdio" and settings.token_cache_key:
        ring_of(settings)


def ring_of(settings: Settings) -> KeyRing | None:
    """The keys that the token cache is encrypted with, if it is."""
    wanted = settings.token_cache_encryption
    if wanted == "key" and settings.token_cache_key:
        try:
            return parse_keys(settings.token_cache_key.get_secret_value())
        except StorageError as error:
            raise SettingsError(f"TOKEN_CACHE_KEY: {error}") from error
    if wanted == "os":
        return key_from_system(settings.entra_token_cache_path)
    return None
