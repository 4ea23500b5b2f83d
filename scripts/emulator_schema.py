"""Write the emulator's types: the part of Graph's CSDL that its workloads reach, as a compact JSON file.

    python scripts/emulator_schema.py metadata-v1.0.csdl[.gz] [types.json]

A workload that comes later adds its roots here, or takes its navigations off the list of what is left out.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree  # nosec B405 - of a file of our own

TARGET = Path(__file__).parent.parent / "emulator" / "schema" / "types.json"
_EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
_GRAPH = "microsoft.graph"

ROOTS = (
    "applications", "contacts", "contracts", "devices", "directory", "directoryObjects", "directoryRoleTemplates",
    "directoryRoles", "domains", "drive", "drives", "groupLifecyclePolicies", "groupSettingTemplates", "groupSettings",
    "groups", "invitations", "me", "oauth2PermissionGrants", "organization", "permissionGrants", "places",
    "servicePrincipals", "shares", "sites", "subscribedSkus", "subscriptions", "users",
)  # fmt: skip

# Navigations into workloads that come with their own tools.
LATER: Mapping[str, frozenset[str]] = {
    "application": frozenset({"synchronization", "connectorGroup", "onPremisesPublishing"}),
    "device": frozenset(),
    "directory": frozenset({"publicKeyInfrastructure", "recommendations"}),
    "drive": frozenset({"list"}),
    "driveItem": frozenset({"workbook", "listItem"}),
    "group": frozenset({"onenote", "planner", "sites", "team"}),
    "servicePrincipal": frozenset({"synchronization"}),
    "sharedDriveItem": frozenset({"list", "listItem"}),
    "site": frozenset(
        {"analytics", "columns", "contentModels", "contentTypes", "documentProcessingJobs", "externalColumns", "items",
         "lists", "onenote", "operations", "pages", "permissions", "recycleBin", "termStore", "termStores"}
    ),
    "user": frozenset(
        {"adhocCalls", "agreementAcceptances", "chats", "cloudPCs", "dataSecurityAndGovernance",
         "deviceManagementTroubleshootingEvents", "joinedTeams", "managedAppRegistrations", "managedDevices",
         "onenote", "onlineMeetings", "planner", "solutions", "teamwork", "todo"}
    ),
}  # fmt: skip


def main(arguments: list[str]) -> int:
    """Write the file; the first argument is the CSDL."""
    if len(arguments) not in (1, 2):
        sys.stderr.write(__doc__ or "")
        return 2
    source = Path(arguments[0])
    raw = source.read_bytes()
    text = gzip.decompress(raw) if source.suffix == ".gz" else raw
    target = Path(arguments[1]) if len(arguments) > 1 else TARGET
    target.write_text(rendered(extract(ElementTree.fromstring(text))), encoding="utf-8")  # noqa: S314  # nosec B314
    return 0


def extract(document: ElementTree.Element) -> dict[str, Any]:
    """The reachable types of a CSDL document."""
    every = _Document(document)
    return every.reachable(every.roots(ROOTS))


def rendered(found: Mapping[str, Any]) -> str:
    """The file's text: one type to a line."""
    parts = []
    for section, entries in found.items():
        lines = [f"{json.dumps(name)}:{json.dumps(entries[name], separators=(',', ':'))}" for name in sorted(entries)]
        parts.append(f"{json.dumps(section)}:{{\n" + ",\n".join(lines) + "\n}")
    return "{" + ",\n".join(parts) + "}\n"


class _Document:
    """A CSDL document, with names in full: `graph.user` is `microsoft.graph.user`."""

    def __init__(self, document: ElementTree.Element) -> None:
        self.enums: dict[str, Any] = {}
        self.types: dict[str, Any] = {}
        self.operations: list[dict[str, Any]] = []
        self.sets: dict[str, list[Any]] = {}
        schemas = list(document.iter(f"{_EDM}Schema"))
        aliases = {schema.get("Alias", ""): schema.get("Namespace", "") for schema in schemas if schema.get("Alias")}
        for schema in schemas:
            namespace = schema.get("Namespace", "")
            # "self" is an alias that each namespace has to itself.
            self._aliases = aliases | {schema.get("Alias", ""): namespace}
            self._read(schema, namespace)

    def roots(self, names: Iterable[str]) -> dict[str, list[Any]]:
        return {name: self.sets[name] for name in sorted(names)}

    def reachable(self, roots: Mapping[str, list[Any]]) -> dict[str, Any]:
        """Everything the roots lead to, with the operations bound to it."""
        derived: dict[str, list[str]] = {}
        for name, kind in self.types.items():
            derived.setdefault(kind.get("base", ""), []).append(name)
        seen: set[str] = set()
        waiting = [target for _, target in roots.values()]
        operations: list[dict[str, Any]] = []
        while waiting:
            name = _item(waiting.pop())
            if name in seen or name.startswith("Edm."):
                continue
            seen.add(name)
            kind = self.types.get(name, {})
            waiting += [kind.get("base", "Edm.None"), *kind.get("props", {}).values()]
            waiting += [target for target, _ in kind.get("navs", {}).values()]
            # A base of everything would drag everything in.
            waiting += [] if name in {f"{_GRAPH}.entity", ""} else derived.get(name, [])
            bound = [operation for operation in self.operations if _item(operation["on"]) == name]
            operations += bound
            for operation in bound:
                waiting += [*operation.get("takes", {}).values(), operation.get("gives", "Edm.None")]
        return {
            "roots": dict(roots),
            "enums": {name: kind for name, kind in self.enums.items() if name in seen},
            "types": {name: kind for name, kind in self.types.items() if name in seen},
            "operations": _grouped(operations),
        }

    def _read(self, schema: ElementTree.Element, namespace: str) -> None:
        for element in schema:
            tag = element.tag.removeprefix(_EDM)
            name = f"{namespace}.{element.get('Name')}"
            if tag == "EnumType":
                members = [member.get("Name") for member in element.iter(f"{_EDM}Member")]
                self.enums[name] = {"members": members} | ({"flags": 1} if element.get("IsFlags") == "true" else {})
            elif tag in {"EntityType", "ComplexType"}:
                self.types[name] = self._type(element, namespace)
            elif tag in {"Action", "Function"} and element.get("IsBound") == "true":
                self.operations.append(self._operation(element))
            elif tag == "EntityContainer":
                for item in element:
                    many = item.tag == f"{_EDM}EntitySet"
                    target = self._full(item.get("EntityType") or item.get("Type") or "Edm.None")
                    self.sets[item.get("Name", "")] = [int(many), target]

    def _type(self, element: ElementTree.Element, namespace: str) -> dict[str, Any]:
        kind: dict[str, Any] = {"entity": 1} if element.tag == f"{_EDM}EntityType" else {}
        if element.get("BaseType"):
            kind["base"] = self._full(element.get("BaseType", ""))
        for attribute, key in (("OpenType", "open"), ("Abstract", "abstract"), ("HasStream", "stream")):
            if element.get(attribute) == "true":
                kind[key] = 1
        left_out = LATER.get(element.get("Name", ""), frozenset()) if namespace == _GRAPH else frozenset()
        properties = {item.get("Name"): self._full(item.get("Type", "")) for item in element.iter(f"{_EDM}Property")}
        navigations = {
            item.get("Name"): [self._full(item.get("Type", "")), int(item.get("ContainsTarget") == "true")]
            for item in element.iter(f"{_EDM}NavigationProperty")
            if item.get("Name") not in left_out
        }
        return kind | ({"props": properties} if properties else {}) | ({"navs": navigations} if navigations else {})

    def _operation(self, element: ElementTree.Element) -> dict[str, Any]:
        first, *rest = element.iter(f"{_EDM}Parameter")
        operation: dict[str, Any] = {"name": element.get("Name"), "on": self._full(first.get("Type", ""))}
        if element.tag == f"{_EDM}Action":
            operation["action"] = 1
        if rest:
            operation["takes"] = {item.get("Name"): self._full(item.get("Type", "")) for item in rest}
        returned = element.find(f"{_EDM}ReturnType")
        if returned is not None:
            operation["gives"] = self._full(returned.get("Type", ""))
        return operation

    def _full(self, name: str) -> str:
        if name.startswith("Collection("):
            return f"Collection({self._full(_item(name))})"
        space, _, last = name.rpartition(".")
        return f"{self._aliases.get(space, space)}.{last}"


def _grouped(operations: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The operations by what they are bound to; overloads stay apart."""
    found: dict[str, list[dict[str, Any]]] = {}
    for operation in operations:
        rest = {key: value for key, value in operation.items() if key != "on"}
        if rest not in found.setdefault(operation["on"], []):
            found[operation["on"]].append(rest)
    return found


def _item(name: str) -> str:
    return name[len("Collection(") : -1] if name.startswith("Collection(") else name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
