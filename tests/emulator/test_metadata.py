"""What Graph says of itself: the types as CSDL, read back by the script that made them, and the service document."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from emulator.graph.catalogue import demo_graph
from emulator.graph.metadata import document
from emulator.schema import schema
from scripts.emulator_schema import extract
from tests.emulator.support import client_for, delegated, error_of, small_tenant

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


@pytest.fixture(scope="module")
def written() -> ElementTree.Element:
    return ElementTree.fromstring(document(demo_graph().service))  # noqa: S314 - written a moment ago


@pytest.fixture(scope="module")
def read_back(written: ElementTree.Element) -> dict[str, Any]:
    return extract(written)


@pytest.fixture
async def anybody() -> AsyncIterator[httpx.AsyncClient]:
    """A client whose token Graph refuses."""
    tenant = small_tenant()
    async with client_for(tenant, delegated(tenant.demo_person), refusal="Access token is empty.") as client:
        yield client


@pytest.mark.parametrize("section", ["roots", "enums", "types"])
def test_the_types_read_back_are_the_types_written(read_back: dict[str, Any], section: str) -> None:
    source = schema().source[section]
    assert {name: source.get(name) for name in read_back[section]} == read_back[section]


def test_whatever_the_workloads_serve_is_in_it(read_back: dict[str, Any]) -> None:
    assert read_back["roots"] == schema().source["roots"]
    assert {f"microsoft.graph.{name}" for name in ("user", "message", "mailFolder", "group")} <= set(read_back["types"])


def test_operations_are_those_that_a_workload_answers(read_back: dict[str, Any]) -> None:
    bound = {
        (where, each["name"]): each for where, operations in read_back["operations"].items() for each in operations
    }
    assert ("microsoft.graph.user", "sendMail") in bound
    assert ("Collection(microsoft.graph.user)", "delta") in bound
    assert ("microsoft.graph.printer", "restoreFactoryDefaults") not in bound
    known = schema().source["operations"]
    assert all(each in known[where] for (where, _), each in bound.items())


def test_every_type_that_is_named_is_declared(written: ElementTree.Element) -> None:
    spaces = {str(space.get("Alias") or space.get("Namespace")): space for space in written.iter(f"{EDM}Schema")}
    declared = {f"{alias}.{each.get('Name')}" for alias, space in spaces.items() for each in space}
    named = {each.get(key, "") for each in written.iter() for key in ("Type", "BaseType")}
    wanted = {name.removeprefix("Collection(").removesuffix(")") for name in named} - {""}
    full = {name.replace("microsoft.graph.", "graph.", 1) if name.count(".") == 2 else name for name in wanted}
    assert {name for name in full if not name.startswith("Edm.")} <= declared


def test_members_of_flags_are_powers_of_two(written: ElementTree.Element) -> None:
    for each in written.iter(f"{EDM}EnumType"):
        values = [int(member.get("Value", "")) for member in each]
        assert len(set(values)) == len(values)
        if each.get("IsFlags"):
            assert all(value & (value - 1) == 0 for value in values)


def test_entities_have_a_key(written: ElementTree.Element) -> None:
    bases = [each for each in written.iter(f"{EDM}EntityType") if each.get("BaseType") is None]
    keyed = [each for each in bases if each.find(f"{EDM}Key") is not None]
    assert [each.get("Name") for each in keyed] == ["entity"]
    assert all(each.find(f"{EDM}Property[@Name='id']") is None for each in bases if each not in keyed)


@pytest.mark.parametrize("version", ["v1.0", "beta"])
async def test_anybody_may_read_the_types(anybody: httpx.AsyncClient, version: str) -> None:
    answer = await anybody.get(
        f"https://graph.microsoft.com/{version}/$metadata", headers={"Accept-Encoding": "identity"}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml")
    assert answer.headers["odata-version"] == "4.0"
    assert answer.text == document(demo_graph().service)
    assert answer.text.startswith('<?xml version="1.0" encoding="utf-8"?>')


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        pytest.param("gzip, deflate", True, id="gzip"),
        pytest.param("br, gzip;q=0.5", True, id="gzip, rather something else"),
        pytest.param("deflate", False, id="something else"),
        pytest.param("gzip;q=0", False, id="no gzip"),
        pytest.param("identity", False, id="nothing"),
    ],
)
async def test_it_is_packed_for_who_can_unpack_it(anybody: httpx.AsyncClient, accepted: str, is_packed: bool) -> None:
    async with anybody.stream("GET", "/$metadata", headers={"Accept-Encoding": accepted}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers.get("content-encoding") == ("gzip" if is_packed else None)
    assert answer.headers["vary"] == "Accept-Encoding"
    text = gzip.decompress(raw) if is_packed else raw
    assert text.decode() == document(demo_graph().service)


@pytest.mark.parametrize("path", ["", "/"])
async def test_the_root_of_the_service_lists_where_paths_begin(anybody: httpx.AsyncClient, path: str) -> None:
    answer = await anybody.get(f"https://graph.microsoft.com/v1.0{path}")
    body = answer.json()
    assert body["@odata.context"] == "https://graph.microsoft.com/v1.0/$metadata"
    assert {"name": "users", "kind": "EntitySet", "url": "users"} in body["value"]
    assert {"name": "me", "kind": "Singleton", "url": "me"} in body["value"]
    assert len(body["value"]) == len(schema().roots)


@pytest.mark.parametrize("path", ["/$metadata", "/"])
async def test_they_are_only_read(anybody: httpx.AsyncClient, path: str) -> None:
    assert error_of(await anybody.post(path, json={}))[0] == 405
