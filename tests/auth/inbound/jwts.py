"""Tokens for tests, good and bad: what is signed, how, and with what can each be chosen, down to the bytes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import httpx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from auth.inbound import EntraDoor
from settings import Settings, read_settings

HOME = "7f0c2a58-4c1e-4b8f-9d65-3c2a1b7e9f40"
PARTNER = "2b7de1a0-91c4-4f5e-8a63-0d4c5b6e7f81"
API = "a0a0a0a0-1111-4222-8333-444444444444"
CLIENT = "c11e07a0-0000-4000-8000-00000000c11e"
PERSON = "ad599bce-0eb7-4e68-a7a7-6005ea645079"
LOGIN = "https://login.microsoftonline.com"
RESOURCE = "https://mcp.lindenhall.example/mcp"
KID = "key-of-the-home-tenant"
STANDBY_KID = "another-key-of-the-home-tenant"
NOW = 1_900_000_000

Key = rsa.RSAPrivateKey


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


@cache
def key_of(name: str, bits: int = 2048) -> Key:
    """One key for each name, made once: that takes its time."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def published(kid: Any = KID, name: str = "home", bits: int = 2048, **changes: Any) -> dict[str, Any]:
    """A key's entry in the key set."""
    public = key_of(name, bits).public_key().public_numbers()
    entry = {"kty": "RSA", "use": "sig", "kid": kid, "n": number(public.n), "e": number(public.e)}
    return {**entry, "issuer": f"{LOGIN}/{HOME}/v2.0", **changes}


def claims(**changes: Any) -> dict[str, Any]:
    """What a good token says, with changes; a change to ... leaves it out."""
    given = {
        "aud": API,
        "iss": f"{LOGIN}/{HOME}/v2.0",
        "iat": NOW - 100,
        "nbf": NOW - 100,
        "exp": NOW + 3600,
        "azp": CLIENT,
        "azpacr": "0",
        "name": "Ines Aldana",
        "oid": PERSON,
        "preferred_username": "ines@lindenhall.example",
        "scp": "mcp.access",
        "sub": "pairwise-for-this-app",
        "tid": HOME,
        "uti": "id-of-a-token",
        "ver": "2.0",
    }
    return {name: value for name, value in {**given, **changes}.items() if value is not ...}


def app_claims(*roles: str, **changes: Any) -> dict[str, Any]:
    """What the token of an app that works as itself says."""
    return claims(
        **{"scp": ..., "name": ..., "preferred_username": ..., "sub": PERSON, "roles": list(roles), **changes}
    )


def older_claims(**changes: Any) -> dict[str, Any]:
    """What a token of version 1 says."""
    older = {"ver": "1.0", "iss": f"https://sts.windows.net/{HOME}/", "azp": ..., "appid": CLIENT}
    return claims(**{**older, "aud": f"api://{API}", **changes})


def header(**changes: Any) -> dict[str, Any]:
    given = {"typ": "JWT", "alg": "RS256", "kid": KID}
    return {name: value for name, value in {**given, **changes}.items() if value is not ...}


Signature = Callable[[bytes], bytes]


def rs256(signed: bytes, name: str = "home", bits: int = 2048) -> bytes:
    return key_of(name, bits).sign(signed, padding.PKCS1v15(), hashes.SHA256())


def hmac_with(secret: bytes, name: str = "sha256") -> Signature:
    return lambda signed: hmac.new(secret, signed, name).digest()


def ecdsa(signed: bytes) -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).sign(signed, ec.ECDSA(hashes.SHA256()))


def unsigned(_: bytes) -> bytes:
    return b""


def raw(head: bytes, body: bytes, sign: Signature = rs256) -> str:
    """A token of these bytes."""
    signed = f"{b64(head)}.{b64(body)}"
    return f"{signed}.{b64(sign(signed.encode()))}"


def token(said: Mapping[str, Any] | None = None, head: Mapping[str, Any] | None = None, sign: Signature = rs256) -> str:
    """A signed token that says this, by default a good one."""
    said, head = claims() if said is None else said, header() if head is None else head
    return raw(json.dumps(head).encode(), json.dumps(said).encode(), sign)


@cache
def secrets_of_the_public_key() -> dict[str, bytes]:
    """What somebody who knows only the public key could take for a shared secret."""
    public = key_of("home").public_key()
    pem, pkcs1 = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.PublicFormat.PKCS1
    return {
        "PEM": public.public_bytes(serialization.Encoding.PEM, pem),
        "PEM without its last newline": public.public_bytes(serialization.Encoding.PEM, pem).strip(),
        "DER": public.public_bytes(serialization.Encoding.DER, pem),
        "PKCS1 PEM": public.public_bytes(serialization.Encoding.PEM, pkcs1),
        "PKCS1 DER": public.public_bytes(serialization.Encoding.DER, pkcs1),
        "JWK": json.dumps(published()).encode(),
        "modulus": number(public.public_numbers().n).encode(),
        "kid": KID.encode(),
        "nothing": b"",
    }


def other_signatures() -> dict[str, Signature]:
    """Ways to sign that an RS256 header does not stand for, with the right key where there is one."""
    key, pss = key_of("home"), padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size)
    return {
        "RSA-PSS": lambda signed: key.sign(signed, pss, hashes.SHA256()),
        "SHA-384": lambda signed: key.sign(signed, padding.PKCS1v15(), hashes.SHA384()),
        "SHA-512": lambda signed: key.sign(signed, padding.PKCS1v15(), hashes.SHA512()),
        "ECDSA": ecdsa,
        "another key": lambda signed: rs256(signed, "stranger"),
        "the other key of the set": lambda signed: rs256(signed, "standby"),
        "the bare digest": lambda signed: hashlib.sha256(signed).digest(),
        "zeros": lambda _: bytes(256),
        "a byte more": lambda signed: rs256(signed) + b"\0",
        "a byte less": lambda signed: rs256(signed)[:-1],
        "of other claims": lambda _: rs256(b"something else"),
        "nothing": unsigned,
    }


class KeyService:
    """A sign-in service that publishes keys, and counts who asks. `answer` takes its place when set."""

    def __init__(self, *entries: dict[str, Any]) -> None:
        self.entries = list(entries) or [published(), published(STANDBY_KID, "standby")]
        self.headers = {"Cache-Control": "max-age=86400, private"}
        self.answer: Callable[[httpx.Request], httpx.Response] | None = None
        self.asked: list[str] = []
        self.before: Callable[[], Any] | None = None

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        if self.before is not None:
            await self.before()
        if self.answer is not None:
            return self.answer(request)
        return httpx.Response(200, headers=self.headers, stream=Chunks(json.dumps({"keys": self.entries}).encode()))

    def fail(self, status: int = 503, **headers: str) -> None:
        self.answer = lambda _: httpx.Response(status, headers=headers, stream=Chunks())


class Chunks(httpx.AsyncByteStream):
    """A body as a network brings it, for whoever reads it raw."""

    def __init__(self, *chunks: bytes) -> None:
        self._chunks = chunks
        self.sent = 0

    async def __aiter__(self) -> Any:
        for chunk in self._chunks:
            self.sent += 1
            yield chunk


class Hand:
    """A clock that is moved by hand."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def settings(**environ: str) -> Settings:
    given = {
        "TRANSPORT": "http",
        "HTTP_AUTH": "entra",
        "PUBLIC_URL": RESOURCE.removesuffix("/mcp"),
        "ENTRA_TENANT_ID": HOME,
        "ENTRA_CLIENT_ID": API,
        "ENTRA_CLIENT_SECRET": "a-secret-of-the-test",
    }
    return read_settings({**given, **environ})


class Scene:
    """A door, the service whose keys it trusts, and their clock."""

    def __init__(self, most: int = 10_000, service: KeyService | None = None, **environ: Any) -> None:
        self.clock = Hand()
        self.service = service or KeyService()
        self.door = EntraDoor(settings(**environ), self.service.client, clock=self.clock, steady=self.clock, most=most)

    def pass_by(self, seconds: float) -> None:
        self.clock.now += seconds
