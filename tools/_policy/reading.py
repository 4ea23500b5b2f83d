"""The policy file: TOML, read once at the start. A policy with a mistake in it is no policy, so nothing starts."""

from __future__ import annotations

import logging
import os
import re
import tomllib
from collections.abc import Collection, Mapping
from datetime import UTC, time, tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from errors import SettingsError
from principal import Access
from tools._domains import matches, pattern_of
from tools._policy.judging import Policy
from tools._policy.quiet import DAYS, MIDNIGHT, Quiet
from tools._policy.tables import Table, ended, meant, shown
from tools._policy.verdicts import Verdict

log = logging.getLogger(__name__)

_LONGEST_FILE = 256 * 1024
_MOST_RECIPIENTS = 10_000
_MOST_AN_HOUR = 100_000

_KEYS = {
    "recipients": ("allow", "deny", "outside", "most"),
    "caps": ("send_per_hour", "destroy_per_hour", "write_per_hour"),
    "quiet": ("hours", "days", "zone", "then", "classes"),
    "tools": ("always_approved", "never_approved", "always_asked"),
}
_FINDERS = ("tool_find", "tool_describe", "tool_call")
_OF_LIST = dict(zip(_KEYS["tools"], (Verdict.ALLOW, Verdict.REFUSE, Verdict.ASK), strict=True))
_GUARDED = {each.value: each for each in (Access.WRITE, Access.SEND, Access.DESTROY)}
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)", re.ASCII)


def read_policy(path: Path, tools: Mapping[str, Access]) -> Policy:
    """The policy in this file; SettingsError names every mistake at once. `tools` are all there are, by name."""
    try:
        content = _content_of(path)
    except ValueError as error:
        raise SettingsError(f"{path}: {error}") from None
    problems: list[str] = []
    tables = {name: Table(name, _section(content, name, problems), problems) for name in _KEYS}
    _note_strangers(content, problems)
    for name, table in tables.items():
        table.only(_KEYS[name])
    recipients = tables["recipients"]
    allow, deny = _patterns(recipients, "allow"), _patterns(recipients, "deny")
    _note_denied(recipients, allow, deny)
    policy = Policy(
        allow=allow if "allow" in recipients else None,
        deny=deny,
        outside=Verdict(recipients.word("outside", ("ask", "refuse", "allow")) or Verdict.OPEN),
        most=recipients.number("most", 1, _MOST_RECIPIENTS),
        caps=_caps(tables["caps"]),
        quiet=_quiet(tables["quiet"]) if isinstance(content.get("quiet"), dict) else None,
        tools=_of_tools(tables["tools"], tools),
    )
    if problems:
        raise SettingsError(*(f"{path}: {problem}" for problem in problems))
    return policy


def _content_of(path: Path) -> dict[str, Any]:
    text = _text_of(path)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("is nested too deeply. Keep to sections with keys.") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"is not TOML: {shown(str(error))}. Correct that place; texts stand in quotes.") from None
    except ValueError:  # a number of thousands of digits, a day that no month has
        raise ValueError("is not TOML: it has a number or a date that cannot be. Correct it.") from None


def _text_of(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():  # to open a pipe would wait for whoever fills it
            raise ValueError("is not a file. Name the TOML file with the policy.")
        with path.open("rb") as file:
            content = file.read(_LONGEST_FILE + 1)
            mode = os.fstat(file.fileno()).st_mode
    except FileNotFoundError:
        raise ValueError("no such file. Create it, or correct --approve-policy.") from None
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror}). Correct the path or its permissions.") from None
    if len(content) > _LONGEST_FILE:
        raise ValueError("is larger than 256 KiB. Name the right file.")
    if os.name == "posix" and mode & 0o022:
        log.warning("other users may change the approval policy; chmod go-w it", extra={"file": str(path)})
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"is not UTF-8 text (line {line}). Save it as UTF-8.") from None


def _section(content: Mapping[str, Any], name: str, problems: list[str]) -> Mapping[str, Any]:
    section = content.get(name, {})
    if isinstance(section, dict):
        return section
    problems.append(f"{name} is a section. Write [{name}] on a line of its own, once, and its keys below.")
    return {}


def _note_strangers(content: Mapping[str, Any], problems: list[str]) -> None:
    for name in content:
        home = next((section for section, keys in _KEYS.items() if name in keys), None)
        if home:
            problems.append(f"{name} stands outside its section. Move it below a line [{home}].")
        elif name not in _KEYS:
            problems.append(ended(f"[{shown(name)}] is not a section. {meant(name, _KEYS)}"))


def _patterns(table: Table, key: str) -> tuple[str, ...]:
    patterns = []
    for text in table.texts(key, '"contoso.com"'):
        try:
            patterns.append(pattern_of(text))
        except ValueError as error:
            table.wrong(key, f"has {shown(text)!r}, which {error}")
    return tuple(dict.fromkeys(patterns))


def _note_denied(table: Table, allow: Collection[str], deny: Collection[str]) -> None:
    """An entry that can never have an effect was not meant so."""
    for each in allow:
        rule = next((rule for rule in deny if each == rule or matches(each.removeprefix("*"), rule)), None)
        if rule:
            table.wrong("allow", f"has {each!r}, which deny refuses as {rule!r}. Take it out of one of them")


def _caps(table: Table) -> Mapping[Access, int]:
    limits = {access: table.number(f"{word}_per_hour", 0, _MOST_AN_HOUR) for word, access in _GUARDED.items()}
    return MappingProxyType({access: limit for access, limit in limits.items() if limit is not None})


def _of_tools(table: Table, tools: Mapping[str, Access]) -> Mapping[str, Verdict]:
    verdicts: dict[str, Verdict] = {}
    lists: dict[str, str] = {}
    for key, verdict in _OF_LIST.items():
        for tool in dict.fromkeys(table.texts(key, '"mail_send_message"')):
            if mistake := _mistake_of(tool, verdict, tools):
                table.wrong(key, f"has {mistake}")
            elif tool in lists:
                table.wrong(key, f"has {tool}, and so has {lists[tool]}. Leave it in one of them")
            else:
                verdicts[tool], lists[tool] = verdict, key
    return MappingProxyType(verdicts)


def _mistake_of(tool: str, verdict: Verdict, tools: Mapping[str, Access]) -> str:
    """Why this tool cannot stand in the list with this verdict, and what to do; "" where it can."""
    if tool in _FINDERS:
        return f"{tool}, which only leads to other tools. Name those: a rule on them also holds for calls through it"
    if tool not in tools:
        return f"{shown(tool)!r}, which is no tool. {meant(tool, tools)}"
    if tools[tool] is Access.READ and verdict is not Verdict.REFUSE:
        return f"{tool}, which only reads, and nobody is asked about that. Take it out; never_approved can forbid it"
    return ""


def _quiet(table: Table) -> Quiet | None:
    if "hours" not in table and table.is_empty("days"):
        table.wrong("hours", 'is missing, and no days are named. Write hours = "22:00-06:00", or take [quiet] out')
    hours = _hours(table)
    days = table.words("days", DAYS)
    zone = _zone(table)
    then = table.word("then", ("refuse", "ask"))
    classes = table.words("classes", _GUARDED)
    if "classes" in table and not classes:
        table.wrong(
            "classes", 'names nothing to keep quiet about. Write classes = ["send", "destroy"], or leave it out'
        )
    return Quiet(
        zone=zone,
        start=hours[0] if hours else None,
        end=hours[1] if hours else MIDNIGHT,
        days=frozenset(map(DAYS.index, days)),
        then=Verdict(then or Verdict.REFUSE),
        classes=frozenset(_GUARDED[word] for word in classes or ("send", "destroy")),
    )


def _hours(table: Table) -> tuple[time, time] | None:
    text = table.text("hours", "22:00-06:00")
    if text is None:
        return None
    found = _HOURS.fullmatch(text.replace(" ", ""))
    if not found:
        table.wrong("hours", f'cannot be {shown(text)!r}. Write two times of day, as in "22:00-06:00"')
        return None
    start, end = time(int(found[1]), int(found[2])), time(int(found[3] or 0), int(found[4] or 0))
    if start == end and found[3]:
        table.wrong("hours", f"begins and ends at {start:%H:%M}. Write when quiet begins and when it ends")
        return None
    return start, end


def _zone(table: Table) -> tzinfo:
    name = table.text("zone", "Europe/Berlin")
    try:
        return UTC if name is None else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        remedy = meant(str(name), available_timezones())
        table.wrong("zone", f'cannot be {shown(str(name))!r}: zones have names such as "Europe/Berlin". {remedy}')
        return UTC
