"""Client credentials: the app signs in as itself, and no person is at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import httpx

from auth._guarded import Guarded
from auth._keeper import Ask, TokenKeeper
from auth._worker import Application, Result
from auth.aadsts import Context, refusal
from auth.confidential_app import ConfidentialApp, empty_cache
from auth.credentials import Credential
from errors import SignInError, SignInRefused

_STILL_REFUSED = (
    "Graph turns this app away, new token or not: its access was revoked, or a Conditional Access policy for workload "
    "identities is in the way. An administrator finds the reason in Entra's sign-in logs, under service principals."
)


class ClientCredentialsSource(Guarded):
    """The app's own tokens. The keeper has them, so MSAL's cache starts empty each time and a fetch is a fetch."""

    def __init__(
        self, context: Context, credential: Credential, http: Callable[[], httpx.Client], keeper: TokenKeeper
    ) -> None:
        self._app = ConfidentialApp(context, credential, http)
        self._context = context
        self._keeper = keeper

    async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str:
        """A token with all that the app was granted; one that answers `claims` or replaces a refused one is new."""
        if len(scopes) != 1 or not scopes[0].endswith("/.default"):
            raise SignInError(
                "An app cannot choose its permissions: it asks for one resource's /.default, nothing else."
            )
        if claims and refused:
            raise SignInRefused(_STILL_REFUSED)
        whose = ("app", self._context.login_url, self._context.tenant, self._context.client_id)
        return await self._keeper.token(whose, Ask.of(scopes, claims, refused), partial(self._fetched, scopes, claims))

    def _fetched(self, scopes: Sequence[str], claims: str | None, unwanted: str | None) -> Result:
        """Runs in a worker thread. Entra makes a new token for every request, so `unwanted` cannot come back."""

        def ask(application: Application) -> Result:
            result: Result = application.acquire_token_for_client(list(scopes), claims_challenge=claims)
            return result

        result = self._app.asked(self._context.tenant, empty_cache(), ask)
        if "access_token" not in result:
            raise refusal(result, self._context)
        return result
