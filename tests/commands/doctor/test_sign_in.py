"""The doctor on the sign-in: by real MSAL in silence, and by tokens of every kind."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

import auth
from _server_demo import DemoTenant
from auth.cache import MemoryTokenCache
from commands.doctor import NobodyAsked, silent_token
from commands.doctor._verdict import Status, Verdict
from errors import SignInNeeded, SignInRefused
from tests.auth.support import APP, SCOPES, SECRET, people_of, public_cloud, registered, settings_for
from tests.commands.doctor.support import NOW, surroundings, verdicts
from tests.commands.doctor.test_files import jwt_of

ABOUT_TOKENS = ("login-service", "discovery", "sign-in", "token", "permissions")
GRAPH = "https://graph.microsoft.com"


def returning(token: str) -> Callable[[], Awaitable[str]]:
    async def had() -> str:
        return token

    return had


async def said_of(claims: dict[str, Any], cloud: DemoTenant | None = None, **environ: str) -> dict[str, Verdict]:
    cloud = cloud or public_cloud()
    usual = {"aud": GRAPH, "ver": "1.0", "tid": cloud.app.state.tenant.id, "exp": NOW + 3600, "upn": "ines@x.example"}
    token = jwt_of(**{**usual, "scp": "Mail.Read User.Read", **claims})
    return await verdicts(surroundings(cloud, environ, token=returning(token)), *ABOUT_TOKENS)


async def test_a_real_sign_in_is_found_in_silence() -> None:
    cloud, cache = public_cloud(), MemoryTokenCache()
    scopes = (f"{GRAPH}/User.Read", f"{GRAPH}/Mail.Read")
    signed_in = people_of(cloud, cache=cache)
    async with signed_in.running():
        await signed_in.source().token(scopes)
    people = people_of(cloud, NobodyAsked(), cache=cache)
    about = surroundings(cloud, token=partial(silent_token, people, scopes), clock=time.time)
    found = await verdicts(about, *ABOUT_TOKENS)
    assert {found[name].status for name in ABOUT_TOKENS} == {Status.OK}, found
    assert found["sign-in"].says == f"signed in as {cloud.app.state.tenant.demo_person.user_principal_name}"


async def test_nobody_is_asked_where_nobody_is_signed_in() -> None:
    cloud, told = public_cloud(), list[str]()
    people = people_of(cloud, NobodyAsked(), told=told)
    with pytest.raises(SignInNeeded, match="login"):
        await silent_token(people, SCOPES)
    found = await verdicts(surroundings(cloud, token=partial(silent_token, people, SCOPES)), *ABOUT_TOKENS)
    assert found["sign-in"] == Verdict(Status.WARN, "not signed in, or not any more", "Run: python server.py login")
    assert found["token"].says == found["permissions"].says == "there is no token"
    assert told == []
    assert not cloud.is_built or cloud.app.state.entra.journal.count() == 0


async def test_nobody_is_asked_where_a_sign_in_is_over() -> None:
    cloud, cache = public_cloud(), MemoryTokenCache()
    signed_in = people_of(cloud, cache=cache)
    async with signed_in.running():
        await signed_in.source().token(SCOPES)
    cloud.app.state.entra.revoke_sessions(cloud.app.state.tenant.demo_person)
    people = people_of(cloud, NobodyAsked(), cache=cache)
    other = [f"{GRAPH}/Mail.Read"]  # not in the cache, so the refresh token has to prove itself
    found = await verdicts(surroundings(cloud, token=partial(silent_token, people, other)), *ABOUT_TOKENS)
    assert found["sign-in"].remedy == "Run: python server.py login"


async def test_a_real_app_has_the_roles_that_it_was_granted() -> None:
    cloud = DemoTenant(public_cloud().app.state.tenant)
    registered(cloud, secrets=(SECRET,), application_roles=frozenset({"Mail.Read"}))
    settings = settings_for(cloud, ENTRA_CLIENT_SECRET=SECRET)
    account = auth.accounts_of(
        settings, [f"{GRAPH}/.default"], cloud.http, NobodyAsked(), tell=pytest.fail, hide=pytest.fail
    )
    about = surroundings(
        cloud,
        {"ENTRA_CLIENT_SECRET": SECRET},
        token=partial(account.source(None).token, [f"{GRAPH}/.default"]),
        clock=time.time,
    )
    found = await verdicts(about, *ABOUT_TOKENS)
    assert found["sign-in"].status is found["token"].status is found["permissions"].status is Status.OK, found


async def test_a_refused_sign_in_is_a_failure_with_its_reason() -> None:
    async def refused() -> str:
        raise SignInRefused("The account is disabled. Ask an administrator.")

    found = await verdicts(surroundings(token=refused), *ABOUT_TOKENS)
    assert found["sign-in"] == Verdict(Status.FAIL, "does not work", "The account is disabled. Ask an administrator.")


async def test_a_token_that_tells_nothing_is_not_judged() -> None:
    found = await verdicts(surroundings(token=returning("EwB4A-opaque")), *ABOUT_TOKENS)
    assert found["sign-in"].status is Status.OK
    assert found["token"].status is found["permissions"].status is Status.SKIPPED
    assert "personal accounts" in found["token"].says
    assert "EwB4A" not in str(found)


@pytest.mark.parametrize(
    ("claims", "status", "says"),
    [
        pytest.param({}, Status.OK, "good for 60 minutes", id="a good one"),
        pytest.param({"aud": f"{GRAPH}/"}, Status.OK, "version 1.0", id="with a slash"),
        pytest.param({"aud": "00000003-0000-0000-c000-000000000000"}, Status.OK, "version 1.0", id="Graph by its id"),
        pytest.param({"aud": "api://other"}, Status.FAIL, "is for api://other", id="another service"),
        pytest.param({"aud": ""}, Status.FAIL, "is for nobody", id="nobody"),
        pytest.param({"tid": "another"}, Status.FAIL, "is of tenant another", id="another tenant"),
        pytest.param({"exp": NOW}, Status.FAIL, "has expired", id="expired"),
        pytest.param({"exp": "soon"}, Status.FAIL, "has expired", id="an odd end"),
        pytest.param({"ver": "2.0"}, Status.WARN, "version 2.0", id="version 2"),
        pytest.param({"ver": ""}, Status.WARN, "version none", id="no version"),
    ],
)
async def test_a_token_has_to_be_for_this_graph_and_tenant(claims: dict[str, Any], status: Status, says: str) -> None:
    verdict = (await said_of(claims))["token"]
    assert verdict.status is status
    assert says in verdict.says


async def test_any_tenant_is_fine_where_any_may_sign_in() -> None:
    assert (await said_of({"tid": "another"}, ENTRA_TENANT_ID="common"))["token"].status is Status.OK


@pytest.mark.parametrize(
    ("scp", "status", "says"),
    [
        pytest.param("Mail.Read User.Read", Status.OK, "enough", id="exactly"),
        pytest.param("Mail.ReadWrite User.ReadWrite.All", Status.OK, "enough", id="more"),
        pytest.param(
            "User.Read", Status.FAIL, "Mail.Read is missing for mail_list_messages, mail_read_message", id="one"
        ),
        pytest.param("", Status.FAIL, "Mail.Read is missing for mail_list_messages", id="none"),
    ],
)
async def test_what_is_missing_is_named_with_its_tools(scp: str, status: Status, says: str) -> None:
    verdict = (await said_of({"scp": scp}))["permissions"]
    assert verdict.status is status
    assert says in verdict.says
    assert ("adminconsent" in verdict.remedy) == (status is Status.FAIL)


async def test_only_the_toolsets_that_are_on_count() -> None:
    assert (await said_of({"scp": "User.Read"}, TOOLSETS="account"))["permissions"].status is Status.OK


async def test_scopes_that_leave_something_out_are_a_warning() -> None:
    verdict = (await said_of({"scp": "User.Read"}, ENTRA_SCOPES="User.Read"))["permissions"]
    assert verdict.status is Status.WARN
    assert verdict.remedy == "ENTRA_SCOPES leaves it out: add Mail.Read there, or unset it."


async def test_an_app_is_judged_by_its_roles_alone() -> None:
    found = await said_of({"roles": ["User.Read.All"], "scp": "Mail.Read"}, ENTRA_CLIENT_SECRET=SECRET)
    assert found["permissions"].status is Status.FAIL
    assert "application permissions" in found["permissions"].remedy
    assert found["permissions"].remedy.endswith(f"/adminconsent?client_id={APP}&redirect_uri=http%3A%2F%2Flocalhost")


async def test_a_supplied_token_has_to_be_replaced() -> None:
    found = await said_of({"scp": "User.Read"}, GRAPH_ACCESS_TOKEN="a-token-of-the-test")
    assert found["permissions"].remedy == "Supply a token that has Mail.Read, or leave these toolsets out (TOOLSETS)."
