"""auth/inbound/key_form.py: keys that cannot be guessed, that scanners find, and that no typing error passes for."""

from __future__ import annotations

import itertools
import re

import pytest

from auth.inbound.key_form import ID, LONGEST, hash_of, id_in, new_key

KEY, KEY_ID = new_key()


def test_a_key_has_its_id_and_a_form_that_scanners_can_look_for() -> None:
    assert re.fullmatch(r"gw_[a-z0-9]{10}_[0-9A-Za-z]{49}", KEY)
    assert id_in(KEY) == KEY_ID
    assert ID.fullmatch(KEY_ID)
    assert len(KEY) <= LONGEST


def test_no_two_keys_are_alike() -> None:
    made = [new_key() for _ in range(200)]
    assert len({key for key, _ in made}) == len({key_id for _, key_id in made}) == 200
    assert len({hash_of(key) for key, _ in made}) == 200


def test_what_is_kept_says_nothing_of_the_key() -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", hash_of(KEY))
    assert hash_of(KEY) != hash_of(KEY[:-1])


def test_a_key_with_one_wrong_letter_is_none() -> None:
    for place, other in itertools.product(range(len(KEY)), "a0_-Z"):
        spoilt = KEY[:place] + other + KEY[place + 1 :]
        assert spoilt == KEY or id_in(spoilt) == ""


def test_two_letters_that_changed_places_are_noticed() -> None:
    for place in range(len(KEY) - 1):
        swapped = KEY[:place] + KEY[place + 1] + KEY[place] + KEY[place + 2 :]
        assert swapped == KEY or id_in(swapped) == ""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("gw_", id="the beginning"),
        pytest.param(f" {KEY}", id="a space before"),
        pytest.param(f"{KEY}\n", id="a line end"),
        pytest.param(f"{KEY}\0", id="a zero byte"),
        pytest.param(KEY.upper(), id="capitals"),
        pytest.param(KEY.lower(), id="small letters"),
        pytest.param(KEY[::-1], id="backwards"),
        pytest.param(KEY * 2, id="twice"),
        pytest.param(KEY.replace("gw_", "ghp_"), id="another product"),
        pytest.param(KEY.replace("_", "-"), id="other dashes"),
        pytest.param(KEY.replace("gw", "\uff47\uff57"), id="wide letters"),
        pytest.param(f"gw_{KEY_ID}_{'٣' * 49}", id="digits of another script"),
        pytest.param("eyJhbGciOiJub25lIn0.e30.", id="a JWT"),
        pytest.param("gw_" + "a" * 10**6, id="a million letters"),
    ],
)
def test_what_is_no_key_is_known_at_sight(text: str) -> None:
    assert id_in(text) == ""
