"""tools/_here.py: the clock of the mailbox and who is at home, also where Graph does not tell."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from principal import Identity, Principal
from tests.graph.support import client_on
from tools._here import Here

CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
SUMMER, WINTER = "2026-07-01T12:00:00Z", "2026-12-01T12:00:00Z"


def identity(*permissions: str, tenant: str = "t", username: str = "ines@contoso.com") -> Identity:
    who = Principal("public", tenant, "u", "c")
    return Identity(who, is_person=True, name="Ines", username=username, permissions=permissions or None)


def graph_with(settings: Any = None, status: int = 200) -> Any:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/mailboxSettings"):
            error = {"error": {"code": "ErrorAccessDenied", "message": "no"}}
            return httpx.Response(status, json=settings if status == 200 else error)
        return httpx.Response(200, json={"value": [{"verifiedDomains": [{"name": "lindenhall.example"}]}]})

    return answer


@pytest.mark.parametrize(
    ("name", "zone", "summer", "winter"),
    [
        pytest.param("Europe/Berlin", "Europe/Berlin", "14:00", "13:00", id="IANA, with clocks that change"),
        pytest.param("W. Europe Standard Time", "Europe/Berlin", "14:00", "13:00", id="a Windows name"),
        pytest.param("Tokyo Standard Time", "Asia/Tokyo", "21:00", "21:00", id="without summer time"),
        pytest.param("Customized Time Zone", "UTC", "12:00", "12:00", id="one that nobody knows"),
        pytest.param(None, "UTC", "12:00", "12:00", id="none"),
    ],
)
async def test_times_are_told_in_the_zone_of_the_mailbox(name: str | None, zone: str, summer: str, winter: str) -> None:
    async with client_on(graph_with({"timeZone": name})) as graph:
        clock = await Here(graph, identity()).clock()
    assert clock.zone == zone
    assert (clock.minute(SUMMER), clock.minute(WINTER)) == (f"2026-07-01 {summer}", f"2026-12-01 {winter}")


async def test_without_the_permission_graph_is_not_asked_and_times_are_in_utc() -> None:
    async with client_on(graph_with({"timeZone": "Europe/Berlin"})) as graph:
        assert (await Here(graph, identity("Mail.Read")).clock()).zone == "UTC"
        assert (await Here(graph, identity("MailboxSettings.ReadWrite")).clock()).zone == "Europe/Berlin"
        assert (await Here(graph, None).clock()).zone == "Europe/Berlin"


async def test_where_graph_refuses_times_are_in_utc() -> None:
    async with client_on(graph_with(status=403)) as graph:
        assert (await Here(graph, identity()).clock()).zone == "UTC"


@pytest.mark.parametrize(
    ("who", "mailbox", "inside", "outside"),
    [
        pytest.param(identity(), "", "a@lindenhall.example", "a@contoso.com", id="the domains that Graph tells"),
        pytest.param(identity(), "sales@x.example", "sales@x.example", "b@x.example", id="and the mailbox itself"),
        pytest.param(
            identity(tenant=CONSUMERS, username="ines@outlook.com"),
            "",
            "ines@outlook.com",
            "b@outlook.com",
            id="personal",
        ),
        pytest.param(None, "", "a@lindenhall.example", "a@contoso.com", id="nobody in particular"),
    ],
)
async def test_who_is_inside_depends_on_the_organisation(
    who: Identity | None, mailbox: str, inside: str, outside: str
) -> None:
    async with client_on(graph_with()) as graph:
        home = await Here(graph, who, mailbox).home()
    assert not home.is_outside(inside)
    assert home.is_outside(outside)
