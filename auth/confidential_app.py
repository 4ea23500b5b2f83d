"""The app registration that proves who it is, as MSAL's application over one token cache or another."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from auth._guarded import Guarded
from auth._worker import Application, Cache, Result
from auth.aadsts import Context, code_in
from auth.credentials import Credential, Form
from auth.msal_http import DiscoveryOnly, client_options

# The credential may have been replaced since it was read: wrong, expired, unknown, or not of this time.
_WORTH_ANOTHER_LOOK = {7000215, 7000222, 700027, 700024}


class ConfidentialApp(Guarded):
    """Makes MSAL's application anew for each use, which is cheap: nobody's tokens are ever in reach of another's.

    `http` is called on the first use, so that nothing connects before somebody signs in.
    """

    def __init__(self, context: Context, credential: Credential, http: Callable[[], httpx.Client]) -> None:
        self.context = context
        self._credential = credential
        self._http = http
        self._discovered = DiscoveryOnly()

    def asked(self, tenant: str, cache: Cache, ask: Callable[[Application], Result]) -> Result:
        """MSAL's answer; once more where Entra refused a credential that has just been replaced."""
        form = self._credential.for_msal()
        result = ask(self._over(form, tenant, cache))
        if "access_token" in result or code_in(result) not in _WORTH_ANOTHER_LOOK:
            return result
        newer = self._credential.for_msal(afresh=True)
        return result if newer == form else ask(self._over(newer, tenant, cache))

    def _over(self, form: Form, tenant: str, cache: Cache) -> Application:
        import msal  # noqa: PLC0415 - a fifth of a second that tools/list does not have to wait for

        return msal.ConfidentialClientApplication(
            self.context.client_id,
            client_credential=form,
            authority=f"{self.context.login_url}/{tenant}",
            token_cache=cache,
            exclude_scopes=["offline_access"],  # nothing here outlives the proof that it was got with
            azure_region=False,  # or MSAL_FORCE_REGION would send it to other hosts, by way of the metadata service
            **client_options(self._http(), self._discovered),
        )


def empty_cache() -> Cache:
    """A token cache of MSAL's, for one use or for one person."""
    import msal  # noqa: PLC0415 - as above

    return msal.TokenCache()
