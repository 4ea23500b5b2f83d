"""Request bodies made sendable: placeholders get typed values, and what a body refers to is seeded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from emulator.odata.types import Collection, Enum, PropertyType, Structured
from emulator.schema import schema
from emulator.typical import derived_of, typical
from scripts._fidelity.rules import Notes
from scripts._fidelity.shapes import PLACEHOLDER, property_type

# Properties that hold ids of other things, and where such things live. `{}` is the id.
HOMES = {
    "groupids": "groups/{}",
    "groupid": "groups/{}",
    "userid": "users/{}",
    "onbehalfofuserid": "users/{}",
    "principalid": "users/{}",
    "resourceid": "servicePrincipals/{}",
    "clientid": "servicePrincipals/{}",
    "appid": "applications(appId='{}')",
    "roletemplateid": "directoryRoleTemplates/{}",
    "roleid": "directoryRoles/{}",
    "ids": "users/{}",
    "administrativeunitid": "directory/administrativeUnits/{}",
}
# The same within the mailbox or drive that the request is about.
NEAR_HOMES = {
    "parentfolderid": "mailFolders/{}",
    "destinationid": "mailFolders/{}",
    "movetofolder": "mailFolders/{}",
    "copytofolder": "mailFolders/{}",
}
_URLS = frozenset({"notificationurl", "lifecyclenotificationurl"})
RECEIVER = "https://receiver.example.org/notifications"
_FORMER = re.compile(r"#?Microsoft\.(?:OutlookServices|Exchange|DirectoryServices)\.\w+$")
_LINK = re.compile(r"https?://[^/]+/(?:v1\.0|beta)/(?P<path>.+)")


class Body:
    """One request body on its way: what was changed in it, and which paths it needs."""

    def __init__(self, owner: str, domain: str, notes: Notes) -> None:
        self._owner = owner
        self._domain = domain
        self._notes = notes
        self.needs: list[str] = []
        self.folders: list[str] = []

    def bound(self, value: Any, kind: PropertyType | None, name: str = "") -> Any:  # noqa: ANN401 - JSON values
        """A value with its placeholders replaced."""
        if isinstance(value, Mapping):
            return self._object(value, kind if isinstance(kind, Structured) else None)
        if isinstance(value, list):
            item = kind.item if isinstance(kind, Collection) else None
            return [self.bound(one, item, name) for one in value]
        if isinstance(value, str):
            return self._text(value, kind, name)
        return value

    def arguments(self, value: Mapping[str, Any], takes: Mapping[str, PropertyType]) -> dict[str, Any]:
        """The parameters of an action."""
        spelled = {name.lower(): kind for name, kind in takes.items()}
        given = self._placed(value)
        return {name: self.bound(item, spelled.get(name.lower()), name) for name, item in given.items()}

    def _object(self, value: Mapping[str, Any], kind: Structured | None) -> dict[str, Any]:
        renamed = {name: _today(item) if name == "@odata.type" else item for name, item in value.items()}
        found = schema().find_kind(str(renamed.get("@odata.type") or "").removeprefix("#")) or kind
        sent = self._placed({name: item for name, item in renamed.items() if self._is_declared(name, found)})
        return {name: self._member(name, item, found) for name, item in sent.items()}

    def _placed(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        parent = value.get("parentReference")
        return {**value, "parentReference": self._folder(parent)} if isinstance(parent, Mapping) else value

    def _folder(self, reference: Mapping[str, Any]) -> dict[str, Any]:
        """The folder that something is moved or copied to; it lies in the drive that the request is about."""
        drive = self._owner if self._owner.lower().startswith("drive") else f"{self._owner}/drive"
        if reference.get("id"):
            self.folders.append(f"{drive}/items/{reference['id']}")
        elif ":" in str(reference.get("path", "")):
            self.folders.append(f"{drive}/root:{str(reference['path']).rpartition(':')[2].rstrip('/')}:")
        return {name: value for name, value in reference.items() if name != "driveId"}

    def _is_declared(self, name: str, kind: Structured | None) -> bool:
        if kind is None or kind.is_open or "@" in name or property_type(kind, name) is not None:
            return True
        if any(name in derived.properties for derived in derived_of(kind)):
            return True
        self._notes.note("gone-from-metadata")
        return False

    def _member(self, name: str, item: Any, kind: Structured | None) -> Any:  # noqa: ANN401 - JSON values
        if name.endswith(("@odata.bind", "@odata.id")):
            links = item if isinstance(item, list) else [item]
            bound = [self._link(str(link)) for link in links]
            return bound if isinstance(item, list) else bound[0]
        if "@" in name or name == "parentReference":
            return item
        return self.bound(item, property_type(kind, name), name)

    def _link(self, link: str) -> str:
        found = _LINK.match(link)
        path = (found["path"] if found else urlsplit(link).path.lstrip("/")).replace("directoryObjects/", "users/", 1)
        self.needs.append(path)
        return link if found else f"https://graph.microsoft.com/v1.0/{path}"

    def _text(self, value: str, kind: PropertyType | None, name: str) -> Any:  # noqa: ANN401 - JSON values
        lowered = name.lower()
        if lowered in _URLS:
            return RECEIVER
        if value.lower().endswith(f"@{self._domain.lower()}") and lowered != "userprincipalname":
            self.needs.append(f"users/{value}")
            return value
        if lowered == "userprincipalname" and "@" in value:
            return f"{value.partition('@')[0]}@{self._domain}"
        if kind == "Edm.Guid" and PLACEHOLDER.fullmatch(value):
            value = str(typical(kind, name))
        home = HOMES.get(lowered) or (f"{self._owner}/{NEAR_HOMES[lowered]}" if lowered in NEAR_HOMES else None)
        if home is not None and value and (lowered != "parentfolderid" or not PLACEHOLDER.fullmatch(value)):
            # The owner may be a placeholder, in braces, too.
            self.needs.append(home.replace("{}", value))
            return value
        if kind is None or (not PLACEHOLDER.fullmatch(value) and readable(value, kind)):
            return value
        return typical(kind, name)


def _today(name: Any) -> Any:  # noqa: ANN401 - JSON values
    """A type's name of today for that of the service which Graph grew out of."""
    if not isinstance(name, str) or not _FORMER.match(name):
        return name
    short = name.rpartition(".")[2]
    return f"#microsoft.graph.{short[:1].lower()}{short[1:]}"


def renamed(value: Any, others: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON values
    """A body with other ids, where things got them; as values and at the end of links."""
    if isinstance(value, Mapping):
        return {name: renamed(item, others) for name, item in value.items()}
    if isinstance(value, list):
        return [renamed(item, others) for item in value]
    if not isinstance(value, str):
        return value
    start, slash, end = value.rpartition("/")
    return f"{start}{slash}{others.get(end, end)}"


def readable(value: str, kind: PropertyType) -> bool:
    """Whether a text is a value of the type; documentation has `datetime-value` and misspelt members."""
    if isinstance(kind, Enum):
        return all(kind.find(part.strip()) for part in value.split(","))
    if kind == "Edm.DateTimeOffset":
        return _parses(lambda text: datetime.fromisoformat(text[:10]), value)
    if kind == "Edm.Guid":
        return _parses(UUID, value)
    if kind == "Edm.Boolean":
        return value.lower() in {"true", "false"}
    return isinstance(kind, str) and (kind in _TEXTUAL or not kind.startswith("Edm."))


_TEXTUAL = frozenset(
    {"Edm.String", "Edm.Binary", "Edm.Date", "Edm.TimeOfDay", "Edm.Duration", "Edm.Untyped", "Edm.Decimal"}
)


def _parses(read: Any, text: str) -> bool:  # noqa: ANN401 - a parser that raises ValueError
    try:
        read(text)
    except ValueError:
        return False
    return True
