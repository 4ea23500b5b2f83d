"""Questions to the person at this computer: each under a link of its own, and answered there once."""

from __future__ import annotations

import logging
import math
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import parse_qsl

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from web import pages
from web.local_pages import LocalPages
from web.pages.approval import Ending, Question

Decide: TypeAlias = Callable[[bool], Awaitable[bool]]

log = logging.getLogger(__name__)

_PLACE = "/approve/"
_CHOICES = {"approve": True, "decline": False}
_MOST_FIELDS = 10
_MOST_ENDED = 200
_MOST_TABS = 5
# A launcher may last as long as its browser does; the link is in the tool's answer anyway.
_LAUNCH_PATIENCE = 10.0


@dataclass(frozen=True)
class _Asked:
    question: Question
    decide: Decide


class _Case:
    """A question from its link to its end; it is open as long as it has `asked`."""

    def __init__(self, asked: _Asked, expires: float) -> None:
        self.asked: _Asked | None = asked
        self.expires = expires
        self.token = secrets.token_urlsafe(24)
        self.seen = secrets.token_urlsafe(24)
        self.launched = anyio.Event()
        self.was_opened = False
        self.ending: Ending = "failed"
        self.ended = anyio.Event()

    def close(self, ending: Ending) -> None:
        """End it without an answer, unless one is on its way or it ended before."""
        if self.asked is not None:
            self._end(ending)

    async def answer(self, asked: _Asked, is_yes: bool) -> None:
        """Hand on what the person chose: once, for from here on the case is open no more."""
        self.asked = None
        ending: Ending = "failed"
        try:
            ending = _ending(is_yes, is_in_time=await asked.decide(is_yes))
        except Exception:
            log.exception("the answer to an approval could not be kept")
        finally:
            self._end(ending)

    def _end(self, ending: Ending) -> None:
        self.asked = None  # what was asked need not stay in memory
        self.ending = ending
        self.ended.set()


class ApprovalDesk:
    """Puts questions to the person at this computer, on pages under links that nobody can guess.

    `open_page` opens a link in the person's browser and returns whether it did; it may block. What a caller gives as
    `decide` is awaited once, in the request that brings the answer, and returns whether that was in time.
    """

    def __init__(
        self,
        pages: LocalPages,
        open_page: Callable[[str], bool],
        *,
        seconds: float = 600.0,
        most: int = 20,
        clock: Callable[[], float] = anyio.current_time,
    ) -> None:
        self._pages = pages
        self._open_page = open_page
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._cases: dict[str, _Case] = {}  # by token, the oldest first
        self._latest: dict[str, _Case] = {}  # by key
        pages.add(_PLACE, self._respond, methods=("GET", "HEAD", "POST"), is_prefix=True)

    async def show(self, key: str, question: Question, decide: Decide) -> str:
        """The link under which the question is answered; while it is open, the same key has the same link."""
        base = await self._pages.url()
        case = self._open_case(key)
        if case is not None:
            await case.launched.wait()
            return f"{base}{_PLACE}{case.token}"
        case = self._begun(key, _Asked(question, decide))
        url = f"{base}{_PLACE}{case.token}"
        await self._launch(case, url)
        return url

    def was_opened(self, key: str) -> bool:
        """Whether a browser took the page of this key's latest question."""
        case = self._latest.get(key)
        return case is not None and case.was_opened

    async def settled(self, key: str, patience: float) -> bool:
        """Wait, at most so many seconds, until the person has decided; False where they did not, or too late."""
        case = self._latest.get(key)
        if case is None:
            return False
        with anyio.move_on_after(min(patience, self._time_left(case))):
            await case.ended.wait()
        return case.ending in {"approved", "declined"}

    def withdraw(self, key: str) -> None:
        """The question is void, and its link says so. An answer that is being kept is not stopped by this."""
        if key in self._latest:
            self._latest[key].close("withdrawn")

    def _open_case(self, key: str) -> _Case | None:
        case = self._latest.get(key)
        return case if case is not None and self._is_open(case) else None

    def _is_open(self, case: _Case) -> bool:
        if not self._time_left(case):
            case.close("expired")
        return case.asked is not None

    def _time_left(self, case: _Case) -> float:
        return max(0.0, case.expires - self._clock())

    def _begun(self, key: str, asked: _Asked) -> _Case:
        waiting = [case for case in self._cases.values() if self._is_open(case)]
        for oldest in waiting[: max(0, len(waiting) - self._most + 1)]:
            oldest.close("withdrawn")
        self._forget()
        case = _Case(asked, self._clock() + self._seconds)
        self._cases[case.token] = self._latest[key] = case
        return case

    def _forget(self) -> None:
        """Of what has ended, only so much is remembered."""
        ended = [case for case in self._cases.values() if case.ended.is_set()]
        for case in ended[: max(0, len(ended) - _MOST_ENDED)]:
            del self._cases[case.token]
        self._latest = {key: case for key, case in self._latest.items() if case.token in self._cases}

    async def _launch(self, case: _Case, url: str) -> None:
        try:
            if sum(each.asked is not None for each in self._cases.values()) > _MOST_TABS:
                return  # somebody floods the person: the link in the answer has to do
            with anyio.move_on_after(_LAUNCH_PATIENCE):
                case.was_opened = await anyio.to_thread.run_sync(self._open_page, url, abandon_on_cancel=True)
        finally:
            case.launched.set()

    async def _respond(self, request: Request) -> Response:
        case = self._cases.get(request.scope["path"].removeprefix(_PLACE))
        if case is None:
            return pages.unknown_link()
        body = await request.body()
        # Nothing is awaited between this look at the case and its answer: of two answers, one finds it closed.
        asked = case.asked if self._is_open(case) else None
        if asked is not None:
            if request.method != "POST":
                return pages.approval(asked.question, case.seen, math.ceil(self._time_left(case) / 60))
            choice = _choice(body, case.seen)
            if choice is None:
                return pages.approval_unread()
            await case.answer(asked, choice)
        await case.ended.wait()
        return pages.approval_ended(case.ending)


def _ending(is_yes: bool, *, is_in_time: bool) -> Ending:
    if not is_in_time:
        return "late"
    return "approved" if is_yes else "declined"


def _choice(body: bytes, seen: str) -> bool | None:
    """What was pressed; None where the form is not the one of our page."""
    try:
        pairs = parse_qsl(body.decode(), max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:  # too many fields, or no UTF-8
        return None
    fields = dict(pairs)
    is_ours = len(pairs) == len(fields) and secrets.compare_digest(fields.get("seen", "").encode(), seen.encode())
    return _CHOICES.get(fields.get("choice", "")) if is_ours else None
