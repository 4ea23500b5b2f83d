"""keys create, keys list, keys revoke: keys with which daemons call over HTTP. Servers that run need no restart."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from auth.inbound.key_file import KeyWriter, keys_path, read_keys_once
from auth.inbound.key_form import hash_of, id_in, new_key
from auth.inbound.key_records import KeyRecord
from commands._output import Output, as_json, printable, table
from commands._own import CommandOptions
from errors import SettingsError, StorageError
from settings import Settings

_SOON = "A running server hears of it within seconds; no restart is needed."
_LESS: tuple[dict[str, str], ...] = (
    {},
    {"ENTRA_ENABLE_AUTH": "false"},
    {"ENTRA_ENABLE_AUTH": "false", "TRANSPORT": "stdio"},
)


@dataclass(frozen=True)
class Desk:
    """What the three commands work with; `toolsets` are those of the catalogue."""

    path: Path
    output: Output
    toolsets: Collection[str]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


class _Refused(Exception):
    """What was asked for cannot be done; the text says what to do instead."""


def keys(command: str, wanted: CommandOptions, desk: Desk) -> int:
    """The exit status: 1 where the file cannot be used, 2 where what was asked for cannot be done."""
    try:
        if command == "keys create":
            _create(wanted, desk)
        elif command == "keys list":
            _list(desk, json_wanted=wanted.as_json)
        else:
            _revoke(wanted.key, desk)
    except StorageError as error:
        desk.output.tell(str(error))
        return 1
    except _Refused as error:
        desk.output.tell(str(error))
        return 2
    return 0


def where_keys_are(read: Callable[[Mapping[str, str]], Settings]) -> Path:
    """The file of keys, whatever else is missing from the settings; SettingsError where they cannot be told at all.

    `read` lays what it is given over all other settings.
    """
    problems: tuple[str, ...] = ()
    for overlay in _LESS:
        try:
            return keys_path(read({"DEMO": "false", **overlay}))
        except SettingsError as error:
            problems = error.problems
    raise SettingsError(*problems)


def _create(wanted: CommandOptions, desk: Desk) -> None:
    unknown = sorted(set(wanted.toolsets) - set(desk.toolsets))
    if unknown:
        raise _Refused(f"There is no toolset {printable(unknown[0])}. There are: {', '.join(sorted(desk.toolsets))}.")
    key, record = _made(wanted, desk.now())
    with KeyWriter(desk.path, warn=desk.output.tell).changing() as records:
        _refuse_second(wanted.name, records)
        records.append(record)
    desk.output.show(key)
    for line in _told(record, desk.path):
        desk.output.tell(line)


def _made(wanted: CommandOptions, now: datetime) -> tuple[str, KeyRecord]:
    key, key_id = new_key()
    created = now.replace(microsecond=0)
    return key, KeyRecord(
        id=key_id,
        name=wanted.name,
        sha256=hash_of(key),
        created=created,
        expires=created + timedelta(days=wanted.days) if wanted.days else None,
        level="full" if wanted.access == "full" else "read",
        toolsets=wanted.toolsets or None,
        mailboxes=wanted.mailboxes or None,
        sites=wanted.sites or None,
        rate=wanted.rate or None,
        calls=wanted.calls or None,
    )


def _refuse_second(name: str, records: Sequence[KeyRecord]) -> None:
    same = next((each for each in records if each.revoked is None and each.name.casefold() == name.casefold()), None)
    if same is not None:
        raise _Refused(
            f"The key {same.id} is called {name} as well. Choose another name, or revoke that one first: "
            f"keys revoke {same.id}."
        )


def _told(record: KeyRecord, path: Path) -> list[str]:
    """What whoever made a key needs to know of it."""
    lines = [
        f"The key {record.id} ({record.name}) is good {_until(record)}. {_reach(record)}",
        "It is shown this once: keep it where the daemon keeps its secrets. It is sent as Authorization: Bearer.",
        f"{path} has its hash alone. {_SOON} keys revoke {record.id} ends it.",
    ]
    if record.mailboxes is None:
        lines.append("It may work in every mailbox that the app may open; --mailbox limits a key to some.")
    return lines


def _reach(record: KeyRecord) -> str:
    does = "It may do everything, and nobody is asked" if record.level == "full" else "It only reads"
    return f"{does}, with {_some(record.toolsets, 'all toolsets of the server')}."


def _until(record: KeyRecord) -> str:
    return f"until {record.expires:%Y-%m-%d %H:%M} UTC" if record.expires else "until it is revoked"


def _list(desk: Desk, *, json_wanted: bool) -> None:
    records, now = read_keys_once(desk.path), desk.now()
    if json_wanted:
        rows = [record.model_dump(mode="json", exclude={"sha256"}) for record in records]
        states = [{"state": _state(record, now)} for record in records]
        desk.output.show(as_json({"keys": [row | state for row, state in zip(rows, states, strict=True)]}))
        return
    if not records:
        desk.output.tell(f"There is no key in {desk.path}. keys create --name NAME makes one.")
        return
    head = ("id", "name", "state", "expires", "access", "toolsets", "mailboxes", "sites", "rate", "at once")
    desk.output.show(table(head, [_row(record, now) for record in records]))


def _row(record: KeyRecord, now: datetime) -> tuple[str, ...]:
    return (
        record.id,
        record.name,
        _state(record, now),
        f"{record.expires:%Y-%m-%d}" if record.expires else "never",
        record.level,
        _some((*(record.toolsets or ()), *(record.tools or ())), "all"),
        _some(record.mailboxes, "all"),
        _some(record.sites, "all"),
        record.rate or "usual",
        str(record.calls or "usual"),
    )


def _some(names: Sequence[str] | None, everything: str) -> str:
    return ",".join(names) if names else everything


def _state(record: KeyRecord, now: datetime) -> str:
    if record.revoked is not None:
        return "revoked"
    return "expired" if record.expires is not None and record.expires <= now else "good"


def _revoke(which: str, desk: Desk) -> None:
    with KeyWriter(desk.path, warn=desk.output.tell).changing() as records:
        place = _found(which, records)
        before = records[place]
        if before.revoked is None:
            records[place] = before.model_copy(update={"revoked": desk.now().replace(microsecond=0)})
    if before.revoked is None:
        desk.output.show(f"Revoked: {before.id} ({before.name}).")
        desk.output.tell(_SOON)
    else:
        desk.output.show(f"Revoked already, on {before.revoked:%Y-%m-%d}: {before.id} ({before.name}).")


def _found(which: str, records: Sequence[KeyRecord]) -> int:
    """Where the key stands that was meant by its id, its name, or itself; what was typed may be a key, and is not
    repeated."""
    wanted = id_in(which.strip()) or which.strip()
    by_id = [place for place, each in enumerate(records) if each.id == wanted]
    by_name = [place for place, each in enumerate(records) if each.name.casefold() == wanted.casefold()]
    in_force = [place for place in by_name if records[place].revoked is None]
    found = by_id or in_force or by_name[-1:]
    if len(found) > 1:
        ids = ", ".join(records[place].id for place in found)
        raise _Refused(f"Several keys are called so: {ids}. Name one of them by its id.")
    if not found:
        raise _Refused("There is no such key. keys list shows their ids and names.")
    return found[0]
