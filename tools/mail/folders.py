"""Folders by the names that people and Outlook give them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from errors import ToolInputError
from graph import GraphClient, Limits
from graph.wire import path_segment
from tools._explained import close_to
from tools._untrusted import one_line

# What Graph calls them in every language.
_NAMES = """
archive clutter conflicts conversationhistory deleteditems drafts inbox junkemail localfailures msgfolderroot
outbox recoverableitemsdeletions scheduled searchfolders sentitems serverfailures syncissues
"""
WELL_KNOWN = frozenset(_NAMES.split())

_AS_PEOPLE_SAY = {
    "sent": "sentitems",
    "sent items": "sentitems",
    "sent mail": "sentitems",
    "deleted": "deleteditems",
    "deleted items": "deleteditems",
    "bin": "deleteditems",
    "trash": "deleteditems",
    "draft": "drafts",
    "junk": "junkemail",
    "junk email": "junkemail",
    "junk mail": "junkemail",
    "spam": "junkemail",
}
_USUAL = ("inbox", "sentitems", "drafts", "archive", "deleteditems", "junkemail")

# All that lies there is by the owner, so whom it went to is what tells one from another.
OWN = frozenset({"sentitems", "drafts", "outbox"})

_LONGEST_NAME = 100
_MOST_FOLDERS = 500
_MOST_PARENTS = 20
_MOST_TOLD = 20


@dataclass(frozen=True)
class _Folder:
    """A folder of the person's own; `path` is the name that people know it by."""

    id: str
    path: str
    name: str
    children: int

    def is_called(self, said: str) -> bool:
        return _folded(said) in {_folded(self.name), _folded(self.path), _folded(_shown(self.name))}


def well_known(folder: str) -> str:
    """The name that Graph knows a folder by; an empty text where it is one of the person's own."""
    said = " ".join(folder.casefold().split())
    said = _AS_PEOPLE_SAY.get(said, said)
    return said if said in WELL_KNOWN else ""


async def folder_path(graph: GraphClient, folder: str) -> str:
    """The path of a folder that is given by a well-known name, an id, or the name that it is shown under."""
    known = well_known(folder)
    if known or len(folder) > _LONGEST_NAME:
        return f"{graph.user}/mailFolders/{path_segment(known or folder)}"
    return f"{graph.user}/mailFolders/{path_segment((await _found(graph, folder)).id)}"


async def _found(graph: GraphClient, said: str) -> _Folder:
    """By name, first among the folders that stand at the top, then among those right below them."""
    top = await _in(graph, f"{graph.user}/mailFolders", "")
    if meant := _called(said, top):
        return meant
    parents = [each for each in top if each.children][:_MOST_PARENTS]
    lists = await asyncio.gather(*(_below(graph, each) for each in parents))
    below = [each for one in lists for each in one]
    if meant := _called(said, below):
        return meant
    every = [each.path for each in (*top, *below)]
    raise ToolInputError(
        f"There is no folder {one_line(said, 60)!r} here.{close_to(said, [*_USUAL, *every])} "
        f"It can be {', '.join(_USUAL)}, or one of: {_told(every)}."
    )


def _called(said: str, folders: list[_Folder]) -> _Folder | None:
    """The one that is meant; two of one name are for the caller to tell apart."""
    named = [each for each in folders if said == each.id or each.is_called(said)]
    if len(named) > 1:
        paths = [each.path for each in named]
        raise ToolInputError(
            f"{one_line(said, 60)!r} can be one of {len(named)} folders: {_told(paths)}. "
            + ("Name one of these." if len(set(map(_folded, paths))) == len(paths) else "A person has to rename one.")
        )
    return named[0] if named else None


async def _below(graph: GraphClient, parent: _Folder) -> list[_Folder]:
    return await _in(graph, f"{graph.user}/mailFolders/{path_segment(parent.id)}/childFolders", f"{parent.path}/")


async def _in(graph: GraphClient, path: str, above: str) -> list[_Folder]:
    pages = graph.pages(
        path, select="id,displayName,childFolderCount", query={"$top": 100}, limits=Limits(items=_MOST_FOLDERS)
    )
    return [_folder(item, above) async for item in pages]


def _folder(item: dict[str, Any], above: str) -> _Folder:
    name, children = item.get("displayName"), item.get("childFolderCount")
    name = name if isinstance(name, str) else ""
    return _Folder(
        str(item.get("id", "")), f"{above}{_shown(name)}", name, children if isinstance(children, int) else 0
    )


def _shown(name: str) -> str:
    return one_line(name, _LONGEST_NAME)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _told(paths: list[str]) -> str:
    more = f" and {len(paths) - _MOST_TOLD} more" if len(paths) > _MOST_TOLD else ""
    return f"{', '.join(paths[:_MOST_TOLD])}{more}"
