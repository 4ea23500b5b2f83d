"""Device code: the person opens a page, on any device, and types a short code."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import partial

import anyio

from auth._flow import Attempt, Invitation, SignInRequest
from auth._worker import Application, Result, in_worker
from errors import AppError, SignInError, SignInUnavailable

_NOBODY_CAME = "Nobody signed in while the code was good. Repeat the call to get a new one."
_NEEDED = frozenset({"user_code", "device_code", "verification_uri"})
_SLOWER = 5
_LONGEST_PAUSE = 60.0
_NOT_YET = frozenset({"authorization_pending", "slow_down"})
_PASSING = frozenset({"temporarily_unavailable", "server_error"})

Pause = Callable[[float], Awaitable[None]]


class DeviceFlow:
    """Asks Entra for a code, then looks whether the person has typed it, as often as Entra allows."""

    def __init__(self, pause: Pause = anyio.sleep, clock: Callable[[], float] = time.time) -> None:
        self._pause = pause
        self._clock = clock

    async def begin(self, application: Application, request: SignInRequest) -> Attempt:
        """The code to type; where Entra gives none, an attempt that has ended already."""
        started: Result = await in_worker(
            partial(application.initiate_device_flow, list(request.scopes), claims_challenge=request.claims)
        )
        if not started.keys() >= _NEEDED:
            return _Refused(started)
        look = partial(_look, application, started, request.claims)
        return DeviceAttempt(started, look, self._pause, self._clock)


class _Refused:
    """What Entra answered instead of a code."""

    invitation = None

    def __init__(self, answer: Result) -> None:
        self._answer = answer

    async def result(self) -> Result:
        return self._answer

    def close(self, error: AppError | None) -> None:
        """There is nobody to tell."""


class DeviceAttempt:
    """A code that waits to be typed."""

    def __init__(self, started: Result, look: Callable[[], Result], pause: Pause, clock: Callable[[], float]) -> None:
        url, code = str(started["verification_uri"]), started["user_code"]
        self.invitation = Invitation(
            f"Sign-in needed: open {url} in a browser, enter the code {code}, then repeat the call.", url
        )
        self._look = look
        self._pause = pause
        self._clock = clock
        self._interval = max(1.0, float(started["interval"]))
        self._expires_at = clock() + float(started["expires_in"])
        self._slowed = 0.0

    async def result(self) -> Result:
        """Look once per interval until the person is through, has declined, or the code has expired."""
        wait, trouble = self._interval, SignInError(_NOBODY_CAME)
        while (left := self._expires_at - self._clock()) > 0:
            await self._pause(min(wait, left))
            try:
                result = await in_worker(self._look)
            except SignInUnavailable as error:
                wait, trouble = max(self._backed_off(), error.retry_after), error
                continue
            if result.get("error") not in _NOT_YET | _PASSING:
                return result
            wait, trouble = self._next_wait(str(result["error"])), SignInError(_NOBODY_CAME)
        raise trouble

    def close(self, error: AppError | None) -> None:
        """The page that the person has open is Entra's, and tells them itself."""

    def _next_wait(self, error: str) -> float:
        if error in _PASSING:
            return self._backed_off()
        self._slowed = 0.0
        if error == "slow_down":
            self._interval += _SLOWER
        return self._interval

    def _backed_off(self) -> float:
        """RFC 8628, 3.5: a client that meets a timeout asks less often from then on, exponentially."""
        self._slowed = min(2 * max(self._slowed, self._interval), _LONGEST_PAUSE)
        return max(self._slowed, self._interval)


def _look(application: Application, started: Result, claims: str | None) -> Result:
    """Ask once; in a worker thread. MSAL gets a copy, because it notes in there when it asked, by its own clock."""
    result: Result = application.acquire_token_by_device_flow(
        dict(started), claims_challenge=claims, exit_condition=lambda _: True
    )
    return result
