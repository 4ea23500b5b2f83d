"""How one operation may be addressed: its key, its other addresses, and what lies above it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

_ARGUMENTS = re.compile(r"\([^)]*\)")
# A file by its path, a file below an item, and what belongs to the root, which is an item too.
_BY_PATH = re.compile(r"/(?:root|items/\{\}):/\{\}:?(?=/|$)|(?<=/drive)/root(?=/)|(?<=/drives/\{\})/root(?=/)")
# A path that is long on purpose must not have addresses without end.
_ENOUGH = 64

# Both sides name the same thing. The order counts: what is said first is tried first.
_REWRITES = (
    # Deleted things are read with what reads them alive.
    (r"^/directory/deleteditems/microsoft\.graph\.(\w+)", r"/\1s"),
    # The changes of all objects, and all of them, are read with what reads any of them.
    (r"^/directoryobjects(?:/delta)?$", "/directoryobjects/{}"),
    # An action or function by its full name, then a cast that narrows a type.
    (r"/microsoft\.graph\.([^/]+)$", r"/\1"),
    (r"/microsoft\.graph\.[^/]+", ""),
    (r"/\$(?:count|value|ref)$", ""),
    # Every file lives in a drive, whoever owns it; before me and users, whose rows on files are for people only.
    (r"^/shares/\{\}/(?:driveitem|root|items/\{\})(?=/|$)", "/drives/{}/items/{}"),
    (r"^(?:/me|/users/\{\}|/groups/\{\}|/sites/\{\})?/drive(?=/|$)", "/drives/{}"),
    (r"^(?:/me|/users/\{\}|/groups/\{\}|/sites/\{\})/drives/\{\}", "/drives/{}"),
    (r"^/drives/\{\}/(?:root|special/\{\}|bundles/\{\}|following/\{\})(?=/|$)", "/drives/{}/items/{}"),
    (r"/items/\{\}(?:/children/\{\})+", "/items/{}"),
    # Folders and calendars hold what the mailbox holds.
    (r"(/(?:mail|contact)folders/\{\})(?:/childfolders/\{\})+", r"\1"),
    (r"/mailfolders/\{\}/messages(?=/|$)", "/messages"),
    (r"/contactfolders/\{\}/contacts(?=/|$)", "/contacts"),
    (r"/calendargroups/\{\}/calendars(?=/|$)", "/calendars"),
    (r"/(?:calendars/\{\}|calendar)/(events|calendarview)(?=/|$)", r"/\1"),
    (r"/calendars/\{\}(?=/|$)", "/calendar"),
    (r"/calendarview/\{\}", "/events/{}"),
    (r"/events/\{\}(?:/(?:instances|exceptionoccurrences)/\{\})+", "/events/{}"),
    (r"/conversations/\{\}/threads(?=/|$)", "/threads"),
    # A caller is a user too.
    (r"^/me(?=/|$)", "/users/{}"),
    (r"^/users/\{\}(?=/|$)", "/me"),
)


def key_of(template: str) -> str:
    """The template as it is looked up: without case, arguments, paths of files and the short form of the namespace."""
    plain = _ARGUMENTS.sub("", template).rstrip("/").lower()
    return _BY_PATH.sub("/items/{}", plain).replace("/graph.", "/microsoft.graph.")


def addresses_of(key: str) -> Iterator[str]:
    """The key, then every other address of the same thing, the nearest first."""
    found = [key]
    for known in found:
        yield known
        if len(found) < _ENOUGH:
            rewritten = (pattern.sub(replacement, known) for pattern, replacement in _rewrites())
            found += [address for address in dict.fromkeys(rewritten) if address and address not in found]


@cache
def _rewrites() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), replacement) for pattern, replacement in _REWRITES)


def above(key: str) -> Iterator[str]:
    """What the key lies in, the innermost first, up to the root."""
    parent = key.rpartition("/")[0]
    while parent:
        yield parent
        parent = parent.rpartition("/")[0]
