"""auth/on_behalf_of.py: callers' tokens for this server are traded for Graph tokens, and nobody gets another's."""

from __future__ import annotations

import gc
import json
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import httpx
import msal
import pytest

from auth._keeper import TokenKeeper
from auth._worker import in_worker
from auth.accounts import claims_of
from auth.credentials import Credential, SecretCredential
from auth.msal_http import client_options
from auth.on_behalf_of import OnBehalfOf, OnBehalfOfSource
from auth.watched_file import WatchedFile
from emulator import AppRegistration, sign_in_at
from emulator.entra.policies import Policy
from emulator.tenant import Person, Tenant
from errors import AppRefused, ConsentNeeded, SignInError, SignInNeeded, SignInUnavailable
from principal import Principal
from tests.auth.apps import APP, GRAPH, SECRET, Clock, Cloud, replaced
from tests.support import small_tenant

CLIENT = "c11e07a0-0000-4000-8000-00000000c11e"
SCOPES = [f"{GRAPH}/User.Read"]
MORE = [f"{GRAPH}/Mail.Read", f"{GRAPH}/User.Read"]
PERMISSIONS = [f"{GRAPH}/{name}" for name in ("User.Read", "Mail.Read")]
CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'


class Server(Cloud):
    """A server that people reach through a client of their own, with what both need in Entra."""

    def __init__(self, *, tenant: Tenant | None = None, consented: bool = True, **details: Any) -> None:
        super().__init__(
            tenant=tenant, secrets=(SECRET,), exposed_scopes=("access",), pre_authorized=(CLIENT,), **details
        )
        client = AppRegistration(CLIENT, "Assistant", redirect_uris=("http://localhost",), allow_public_client=True)
        self.entra.register(client)
        if consented:
            self.entra.grant_admin_consent(APP, PERMISSIONS)
        self.clock = Clock()
        self.keeper = TokenKeeper(clock=self.clock, steady=self.clock)
        self.callers = self.on_behalf_of()

    @property
    def ines(self) -> Person:
        return self.tenant.demo_person

    def on_behalf_of(self, credential: Credential | None = None, **details: Any) -> OnBehalfOf:
        context = self.context(scopes=tuple(SCOPES), mode="delegated")
        chosen = credential or SecretCredential(SECRET)
        given = {"cloud": "public", "clock": self.clock, **details}
        return OnBehalfOf(context, chosen, lambda: self.http, self.keeper, **given)

    async def inbound(self, person: Person, scope: str = f"{APP}/access") -> str:
        """The token that the person's client calls this server with."""
        return await in_worker(lambda: self._signed_in(person, scope))

    def _signed_in(self, person: Person, scope: str) -> str:
        client = msal.PublicClientApplication(
            CLIENT, authority=f"https://login.microsoftonline.com/{self.tenant.id}", **client_options(self.http)
        )
        flow = client.initiate_auth_code_flow([scope], redirect_uri="http://localhost", response_mode="form_post")
        result = client.acquire_token_by_auth_code_flow(flow, sign_in_at(self.http, flow["auth_uri"], person))
        return str(result["access_token"])

    def who(self, person: Person, client: str = CLIENT) -> Principal:
        return Principal("public", self.tenant.id, person.id, client)

    async def source_of(self, person: Person | None = None, assertion: str = "") -> OnBehalfOfSource:
        person = person or self.ines
        token = assertion or await self.inbound(person)
        return self.callers.for_caller(self.who(person), token, float(claims_of(token)["exp"]))

    @property
    def trades(self) -> int:
        return sum("assertion" in form for form in self.wire.forms)

    def speaks_for(self, token: str) -> str | None:
        return self.entra.caller(f"Bearer {token}").user_id


async def test_a_callers_token_is_traded_for_one_that_speaks_for_the_same_person() -> None:
    server = Server()
    inbound = await server.inbound(server.ines)
    token = await (await server.source_of(assertion=inbound)).token(SCOPES)
    assert server.speaks_for(token) == server.ines.id
    form = server.wire.forms[-1]
    assert form["assertion"] == inbound
    assert form["requested_token_use"] == "on_behalf_of"
    assert "offline_access" not in form["scope"].split(), "nothing outlives the caller's own sign-in"
    assert server.wire.requests[-1].url.path == f"/{server.tenant.id}/oauth2/v2.0/token"


async def test_the_callers_own_token_goes_to_the_token_endpoint_and_nowhere_else() -> None:
    server = Server()
    inbound = await server.inbound(server.ines)
    token = await (await server.source_of(assertion=inbound)).token(SCOPES)
    with pytest.raises(Exception, match="audience"):
        server.speaks_for(inbound)
    assert token != inbound
    carried = [each for each in server.wire.requests if inbound in f"{each.url}{each.headers}{each.content!r}"]
    assert [(each.url.host, each.url.path.rpartition("/")[2]) for each in carried] == [
        ("login.microsoftonline.com", "token")
    ]


async def test_the_callers_of_one_person_share_a_trade_and_a_narrower_ask_needs_none() -> None:
    server = Server()
    source, tokens = await server.source_of(), list[str]()

    async def ask() -> None:
        tokens.append(await source.token(MORE))

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(ask)
    assert len(set(tokens)) == 1
    assert await source.token(SCOPES) == tokens[0], "MSAL has one with more permissions"
    assert server.trades == 1


async def test_two_hundred_people_with_ten_callers_each_get_their_own_tokens() -> None:
    tenant = small_tenant()
    people = [tenant.add_person(f"Person Number{number}") for number in range(200)]
    server, wrong, answered = Server(tenant=tenant), list[str](), Counter[str]()
    inbound = {person.id: await server.inbound(person) for person in people}

    async def call(graph: httpx.AsyncClient, person: Person) -> None:
        token = await (await server.source_of(person, inbound[person.id])).token(SCOPES)
        me = await graph.get("/v1.0/me?$select=id", headers={"Authorization": f"Bearer {token}"})
        answered[person.id] += 1
        if me.json()["id"] != person.id:
            wrong.append(person.id)

    graph = httpx.AsyncClient(transport=httpx.ASGITransport(app=server.app), base_url=GRAPH)
    async with graph, anyio.create_task_group() as tasks:
        for person in people * 10:
            tasks.start_soon(call, graph, person)
    assert not wrong
    assert answered == {person.id: 10 for person in people}
    assert server.trades == 200


async def test_what_one_client_got_is_not_given_to_the_same_person_in_another() -> None:
    server = Server()
    inbound = await server.inbound(server.ines)
    one = server.callers.for_caller(server.who(server.ines), inbound, time.time() + 3600)
    other = server.callers.for_caller(server.who(server.ines, client="another"), inbound, time.time() + 3600)
    assert await one.token(SCOPES) != await other.token(SCOPES)
    assert server.trades == 2


@pytest.mark.parametrize(
    "principal",
    [
        pytest.param(Principal("china", "t", "u", "c"), id="of another cloud"),
        pytest.param(Principal("public", "", "u", "c"), id="of no tenant"),
        pytest.param(Principal("public", "t", "", "c"), id="nobody"),
    ],
)
def test_whoever_cannot_be_told_apart_gets_nothing(principal: Principal) -> None:
    with pytest.raises(SignInError, match="Whose token this is"):
        Server().callers.for_caller(principal, "a token", time.time() + 60)


async def test_a_caller_whose_token_has_expired_is_sent_to_sign_in_without_a_request() -> None:
    server = Server()
    source = await server.source_of()
    assert await source.token(SCOPES)
    server.clock.now += 2 * 3600
    with pytest.raises(SignInNeeded, match="has expired"):
        await source.token(SCOPES)
    assert server.trades == 1


async def test_a_token_is_not_kept_for_longer_than_the_token_that_it_came_of() -> None:
    server = Server()
    inbound = await server.inbound(server.ines)
    short = server.callers.for_caller(server.who(server.ines), inbound, server.clock.now + 600)
    first = await short.token(SCOPES)
    server.clock.now += 590
    assert await short.token(SCOPES) == first
    again = server.callers.for_caller(server.who(server.ines), await server.inbound(server.ines), time.time() + 3600)
    assert await again.token(SCOPES) == first, "a new sign-in changes nothing while the old one lasts"
    server.clock.now += 20
    assert await again.token(SCOPES) != first
    assert server.trades == 2


async def test_what_msal_has_of_a_sign_in_that_is_over_is_not_used_for_the_next() -> None:
    server = Server()
    inbound = await server.inbound(server.ines)
    first = await server.callers.for_caller(server.who(server.ines), inbound, server.clock.now + 60).token(MORE)
    server.clock.now += 61
    again = server.callers.for_caller(server.who(server.ines), await server.inbound(server.ines), time.time() + 3600)
    assert await again.token(SCOPES) != first
    assert server.trades == 2


async def test_a_challenge_is_not_answered_with_what_msal_has() -> None:
    server = Server()
    source = await server.source_of()
    first = await source.token(MORE)
    assert await source.token(SCOPES, CLAIMS) != first
    assert server.trades == 2


async def test_the_trade_is_made_in_the_callers_own_tenant_whatever_the_settings_name() -> None:
    server = Server()
    context = replace(server.context(mode="delegated"), tenant="organizations")
    secret = SecretCredential(SECRET)
    server.callers = OnBehalfOf(context, secret, lambda: server.http, server.keeper, cloud="public")
    assert await (await server.source_of()).token(SCOPES)
    assert server.wire.requests[-1].url.path == f"/{server.tenant.id}/oauth2/v2.0/token"


async def test_missing_consent_is_an_administrators_to_give_even_where_entra_asks_for_interaction() -> None:
    server = Server()
    source = await server.source_of()
    body = {"error": "interaction_required", "error_codes": [65001], "suberror": "consent_required"}
    server.wire.before = lambda request: httpx.Response(400, json=body) if request.method == "POST" else None
    with pytest.raises(ConsentNeeded, match="AADSTS65001"):
        await source.token(SCOPES)


async def test_a_wider_ask_is_not_answered_with_what_was_got_for_less() -> None:
    server = Server()
    source = await server.source_of()
    first = await source.token(SCOPES)
    assert await source.token(MORE) != first
    assert server.trades == 2


async def test_a_token_that_is_about_to_end_does_not_serve_a_narrower_ask() -> None:
    server = Server()
    source = await server.source_of()
    first = await source.token(MORE)
    again = server.callers.for_caller(server.who(server.ines), await server.inbound(server.ines), time.time() + 86_400)
    server.clock.now += 24 * 3600 - 60
    assert await again.token(SCOPES) != first


async def test_an_answer_that_names_no_permissions_brought_those_that_were_asked_for() -> None:
    server = Server()
    source = await server.source_of()
    found = {"token_type": "Bearer", "access_token": "of nobody known", "expires_in": 3600}
    server.wire.before = lambda request: httpx.Response(200, json=found) if request.method == "POST" else None
    assert await source.token(MORE) == "of nobody known"
    assert await source.token(SCOPES) == "of nobody known"
    assert server.trades == 1


def caches_of_msal() -> int:
    gc.collect()
    return sum(type(each) is msal.TokenCache for each in gc.get_objects())


async def test_nothing_of_msals_stays_for_a_person_since_it_is_many_times_as_large_as_the_token() -> None:
    server, before = Server(), caches_of_msal()
    source = await server.source_of()
    assert await source.token(MORE) == await source.token(SCOPES)
    assert caches_of_msal() == before


async def test_a_token_that_graph_refused_is_traded_anew() -> None:
    server = Server()
    source = await server.source_of()
    first = await source.token(SCOPES)
    second = await source.token(SCOPES, refused=first)
    assert second != first
    assert server.speaks_for(second) == server.ines.id
    assert server.trades == 2


async def test_a_challenge_is_passed_on_and_one_after_it_is_the_persons_to_answer() -> None:
    server = Server()
    source = await server.source_of()
    first = await source.token(SCOPES)
    second = await source.token(SCOPES, CLAIMS)
    assert second != first
    sent = json.loads(server.wire.forms[-1]["claims"])["access_token"]
    assert sent["acrs"]["value"] == "c1"
    assert sent["xms_cc"] == {"values": ["cp1"]}
    with pytest.raises(SignInNeeded, match="Connect again") as caught:
        await source.token(SCOPES, CLAIMS, second)
    assert caught.value.claims == CLAIMS


async def test_a_policy_that_wants_more_hands_its_claims_on_for_the_next_sign_in_but_not_in_the_text() -> None:
    server = Server()
    source = await server.source_of()
    policy = server.entra.policies.add(Policy(grant="mfa"))
    with pytest.raises(SignInNeeded, match=r"stronger or a newer sign-in.*AADSTS50076") as caught:
        await source.token(SCOPES)
    assert caught.value.code == 50076
    assert policy.id in caught.value.claims
    assert policy.id not in str(caught.value)


async def test_a_policy_that_blocks_says_so_and_still_hands_its_claims_on() -> None:
    server = Server()
    source = await server.source_of()
    server.entra.policies.add(Policy(grant="block"))
    with pytest.raises(SignInNeeded, match="AADSTS53003") as caught:
        await source.token(SCOPES)
    assert "stronger" not in str(caught.value)
    assert caught.value.claims


async def test_a_new_sign_in_after_a_refusal_starts_with_nothing_of_the_old_one() -> None:
    server = Server()
    source = await server.source_of()
    first = await source.token(SCOPES)
    policy = server.entra.policies.add(Policy(grant="mfa"))
    with pytest.raises(SignInNeeded):
        await source.token(MORE)
    server.entra.policies.remove(policy)
    renewed = await server.source_of(assertion=await server.inbound(server.ines))
    assert await renewed.token(SCOPES) != first
    assert await source.token(SCOPES) == await renewed.token(SCOPES), "the new sign-in stands for both"


async def test_consent_that_is_missing_comes_with_the_link_for_an_administrator() -> None:
    server = Server(consented=False)
    with pytest.raises(ConsentNeeded, match="AADSTS65001") as caught:
        await (await server.source_of()).token(SCOPES)
    assert f"login.microsoftonline.com/{server.tenant.id}/v2.0/adminconsent" in str(caught.value)
    assert "User.Read" in str(caught.value)


async def test_a_token_for_another_app_is_the_operators_to_set_right() -> None:
    server = Server()
    other = AppRegistration("0a0b0c0d-0000-4000-8000-000000000001", "Other", exposed_scopes=("read",))
    server.entra.register(other)
    inbound = await server.inbound(server.ines, f"{other.client_id}/read")
    with pytest.raises(AppRefused, match=r"ENTRA_CLIENT_ID.*AADSTS500131"):
        await (await server.source_of(assertion=inbound)).token(SCOPES)


async def test_a_token_that_entra_takes_for_expired_sends_the_caller_to_sign_in() -> None:
    clock = Clock()
    server = Server(clock=clock)
    source = await server.source_of()
    clock.now += 3 * 3600
    with pytest.raises(SignInNeeded, match=r"Connect to it again\. \(AADSTS500133\)") as caught:
        await source.token(SCOPES)
    assert caught.value.code == 500133


async def test_a_token_whose_key_was_withdrawn_sends_the_caller_to_sign_in() -> None:
    server = Server()
    source = await server.source_of()
    server.entra.rotate_keys(keep_old=False)
    with pytest.raises(SignInNeeded, match="AADSTS50013"):
        await source.token(SCOPES)


async def test_one_callers_throttling_stops_nobody_else() -> None:
    server = Server()
    ines, jonas = server.tenant.people.values()
    first, second = await server.source_of(ines), await server.source_of(jonas)
    throttled = [httpx.Response(429, headers={"Retry-After": "30"}, json={"error": "temporarily_unavailable"})]
    server.wire.before = lambda request: throttled.pop() if request.method == "POST" and throttled else None
    with pytest.raises(SignInUnavailable) as caught:
        await first.token(SCOPES)
    assert caught.value.retry_after == 30
    assert server.speaks_for(await second.token(SCOPES)) == jonas.id


async def test_an_answer_about_somebody_else_is_thrown_away() -> None:
    server = Server()
    ines, jonas = server.tenant.people.values()
    mixed_up = server.callers.for_caller(server.who(ines), await server.inbound(jonas), time.time() + 3600)
    for _ in range(2):
        with pytest.raises(SignInError, match="another person than the one who called"):
            await mixed_up.token(SCOPES)
    assert server.trades == 2, "not even MSAL keeps it"


async def test_only_callers_of_late_are_remembered() -> None:
    tenant = small_tenant()
    people = [tenant.add_person(f"Person Number{number}") for number in range(4)]
    server = Server(tenant=tenant)
    server.callers = server.on_behalf_of(most=2)
    inbound = {person.id: await server.inbound(person) for person in people}
    tokens = [await (await server.source_of(person, inbound[person.id])).token(SCOPES) for person in people]
    assert len(server.callers._partitions) == 2
    newest, eldest = people[-1], people[0]
    assert await (await server.source_of(newest, inbound[newest.id])).token(SCOPES) == tokens[-1]
    assert await (await server.source_of(eldest, inbound[eldest.id])).token(SCOPES) != tokens[0]


async def test_whoever_is_long_gone_is_forgotten_when_the_next_comes() -> None:
    server = Server()
    ines, jonas = server.tenant.people.values()
    await (await server.source_of(ines)).token(SCOPES)
    server.clock.now += 3 * 3600
    server.callers.for_caller(server.who(jonas), await server.inbound(jonas), server.clock.now + 60)
    assert [each.user_id for each in server.callers._partitions] == [jonas.id]


async def test_a_secret_that_is_replaced_serves_the_callers_that_come_after(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    replaced(path, SECRET)
    server = Server()
    server.callers = server.on_behalf_of(SecretCredential(WatchedFile(path, str, name="ENTRA_CLIENT_SECRET_FILE")))
    ines, jonas = server.tenant.people.values()
    await (await server.source_of(ines)).token(SCOPES)
    server.register(secrets=("the-next-secret",))
    replaced(path, "the-next-secret")
    assert await (await server.source_of(jonas)).token(SCOPES)
    assert [form["client_secret"] for form in server.wire.forms if "assertion" in form] == [SECRET, "the-next-secret"]


async def test_a_sign_in_that_is_refused_is_no_answer_to_another_of_the_same_person_at_the_same_time() -> None:
    server = Server()
    bad, good, outcomes = await server.inbound(server.ines), await server.inbound(server.ines), list[str]()
    refused = httpx.Response(400, json={"error": "invalid_grant", "error_codes": [50013]})
    server.wire.before = lambda request: refused if f"assertion={bad}" in request.content.decode() else None

    async def ask(assertion: str) -> None:
        try:
            outcomes.append(server.speaks_for(await (await server.source_of(assertion=assertion)).token(SCOPES)) or "")
        except SignInNeeded:
            outcomes.append("refused")

    async with anyio.create_task_group() as tasks:
        for assertion in (bad, bad, good, bad):
            tasks.start_soon(ask, assertion)
    assert sorted(outcomes) == sorted(["refused", "refused", "refused", server.ines.id])
    assert server.trades == 2


async def test_a_sign_in_is_good_to_its_own_end_whatever_others_of_the_same_person_end_before() -> None:
    server = Server()
    who, now = server.who(server.ines), server.clock.now
    long = server.callers.for_caller(who, await server.inbound(server.ines), now + 3600)
    short = server.callers.for_caller(who, await server.inbound(server.ines), now + 60)
    server.clock.now += 61
    with pytest.raises(SignInNeeded, match="has expired"):
        await short.token(SCOPES)
    assert server.speaks_for(await long.token(SCOPES)) == server.ines.id


async def test_whoever_is_gone_is_forgotten_also_behind_somebody_whose_sign_in_lasts() -> None:
    tenant = small_tenant()
    lasting, brief, renewed, last = (tenant.add_person(f"Person Number{number}") for number in range(4))
    server = Server(tenant=tenant)
    for person, seconds in ((lasting, 3600), (brief, 600), (renewed, 600), (renewed, 1200)):
        source = server.callers.for_caller(server.who(person), await server.inbound(person), server.clock.now + seconds)
        await source.token(SCOPES)
    server.clock.now += 700
    server.callers.for_caller(server.who(last), "a token", server.clock.now + 60)
    assert [each.user_id for each in server.callers._partitions] == [lasting.id, renewed.id, last.id]
    assert [whose[1].user_id for whose in server.keeper._kept] == [lasting.id, renewed.id]  # type: ignore[index]
    server.clock.now += 600
    server.callers.for_caller(server.who(last), "another token", server.clock.now + 60)
    assert [each.user_id for each in server.callers._partitions] == [lasting.id, last.id]


def test_a_hundred_thousand_people_leave_no_more_behind_than_the_latest_of_them() -> None:
    server = Server()
    server.callers = callers = server.on_behalf_of(most=50)
    for number in range(100_000):
        callers.for_caller(Principal("public", "t", str(number), "c"), "a token", server.clock.now + 3600)
    assert [int(each.user_id) for each in callers._partitions] == [*range(99_950, 100_000)]
    assert len(callers._ends) <= 101
    assert not server.keeper._kept
    server.clock.now += 3601
    for _ in range(20):
        callers.for_caller(Principal("public", "t", "the next", "c"), "a token", server.clock.now + 3600)
    assert len(callers._partitions) == 1
    assert len(callers._ends) == 1


async def test_the_claims_that_graph_wants_are_handed_on_where_entra_names_none() -> None:
    server = Server()
    source = await server.source_of()
    body = {"error": "interaction_required", "error_codes": [50076]}
    server.wire.before = lambda request: httpx.Response(400, json=body) if request.method == "POST" else None
    with pytest.raises(SignInNeeded) as caught:
        await source.token(SCOPES, CLAIMS)
    assert caught.value.claims == CLAIMS


async def test_after_a_challenge_that_only_the_person_can_answer_a_new_sign_in_starts_afresh() -> None:
    server = Server()
    source = await server.source_of()
    first = await source.token(SCOPES)
    with pytest.raises(SignInNeeded):
        await source.token(SCOPES, CLAIMS, first)
    assert await (await server.source_of(assertion=await server.inbound(server.ines))).token(SCOPES) != first
