"""A person at the sign-in page, played for programs: what the page hands back to the application."""

from __future__ import annotations

from collections.abc import Sequence

import anyio.to_thread
import httpx
import pytest

from emulator import (
    DEMO_CLIENT_ID,
    BlockingTransport,
    Policy,
    SignInStopped,
    Tenant,
    build_emulator,
    sign_in_at,
)
from tests.emulator.support import small_tenant

ASKED = {
    "client_id": DEMO_CLIENT_ID,
    "response_type": "code",
    "response_mode": "form_post",
    "redirect_uri": "http://localhost:7777",
    "scope": "openid User.Read",
    "state": 'a "quoted" state & more',
}


def signed_in(
    tenant: Tenant, name: str, policies: Sequence[Policy] = (), *, willing: bool = True, **asked: str
) -> dict[str, str]:
    app = build_emulator(tenant)
    for policy in policies:
        app.state.entra.policies.add(policy)
    link = httpx.URL(f"https://login.microsoftonline.com/{tenant.id}/oauth2/v2.0/authorize", params=ASKED | asked)
    person = next(person for person in tenant.people.values() if person.display_name == name)
    with httpx.Client(transport=BlockingTransport(app)) as browser:
        return sign_in_at(browser, str(link), person, willing=willing)


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


@pytest.mark.parametrize("mode", ["form_post", "query", "fragment"])
async def test_extra_steps_are_taken_however_the_answer_comes_back(mode: str) -> None:
    policies = [Policy(grant="mfa"), Policy(grant="terms")]
    fields = await anyio.to_thread.run_sync(lambda: signed_in(small_tenant(), "Ada Lind", policies, response_mode=mode))
    assert set(fields) == {"code", "session_state", "state"}
    assert fields["state"] == ASKED["state"]


async def test_who_is_not_willing_cancels_at_the_first_extra_step() -> None:
    tenant, policies = small_tenant(), [Policy(grant="mfa")]
    fields = await anyio.to_thread.run_sync(lambda: signed_in(tenant, "Ada Lind", policies, willing=False))
    assert (fields["error"], fields["error_subcode"]) == ("access_denied", "cancel")
    plain = await anyio.to_thread.run_sync(lambda: signed_in(tenant, "Ada Lind", willing=False))
    assert "code" in plain


async def test_a_page_that_leads_nowhere_stops_the_visitor_with_its_reason() -> None:
    with pytest.raises(SignInStopped, match=r"^AADSTS53003: .* blocked by Conditional Access"):
        await anyio.to_thread.run_sync(signed_in, small_tenant(), "Ada Lind", [Policy(grant="block")])
    with pytest.raises(SignInStopped, match="AADSTS50011"):
        await anyio.to_thread.run_sync(
            lambda: signed_in(small_tenant(), "Ada Lind", redirect_uri="https://evil.example/")
        )


def test_a_sign_in_that_never_ends_is_given_up() -> None:
    step = '<form action="authorize"><input type="hidden" name="proofs" value="again"></form>'
    endless = httpx.MockTransport(lambda _: httpx.Response(200, text=step))
    person = small_tenant().demo_person
    with httpx.Client(transport=endless) as browser, pytest.raises(SignInStopped, match="never ends"):
        sign_in_at(browser, "https://login.example/authorize?a=b", person)
