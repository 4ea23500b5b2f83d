"""Mail folders: the tree, what is counted in them, and how they are made, renamed, moved and taken away."""

from __future__ import annotations

from dataclasses import replace

from emulator.faults import MailboxDenied
from emulator.graph.engine.arguments import arguments
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import NO_CONTENT, Answer, Call
from emulator.graph.engine.deltas import DeltaRules, delta
from emulator.graph.engine.query import names_for, type_named
from emulator.graph.engine.resolving import entered
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import Shown
from emulator.graph.engine.writing import shown_entity
from emulator.graph.mail.access import opened
from emulator.graph.mail.errors import (
    DistinguishedFolder,
    EmptyId,
    FolderExists,
    InvalidArgument,
    MovedDistinguishedFolder,
)
from emulator.graph.mail.state import Folder, FolderMessages, Mailbox, missing_item
from emulator.graph.mail.workload import PAGE, mail, me
from emulator.odata import ODataError, compiled, parsed_filter
from emulator.schema import schema
from emulator.store import Entity, Items, Slice

_SEARCH = "microsoft.graph.mailSearchFolder"
_DELTA = DeltaRules(days=30, page_size=10, gone=lambda _, removed: {
    "@odata.type": "#microsoft.graph.mailFolder", "id": removed.entity.id, "@removed": {"reason": removed.reason},
})  # fmt: skip

DEFAULT = (
    "id", "displayName", "parentFolderId", "childFolderCount", "unreadItemCount", "totalItemCount", "isHidden",
)  # fmt: skip
folder = mail.type("mailFolder", default=DEFAULT, page=PAGE)
mail.type(
    "mailSearchFolder", default=(*DEFAULT, "isSupported", "includeNestedFolders", "sourceFolderIds", "filterQuery")
)


class Subfolders(Slice):
    """The folders right below one, found by well-known names too."""

    def __init__(self, mailbox: Mailbox, parent: Folder, *, shows_hidden: bool) -> None:
        self.mailbox = mailbox
        self.parent = parent
        super().__init__(mailbox.folder_items, lambda one: _is_below(one, parent.id, shows_hidden=shows_hidden))


@me.navigation("mailFolders")
def top_level(call: Call, owner: Entity) -> Subfolders:
    """The folders at the top; all others are found here by their ids."""
    mailbox = opened(call, owner).mailbox
    return Subfolders(mailbox, mailbox.root, shows_hidden=_shows_hidden(call))


@folder.navigation("childFolders")
def children(call: Call, owner: Entity) -> Subfolders:
    """The folders one step below."""
    assert isinstance(owner, Folder)  # noqa: S101 - what mailboxes hold
    return Subfolders(owner.mailbox, owner, shows_hidden=_shows_hidden(call))


@folder.navigation("messages")
def messages(call: Call, owner: Entity) -> FolderMessages | list[Entity]:
    """What lies in a folder; in a search folder, what its filter finds."""
    assert isinstance(owner, Folder)  # noqa: S101 - what mailboxes hold
    if not opened(call, owner.mailbox.owner).shows(owner):
        raise MailboxDenied
    return found_by(call, owner) if owner.kind.name == _SEARCH else FolderMessages(owner.mailbox, owner.id)


@folder.hook("find")
def find(call: Call, target: Target, key: str) -> Entity | None:
    """By id or well-known name, wherever in the tree the path starts."""
    members = target.members
    if not isinstance(members, Subfolders):
        return None
    found = members.mailbox.find_folder(key)
    if found is None or (members.parent is not members.mailbox.root and found not in _below(members.parent)):
        return None
    if not opened(call, members.mailbox.owner).shows(found):
        raise MailboxDenied
    return found


@folder.hook("order")
def by_name(entities: list[Entity], _: Target) -> list[Entity]:
    """As Outlook lists them."""
    return sorted(entities, key=lambda entity: str(entity["displayName"]))


@folder.hook("create")
def create(_: Call, target: Target, values: Values) -> Entity:
    """A folder below the one that the path names."""
    members = target.members
    assert isinstance(members, Subfolders)  # noqa: S101 - what the navigations lead to
    name = str(values.get("displayName") or "").strip()
    if not name:
        raise InvalidArgument("The folder must have a display name.", code="ErrorInvalidArgument")
    check_name(members.mailbox, members.parent.id, name)
    check_search(values)
    details = {}
    if values.kind.name == _SEARCH:
        details = {"isSupported": True, "includeNestedFolders": False, "sourceFolderIds": []}
        details |= {key: value for key, value in values.items() if key in _SEARCHED}
    return members.mailbox.add_folder(
        name, members.parent.id, is_hidden=bool(values.get("isHidden")), kind=values.kind, **details
    )


_SEARCHED = ("includeNestedFolders", "sourceFolderIds", "filterQuery")


@folder.hook("update")
def update(_: Call, entity: Entity, values: Values) -> None:
    """Another name; another search."""
    assert isinstance(entity, Folder)  # noqa: S101 - what mailboxes hold
    check_search(values)
    given = {name: values[name] for name in ("displayName", *_SEARCHED) if name in values}
    name = given.get("displayName")
    if name is not None and name != entity.display_name:
        check_name(entity.mailbox, entity.parent_id, name)
    entity.update(given)


@folder.hook("delete")
def delete(_: Call, entity: Entity, __: Target) -> None:
    """With all folders inside; the messages can still be recovered."""
    assert isinstance(entity, Folder)  # noqa: S101 - what mailboxes hold
    if entity.well_known is not None:
        raise DistinguishedFolder
    mailbox = entity.mailbox
    for place in (entity, *_below(entity)):
        for one in mailbox.in_folder(place.id):
            mailbox.move(one, "recoverableitemsdeletions")
    mailbox.remove_folder(entity)


@folder.operation("permanentDelete")
def permanent_delete(_: Call, target: Target) -> Answer:
    """For good, at once."""
    thing = _folder(target)
    if thing.well_known is not None:
        raise DistinguishedFolder
    thing.mailbox.remove_folder(thing)
    return NO_CONTENT


@folder.operation("move")
def move(call: Call, target: Target) -> Answer:
    """Below another folder, with all that is in it."""
    thing = _folder(target)
    if thing.well_known is not None:
        raise MovedDistinguishedFolder
    goal = _goal(call, target, thing)
    check_name(thing.mailbox, goal.id, thing.display_name)
    thing.update({"parentFolderId": goal.id})
    return shown_entity(target.rules.service, call, target, status=201)


@folder.operation("copy")
def copy(call: Call, target: Target) -> Answer:
    """A second one, with copies of all that is in it."""
    thing = _folder(target)
    goal = _goal(call, target, thing)
    check_name(thing.mailbox, goal.id, thing.display_name)
    copied = _copied(thing.mailbox, thing, goal)
    return shown_entity(target.rules.service, call, entered(target, copied), status=201)


@folder.collection_operation("delta")
def changes(call: Call, target: Target) -> Answer:
    """What happened to any folder of the mailbox."""
    members = target.members
    assert isinstance(members, Subfolders)  # noqa: S101 - what the navigations lead to
    everything = AllFolders(members.mailbox.folder_items, shows_hidden=_shows_hidden(call))
    return delta(target.rules.service, call, replace(target, members=everything), _DELTA)


class AllFolders(Slice):
    """Every folder of a mailbox, however deep."""

    def __init__(self, items: Items, *, shows_hidden: bool) -> None:
        super().__init__(items, lambda one: shows_hidden or not one.get("isHidden"))


@folder.computed("childFolderCount")
def child_count(shown: Shown) -> int:
    """How many folders lie right below."""
    thing = shown.entity
    return len(thing.mailbox.children(thing.id)) if isinstance(thing, Folder) else 0


@folder.computed("unreadItemCount")
def unread(shown: Shown) -> int:
    """How many messages wait to be read."""
    return sum(not one.get("isRead") for one in _content(shown))


@folder.computed("totalItemCount")
def total(shown: Shown) -> int:
    """How many messages lie right in the folder."""
    return len(list(_content(shown)))


def folder_of(mailbox: Mailbox, key: str) -> Folder:
    """The folder that a caller names, or what Exchange says when there is none."""
    found = mailbox.find_folder(key)
    if found is None:
        raise missing_item(key)
    return found


def check_name(mailbox: Mailbox, parent_id: str, name: str) -> None:
    """No two folders of one name lie side by side."""
    if any(other.display_name.lower() == name.lower() for other in mailbox.children(parent_id)):
        raise FolderExists(name)


def check_search(values: Values) -> None:
    """Refuse a filter that finds nothing because it cannot be read."""
    text = values.get("filterQuery")
    with mail.dialect.reading_filter():
        if text:
            parsed_filter(text, schema().kind("message"), names_for(mail.dialect))


def found_by(call: Call, search: Folder) -> list[Entity]:
    """What a search folder shows now: messages of its source folders that pass its filter."""
    mailbox = search.mailbox
    sources = [found for key in search.get("sourceFolderIds") if (found := mailbox.find_folder(key))]
    if search.get("includeNestedFolders"):
        sources += [deeper for source in tuple(sources) for deeper in _below(source)]
    kind = schema().kind("message")
    try:
        node = parsed_filter(search.get("filterQuery") or "isRead ne null", kind, names_for(mail.dialect))
    except ODataError:
        return []
    keep = compiled(node, types=type_named, now=call.now)
    ids = {source.id: source for source in sources}
    return [one for key in ids for one in mailbox.in_folder(key) if keep(one)]


def _content(shown: Shown) -> list[Entity]:
    thing = shown.entity
    if not isinstance(thing, Folder):
        return []
    if thing.kind.name == _SEARCH:
        return found_by(shown.view.call, thing)
    return list(thing.mailbox.in_folder(thing.id))


def _shows_hidden(call: Call) -> bool:
    return (call.plain("includeHiddenFolders") or "").lower() == "true"


def _is_below(one: Entity, parent_id: str, *, shows_hidden: bool) -> bool:
    return bool(one.get("parentFolderId") == parent_id) and (shows_hidden or not one.get("isHidden"))


def _below(parent: Folder) -> list[Folder]:
    found: list[Folder] = []
    for child in parent.mailbox.children(parent.id):
        found += [child, *_below(child)]
    return found


def _goal(call: Call, target: Target, thing: Folder) -> Folder:
    given = arguments(call, target)
    key = str(given.get("DestinationId") or given.get("destinationId") or "")
    if not key:
        raise EmptyId
    goal = folder_of(thing.mailbox, key)
    if goal is thing or goal in _below(thing):
        raise InvalidArgument("The folder cannot be moved or copied below itself.", code="ErrorMoveCopyFailed")
    return goal


def _folder(target: Target) -> Folder:
    thing = target.thing
    assert isinstance(thing, Folder)  # noqa: S101 - what mailboxes hold
    return thing


def _copied(mailbox: Mailbox, thing: Folder, goal: Folder) -> Folder:
    inside = mailbox.children(thing.id)
    copied = mailbox.add_folder(thing.display_name, goal.id, is_hidden=thing.is_hidden, kind=thing.kind)
    for one in mailbox.in_folder(thing.id):
        mailbox.add(mailbox.copy(one, copied.id))
    for child in inside:
        _copied(mailbox, child, copied)
    return copied
