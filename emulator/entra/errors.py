"""Every AADSTS error this Entra can raise, in one table, and the JSON that carries it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from emulator.entra.refusals import ACCESS, Refusal

_CORRELATION = re.compile(r"[\w.-]{1,64}", re.ASCII)


AADSTS: dict[int, Refusal] = {
    16000: Refusal("interaction_required", "The signed-in account is not the one that the request names."),
    28000: Refusal("invalid_request", "The scope '{scope}' is not valid: it names more than one resource."),
    50011: Refusal(
        "invalid_request",
        "The redirect URI '{uri}' specified in the request is not among those registered for the application "
        "'{app}'. Add it to the registration, exactly as it is sent.",
    ),
    50013: Refusal("invalid_grant", "The assertion failed signature validation: {reason}."),
    50027: Refusal("invalid_client", "The client assertion is not a well-formed JWT: {reason}.", 401),
    50034: Refusal("invalid_grant", "The user account does not exist in the directory '{tenant}'."),
    50048: Refusal("invalid_client", "The client assertion's subject and issuer differ.", 401),
    50049: Refusal("invalid_instance", "The authority host '{host}' is unknown."),
    50057: Refusal("invalid_grant", "The user account is disabled."),
    50058: Refusal("login_required", "A silent sign-in was asked for, but nobody is signed in."),
    50194: Refusal(
        "invalid_request",
        "The application '{app}' ({name}) is for one tenant only: name the tenant instead of /{authority}, "
        "or let the registration accept accounts of any organisation.",
    ),
    50147: Refusal("invalid_request", "The code_challenge_method '{method}' is not S256 or plain."),
    50148: Refusal("invalid_grant", "The code was asked for with a code_challenge: send its code_verifier."),
    54005: Refusal("invalid_grant", "The code was already redeemed. Start a new sign-in to get another."),
    65001: Refusal(
        "invalid_grant",
        "The user or an administrator has not consented to use the application '{app}' with '{scope}'.",
        suberror="consent_required",
    ),
    65004: Refusal("access_denied", "The user declined to consent to the application."),
    70000: Refusal("invalid_grant", "The {what} is not valid: {reason}."),
    70003: Refusal("unsupported_grant_type", "The app asked for the unsupported grant type '{grant}'."),
    70005: Refusal("unsupported_response_type", "The response_type '{kind}' is not supported."),
    70008: Refusal("invalid_grant", "The authorization code has expired."),
    70011: Refusal("invalid_scope", "The input parameter 'scope' is not valid. The scope '{scope}' {reason}."),
    70016: Refusal("authorization_pending", "The user has not finished signing in yet. Keep polling."),
    70018: Refusal("bad_verification_code", "The device code is not one that was issued here."),
    70020: Refusal("expired_token", "The device code has expired. Ask for another."),
    70021: Refusal(
        "invalid_client", "The application has no federated identity record that matches the assertion: {reason}.", 401
    ),
    90002: Refusal("invalid_tenant", "Tenant '{tenant}' not found. Check the tenant id or domain of the address."),
    90009: Refusal(
        "invalid_request",
        "The application '{app}' asks for a token for itself. That works only when the resource is named by its "
        "GUID: send the scope in that form.",
    ),
    90023: Refusal("invalid_request", "The parameter '{field}' has the unusable value '{value}'."),
    90038: Refusal(
        "invalid_request",
        "The tenant '{tenant}' belongs to the national cloud '{cloud}', with which the cloud instance '{asked}' does "
        "not federate: sign in there instead of here.",
    ),
    90094: Refusal("consent_required", "An administrator must grant '{scope}' to the application '{app}' first."),
    500011: Refusal(
        "invalid_resource", "The resource principal named '{resource}' was not found in the tenant named '{tenant}'."
    ),
    500112: Refusal(
        "invalid_client",
        "The reply address '{uri}' is not the one with which the authorization code was asked for.",
        401,
    ),
    500131: Refusal(
        "invalid_grant", "The assertion's audience '{audience}' is not the application '{app}' that presents it."
    ),
    500133: Refusal("invalid_grant", "The assertion is not within its valid time range: {reason}."),
    501481: Refusal("invalid_grant", "The code_verifier does not match the code_challenge of the request."),
    501491: Refusal("invalid_request", "The code_challenge has an invalid size or alphabet."),
    240002: Refusal("invalid_request", "An id_token cannot be the assertion of '{grant}': send an access token."),
    650053: Refusal(
        "invalid_client", "The application asked for scope '{scope}' that doesn't exist on the resource '{resource}'."
    ),
    700016: Refusal("unauthorized_client", "Application with identifier '{app}' was not found in '{tenant}'."),
    700021: Refusal("invalid_client", "The client assertion's issuer is not the 'client_id' of the request.", 401),
    700023: Refusal("invalid_client", "The client assertion's audience is not this tenant's token endpoint.", 401),
    700024: Refusal("invalid_client", "The client assertion is not within its valid time range.", 401),
    700025: Refusal(
        "invalid_client", "The client is public: send neither 'client_assertion' nor 'client_secret'.", 401
    ),
    700027: Refusal("invalid_client", "The client assertion failed signature validation: {reason}.", 401),
    700054: Refusal("unsupported_response_type", "response_type '{kind}' is not enabled for the application."),
    700082: Refusal(
        "invalid_grant",
        "The refresh token has expired due to inactivity. It was last used on {used} and was inactive for 90 days.",
        suberror="bad_token",
    ),
    700211: Refusal(
        "invalid_client", "No federated identity record of the application has the assertion's issuer '{issuer}'.", 401
    ),
    700212: Refusal("invalid_client", "No federated identity record has the assertion's audience '{audience}'.", 401),
    700213: Refusal("invalid_client", "No federated identity record has the assertion's subject '{subject}'.", 401),
    700229: Refusal(
        "invalid_client", "Only an application's own token can be a federated credential with Entra as the issuer.", 401
    ),
    900144: Refusal("invalid_request", "The request must contain the following parameter: '{field}'."),
    900382: Refusal("invalid_request", "Confidential Client is not supported in Cross Cloud request."),
    900561: Refusal("invalid_request", "The endpoint only accepts POST requests. Received a {method} request.", 405),
    900971: Refusal("invalid_request", "No reply address was provided, and the application has no single one."),
    1002012: Refusal(
        "invalid_scope", "The scope '{scope}' is not valid: client credentials need one '{{resource}}/.default'."
    ),
    7000112: Refusal("unauthorized_client", "The application '{app}' ({name}) is disabled."),
    7000114: Refusal(
        "unauthorized_client",
        "The application '{app}' may not act on behalf of an application: present a user's token.",
    ),
    7000215: Refusal(
        "invalid_client",
        "Invalid client secret provided for the application '{app}'. Send the secret's value and not its id.",
        401,
    ),
    7000216: Refusal(
        "invalid_client",
        "'client_assertion' or 'client_secret' is required for the 'client_credentials' grant type.",
        401,
    ),
    7000218: Refusal(
        "invalid_client", "The request body must contain the parameter 'client_assertion' or 'client_secret'.", 401
    ),
    7000222: Refusal(
        "invalid_client", "The client secret of the application '{app}' has expired. Create another one.", 401
    ),
    7002138: Refusal(
        "invalid_client",
        "No federated identity record has the assertion's subject '{subject}', only one in another case.",
        401,
    ),
    9000411: Refusal(
        "invalid_request", "The request is not properly formatted. The parameter '{field}' is duplicated."
    ),
    9001023: Refusal("invalid_request", "The grant type is not supported over the /{tenant} endpoint: name a tenant."),
    9002313: Refusal("invalid_request", "Invalid request. Request is malformed or invalid."),
    9010010: Refusal("invalid_target", "The parameter 'resource' is '{resource}', but the scopes are of another."),
    **ACCESS,
}


class EntraError(Exception):
    """A request that Entra refuses; `error` overrides the OAuth name where the endpoint has its own.

    `claims` is what the client must ask for at the next sign-in, as JSON.
    """

    def __init__(
        self, code: int, *, error: str | None = None, status: int | None = None, claims: str = "", **values: str
    ) -> None:
        refusal = AADSTS[code]
        self.code = code
        self.error = error or refusal.error
        self.status = status or refusal.status
        self.suberror = refusal.suberror
        self.claims = claims
        super().__init__(f"AADSTS{code}: {refusal.text.format(**values)}")


@dataclass(frozen=True)
class Trace:
    """What ties an answer to the log of a real Entra: two ids and a time; `login_url` is where errors are explained."""

    trace_id: str
    correlation_id: str
    timestamp: str
    login_url: str

    @classmethod
    def of(cls, client_request_id: str | None, now: float, login_url: str) -> Trace:
        """A new trace that keeps the caller's own id as correlation id, if it is usable as one."""
        sent = client_request_id or ""
        correlation_id = sent if _CORRELATION.fullmatch(sent) else str(uuid4())
        return cls(str(uuid4()), correlation_id, utc(now), login_url)


def utc(moment: float) -> str:
    """A time the way Entra prints it."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S}Z"


def describe(error: EntraError, trace: Trace) -> str:
    """The error_description: the message, then the trace, a line each."""
    lines = (str(error), f"Trace ID: {trace.trace_id}", f"Correlation ID: {trace.correlation_id}")
    return "\r\n".join((*lines, f"Timestamp: {trace.timestamp}"))


def body_of(error: EntraError, trace: Trace) -> dict[str, Any]:
    """The JSON body of a refused request."""
    body = {
        "error": error.error,
        "error_description": describe(error, trace),
        "error_codes": [error.code],
        "timestamp": trace.timestamp,
        "trace_id": trace.trace_id,
        "correlation_id": trace.correlation_id,
        "error_uri": f"{trace.login_url}/error?code={error.code}",
    }
    more = {"suberror": error.suberror, "claims": error.claims}
    return body | {name: value for name, value in more.items() if value}
