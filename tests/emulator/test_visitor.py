"""A person at the sign-in page, played for programs: what the page hands back to the application."""

from __future__ import annotations

import anyio.to_thread
import httpx
import pytest

from emulator import DEMO_CLIENT_ID, BlockingTransport, Tenant, build_emulator, sign_in_at
from tests.emulator.support import small_tenant

ASKED = {
    "client_id": DEMO_CLIENT_ID,
    "response_type": "code",
    "response_mode": "form_post",
    "redirect_uri": "http://localhost:7777",
    "scope": "openid User.Read",
    "state": 'a "quoted" state & more',
}


def signed_in(tenant: Tenant, name: str, **asked: str) -> dict[str, str]:
    app = build_emulator(tenant)
    link = httpx.URL(f"https://login.microsoftonline.com/{tenant.id}/oauth2/v2.0/authorize", params=ASKED | asked)
    person = next(person for person in tenant.people.values() if person.display_name == name)
    with httpx.Client(transport=BlockingTransport(app)) as browser:
        return sign_in_at(browser, str(link), person)


@pytest.mark.parametrize("name", ["Ada Lind", "Dee Ruiz"])
async def test_accepting_hands_over_a_code_and_the_state(name: str) -> None:
    fields = await anyio.to_thread.run_sync(signed_in, small_tenant(), name)
    assert set(fields) == {"code", "session_state", "state"}
    assert fields["state"] == ASKED["state"]
    assert fields["code"].startswith("1.A")


async def test_a_refused_request_hands_over_the_error() -> None:
    fields = await anyio.to_thread.run_sync(lambda: signed_in(small_tenant(), "Ada Lind", scope="Not.AScope"))
    assert fields["error"] == "invalid_client"
    assert "AADSTS650053" in fields["error_description"]
