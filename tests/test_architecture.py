"""The shape of the code: which part may import which, how long things may be, and what may stand in a file.

A failing test names the file and line and says what to do.
"""

from __future__ import annotations

import importlib

import pytest

from tests.architecture import (
    MAY_IMPORT,
    PACKAGES,
    PARTS,
    ROOT,
    Source,
    defined_names,
    import_faults,
    length_faults,
    machine_faults,
    nesting_faults,
    repository_files,
    stdout_faults,
    stray_names,
    taken_names,
    walked_files,
)


@pytest.fixture(scope="session")
def files() -> list[str]:
    return repository_files()


@pytest.fixture(scope="session")
def sources(files: list[str]) -> list[Source]:
    scripts = {"scripts/audit", "scripts/fidelity", "scripts/lock"}
    python = [name for name in files if name.endswith(".py") or name in scripts]
    return [Source(name, (ROOT / name).read_text("utf-8")) for name in python]


@pytest.fixture(scope="session")
def product(sources: list[Source]) -> list[Source]:
    return [source for source in sources if source.part != "tests"]


# The repository holds to the rules.


def test_imports_point_the_way_the_table_says(sources: list[Source]) -> None:
    faults = [fault for source in sources for fault in import_faults(source)]
    assert not faults, "\n".join(faults)


def test_the_table_has_a_row_for_every_part() -> None:
    assert MAY_IMPORT.keys() == PARTS


def test_modules_and_functions_stay_short(product: list[Source]) -> None:
    faults = length_faults(product)
    assert not faults, "\n".join(faults)


def test_code_nests_no_deeper_than_a_reader_can_follow(product: list[Source]) -> None:
    faults = [fault for source in product for fault in nesting_faults(source)]
    assert not faults, "\n".join(faults)


def test_standard_output_is_left_to_the_protocol(sources: list[Source]) -> None:
    faults = [fault for source in sources for fault in stdout_faults(source)]
    assert not faults, "\n".join(faults)


def test_no_file_names_a_registry_or_a_path_of_one_machine(files: list[str]) -> None:
    texts = ((name, (ROOT / name).read_bytes()) for name in files)
    faults = [fault for name, raw in texts for fault in machine_faults(name, raw.decode("utf-8", "replace"))]
    assert not faults, "\n".join(faults)


def test_everything_at_the_top_level_has_a_place_in_the_design(files: list[str]) -> None:
    stray = stray_names(files)
    assert not stray, f"Move these into a part, or add them to the design and to TOP_LEVEL: {', '.join(stray)}"


@pytest.mark.parametrize("package", [pytest.param(name, id=name) for name in PACKAGES])
def test_a_package_that_others_import_from_lists_its_names(package: str, sources: list[Source]) -> None:
    others = [source for source in sources if source.part not in {package, "tests"}]
    taken = {name for source in others for name in taken_names(package, source)}
    if not taken:
        return
    module = importlib.import_module(package)
    listed = getattr(module, "__all__", None)
    assert listed is not None, f"Give {package}/__init__.py an __all__: others use {', '.join(sorted(taken))} of it."
    assert len(set(listed)) == len(listed), f"{package}.__all__ lists a name twice."
    lost = [name for name in listed if not hasattr(module, name)]
    assert not lost, f"{package}.__all__ lists what {package} does not have: {', '.join(lost)}"
    submodules = {path.stem for path in (ROOT / package).iterdir()}
    defined = defined_names((ROOT / package / "__init__.py").read_text("utf-8"))
    missing = sorted(((taken - submodules) | defined) - set(listed))
    assert not missing, f"{package}.__all__ leaves out {', '.join(missing)}. List them, or hide them from other parts."


# The rules catch what they are for.


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("graph/client.py", "import settings", id="a plain import"),
        pytest.param("graph/client.py", "import auth.accounts as a", id="a submodule under another name"),
        pytest.param("tools/mail.py", "from auth import accounts", id="a name of a package"),
        pytest.param("tools/mail.py", "def f():\n    from web.app import build", id="an import inside a function"),
        pytest.param("emulator/graph/mail.py", "from graph.wire import x", id="the emulator takes client code"),
        pytest.param("auth/device.py", "from emulator import Tenant", id="the product takes the emulator"),
        pytest.param("commands/login.py", "import server", id="anyone takes the composition root"),
        pytest.param("errors.py", "import clouds", id="a leaf takes anything"),
        pytest.param("web/app.py", "import importlib\nimportlib.import_module('tools')", id="an import by name"),
        pytest.param("_settings_values.py", "import network", id="a private piece of settings"),
        pytest.param("server.py", "from tools._services import Services", id="a private module of another part"),
        pytest.param("auth/device.py", "from errors import _tree", id="a private name of another part"),
        pytest.param("auth/device.py", "import _settings_values", id="a private module at the top level"),
    ],
)
def test_a_forbidden_import_is_caught(path: str, text: str) -> None:
    (fault,) = import_faults(Source(path, text))
    assert fault.startswith(f"{path}:")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("emulator/graph/mail.py", "from . import users\nfrom ..tenant import Tenant", id="relative"),
        pytest.param("emulator/graph/mail.py", "import graphlib, httpx\nfrom starlette.graph import x", id="others'"),
        pytest.param("graph/client.py", "from graph._pool import Pool", id="a private module of its own"),
        pytest.param("settings.py", "from _settings_values import seconds", id="its own private piece"),
        pytest.param("server.py", "import emulator, tools, web.app", id="the composition root"),
        pytest.param("tests/test_server.py", "import server\nfrom tools import _services", id="tests"),
    ],
)
def test_an_allowed_import_is_let_through(path: str, text: str) -> None:
    assert import_faults(Source(path, text)) == []


@pytest.mark.parametrize(
    ("lines", "faults"),
    [pytest.param(60, 1, id="only the share of long ones"), pytest.param(61, 2, id="too long as well")],
)
def test_a_long_function_is_caught(lines: int, faults: int) -> None:
    body = "\n".join(f"    x = {number}" for number in range(lines - 1))
    found = length_faults([Source("graph/client.py", f"def f():\n{body}\n")])
    assert len(found) == faults
    assert all("graph/client.py:1 f" in fault for fault in found)


def test_a_docstring_does_not_make_a_function_long() -> None:
    text = 'def f():\n    """One.\n' + "\n" * 80 + '    """\n    return 1\n'
    assert length_faults([Source("graph/client.py", text)]) == []


def test_a_long_module_is_caught() -> None:
    (fault,) = length_faults([Source("graph/client.py", "x = 1\n" * 401)])
    assert fault.startswith("graph/client.py has 401 lines")


def test_deep_nesting_is_caught_where_it_starts() -> None:
    deep = "for a in b:\n with c:\n  try:\n   while d:\n    if e:\n     pass\n  finally:\n   pass\n"
    (fault,) = nesting_faults(Source("graph/client.py", deep))
    assert fault.startswith("graph/client.py:4 ")


def test_elif_and_inner_functions_do_not_nest() -> None:
    chain = "if a:\n pass\nelif b:\n pass\nelif c:\n pass\nelif d:\n pass\nelif e:\n pass\n"
    inner = "def f():\n for a in b:\n  if a:\n   def g():\n    for c in d:\n     if c:\n      pass\n"
    assert nesting_faults(Source("graph/client.py", chain + inner)) == []


@pytest.mark.parametrize(
    ("path", "text", "faults"),
    [
        pytest.param("tools/mail.py", "print('x')", 1, id="print"),
        pytest.param("graph/client.py", "import sys\nsys.stdout.write('x')", 1, id="writing to it"),
        pytest.param("tools/mail.py", "import sys\nsys.stderr.write('x')", 0, id="standard error is free"),
        pytest.param("commands/login.py", "import sys\nsys.stdout.write('x')", 0, id="a command owns its output"),
        pytest.param("scripts/lock", "print('x')", 0, id="a script"),
    ],
)
def test_writing_to_standard_output_is_caught(path: str, text: str, faults: int) -> None:
    assert len(stdout_faults(Source(path, text))) == faults


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        pytest.param("https://" + "pypi" + ".org/project/x", 1, id="a registry"),
        pytest.param("see /" + "home/someone/notes", 1, id="a home folder"),
        pytest.param(f"built in {ROOT}", 1, id="this checkout"),
        pytest.param("/users/{id}/messages and ~/.mcp_token_cache.json", 0, id="paths of Graph and of any home"),
        pytest.param("/home/you/graphward", 0, id="a placeholder"),
    ],
)
def test_a_trace_of_one_machine_is_caught(text: str, faults: int) -> None:
    assert bool(machine_faults("README.md", text)) == bool(faults)


def test_a_stray_file_at_the_top_level_is_caught() -> None:
    names = ["graph/client.py", "_settings_values.py", "helpers.py", "misc/x.py"]
    assert stray_names(names) == ["helpers.py", "misc"]


def test_what_a_package_owes_its_list_is_seen() -> None:
    text = "import graph\nfrom graph.wire import path\nfrom graph import Client as C\n\ngraph.connect(graph.Auth)\n"
    assert taken_names("graph", Source("server.py", text)) == {"wire", "Client", "connect", "Auth"}
    assert defined_names("from os import path\nclass A: ...\ndef b(): ...\ndef _c(): ...\n") == {"A", "b"}


def test_the_walk_without_git_finds_the_same_python_files(files: list[str]) -> None:
    python = {name for name in files if name.endswith(".py")}
    assert python <= set(walked_files())
