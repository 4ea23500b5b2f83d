"""What Entra remembers between two requests: codes, device sign-ins, refresh tokens, browser sessions."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from emulator.entra.scopes import Scopes

CODE_SECONDS = 600
DEVICE_SECONDS = 900
SESSION_SECONDS = 86_400
REFRESH_SECONDS = 90 * 86_400
_OPAQUE_SECONDS = 2 * 86_400

# No vowels, so that no word appears, and nothing that looks like something else.
_USER_CODE_LETTERS = "CDFGHJKLMNPQRTVWX34679"


@dataclass(kw_only=True)
class Entry:
    """Something that is only good for a while; `touched` is when it was made or last used."""

    touched: int


@dataclass(kw_only=True)
class SignIn(Entry):
    """One time that a person proved who they are; whatever comes of it refers to it. `touched` is when.

    `factor_at` is when they gave a second factor; `contexts` are the authentication contexts that they met.
    """

    user_id: str
    id: str = ""
    factor_at: int | None = None
    contexts: frozenset[str] = frozenset()
    by_device_code: bool = False
    is_revoked: bool = False


@dataclass(kw_only=True)
class Opaque(Entry):
    """What a personal account's access token stands for: only Graph can look it up."""

    token: str


@dataclass(kw_only=True)
class Code(Entry):
    """An authorization code: what a person agreed to, and what must be shown to redeem it."""

    client_id: str
    user_id: str
    scopes: Scopes
    redirect_uri: str
    sign_in: SignIn
    nonce: str = ""
    challenge: str = ""
    challenge_method: str = "plain"
    is_redeemed: bool = False


@dataclass(kw_only=True)
class Device(Entry):
    """A device that waits for a person to type its user code and choose."""

    client_id: str
    scopes: Scopes
    user_code: str
    authority: str = "common"
    contexts: frozenset[str] = frozenset()
    user_id: str = ""
    sign_in: SignIn | None = None
    polled_at: int | None = None
    is_declined: bool = False
    is_redeemed: bool = False

    @property
    def is_answered(self) -> bool:
        return bool(self.user_id) or self.is_declined


@dataclass(kw_only=True)
class Refresh(Entry):
    """A refresh token: bound to a person and an application, not to a resource."""

    client_id: str
    user_id: str
    scopes: Scopes
    sign_in: SignIn
    is_revoked: bool = False


@dataclass(kw_only=True)
class Session(Entry):
    """A browser in which somebody signed in."""

    user_id: str
    id: str
    sign_in: SignIn
    cookie: str = ""
    beside: tuple[str, ...] = ()


E = TypeVar("E", bound=Entry)


@dataclass
class Shelf(Generic[E]):
    """Entries by an unguessable handle, oldest first, each kept for twice its life to tell expired from unknown."""

    seconds: int
    prefix: str
    size: int = 400
    entries: dict[str, E] = field(default_factory=dict)

    def put(self, entry: E) -> str:
        """Keep an entry under a new handle."""
        self._forget(entry.touched - 2 * self.seconds)
        handle = self.prefix + secrets.token_urlsafe(self.size)
        self.entries[handle] = entry
        return handle

    def get(self, handle: str) -> E | None:
        return self.entries.get(handle)

    def touch(self, handle: str, now: int) -> None:
        """Note that an entry was used just now."""
        entry = self.entries.pop(handle)
        entry.touched = now
        self.entries[handle] = entry

    def remove(self, handle: str) -> None:
        self.entries.pop(handle, None)

    def has_expired(self, entry: E, now: int) -> bool:
        return now >= entry.touched + self.seconds

    def __iter__(self) -> Iterator[E]:
        return iter(self.entries.values())

    def _forget(self, before: int) -> None:
        # Oldest first, because new and used entries go to the end.
        while self.entries:
            handle, oldest = next(iter(self.entries.items()))
            if oldest.touched >= before:
                return
            del self.entries[handle]


class Ledger:
    """All shelves of one Entra, and who consented to what."""

    def __init__(self) -> None:
        self.codes: Shelf[Code] = Shelf(CODE_SECONDS, "1.A")
        self.devices: Shelf[Device] = Shelf(DEVICE_SECONDS, "DAQ", 120)
        self.refresh_tokens: Shelf[Refresh] = Shelf(REFRESH_SECONDS, "1.A")
        self.sessions: Shelf[Session] = Shelf(SESSION_SECONDS, "", 32)
        self.sign_ins: Shelf[SignIn] = Shelf(REFRESH_SECONDS, "", 16)
        self.opaque_tokens: Shelf[Opaque] = Shelf(_OPAQUE_SECONDS, "EwB", 300)
        self._consents: dict[tuple[str, str], set[str]] = {}
        self._granted: dict[str, set[str]] = {}

    def begin(self, sign_in: SignIn) -> SignIn:
        """Remember a sign-in under a session id of its own."""
        sign_in.id = self.sign_ins.put(sign_in)
        return sign_in

    def renew_sessions(self, user_id: str) -> None:
        """Give each sign-in of a person a new session id, so that tokens with the old one can be told apart."""
        newest = [each for handle, each in self.sign_ins.entries.items() if each.id == handle]
        for sign_in in newest:
            if sign_in.user_id == user_id:
                self.begin(sign_in)

    def consented(self, client_id: str, user_id: str) -> frozenset[str]:
        """The Graph permissions that a person, or an administrator for everybody, let an application use."""
        return frozenset(self._consents.get((client_id, user_id), ())) | self.granted(client_id)

    def anybody_consented(self, client_id: str, names: frozenset[str]) -> bool:
        """Whether there is a person who let an application use all of these."""
        return any(app == client_id and names <= agreed for (app, _), agreed in self._consents.items())

    def consent(self, client_id: str, user_id: str, names: frozenset[str]) -> None:
        self._consents.setdefault((client_id, user_id), set()).update(names)

    def granted(self, client_id: str) -> frozenset[str]:
        """What an administrator granted an application for everybody."""
        return frozenset(self._granted.get(client_id, ()))

    def grant(self, client_id: str, names: frozenset[str]) -> None:
        self._granted.setdefault(client_id, set()).update(names)

    def withdraw(self, client_id: str, user_id: str | None) -> None:
        """Forget what one person agreed to, or for nobody in particular, what anybody did."""
        if user_id is None:
            self._granted.pop(client_id, None)
        kept = self._consents.items()
        self._consents = {key: names for key, names in kept if key != (client_id, user_id or key[1])}

    def device_waiting(self, user_code: str, now: int) -> Device | None:
        """The device that shows this code and has no answer yet, however the code was typed."""
        typed = "".join(user_code.upper().replace("-", " ").split())
        waiting = (device for device in self.devices if not device.is_answered)
        return next(
            (each for each in waiting if each.user_code == typed and not self.devices.has_expired(each, now)), None
        )


def new_user_code() -> str:
    """A code that a person can read out and type."""
    return "".join(secrets.choice(_USER_CODE_LETTERS) for _ in range(9))
