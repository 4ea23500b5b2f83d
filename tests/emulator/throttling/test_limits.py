"""The documented limits over HTTP: what counts, what is said, when it passes; and that nothing is kept unasked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from emulator import Tenant
from emulator.entra import Caller
from emulator.throttling import CONCURRENCY, RULES
from tests.emulator.support import app_only, small_tenant
from tests.emulator.throttling.support import Scene, as_app, scene

MAIL = ("Mail.ReadWrite", "Mail.Send", "User.Read")


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
def office(tenant: Tenant) -> Scene:
    return scene(tenant, as_app(tenant.demo_person, *MAIL, "User.ReadWrite.All", "Files.ReadWrite"))


@pytest.fixture
async def graph(office: Scene) -> AsyncIterator[httpx.AsyncClient]:
    async with office.client() as client:
        yield client


def limited(office: Scene, tenant: Tenant, **amounts: int) -> None:
    """Turn the limits on, these at so much."""
    normal = {rule.name: rule.amount(tenant) for rule in RULES}
    office.throttle.turn_on(1, {name: amount / normal[name] for name, amount in amounts.items()})


async def statuses(graph: httpx.AsyncClient, path: str, times: int) -> list[int]:
    return [(await graph.get(path)).status_code for _ in range(times)]


async def test_nobody_is_throttled_unasked(office: Scene, graph: httpx.AsyncClient) -> None:
    assert not office.throttle.is_on
    assert await statuses(graph, "/me/messages", 30) == [200] * 30
    assert office.pause.slept == []


async def test_a_mailbox_has_so_many_requests(office: Scene, tenant: Tenant, graph: httpx.AsyncClient) -> None:
    limited(office, tenant, mailboxRequests=3)
    assert await statuses(graph, "/me/messages", 4) == [200, 200, 200, 429]
    answer = await graph.get("/me/messages")
    error = answer.json()["error"]
    assert (error["code"], error["message"]) == ("TooManyRequests", "Please retry again later.")
    assert (error["innerError"]["code"], error["innerError"]["status"]) == ("429", "429")
    assert answer.headers["retry-after"] == "600"
    assert answer.headers["content-type"] == "application/json"
    assert "x-ms-resource-unit" not in answer.headers


async def test_another_mailbox_and_another_app_have_their_own(
    office: Scene, tenant: Tenant, graph: httpx.AsyncClient
) -> None:
    limited(office, tenant, mailboxRequests=2)
    assert await statuses(graph, "/me/messages", 3) == [200, 200, 429]
    ada, bo, *_ = tenant.people.values()
    office.speak_as(as_app(ada, *MAIL, app="another"))
    assert await statuses(graph, "/me/messages", 1) == [200]
    office.speak_as(as_app(bo, *MAIL))
    assert await statuses(graph, "/me/messages", 1) == [200]


async def test_a_mailbox_is_the_same_by_every_name(office: Scene, tenant: Tenant, graph: httpx.AsyncClient) -> None:
    limited(office, tenant, mailboxRequests=3)
    ada = tenant.demo_person
    paths = [f"/users/{ada.id}/messages", f"/users/{ada.user_principal_name.upper()}/messages", "/me/mailFolders"]
    assert [(await graph.get(path)).status_code for path in paths] == [200] * 3
    assert await statuses(graph, "/me/messages", 1) == [429]


async def test_the_directory_does_not_count_for_a_mailbox(
    office: Scene, tenant: Tenant, graph: httpx.AsyncClient
) -> None:
    limited(office, tenant, mailboxRequests=1)
    assert await statuses(graph, "/me", 5) == [200] * 5


async def test_asking_in_vain_counts_and_waiting_helps(office: Scene, tenant: Tenant, graph: httpx.AsyncClient) -> None:
    limited(office, tenant, mailboxRequests=2)
    assert await statuses(graph, "/me/messages", 2) == [200, 200]
    office.clock.advance(400)
    assert await statuses(graph, "/me/messages", 2) == [429, 429]
    office.clock.advance(300)
    # The two good ones are gone, but the two vain ones are still there.
    answer = await graph.get("/me/messages")
    assert answer.status_code == 429
    office.clock.advance(int(answer.headers["retry-after"]))
    assert await statuses(graph, "/me/messages", 1) == [200]


async def test_sending_has_a_limit_of_its_own(office: Scene, tenant: Tenant, graph: httpx.AsyncClient) -> None:
    limited(office, tenant, mailboxSends=1)
    to = [{"emailAddress": {"address": "someone@elsewhere.example"}}]
    body = {"message": {"subject": "Hello", "body": {"content": ""}, "toRecipients": to}}
    assert (await graph.post("/me/sendMail", json=body)).status_code == 202
    refused = await graph.post("/me/sendMail", json=body)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert await statuses(graph, "/me/messages", 2) == [200, 200]


async def test_uploads_are_counted_in_bytes(office: Scene, tenant: Tenant, graph: httpx.AsyncClient) -> None:
    limited(office, tenant, mailboxUpload=1500)
    draft = {"subject": "x" * 1000}
    made = [(await graph.post("/me/messages", json=draft)).status_code for _ in range(2)]
    assert made == [201, 429]
    assert await statuses(graph, "/me/messages", 1) == [200]


@pytest.mark.parametrize(
    ("path", "units"),
    [
        pytest.param("/me", 1, id="one person"),
        pytest.param("/users", 2, id="a list of people"),
        pytest.param("/users?$select=id", 1, id="with few properties"),
        pytest.param("/users?$expand=manager", 3, id="with their managers"),
        pytest.param("/users?$top=5&$select=id", 1, id="never nothing"),
        pytest.param("/me/manager", 1, id="a relation"),
        pytest.param("/users/nobody", 1, id="somebody who is not there"),
    ],
)
async def test_the_directory_says_what_a_call_costs(graph: httpx.AsyncClient, path: str, units: int) -> None:
    assert (await graph.get(path)).headers["x-ms-resource-unit"] == str(units)


async def test_the_directory_warns_before_it_refuses(office: Scene, tenant: Tenant, graph: httpx.AsyncClient) -> None:
    limited(office, tenant, directoryUnits=10)
    shown = [(await graph.get("/users")).headers.get("x-ms-throttle-limit-percentage") for _ in range(5)]
    assert shown == [None, None, None, "0.80", "1.00"]
    refused = await graph.get("/users")
    assert refused.status_code == 429
    assert refused.headers["x-ms-throttle-limit-percentage"] == "1.20"
    assert refused.headers["x-ms-throttle-scope"] == f"Tenant_Application/ReadWrite/app/{tenant.id}"
    assert refused.headers["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"
    assert (refused.headers["x-ms-resource-unit"], refused.headers["retry-after"]) == ("2", "10")
    for _ in range(5):
        last = await graph.get("/users")
    assert last.headers["x-ms-throttle-limit-percentage"] == "1.80"


@pytest.mark.parametrize(
    ("rule", "scope"),
    [
        pytest.param("directoryWrites", "Tenant_Application", id="of the app in the tenant"),
        pytest.param("directoryAppWrites", "Application", id="of the app"),
        pytest.param("directoryTenantWrites", "Tenant", id="of the tenant"),
    ],
)
async def test_writes_to_the_directory_have_limits_too(
    office: Scene, tenant: Tenant, graph: httpx.AsyncClient, rule: str, scope: str
) -> None:
    limited(office, tenant, **{rule: 1})
    assert (await graph.patch("/me", json={"city": "Bremen"})).status_code == 204
    refused = await graph.patch("/me", json={"city": "Hamburg"})
    assert refused.status_code == 429
    assert refused.headers["x-ms-throttle-scope"] == f"{scope}/Write/app/{tenant.id}"
    assert refused.headers["x-ms-throttle-information"] == "WriteLimitExceeded"
    assert (await graph.get("/me")).json()["displayName"] == tenant.demo_person.display_name
    assert tenant.demo_person.city == "Bremen"


@pytest.mark.parametrize(
    ("people", "units"),
    [
        pytest.param(49, 3_500, id="small"),
        pytest.param(50, 5_000, id="medium"),
        pytest.param(500, 5_000, id="still medium"),
        pytest.param(501, 8_000, id="large"),
    ],
)
def test_a_larger_tenant_has_more(people: int, units: int) -> None:
    tenant = Tenant()
    for number in range(people):
        tenant.add_person(f"Person {number}", has_mailbox=False)
    amounts = {rule.name: rule.amount(tenant) for rule in RULES}
    assert amounts["directoryUnits"] == units
    assert (amounts["fileUnits"], amounts["dailyFileUnits"]) == (1_200, 1_200_000)


def test_sharepoint_gives_most_to_the_largest() -> None:
    class Large(Tenant):
        @property
        def people(self) -> Any:
            return range(60_000)

    amounts = {rule.name: rule.amount(Large()) for rule in RULES}
    assert (amounts["fileUnits"], amounts["dailyFileUnits"]) == (6_000, 6_000_000)


async def test_sharepoint_has_words_and_headers_of_its_own(
    office: Scene, tenant: Tenant, graph: httpx.AsyncClient
) -> None:
    limited(office, tenant, fileUnits=5)
    answers = [await graph.get("/me/drive/root") for _ in range(4)]
    assert "ratelimit-limit" not in answers[2].headers
    assert [answers[3].headers[f"ratelimit-{name}"] for name in ("limit", "remaining", "reset")] == ["5", "1", "60"]
    refused = await graph.get("/me/drive/root/children")
    assert refused.status_code == 429
    error = refused.json()["error"]
    assert error["code"] == "activityLimitReached"
    assert error["innerError"]["code"] == "throttledRequest"
    assert error["innerError"]["innerError"] == {"code": "quota"}
    assert refused.headers["retry-after"] == "60"
    assert refused.headers["ratelimit-remaining"] == "0"


@pytest.mark.parametrize(
    ("asked", "units"),
    [
        pytest.param("GET /me/drive/root", 1, id="one item"),
        pytest.param("GET /me/drive/root/children", 2, id="a list"),
        pytest.param("GET /me/drive/root/delta", 2, id="changes from the beginning"),
        pytest.param("GET /me/drive/root/delta?token=x", 1, id="changes since"),
        pytest.param("GET /me/drive/root?$expand=permissions", 5, id="with permissions"),
        pytest.param("GET /me/drive/root/permissions", 5, id="permissions"),
        pytest.param("DELETE /me/drive/items/x", 2, id="a write"),
    ],
)
async def test_files_cost_by_what_is_done(
    office: Scene, tenant: Tenant, graph: httpx.AsyncClient, asked: str, units: int
) -> None:
    limited(office, tenant, fileUnits=10)
    for _ in range(10 // units):
        assert (await graph.request(*asked.split())).status_code != 429
    assert (await graph.request(*asked.split())).status_code == 429


async def test_listing_subscriptions_is_limited_apart(office: Scene, tenant: Tenant, graph: httpx.AsyncClient) -> None:
    limited(office, tenant, subscriptionLists=1, subscriptionCalls=2)
    lists = await statuses(graph, "/subscriptions", 2)
    assert (lists[0] != 429, lists[1]) == (True, 429)
    ones = await statuses(graph, "/subscriptions/x", 3)
    assert (429 in ones[:2], ones[2]) == (False, 429)


async def test_invitations_are_limited_for_the_whole_tenant(
    office: Scene, tenant: Tenant, graph: httpx.AsyncClient
) -> None:
    limited(office, tenant, invitations=1)
    body = {"invitedUserEmailAddress": "g@elsewhere.example", "inviteRedirectUrl": "https://a.example"}
    first = await graph.post("/invitations", json=body)
    office.speak_as(Caller("another", None, frozenset(), frozenset()))
    second = await graph.post("/invitations", json=body)
    assert (first.status_code != 429, second.status_code, second.headers["retry-after"]) == (True, 429, "5")


async def test_everything_counts_for_the_whole(office: Scene, tenant: Tenant, graph: httpx.AsyncClient) -> None:
    limited(office, tenant, allRequests=3)
    found = [(await graph.get(path)).status_code for path in ("/me", "/nonsense", "/me/messages", "/nonsense")]
    assert found == [200, 400, 200, 429]


async def test_an_app_on_its_own_is_limited_like_any_other(
    office: Scene, tenant: Tenant, graph: httpx.AsyncClient
) -> None:
    limited(office, tenant, mailboxRequests=1)
    office.speak_as(app_only("Mail.Read"))
    ada, bo, *_ = tenant.people.values()
    paths = [f"/users/{ada.id}/messages", f"/users/{ada.id}/messages", f"/users/{bo.id}/messages"]
    assert [(await graph.get(path)).status_code for path in paths] == [200, 429, 200]


async def test_the_longest_of_several_waits_is_told(office: Scene, tenant: Tenant, graph: httpx.AsyncClient) -> None:
    limited(office, tenant, allRequests=1, mailboxRequests=1)
    await graph.get("/me/messages")
    assert (await graph.get("/me/messages")).headers["retry-after"] == "600"


async def test_one_factor_scales_all_but_the_slots(office: Scene, tenant: Tenant, graph: httpx.AsyncClient) -> None:
    office.throttle.turn_on(0.0001)
    assert (office.throttle.slots, office.throttle.limit(RULES[0], tenant)) == (4, 1)
    assert await statuses(graph, "/me/messages", 2) == [200, 429]
    office.throttle.turn_on(0.0001, {CONCURRENCY: 0.5})
    assert office.throttle.slots == 2


async def test_turning_it_off_forgets_what_was_used(office: Scene, tenant: Tenant, graph: httpx.AsyncClient) -> None:
    limited(office, tenant, mailboxRequests=1)
    assert await statuses(graph, "/me/messages", 2) == [200, 429]
    office.throttle.turn_off()
    assert await statuses(graph, "/me/messages", 3) == [200] * 3
    limited(office, tenant, mailboxRequests=1)
    assert await statuses(graph, "/me/messages", 1) == [200]


@pytest.mark.parametrize(
    ("factor", "factors", "told"),
    [
        pytest.param(1, {"mailboxrequests": 1}, "There is no limit 'mailboxrequests'", id="misspelt"),
        pytest.param(0, {}, "above 0", id="nothing"),
        pytest.param(1, {"invitations": -1}, "above 0", id="less than nothing"),
        pytest.param(float("nan"), {}, "above 0", id="no number"),
    ],
)
def test_a_factor_that_makes_no_sense_is_refused(
    office: Scene, factor: float, factors: dict[str, float], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        office.throttle.turn_on(factor, factors)
    assert not office.throttle.is_on
