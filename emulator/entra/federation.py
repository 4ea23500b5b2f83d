"""Federated credentials: a token of another issuer, or of a managed identity, in place of a secret."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from emulator.entra.errors import EntraError
from emulator.entra.keys import SIGNATURE_ONLY, BadSignature
from emulator.entra.realm import Realm
from emulator.entra.registrations import EXCHANGE_ID, EXCHANGE_URI, AppRegistration, FederatedCredential


def is_federated(app: AppRegistration, assertion: str) -> bool:
    """Whether somebody else issued the assertion; the application itself signs its own with its client id."""
    issuer = str(_claims(assertion).get("iss", ""))
    return issuer.lower() != app.client_id.lower() and (bool(app.federated) or "://" in issuer)


def check_federated(realm: Realm, app: AppRegistration, assertion: str) -> dict[str, Any]:
    """The claims of an assertion that matches one of the application's federated credentials to the letter."""
    credential = _matching(realm, app, _claims(assertion))
    if credential.keys is None:
        return _signed_here(realm, assertion)
    return _signed_by(_key(credential, jwt.get_unverified_header(assertion).get("kid")), assertion)


def _claims(assertion: str) -> dict[str, Any]:
    """What an assertion says, true or not."""
    try:
        return dict(jwt.decode(assertion, options={"verify_signature": False}))
    except (jwt.InvalidTokenError, ValueError, RecursionError) as error:
        raise EntraError(50027, reason="it cannot be decoded") from error


def _matching(realm: Realm, app: AppRegistration, claims: Mapping[str, Any]) -> FederatedCredential:
    if not app.federated:
        raise EntraError(70021, reason="there is none at all")
    issuer, subject = str(claims.get("iss", "")), str(claims.get("sub", ""))
    found = _narrowed(app.federated, lambda each: each.issuer == issuer)
    if not found:
        raise EntraError(700211, issuer=issuer)
    if issuer == realm.issuer and "scp" in claims:
        raise EntraError(700229)
    of_subject = _narrowed(found, lambda each: each.subject == subject)
    if not of_subject:
        is_other_case = any(each.subject.lower() == subject.lower() for each in found)
        raise EntraError(7002138 if is_other_case else 700213, subject=subject)
    audiences = _audiences(realm, claims)
    of_audience = _narrowed(of_subject, lambda each: each.audience in audiences)
    if not of_audience:
        raise EntraError(700212, audience=" ".join(audiences))
    return of_audience[0]


def _narrowed(
    credentials: Iterable[FederatedCredential], wanted: Callable[[FederatedCredential], bool]
) -> list[FederatedCredential]:
    return [each for each in credentials if wanted(each)]


def _audiences(realm: Realm, claims: Mapping[str, Any]) -> list[str]:
    sent = claims.get("aud", "")
    audiences = [str(each) for each in sent] if isinstance(sent, list) else [str(sent)]
    # Entra's own tokens name the exchange by its id, the credentials by its address.
    is_ours = claims.get("iss") == realm.issuer and audiences == [EXCHANGE_ID]
    return [EXCHANGE_URI] if is_ours else audiences


def _signed_here(realm: Realm, assertion: str) -> dict[str, Any]:
    try:
        return realm.keys.verified(assertion)
    except BadSignature as error:
        raise EntraError(700027, reason="the signature is not that of a key of this tenant") from error


def _signed_by(key: rsa.RSAPublicKey, assertion: str) -> dict[str, Any]:
    try:
        return dict(jwt.decode(assertion, key, ["RS256"], options=SIGNATURE_ONLY))
    except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError) as error:
        raise EntraError(700027, reason="the signature is not that of the issuer's key, or not RS256") from error
    except jwt.InvalidTokenError as error:
        raise EntraError(50027, reason="its claims are not of the right kind") from error


def _key(credential: FederatedCredential, kid: object) -> rsa.RSAPublicKey:
    known = credential.public_keys()
    # A set of one needs no names.
    found = next((key for name, key in known if name in (kid, None) or (kid is None and len(known) == 1)), None)
    if not isinstance(found, rsa.RSAPublicKey):
        raise EntraError(700027, reason="the issuer has no such RSA key")
    return found
