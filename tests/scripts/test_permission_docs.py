"""scripts/permission_docs.py: the documented permissions are those of the code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from clouds import CLOUDS
from commands import needs, permissions_named
from scripts.permission_docs import BEGIN, END, facts_out_of, with_table, write
from settings import ROWS, SECRETS
from tools import TOOLSETS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "app-registration.md").read_text("utf-8")


def test_the_table_equals_what_the_tools_need() -> None:
    assert with_table(PAGE) == PAGE, "run: python scripts/permission_docs.py"


def test_every_tool_and_every_permission_is_in_the_table() -> None:
    table = PAGE.partition(BEGIN)[2].partition(END)[0]
    names = [tool.name for toolset in TOOLSETS for tool in toolset.tools]
    assert [name for name in (*names, *permissions_named()) if f"`{name}`" not in table] == []
    assert table.count("\n| ") == len(needs()) + 1, "a head, and a row for each need"


def test_every_setting_that_the_page_names_exists() -> None:
    known = {row.name for row in ROWS} | {f"{name}_FILE" for name in SECRETS} | {"SSL_CERT_FILE"}
    named = set(re.findall(r"\b(?:ENTRA|GRAPH|SSL|TOOLSETS)[A-Z_]*\b", PAGE))
    assert named - known == set()


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in CLOUDS])
def test_the_hosts_of_every_cloud_are_right(name: str) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}`")]
    cloud = CLOUDS[name]
    assert f"| {cloud.login_hosts[0]} | {cloud.graph_host} |" in row


def test_every_link_within_the_page_leads_somewhere() -> None:
    heads = {
        re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-")
        for head in re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) - heads == set()
    files = set(re.findall(r"\]\(([\w-]+\.md)\)", PAGE))
    assert [file for file in files if not (ROOT / "docs" / file).is_file()] == []


def test_the_text_around_the_table_is_kept() -> None:
    page = with_table(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    assert page.startswith(f"before\n{BEGIN}\n")
    assert page.endswith(f"{END}\nafter\n")
    assert "old" not in page


def test_the_facts_are_taken_out_of_microsofts_list(tmp_path: Path) -> None:
    entry = {
        "delegated": {"id": "1", "admin_consent": True, "personal": False, "level": 3},
        "application": {"id": "2", "level": 3},
        "derived_covers": {},
    }
    expected = {"delegated": {"id": "1", "admin_consent": True, "personal": False}, "application": {"id": "2"}}
    listed = dict.fromkeys(permissions_named(), entry)
    assert facts_out_of(listed) == dict.fromkeys(permissions_named(), expected)
    assert facts_out_of({name: {} for name in permissions_named()})[permissions_named()[0]] == {}
    with pytest.raises(KeyError):
        facts_out_of({})
    for folder in ("docs", "commands"):
        (tmp_path / folder).mkdir()
    page = tmp_path / "docs" / "app-registration.md"
    page.write_text(f"{BEGIN}\n{END}\n", "utf-8")
    source = tmp_path / "permissions.json"
    source.write_text(json.dumps({"permissions": listed}), "utf-8")
    write(tmp_path)
    assert "| Toolset |" in page.read_text("utf-8")
    assert not (tmp_path / "commands" / "_permission_facts.json").exists()
    write(tmp_path, source)
    assert json.loads((tmp_path / "commands" / "_permission_facts.json").read_text("utf-8")) == facts_out_of(listed)
