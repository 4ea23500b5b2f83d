"""auth/supplied.py: a Graph token that comes from elsewhere, looked over before it is used."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import jwt
import pytest

from auth._keeper import TokenKeeper
from auth.credentials import SecretCredential
from auth.supplied import SuppliedToken, supplied_token
from clouds import CHINA, GRAPH_ID, PUBLIC, US_GOV_L5
from errors import SignInError
from settings import read_settings
from tests.auth.apps import DEFAULT, SECRET, Clock, Cloud, overwritten, removed, replaced, text_in

SCOPES = ["https://graph.microsoft.com/Mail.Read"]
CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}'
OPAQUE = "EwBgA8l6BAAU/of+a+personal+account=="


def graph_token(**changes: Any) -> str:
    """What a person's token for Graph looks like; a claim that is None is left out."""
    now = int(Clock().now)
    claims = {"aud": "https://graph.microsoft.com", "nbf": now - 300, "exp": now + 3600, "scp": "Mail.Read"} | changes
    present = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(present, "a key that nobody here knows, for a test", "HS256")


def source(token: str, **details: Any) -> SuppliedToken:
    return SuppliedToken(token, **{"cloud": PUBLIC, "mode": "delegated", **details})


@pytest.mark.parametrize(
    ("token", "details"),
    [
        pytest.param(graph_token(), {}, id="a person's"),
        pytest.param(graph_token(aud="https://graph.microsoft.com/"), {}, id="with a slash"),
        pytest.param(graph_token(aud=GRAPH_ID), {}, id="Graph by its id"),
        pytest.param(graph_token(aud=["urn:other", GRAPH_ID]), {}, id="several audiences"),
        pytest.param(graph_token(aud=CHINA.graph_url), {"cloud": CHINA}, id="another cloud's"),
        pytest.param(graph_token(aud=US_GOV_L5.graph_url), {"cloud": US_GOV_L5}, id="the Department of Defense's"),
        pytest.param(graph_token(scp=None, roles=["Mail.Read"]), {"mode": "application"}, id="an app's"),
        pytest.param(graph_token(scp=None, idtyp="app"), {"mode": "application"}, id="an app's without roles"),
        pytest.param(graph_token(scp=None), {}, id="whose kind cannot be told"),
        pytest.param(graph_token(roles=["Task.Run"]), {}, id="a person with a role"),
        pytest.param(graph_token(exp=None, nbf=None), {}, id="without times"),
        pytest.param(graph_token(exp="later", nbf=True), {}, id="with times that are none"),
        pytest.param(graph_token(nbf=int(Clock().now) + 200), {}, id="of a clock that runs a little fast"),
        pytest.param(OPAQUE, {}, id="a personal account's"),
        pytest.param(f"{graph_token()}\n", {}, id="with the line break of an editor"),
    ],
)
async def test_a_token_that_may_be_good_is_used_as_it_is(token: str, details: dict[str, Any]) -> None:
    assert await source(token, **details).token(SCOPES) == token.strip()


@pytest.mark.parametrize(
    ("token", "details", "says"),
    [
        pytest.param(f"Bearer {graph_token()}", {}, "leave out the word Bearer", id="with its scheme"),
        pytest.param("a secret", {}, "no access token", id="white space in it"),
        pytest.param("short", {}, "no access token", id="too short"),
        pytest.param(f'"{graph_token()}"', {}, "no access token", id="in quotes"),
        pytest.param(f"{OPAQUE}\x7f", {}, "no access token", id="a control character"),
        pytest.param(f"{OPAQUE}\r\nX-Other: 1", {}, "no access token", id="another header after it"),
        pytest.param(
            graph_token(exp=1_700_000_000), {}, r"expired on 2023-11-14 22:13 UTC\. Start again with", id="expired"
        ),
        pytest.param(graph_token(nbf=4_000_000_000), {}, r"valid from 2096-.*Set the clock", id="not yet valid"),
        pytest.param(
            graph_token(aud="https://management.azure.com"), {}, "for another service.*ENTRA_CLOUD", id="not Graph's"
        ),
        pytest.param(graph_token(aud=None), {}, "for another service", id="nobody's"),
        pytest.param(graph_token(), {"cloud": CHINA}, "microsoftgraph.chinacloudapi.cn", id="another cloud's"),
        pytest.param(
            graph_token(scp=None, roles=["Mail.Read"]), {}, "ENTRA_AUTH_MODE=application", id="an app's, for a person"
        ),
        pytest.param(graph_token(idtyp="app"), {}, "an app's own token", id="an app's, by its type"),
        pytest.param(graph_token(), {"mode": "application"}, "ENTRA_AUTH_MODE=delegated", id="a person's, for an app"),
    ],
)
async def test_a_token_that_cannot_do_says_what_to_do_and_is_not_repeated(
    token: str, details: dict[str, Any], says: str
) -> None:
    with pytest.raises(SignInError, match=says) as caught:
        await source(token, **details).token(SCOPES)
    assert str(caught.value).startswith("GRAPH_ACCESS_TOKEN: ")
    assert token not in str(caught.value)


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param("[1]", id="a list"),
        pytest.param("1", id="a number"),
        pytest.param("\udcff", id="no text"),
    ],
)
async def test_three_parts_that_are_no_token_are_graphs_to_judge(payload: str) -> None:
    middle = base64.urlsafe_b64encode(payload.encode(errors="surrogateescape")).decode().rstrip("=")
    odd = f"{jwt.encode({}, 'x' * 32, 'HS256').partition('.')[0]}.{middle}.sig"
    assert await source(odd).token(SCOPES) == odd


@pytest.mark.parametrize(
    ("more", "says"),
    [
        pytest.param({"refused": graph_token(jti="1")}, "Graph does not take the token", id="refused"),
        pytest.param({"claims": CLAIMS}, "Conditional Access", id="challenged"),
        pytest.param({"claims": CLAIMS, "refused": graph_token(jti="1")}, "Conditional Access", id="both"),
    ],
)
async def test_a_token_that_graph_refuses_is_told_with_who_can_replace_it(more: dict[str, str], says: str) -> None:
    token = more.get("refused", graph_token())
    given = source(token)
    await given.token(SCOPES)
    with pytest.raises(SignInError, match=rf"{says}.*Start again with a new GRAPH_ACCESS_TOKEN"):
        await given.token(SCOPES, **more)


def from_file(path: Path, learnt: list[str] | None = None) -> SuppliedToken:
    """The source of a server that was started with the token in a file."""
    settings = read_settings({"GRAPH_ACCESS_TOKEN_FILE": str(path)})
    assert settings.way == "supplied"
    return supplied_token(settings, (list[str]() if learnt is None else learnt).append)


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    replaced(path, f"{graph_token(jti='first')}\n")
    return path


async def test_a_token_that_is_replaced_in_its_file_is_used_from_then_on(token_file: Path) -> None:
    given = from_file(token_file)
    first = await given.token(SCOPES)
    replaced(token_file, graph_token(jti="second"))
    second = await given.token(SCOPES)
    assert second != first
    assert await given.token(SCOPES, refused=first) == second
    with pytest.raises(SignInError, match=r"Graph does not take.*Put a new token into .*read again by itself"):
        await given.token(SCOPES, refused=second)


async def test_a_token_whose_file_looks_the_same_is_still_found_after_a_refusal(token_file: Path) -> None:
    given = from_file(token_file)
    first = await given.token(SCOPES)
    other = graph_token(jti="other")
    assert len(other) == len(first)
    overwritten(token_file, f"{other}\n")
    assert await given.token(SCOPES, refused=first) == other


async def test_a_challenge_is_answered_by_the_token_that_was_put_there_since(token_file: Path) -> None:
    given = from_file(token_file)
    await given.token(SCOPES)
    replaced(token_file, graph_token(jti="second"))
    second = await given.token(SCOPES, CLAIMS)
    assert second == text_in(token_file)
    with pytest.raises(SignInError, match="Conditional Access"):
        await given.token(SCOPES, CLAIMS)


async def test_an_expired_token_is_told_with_what_is_wrong_with_its_file(token_file: Path) -> None:
    replaced(token_file, graph_token(exp=1_700_000_000))
    given = from_file(token_file)
    with pytest.raises(SignInError, match=r"expired.*Put a new token into .*token; it is read again by itself\.$"):
        await given.token(SCOPES)
    removed(token_file)
    with pytest.raises(SignInError, match=r"expired.*Of late it cannot be used: .*no such file"):
        await given.token(SCOPES)


async def test_only_a_token_that_the_log_would_not_know_is_registered_there(token_file: Path) -> None:
    learnt = list[str]()
    given = from_file(token_file, learnt)
    await given.token(SCOPES)
    replaced(token_file, OPAQUE)
    assert await given.token(SCOPES) == OPAQUE
    assert learnt == [OPAQUE]


async def test_a_token_that_entra_made_is_taken_and_graph_answers_it() -> None:
    cloud = Cloud(secrets=(SECRET,), application_roles=frozenset({"Mail.Read"}))
    made = await cloud.source(SecretCredential(SECRET), TokenKeeper()).token(DEFAULT)
    environ = {"GRAPH_ACCESS_TOKEN": made, "ENTRA_AUTH_MODE": "application"}
    token = await supplied_token(read_settings(environ)).token(DEFAULT)
    assert cloud.entra.caller(f"Bearer {token}").roles == {"Mail.Read"}


def test_what_is_shown_of_a_source_is_not_its_token() -> None:
    assert OPAQUE not in f"{source(OPAQUE)!r}"
    assert OPAQUE not in json.dumps([repr(source(OPAQUE))])
