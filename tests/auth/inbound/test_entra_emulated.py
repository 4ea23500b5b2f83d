"""auth/inbound: the door against a whole Entra, whose tokens, rollovers and outages nobody made up for it."""

from __future__ import annotations

import httpx
import pytest

from auth.inbound import EntraDoor
from errors import KeysUnavailable, NotAdmitted
from principal import Level, Rights
from tests.auth.apps import Clock
from tests.http.scene import API, CLIENT, HttpCloud, claims_of


class Served(HttpCloud):
    """The cloud, its clock, and a door of ours before it."""

    def __init__(self, **environ: str) -> None:
        super().__init__()
        self.steady = Clock()
        self.now = self.steady
        self.door = self.another_door(**environ)

    def another_door(self, **environ: str) -> EntraDoor:
        return EntraDoor(self.settings(**environ), self.client, clock=self.steady, steady=self.steady)

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=self))


@pytest.fixture(scope="module")
def calm() -> Served:
    """One for all tests that change nothing about it: its keys take a while to make."""
    return Served()


async def test_a_persons_token_of_version_2_lets_them_in(calm: Served) -> None:
    shown = calm.token()
    sender = await calm.door.sender(shown)
    said = claims_of(shown)
    assert (said["ver"], said["aud"]) == ("2.0", API)
    assert sender.principal.user_id == calm.ines.id
    assert sender.principal.client_id == CLIENT
    assert (sender.name, sender.username) == (calm.ines.display_name, calm.ines.user_principal_name)
    assert (await calm.door.sender(calm.token(calm.ines, "mcp.read"))).rights == Rights(Level.READ)


async def test_a_daemons_token_lets_it_in_where_apps_may(calm: Served) -> None:
    shown = calm.app_token("mcp.full")
    with pytest.raises(NotAdmitted, match="ENTRA_AUTH_MODE"):
        await calm.door.sender(shown)
    for_apps = calm.another_door(ENTRA_AUTH_MODE="application")
    assert (await for_apps.sender(shown)).rights == Rights(Level.FULL, is_daemon=True)
    with pytest.raises(NotAdmitted) as caught:
        await for_apps.sender(calm.app_token())
    assert caught.value.error == "insufficient_scope"


async def test_tokens_for_graph_are_refused_whoever_they_are_of(calm: Served) -> None:
    for shown in (
        calm.entra.access_token(calm.ines, scopes=["User.Read"]),
        calm.entra.access_token(roles=["Mail.Read"]),
    ):
        with pytest.raises(NotAdmitted, match="Microsoft Graph"):
            await calm.door.sender(shown)


async def test_a_token_of_version_1_comes_in_by_setting_only() -> None:
    cloud = Served()
    cloud.register(token_version=1)
    shown = cloud.token()
    assert claims_of(shown)["ver"] == "1.0"
    with pytest.raises(NotAdmitted, match="HTTP_V1_TOKENS"):
        await cloud.door.sender(shown)
    sender = await cloud.another_door(HTTP_V1_TOKENS="true").sender(shown)
    assert (sender.principal.client_id, sender.username) == (CLIENT, cloud.ines.user_principal_name)


async def test_a_rollover_lets_new_tokens_in_and_a_withdrawal_ends_the_old_ones() -> None:
    cloud = Served()
    old = cloud.token()
    await cloud.door.sender(old)
    cloud.steady.now += 61
    cloud.entra.rotate_keys()
    second = cloud.token()
    await cloud.door.sender(second)
    await cloud.door.sender(old)
    cloud.steady.now += 61
    cloud.entra.rotate_keys(keep_old=False)
    await cloud.door.sender(cloud.token())
    for withdrawn in (old, second):
        with pytest.raises(NotAdmitted):
            await cloud.door.sender(withdrawn)


async def test_an_outage_is_lived_through_with_the_keys_at_hand_and_not_without() -> None:
    cloud = Served()
    await cloud.door.is_ready()
    cloud.entra.weather.outage(retry_after=30)
    cloud.steady.now += 24 * 3600 + 1
    await cloud.door.sender(cloud.token())
    fresh = cloud.another_door()
    with pytest.raises(KeysUnavailable) as caught:
        await fresh.sender(cloud.token())
    assert caught.value.retry_after == 30
    assert not await fresh.is_ready()
    cloud.entra.weather.clear()
    cloud.steady.now += 31
    await fresh.sender(cloud.token())
