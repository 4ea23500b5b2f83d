"""A Graph token that comes from elsewhere: used as it is, looked over first, and read again when its file changes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from auth._guarded import Guarded
from auth._moments import moment_in, told
from auth._worker import in_worker
from auth.accounts import claims_of
from auth.credentials import held
from auth.watched_file import Held, WatchedFile, text_of
from clouds import GRAPH_ID, Cloud
from errors import SignInError
from settings import AuthMode, Settings

_NAME = "GRAPH_ACCESS_TOKEN"
_SHAPE = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_SHORTEST = 20
_CLOCKS_DIFFER = 300


class SuppliedToken(Guarded):
    """A TokenSource over a token that nobody here can renew. Nothing is verified: Graph does that."""

    def __init__(self, token: Held, *, cloud: Cloud, mode: AuthMode, clock: Callable[[], float] = time.time) -> None:
        self._held = token
        self._cloud = cloud
        self._mode = mode
        self._clock = clock
        self._last = ""

    async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str:
        """The token as it is now. Its permissions are what they are, whatever `scopes` says."""
        return await in_worker(partial(self._token, claims, refused))

    def _token(self, claims: str | None, refused: str | None) -> str:
        token = text_of(self._held, afresh=bool(claims or refused)).strip()
        self._check_shape(token)
        if known := claims_of(token):
            self._check_times(known)
            self._check_audience(known)
            self._check_kind(known)
        if (claims or refused) and token == (refused or self._last):
            raise SignInError(f"{_NAME}: {_why_not(claims)} {self._remedy}")
        self._last = token
        return token

    def _check_shape(self, token: str) -> None:
        if token.lower().startswith("bearer "):
            raise SignInError(f"{_NAME}: leave out the word Bearer; only the token belongs there.")
        if len(token) < _SHORTEST or not _SHAPE.fullmatch(token):
            raise SignInError(f"{_NAME}: what was supplied is no access token. {self._remedy}")

    def _check_times(self, known: dict[str, Any]) -> None:
        now, since, until = self._clock(), moment_in(known, "nbf"), moment_in(known, "exp")
        if until is not None and until <= now:
            raise SignInError(f"{_NAME}: the token expired on {told(until)}. {self._remedy}")
        if since is not None and since > now + _CLOCKS_DIFFER:
            raise SignInError(
                f"{_NAME}: the token is valid from {told(since)} only, and this computer's clock says {told(now)}. "
                "Set the clock."
            )

    def _check_audience(self, known: dict[str, Any]) -> None:
        listed = known.get("aud")
        audiences = {str(each).rstrip("/").lower() for each in (listed if isinstance(listed, list) else [listed])}
        if audiences.isdisjoint({GRAPH_ID, self._cloud.graph_url, f"{self._cloud.graph_url}:443"}):
            raise SignInError(
                f"{_NAME}: the token is for another service, or another cloud, than {self._cloud.graph_url}. Get one "
                f"for that resource, and check ENTRA_CLOUD. {self._remedy}"
            )

    def _check_kind(self, known: dict[str, Any]) -> None:
        is_app = known.get("idtyp") == "app" or ("roles" in known and "scp" not in known)
        is_person = not is_app and "scp" in known
        if is_app and self._mode == "delegated":
            raise SignInError(
                f"{_NAME}: this is an app's own token, and the server works as a person. Set "
                "ENTRA_AUTH_MODE=application and start again, or supply a person's token."
            )
        if is_person and self._mode == "application":
            raise SignInError(
                f"{_NAME}: this is a person's token, and the server works as an app. Set ENTRA_AUTH_MODE=delegated and "
                "start again, or supply an app's own token."
            )

    @property
    def _remedy(self) -> str:
        if not isinstance(self._held, WatchedFile):
            return f"Start again with a new {_NAME}, or use {_NAME}_FILE: a file is read again by itself."
        trouble = f" Of late it cannot be used: {self._held.trouble}" if self._held.trouble else ""
        return f"Put a new token into {self._held.path}; it is read again by itself.{trouble}"


def supplied_token(settings: Settings, on_secret: Callable[[str], object] = lambda _: None) -> SuppliedToken:
    """The source over GRAPH_ACCESS_TOKEN or its file."""

    def noticed(content: str) -> str:
        # What a JWT looks like, the log masks anyway; a new one every hour would only pile up there.
        if not claims_of(token := content.strip()):
            on_secret(token)
        return token

    return SuppliedToken(held(settings, _NAME, noticed), cloud=settings.cloud, mode=settings.auth_mode)


def _why_not(claims: str | None) -> str:
    if claims:
        return (
            "Graph wants a token of a newer or stronger sign-in (Conditional Access), and this server cannot renew it."
        )
    return "Graph does not take the token: it was revoked, or it is not what it seems."
