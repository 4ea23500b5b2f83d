"""Tokens that Entra's own key signed and that Entra would never make: each good but for one thing."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.auth.inbound.jwts import Signature, hmac_with, raw, unsigned
from tests.http.scene import API, CLIENT, DAEMON, PUBLIC_URL, RESOURCE, HttpCloud, claims_of

NOTHING: Any = object()


def signature_of(cloud: HttpCloud) -> Signature:
    """As the emulator signs, with any hash."""
    key = cloud.entra._realm.keys.current.private
    return lambda signed: key.sign(signed, padding.PKCS1v15(), hashes.SHA256())


def forged(
    cloud: HttpCloud, claims: dict[str, Any] | None = None, head: dict[str, Any] | None = None, *, sign: Any = None
) -> str:
    """A person's good token with other claims or another header; what is NOTHING is left out."""
    said = {**claims_of(cloud.token()), **(claims or {})}
    header = {"typ": "JWT", "alg": "RS256", "kid": cloud.entra._realm.keys.kid, **(head or {})}
    kept = {name: value for name, value in said.items() if value is not NOTHING}
    return raw(json.dumps(header).encode(), json.dumps(kept).encode(), sign or signature_of(cloud))


def _deep(levels: int) -> Any:
    return [_deep(levels - 1)] if levels else 1


def forgeries(cloud: HttpCloud) -> dict[str, str]:
    """Tokens that are each wrong in one thing, of the kinds that rows A05 to A10 and A16 name."""
    now, login = int(time.time()), "https://login.microsoftonline.com"
    home, evil = cloud.tenant.id, "2b7de1a0-91c4-4f5e-8a63-0d4c5b6e7f81"
    public = cloud.entra._realm.keys.current.private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    jwk = cloud.entra._realm.keys.published(f"{login}/{home}/v2.0", "")[0]
    return {
        "A05 none": forged(cloud, {}, {"alg": "none"}, sign=unsigned),
        "A05 HS256": forged(cloud, {}, {"alg": "HS256"}, sign=hmac_with(pem)),
        "A05 PS256": forged(cloud, {}, {"alg": "PS256"}),
        "A05 unsigned": forged(cloud, {}, {}, sign=unsigned) + "AA",
        "A05 changed": _changed(forged(cloud)),
        "A06 jku": forged(cloud, {}, {"jku": "https://evil.example/keys"}),
        "A06 x5u": forged(cloud, {}, {"x5u": "https://evil.example/cert"}),
        "A06 jwk": forged(cloud, {}, {"jwk": jwk}),
        "A06 crit": forged(cloud, {}, {"crit": ["x"], "x": 1}),
        "A06 b64": forged(cloud, {}, {"b64": False}),
        "A06 zip": forged(cloud, {}, {"zip": "DEF"}),
        "A06 typ": forged(cloud, {}, {"typ": "id_token"}),
        "A07 another API": forged(cloud, {"aud": DAEMON}),
        "A07 Graph": forged(cloud, {"aud": "https://graph.microsoft.com"}),
        "A07 a list": forged(cloud, {"aud": [API]}),
        "A07 more": forged(cloud, {"aud": f"{RESOURCE}.evil.example"}),
        "A07 less": forged(cloud, {"aud": PUBLIC_URL}),
        "A08 another tenant": forged(cloud, {"tid": evil, "iss": f"{login}/{evil}/v2.0"}),
        "A08 another issuer": forged(cloud, {"iss": f"{login}/{evil}/v2.0"}),
        "A08 issuer and more": forged(cloud, {"iss": f"{login}/{home}/v2.0.evil.example"}),
        "A08 issuer of version 1": forged(cloud, {"iss": f"https://sts.windows.net/{home}/"}),
        "A08 version 1": forged(cloud, {"ver": "1.0", "iss": f"https://sts.windows.net/{home}/", "appid": CLIENT}),
        "A09 expired": forged(cloud, {"exp": now - 70}),
        "A09 without an end": forged(cloud, {"exp": NOTHING}),
        "A09 not yet": forged(cloud, {"nbf": now + 120}),
        "A09 made tomorrow": forged(cloud, {"iat": now + 86_400}),
        "A10 ID token": forged(cloud, {"nonce": "n", "aud": API}),
        "A10 another client": forged(cloud, {"azp": DAEMON}),
        "A16 17 KB": forged(cloud, {"padding": "x" * 17_000}),
        "A16 deep": forged(cloud, {"deep": _deep(40)}),
    }


def _changed(token: str) -> str:
    head, _, signature = token.split(".")
    said = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    body = base64.urlsafe_b64encode(json.dumps({**said, "name": "Eve"}).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"
