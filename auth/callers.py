"""The callers of the HTTP service: each brings a token for this server, and works as the person whose it is."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from auth._guarded import Guarded
from auth.accounts import NobodySignsIn, Source, identity_in
from auth.on_behalf_of import OTHER_AUDIENCE, OnBehalfOf
from errors import SignInError, SignInNeeded
from principal import Identity, Sender, current_sender

_NOBODY = (
    "This call was not sent by a person who showed a token, so nothing can be done in anybody's name. Connect to the "
    "server again."
)
_ONLY_THEMSELVES = "You are whoever your client signed in to this server. To be somebody else, sign in there as them."


@dataclass(frozen=True)
class Challenges:
    """How a client hears that only a new sign-in helps: by the next answer to its token, or by that of the call."""

    parameters: str = ""
    """What every WWW-Authenticate of the server says: where its metadata is, and the scope to ask for."""
    note: Callable[[str, str, str], None] = lambda *_: None
    """Takes a token, OAuth's word for what is wrong with it, and the claims that a better one needs, if any."""

    def meet(self, sender: Sender, token: str, error: SignInError) -> None:
        """Remember what came of trading the sender's token, where their client can change it."""
        if error.code == OTHER_AUDIENCE:
            self.note(token, "invalid_token", "")
        if not isinstance(error, SignInNeeded):
            return
        word = "insufficient_claims" if error.claims else "invalid_token"
        self.note(token, word, error.claims)
        if self.parameters:
            sender.step_up = f"{self.parameters}, {_parameters(word, error.claims)}"


class Callers(NobodySignsIn):
    """The accounts of a server whose callers bring tokens: there is one, that of whoever sent the request."""

    def __init__(
        self, on_behalf_of: OnBehalfOf, scopes: Sequence[str], *, cloud: str, challenges: Challenges | None = None
    ) -> None:
        super().__init__(_Unknown(), _ONLY_THEMSELVES)
        self._all = on_behalf_of
        self._scopes = tuple(scopes)
        self._cloud = cloud
        self._challenges = challenges or Challenges()

    def source(self, account: str | None = None) -> Source:
        """The tokens of the sender of the request that is being answered, also for what outlives this very task."""
        unknown, sender = super().source(account), _person()
        return SenderSource(self._all, sender, self._challenges) if sender else unknown

    async def identity(self, account: str | None = None) -> Identity:
        """Who sent the request, as their own token says, and what Graph lets this server do for them."""
        source, sender = self.source(account), _person()
        if sender is None:
            raise SignInError(_NOBODY)
        said = identity_in(await source.token(self._scopes), self._cloud, is_person=True)
        name, username = sender.name or said.name, sender.username or said.username
        return replace(said, principal=sender.principal, name=name, username=username)


class SenderSource(Guarded):
    """A TokenSource that speaks for the sender of one request."""

    def __init__(self, all_callers: OnBehalfOf, sender: Sender, challenges: Challenges) -> None:
        self._all = all_callers
        self._sender = sender
        # The sender forgets it when the request ends; a read that somebody else waits for too may go on.
        self._shown = sender.token
        self._challenges = challenges

    async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str:
        """A token for Graph in the sender's name."""
        sender = self._sender
        try:
            source = self._all.for_caller(sender.principal, self._shown, sender.expires_at)
            return await source.token(scopes, claims, refused)
        except SignInError as error:
            self._challenges.meet(sender, self._shown, error)
            raise


class _Unknown:
    """The source of calls that nobody in particular has sent: never anybody's token."""

    async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str:
        raise SignInError(_NOBODY)


def _person() -> Sender | None:
    sender = current_sender()
    return sender if sender is not None and sender.is_person and sender.token else None


def _parameters(word: str, claims: str) -> str:
    """As Microsoft writes them: the claims in base64, which is also what keeps them from ending the quotes."""
    wanted = f', claims="{base64.b64encode(claims.encode()).decode()}"' if claims else ""
    return f'error="{word}", error_description="Sign in again to go on."{wanted}'
