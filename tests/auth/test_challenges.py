"""Claims challenges end to end: silence is tried once, then the person is asked, and the call goes on."""

from __future__ import annotations

import anyio
from mcp import Client

import auth
from _server_demo import DemoTenant
from emulator.entra import Policy
from tests.auth.support import AtOnce, people_of, public_cloud
from tests.auth.test_people import Turns, approve
from tests.support import demo_settings, server_on, text_of

ONLY_ACCOUNT = {"TOOLSETS": "account"}


def server_for(cloud: DemoTenant, people: auth.People) -> Client:
    return Client(server_on(cloud, demo_settings(ONLY_ACCOUNT), people))


async def test_a_sign_in_that_was_revoked_asks_the_person_and_then_goes_on() -> None:
    cloud, turns, told = public_cloud(), Turns(), list[str]()
    entra, ines = cloud.app.state.entra, cloud.app.state.tenant.demo_person
    people = people_of(cloud, auth.DeviceFlow(pause=turns), told=told, patience=20)
    async with server_for(cloud, people) as client:
        assert (await client.call_tool("account_whoami", {})).is_error
        await approve(cloud, told[-1], ines)
        turns.go_on()
        assert "Signed in as Ines Aldana" in text_of(await client.call_tool("account_whoami", {}))

        entra.revoke_sessions(ines)
        entra.journal.clear()
        asked = await client.call_tool("account_whoami", {})
        assert asked.is_error
        assert text_of(asked) == told[-1]
        (renewal,) = [each for each in entra.journal.token_requests if each.grant == "refresh_token"]
        assert (renewal.has_claims, renewal.error) == (True, 50173)
        await approve(cloud, told[-1], ines)
        turns.go_on()
        assert "Signed in as Ines Aldana" in text_of(await client.call_tool("account_whoami", {}))
    assert len(told) == 2


async def test_a_challenge_that_silence_can_answer_asks_nobody() -> None:
    cloud = public_cloud()
    flow = AtOnce(cloud)
    people = people_of(cloud, flow)
    entra = cloud.app.state.entra
    async with server_for(cloud, people) as client:
        await client.call_tool("account_whoami", {})
        entra.require_auth_context("me", "c1")
        entra.journal.clear()
        assert not (await client.call_tool("account_whoami", {})).is_error
        assert not (await client.call_tool("account_whoami", {})).is_error
    assert [(each.grant, each.has_claims) for each in entra.journal.token_requests] == [("refresh_token", True)]
    assert len(flow.requests) == 1


async def test_a_second_factor_that_graph_wants_is_asked_of_the_person_with_the_claims() -> None:
    cloud = public_cloud()
    flow = AtOnce(cloud)
    people = people_of(cloud, flow)
    entra = cloud.app.state.entra
    async with server_for(cloud, people) as client:
        await client.call_tool("account_whoami", {})
        entra.policies.add(Policy(grant="mfa", auth_context="c1"))
        entra.require_auth_context("me", "c1")
        assert not (await client.call_tool("account_whoami", {})).is_error
    assert len(flow.requests) == 2
    assert "c1" in (flow.requests[-1].claims or "")
    assert flow.requests[-1].hint == "ines.aldana@lindenhall.example"


async def test_callers_that_are_challenged_at_the_same_time_share_one_renewal_and_one_question() -> None:
    cloud, told = public_cloud(), list[str]()
    entra = cloud.app.state.entra
    signed_in, texts = people_of(cloud), list[str]()
    async with signed_in.running():
        await signed_in.identity()
    people = people_of(cloud, auth.DeviceFlow(pause=Turns()), signed_in._cache, told=told, patience=0)
    async with server_for(cloud, people) as client:
        await people.identity()  # a tool would keep what Graph says of them
        entra.revoke_sessions(cloud.app.state.tenant.demo_person)
        entra.journal.clear()

        async def call() -> None:
            texts.append(text_of(await client.call_tool("account_whoami", {})))

        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(call)
    assert texts == [told[0]] * 10
    assert len(told) == 1
    assert entra.journal.count(grant="refresh_token") == 1


async def test_graph_that_is_never_content_is_not_asked_for_ever() -> None:
    cloud = public_cloud()
    flow = AtOnce(cloud)
    people = people_of(cloud, flow)
    entra = cloud.app.state.entra
    async with server_for(cloud, people) as client:
        await client.call_tool("account_whoami", {})
        entra.journal.clear()
        entra.require_auth_context("me", "c9")
        entra.policies.add(Policy(grant="block", auth_context="c9"))
        result = await client.call_tool("account_whoami", {})
    assert result.is_error
    assert len(entra.journal.graph_calls) <= 3
