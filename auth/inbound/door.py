"""What stands between a request over HTTP and what it may do: whoever sends it shows something first."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from principal import Sender


class Door(Protocol):
    """Tells who sent a request by what they show."""

    @property
    def challenge(self) -> str:
        """What every WWW-Authenticate of ours has after `Bearer `: how to come by what is shown here."""
        ...

    @property
    def metadata(self) -> Mapping[str, Any] | None:
        """The document of RFC 9728, for clients to find where to sign in; None where nobody signs in."""
        ...

    async def sender(self, token: str) -> Sender:
        """Who shows this; raises NotAdmitted, or KeysUnavailable where that cannot be told for now."""
        ...

    async def is_ready(self) -> bool:
        """Whether those who may come in could be let in now."""
        ...

    def running(self) -> AbstractAsyncContextManager[None]:
        """For as long as requests come: what the door has to have open meanwhile."""
        ...
