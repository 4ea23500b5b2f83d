"""Workload identity: a token of another identity provider, kept fresh in a file, in place of a secret."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auth._guarded import Guarded
from auth._moments import moment_in, told
from auth.accounts import claims_of
from auth.watched_file import WatchedFile
from errors import AppRefused

_NAME = "ENTRA_FEDERATED_TOKEN_FILE"


@dataclass(frozen=True, repr=False)
class Assertion(Guarded):
    """A token that proves who the app is, as MSAL wants it: something to call."""

    token: str

    def __call__(self) -> str:
        return self.token


class FederatedCredential(Guarded):
    """The token in a file that something else renews, as the kubelet does."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        # No secret in the file system's sense: a platform mounts it as it sees fit, and it lasts an hour.
        self._file = WatchedFile(path, _token, name=_NAME, is_secret=False)
        self._clock = clock

    def for_msal(self, *, afresh: bool = False) -> dict[str, Any]:
        """The token that is in the file now, if it is still good."""
        token = self._file.read(afresh=afresh)
        until = moment_in(claims_of(token), "exp")
        if until is not None and until <= self._clock():
            reason = f" ({self._file.trouble})" if self._file.trouble else ""
            raise AppRefused(
                f"{_NAME}: {self._file.path}: the token in it expired on {told(until)}{reason}. Whatever writes this "
                "file no longer renews it: check that. It is read again by itself."
            )
        return {"client_assertion": Assertion(token)}


def _token(text: str) -> str:
    token = text.strip()
    if not claims_of(token):
        raise ValueError("holds no token (JWT). Name the file that the identity provider writes its token into.")
    return token
