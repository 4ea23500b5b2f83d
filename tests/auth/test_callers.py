"""auth/callers.py: whoever sent the request is who is worked as; and what only their client can change, it hears."""

from __future__ import annotations

import base64
import json
import re
import time
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import httpx
import pytest

import auth
from auth.accounts import Source
from auth.credentials import SecretCredential
from auth.managed_identity import ManagedIdentityCredential
from emulator.entra import Policy
from emulator.entra.registrations import FederatedCredential as Trusted
from emulator.tenant import Person
from errors import (
    AppRefused,
    ConsentNeeded,
    SignInError,
    SignInNeeded,
    SignInRefused,
    SignInUnavailable,
    ToolInputError,
)
from network import sync_client
from principal import Principal, Sender, sent_by
from tests.auth.apps import DEFAULT, Wire
from tests.http.scene import API, CLIENT, SECRET, HttpCloud, claims_of

PARAMETERS = (
    'resource_metadata="https://mcp.lindenhall.example/x", scope="https://mcp.lindenhall.example/mcp/mcp.access"'
)
CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'


class Scene(HttpCloud):
    """The callers of a service, the wire to Entra, and what was noted about their tokens."""

    def __init__(self, *, consented: bool = True, **environ: str) -> None:
        super().__init__(consented=consented)
        self.wire = Wire(self.app)
        self.noted: list[tuple[str, str, str]] = []
        self.client = sync_client(self.wire)
        challenges = auth.Challenges(PARAMETERS, lambda *noted: self.noted.append(noted))
        settings = self.settings(**environ)
        self.callers = auth.callers_of(settings, DEFAULT, lambda: self.client, SecretCredential(SECRET), challenges)

    @property
    def people(self) -> list[Person]:
        return [*self.tenant.people.values()]

    def sender(self, person: Person | None = None) -> Sender:
        return sender_of(self.token(person))

    def answers(self, status: int = 400, **body: Any) -> None:
        """What the token endpoint says from now on."""
        reply = httpx.Response(status, json=body)
        self.wire.before = lambda request: reply if request.method == "POST" else None


def sender_of(token: str) -> Sender:
    """As the door lets somebody in who shows this token."""
    claims = claims_of(token)
    principal = Principal("public", claims["tid"], claims["oid"], claims["azp"])
    return Sender(principal, token=token, expires_at=claims["exp"], name=claims.get("name", ""))


async def token_of(source: Source) -> str:
    return await source.token(DEFAULT)


async def test_the_sender_is_who_is_worked_as_with_what_graph_lets_the_server_do_for_them() -> None:
    scene = Scene()
    with sent_by(scene.sender()):
        ines = await scene.callers.identity()
    with sent_by(scene.sender(scene.people[1])):
        jonas = await scene.callers.identity()
    assert ines.principal == Principal("public", scene.tenant.id, scene.ines.id, CLIENT), "their client's, not ours"
    assert (ines.name, ines.username) == ("Ines Aldana", "ines.aldana@lindenhall.example")
    assert ines.is_person
    assert {"Mail.Read", "User.Read"} <= set(ines.permissions or ())
    assert "mcp.access" not in (ines.permissions or ())
    assert (jonas.name, jonas.principal.user_id) == ("Jonas Brandt", scene.people[1].id)


async def test_the_names_are_those_of_the_verified_token_where_it_has_any() -> None:
    scene = Scene()
    sender = scene.sender()
    sender.name, sender.username = "Aldana, Ines", "ines@contoso.example"
    with sent_by(sender):
        identity = await scene.callers.identity()
    assert (identity.name, identity.username) == ("Aldana, Ines", "ines@contoso.example")


async def test_who_did_not_show_a_persons_token_gets_nobodys() -> None:
    scene = Scene()
    with sent_by(scene.sender()):
        await scene.callers.identity()
    for sender in (replace(scene.sender(), token=""), replace(scene.sender(), is_person=False), None):
        with sent_by(sender) if sender else nullcontext():
            source = scene.callers.source()
            with pytest.raises(SignInError, match="in anybody's name"):
                await token_of(source)
            with pytest.raises(SignInError, match="in anybody's name"):
                await scene.callers.identity()
    assert len(scene.wire.forms) == 1
    assert not scene.noted


async def test_a_source_speaks_for_whom_it_was_made_also_where_another_request_is_answered() -> None:
    scene = Scene()
    with sent_by(scene.sender()):
        source = scene.callers.source()
    with sent_by(scene.sender(scene.people[1])):
        assert claims_of(await token_of(source))["oid"] == scene.ines.id
    assert claims_of(await token_of(source))["oid"] == scene.ines.id


async def test_accounts_are_not_the_callers_to_choose() -> None:
    scene = Scene()
    callers = scene.callers
    with sent_by(scene.sender()):
        for refused in (callers.login(), callers.logout(), callers.select("jonas"), callers.identity("jonas")):
            with pytest.raises(ToolInputError, match="sign in there as them"):
                await refused
        with pytest.raises(ToolInputError, match="sign in there as them"):
            callers.source("jonas")
        assert list(await callers.listed()) == []
        async with callers.running():
            assert await callers.settled("x")
    assert not scene.wire.requests


DEAD = {"error": "invalid_grant"}
WORD = re.compile(r'error="(\w+)"')


# What Entra says, what that comes to, a piece of its text, and what the door is told of the token.
REFUSALS: dict[str, tuple[dict[str, Any], type[SignInError], str, str]] = {
    "not taken": (DEAD | {"error_codes": [50013]}, SignInNeeded, "AADSTS50013", "invalid_token"),
    "no token": (DEAD | {"error_codes": [50027]}, SignInNeeded, "AADSTS50027", "invalid_token"),
    "expired": (DEAD | {"error_codes": [500133]}, SignInNeeded, "AADSTS500133", "invalid_token"),
    "revoked": (DEAD | {"error_codes": [50173]}, SignInNeeded, "no longer takes", "invalid_token"),
    "a new password": (DEAD | {"error_codes": [50133]}, SignInNeeded, "no longer takes", "invalid_token"),
    "lapsed": (DEAD | {"error_codes": [700082]}, SignInNeeded, "no longer takes", "invalid_token"),
    "dead, for no reason given": (DEAD, SignInNeeded, "Connect again", "invalid_token"),
    "a second factor": (
        {"error": "interaction_required", "error_codes": [50076], "claims": CLAIMS},
        *(SignInNeeded, "stronger or a newer", "insufficient_claims"),
    ),
    "blocked, with claims": (
        {"error": "interaction_required", "error_codes": [53003], "claims": CLAIMS},
        *(SignInNeeded, "Conditional Access", "insufficient_claims"),
    ),
    "a second factor, without claims": (
        {"error": "invalid_grant", "suberror": "basic_action", "error_codes": [50079]},
        *(SignInNeeded, "stronger or a newer", "invalid_token"),
    ),
    "interaction alone": ({"error": "interaction_required"}, SignInNeeded, "Connect again", "invalid_token"),
    "no consent": (DEAD | {"error_codes": [65001]}, ConsentNeeded, "agrees for everybody", ""),
    "no consent, no number": (DEAD | {"suberror": "consent_required"}, ConsentNeeded, "adminconsent", ""),
    "an administrator's consent": (DEAD | {"error_codes": [90094]}, ConsentNeeded, "Only an administrator", ""),
    "a disabled account": (DEAD | {"error_codes": [50057]}, SignInRefused, "disabled", ""),
    "another audience": (DEAD | {"error_codes": [500131]}, AppRefused, "ENTRA_CLIENT_ID", "invalid_token"),
    "a wrong scope": ({"error": "invalid_scope", "error_codes": [70011]}, AppRefused, "ENTRA_SCOPES", ""),
    "two resources": ({"error": "invalid_request", "error_codes": [28000]}, AppRefused, "one service", ""),
    "no scope": ({"error": "invalid_request", "error_codes": [900144]}, AppRefused, "invalid_request", ""),
    "a wrong secret": ({"error": "invalid_client", "error_codes": [7000215]}, AppRefused, "secret is wrong", ""),
}


async def test_each_refusal_says_what_to_do_and_tells_the_client_what_it_can_change() -> None:
    scene = Scene()
    for case, (answer, kind, says, noted) in REFUSALS.items():
        sender = scene.sender()
        scene.noted.clear()
        scene.answers(**answer)
        with sent_by(sender), pytest.raises(SignInError) as caught:
            await token_of(scene.callers.source())
        assert type(caught.value) is kind, case
        assert says in str(caught.value), case
        assert "acrs" not in str(caught.value), case
        assert sender.token not in str(caught.value), case
        claims = answer.get("claims", "") if noted == "insufficient_claims" else ""
        assert scene.noted == ([(sender.token, noted, claims)] if noted else []), case
        is_theirs = noted and kind is SignInNeeded
        assert WORD.findall(sender.step_up) == ([noted] if is_theirs else []), case


async def test_the_challenge_has_the_servers_own_parameters_and_the_claims_in_base64() -> None:
    scene = Scene()
    sender = scene.sender()
    scene.answers(error="interaction_required", error_codes=[50076], claims=CLAIMS)
    with sent_by(sender), pytest.raises(SignInNeeded):
        await token_of(scene.callers.source())
    assert sender.step_up.startswith(f'{PARAMETERS}, error="insufficient_claims", error_description="')
    (encoded,) = re.findall(r' claims="([A-Za-z0-9+/=]+)"$', sender.step_up)
    assert json.loads(base64.b64decode(encoded)) == json.loads(CLAIMS)


async def test_a_policy_of_the_tenant_is_met_with_its_claims() -> None:
    scene = Scene()
    sender = scene.sender()
    policy = scene.entra.policies.add(Policy(grant="mfa"))
    with sent_by(sender), pytest.raises(SignInNeeded, match="AADSTS50076"):
        await scene.callers.identity()
    ((_, word, claims),) = scene.noted
    assert word == "insufficient_claims"
    assert policy.id in claims


async def test_trouble_that_passes_is_held_against_no_token() -> None:
    scene = Scene()
    sender = scene.sender()
    for status in (429, 502, 503):
        scene.answers(status, error="temporarily_unavailable")
        with sent_by(sender), pytest.raises(SignInUnavailable):
            await token_of(scene.callers.source())
    assert not scene.noted
    assert not sender.step_up


async def test_a_mistake_of_the_operators_is_an_error_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene()
    scene.answers(error="invalid_scope", error_codes=[70011])
    with sent_by(scene.sender()), pytest.raises(AppRefused):
        await token_of(scene.callers.source())
    (record,) = [each for each in caplog.records if each.levelname == "ERROR"]
    assert (record.__dict__["code"], record.__dict__["cause"]) == (70011, "invalid_scope")


async def test_consent_is_an_administrators_of_the_callers_own_tenant_to_give() -> None:
    scene = Scene(consented=False)
    guest = scene.sender()
    with sent_by(guest), pytest.raises(ConsentNeeded, match="AADSTS65001") as caught:
        await token_of(scene.callers.source())
    link = f"https://login.microsoftonline.com/{scene.tenant.id}/adminconsent?client_id={API}"
    assert f"here: {link} (AADSTS65001)" in str(caught.value), "all that the app's registration lists"
    foreign = replace(guest, principal=replace(guest.principal, tenant_id="0f7d5a52-5c1c-4a7e-8a71-0c3f2d9d1e11"))
    scene.answers(error="invalid_grant", error_codes=[65001])
    scene.wire.before = _after_discovery_of(scene, foreign.principal.tenant_id)
    with sent_by(foreign), pytest.raises(ConsentNeeded, match=f"/{foreign.principal.tenant_id}/adminconsent"):
        await token_of(scene.callers.source())
    assert not scene.noted


def _after_discovery_of(scene: Scene, tenant: str) -> Any:
    """Entra as one more tenant meets it, which the emulator does not have."""
    refused, home = scene.wire.before, scene.tenant.id

    def before(request: httpx.Request) -> httpx.Response | None:
        if "openid-configuration" not in request.url.path:
            return refused(request)
        known = scene.client.get(str(request.url).replace(tenant, home)) if tenant in request.url.path else None
        return httpx.Response(200, text=known.text.replace(home, tenant)) if known else None

    return before


async def test_without_anybody_to_tell_a_refusal_is_still_the_calls() -> None:
    scene = Scene()
    settings = scene.settings()
    callers = auth.callers_of(settings, DEFAULT, lambda: scene.client, SecretCredential(SECRET))
    sender = scene.sender()
    scene.answers(error="invalid_grant", error_codes=[50013])
    with sent_by(sender), pytest.raises(SignInNeeded):
        await token_of(callers.source())
    assert not sender.step_up


async def test_the_settings_of_a_server_for_tokens_make_callers_of_it() -> None:
    cloud = HttpCloud()
    settings, noted = cloud.settings(), list[tuple[str, str, str]]()
    accounts = auth.accounts_of(
        settings,
        DEFAULT,
        cloud.http,
        auth.DeviceFlow(),
        tell=pytest.fail,
        hide=pytest.fail,
        challenges=auth.Challenges(note=lambda *each: noted.append(each)),
    )
    assert isinstance(accounts, auth.Callers)
    sender = sender_of(cloud.token())
    with sent_by(sender):
        assert (await accounts.identity()).name == "Ines Aldana"
    cloud.entra.rotate_keys(keep_old=False)
    with sent_by(sender), pytest.raises(SignInNeeded):
        await accounts.source().token(DEFAULT, refused=await accounts.source().token(DEFAULT))
    assert [word for _, word, _ in noted] == ["invalid_token"]


async def test_a_managed_identity_vouches_for_the_app_that_trades_the_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "IMDS_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    cloud = HttpCloud()
    wire = Wire(cloud.app)
    identity = cloud.entra.add_managed_identity("system", is_system_assigned=True)
    issuer = f"https://login.microsoftonline.com/{cloud.tenant.id}/v2.0"
    cloud.register(secrets=(), federated=(Trusted(issuer, identity.object_id),))
    settings = cloud.settings(ENTRA_CLIENT_SECRET="", ENTRA_MANAGED_IDENTITY="system")
    assert settings.way == "on-behalf-of"
    credential = auth.credential_of(settings, direct=lambda: httpx.Client(transport=wire, trust_env=False))
    assert isinstance(credential, ManagedIdentityCredential)
    callers = auth.callers_of(settings, DEFAULT, lambda: sync_client(wire), credential)
    with sent_by(sender_of(cloud.token())):
        assert (await callers.identity()).principal.user_id == cloud.ines.id
    assert "client_assertion" in wire.forms[-1]
    assert "client_secret" not in wire.forms[-1]


def test_nothing_about_callers_shows_a_token() -> None:
    scene = Scene()
    sender = scene.sender()
    sender.expires_at = time.time() + 60
    with sent_by(sender):
        shown = f"{scene.callers.source()!r} {scene.callers!r} {sender!r}"
    assert sender.token not in shown
