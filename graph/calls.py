"""One call to Graph and its answer, as the parts of this package hand them on."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from graph import wire
from graph.auth import Signer

READS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Caller:
    """For whom a call is made, as far as limits are concerned; `user` is empty where nobody was named yet."""

    tenant: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks: how requests are signed, and whose share of the limits they use.

    Two speakers of the same `key` are the same identity: what one is answered may be shown to the other.
    """

    auth: Signer
    caller: Caller
    key: Hashable


@dataclass(frozen=True, slots=True)
class Call:
    """One request, before it is signed. `path` is relative to the version and encoded, as is `query`.

    `repeatable` says that Graph ends up the same when it gets the call twice, so that a lost answer is no harm.
    """

    method: str
    path: str
    query: str = ""
    version: str = "v1.0"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    repeatable: bool = False

    @property
    def is_read(self) -> bool:
        return self.method in READS

    @property
    def may_repeat(self) -> bool:
        """Whether it may be sent again though Graph perhaps took it."""
        return self.repeatable or self.is_read

    @property
    def target(self) -> str:
        """Where it goes, below the version."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer, whatever its status. The names of `headers` are in lower case.

    `is_after_loss` says that Graph may have got the same call before, and its answer was lost.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    is_after_loss: bool = False

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def checked(self) -> Reply:
        """This answer, unless it is an error."""
        if self.is_success:
            return self
        raise wire.read_error(self.status, self.headers, self.body)

    def object(self) -> dict[str, Any]:
        """A fresh copy of the JSON object that came; empty where Graph had nothing to say."""
        self.checked()
        return wire.read_object(self.body) if self.body else {}
