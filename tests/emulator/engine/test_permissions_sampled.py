"""Operations of Microsoft's permission table, drawn at random, with and without permission, through all of Graph."""

from __future__ import annotations

import re
from random import Random

import httpx
import pytest

from emulator import Tenant, build_emulator
from emulator.entra import Caller
from emulator.faults import GraphFault
from emulator.graph.catalogue import WORKLOADS
from emulator.graph.engine.methods import check_method
from emulator.graph.engine.plan import Planner
from emulator.graph.engine.workload import Service
from emulator.permissions import Needs, needs_of, table
from tests.emulator.engine.tiny import BASE, person
from tests.emulator.support import NOW, FakeEntra

SAMPLE = 300
DENIALS = {
    "Authorization_RequestDenied", "ErrorAccessDenied", "accessDenied", "Forbidden", "AccessDenied",
    "Authorization_IdentityNotFound",
}  # fmt: skip
UNRELATED = frozenset({"TeamsAppInstallation.ReadForUser"})
BODIES = frozenset({"POST", "PATCH", "PUT"})
KEY = "8d6e2b5a-5c1f-4c39-9a0e-3f3c5f1d2a77"
PLANNER = Planner(Service(WORKLOADS))


def served(method: str, template: str) -> bool:
    """Whether the emulator reads such a path at all, and takes the method there."""
    try:
        check_method(method, PLANNER.plan(keyed(template)))
    except GraphFault:
        return False
    # The permissions of a subscription depend on its body.
    return not template.startswith("/subscriptions")


def keyed(template: str) -> str:
    """The template with plausible keys."""
    return re.sub(r"\(([^()]*)=\{\}\)", r"(\1='x')", template).replace("{}", KEY).strip("/")


DICE = Random(7)  # noqa: S311 - the same sample each time
OPERATIONS = DICE.sample(sorted(one for one in table().operations() if served(*one)), SAMPLE)


def address(template: str, tenant: Tenant) -> str:
    """A path of the template, the caller's own where it begins with a person."""
    return keyed(template.replace("/users/{}", f"/users/{person(tenant).id}", 1))


async def answered(tenant: Tenant, caller: Caller, method: str, template: str) -> httpx.Response:
    app = build_emulator(tenant, entra=FakeEntra(caller), clock=NOW.timestamp, workloads=WORKLOADS)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as graph:
        body: dict[str, object] | None = {} if method in BODIES else None
        return await graph.request(method, address(template, tenant), json=body)


def holder(needs: Needs, tenant: Tenant) -> Caller | None:
    """Somebody who holds all that the operation accepts; an app where no person may do it."""
    if needs.delegated:
        return Caller("app", person(tenant).id, needs.delegated | needs.also_delegated, frozenset())
    if needs.application:
        return Caller("app", None, frozenset(), needs.application | needs.also_application)
    return None


def is_denied(response: httpx.Response) -> bool:
    """Whether the permission is what was missing."""
    return response.status_code in {401, 403} and response.json()["error"]["code"] in DENIALS


@pytest.mark.parametrize(("method", "template"), [pytest.param(*one, id=" ".join(one)) for one in OPERATIONS])
async def test_an_operation_is_open_to_its_permission_and_to_no_other(
    tenant: Tenant, method: str, template: str
) -> None:
    needs = needs_of(method, template)
    assert needs is not None
    closed = await answered(tenant, Caller("app", person(tenant).id, UNRELATED, frozenset()), method, template)
    assert is_denied(closed), closed.text
    caller = holder(needs, tenant)
    if caller is not None:
        opened = await answered(tenant, caller, method, template)
        assert not is_denied(opened), opened.text


@pytest.mark.parametrize(
    ("method", "template"),
    [pytest.param(*one, id=" ".join(one)) for one in OPERATIONS if one[1].startswith("/me")],
)
async def test_an_app_alone_has_no_me(tenant: Tenant, method: str, template: str) -> None:
    needs = needs_of(method, template)
    assert needs is not None
    response = await answered(tenant, Caller("app", None, frozenset(), needs.application), method, template)
    assert response.status_code == 400
    error = response.json()["error"]["message"]
    assert error == "/me request is only valid with delegated authentication flow."
