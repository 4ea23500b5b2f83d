"""Sign-ins by a person: one at a time, told once, waited for by everybody who needs it."""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from uuid import uuid4

import anyio
from anyio.abc import TaskGroup

from auth._flow import Attempt, Flow, Invitation, SignInRequest
from auth._worker import Cache, Result, in_worker
from auth.public_app import PublicApp, scratch_cache
from errors import AppError, SignInError, SignInNeeded
from principal import SignedIn
from storage import LockTimeout

log = logging.getLogger(__name__)

_NEWS_SECONDS = 60
_ASK_AGAIN_SECONDS = 120
_STORE_TRIES = 5

Store = Callable[[Result, SignInRequest, Cache], SignedIn]
"""Keeps what a sign-in brought, or refuses it; runs in a worker thread."""


@dataclass
class _Pending:
    """A sign-in that waits for its person, or has ended and was not told of yet."""

    invitation: Invitation | None
    is_asked_for: bool
    id: str = field(default_factory=lambda: uuid4().hex)
    ended: anyio.Event = field(default_factory=anyio.Event)
    who: SignedIn | None = None
    error: AppError | None = None
    meant: str = ""
    """Whose sign-in it should be."""
    asked_as: str = ""
    """Whom somebody asked to sign in."""
    has_answer: bool = False
    is_unasked: bool = False
    asked_at: float = 0.0
    stale_at: float = 0.0
    waiting: anyio.CancelScope = field(default_factory=anyio.CancelScope)

    @property
    def is_over(self) -> bool:
        """Nothing more will come of it, and its failure, if it was one, was told or is old news."""
        return self.ended.is_set() and (self.error is None or time.monotonic() > self.stale_at)


class Attempts:
    """Begins the sign-in of a person where none is under way, and waits for it, but not for ever."""

    def __init__(self, app: PublicApp, flow: Flow, store: Store, tell: Callable[[str], None], patience: float) -> None:
        self._app = app
        self._flow = flow
        self._store = store
        self._tell = tell
        self._patience = patience
        self._beginning = anyio.Lock()
        self._pending: _Pending | None = None
        self._tasks: TaskGroup | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """As long as this lasts, a sign-in goes on between two calls."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            try:
                yield
            finally:
                self._tasks = None
                tasks.cancel_scope.cancel()

    async def signed_in(self, request: SignInRequest, *, is_asked_for: bool = False) -> SignedIn:
        """Who signed in. A new attempt invites its person by SignInNeeded; whoever comes later waits for it."""
        async with self._beginning:
            pending = self._pending
            is_new = pending is None or pending.is_over
            if pending is None or is_new:
                pending = await self._begun(request, is_asked_for=is_asked_for)
        if is_asked_for:
            pending.is_asked_for, pending.asked_as = True, request.hint
        if pending.invitation and (is_new or pending.is_unasked) and not pending.ended.is_set():
            raise _question(pending)
        await self._wait_for(pending)
        if pending.who is None and pending.error is None:
            was_asked_of_late = time.monotonic() < pending.asked_at + _ASK_AGAIN_SECONDS
            raise _needed(pending) if was_asked_of_late else _question(pending)
        return self._told(pending, is_news=is_asked_for or pending.error is not None)

    def _told(self, pending: _Pending, *, is_news: bool) -> SignedIn:
        """How a sign-in ended; whoever asked for it, or hears of its failure, hears it once."""
        if is_news and self._pending is pending:
            self._pending = None
        if pending.who is None:
            error = pending.error or SignInError("Nobody signed in. Repeat the call.")
            raise copy.copy(error) from error
        return pending.who

    async def settled(self, sign_in: str) -> bool:
        """Wait a while for an attempt to end; whether it has."""
        pending = self._pending
        if pending is None or pending.id != sign_in:
            return True
        await self._wait_for(pending)
        return pending.ended.is_set()

    def give_up(self, sign_in: str) -> None:
        """The person does not want this one: end it, for all who wait for it."""
        pending = self._pending
        if pending is not None and pending.id == sign_in and not (pending.has_answer or pending.ended.is_set()):
            pending.error = SignInError("The person declined to sign in. Ask them before you repeat the call.")
            pending.waiting.cancel()
            self._pending = None  # those who wait hear of it; whoever declined has, and may think again

    def unasked(self, sign_in: str) -> None:
        """The question was not put, or nobody answered it: the next call may put it again."""
        pending = self._pending
        if pending is not None and pending.id == sign_in:
            pending.is_unasked = True

    def instead_of(self, meant: SignedIn) -> SignedIn | None:
        """Who signed in of late where this one should have; told once."""
        pending = self._pending
        if pending is None or pending.who is None or pending.meant != meant.username or pending.who.id == meant.id:
            return None
        pending.meant = ""
        return pending.who if time.monotonic() < pending.stale_at else None

    def news(self) -> tuple[SignedIn, str] | None:
        """Who signed in since somebody asked for it; told once."""
        pending = self._pending
        if pending is None or not pending.is_asked_for or pending.who is None:
            return None
        self._pending = None
        return pending.who, pending.asked_as

    async def _wait_for(self, pending: _Pending) -> None:
        with anyio.move_on_after(self._patience):
            await pending.ended.wait()

    async def _begun(self, request: SignInRequest, *, is_asked_for: bool) -> _Pending:
        if self._tasks is None:
            raise SignInError("The server is shutting down. Start it again, then repeat the call.")
        scratch = scratch_cache()
        application = await in_worker(partial(self._app.over, scratch))
        attempt = await self._flow.begin(application, request)
        pending = self._pending = _Pending(attempt.invitation, is_asked_for, meant=request.hint)
        self._tasks.start_soon(self._conclude, pending, attempt, lambda result: self._store(result, request, scratch))
        if attempt.invitation:
            self._tell(attempt.invitation.text)
        return pending

    async def _conclude(self, pending: _Pending, attempt: Attempt, store: Callable[[Result], SignedIn]) -> None:
        try:
            result: Result = {}
            with pending.waiting:
                result = await attempt.result()
                pending.has_answer = True
            if pending.has_answer:
                pending.who = await self._kept(partial(store, result))
                log.info("signed in", extra={"tenant": pending.who.tenant_id})
        except AppError as error:
            pending.error = error
        except Exception:
            log.exception("sign-in ended unexpectedly")
            pending.error = SignInError("The sign-in ended unexpectedly; the log says more. Repeat the call.")
        finally:
            pending.stale_at = time.monotonic() + _NEWS_SECONDS
            pending.ended.set()
            _close(attempt, pending.error)

    async def _kept(self, store: Callable[[], SignedIn]) -> SignedIn:
        """A person signed in: that is not thrown away because somebody else's renewal hangs."""
        for _ in range(_STORE_TRIES - 1):
            try:
                return await in_worker(store)
            except LockTimeout:
                log.warning("the token cache is in use, a new sign-in waits for it")
        return await in_worker(store)


def _close(attempt: Attempt, error: AppError | None) -> None:
    try:
        attempt.close(error)
    except Exception:
        log.exception("the page of a sign-in could not be shown")  # which is no reason to end the server


def _question(pending: _Pending) -> SignInNeeded:
    """With the page that a client can open. One who opens it is enough, so it is not handed out twice at once."""
    pending.is_unasked, pending.asked_at = False, time.monotonic()
    return _needed(pending, pending.invitation.url if pending.invitation else "")


def _needed(pending: _Pending, url: str = "") -> SignInNeeded:
    text = pending.invitation.text if pending.invitation else "Sign-in is under way. Repeat the call in a moment."
    return SignInNeeded(text, url=url, sign_in=pending.id)
