"""What an administrator does to an account through Graph ends, or allows, its sign-ins."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from emulator import build_emulator
from emulator.entra import Entra
from emulator.tenant import Person, Tenant
from tests.emulator.entra.driver import LOGIN, Clock, aadsts
from tests.emulator.entra.flows import refresh, tokens
from tests.emulator.support import FakeEntra, app_only

WIDE = ("User.ReadWrite.All", "Directory.ReadWrite.All", "User.DeleteRestore.All", "User.RevokeSessions.All")


@pytest.fixture
def client(tenant: Tenant, entra: Entra, clock: Clock) -> Iterator[TestClient]:
    app = build_emulator(tenant, entra=entra, clock=clock)
    with TestClient(app, base_url=LOGIN, follow_redirects=False) as client:
        yield client


@pytest.fixture
def graph(tenant: Tenant, entra: Entra, clock: Clock) -> Iterator[TestClient]:
    """An administrator's application; what it does reaches the same tenant."""
    assert entra.journal is not None
    app = build_emulator(tenant, entra=FakeEntra(app_only(*WIDE)), clock=clock)
    with TestClient(app, base_url="https://graph.microsoft.com/v1.0") as graph:
        yield graph


def test_revoked_sessions_end_the_refresh_tokens(client: TestClient, graph: TestClient, mira: Person) -> None:
    body = tokens(client, mira)
    assert refresh(client, body).status_code == 200
    assert graph.post(f"users/{mira.id}/revokeSignInSessions").json()["value"] is True
    assert aadsts(refresh(client, body)) == 50173
    assert refresh(client, tokens(client, mira)).status_code == 200


def test_a_new_password_ends_what_the_old_one_opened(
    client: TestClient, graph: TestClient, entra: Entra, mira: Person
) -> None:
    body = tokens(client, mira)
    entra.state(mira).password_expired = True
    profile = {"passwordProfile": {"password": "Lamp-post-17"}}
    assert graph.patch(f"users/{mira.id}", json=profile).status_code == 204
    assert aadsts(refresh(client, body)) == 50173
    assert refresh(client, tokens(client, mira)).status_code == 200


def test_a_disabled_account_does_not_refresh_until_it_is_enabled(
    client: TestClient, graph: TestClient, mira: Person
) -> None:
    body = tokens(client, mira)
    assert graph.patch(f"users/{mira.id}", json={"accountEnabled": False}).status_code == 204
    assert aadsts(refresh(client, body)) in {50057, 50173}
    assert graph.patch(f"users/{mira.id}", json={"accountEnabled": True}).status_code == 204
    assert refresh(client, tokens(client, mira)).status_code == 200


def test_a_deleted_account_signs_in_again_once_it_is_restored(
    client: TestClient, graph: TestClient, mira: Person
) -> None:
    body = tokens(client, mira)
    assert graph.delete(f"users/{mira.id}").status_code == 204
    assert aadsts(refresh(client, body)) in {50034, 50173}
    assert graph.post(f"directory/deletedItems/{mira.id}/restore").status_code == 200
    assert refresh(client, tokens(client, mira)).status_code == 200


def test_a_guest_signs_in_only_after_accepting(tenant: Tenant, entra: Entra, mira: Person) -> None:
    tenant.tell("invited", mira)
    assert entra.state(mira).invitation_pending is True
    tenant.tell("accepted", mira)
    assert entra.state(mira).invitation_pending is False
