"""The data of a resource inside a notification: sealed for the subscriber's certificate, vouched for by a token."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, hmac, padding
from cryptography.hazmat.primitives.asymmetric import padding as asymmetric
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from emulator.entra.keys import SigningKeys

# The application that publishes notifications: subscribers must check that it is this one.
PUBLISHER = "0bf30f3b-4a52-48df-9a82-234910c4a086"
_SHORTEST, _LONGEST = 2048, 4096
_KEY_BYTES, _BLOCK_BYTES = 32, 16
_TOKEN_SECONDS = 86_400


def read_certificate(text: str) -> x509.Certificate | None:
    """The certificate in base64, if it is one whose RSA key will do."""
    try:
        raw = base64.b64decode("".join(text.split()), validate=True)
        found = x509.load_pem_x509_certificate(raw) if raw.startswith(b"-----") else x509.load_der_x509_certificate(raw)
        key = found.public_key()
    except (ValueError, binascii.Error):
        return None
    return found if isinstance(key, rsa.RSAPublicKey) and _SHORTEST <= key.key_size <= _LONGEST else None


def sealed_for(certificate: x509.Certificate, certificate_id: str, content: Mapping[str, Any]) -> dict[str, str]:
    """`encryptedContent` that only the holder of the certificate's key can read."""
    public = certificate.public_key()
    assert isinstance(public, rsa.RSAPublicKey)  # noqa: S101 - what read_certificate let through
    key = secrets.token_bytes(_KEY_BYTES)
    data = _encrypted(key, json.dumps(content, ensure_ascii=False).encode())
    signature = hmac.HMAC(key, hashes.SHA256())
    signature.update(data)
    # The format says OAEP with SHA-1.
    oaep = asymmetric.OAEP(asymmetric.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303  # nosec B303
    return {
        "data": base64.b64encode(data).decode(),
        "dataSignature": base64.b64encode(signature.finalize()).decode(),
        "dataKey": base64.b64encode(public.encrypt(key, oaep)).decode(),
        "encryptionCertificateId": certificate_id,
        "encryptionCertificateThumbprint": certificate.fingerprint(hashes.SHA1()).hex().upper(),  # noqa: S303  # nosec B303
    }


def validation_token(keys: SigningKeys, app_id: str, tenant_id: str, now: int) -> str:
    """The token by which a subscriber knows that Graph sent a notification."""
    issuer = f"https://sts.windows.net/{tenant_id}/"
    claims = {
        "aud": app_id,
        "iss": issuer,
        "idp": issuer,
        "iat": now,
        "nbf": now,
        "exp": now + _TOKEN_SECONDS,
        "appid": PUBLISHER,
        "appidacr": "2",
        "tid": tenant_id,
        "ver": "1.0",
    }
    return keys.sign(claims, headers={"x5t": keys.kid})


def _encrypted(key: bytes, content: bytes) -> bytes:
    padder = padding.PKCS7(_BLOCK_BYTES * 8).padder()
    padded = padder.update(content) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:_BLOCK_BYTES])).encryptor()
    return encryptor.update(padded) + encryptor.finalize()
