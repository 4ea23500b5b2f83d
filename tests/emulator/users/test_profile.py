"""What belongs to a person alone: settings that are there from the beginning, presence, activities, extensions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from emulator import Tenant
from tests.emulator.support import ids, small_tenant
from tests.emulator.users.support import as_person, ok, person, refused

SCOPES = ("User.ReadWrite", "Presence.ReadWrite", "UserActivity.ReadWrite.CreatedByApp", "User.ReadWrite.All",
          "UserShiftPreferences.ReadWrite.All", "Schedule.ReadWrite.All", "UserWindowsSettings.Read")  # fmt: skip
ACTIVITY = {
    "appActivityId": "/article?12345",
    "activitySourceHost": "https://lindenhall.example",
    "activationUrl": "https://lindenhall.example/a",
    "visualElements": {"displayText": "A lamp", "content": {"$schema": "x", "body": [1]}},
}


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
async def graph(tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    async with as_person(tenant, *SCOPES) as client:
        yield client


async def test_settings_are_there_before_anybody_sets_them(graph: httpx.AsyncClient) -> None:
    assert ok(await graph.get("/me/settings"))["contributionToContentDiscoveryDisabled"] is False
    assert ok(await graph.get("/me/settings/itemInsights"))["isEnabled"] is True
    body = ok(await graph.patch("/me/settings/itemInsights", json={"isEnabled": False}))
    assert body["isEnabled"] is False
    assert ok(await graph.get("/me/settings/itemInsights"))["isEnabled"] is False
    ok(await graph.patch("/me/settings", json={"contributionToContentDiscoveryDisabled": True}))
    assert ok(await graph.get("/me/settings"))["contributionToContentDiscoveryDisabled"] is True
    assert ok(await graph.get("/me/settings/windows"))["value"] == []


async def test_looking_at_settings_changes_nothing(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    before = tenant.store.changes.number
    ok(await graph.get("/me/settings/itemInsights"))
    assert tenant.store.changes.number == before


async def test_shift_preferences_have_an_etag_that_changes(graph: httpx.AsyncClient) -> None:
    path = "/me/settings/shiftPreferences"
    first = ok(await graph.get(path))
    assert first["availability"] == []
    change = {"availability": [{"timeZone": "UTC", "recurrence": None, "timeSlots": None}]}
    assert (await graph.patch(path, json=change)).status_code == 204
    second = ok(await graph.get(path))
    assert second["availability"][0]["timeZone"] == "UTC"
    assert first["@odata.etag"] != second["@odata.etag"]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([], "Offline", id="nothing said"),
        pytest.param([("setPresence", {"sessionId": "a", "availability": "Busy"})], "Busy", id="one session"),
        pytest.param(
            [
                ("setPresence", {"sessionId": "a", "availability": "Available"}),
                ("setUserPreferredPresence", {"availability": "DoNotDisturb", "activity": "Presenting"}),
            ],
            "DoNotDisturb",
            id="preferred",
        ),
        pytest.param(
            [
                ("setPresence", {"sessionId": "a", "availability": "Away"}),
                ("setUserPreferredPresence", {"availability": "Busy", "expirationDuration": "PT8H"}),
                ("clearUserPreferredPresence", {}),
            ],
            "Away",
            id="preferred no more",
        ),
        pytest.param(
            [
                ("setPresence", {"sessionId": "a", "availability": "Away"}),
                ("clearPresence", {"sessionId": "a"}),
            ],
            "Offline",
            id="session over",
        ),
        pytest.param(
            [("setPresence", {"sessionId": "a", "availability": "Busy", "expirationDuration": "PT0S"})],
            "Offline",
            id="expired at once",
        ),
    ],
)
async def test_presence_is_what_sessions_and_the_person_say(
    graph: httpx.AsyncClient, tenant: Tenant, steps: list[tuple[str, dict[str, Any]]], expected: str
) -> None:
    for name, body in steps:
        assert (await graph.post(f"/me/presence/{name}", json=body)).status_code == 200
    body = ok(await graph.get("/me/presence"))
    assert (body["id"], body["availability"]) == (tenant.demo_person.id, expected)


async def test_a_status_message_is_shown(graph: httpx.AsyncClient) -> None:
    message = {"message": {"content": "Back at two", "contentType": "text"}}
    assert (await graph.post("/me/presence/setStatusMessage", json={"statusMessage": message})).status_code == 200
    shown = ok(await graph.get("/me/presence"))["statusMessage"]
    assert shown["message"]["content"] == "Back at two"


@pytest.mark.parametrize(
    ("name", "body"),
    [
        pytest.param("setPresence", {"availability": "Busy"}, id="no session"),
        pytest.param("setPresence", {"sessionId": "a", "availability": "Asleep"}, id="unknown state"),
        pytest.param(
            "setPresence", {"sessionId": "a", "availability": "Busy", "expirationDuration": "soon"}, id="time"
        ),
        pytest.param("setStatusMessage", {}, id="no message"),
    ],
)
async def test_a_presence_that_cannot_be_is_refused(graph: httpx.AsyncClient, name: str, body: dict[str, Any]) -> None:
    refused(await graph.post(f"/me/presence/{name}", json=body), 400, "BadRequest")


async def test_an_activity_is_put_again_and_has_a_history(graph: httpx.AsyncClient) -> None:
    path = "/me/activities/abc"
    assert ok(await graph.put(path, json=ACTIVITY), 201)["id"] == "abc"
    assert ok(await graph.put(path, json={**ACTIVITY, "activationUrl": "https://lindenhall.example/b"}))["id"] == "abc"
    item = {"startedDateTime": "2026-03-11T10:00:00Z"}
    ok(await graph.put(f"{path}/historyItems/h1", json=item), 201)
    (recent,) = ok(await graph.get("/me/activities/recent"))["value"]
    assert recent["activationUrl"] == "https://lindenhall.example/b"
    assert ids({"value": recent["historyItems"]}) == ["h1"]
    assert recent["visualElements"]["content"] == {"$schema": "x", "body": [1]}
    assert (await graph.delete(path)).status_code == 204
    assert ok(await graph.get("/me/activities"))["value"] == []


async def test_an_extension_holds_whatever_it_is_given(graph: httpx.AsyncClient) -> None:
    given = {
        "@odata.type": "microsoft.graph.openTypeExtension", "extensionName": "example.lamps", "theme": "dark",
        "size": 3,
    }  # fmt: skip
    made = ok(await graph.post("/me/extensions", json=given), 201)
    assert (made["id"], made["theme"], made["size"]) == ("example.lamps", "dark", 3)
    assert made["@odata.type"] == "#microsoft.graph.openTypeExtension"
    refused(await graph.post("/me/extensions", json=given), 409, "NameAlreadyExists")
    refused(await graph.post("/me/extensions", json={"@odata.type": given["@odata.type"]}), 400, "BadRequest")
    await graph.patch("/me/extensions/example.lamps", json={"theme": "light"})
    shown = ok(await graph.get("/me?$select=id&$expand=extensions"))["extensions"]
    assert [(one["theme"], one["size"]) for one in shown] == [("light", 3)]
    assert (await graph.delete("/me/extensions/example.lamps")).status_code == 204
    assert ok(await graph.get("/me/extensions"))["value"] == []


async def test_insights_and_experience_are_empty_at_first(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    scopes = ("Sites.Read.All", "User.Read.All", "LearningSelfInitiatedCourse.Read", "LearningAssignedCourse.Read")
    async with as_person(tenant, *scopes) as client:
        assert ok(await client.get("/me/insights/used"))["value"] == []
        assert ok(await client.get("/me/employeeExperience/learningCourseActivities"))["value"] == []
    assert person(tenant, "Cy").ones == {}
