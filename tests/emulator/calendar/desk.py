"""A person at their desk: asks Graph for what stands in the calendar, and what lies in the inbox."""

from __future__ import annotations

from typing import Any

import httpx

from emulator.tenant import Person, Tenant
from tests.emulator.support import client_for, delegated, small_tenant

ZONE = "W. Europe Standard Time"
EVERYTHING = (
    "Calendars.Read",
    "Calendars.ReadWrite",
    "Calendars.ReadWrite.Shared",
    "Mail.ReadWrite",
    "Place.ReadWrite.All",
    "Group.ReadWrite.All",
    "User.ReadWrite.All",
)
SPRING = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-05-01T00:00:00Z"
WEEKLY = {
    "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
    "range": {"type": "numbered", "startDate": "2026-03-16", "numberOfOccurrences": 4},
}


def time(text: str, zone: str = "UTC") -> dict[str, str]:
    return {"dateTime": text, "timeZone": zone}


def lunch(*people: Person | str, **changes: Any) -> dict[str, Any]:
    """An hour on a Monday."""
    addresses = [person if isinstance(person, str) else person.mail for person in people]
    return {
        "subject": "Lunch",
        "start": time("2026-03-16T12:00:00", ZONE),
        "end": time("2026-03-16T13:00:00", ZONE),
        "attendees": [{"emailAddress": {"address": address}} for address in addresses],
        **changes,
    }


class Desk:
    """One person's client, whose answers must be good unless a test looks at the response itself."""

    def __init__(self, tenant: Tenant, person: Person, *scopes: str) -> None:
        self.person = person
        self.http = client_for(tenant, delegated(person, *(scopes or EVERYTHING)))

    async def get(self, path: str, **headers: str) -> dict[str, Any]:
        return good(await self.http.get(path, headers=headers))

    async def post(self, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
        return good(await self.http.post(path, json=body or {}, headers=headers))

    async def patch(self, path: str, body: Any) -> dict[str, Any]:
        return good(await self.http.patch(path, json=body))

    async def delete(self, path: str) -> None:
        good(await self.http.delete(path))

    async def subjects(self, path: str = "me/events") -> list[str]:
        return [item["subject"] for item in (await self.get(path))["value"]]

    async def view(self, window: str = SPRING, **headers: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.get(f"me/calendarView?{window}&$top=100", **headers))["value"]
        return found

    async def mail(self) -> list[str]:
        return await self.subjects("me/mailFolders/inbox/messages")


def good(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code < 300, response.text
    found: dict[str, Any] = response.json() if response.content else {}
    return found


def people() -> tuple[Tenant, Desk, Desk, Desk]:
    """Three colleagues at their desks."""
    tenant = small_tenant()
    ada, bo, cy, _ = tenant.people.values()
    return tenant, Desk(tenant, ada), Desk(tenant, bo), Desk(tenant, cy)
