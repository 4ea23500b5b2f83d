"""The app registration through which people sign in, as MSAL's application over one cache or another."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from auth._worker import Application, Cache
from auth.msal_http import DiscoveryOnly, client_options

PERSONAL_AUTHORITY = "consumers"
ANY_TENANT = "*"


class PublicApp:
    """Makes MSAL's application anew for each use, which is cheap: no two accounts ever share one.

    `http` is called on the first use, so that nothing connects before somebody signs in.
    """

    def __init__(self, client_id: str, login_url: str, tenant: str, http: Callable[[], httpx.Client]) -> None:
        self.client_id = client_id
        self.login_url = login_url
        self.tenant = tenant
        self._http = http
        self._discovered = DiscoveryOnly()

    def anywhere(self) -> PublicApp:
        """The same app, whatever the tenant."""
        return PublicApp(self.client_id, self.login_url, ANY_TENANT, self._http)

    def over(self, cache: Cache, *, is_personal: bool = False) -> Application:
        """MSAL's application over this token cache. Personal accounts refresh at an authority of their own."""
        import msal  # noqa: PLC0415 - a fifth of a second that tools/list does not have to wait for

        tenant = PERSONAL_AUTHORITY if is_personal else self.tenant
        options = client_options(self._http(), self._discovered)
        return msal.PublicClientApplication(
            self.client_id, authority=f"{self.login_url}/{tenant}", token_cache=cache, **options
        )


def scratch_cache() -> Cache:
    """A cache for one sign-in, whose tokens are kept only when it is sure whose they are."""
    import msal  # noqa: PLC0415 - as above

    return msal.SerializableTokenCache()
