"""Which of the limits of Teams a call meets: one for each kind of request, and one for the team or channel."""

from __future__ import annotations

from graph.calls import Call
from graph.throttle.costs import Weights, plain, word

_LISTS = frozenset({"allchannels", "channels", "incomingchannels", "members"})


def weigh_teams(call: Call, words: list[str], whose: str | None) -> tuple[Weights, str]:
    """The rows that a call meets, and its team or channel.

    A refusal is taken to be about that team or channel, if it names one: it has the limit that is met first.
    """
    names = [name.lower() for name in words]
    place = _place(names, whose)
    row = _read_row(names) if call.is_read else _write_row(call.method, names)
    if not place:
        return ((row, 1),), ""
    if row == "teams.post":
        return (("teams.place", 1), (row, 1), ("teams.posts", 1)), place
    return (("teams.place", 1), (row, 1)), place


def _read_row(names: list[str]) -> str:
    last = word(names[-1])
    if last == "getallmessages":
        return "teams.export"
    if "messages" in names:
        return "teams.messages"
    if last in _LISTS:
        return "teams.list"
    return "teams.read" if _is_of_team(names) else "teams.other"


def _write_row(method: str, names: list[str]) -> str:
    last = word(names[-1])
    if method == "DELETE":
        return "teams.delete"
    if last == "sendactivitynotification":
        return "teams.notify"
    if last == "clone" or (method == "PUT" and last == "team"):
        return "teams.clone"
    if names == ["teams"]:
        return "teams.create"
    if "messages" in names:
        return "teams.post" if "channels" in names else "teams.chat"
    return "teams.write"


def _is_of_team(names: list[str]) -> bool:
    return names[0] == "teams" or "joinedteams" in names or names[2:3] == ["team"]


def _place(names: list[str], whose: str | None) -> str:
    """The id of the channel that a path names, else of the team, else nothing."""
    for before in ("channels", "teams", "joinedteams"):
        if before in names[:-1] and word(key := names[names.index(before) + 1]) != "getallmessages":
            return plain(key)
    return whose or "" if names[2:3] == ["team"] else ""
