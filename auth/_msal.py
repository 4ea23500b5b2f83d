"""What every way of signing in through MSAL shares: silent first, one at a time, errors that name the remedy."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from json import JSONDecodeError
from typing import Any

import anyio
import anyio.to_thread
import httpx

from errors import AppError, SignInError

log = logging.getLogger(__name__)

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


_OTHERWISE = {True: "Try again in a moment.", False: "Sign in again."}

# With these the cached sign-in is no longer good; any other trouble passes, and asking the person anew would not help.
_SIGN_IN_AGAIN = {"invalid_grant", "interaction_required", "login_required", "consent_required"}


class MsalSource(ABC):
    """A TokenSource over one MSAL application, which is made on first use: that asks the network."""

    def __init__(self, connect: Callable[[], Application]) -> None:
        self._connect = connect
        self._application: Application | None = None
        self._one_caller = anyio.Lock()
        self._one_thread = threading.Lock()

    async def token(self, scopes: Sequence[str], claims: str | None = None) -> str:
        """A token from the cache or its refresh; else by signing in. MSAL blocks, so a worker thread does it."""
        work = partial(self._token, list(scopes), claims)
        async with self._one_caller:
            # A caller that gives up does not wait for the network; its thread ends when the network has answered.
            return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)

    def _token(self, scopes: list[str], claims: str | None) -> str:
        with self._one_thread, sign_in_trouble():
            if self._application is None:
                self._application = self._connect()
            result = self._silent(self._application, scopes, claims)
            if not result or result.get("error") in _SIGN_IN_AGAIN:
                result = self._sign_in(self._application, scopes, claims)
                self._forget_others(self._application, result)
        return accepted(result)

    def _silent(self, application: Application, scopes: list[str], claims: str | None) -> Result | None:
        accounts = application.get_accounts()
        if not accounts:
            return None
        found: Result | None = application.acquire_token_silent_with_error(
            scopes, account=accounts[0], claims_challenge=claims
        )
        return found

    def _forget_others(self, application: Application, result: Result) -> None:
        """Whoever signed in last is whom this server works as."""
        signed_in = result.get("id_token_claims", {}).get("oid")
        for account in application.get_accounts() if signed_in else []:
            if account["local_account_id"] != signed_in:
                application.remove_account(account)

    @abstractmethod
    def _sign_in(self, application: Application, scopes: list[str], claims: str | None) -> Result:
        """Do what this way of signing in does when no token is at hand. Runs in a worker thread."""


@contextmanager
def sign_in_trouble() -> Iterator[None]:
    """Turn what MSAL and the network raise into an error that says what to do; the cause goes to the log."""
    try:
        yield
    except AppError:
        raise
    except httpx.RequestError as error:
        raise SignInError(_unreachable(error)) from error
    except Exception as error:
        # MSAL raises ValueError, RuntimeError, KeyError, AttributeError and its own, by where the answer was odd.
        log.warning("sign-in failed", extra={"cause": repr(error)})
        raise SignInError(_unusable(error)) from error


def accepted(result: Result) -> str:
    """The access token, or the error that says what to do. Never repeats what the person typed or was given."""
    if token := result.get("access_token"):
        return str(token)
    codes = result.get("error_codes") or ()
    passing = result.get("error") in {"temporarily_unavailable", "server_error"}
    remedy = next((_REMEDIES[code] for code in codes if code in _REMEDIES), _OTHERWISE[passing])
    number = f" (AADSTS{codes[0]})" if codes else ""
    trace = f" [correlation id {result['correlation_id']}]" if result.get("correlation_id") else ""
    raise SignInError(f"Sign-in failed: {result.get('error') or 'no token came'}{number}. {remedy}{trace}")


def _unreachable(error: httpx.RequestError) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return (
            "The certificate of Microsoft's sign-in service is not trusted here. Behind a proxy that inspects TLS, "
            "name its certificate in SSL_CERT_FILE."
        )
    return "Microsoft's sign-in service cannot be reached. Check the network or the proxy, then try again."


def _unusable(error: Exception) -> str:
    # MSAL says the same of a tenant that does not exist and of a page that some proxy sent instead.
    is_refused = str(error).startswith("Unable to get authority") and not isinstance(error.__context__, JSONDecodeError)
    if is_refused:
        return "There is no such tenant, or no such authority: check ENTRA_TENANT_ID and ENTRA_AUTHORITY."
    return "Microsoft's sign-in service gave no usable answer (is a proxy in between?). Try again in a moment."
