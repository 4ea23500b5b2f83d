"""docs/emulator.md: its generated part is as the code says, and its example runs."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import emulator.graph
from scripts.emulator_docs import FIGURES, with_coverage
from tests.emulator.support import app_only, client_for, error_of, small_tenant

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "emulator.md"
_EXAMPLE = re.compile(r"```python\n(?P<code># (?P<name>[\w/.]+).*?)```", re.DOTALL)


def test_the_page_says_what_the_code_covers() -> None:
    figures = json.loads((PAGE.parent / FIGURES).read_text("utf-8"))
    assert PAGE.read_text("utf-8") == with_coverage(PAGE.read_text("utf-8"), figures), "run scripts/emulator_docs.py"


def example_of(first_file: str) -> str:
    """The block of code that begins with this name."""
    found = {block["name"]: block["code"] for block in _EXAMPLE.finditer(PAGE.read_text("utf-8"))}
    return found[first_file]


def test_the_example_of_a_test_passes_as_it_stands(tmp_path: Path) -> None:
    test = tmp_path / "test_example.py"
    test.write_text(example_of("conftest.py"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, str(test)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert "passed" in done.stdout, done.stdout + done.stderr


async def test_the_example_of_a_new_workload_works_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "contracts"
    package.mkdir()
    package.joinpath("__init__.py").touch()
    for part in ("errors", "state", "routes"):
        package.joinpath(f"{part}.py").write_text(example_of(f"emulator/graph/contracts/{part}.py"), "utf-8")
    monkeypatch.setattr(emulator.graph, "__path__", [*emulator.graph.__path__, str(tmp_path)])
    routes, state = (importlib.import_module(f"emulator.graph.contracts.{part}") for part in ("routes", "state"))
    tenant, customer = small_tenant(), "2a1f6c3e-5d40-4f6b-9d55-0c8e1b7a4f33"
    made = state.sign(tenant, customer, "Fern Glassworks")
    workloads = (routes.contracts,)
    async with client_for(tenant, app_only("Directory.Read.All"), workloads=workloads) as client:
        listed = (await client.get("/contracts")).json()["value"]
        assert [one["defaultDomainName"] for one in listed] == ["fernglassworks.onmicrosoft.com"]
        assert (await client.get(f"/contracts/{customer}")).json()["id"] == made.id
        assert (await client.get(f"/contracts/{made.id}")).json()["displayName"] == "Fern Glassworks"
        assert error_of(await client.get("/contracts/nobody"))[2] == "There is no contract with the customer 'nobody'."
        assert (await client.get("/contracts/$count", headers={"ConsistencyLevel": "eventual"})).text == "1"
        changes = (await client.get("/contracts/delta")).json()
        assert [one["id"] for one in changes["value"]] == [made.id]
    async with client_for(tenant, app_only("User.Read.All"), workloads=workloads) as client:
        assert (await client.get("/contracts")).status_code == 403
