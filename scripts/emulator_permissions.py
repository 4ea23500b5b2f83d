"""Write the emulator's permissions: which of them open which operation of v1.0, as a compact JSON file.

    python scripts/emulator_permissions.py FOLDER

The folder holds operations.jsonl.gz (an operation to a line: method, path, and as any_d, any_p, any_a the sets that
people at work, people at home and apps choose one from, as also_d, also_a what they must hold as well, as perm_src
where that was found) and permission_sets.json (the sets). A workload that comes later adds its root here.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "emulator" / "permissions" / "table.json"

ROOTS = (
    "applications", "contacts", "contracts", "devices", "directory", "directoryObjects", "directoryRoleTemplates",
    "directoryRoles", "domains", "drive", "drives", "groupLifecyclePolicies", "groupSettingTemplates",
    "groupSettings", "groups", "invitations", "me", "oauth2PermissionGrants", "organization", "permissionGrants",
    "places", "servicePrincipals", "shares", "sites", "subscribedSkus", "subscriptions", "users",
)  # fmt: skip

_SERVED = frozenset(name.lower() for name in ROOTS)

# Below a site, only what leads to files.
OF_A_SITE = ("drive", "drives")

# What the source had to guess, for want of the operation in Microsoft's list: from the page that documents it.
_GUESSED = frozenset({"same-doc", "doc-table-2023"})

# Pages on several things, with a table for each: a guess from there is about another thing.
SHARED_PAGES = frozenset(
    {"attachment-createuploadsession", "chatmessage-delta", "directory-deleteditems-list",
     "directory-deleteditems-restore", "event-delta", "opentypeextension-post-opentypeextension", "profilephoto-get",
     "profilephoto-update"}
)  # fmt: skip

_KINDS = ("any_d", "any_p", "any_a", "also_d", "also_a")
_KEY = re.compile(r"\{[^}]*\}")
_BY_PATH = re.compile(r"/root:/\{\}:?(?=/|$)")
_BELOW_BY_PATH = re.compile(r"/\{\}:/\{\}:?(?=/|$)")
_BELOW_THE_ROOT = re.compile(r"(/drives?(?:/\{\})?)/root(?=/)")
_CALLED = re.compile(r"(?P<name>[A-Za-z][\w.]*)\((?P<arguments>.*)\)")
_BY_OTHER_KEY = re.compile(r"\w+=.+")
_SURELY_NAME = re.compile(r"(?:microsoft\.)?graph\.\w+|\$[a-z]+|[a-z]+[A-Z][A-Za-z]*")
_PERHAPS_NAME = re.compile(r"[a-z]+")
_READING = re.compile(r"\.Read(?=\.|$)")

Operation = Mapping[str, Any]
_Place = tuple[str, str]
_Row = tuple[frozenset[str], ...]


def main(arguments: list[str], target: Path = TARGET) -> int:
    """Write the file; the argument is the folder."""
    if len(arguments) != 1:
        sys.stderr.write(__doc__ or "")
        return 2
    target.write_text(written_from(Path(arguments[0])), encoding="utf-8", newline="\n")
    return 0


def written_from(folder: Path) -> str:
    """The file's text, from the folder with the source."""
    with gzip.open(folder / "operations.jsonl.gz", "rt", encoding="utf-8") as lines:
        operations = [json.loads(line) for line in lines]
    return rendered(extract(operations, json.loads((folder / "permission_sets.json").read_text("utf-8"))))


def extract(operations: Sequence[Operation], sets: Sequence[Sequence[str]]) -> dict[str, Any]:
    """The table: operations point at their needs, these at sets of names."""
    rows = _merged(operations, sets)
    every = sorted({tuple(sorted(found)) for row in rows.values() for found in row})
    number = {frozenset(names): index for index, names in enumerate(every)}
    numbered = {place: tuple(number[found] for found in row) for place, row in rows.items()}
    needs = sorted(set(numbered.values()))
    paths: dict[str, dict[str, int]] = {}
    for template, method in sorted(rows):
        paths.setdefault(template, {})[method] = needs.index(numbered[template, method])
    return {"sets": every, "needs": needs, "operations": paths}


def rendered(found: Mapping[str, Any]) -> str:
    """The file's text: one path, one set to a line."""
    paths = [f"{json.dumps(path)}:{_packed(methods)}" for path, methods in found["operations"].items()]
    sections = (
        f'"sets":[\n{_lines(_packed(names) for names in found["sets"])}\n]',
        f'"needs":[\n{_lines(_packed(need) for need in found["needs"])}\n]',
        f'"operations":{{\n{_lines(paths)}\n}}',
    )
    return "{" + ",\n".join(sections) + "}\n"


def _lines(items: Iterable[str]) -> str:
    return ",\n".join(items)


def _packed(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _merged(operations: Sequence[Operation], sets: Sequence[Sequence[str]]) -> dict[_Place, _Row]:
    """The rows by template and method; what several spellings of one operation accept is all accepted."""
    names = _Names(operation["path"] for operation in operations if "src" not in operation)
    spellings: dict[str, str] = {}
    rows: dict[_Place, _Row] = {}
    for operation in sorted(filter(_says_enough, operations), key=_is_guessed):
        template = names.template(operation["path"])
        if not template or not _served(template):
            continue
        key = template.lower().replace("()", "")
        # Docs leave out the parentheses of some functions.
        spellings[key] = max(spellings.get(key, ""), template, key=len)
        place = (key, operation["method"])
        if place in rows and _is_guessed(operation):
            continue
        needs = _needs(operation, sets)
        rows[place] = tuple(one | other for one, other in zip(rows.get(place, needs), needs, strict=True))
    return {(spellings[key], method): row for (key, method), row in rows.items()}


def _says_enough(operation: Operation) -> bool:
    has_permissions = any(kind in operation for kind in _KINDS[:3])
    return has_permissions and not (_is_guessed(operation) and operation.get("doc") in SHARED_PAGES)


def _is_guessed(operation: Operation) -> bool:
    return operation.get("perm_src") in _GUESSED


def _needs(operation: Operation, sets: Sequence[Sequence[str]]) -> _Row:
    accepted = [frozenset(sets[operation[kind]]) if kind in operation else frozenset[str]() for kind in _KINDS[:3]]
    if operation["method"] == "GET":
        accepted = [names | _writing(names, sets) for names in accepted]
    return (*accepted, *(_held_as_well(operation.get(kind, ())) for kind in _KINDS[3:]))


def _writing(names: frozenset[str], sets: Sequence[Sequence[str]]) -> set[str]:
    """The permissions to write what these let read: Graph takes them too, though its tables often leave them out."""
    known = {name for listed in sets for name in listed}
    return {_READING.sub(".ReadWrite", name, count=1) for name in names} & known


def _held_as_well(names: Sequence[str]) -> frozenset[str]:
    """The data lists both halves of a pair; where one of them writes, it is the one that nothing stands in for."""
    return frozenset(name for name in names if ".ReadWrite" in name) or frozenset(names)


def _served(template: str) -> bool:
    root, *rest = template.lower().split("/")[1:]
    if root == "sites":
        return rest in ([], ["{}"]) or (rest[:1] == ["{}"] and rest[1] in OF_A_SITE)
    return root in _SERVED


class _Names:
    """What the client library's own paths know: how names are spelt, and which of them have keys."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._spellings: dict[str, str] = {}
        self._collections: set[str] = set()
        for path in paths:
            segments = _segments(path)
            for segment, following in zip(segments, [*segments[1:], ""], strict=True):
                self._learn(segment, following)

    def template(self, path: str) -> str:
        """The path with `{}` for every key, or nothing where it cannot be told what is a key."""
        found: list[str] = []
        for segment in _segments(path):
            read = self._read(segment, found[-1] if found else "")
            if not read:
                return ""
            found += read
        return "/" + "/".join(found)

    def _learn(self, segment: str, following: str) -> None:
        called = _CALLED.fullmatch(segment)
        name = called["name"] if called else segment
        if following == "{}":
            self._collections.add(name.lower())
        if name != "{}" and (not called or name.lower() not in self._spellings):
            self._spellings[name.lower()] = _full(f"{name}()" if called else name)

    def _read(self, segment: str, before: str) -> list[str]:
        called = _CALLED.fullmatch(segment)
        name = called["name"] if called else segment
        if called and called["arguments"] and name.lower() in self._collections:
            return [self._spellings[name.lower()], "{}"]
        if called:
            return [f"{self._spellings.get(name.lower(), name).removesuffix('()')}()"]
        if segment == "{}" or _BY_OTHER_KEY.fullmatch(segment):
            return ["{}"]
        return self._word(segment, before)

    def _word(self, segment: str, before: str) -> list[str]:
        """A name that is known or looks like one; after a collection, a word is somebody's key."""
        if segment.lower() in self._spellings:
            return [self._spellings[segment.lower()]]
        if _SURELY_NAME.fullmatch(segment):
            return [_full(segment)]
        if before.lower() in self._collections:
            return ["{}"]
        return [segment] if _PERHAPS_NAME.fullmatch(segment) else []


def _segments(path: str) -> list[str]:
    """The path's parts, with files that are named by their path as if they were named by their key."""
    plain = _BY_PATH.sub("/items/{}", _KEY.sub("{}", path.partition("?")[0]).rstrip("/"))
    return _BELOW_THE_ROOT.sub(r"\1/items/{}", _BELOW_BY_PATH.sub("/{}", plain)).split("/")[1:]


def _full(name: str) -> str:
    return f"microsoft.{name}" if name.startswith("graph.") else name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
