"""The demo's sign-in: the ordinary authorization-code flow, whose page is confirmed in-process."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from auth._msal import Application, MsalSource, Result

REDIRECT_URI = "http://localhost"


class DemoSource(MsalSource):
    """`confirm` stands for the person at the page: it gets the link and returns what the page hands back."""

    def __init__(self, connect: Callable[[], Application], confirm: Callable[[str], Mapping[str, str]]) -> None:
        super().__init__(connect)
        self._confirm = confirm

    def _sign_in(self, application: Application, scopes: list[str], claims: str | None) -> Result:
        flow = application.initiate_auth_code_flow(
            scopes, redirect_uri=REDIRECT_URI, claims_challenge=claims, response_mode="form_post"
        )
        answer = self._confirm(flow["auth_uri"])
        result: Result = application.acquire_token_by_auth_code_flow(flow, dict(answer))
        return result
