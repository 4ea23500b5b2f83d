"""What MSAL and the network raise, as errors that say what to do."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from errors import AppError, AppRefused, SignInError, SignInUnavailable

log = logging.getLogger(__name__)

_DATES = (9, 10)  # OpenSSL's numbers for not yet, and no longer, valid

_SERVICE = "Microsoft's sign-in service"
UNTRUSTED = (
    f"The certificate of {_SERVICE} is not trusted here. Behind a proxy that inspects TLS, name the file with its "
    "certificate in SSL_CERT_FILE. On a hotel's network, open any page in a browser and accept there first."
)
BAD_DATE = (
    f"The certificate of {_SERVICE} is not valid at this time, says the clock of this computer. "
    "Set the clock, then try again."
)
PROXY_WANTS_A_NAME = (
    "The proxy wants a user name and a password (HTTP 407). Put them into HTTPS_PROXY, as in "
    "http://USER:PASSWORD@HOST:PORT, or ask whoever runs the proxy."
)
PROXY_REFUSES = (
    f"The proxy did not let the connection to {_SERVICE} through. "
    "Check HTTPS_PROXY and NO_PROXY, or ask whoever runs the proxy."
)
TOO_SLOW = f"{_SERVICE} did not answer in time. Check the network or the proxy, then try again."
UNREACHABLE = f"{_SERVICE} cannot be reached. Check the network or the proxy, then try again."
NO_TENANT = "There is no such tenant, or no such authority: check ENTRA_TENANT_ID and ENTRA_AUTHORITY."
ANOTHER_ANSWER = (
    "The browser came back with an answer that does not belong to this sign-in. Close the page and sign in again, "
    "in one window only."
)
UNUSABLE = f"{_SERVICE} gave no usable answer (is a proxy in between?). Try again in a moment."


@contextmanager
def sign_in_trouble() -> Iterator[None]:
    """Turn what MSAL and the network raise into an error that says what to do; the cause goes to the log."""
    try:
        yield
    except AppError:
        raise
    except httpx.RequestError as error:
        log.info("sign-in service not reached", extra={"cause": repr(error)})
        raise SignInUnavailable(_unreachable(error)) from error
    except Exception as error:
        # MSAL raises ValueError, RuntimeError, KeyError, AttributeError and its own, by where the answer was odd. Its
        # texts can hold what Entra sent, so only the type is written down.
        log.warning("sign-in failed", extra={"cause": type(error).__name__})
        raise _unusable(error) from error


def _unreachable(error: httpx.RequestError) -> str:
    text = str(error)
    if isinstance(error, httpx.ProxyError):
        return PROXY_WANTS_A_NAME if text.startswith("407") else PROXY_REFUSES
    if isinstance(error, httpx.TimeoutException):
        return TOO_SLOW
    if (untrusted := _certificate_trouble(error)) is not None:
        is_date = getattr(untrusted, "verify_code", 0) in _DATES or "has expired" in text or "not yet valid" in text
        return BAD_DATE if is_date else UNTRUSTED
    return UNREACHABLE


def _certificate_trouble(error: BaseException | None) -> BaseException | None:
    """The part of the chain that is about a certificate; its wording differs from system to system."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
            return error
        error = error.__cause__ or error.__context__
    return None


def _unusable(error: Exception) -> SignInError:
    text = str(error)
    if text.startswith("Unable to get authority"):
        return AppRefused(NO_TENANT)
    if text.startswith(("state mismatch", "state missing", "auth_response must", "The nonce in id token")):
        return SignInError(ANOTHER_ANSWER)
    return SignInUnavailable(UNUSABLE)
