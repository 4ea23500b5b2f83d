"""A token without asking anybody: what the doctor may have of the people who are signed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from auth import People, SignInRequest
from errors import AppError, SignInNeeded

_NOBODY = "Nobody is signed in. Run: python server.py login"


class NobodyAsked:
    """A way of signing in that never begins."""

    async def begin(self, application: Any, request: SignInRequest) -> NoReturn:  # noqa: ANN401 - MSAL's, without types
        raise SignInNeeded(_NOBODY)


async def silent_token(people: People, scopes: Sequence[str]) -> str:
    """A token of the selected account; `people` were made with NobodyAsked."""
    if not await people.listed():
        raise SignInNeeded(_NOBODY)
    async with people.running():
        try:
            return await people.source().token(scopes)
        except AppError as error:
            trouble = error
    raise trouble  # outside, where no task group wraps it
