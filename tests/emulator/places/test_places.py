"""Rooms, lists of rooms, and desks."""

from __future__ import annotations

import httpx
import pytest

from emulator.graph.places.state import add_room, add_room_list, add_workspace
from emulator.tenant import Tenant
from tests.emulator.support import client_for, delegated, error_of, names, small_tenant

LIST, ROOM, DESKS = "bremen@lindenhall.example", "weser@lindenhall.example", "desks@lindenhall.example"


def house() -> tuple[Tenant, httpx.AsyncClient]:
    tenant = small_tenant()
    bremen = add_room_list(tenant, "Bremen", LIST)
    add_room(tenant, "Weser", ROOM, bremen, capacity=14, floorNumber=2)
    add_room(tenant, "Tejo", "tejo@lindenhall.example", capacity=4)
    add_workspace(tenant, "Desks", DESKS, bremen, capacity=12)
    caller = delegated(tenant.demo_person, "Place.ReadWrite.All", "User.Read.All")
    return tenant, client_for(tenant, caller)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("places/microsoft.graph.room", ["Weser", "Tejo"], id="rooms"),
        pytest.param("places/microsoft.graph.roomList", ["Bremen"], id="lists"),
        pytest.param("places/microsoft.graph.workspace", ["Desks"], id="desks"),
        pytest.param("places/graph.room?$filter=capacity gt 10", ["Weser"], id="large ones"),
        pytest.param("places/microsoft.graph.room?$orderby=displayName&$top=1", ["Tejo"], id="the first by name"),
        pytest.param(f"places/{LIST}/microsoft.graph.roomList/rooms", ["Weser"], id="on a list"),
        pytest.param(f"places/{LIST}/microsoft.graph.roomList/workspaces", ["Desks"], id="desks on a list"),
    ],
)
async def test_places_are_listed_by_their_kind(path: str, expected: list[str]) -> None:
    _, client = house()
    assert (
        names(
            await client.get(path.replace("graph.", "microsoft.graph.").replace("microsoft.microsoft.", "microsoft."))
        )
        == expected
    )


async def test_a_place_is_found_by_its_id_and_address() -> None:
    _, client = house()
    found = (await client.get(f"places/{ROOM.upper()}")).json()
    assert found["@odata.type"] == "#microsoft.graph.room"
    assert (found["displayName"], found["capacity"], found["bookingType"]) == ("Weser", 14, "standard")
    assert (await client.get(f"places/{found['id']}")).json()["emailAddress"] == ROOM
    inside = await client.get(f"places/{LIST}/microsoft.graph.roomList/rooms/{found['id']}")
    assert inside.json()["displayName"] == "Weser"
    assert (await client.get("places/nowhere@lindenhall.example")).status_code in {400, 404}
    assert (await client.get(f"places/{LIST}/microsoft.graph.roomList/rooms/tejo@lindenhall.example")).status_code in {
        400,
        404,
    }


async def test_an_administrator_changes_a_place() -> None:
    _, client = house()
    body = {"@odata.type": "microsoft.graph.room", "nickname": "The big one", "capacity": 16, "displayName": "Other"}
    changed = (await client.patch(f"places/{ROOM}", json=body)).json()
    assert (changed["nickname"], changed["capacity"], changed["displayName"]) == ("The big one", 16, "Weser")
    assert error_of(await client.patch(f"places/{ROOM}", json={"capacity": 3}))[:2] == (400, "ErrorInvalidRequest")


async def test_a_place_that_is_made_below_a_list_is_on_it() -> None:
    _, client = house()
    body = {"@odata.type": "#microsoft.graph.room", "displayName": "Elbe", "emailAddress": "elbe@lindenhall.example"}
    made = (await client.post(f"places/{LIST}/microsoft.graph.roomList/rooms", json=body)).json()
    free = (await client.post("places", json={**body, "displayName": "Jade"})).json()
    assert names(await client.get(f"places/{LIST}/microsoft.graph.roomList/rooms")) == ["Weser", "Elbe"]
    assert (await client.get(f"places/{made['id']}")).json()["placeId"] == made["id"]
    assert (await client.get(f"places/{free['id']}")).json()["displayName"] == "Jade"


async def test_a_room_is_an_account_that_cannot_sign_in() -> None:
    tenant, client = house()
    account = (await client.get(f"users/{ROOM}?$select=displayName,accountEnabled,mail")).json()
    assert (account["displayName"], account["accountEnabled"], account["mail"]) == ("Weser", False, ROOM)
    add_room(tenant, "Weser", ROOM)
    assert sum(person.mail == ROOM for person in tenant.people.values()) == 1
