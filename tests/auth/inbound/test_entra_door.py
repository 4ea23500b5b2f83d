"""auth/inbound/entra_door.py: whom a genuine token speaks for, what it lets them do, and for how long."""

from __future__ import annotations

import pickle
from dataclasses import fields
from typing import Any

import pytest

from auth.inbound import Door, EntraDoor, Refusals
from errors import KeysUnavailable, NotAdmitted
from principal import Level, Principal, Rights
from tests.auth.inbound.jwts import (
    API,
    CLIENT,
    HOME,
    KID,
    LOGIN,
    NOW,
    PARTNER,
    PERSON,
    RESOURCE,
    STANDBY_KID,
    KeyService,
    Scene,
    app_claims,
    claims,
    header,
    older_claims,
    other_signatures,
    published,
    rs256,
    settings,
    token,
)

DAY = 24 * 3600
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"


async def refusal(scene: Scene, shown: str) -> NotAdmitted:
    with pytest.raises(NotAdmitted) as caught:
        await scene.door.sender(shown)
    return caught.value


# Who


async def test_a_persons_token_says_who_they_are() -> None:
    shown = token()
    sender = await Scene().door.sender(shown)
    assert sender.principal == Principal("public", HOME, PERSON, CLIENT)
    assert sender.rights == Rights(Level.ASK)
    assert (sender.name, sender.username, sender.is_person) == ("Ines Aldana", "ines@lindenhall.example", True)
    assert (sender.token, sender.expires_at) == (shown, NOW + 3600)
    assert shown not in repr(sender)


async def test_a_door_is_what_the_service_expects() -> None:
    scene = Scene()
    door: Door = scene.door
    async with door.running():
        assert await door.is_ready()
    assert scene.service.asked == [f"{LOGIN}/{HOME}/discovery/v2.0/keys"]
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(door)


async def test_the_start_goes_on_without_keys() -> None:
    scene = Scene()
    scene.service.fail()
    async with scene.door.running():
        assert not await scene.door.is_ready()
        with pytest.raises(KeysUnavailable):
            await scene.door.sender(token())
    assert len(scene.service.asked) == 1


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"aud": f"api://{API}"}, id="made out to api:// and the id"),
        pytest.param({"aud": RESOURCE}, id="made out to the endpoint"),
        pytest.param({"aud": f"{RESOURCE}/"}, id="made out to the endpoint with a slash"),
        pytest.param({"roles": ["mcp.full"]}, id="of a person with a role"),
        pytest.param({"idtyp": "user"}, id="that says it is a person's"),
        pytest.param({"scp": "profile mcp.read mcp.access"}, id="with other scopes too"),
        pytest.param({"nbf": ...}, id="without nbf"),
        pytest.param({"iat": ...}, id="without iat"),
        pytest.param({"cnf": {"a": [{"b": [1]}]}}, id="with claims nobody knows"),
        pytest.param({"name": 5, "preferred_username": None}, id="with a name that is none"),
    ],
)
async def test_a_good_token_may_look_like_this(changes: dict[str, Any]) -> None:
    sender = await Scene().door.sender(token(claims(**changes)))
    assert sender.is_person
    assert sender.rights == Rights(Level.ASK)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"typ": "at+jwt"}, id="at+jwt"),
        pytest.param({"typ": ...}, id="no type"),
        pytest.param({"x5t": KID, "x5t#S256": KID}, id="thumbprints"),
        pytest.param({"nonce": "x", "unheard": [1]}, id="parameters nobody knows"),
    ],
)
async def test_a_good_header_may_look_like_this(changes: dict[str, Any]) -> None:
    await Scene().door.sender(token(head=header(**changes)))


async def test_names_are_for_display_only() -> None:
    said = claims(name="Ines\u202e\x1b[31m\ud800" + "x" * 999, preferred_username=..., upn="ines@guest.example\n")
    sender = await Scene().door.sender(token(said))
    assert sender.name == "Ines[31m" + "x" * 248
    assert sender.username == "ines@guest.example"


# What for


@pytest.mark.parametrize(
    ("scopes", "environ", "level"),
    [
        pytest.param("mcp.access", {}, Level.ASK, id="everything, as the server has it"),
        pytest.param("mcp.access", {"ACCESS": "full"}, Level.FULL, id="everything, and nobody is asked"),
        pytest.param("mcp.access", {"READ_ONLY": "true"}, Level.READ, id="everything of a server that reads"),
        pytest.param("mcp.read", {"ACCESS": "full"}, Level.READ, id="reading"),
        pytest.param("mcp.read mcp.access", {}, Level.ASK, id="both"),
    ],
)
async def test_scopes_set_the_level(scopes: str, environ: dict[str, Any], level: Level) -> None:
    sender = await Scene(**environ).door.sender(token(claims(scp=scopes)))
    assert sender.rights == Rights(level)


@pytest.mark.parametrize(
    ("roles", "environ", "level"),
    [
        pytest.param(["mcp.full"], {}, Level.FULL, id="everything"),
        pytest.param(["mcp.full"], {"READ_ONLY": "true"}, Level.READ, id="everything of a server that reads"),
        pytest.param(["mcp.read"], {"ACCESS": "full"}, Level.READ, id="reading"),
        pytest.param(["other", "mcp.read", "mcp.full"], {}, Level.FULL, id="both and more"),
    ],
)
async def test_roles_set_the_level_of_apps(roles: list[str], environ: dict[str, Any], level: Level) -> None:
    scene = Scene(ENTRA_AUTH_MODE="application", **environ)
    sender = await scene.door.sender(token(app_claims(*roles)))
    assert sender.rights == Rights(level, is_daemon=True)
    assert (sender.is_person, sender.name, sender.username) == (False, "", "")


async def test_a_server_for_people_says_how_apps_could_come_in() -> None:
    error = await refusal(Scene(), token(app_claims("mcp.full", idtyp="app")))
    assert error.error == "invalid_token"
    assert "ENTRA_AUTH_MODE=application" in str(error)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        pytest.param(claims(), "invalid_token", id="a person"),
        pytest.param(claims(roles=["mcp.full"]), "invalid_token", id="a person with the role"),
        pytest.param(claims(scp=..., roles=["mcp.full"]), "invalid_token", id="a person without scopes"),
        pytest.param(app_claims("mcp.full", idtyp="user"), "invalid_token", id="a person that looks like an app"),
        pytest.param(app_claims("mcp.full", scp=[]), "invalid_token", id="an app with scopes that are none"),
        pytest.param(app_claims(), "insufficient_scope", id="no role"),
        pytest.param(app_claims("MCP.full", "mcp.fullest"), "insufficient_scope", id="other roles"),
    ],
)
async def test_a_server_for_apps_lets_in_no_others(said: dict[str, Any], error: str) -> None:
    found = await refusal(Scene(ENTRA_AUTH_MODE="application"), token(said))
    assert found.error == error


async def test_a_missing_scope_is_told_apart_from_a_bad_token() -> None:
    assert (await refusal(Scene(), token(claims(scp="Mail.Read")))).error == "insufficient_scope"
    forged = token(claims(scp="Mail.Read"), sign=other_signatures()["another key"])
    assert (await refusal(Scene(), forged)).error == "invalid_token"


@pytest.mark.parametrize(
    "audience",
    [
        pytest.param("https://graph.microsoft.com", id="by address"),
        pytest.param("https://graph.microsoft.com/", id="with a slash"),
        pytest.param("00000003-0000-0000-c000-000000000000", id="by id"),
        pytest.param("https://graph.windows.net", id="the one before it"),
        pytest.param("https://microsoftgraph.chinacloudapi.cn", id="of another cloud"),
    ],
)
async def test_a_token_for_graph_is_named_in_the_log(audience: str) -> None:
    error = await refusal(Scene(), token(claims(aud=audience)))
    assert "Microsoft Graph" in str(error)


async def test_only_clients_that_are_listed_may_be_used() -> None:
    scene = Scene(HTTP_CLIENTS=f"{PARTNER},{CLIENT}")
    await scene.door.sender(token())
    assert "HTTP_CLIENTS" in str(await refusal(scene, token(claims(azp=API))))


async def test_the_apps_own_uri_is_an_audience_too() -> None:
    scene = Scene(ENTRA_APP_ID_URI="api://lindenhall/tools")
    await scene.door.sender(token(claims(aud="api://lindenhall/tools")))
    await refusal(scene, token(claims(aud="api://lindenhall/tool")))


# When


@pytest.mark.parametrize(
    ("changes", "is_good"),
    [
        pytest.param({"exp": NOW - 59}, True, id="expired 59 s ago"),
        pytest.param({"exp": NOW - 60}, False, id="expired 60 s ago"),
        pytest.param({"exp": NOW - 61}, False, id="expired 61 s ago"),
        pytest.param({"nbf": NOW + 59}, True, id="good in 59 s"),
        pytest.param({"nbf": NOW + 61}, False, id="good in 61 s"),
        pytest.param({"iat": NOW + 59}, True, id="made in 59 s"),
        pytest.param({"iat": NOW + 61}, False, id="made in 61 s"),
        pytest.param({"iat": 1, "nbf": 1}, True, id="made long ago"),
    ],
)
async def test_clocks_may_differ_by_a_minute(changes: dict[str, int], is_good: bool) -> None:
    scene, shown = Scene(), token(claims(**changes))
    if is_good:
        await scene.door.sender(shown)
    else:
        assert (await refusal(scene, shown)).error == "invalid_token"


# Where from


CLOUDS = [
    pytest.param("public", LOGIN, "https://sts.windows.net", id="public"),
    pytest.param("usgov", "https://login.microsoftonline.us", "https://sts.windows.net", id="US government"),
    pytest.param("usgov-dod", "https://login.microsoftonline.us", "https://sts.windows.net", id="US defense"),
    pytest.param("china", "https://login.partner.microsoftonline.cn", "https://sts.chinacloudapi.cn", id="China"),
]


@pytest.mark.parametrize(("cloud", "login", "older"), CLOUDS)
async def test_each_cloud_has_its_own_issuers_and_keys(cloud: str, login: str, older: str) -> None:
    service = KeyService(published(issuer=f"{login}/{HOME}/v2.0"))
    scene = Scene(service=service, ENTRA_CLOUD=cloud, HTTP_V1_TOKENS="true")
    sender = await scene.door.sender(token(claims(iss=f"{login}/{HOME}/v2.0")))
    assert sender.principal.cloud == cloud
    await scene.door.sender(token(older_claims(iss=f"{older}/{HOME}/")))
    assert service.asked == [f"{login}/{HOME}/discovery/v2.0/keys"]
    others = {str(each.values[1]) for each in CLOUDS} - {login}
    for other in others:
        assert "issuer" in str(await refusal(scene, token(claims(iss=f"{other}/{HOME}/v2.0"))))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"iss": f"https://sts.windows.net/{HOME}"}, id="no slash at its end"),
        pytest.param({"iss": f"https://sts.windows.net/{PARTNER}/"}, id="another tenant"),
        pytest.param({"iss": f"{LOGIN}/{HOME}/v2.0"}, id="the issuer of version 2"),
        pytest.param({"iss": f"https://sts.chinacloudapi.cn/{HOME}/"}, id="another cloud"),
        pytest.param({"appid": ..., "azp": CLIENT}, id="the client as version 2 names it"),
        pytest.param({"ver": "2.0"}, id="another version"),
        pytest.param({"ver": "1"}, id="a version that is none"),
    ],
)
async def test_an_older_token_keeps_to_its_own_rules(changes: dict[str, Any]) -> None:
    scene = Scene(HTTP_V1_TOKENS="true")
    assert (await scene.door.sender(token(older_claims()))).principal.client_id == CLIENT
    await refusal(scene, token(older_claims(**changes)))


async def test_older_tokens_are_refused_with_the_way_out_of_it() -> None:
    assert "requestedAccessTokenVersion" in str(await refusal(Scene(), token(older_claims())))


def of_partner(**changes: Any) -> dict[str, Any]:
    return claims(tid=PARTNER, iss=f"{LOGIN}/{PARTNER}/v2.0", **changes)


async def test_tenants_that_are_listed_have_keys_of_their_own() -> None:
    scene = Scene(HTTP_TENANTS=PARTNER)
    scene.service.entries = [
        published(),
        published("of the partner", "standby", issuer=f"{LOGIN}/{PARTNER}/v2.0"),
        published("of all", "stranger", issuer=f"{LOGIN}/{{tenantid}}/v2.0"),
    ]
    by_partner: dict[str, Any] = {
        "head": header(kid="of the partner"),
        "sign": other_signatures()["the other key of the set"],
    }
    by_all: dict[str, Any] = {"head": header(kid="of all"), "sign": other_signatures()["another key"]}
    assert (await scene.door.sender(token(of_partner(), **by_partner))).principal.tenant_id == PARTNER
    await scene.door.sender(token(of_partner(), **by_all))
    await scene.door.sender(token(claims(), **by_all))
    await refusal(scene, token(of_partner()))
    await refusal(scene, token(claims(), **by_partner))
    await refusal(scene, token(claims(tid=PARTNER)))
    await refusal(scene, token(claims(iss=f"{LOGIN}/{PARTNER}/v2.0")))
    assert [address.split("/")[3] for address in scene.service.asked] == [PARTNER, HOME]


async def test_personal_accounts_come_in_only_where_their_tenant_is_listed() -> None:
    issuer = f"{LOGIN}/{CONSUMERS}/v2.0"
    shown = token(claims(tid=CONSUMERS, iss=issuer))
    assert "HTTP_TENANTS" in str(await refusal(Scene(), shown))
    scene = Scene(HTTP_TENANTS=CONSUMERS, service=KeyService(published(issuer=issuer)))
    assert (await scene.door.sender(shown)).principal.is_personal


# What is remembered


async def test_a_token_that_was_seen_before_is_not_judged_again_and_each_request_has_its_own_sender() -> None:
    scene, shown = Scene(), token()
    first, second = await scene.door.sender(shown), await scene.door.sender(shown)
    assert first is not second
    assert first.rights is second.rights
    assert len(scene.door._verified) == 1


async def test_a_remembered_token_expires_all_the_same() -> None:
    scene, shown = Scene(), token(claims(exp=NOW + 100))
    await scene.door.sender(shown)
    scene.pass_by(159)
    await scene.door.sender(shown)
    scene.pass_by(1)
    assert "expired" in str(await refusal(scene, shown))
    assert not scene.door._verified


async def test_a_remembered_token_falls_with_its_key() -> None:
    scene, shown = Scene(), token(claims(exp=NOW + 3 * DAY))
    await scene.door.sender(shown)
    scene.service.entries = [published(STANDBY_KID, "standby")]
    await scene.door.sender(shown)
    scene.pass_by(61)
    await refusal(scene, token(head=header(kid="unheard of")))
    await refusal(scene, shown)
    assert not scene.door._verified


async def test_a_remembered_token_falls_when_its_key_is_replaced_under_the_same_id() -> None:
    scene, shown = Scene(), token(claims(exp=NOW + 3 * DAY))
    await scene.door.sender(shown)
    scene.service.entries = [published(name="standby")]
    scene.pass_by(DAY + 1)
    assert "signed" in str(await refusal(scene, shown))


async def test_a_remembered_token_is_good_while_stale_keys_are_and_no_longer() -> None:
    scene, shown = Scene(), token(claims(exp=NOW + 9 * DAY))
    await scene.door.sender(shown)
    scene.service.fail()
    scene.pass_by(DAY + 1)
    await scene.door.sender(shown)
    scene.pass_by(DAY)
    with pytest.raises(KeysUnavailable):
        await scene.door.sender(shown)
    scene.service.answer = None
    scene.pass_by(61)
    await scene.door.sender(shown)


async def test_the_token_that_was_longest_unseen_is_forgotten_first() -> None:
    scene = Scene(most=2)
    first, second, third = (token(claims(uti=name)) for name in ("first", "second", "third"))
    for shown in (first, second, first, third):
        await scene.door.sender(shown)
    kept = set(scene.door._verified)
    await scene.door.sender(first)
    assert set(scene.door._verified) == kept
    assert len(kept) == 2


async def test_nothing_that_is_remembered_holds_the_token() -> None:
    scene, shown = Scene(), token()
    await scene.door.sender(shown)
    (verified,) = scene.door._verified.values()
    assert shown not in repr([getattr(verified, each.name) for each in fields(verified)])
    assert repr(verified) == "<_Verified>"


async def test_a_token_that_is_too_long_is_not_looked_at() -> None:
    assert "longer" in str(await refusal(Scene(), token(claims(pad="x" * 16384))))


async def test_refused_tokens_are_not_remembered() -> None:
    scene = Scene()
    await refusal(scene, token(claims(scp="Mail.Read")))
    await refusal(scene, token(sign=lambda signed: rs256(signed, "stranger")))
    assert not scene.door._verified


async def test_whoever_trades_tokens_can_bring_what_entra_said() -> None:
    refusals, scene = Refusals(), Scene()
    door = EntraDoor(settings(), scene.service.client, refusals, clock=scene.clock)
    refusals.note(token(), "invalid_token")
    with pytest.raises(NotAdmitted, match="sign in again"):
        await door.sender(token())
