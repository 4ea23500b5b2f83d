"""The demo's sign-in: the ordinary authorization-code flow, whose page is confirmed in-process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from auth._flow import Attempt, SignInRequest
from auth._worker import Application, Result, in_worker
from errors import AppError

REDIRECT_URI = "http://localhost"

Confirm = Callable[[str], Mapping[str, str]]


class DemoFlow:
    """`confirm` stands for the person at the page: it gets the link and returns what the page hands back.

    It is called in a worker thread.
    """

    def __init__(self, confirm: Confirm) -> None:
        self._confirm = confirm

    async def begin(self, application: Application, request: SignInRequest) -> Attempt:
        """An attempt that asks nobody and is through as soon as somebody waits for it."""
        return _Confirmed(partial(_signed_in, application, request, self._confirm))


class _Confirmed:
    """A sign-in whose person is always there."""

    invitation = None

    def __init__(self, sign_in: Callable[[], Result]) -> None:
        self._sign_in = sign_in

    async def result(self) -> Result:
        return await in_worker(self._sign_in)

    def close(self, error: AppError | None) -> None:
        """There is nobody to tell."""


def _signed_in(application: Application, request: SignInRequest, confirm: Confirm) -> Result:
    started = application.initiate_auth_code_flow(
        list(request.scopes),
        redirect_uri=REDIRECT_URI,
        prompt="select_account" if request.choose else None,
        login_hint=request.hint or None,
        claims_challenge=request.claims,
        response_mode="form_post",
    )
    answer = confirm(started["auth_uri"])
    result: Result = application.acquire_token_by_auth_code_flow(started, dict(answer))
    return result
