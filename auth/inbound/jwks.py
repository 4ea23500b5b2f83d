"""The keys that Entra signs tokens of a tenant with: fetched when needed, and kept for a day.

Nobody's garbage makes us fetch more than once a minute. While Entra is out, the keys at hand outlive their day by
another one; after that nobody is let in, since a key that was withdrawn meanwhile would go unnoticed.
"""

from __future__ import annotations

import base64
import json
import logging
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import anyio
import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from auth.msal_http import seconds_to_wait
from errors import KeysUnavailable, NotAdmitted, StartError

log = logging.getLogger(__name__)

MAX_BYTES = 256 * 1024

_DAY = 24 * 3600.0
_SHORTEST = 300.0
_STALE = _DAY
_SECONDS = 5.0
_PAUSE = 60.0
"""Between two fetches, for as long as there are keys to work with."""
_SHORT_PAUSE = 10.0
_LONGEST_PAUSE = 300.0
_FEWEST_BITS, _MOST_BITS = 2048, 8192
_EXPONENT = 65537
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=([0-9]{1,9})(?:$|[\s,])", re.IGNORECASE)
_UNKNOWN = "No key of Entra's for that tenant has the id that the token names."
_OUT = "The keys of the sign-in service cannot be had, so no token can be told from a forged one for now."


class KeySet:
    """The keys of one tenant. `issuer` is who signs with them; one flight fetches them for all who wait."""

    def __init__(
        self,
        issuer: str,
        address: str,
        http: Callable[[], httpx.AsyncClient],
        *,
        steady: Callable[[], float] = time.monotonic,
        seconds: float = _SECONDS,
    ) -> None:
        self._issuer = issuer
        self._address = httpx.URL(address)
        self._http = http
        self._steady = steady
        self._seconds = seconds
        self._keys: Mapping[str, RSAPublicKey] = {}
        self._fresh_until = self._usable_until = self._next_try = -math.inf
        self._has_failed = False
        self._one_flight = anyio.Lock(fast_acquire=True)
        if self._address.scheme != "https":
            raise ValueError("Keys are fetched over https alone.")

    def at_hand(self, kid: str) -> RSAPublicKey | None:
        """The key with this id, if it is known and its time is not over."""
        return self._keys.get(kid) if self._steady() < self._fresh_until else None

    async def key(self, kid: str) -> RSAPublicKey:
        """The key with this id; raises NotAdmitted where there is none, KeysUnavailable where that cannot be told."""
        found = self.at_hand(kid)
        if found is not None:
            return found
        await self._refresh()
        found = self._keys.get(kid) if self._is_usable else None
        if found is not None:
            return found
        if self._has_failed or not self._is_usable:
            raise KeysUnavailable(_OUT, retry_after=max(1.0, math.ceil(self._next_try - self._steady())))
        raise NotAdmitted(_UNKNOWN)

    async def is_usable(self) -> bool:
        """Whether there are keys to work with, fetched now if need be and not too often."""
        if not self._is_usable:
            await self._refresh()
        return self._is_usable

    @property
    def _is_usable(self) -> bool:
        return self._steady() < self._usable_until

    async def _refresh(self) -> None:
        async with self._one_flight:
            if self._steady() >= self._next_try:
                self._next_try = self._steady() + _SHORT_PAUSE
                # Whoever came first may hang up; the others are waiting for the same.
                with anyio.CancelScope(shield=True):
                    await self._fetch()

    async def _fetch(self) -> None:
        trouble, wait = "", 0.0
        try:
            with anyio.fail_after(self._seconds):
                status, headers, body = await self._asked()
            wait = seconds_to_wait(headers.get("retry-after", ""), time.time())
            trouble = self._taken(headers, body) if status == httpx.codes.OK else f"it answered {status}"
        except (httpx.HTTPError, OSError, StartError) as error:  # TimeoutError is an OSError
            trouble = type(error).__name__
        self._has_failed = bool(trouble)
        if trouble:
            pause = _PAUSE if self._is_usable else _SHORT_PAUSE
            self._next_try = self._steady() + min(max(pause, wait), _LONGEST_PAUSE)
            log.warning("the keys of the sign-in service could not be fetched", extra={"trouble": trouble})

    async def _asked(self) -> tuple[int, httpx.Headers, bytes]:
        body = b""
        plain = {"Accept": "application/json", "Accept-Encoding": "identity"}
        async with self._http() as http, http.stream("GET", self._address, headers=plain) as response:
            # As it comes: a few compressed bytes could unpack to any number of them.
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > MAX_BYTES:
                    break
            return response.status_code, response.headers, body

    def _taken(self, headers: httpx.Headers, body: bytes) -> str:
        """What is wrong with an answer; nothing, and its keys are ours."""
        keys = {} if len(body) > MAX_BYTES else self._read(body)
        if not keys:
            return "its answer has no key that can be used"
        now = self._steady()
        said = _MAX_AGE.search(headers.get("cache-control", ""))
        self._keys = keys
        self._fresh_until = now + min(max(float(said[1]), _SHORTEST) if said else _DAY, _DAY)
        self._usable_until = self._fresh_until + _STALE
        self._next_try = now + _PAUSE
        return ""

    def _read(self, body: bytes) -> dict[str, RSAPublicKey]:
        try:
            entries = json.loads(body)["keys"]
        except (ValueError, RecursionError, TypeError, KeyError):
            return {}
        return dict(self._usable(entries)) if isinstance(entries, list) else {}

    def _usable(self, entries: list[Any]) -> Iterator[tuple[str, RSAPublicKey]]:
        """The keys that sign tokens of this tenant; one that is known already stays the same object."""
        for entry in entries:
            if not isinstance(entry, dict) or not self._signs_here(entry):
                continue
            numbers, kid = _numbers(entry), entry["kid"]
            known = self._keys.get(kid)
            if known is not None and known.public_numbers() == numbers:
                yield kid, known
            elif numbers is not None:
                yield kid, numbers.public_key()

    def _signs_here(self, entry: Mapping[str, Any]) -> bool:
        """A key names whose tokens it signs: of another tenant's, above all of personal accounts', none is taken."""
        is_rsa = entry.get("kty") == "RSA" and entry.get("use", "sig") == "sig" and entry.get("alg", "RS256") == "RS256"
        issuer, tenant = entry.get("issuer", self._issuer), self._issuer.split("/")[3]
        is_ours = isinstance(issuer, str) and issuer.replace("{tenantid}", tenant) == self._issuer
        return is_rsa and is_ours and isinstance(entry.get("kid"), str)


def _numbers(entry: Mapping[str, Any]) -> RSAPublicNumbers | None:
    modulus, exponent = _number(entry.get("n")), _number(entry.get("e"))
    if not _FEWEST_BITS <= modulus.bit_length() <= _MOST_BITS or exponent != _EXPONENT or modulus % 2 == 0:
        return None
    return RSAPublicNumbers(exponent, modulus)


def _number(text: object) -> int:
    if not isinstance(text, str):
        return 0
    try:
        return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")
    except ValueError:
        return 0
