"""Evil links: where they stand, what they look like, and that only what was asked for is replaced."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from emulator import Tenant
from emulator.throttling import EVIL_LINKS
from emulator.throttling.faults.links import led_astray
from tests.emulator.support import delegated, small_tenant
from tests.emulator.throttling.support import Scene, scene

HOST = "graph.microsoft.com"
PAGE = f"https://{HOST}/v1.0/users?$top=1"
HARMLESS = {"other-version", "no-version", "line-break", "dot-segments", "encoded-dot-segments", "loop"}


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
def office(tenant: Tenant) -> Scene:
    scopes = ("User.ReadWrite.All", "Mail.ReadWrite", "Files.ReadWrite")
    return scene(tenant, delegated(tenant.demo_person, *scopes))


@pytest.fixture
async def graph(office: Scene) -> AsyncIterator[httpx.AsyncClient]:
    async with office.client() as client:
        yield client


@pytest.mark.parametrize("name", EVIL_LINKS)
async def test_a_next_link_is_replaced(office: Scene, graph: httpx.AsyncClient, name: str) -> None:
    whole = (await graph.get(PAGE)).json()
    office.chaos.strike("link", target=name)
    page = (await graph.get(PAGE)).json()
    assert page.pop("@odata.nextLink") != whole.pop("@odata.nextLink")
    assert page == whole
    assert office.chaos.is_fine
    assert "$skiptoken" in (await graph.get(PAGE)).json()["@odata.nextLink"]


@pytest.mark.parametrize("name", sorted(EVIL_LINKS.keys() - HARMLESS))
def test_most_presets_lead_away_from_the_host(name: str) -> None:
    found = urlsplit(led_astray(name, PAGE, PAGE).replace("\\", "/"))
    is_own = (found.scheme, found.netloc) == ("https", HOST)
    assert not is_own


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("another-host", "https://graph.attacker.example/v1.0/users?$top=1", id="another host"),
        pytest.param("no-tls", f"http://{HOST}/v1.0/users?$top=1", id="no TLS"),
        pytest.param("another-port", f"https://{HOST}:8443/v1.0/users?$top=1", id="another port"),
        pytest.param("userinfo", f"https://someone:secret@{HOST}/v1.0/users?$top=1", id="user info"),
        pytest.param("other-version", f"https://{HOST}/beta/users?$top=1", id="another version"),
        pytest.param("dot-segments", f"https://{HOST}/v1.0/../beta/users?$top=1", id="dot segments"),
        pytest.param("loop", "https://here/", id="the same page again"),
        pytest.param("https://{host}.example/{nothing}", f"https://{HOST}.example/{{nothing}}", id="one's own"),
    ],
)
def test_a_preset_takes_what_it_needs_from_the_true_link(name: str, expected: str) -> None:
    assert led_astray(name, PAGE, "https://here/") == expected


def test_the_other_version_of_beta_is_v1() -> None:
    assert led_astray("other-version", f"http://{HOST}:80/beta/me", "") == f"http://{HOST}:80/v1.0/me"
    assert led_astray("another-host", "https://[broken", "") == "https://graph.attacker.example//"


async def test_a_list_can_be_without_end(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike("link", target="loop", times=None, link="nextLink")
    link, seen = PAGE, set()
    for _ in range(3):
        link = (await graph.get(link)).json()["@odata.nextLink"]
        seen.add(link)
    assert len(seen) == 1


async def test_delta_links_are_replaced(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike("link", target="another-host", link="deltaLink")
    page = (await graph.get("/users/delta")).json()
    while "@odata.nextLink" in page:
        page = (await graph.get(page["@odata.nextLink"])).json()
    assert page["@odata.deltaLink"].startswith("https://graph.attacker.example/v1.0/users/delta")


async def test_it_waits_for_the_link_that_it_is_for(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike("link", target="another-host", link="Location", spares=1)
    assert "graph.attacker" not in (await graph.get(PAGE)).text
    places = [(await graph.post("/me/messages", json={})).headers["location"] for _ in range(3)]
    assert ["attacker" in place for place in places] == [False, True, False]


async def test_it_leaves_other_links_alone(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike("link", target="another-host", link="nextLink")
    made = await graph.post("/me/messages", json={})
    assert httpx.URL(made.headers["location"]).host == HOST
    page = (await graph.get("/users/delta")).json()
    assert "attacker" not in str(page)
    assert not office.chaos.is_fine


async def test_addresses_of_uploads_downloads_and_monitors_are_replaced(
    office: Scene, graph: httpx.AsyncClient
) -> None:
    async def struck(method: str, path: str, body: Any = None) -> httpx.Response:
        office.chaos.strike("link", target="another-host")
        answer = await graph.request(method, path, json=body)
        assert office.chaos.is_fine
        return answer

    made = (await graph.put("/me/drive/root:/a.txt:/content", content=b"words")).json()
    item, key = f"/me/drive/items/{made['id']}", "@microsoft.graph.downloadUrl"
    session = await struck("POST", "/me/drive/root:/b.txt:/createUploadSession", {})
    assert session.json()["uploadUrl"].startswith("https://graph.attacker.example/v1.0/driveUploads/")
    assert (await struck("GET", item)).json()[key].startswith("https://graph.attacker.example/v1.0/driveDownloads/")
    (listed,) = (await struck("GET", "/me/drive/root/children")).json()["value"]
    assert listed[key].startswith("https://graph.attacker.example/")
    content = await struck("GET", f"{item}/content")
    assert (content.status_code, httpx.URL(content.headers["location"]).host) == (302, "graph.attacker.example")
    copy = await struck("POST", f"{item}/copy", {"name": "c.txt"})
    assert (copy.status_code, httpx.URL(copy.headers["location"]).host) == (202, "graph.attacker.example")
    copy = await graph.post(f"{item}/copy", json={"name": "d.txt"})
    await graph.get(copy.headers["location"])
    done = await struck("GET", copy.headers["location"])
    assert done.json()["resourceLocation"].startswith("https://graph.attacker.example/v1.0/drives/")


async def test_parts_of_a_batch_have_links_too(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike("link", target="no-tls")
    parts = [{"id": url, "method": "GET", "url": url} for url in ("/me", "/users?$top=1", "/users?$top=2")]
    answer = await graph.post("/$batch", json={"requests": parts})
    found = {part["id"]: part["body"].get("@odata.nextLink", "") for part in answer.json()["responses"]}
    assert [link.partition(":")[0] for link in found.values()] == ["", "http", "https"]


async def test_what_no_header_can_hold_is_sent_encoded(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike("link", target="line-break", link="Location")
    place = (await graph.post("/me/messages", json={})).headers["location"]
    assert place.endswith("%0D%0AX-Injected: yes")
