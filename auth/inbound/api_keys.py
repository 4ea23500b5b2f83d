"""Keys for daemons: who shows one is let in as that key, with what its record allows."""

from __future__ import annotations

import hmac
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from anyio import to_thread

from auth.inbound.key_file import WatchedKeys
from auth.inbound.key_form import LONGEST, hash_of, id_in
from auth.inbound.key_records import FileFault, KeyRecord
from errors import NotAdmitted
from principal import Level, Principal, Rights, Sender
from settings import Settings

# Compared where there is no such key, so that an unknown id takes as long as a wrong secret. No key has this hash.
_NOBODY = "0" * 64


class KeyDoor:
    """Lets in who shows a key of the file; it fits `Door`.

    `tools_in` names the tools of toolsets, and raises ValueError for one that does not exist. `alike` compares two
    hashes in a time that says nothing about them.
    """

    challenge = 'realm="graphward"'
    metadata: Mapping[str, Any] | None = None

    def __init__(
        self,
        path: Path,
        settings: Settings,
        tools_in: Callable[[Sequence[str]], frozenset[str]],
        *,
        now: Callable[[], float] = time.time,
        pause: float = 1.0,
        alike: Callable[[bytes, bytes], bool] = hmac.compare_digest,
    ) -> None:
        self._settings = settings
        self._tools_in = tools_in
        self._now = now
        self._alike = alike
        self._file = WatchedKeys(path, self._check_toolsets, pause=pause)

    async def sender(self, token: str) -> Sender:
        """Whoever has this key; NotAdmitted where there is none such, or it is over."""
        key = await self._genuine(token)
        if key.revoked is not None:
            raise NotAdmitted(f"The key {key.id} was revoked.")
        expires_at = math.inf if key.expires is None else key.expires.timestamp()
        if self._now() >= expires_at:
            raise NotAdmitted(f"The key {key.id} has expired. Create another with server.py keys create.")
        return Sender(
            self._principal(key),
            self._rights(key),
            name=key.name,
            is_person=False,
            expires_at=expires_at,
            calls_at_once=key.calls or 0,
            rate=key.rate or "",
        )

    async def is_ready(self) -> bool:
        """Whether there is a file of keys that makes sense."""
        await self._look()
        return self._file.is_there

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Nothing has to run: the file is looked at when a key is shown."""
        yield

    async def _genuine(self, token: str) -> KeyRecord:
        """The record of this very key; whoever only guesses learns nothing of what it says."""
        if len(token) > LONGEST:
            raise NotAdmitted("The key is longer than any key.")
        key_id = id_in(token)
        if not key_id:
            raise NotAdmitted("This is no key of ours, or it was not copied to the letter.")
        await self._look()
        key = self._file.keys.get(key_id)
        is_alike = self._alike(hash_of(token).encode(), (key.sha256 if key else _NOBODY).encode())
        if key is None or not is_alike:
            raise NotAdmitted("There is no such key.")
        return key

    async def _look(self) -> None:
        if self._file.is_due():
            await to_thread.run_sync(self._file.look)

    def _principal(self, key: KeyRecord) -> Principal:
        """All keys share the app's identity at Graph; what is kept for one is kept from the others all the same."""
        settings = self._settings
        return Principal(settings.cloud.name, settings.tenant, f"key:{key.id}", settings.entra_client_id or "")

    def _rights(self, key: KeyRecord) -> Rights:
        is_full = key.level == "full" and self._settings.level != "read"
        return Rights(
            Level.FULL if is_full else Level.READ,
            is_daemon=True,
            tools=self._tools(key),
            mailboxes=None if key.mailboxes is None else frozenset(key.mailboxes),
            sites=None if key.sites is None else frozenset(key.sites),
        )

    def _tools(self, key: KeyRecord) -> frozenset[str] | None:
        if key.tools is None and key.toolsets is None:
            return None
        return frozenset(key.tools or ()) | self._tools_in(key.toolsets or ())

    def _check_toolsets(self, place: int, key: KeyRecord) -> None:
        try:
            self._tools_in(key.toolsets or ())
        except ValueError as error:
            raise FileFault(f"keys[{place}].toolsets: {error}") from None
