"""What every way of signing in through MSAL shares: silent first, one at a time, errors that name the remedy."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
import httpx

from errors import SignInError

# MSAL carries no type information; its application object is only ever passed along in here.
Application = Any
Result = dict[str, Any]

_REMEDIES = {
    700016: "ENTRA_CLIENT_ID is not an app of this tenant: check both, or sign in to the right tenant.",
    90002: "The tenant does not exist: check ENTRA_TENANT_ID.",
    7000215: "The client secret is wrong. ENTRA_CLIENT_SECRET wants the secret's value, not its id.",
    7000222: "The client secret has expired: create a new one for the app and set ENTRA_CLIENT_SECRET.",
    7000218: "The app takes no public sign-in: allow public client flows in its registration, or set a credential.",
    700027: "The certificate is not one of the app's: upload its public part, or fix ENTRA_CLIENT_CERTIFICATE_FILE.",
    65001: "Nobody has consented to these permissions yet: ask an administrator of the tenant.",
    65004: "The permissions were declined. Call again to be asked once more.",
    53003: "A Conditional Access policy of the tenant blocks this sign-in: ask an administrator.",
    50105: "The account is not assigned to the app: ask an administrator.",
    70011: "A scope in ENTRA_SCOPES is not valid.",
}


class MsalSource(ABC):
    """A TokenSource over one MSAL application, which is made on first use: that asks the network."""

    def __init__(self, connect: Callable[[], Application]) -> None:
        self._connect = connect
        self._application: Application | None = None
        self._one_at_a_time = anyio.Lock()

    async def token(self, scopes: Sequence[str], claims: str | None = None) -> str:
        """A token from the cache or its refresh; else by signing in. MSAL blocks, so a worker thread does it."""
        async with self._one_at_a_time:
            return await anyio.to_thread.run_sync(partial(self._token, list(scopes), claims))

    def _token(self, scopes: list[str], claims: str | None) -> str:
        try:
            if self._application is None:
                self._application = self._connect()
            result = self._silent(self._application, scopes, claims)
            if not result or "access_token" not in result:
                result = self._sign_in(self._application, scopes, claims)
        except httpx.TransportError as error:
            raise SignInError(
                "Microsoft's sign-in service cannot be reached. Check the network or the proxy."
            ) from error
        except ValueError as error:  # how MSAL reports an authority that it cannot use
            raise SignInError(_authority_refused(error)) from error
        return accepted(result)

    def _silent(self, application: Application, scopes: list[str], claims: str | None) -> Result | None:
        accounts = application.get_accounts()
        if not accounts:
            return None
        found: Result | None = application.acquire_token_silent_with_error(
            scopes, account=accounts[0], claims_challenge=claims
        )
        return found

    @abstractmethod
    def _sign_in(self, application: Application, scopes: list[str], claims: str | None) -> Result:
        """Do what this way of signing in does when no token is at hand. Runs in a worker thread."""


def accepted(result: Result) -> str:
    """The access token, or the error that says what to do. Never repeats what the person typed or was given."""
    if token := result.get("access_token"):
        return str(token)
    codes = result.get("error_codes") or ()
    remedy = next((_REMEDIES[code] for code in codes if code in _REMEDIES), "Sign in again.")
    number = f" (AADSTS{codes[0]})" if codes else ""
    trace = f" [correlation id {result['correlation_id']}]" if result.get("correlation_id") else ""
    raise SignInError(f"Sign-in failed: {result.get('error') or 'no token came'}{number}. {remedy}{trace}")


def _authority_refused(error: ValueError) -> str:
    tenant_unknown = "AADSTS90002" in str(error)
    return (
        _REMEDIES[90002]
        if tenant_unknown
        else "The authority cannot be used: check ENTRA_AUTHORITY and ENTRA_TENANT_ID."
    )
