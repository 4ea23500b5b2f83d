"""The RSA keys that sign tokens: made on first use, published as a JSON Web Key Set."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

_SIGNER = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "accounts.accesscontrol.windows.net")])

_MOST_SEEN = 4096


class BadSignature(Exception):
    """The token was not signed by one of these keys, or was changed afterwards."""


def b64url(data: bytes) -> str:
    """Base64url without padding, as JOSE writes it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64url(text: str) -> bytes:
    """The bytes of a base64url text; ValueError when it is none."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def json_segment(value: Mapping[str, Any]) -> str:
    """One segment of a JWT, byte for byte as PyJWT writes it."""
    return b64url(json.dumps(value, separators=(",", ":")).encode())


def thumbprint(certificate: x509.Certificate) -> str:
    """The x5t of a certificate; SHA-1 because the format says so."""
    der = certificate.public_bytes(Encoding.DER)
    return b64url(hashlib.sha1(der, usedforsecurity=False).digest())


@dataclass(frozen=True)
class SigningKey:
    """A private key with the self-signed certificate that it is published under."""

    private: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @classmethod
    def new(cls, now: float) -> SigningKey:
        """A fresh 2048-bit key, valid for five years from now."""
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        start = datetime.fromtimestamp(now, UTC)
        builder = x509.CertificateBuilder().subject_name(_SIGNER).issuer_name(_SIGNER)
        builder = builder.public_key(private.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(start - timedelta(days=1)).not_valid_after(start + timedelta(days=1826))
        return cls(private, builder.sign(private, hashes.SHA256()))

    @cached_property
    def kid(self) -> str:
        return thumbprint(self.certificate)

    def published(self, issuer: str, instance_name: str) -> dict[str, Any]:
        """The key as an entry of the key set."""
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": self.kid,
            "x5t": self.kid,
            "n": b64url(numbers.n.to_bytes(256, "big")),
            "e": b64url(numbers.e.to_bytes(3, "big")),
            "x5c": [base64.b64encode(self.certificate.public_bytes(Encoding.DER)).decode()],
            "cloud_instance_name": instance_name,
            "issuer": issuer,
        }


class SigningKeys:
    """Two keys, as Entra always publishes several; one signs. Nothing is generated before it is needed."""

    def __init__(self, now: float) -> None:
        self._made_at = now
        self._retired: list[SigningKey] = []
        # A signature is checked once: a client sends the same token with every call.
        self._seen: dict[str, dict[str, Any]] = {}

    @cached_property
    def current(self) -> SigningKey:
        return SigningKey.new(self._made_at)

    @cached_property
    def standby(self) -> SigningKey:
        return SigningKey.new(self._made_at)

    @property
    def kid(self) -> str:
        """The id of the key that signs."""
        return self.current.kid

    def rotate(self, now: float, *, keep_old: bool) -> None:
        """Sign with a key that nobody has seen yet; what the old one signed stays good only if it is kept."""
        self._retired = [*self._retired, self.current] if keep_old else []
        self.current = SigningKey.new(now)
        self._seen.clear()

    def published(self, issuer: str, instance_name: str) -> list[dict[str, Any]]:
        """The key set of this tenant."""
        return [key.published(issuer, instance_name) for key in (self.standby, *self._retired, self.current)]

    def sign(self, claims: Mapping[str, Any], *, headers: Mapping[str, str] | None = None) -> str:
        """A signed JWT that anyone can verify with the published keys."""
        key = self.current
        return jwt.encode(dict(claims), key.private, "RS256", headers={**(headers or {}), "kid": key.kid})

    def sign_for_graph(self, claims: Mapping[str, Any]) -> str:
        """A JWT whose header shows a nonce but whose signature covers the nonce's hash.

        Only Graph, which knows this, can verify it: to everyone else the token is opaque.
        """
        nonce = secrets.token_urlsafe(32)
        shown = {"nonce": nonce, "x5t": self.current.kid}
        signed = self.sign(claims, headers=shown | {"nonce": _hashed(nonce)})
        _, _, rest = signed.partition(".")
        return f"{json_segment(jwt.get_unverified_header(signed) | {'nonce': nonce})}.{rest}"

    def verified(self, token: str) -> dict[str, Any]:
        """The claims of a token that one of the two methods above signed."""
        found = self._seen.get(token)
        if found is None:
            found = self._checked(token)
            if len(self._seen) >= _MOST_SEEN:
                self._seen.clear()
            self._seen[token] = found
        return found

    def _checked(self, token: str) -> dict[str, Any]:
        shown, _, rest = token.partition(".")
        try:
            header = json.loads(unb64url(shown))
            # Rebuilding the header below must not let another spelling of it pass.
            if json_segment(header) != shown:
                raise BadSignature
            signed = header | ({"nonce": _hashed(str(header["nonce"]))} if "nonce" in header else {})
            key = self._named(signed.get("kid")).private.public_key()
            return dict(jwt.decode(f"{json_segment(signed)}.{rest}", key, ["RS256"], options=SIGNATURE_ONLY))
        except (ValueError, TypeError, AttributeError, RecursionError, jwt.InvalidTokenError) as error:
            raise BadSignature from error

    def _named(self, kid: object) -> SigningKey:
        found = (key for key in (self.current, *self._retired) if key.kid == kid)
        key = next(found, None)
        if key is None:
            raise BadSignature
        return key


# For PyJWT: the claims are judged here, each with an error of its own.
SIGNATURE_ONLY: Any = dict.fromkeys(("verify_exp", "verify_nbf", "verify_iat", "verify_aud", "verify_iss"), False)


def _hashed(nonce: str) -> str:
    return hashlib.sha256(nonce.encode()).hexdigest()
