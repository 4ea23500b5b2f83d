"""Device code: the person opens a page, on any device, and types a short code."""

from __future__ import annotations

import time
from collections.abc import Callable

from auth._msal import Application, MsalSource, Result
from errors import SignInNeeded


class DeviceCodeSource(MsalSource):
    """Starts a sign-in on the first call, and looks whether it is done on each later one.

    No call waits for the person: the answer says where to go and to repeat the call afterwards.
    """

    def __init__(
        self, connect: Callable[[], Application], tell: Callable[[str], None], clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(connect)
        self._tell = tell
        self._clock = clock
        self._pending: Result | None = None
        self._next_look = 0.0

    def _sign_in(self, application: Application, scopes: list[str], claims: str | None) -> Result:
        if self._pending is None or self._pending["expires_at"] <= self._clock():
            return self._begin(application, scopes, claims)
        if self._clock() < self._next_look:  # Entra wants a pause between two looks
            raise SignInNeeded(f"{invitation(self._pending)} If that is done, wait a few seconds before you repeat it.")
        result: Result = application.acquire_token_by_device_flow(
            dict(self._pending), claims_challenge=claims, exit_condition=lambda _: True
        )
        if result.get("error") == "slow_down":
            self._pending["interval"] += 5
        self._next_look = self._clock() + self._pending["interval"]
        if result.get("error") in {"authorization_pending", "slow_down"}:
            raise SignInNeeded(invitation(self._pending))
        self._pending = None
        return result

    def _begin(self, application: Application, scopes: list[str], claims: str | None) -> Result:
        flow: Result = application.initiate_device_flow(scopes, claims_challenge=claims)
        if not {"user_code", "verification_uri"} <= flow.keys():
            return flow
        self._pending, self._next_look = flow, 0.0
        self._tell(invitation(flow))
        raise SignInNeeded(invitation(flow))


def invitation(flow: Result) -> str:
    """The sentence that a person acts on."""
    return (
        f"Sign-in needed: open {flow['verification_uri']} in a browser, enter the code {flow['user_code']}, "
        "then repeat the call."
    )
