"""auth/inbound/refusals.py: what Entra did not take is turned away at the door, and nobody is sent round in circles."""

from __future__ import annotations

import pickle

import pytest

from auth.inbound.refusals import Refusals, digest_of
from errors import NotAdmitted
from principal import Principal
from tests.auth.inbound.jwts import CLIENT, HOME, NOW, PARTNER, PERSON, Hand, Scene, claims, token

ACRS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'
INES = Principal("public", HOME, PERSON, CLIENT)
JONAS = Principal("public", HOME, PARTNER, CLIENT)


def outcome(refusals: Refusals, shown: str, principal: Principal = INES) -> tuple[str, str]:
    try:
        refusals.check(digest_of(shown), principal)
    except NotAdmitted as error:
        return error.error, error.claims
    return "", ""


async def test_a_token_that_entra_ended_is_turned_away_until_it_expires() -> None:
    scene, ended, other = Scene(), token(), token(claims(uti="another"))
    await scene.door.sender(ended)
    scene.door.refusals.note(ended, "invalid_token")
    for _ in range(3):
        with pytest.raises(NotAdmitted) as caught:
            await scene.door.sender(ended)
        assert caught.value.error == "invalid_token"
    assert (await scene.door.sender(other)).name


async def test_a_token_that_lacks_claims_is_turned_away_once_with_the_claims() -> None:
    scene, weak = Scene(), token()
    scene.door.refusals.note(weak, "insufficient_claims", ACRS)
    with pytest.raises(NotAdmitted) as caught:
        await scene.door.sender(weak)
    assert (caught.value.error, caught.value.claims) == ("insufficient_claims", ACRS)
    assert (await scene.door.sender(weak)).token == weak


def test_the_same_claims_are_asked_of_the_same_person_once_in_ten_minutes() -> None:
    clock = Hand()
    refusals = Refusals(clock=clock)
    first, second = token(), token(claims(uti="another"))
    refusals.note(first, "insufficient_claims", ACRS)
    assert outcome(refusals, first) == ("insufficient_claims", ACRS)
    refusals.note(second, "insufficient_claims", ACRS)
    assert outcome(refusals, second) == ("", "")
    refusals.note(second, "insufficient_claims", "{}")
    assert outcome(refusals, second) == ("insufficient_claims", "{}")
    refusals.note(second, "insufficient_claims", ACRS)
    assert outcome(refusals, second, JONAS) == ("insufficient_claims", ACRS)
    clock.now += 601
    refusals.note(second, "insufficient_claims", ACRS)
    assert outcome(refusals, second) == ("insufficient_claims", ACRS)


def test_an_ended_token_stays_ended_whatever_is_said_later() -> None:
    refusals = Refusals(clock=Hand())
    refusals.note(token(), "insufficient_claims", ACRS)
    refusals.note(token(), "invalid_token")
    refusals.note(token(), "insufficient_claims", ACRS)
    assert outcome(refusals, token()) == outcome(refusals, token()) == ("invalid_token", "")


@pytest.mark.parametrize(
    "error", [pytest.param("invalid_token", id="ended"), pytest.param("insufficient_claims", id="weak")]
)
def test_what_was_noted_is_forgotten_when_the_token_has_expired(error: str) -> None:
    clock = Hand()
    refusals = Refusals(clock=clock)
    refusals.note(token(claims(exp=NOW + 100)), error)
    clock.now += 161
    assert outcome(refusals, token(claims(exp=NOW + 100))) == ("", "")
    assert not refusals._noted


def test_what_cannot_be_read_is_kept_for_a_day() -> None:
    clock = Hand()
    refusals = Refusals(clock=clock)
    refusals.note("opaque", "invalid_token")
    clock.now += 24 * 3600 - 1
    assert outcome(refusals, "opaque") == ("invalid_token", "")
    clock.now += 1
    assert outcome(refusals, "opaque") == ("", "")


def test_the_longest_noted_gives_way() -> None:
    refusals = Refusals(clock=Hand(), most=2)
    for turn in range(4):
        refusals.note(f"opaque-{turn}", "insufficient_claims", f"claims-{turn}")
    assert outcome(refusals, "opaque-1") == ("", "")
    assert outcome(refusals, "opaque-2") == ("insufficient_claims", "claims-2")
    for turn in range(5):
        refusals.note("opaque", "insufficient_claims", f"more-{turn}")
        outcome(refusals, "opaque")
    assert len(refusals._challenged) == 2


def test_nothing_else_can_be_noted_and_nothing_be_copied_out() -> None:
    refusals = Refusals()
    with pytest.raises(ValueError, match="insufficient_claims"):
        refusals.note(token(), "server_error")
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(refusals)
    assert repr(refusals) == "<Refusals>"
