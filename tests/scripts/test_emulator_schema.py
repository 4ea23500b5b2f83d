"""scripts/emulator_schema.py: the emulator's types are what the metadata says, on a small source and on the whole."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from scripts.emulator_schema import ROOTS, TARGET, extract, main, rendered

_EDMX = """<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="microsoft.graph" Alias="graph" xmlns="http://docs.oasis-open.org/odata/ns/edm">
  <EnumType Name="mood"><Member Name="good" Value="0"/><Member Name="bad" Value="1"/></EnumType>
  <EnumType Name="days" IsFlags="true"><Member Name="monday" Value="1"/></EnumType>
  <EnumType Name="never"><Member Name="x" Value="0"/></EnumType>
  <EntityType Name="entity" Abstract="true"><Property Name="id" Type="Edm.String"/></EntityType>
  <EntityType Name="stranger" BaseType="graph.entity"/>
  <EntityType Name="person" BaseType="graph.entity" OpenType="true">
    <Property Name="moods" Type="Collection(graph.mood)"/>
    <Property Name="home" Type="graph.place"/>
    <NavigationProperty Name="boss" Type="graph.person"/>
    <NavigationProperty Name="notes" Type="Collection(graph.note)" ContainsTarget="true"/>
  </EntityType>
  <EntityType Name="user" BaseType="graph.person">
    <NavigationProperty Name="chats" Type="Collection(graph.stranger)" ContainsTarget="true"/>
  </EntityType>
  <EntityType Name="note" BaseType="graph.entity" HasStream="true"/>
  <EntityType Name="longNote" BaseType="graph.note"><Property Name="on" Type="self.slot"/></EntityType>
  <ComplexType Name="place"><Property Name="city" Type="Edm.String"/></ComplexType>
  <ComplexType Name="slot"><Property Name="days" Type="graph.days"/></ComplexType>
  <ComplexType Name="verdict"/>
  <Action Name="praise" IsBound="true">
    <Parameter Name="bindingParameter" Type="graph.person"/>
    <Parameter Name="how" Type="graph.mood"/>
    <ReturnType Type="graph.verdict"/>
  </Action>
  <Action Name="free"><Parameter Name="x" Type="Edm.String"/></Action>
  <Function Name="delta" IsBound="true">
    <Parameter Name="bindingParameter" Type="Collection(graph.note)"/>
    <ReturnType Type="Collection(graph.note)"/>
  </Function>
  <Function Name="delta" IsBound="true">
    <Parameter Name="bindingParameter" Type="Collection(graph.note)"/>
    <Parameter Name="token" Type="Edm.String"/>
    <ReturnType Type="Collection(graph.note)"/>
  </Function>
  <Function Name="delta" IsBound="true">
    <Parameter Name="bindingParameter" Type="Collection(graph.note)"/>
    <ReturnType Type="Collection(graph.note)"/>
  </Function>
  <Function Name="lonely" IsBound="true">
    <Parameter Name="bindingParameter" Type="graph.stranger"/>
    <ReturnType Type="Edm.String"/>
  </Function>
  <EntityContainer Name="GraphService">
    %s
  </EntityContainer>
</Schema>
</edmx:DataServices></edmx:Edmx>"""
_SINGLE = {"me", "drive", "directory"}


def _source() -> str:
    """A document with all roots: things that are not ours stand for them."""
    sets = [
        f'<Singleton Name="{name}" Type="microsoft.graph.user"/>'
        if name in _SINGLE
        else f'<EntitySet Name="{name}" EntityType="microsoft.graph.user"/>'
        for name in (*ROOTS, "elsewhere")
    ]
    return _EDMX % "".join(sets).replace('Alias="graph"', "")


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    text = _source().replace('Type="self.slot"', 'Type="graph.slot"')
    return extract(ElementTree.fromstring(text))  # noqa: S314 - our own text


def test_the_roots_are_those_that_the_workloads_need(found: dict[str, Any]) -> None:
    assert list(found["roots"]) == sorted(ROOTS)
    assert found["roots"]["me"] == [0, "microsoft.graph.user"]
    assert found["roots"]["users"] == [1, "microsoft.graph.user"]


def test_types_are_those_that_the_roots_lead_to(found: dict[str, Any]) -> None:
    names = {name.removeprefix("microsoft.graph.") for name in found["types"]}
    assert names == {"entity", "user", "person", "place", "note", "longNote", "slot", "verdict"}
    assert found["types"]["microsoft.graph.person"] == {
        "entity": 1,
        "base": "microsoft.graph.entity",
        "open": 1,
        "props": {"moods": "Collection(microsoft.graph.mood)", "home": "microsoft.graph.place"},
        "navs": {"boss": ["microsoft.graph.person", 0], "notes": ["Collection(microsoft.graph.note)", 1]},
    }
    assert found["types"]["microsoft.graph.entity"] == {"entity": 1, "abstract": 1, "props": {"id": "Edm.String"}}
    assert found["types"]["microsoft.graph.note"] == {"entity": 1, "base": "microsoft.graph.entity", "stream": 1}


def test_navigations_of_later_workloads_are_left_out(found: dict[str, Any]) -> None:
    assert found["types"]["microsoft.graph.user"] == {"entity": 1, "base": "microsoft.graph.person"}


def test_enumerations_are_those_that_occur(found: dict[str, Any]) -> None:
    assert found["enums"] == {
        "microsoft.graph.mood": {"members": ["good", "bad"]},
        "microsoft.graph.days": {"members": ["monday"], "flags": 1},
    }


def test_operations_are_by_what_they_are_bound_to_each_overload_once(found: dict[str, Any]) -> None:
    notes = "Collection(microsoft.graph.note)"
    assert found["operations"] == {
        "microsoft.graph.person": [
            {
                "name": "praise",
                "action": 1,
                "takes": {"how": "microsoft.graph.mood"},
                "gives": "microsoft.graph.verdict",
            }
        ],
        notes: [
            {"name": "delta", "gives": notes},
            {"name": "delta", "takes": {"token": "Edm.String"}, "gives": notes},
        ],
    }


def test_the_file_has_one_thing_to_a_line_and_reads_as_json(found: dict[str, Any]) -> None:
    text = rendered(found)
    assert json.loads(text) == found
    assert '"microsoft.graph.place":{"props":{"city":"Edm.String"}},\n' in text
    assert text.endswith("}\n")


def test_a_root_that_the_metadata_lacks_is_an_error() -> None:
    with pytest.raises(KeyError, match="users"):
        extract(ElementTree.fromstring(_source().replace('Name="users"', 'Name="people"')))  # noqa: S314


@pytest.mark.parametrize("packed", [pytest.param(True, id="packed"), pytest.param(False, id="plain")])
def test_the_program_writes_the_file(tmp_path: Path, *, packed: bool) -> None:
    source = tmp_path / ("source.csdl.gz" if packed else "source.csdl")
    raw = _source().replace('Type="self.slot"', 'Type="graph.slot"').encode()
    source.write_bytes(gzip.compress(raw) if packed else raw)
    target = tmp_path / "types.json"
    assert main([str(source), str(target)]) == 0
    assert set(json.loads(target.read_text("utf-8"))) == {"roots", "enums", "types", "operations"}


def test_the_program_wants_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "python scripts/emulator_schema.py" in capsys.readouterr().err


@pytest.mark.skipif("GRAPH_FACTS" not in os.environ, reason="needs Microsoft's metadata: GRAPH_FACTS=DIR")
def test_the_shipped_file_is_what_the_metadata_says(tmp_path: Path) -> None:
    target = tmp_path / "types.json"
    assert main([str(Path(os.environ["GRAPH_FACTS"]) / "metadata-v1.0.csdl.gz"), str(target)]) == 0
    assert target.read_text("utf-8") == TARGET.read_text("utf-8")
