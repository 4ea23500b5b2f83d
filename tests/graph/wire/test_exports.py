"""graph/wire/__init__.py: what the other parts of graph/ and the tools may take from it."""

from __future__ import annotations

import ast
from pathlib import Path

from graph import wire


def test_the_list_of_names_is_what_the_package_takes_in() -> None:
    tree = ast.parse(Path(str(wire.__file__)).read_text("utf-8"))
    taken = {alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert set(wire.__all__) == taken - {"annotations"}
    assert len(set(wire.__all__)) == len(wire.__all__)
