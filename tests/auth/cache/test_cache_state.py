"""auth/cache/_state.py: what counts as a cache, and what two who changed it apart make together."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auth.cache._state import Damaged, State, laid_over, parse, reconciled, usable, without_account, without_expired

ACCESS = {"credential_type": "AccessToken", "secret": "a", "expires_on": "100", "target": "x"}
REFRESH = {"credential_type": "RefreshToken", "secret": "r", "client_id": "c"}
IDENTITY = {"credential_type": "IdToken", "secret": "i"}
ACCOUNT = {"home_account_id": "ines", "authority_type": "MSSTS", "username": "ines@contoso.example"}


def damaged(section: str, entry: dict[str, Any], **fields: Any) -> Any:
    changed = {name: value for name, value in {**entry, **fields}.items() if value is not ...}
    return {section: {"key": changed}}


@pytest.mark.parametrize(
    "state",
    [
        pytest.param({}, id="empty"),
        pytest.param({"AccessToken": {}}, id="an empty section"),
        pytest.param(damaged("AccessToken", ACCESS, home_account_id=None), id="an app's own token"),
        pytest.param(damaged("AccessToken", ACCESS, expires_on=100), id="a number as number"),
        pytest.param(damaged("AccessToken", ACCESS, target=...), id="no target"),
        pytest.param(damaged("RefreshToken", REFRESH, target=None), id="a null target, from another MSAL"),
        pytest.param(damaged("RefreshToken", REFRESH, more={"deep": [1]}), id="a field nobody knows"),
        pytest.param(damaged("Account", ACCOUNT), id="an account"),
        pytest.param({"Unknown": {"key": 7, "other": {"x": None}}}, id="a section nobody knows"),
    ],
)
def test_what_msal_writes_is_a_cache(state: Any) -> None:
    assert parse(json.dumps(state)) == state
    assert usable(state) == state


@pytest.mark.parametrize("text", [pytest.param("", id="nothing"), pytest.param(" \r\n", id="blanks")])
def test_an_empty_text_is_an_empty_cache(text: str) -> None:
    assert parse(text) == {}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("null", id="null"),
        pytest.param("[]", id="a list"),
        pytest.param("5", id="a number"),
        pytest.param('"text"', id="a text"),
        pytest.param("{", id="half"),
        pytest.param("{}{}", id="two"),
        pytest.param("[" * 200_000, id="nested without end"),
        pytest.param('{"a": {"b": NaN}}', id="NaN"),
        pytest.param('{"a": {"b": -Infinity}}', id="infinity"),
        pytest.param('{"a": {"b": %s}}' % ("9" * 5000), id="a number without end"),
        pytest.param('{"a": 1}', id="a section that is a number"),
        pytest.param('{"AccessToken": []}', id="a section that is a list"),
        pytest.param('{"AccessToken": null}', id="a section that is null"),
        pytest.param('{"AccessToken": {"k": null}}', id="an entry that is null"),
        pytest.param('{"RefreshToken": {"k": "secret"}}', id="an entry that is a text"),
    ],
)
def test_what_is_no_cache_is_damaged(text: str) -> None:
    with pytest.raises(Damaged) as caught:
        parse(text)
    assert str(caught.value) == ""


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(damaged("AccessToken", ACCESS, expires_on=...), id="no expiry"),
        pytest.param(damaged("AccessToken", ACCESS, expires_on="soon"), id="an expiry in words"),
        pytest.param(damaged("AccessToken", ACCESS, expires_on="9" * 16), id="an expiry beyond all time"),
        pytest.param(damaged("AccessToken", ACCESS, expires_on=10**15), id="the same as number"),
        pytest.param(damaged("AccessToken", ACCESS, expires_on=True), id="an expiry that is true"),
        pytest.param(damaged("AccessToken", ACCESS, expires_on=1.5), id="an expiry with a fraction"),
        pytest.param(damaged("AccessToken", ACCESS, refresh_on="1.5"), id="a refresh time with a fraction"),
        pytest.param(damaged("AccessToken", ACCESS, secret=None), id="no secret"),
        pytest.param(damaged("AccessToken", ACCESS, target=None), id="a null target"),
        pytest.param(damaged("AccessToken", ACCESS, realm=["x"]), id="a list where a key is made"),
        pytest.param(damaged("AccessToken", ACCESS, credential_type="IdToken"), id="another kind"),
        pytest.param(damaged("RefreshToken", REFRESH, client_id=...), id="no client"),
        pytest.param(damaged("RefreshToken", REFRESH, credential_type=...), id="no kind"),
        pytest.param(damaged("RefreshToken", REFRESH, last_modification_time=None), id="a null time"),
        pytest.param(damaged("IdToken", IDENTITY, environment=7), id="a number as host"),
        pytest.param(damaged("Account", ACCOUNT, username=None), id="a null name"),
        pytest.param(damaged("Account", ACCOUNT, authority_type=...), id="no kind of authority"),
        pytest.param(damaged("AppMetadata", {}, family_id=1), id="a number as family"),
    ],
)
def test_an_entry_that_msal_would_stumble_over_is_damage_and_is_not_usable(state: State) -> None:
    with pytest.raises(Damaged):
        parse(json.dumps(state))
    (section,) = state
    assert usable(state) == {section: {}}


def test_an_access_token_is_dropped_after_its_last_second_and_nothing_else() -> None:
    state: State = {
        "AccessToken": {"early": {**ACCESS, "expires_on": "99"}, "now": ACCESS, "late": {**ACCESS, "expires_on": 101}},
        "RefreshToken": {"old": {**REFRESH, "expires_on": "1"}},
    }
    after = without_expired(state, 100)
    assert list(after["AccessToken"]) == ["now", "late"]
    assert after["RefreshToken"] == state["RefreshToken"]
    assert without_expired({"Account": {}}, 100) == {"Account": {}}


def test_an_account_is_taken_out_of_the_sections_that_have_accounts() -> None:
    mine, other = {"home_account_id": "ines"}, {"home_account_id": "jonas"}
    state: State = {
        name: {"a": mine, "b": other} for name in ("AccessToken", "RefreshToken", "IdToken", "Account", "X")
    }
    after = without_account(state, "ines")
    assert {name: list(entries) for name, entries in after.items()} == {
        **{name: ["b"] for name in ("AccessToken", "RefreshToken", "IdToken", "Account")},
        "X": ["a", "b"],
    }


def test_the_newer_lies_over_the_older() -> None:
    assert laid_over({"A": {"x": 1, "y": 1}, "B": {}}, {"A": {"y": 2}, "C": {"z": 3}}) == {
        "A": {"x": 1, "y": 2},
        "B": {},
        "C": {"z": 3},
    }


def entries(**secrets: str) -> State:
    return {"RefreshToken": {key: {**REFRESH, "secret": secret} for key, secret in secrets.items()}}


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "both"),
    [
        pytest.param({}, {"a": "1"}, {}, {"a": "1"}, id="we added"),
        pytest.param({}, {}, {"a": "1"}, {"a": "1"}, id="they added"),
        pytest.param({}, {"a": "1"}, {"b": "2"}, {"a": "1", "b": "2"}, id="both added"),
        pytest.param({}, {"a": "1"}, {"a": "2"}, {"a": "2"}, id="both added the same key"),
        pytest.param({"a": "0"}, {"a": "1"}, {"a": "0"}, {"a": "1"}, id="we changed"),
        pytest.param({"a": "0"}, {"a": "0"}, {"a": "2"}, {"a": "2"}, id="they changed"),
        pytest.param({"a": "0"}, {"a": "1"}, {"a": "2"}, {"a": "2"}, id="both changed"),
        pytest.param({"a": "0"}, {}, {"a": "0"}, {}, id="we removed"),
        pytest.param({"a": "0"}, {"a": "0"}, {}, {}, id="they removed"),
        pytest.param({"a": "0"}, {"a": "1"}, {}, {}, id="they removed what we changed"),
        pytest.param({"a": "0"}, {}, {"a": "2"}, {"a": "2"}, id="they changed what we removed"),
    ],
)
def test_two_changes_come_together(
    base: dict[str, str], ours: dict[str, str], theirs: dict[str, str], both: dict[str, str]
) -> None:
    assert reconciled(entries(**base), entries(**ours), entries(**theirs)) == entries(**both)


def test_whom_they_signed_out_is_not_signed_in_again_by_a_token_of_ours() -> None:
    account = {"Account": {"k": ACCOUNT}}
    token = {"AccessToken": {"t": {**ACCESS, "home_account_id": "ines"}, "u": {**ACCESS, "home_account_id": "jonas"}}}
    after = reconciled(account, {**account, **token}, {})
    assert after == {"AccessToken": {"u": token["AccessToken"]["u"]}, "Account": {}}
