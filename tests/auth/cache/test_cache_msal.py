"""auth/cache/ under real MSAL applications: what a refresh, a failure and a sign-out do to the file."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import msal
import pytest

from auth.cache import forget, merge
from storage import PrivateFile
from tests.auth.cache.support import (
    APP,
    OTHER_APP,
    OTHER_TENANT,
    SCOPES,
    TENANT,
    Entra,
    account_id,
    answer,
    cache_at,
    keep,
    refresh_tokens,
    secrets_in,
)

OTHER_SCOPES = ["https://graph.microsoft.com/Mail.Read"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache.json"


def silently(path: Path, entra: Entra, scopes: list[str] = SCOPES, **app: str) -> dict[str, Any] | None:
    with cache_at(path).opened() as opened:
        application = entra.app(opened, **app)
        accounts = application.get_accounts()
        result: dict[str, Any] | None = application.acquire_token_silent_with_error(
            scopes, account=accounts[0] if accounts else None
        )
    return result


def test_a_valid_access_token_is_answered_from_the_file_without_a_write(path: Path) -> None:
    keep(cache_at(path), "ines")
    stamp = PrivateFile(path).stamp()
    result = silently(path, Entra())
    assert result is not None
    assert result["access_token"] == "canary-access-ines-0"
    assert PrivateFile(path).stamp() == stamp


def test_an_expired_access_token_is_renewed_and_the_rotated_refresh_token_kept(path: Path) -> None:
    keep(cache_at(path), "ines", lasts=-10)
    entra = Entra((200, answer("ines", number=1)))
    result = silently(path, entra)
    assert result is not None
    assert result["access_token"] == "canary-access-ines-1"
    assert entra.posted[0]["refresh_token"] == "canary-refresh-ines-0"
    assert refresh_tokens(path) == ["canary-refresh-ines-1"]
    again = silently(path, Entra())
    assert again is not None
    assert again["access_token"] == "canary-access-ines-1"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(400, {"error": "invalid_grant", "suberror": "basic_action"}, id="a policy wants more proof"),
        pytest.param(400, {"error": "invalid_grant", "error_codes": [700082]}, id="a refresh token that is too old"),
        pytest.param(400, {"error": "interaction_required", "claims": "{}"}, id="a challenge"),
        pytest.param(503, {"error": "temporarily_unavailable"}, id="an outage"),
        pytest.param(429, {"error": "throttled"}, id="throttling"),
        pytest.param(200, {}, id="an empty answer"),
    ],
)
def test_a_refresh_that_fails_costs_no_refresh_token(path: Path, status: int, body: dict[str, Any]) -> None:
    keep(cache_at(path), "ines", lasts=-10)
    with suppress(msal.exceptions.MsalServiceError):  # so MSAL tells a 503
        result = silently(path, Entra((status, body)))
        assert not result or "access_token" not in result
    assert refresh_tokens(path) == ["canary-refresh-ines-0"]
    recovered = silently(path, Entra((200, answer("ines", number=1))), OTHER_SCOPES)
    assert recovered is not None
    assert recovered["access_token"] == "canary-access-ines-1"


def test_even_the_refresh_that_removes_what_it_is_told_is_dead_keeps_it(path: Path) -> None:
    keep(cache_at(path), "ines")
    with cache_at(path).opened() as opened:
        entra = Entra((400, {"error": "invalid_grant"}))
        entra.app(opened).acquire_token_by_refresh_token("canary-refresh-ines-0", SCOPES)
    assert refresh_tokens(path) == ["canary-refresh-ines-0"]


def test_a_refresh_that_dies_with_the_network_costs_nothing(path: Path) -> None:
    keep(cache_at(path), "ines", lasts=-10)
    with pytest.raises(IndexError):
        silently(path, Entra())
    assert refresh_tokens(path) == ["canary-refresh-ines-0"]


def test_two_apps_and_two_tenants_never_get_each_others_tokens(path: Path) -> None:
    """One file, two configurations: no cross hit, for access and for refresh tokens."""
    keep(cache_at(path), "ines")
    other = silently(path, Entra(), client_id=OTHER_APP)
    assert not other, "no token of its own, and MSAL does not even try the other's"
    elsewhere = Entra((200, answer("ines", OTHER_TENANT, number=5)))
    found = silently(path, elsewhere, tenant=OTHER_TENANT)
    assert found is not None
    assert found["access_token"] == "canary-access-ines-5", "an access token of that tenant, by a refresh"
    here = silently(path, Entra())
    assert here is not None
    assert here["access_token"] == "canary-access-ines-0"


def test_a_device_sign_in_into_a_scratch_cache_is_merged_in_one_write(path: Path) -> None:
    counted: list[int] = []

    class Counting(PrivateFile):
        def replace(self, data: bytes) -> None:
            super().replace(data)
            counted.append(len(data))

    cache = cache_at(path, file_type=Counting)
    keep(cache, "jonas")
    scratch = cache_at(path.with_name("unused.json")).read()
    flow = {"user_code": "A", "device_code": "B", "verification_uri": "C", "interval": 0, "expires_in": 900}
    entra = Entra((200, flow), (200, answer("ines")))
    application = entra.app(scratch)
    result = application.acquire_token_by_device_flow(application.initiate_device_flow(SCOPES))
    assert "access_token" in result
    with cache.opened() as opened:
        merge(opened, scratch)
    assert len(counted) == 2
    with cache.opened() as opened:
        names = {each["username"] for each in entra.app(opened).get_accounts()}
    assert names == {"ines@contoso.example", "jonas@contoso.example"}
    assert not path.with_name("unused.json").exists()


def test_signing_out_leaves_nothing_on_disk_or_in_memory(path: Path) -> None:
    cache = cache_at(path)
    keep(cache, "ines")
    with cache.opened() as opened:
        forget(opened, account_id("ines", TENANT))
        assert Entra().app(opened).get_accounts() == []
    for each in path.parent.iterdir():
        assert b"ines" not in each.read_bytes()
    assert Entra().app(cache.read()).get_accounts() == []
    with cache.opened() as opened:
        forget(opened, account_id("ines", TENANT))
    path.unlink()
    with cache.opened() as opened:
        forget(opened, account_id("ines", TENANT))
        assert secrets_in(opened) == []
    assert not path.exists(), "a missing file is no trouble"


def test_removing_an_account_through_msal_does_not_cost_the_refresh_token_of_others(path: Path) -> None:
    keep(cache_at(path), "ines")
    keep(cache_at(path), "jonas")
    with cache_at(path).opened() as opened:
        application = Entra().app(opened, client_id=APP)
        application.remove_account(application.get_accounts(username="jonas@contoso.example")[0])
    assert "canary-refresh-ines-0" in refresh_tokens(path)
    with cache_at(path).opened() as opened:
        assert [each["username"] for each in Entra().app(opened).get_accounts()] == ["ines@contoso.example"]
