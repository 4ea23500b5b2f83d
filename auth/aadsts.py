"""MSAL's error answers as typed errors: what happened, who can change it, and the next step.

Nothing of Entra's own wording is repeated: it can hold names, addresses and what somebody typed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from auth._aadsts_table import GROUPS, SAME_AS, TABLE, Trouble, Who
from auth.consent import consent_url
from clouds import PUBLIC
from errors import AppRefused, ConsentNeeded, SignInError, SignInUnavailable
from settings import AuthMode

__all__ = [
    "GROUPS",
    "SAME_AS",
    "TABLE",
    "Context",
    "Trouble",
    "Who",
    "again_in",
    "asks_person",
    "code_in",
    "refusal",
]

_AT_THE_START = re.compile(r"AADSTS(\d{4,8})\b")
_CORRELATION = re.compile(r"[0-9A-Za-z-]{1,64}")
_CORRELATION_LINE = re.compile(r"Correlation ID: ([0-9a-fA-F-]{36})\b")
_TIMESTAMP_LINE = re.compile(r"Timestamp: (\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ)")
_LONGEST_DESCRIPTION = 4_000

# A kept sign-in is no good any more; with any other error, asking the person anew would change nothing.
_PERSON_HELPS = {"invalid_grant", "interaction_required", "login_required", "consent_required"}
# Signing in would only show why not.
_ONLY_A_MESSAGE = "message_only"
_PASSING = {"temporarily_unavailable", "server_error"}
_OF_THE_APP = {
    "invalid_client",
    "unauthorized_client",
    "invalid_request",
    "invalid_resource",
    "invalid_scope",
    "invalid_target",
    "invalid_tenant",
    "unsupported_grant_type",
    "unsupported_response_type",
}
_CANCELLED = {"access_denied", "authorization_declined"}

_TAKES_PERSONAL_ACCOUNTS = ("common", "consumers")
_OF_SCOPES = {28000, 65001, 70011, 90094, 650053}
_SKEW_WORTH_TELLING = 60.0


@dataclass(frozen=True)
class Context:
    """What the text of a refusal needs to know of how this server signs in."""

    login_url: str = PUBLIC.login_url
    tenant: str = "organizations"
    client_id: str = ""
    scopes: tuple[str, ...] = ()
    mode: AuthMode = "delegated"
    redirect_uri: str = "http://localhost"

    @property
    def consent_link(self) -> str:
        """Where an administrator agrees for everybody."""
        if self.mode == "application":
            return consent_url(self.login_url, self.tenant, self.client_id, redirect_uri=self.redirect_uri)
        return consent_url(
            self.login_url,
            self.tenant,
            self.client_id,
            scopes=self.scopes,
            redirect_uri=self.redirect_uri if self.scopes else "",
        )


_NOWHERE = Context()


def refusal(
    result: Mapping[str, Any],
    context: Context = _NOWHERE,
    *,
    clock: Callable[[], float] = time.time,
    retry_after: float = 0,
) -> SignInError:
    """The error that an answer without a token comes to."""
    code, trouble = code_in(result), _trouble(result)
    sentences = (
        trouble.what,
        _clock_hint(code, result, clock),
        trouble.who,
        again_in(retry_after) if trouble.is_passing and retry_after >= 1 else trouble.then,
        _personal_hint(code, context),
        _consent_hint(trouble, context),
        _reference(code, result),
    )
    text = " ".join(sentence for sentence in sentences if sentence)
    if issubclass(trouble.kind, SignInUnavailable):
        return trouble.kind(text, code=code, retry_after=retry_after)
    return trouble.kind(text, code=code)


def again_in(seconds: float) -> str:
    """When to repeat what cannot be done now."""
    if seconds < 1:
        return "Try again in a moment."
    return f"Try again in {round(seconds)} seconds." if seconds < 120 else f"Try again in {_span(seconds)}."


def asks_person(result: Mapping[str, Any]) -> bool:
    """Whether it can help that a person signs in again."""
    known = _known(code_in(result))
    if known is not None:
        return known.again
    return _name_in(result) in _PERSON_HELPS and result.get("suberror") != _ONLY_A_MESSAGE


def code_in(result: Mapping[str, Any]) -> int:
    """The AADSTS number of an answer, a known one first; 0 if it has none."""
    listed = result.get("error_codes")
    codes = [code for code in listed if isinstance(code, int)] if isinstance(listed, list) else []
    # What comes back through the browser has a description only.
    if described := _AT_THE_START.match(_description(result)):
        codes.append(int(described[1]))
    return next((code for code in codes if _known(code)), codes[0] if codes else 0)


def _known(code: int) -> Trouble | None:
    return TABLE.get(SAME_AS.get(code, code))


def _trouble(result: Mapping[str, Any]) -> Trouble:
    return _known(code_in(result)) or _by_name(_name_in(result), asks_person(result))


def _by_name(name: str, helps: bool) -> Trouble:
    """What the OAuth error alone tells, where Entra gave no number or one that the table lacks."""
    if name in _PASSING:
        what = "Microsoft's sign-in service cannot answer now."
        return Trouble(SignInUnavailable, Who.NOBODY, what, "Try again in a moment.")
    if name in _CANCELLED:
        return Trouble(SignInError, Who.PERSON, "The sign-in was cancelled.", "Sign in again.", again=True)
    if name in _OF_THE_APP:
        what = f"Entra does not take the request of this app ({name})."
        then = "Compare the app registration with docs/app-registration.md, and the settings with it."
        return Trouble(AppRefused, Who.OPERATOR, what, then)
    if helps:
        return Trouble(SignInError, Who.PERSON, "This sign-in is no good any more.", "Sign in again.", again=True)
    what = "Entra turned the sign-in down." if name else "Sign-in ended, and no token came."
    return Trouble(SignInError, Who.PERSON, what, "Sign in again; if that fails too, ask an administrator.")


def _consent_hint(trouble: Trouble, context: Context) -> str:
    if not issubclass(trouble.kind, ConsentNeeded) or not context.client_id or context.tenant == "consumers":
        return ""
    return f"The page where an administrator agrees for everybody: {context.consent_link}"


def _personal_hint(code: int, context: Context) -> str:
    if code not in _OF_SCOPES or context.tenant not in _TAKES_PERSONAL_ACCOUNTS:
        return ""
    return (
        "If this is a personal Microsoft account: permissions of work accounts, such as those for Teams, SharePoint "
        "and the directory, do not exist there. Leave them out (TOOLSETS, ENTRA_SCOPES)."
    )


def _clock_hint(code: int, result: Mapping[str, Any], clock: Callable[[], float]) -> str:
    if code != 700024:
        return ""
    then = _moment_of(result)
    ahead = clock() - then if then is not None else 0.0
    if abs(ahead) < _SKEW_WORTH_TELLING:
        return "The clock of this computer may be off, or the federated token was too old."
    return f"The clock of this computer is {_span(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} Entra's."


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"about {minutes} minute{'s' if minutes > 1 else ''}"
    return f"about {round(minutes / 60)} hours" if minutes < 60 * 48 else f"about {round(minutes / 1440)} days"


def _moment_of(result: Mapping[str, Any]) -> float | None:
    """When Entra answered, by its own clock."""
    line = _TIMESTAMP_LINE.search(_description(result))
    text = line[1] if line else str(result.get("timestamp", ""))
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _reference(code: int, result: Mapping[str, Any]) -> str:
    """What an administrator looks the case up by."""
    line = _CORRELATION_LINE.search(_description(result))
    given = str(result.get("correlation_id") or (line[1] if line else ""))
    number = f"(AADSTS{code})" if code else ""
    trace = f"[correlation id {given}]" if _CORRELATION.fullmatch(given) else ""
    return f"{number} {trace}".strip()


def _name_in(result: Mapping[str, Any]) -> str:
    return str(result.get("error") or "")


def _description(result: Mapping[str, Any]) -> str:
    return str(result.get("error_description") or "")[:_LONGEST_DESCRIPTION]
