"""How a person signs in: a way to begin, an invitation to act on, and a result to wait for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from auth._worker import Application, Result
from errors import AppError


@dataclass(frozen=True)
class Invitation:
    """What a person acts on: a sentence, and the page that it names."""

    text: str
    url: str


@dataclass(frozen=True)
class SignInRequest:
    """What a sign-in is for. `hint` is whose it should be; `choose` lets the person take another account."""

    scopes: tuple[str, ...]
    claims: str | None = None
    hint: str = ""
    choose: bool = False


class Attempt(Protocol):
    """A sign-in under way."""

    @property
    def invitation(self) -> Invitation | None:
        """None where nobody has to be asked."""
        ...

    async def result(self) -> Result:
        """Wait for the person; MSAL's answer, also where that is an error."""
        ...

    def close(self, error: AppError | None) -> None:
        """Let the person see how it ended: what they signed in to may still be refused after `result`."""
        ...


class Flow(Protocol):
    """One way for a person to sign in."""

    async def begin(self, application: Application, request: SignInRequest) -> Attempt: ...
