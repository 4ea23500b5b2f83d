"""A managed identity of Azure in place of a secret: its token for the exchange is the app's proof."""

from __future__ import annotations

import copy
import logging
import threading
import time
from collections.abc import Callable
from json import JSONDecodeError
from typing import Any

import httpx

from auth._guarded import Guarded
from auth._worker import Application, Result
from auth.federated import Assertion
from auth.msal_http import seconds_to_wait
from clouds import CHINA, PUBLIC, US_GOV_L4, US_GOV_L5, Cloud
from errors import AppRefused, SignInUnavailable
from network import direct_client

log = logging.getLogger(__name__)

EXCHANGES = {
    PUBLIC: "api://AzureADTokenExchange",
    US_GOV_L4: "api://AzureADTokenExchangeUSGov",
    US_GOV_L5: "api://AzureADTokenExchangeUSGov",
    CHINA: "api://AzureADTokenExchangeChina",
}
_NAME = "ENTRA_MANAGED_IDENTITY"
_MARGIN = 60
_PAUSE = 5
_BUSY = {httpx.codes.NOT_FOUND, httpx.codes.GONE, httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_MANY_REQUESTS}
_SILENT = (
    f"{_NAME}: nothing answers for managed identities here. They exist on Azure only (virtual machines, App Service, "
    "Functions, Container Apps, Arc). On Azure, try again in a moment; elsewhere, set another credential."
)
_REFUSED = (
    f"{_NAME}: Azure has no such identity for this machine or app. Assign it there "
    f"(Identity, in the Azure portal), or correct {_NAME}: system, or the client id of an assigned identity."
)
_STRANGER = (
    f"{_NAME}: what answers for managed identities here is not Azure. They exist on Azure only: set another credential."
)
_UNUSABLE = (
    f"{_NAME}: the endpoint for managed identities cannot be used by this process ({{}}). "
    "On an Arc machine the account needs to be in the group himds; Service Fabric is not supported."
)


class ManagedIdentityCredential(Guarded):
    """`identity` is `system`, or the client id of an identity that is assigned to this machine or app."""

    def __init__(
        self,
        identity: str,
        http: Callable[[], httpx.Client] = direct_client,
        *,
        cloud: Cloud = PUBLIC,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._identity = identity
        self._http = http
        self._resource = EXCHANGES[cloud]
        self._clock = clock
        self._one_caller = threading.Lock()
        self._token = ""
        self._until = self._due = 0.0
        self._trouble: SignInUnavailable | None = None

    def for_msal(self, *, afresh: bool = False) -> dict[str, Any]:
        """The identity's token for the exchange: a new one in good time, the old one while there is no new one."""
        with self._one_caller:
            if afresh or self._clock() >= self._due:
                self._renew()
            if self._trouble:
                raise copy.copy(self._trouble)
            return {"client_assertion": Assertion(self._token)}

    def _renew(self) -> None:
        # MSAL's own cache would ask a silent endpoint again for every caller, one after the other.
        try:
            result = self._asked(self._connected())
        except SignInUnavailable as error:
            is_good = self._clock() < self._until - _MARGIN
            self._trouble = None if is_good else error
            self._due = self._clock() + max(error.retry_after, _PAUSE)
            log.warning("no new token of the managed identity for now", extra={"cause": str(error)})
            return
        seconds = float(result["expires_in"])
        self._token, self._trouble = str(result["access_token"]), None
        self._until, self._due = self._clock() + seconds, self._clock() + seconds / 2

    def _connected(self) -> Application:
        import msal  # noqa: PLC0415 - a fifth of a second that tools/list does not have to wait for

        is_system = self._identity == "system"
        identity = (
            msal.SystemAssignedManagedIdentity()
            if is_system
            else msal.UserAssignedManagedIdentity(client_id=self._identity)
        )
        return msal.ManagedIdentityClient(identity, http_client=_Direct(self._http))

    def _asked(self, client: Application) -> Result:
        try:
            result: Result = client.acquire_token_for_client(resource=self._resource)
        except httpx.RequestError as error:
            log.info("no managed identity endpoint", extra={"cause": repr(error)})
            raise SignInUnavailable(_SILENT) from error
        except JSONDecodeError as error:
            raise AppRefused(_STRANGER) from error
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            # MSAL raises by where the answer was odd; its texts can hold the answer.
            raise AppRefused(_UNUSABLE.format(type(error).__name__)) from error
        if "access_token" not in result:
            log.warning("no token of the managed identity", extra={"error": str(result.get("error"))[:200]})
            raise AppRefused(_REFUSED)
        return result


class _Direct:
    """The HTTP client that MSAL expects; what only asks for patience never reaches it."""

    def __init__(self, http: Callable[[], httpx.Client]) -> None:
        self._http = http

    def get(self, url: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - whatever MSAL passes
        with self._http() as http:  # twice a day: a connection is not worth keeping
            response = http.get(url, **options)
        if response.status_code in _BUSY or response.is_server_error:
            raise SignInUnavailable(
                f"{_SILENT} (HTTP {response.status_code})",
                retry_after=seconds_to_wait(response.headers.get("retry-after", ""), time.time()),
            )
        return response
