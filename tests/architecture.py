"""The rules on the shape of the code, as functions from source text to faults; test_architecture.py applies them.

The table says which part may import which; changing it is a decision, not a repair.
"""

from __future__ import annotations

import ast
import functools
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("auth", "commands", "emulator", "graph", "storage", "tools", "web")
MODULES = ("clouds", "errors", "logging_config", "network", "principal", "server", "settings")
FOLDERS = ("benchmarks", "scripts", "tests")
PARTS = frozenset((*PACKAGES, *MODULES, *FOLDERS))

MAY_IMPORT: dict[str, frozenset[str]] = {
    "server": PARTS,
    "errors": frozenset(),
    "logging_config": frozenset(),
    "principal": frozenset(),
    "clouds": frozenset(),
    "settings": frozenset({"errors", "clouds"}),
    "network": frozenset({"errors", "settings"}),
    "storage": frozenset({"errors", "settings"}),
    "auth": frozenset({"errors", "settings", "storage", "principal", "clouds", "network"}),
    "graph": frozenset({"errors"}),
    "tools": frozenset({"graph", "storage", "errors", "principal"}),
    "web": frozenset({"errors", "settings", "storage", "auth", "principal"}),
    "commands": PARTS - {"server", "emulator", "tests"},
    "scripts": PARTS - {"tests"},
    "emulator": frozenset(),
    "tests": PARTS,
    "benchmarks": PARTS - {"tests"},
}

TOP_LEVEL = frozenset(
    {
        *PACKAGES,
        *FOLDERS,
        *(f"{name}.py" for name in MODULES),
        *("deploy", "docs", "Makefile", "pyproject.toml", "requirements.txt", "requirements-dev.txt"),
        *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "SECURITY.md"),
        *(".ci", ".github", ".gitignore", ".dockerignore", ".gitattributes", ".editorconfig", ".env.example"),
    }
)

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 60
LONG_FUNCTION_LINES = 40
LONG_FUNCTIONS_PERCENT = 4
MAX_NESTING = 3
# These own the command line; everywhere else standard output is the JSON-RPC stream.
MAY_WRITE_STDOUT = frozenset({"server", "commands", "scripts", "tests", "benchmarks"})
THE_STDIO_TRANSPORT = "web/stdio.py"
MAY_PRINT = frozenset({"scripts", "tests", "benchmarks"})

Blocks = ast.If | ast.For | ast.AsyncFor | ast.While | ast.Try | ast.TryStar | ast.With | ast.AsyncWith | ast.Match
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One Python file of ours."""

    path: str
    text: str

    @functools.cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def part(self) -> str:
        return part_of(Path(self.path).parts[0].removesuffix(".py"))

    def walk(self) -> Iterator[ast.AST]:
        return ast.walk(self.tree)

    def functions(self) -> Iterator[Function]:
        return (node for node in self.walk() if isinstance(node, Function))


def part_of(name: str) -> str:
    """A top-level module `_settings_values` is a private piece of `settings`."""
    return next((part for part in MODULES if name.startswith(f"_{part}_")), name)


# What the repository holds.


def repository_files() -> list[str]:
    """Every file that is or could be committed, as paths from the root."""
    git = shutil.which("git")
    if git:
        command = [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return sorted(name for name in done.stdout.split("\0") if name and (ROOT / name).is_file())
    return sorted(walked_files())


def walked_files() -> Iterator[str]:
    """The same without git: all but what only a working copy has."""
    ignored = {
        ".git",
        ".venv",
        ".venv-clients",
        "node_modules",
        "__pycache__",
        ".mypy_cache",
        ".ruff_cache",
        ".hypothesis",
    }
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in ignored]
        yield from (Path(folder, name).relative_to(ROOT).as_posix() for name in names)


# The rules, each as a function from sources to faults.


def imported_names(source: Source) -> Iterator[tuple[int, str]]:
    """Every name that a file imports, dotted and absolute, wherever in the file the import stands."""
    for node in source.walk():
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(names=names):
                base = absolute_base(source.path, node)
                yield from ((node.lineno, f"{base}.{alias.name}".lstrip(".")) for alias in names)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield node.lineno, name


def absolute_base(path: str, node: ast.ImportFrom) -> str:
    package = Path(path).parent.parts
    above = package[: len(package) - (node.level - 1)] if node.level else ()
    return ".".join((*above, *filter(None, [node.module])))


def import_faults(source: Source) -> list[str]:
    """Arrows that are not in the table, and reaches past an underscore."""
    faults = []
    for line, name in imported_names(source):
        first, *rest = name.split(".")
        target = part_of(first)
        if target not in PARTS or target == source.part:
            continue
        where = f"{source.path}:{line}"
        if target not in MAY_IMPORT.get(source.part, frozenset()):
            faults.append(
                f"{where} imports {name}, but {source.part} may not import {target}. "
                "Declare a protocol here and let server.py pass in what fits it."
            )
        elif source.part != "tests" and any(is_private(word) for word in (first, *rest)):
            faults.append(f"{where} imports {name}, which is private to {target}. Use what {target} lists in __all__.")
    return faults


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def code_lines(function: Function) -> int:
    """Lines of a function without its decorators and docstring."""
    total = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is None:
        return total
    return total - ((first.end_lineno or first.lineno) - first.lineno + 1)


def length_faults(sources: Sequence[Source]) -> list[str]:
    """Modules and functions that are too long, and too many functions that nearly are."""
    faults = []
    lengths: list[tuple[int, str]] = []
    for source in sources:
        lines = len(source.text.splitlines())
        if lines > MAX_MODULE_LINES:
            faults.append(f"{source.path} has {lines} lines, {MAX_MODULE_LINES} are allowed. Split it by subject.")
        lengths += [(code_lines(found), f"{source.path}:{found.lineno} {found.name}") for found in source.functions()]
    faults += [
        f"{where} has {lines} lines, {MAX_FUNCTION_LINES} are allowed. Give its steps names of their own."
        for lines, where in lengths
        if lines > MAX_FUNCTION_LINES
    ]
    long = [f"{where} ({lines})" for lines, where in lengths if lines > LONG_FUNCTION_LINES]
    if len(long) * 100 > LONG_FUNCTIONS_PERCENT * len(lengths):
        faults.append(
            f"{len(long)} of {len(lengths)} functions have more than {LONG_FUNCTION_LINES} lines, "
            f"{LONG_FUNCTIONS_PERCENT} in 100 are allowed. Shorten some of: {', '.join(long)}"
        )
    return faults


def nesting_faults(source: Source) -> list[str]:
    return [
        f"{source.path}:{line} is {depth} blocks deep, {MAX_NESTING} are allowed. Return early, or name the inner part."
        for line, depth in nested_blocks(source.tree, 0)
        if depth == MAX_NESTING + 1
    ]


def nested_blocks(node: ast.AST, depth: int) -> Iterator[tuple[int, int]]:
    """Each block with its depth; a function starts anew, and `elif` stands beside its `if`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.ClassDef):
            yield from nested_blocks(child, 0)
        elif isinstance(child, Blocks):
            beside = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
            yield child.lineno, depth + (not beside)
            yield from nested_blocks(child, depth + (not beside))
        else:
            yield from nested_blocks(child, depth)


def stdout_faults(source: Source) -> list[str]:
    """Writes to standard output that would break the stdio protocol."""
    faults = []
    for node in source.walk():
        match node:
            case ast.Call(func=ast.Name(id="print")) if source.part not in MAY_PRINT:
                faults.append(f"{source.path}:{node.lineno} prints. Log it: standard output carries JSON-RPC.")
            case ast.Attribute(value=ast.Name(id="sys"), attr="stdout" | "__stdout__") if (
                source.part not in MAY_WRITE_STDOUT and source.path != THE_STDIO_TRANSPORT
            ):
                faults.append(f"{source.path}:{node.lineno} touches sys.stdout, which carries JSON-RPC. Use stderr.")
    return faults


def machine_patterns() -> list[re.Pattern[str]]:
    """What a file must not say about the machine it was made on; written so that this file passes."""
    own = [str(path) for path in (ROOT, Path.home()) if len(path.parts) > 2]
    hosts = r"(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|yarnpkg\.com|artifact[o]ry|/simple/[a-z])"
    homes = r"(?<![\w.~])/(?:home|Users)/(?!you|me\b|user|your)[a-z][\w.-]*/|[A-Z]:\\Users\\(?!you|me\b|%)\w"
    places = r"(?<![\w.~])/(?:root|tmp/[a-z])/\w|(?<![\w.~])/opt/(?:pypi|wheels)"
    return [re.compile(pattern) for pattern in (hosts, homes, places, *(rf"{re.escape(path)}\b" for path in own))]


def machine_faults(path: str, text: str) -> list[str]:
    return [
        f"{path}:{number} names a package registry or a path of one machine: {found[0]!r}. Write it without."
        for number, line in enumerate(text.splitlines(), 1)
        for pattern in machine_patterns()
        if (found := pattern.search(line))
    ]


def stray_names(files: Sequence[str]) -> list[str]:
    """What lies at the top level and has no place in the design."""
    first = {Path(name).parts[0] for name in files}
    return sorted(name for name in first - TOP_LEVEL if part_of(name.removesuffix(".py")) not in MODULES)


def defined_names(text: str) -> set[str]:
    """Public functions and classes that a package's __init__ defines."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in ast.parse(text).body if isinstance(node, kinds) and not node.name.startswith("_")}


def taken_names(package: str, source: Source) -> set[str]:
    """What a file uses of a package: `from graph import x`, and `graph.x` after `import graph`."""
    names = [name for _, name in imported_names(source)]
    taken = {name.split(".")[1] for name in names if name.startswith(f"{package}.")}
    if package in names:
        for node in source.walk():
            match node:
                case ast.Attribute(value=ast.Name(id=base), attr=attribute) if base == package:
                    taken.add(attribute)
    return taken
