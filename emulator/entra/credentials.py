"""Client authentication at the token endpoint: a secret, Basic, a signed assertion, or none."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.requests import Request

from emulator.entra.errors import EntraError
from emulator.entra.federation import check_federated, is_federated
from emulator.entra.keys import SIGNATURE_ONLY, b64url, thumbprint
from emulator.entra.realm import SHARED_TENANTS, Realm
from emulator.entra.registrations import AppRegistration
from emulator.entra.replies import need
from emulator.entra.tokens import CERTIFICATE, PUBLIC, SECRET, Client

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

_CLOCK_SKEW_SECONDS = 300


def authenticate(realm: Realm, request: Request, form: Mapping[str, str]) -> Client:
    """Who the client is, and how it proved it."""
    fields = {**form, **_basic(request.headers.get("authorization", ""))}
    app = realm.app(need(fields, "client_id"))
    secret, assertion = fields.get("client_secret"), fields.get("client_assertion")
    if not secret and not assertion:
        return _unproved(app, form)
    if not app.is_confidential:
        raise EntraError(700025)
    if assertion:
        _check_assertion(realm, app, assertion, need(fields, "client_assertion_type"))
        return Client(app, CERTIFICATE)
    app.check_secret(secret or "")
    return Client(app, SECRET)


def _unproved(app: AppRegistration, form: Mapping[str, str]) -> Client:
    if form.get("grant_type") == "client_credentials":
        raise EntraError(7000216)
    if not app.allow_public_client:
        raise EntraError(7000218)
    return Client(app, PUBLIC)


def _basic(authorization: str) -> dict[str, str]:
    """The client id and secret of a Basic header, each form-encoded inside it (RFC 6749, 2.3.1)."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError as error:
        raise EntraError(9002313) from error
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret)}


def _check_assertion(realm: Realm, app: AppRegistration, assertion: str, kind: str) -> None:
    if kind != ASSERTION_TYPE:
        raise EntraError(90023, field="client_assertion_type", value=kind)
    if is_federated(app, assertion):
        claims = check_federated(realm, app, assertion)
    else:
        claims = _signed_claims(realm, app, assertion)
        _check_parties(realm, app, claims)
    _check_times(realm, claims)


def _check_times(realm: Realm, claims: Mapping[str, Any]) -> None:
    now, until, since = realm.now(), claims.get("exp"), claims.get("nbf", 0)
    if not isinstance(until, int | float) or not isinstance(since, int | float):
        raise EntraError(50027, reason="exp and nbf must be numbers")
    # Written so that NaN, which compares as false, is refused.
    if not since - _CLOCK_SKEW_SECONDS <= now <= until + _CLOCK_SKEW_SECONDS:
        raise EntraError(700024)


def _signed_claims(realm: Realm, app: AppRegistration, assertion: str) -> dict[str, Any]:
    """The claims of an assertion that one of the app's certificates signed."""
    try:
        header = jwt.get_unverified_header(assertion)
        certificate = _certificate(app, header)
        key = certificate.public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise EntraError(700027, reason="the registered certificate has no RSA key")
        _check_validity(realm, certificate)
        return dict(jwt.decode(assertion, key, ["RS256", "PS256"], options=SIGNATURE_ONLY))
    except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError) as error:
        raise EntraError(
            700027, reason="the signature is not that of the certificate, or not RS256 or PS256"
        ) from error
    except (jwt.InvalidTokenError, ValueError, RecursionError) as error:
        raise EntraError(50027, reason="it cannot be decoded") from error


def _certificate(app: AppRegistration, header: Mapping[str, Any]) -> x509.Certificate:
    # MSAL pads its thumbprints, others do not.
    named = {str(header[name]).rstrip("=") for name in ("x5t", "x5t#S256") if name in header}
    for certificate in app.loaded_certificates():
        if named & {thumbprint(certificate), b64url(certificate.fingerprint(hashes.SHA256()))}:
            return certificate
    raise EntraError(700027, reason="its thumbprint is not that of a certificate registered for the app")


def _check_validity(realm: Realm, certificate: x509.Certificate) -> None:
    now = datetime.fromtimestamp(realm.clock(), UTC)
    if now < certificate.not_valid_before_utc:
        raise EntraError(700027, reason=f"the certificate is not valid before {certificate.not_valid_before_utc}")
    if now > certificate.not_valid_after_utc:
        raise EntraError(700027, reason=f"the certificate expired at {certificate.not_valid_after_utc}")


def _check_parties(realm: Realm, app: AppRegistration, claims: Mapping[str, Any]) -> None:
    issuer, subject, audience = claims.get("iss"), claims.get("sub"), claims.get("aud")
    if issuer != subject:
        raise EntraError(50048)
    if str(issuer).lower() != app.client_id.lower():
        raise EntraError(700021)
    audiences = audience if isinstance(audience, list) else [audience]
    if not any(one in _audiences(realm) for one in audiences):
        raise EntraError(700023)


def _audiences(realm: Realm) -> list[str]:
    """What an assertion may be meant for: the token endpoints of the tenant, or its issuer."""
    names = (realm.tenant.id, realm.tenant.domain, *SHARED_TENANTS)
    bases = (realm.cloud.login_url, realm.login_url)
    ends = ("oauth2/v2.0/token", "v2.0", "oauth2/token")
    return [f"{base}/{name}/{end}" for base in bases for name in names for end in ends]
