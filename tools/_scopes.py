"""Whether the permissions a token holds are enough for a tool, which declares the least that it needs.

Microsoft names a permission after what it is about, what may be done and whose it is
(`Mail.ReadWrite.Shared`), and a token may hold a higher one than the least. This is read
out of the names, as far as they tell it; the tables have what they do not tell. A wrong
yes costs a refusal by Graph, which names the permission; a wrong no hides a tool. So where
Microsoft accepts a permission for most of an area, it counts.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

# What each verb includes of the lesser ones; what is said to people (Send) is no part of ReadWrite.
_READING = frozenset({"readbasic", "read"})
_WRITING = _READING | {
    *("readwritebasic", "readwritenonownerrole", "readwrite", "create", "write", "edit", "delete"),
    *("deleterestore", "invite", "revokesessions", "submit"),
}
_INCLUDED = {
    "read": _READING,
    "readwritebasic": frozenset({"readbasic"}),
    "readwrite": _WRITING,
    "manage": _WRITING,
    "fullcontrol": _WRITING | {"manage"},
}

# Families whose permission of the same verb is good for this one too.
_READ_WITHIN = {
    "administrativeunit": ("directory",),
    "application": ("directory",),
    "authenticationcontext": ("policy",),
    "channel": ("channelsettings", "group", "directory"),
    "channelmessage": ("group",),
    "chatmember": ("chat",),
    "chatmessage": ("chat",),
    "device": ("directory",),
    "domain": ("directory",),
    "files": ("sites",),
    "group": ("directory",),
    "groupmember": ("group", "directory"),
    "groupsettings": ("directory",),
    "licenseassignment": ("directory",),
    "orgcontact": ("directory",),
    "rolemanagement": ("directory",),
    "roleassignmentschedule": ("rolemanagement",),
    "roleeligibilityschedule": ("rolemanagement",),
    "rolemanagementpolicy": ("rolemanagement",),
    "team": ("teamsettings", "group", "directory"),
    "teamstab": ("group", "directory"),
    "user": ("directory",),
    "userauthmethod": ("userauthenticationmethod",),
}
_WRITE_WITHIN = {
    "channel": ("group", "directory"),
    "files": ("sites",),
    "group": ("directory",),
    "groupmember": ("group", "directory"),
    "groupsettings": ("directory",),
    "roleassignmentschedule": ("rolemanagement",),
    "roleeligibilityschedule": ("rolemanagement",),
    "team": ("group", "directory"),
    "teamsettings": ("group", "directory"),
    "teamstab": ("group", "directory"),
    "user": ("directory",),
    "userauthmethod": ("userauthenticationmethod",),
}

# What no rule finds: the needed, and what else is good for it.
_ALSO = {
    "calendars.readbasic.all": ("calendars.readbasic", "calendars.read", "calendars.readwrite"),
    "chatmessage.send": ("chat.readwrite",),
    "mail.readbasic.all": ("mail.readbasic", "mail.read", "mail.readwrite"),
    "profilephoto.read.all": ("user.read.all", "user.readwrite.all", "group.read.all", "group.readwrite.all"),
}

# Passwords, addresses and telephones of users: no part of what `User.ReadWrite.All` may change.
_APART = "user-"

# "The directory as the signed-in person may": as much as the widest permission for it.
_SAME_AS = {"directory.accessasuser.all": "directory.readwrite.all"}

# An administrator opens single sites to the app, and says how far for each: only Graph knows.
_SELECTED = "sites.selected"
_INCOMPARABLE = frozenset({_SELECTED, *_SAME_AS})
_SELECTED_FOR = frozenset({"sites.read.all", "sites.readwrite.all", "files.read.all", "files.readwrite.all"})


def satisfied(needed: Collection[str], granted: Collection[str]) -> bool:
    """Whether each of the needed permissions is among the granted ones, or within one of them."""
    return not missing(needed, granted)


def missing(needed: Collection[str], granted: Collection[str], *, strictly: bool = False) -> list[str]:
    """Those of the needed permissions that nothing granted includes, as they were written.

    `strictly` is for choosing what to ask for: of two that cannot be compared, as chosen sites and all sites, the
    one does not include the other then.
    """
    held = [_bare(each) for each in granted]
    covers = _covers_strictly if strictly else _covers
    return [each for each in needed if not any(covers(one, _bare(each)) for one in held)]


def _bare(permission: str) -> str:
    """Without the resource that a token request puts before it, `https://graph.microsoft.com/Mail.Read`."""
    return permission.strip().rpartition("/")[2].lower()


@lru_cache(maxsize=4096)
def _covers(granted: str, needed: str) -> bool:
    granted = _SAME_AS.get(granted, granted)
    if granted == needed or granted in _ALSO.get(needed, ()):
        return True
    if granted == _SELECTED:
        return needed in _SELECTED_FOR
    family, verb, whose = _parts(needed)
    in_family, may, of_whom = _parts(granted)
    is_verb_enough = verb == may or verb in _INCLUDED.get(may, ())
    return is_verb_enough and _is_about(in_family, family, verb) and _is_reach_enough(of_whom, whose)


def _covers_strictly(granted: str, needed: str) -> bool:
    return granted == needed or (granted not in _INCOMPARABLE and _covers(granted, needed))


def _parts(permission: str) -> tuple[str, str, str]:
    """What it is about, what may be done, and whose: `mail`, `read`, `shared`."""
    family, _, rest = permission.partition(".")
    verb, _, whose = rest.partition(".")
    return family, verb, whose


def _is_about(granted: str, needed: str, verb: str) -> bool:
    stem = needed if needed.startswith(_APART) else needed.partition("-")[0]
    within = _READ_WITHIN if verb in _READING else _WRITE_WITHIN
    return granted in (needed, stem, *within.get(stem, ()))


def _is_reach_enough(granted: str, needed: str) -> bool:
    """Everybody's includes anybody's; what is shared with a person comes with what is theirs."""
    return granted in (needed, "all") or (granted == "shared" and not needed)
