"""Check of who may call over HTTP: what their clients ask Entra for, or which keys are in force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio.to_thread

from auth.inbound import ACCESS, FULL_ROLE, READ_ROLE, keys_path
from auth.inbound.key_file import read_keys_once
from auth.inbound.key_records import KeyRecord
from auth.inbound.metadata import metadata_of, scope_of
from commands._output import printable
from commands.doctor._verdict import Seen, Surroundings, Verdict, all_of, fail, ok, warn, without_http
from settings import Settings
from tools import TOOLSETS

_SOON = timedelta(days=14)
_MOST_NAMED = 5
_CREATE = "Run: python server.py keys create --name NAME"


async def http_callers(about: Surroundings, _: Seen) -> Verdict:
    """Who may call, and what they have to show."""
    if nothing := without_http(about):
        return nothing
    if about.settings.callers == "entra":
        return _with_tokens(about.settings)
    if about.settings.callers == "apikey":
        return await anyio.to_thread.run_sync(_with_keys, about, abandon_on_cancel=True)
    return ok("every program on this machine, and nobody else")


def api_name(settings: Settings) -> str:
    """The Application ID URI that clients ask for a scope of."""
    return scope_of(settings).removesuffix(f"/{ACCESS}")


def _with_tokens(settings: Settings) -> Verdict:
    document, name = metadata_of(settings), api_name(settings)
    servers = " or ".join(document["authorization_servers"])
    if settings.auth_mode == "application":
        says = (
            f"apps by themselves: they ask {servers} for {name}/.default and need the role {READ_ROLE} or {FULL_ROLE}"
        )
    else:
        says = f"people: their clients ask {servers} for {scope_of(settings)}, with resource {settings.resource}"
    says += f"; the API's Application ID URI has to be {name}, letter by letter{_limits(settings)}"
    if name.startswith("http://"):
        remedy = (
            f"Set ENTRA_APP_ID_URI=api://{settings.entra_client_id}, and register that. Entra takes no http:// there."
        )
        return warn(says, remedy)
    return ok(says)


def _limits(settings: Settings) -> str:
    limits = [
        f"with {len(settings.http_clients)} client apps alone (HTTP_CLIENTS)" if settings.http_clients else "",
        "tokens of version 1 are taken too (HTTP_V1_TOKENS)" if settings.http_v1_tokens else "",
    ]
    return "".join(f"; {limit}" for limit in limits if limit)


def _with_keys(about: Surroundings) -> Verdict:
    path = keys_path(about.settings)
    is_there = path.exists()
    keys = read_keys_once(path)  # a StorageError says it all
    found = [_counted(path, keys, datetime.fromtimestamp(about.clock(), UTC), is_there=is_there)]
    if strange := _unknown_toolset(keys):
        remedy = "Correct the file, or revoke that key and create another: the server does not start like this."
        found.append(fail(strange, remedy))
    if is_there and about.has_modes:
        found += _closed(path, about.user_id)
    return all_of(*found)


def _counted(path: Path, keys: Sequence[KeyRecord], now: datetime, *, is_there: bool) -> Verdict:
    left = [key for key in keys if key.revoked is None]
    good = [key for key in left if key.expires is None or key.expires > now]
    says = f"keys of {path}: {len(good)} in force, {len(left) - len(good)} expired, {len(keys) - len(left)} revoked"
    if not is_there:
        return warn(f"there is no {path}, so nobody can call", _CREATE)
    if not good:
        return warn(f"{says}, so nobody can call", _CREATE)
    if soon := [key.name for key in good if key.expires is not None and key.expires <= now + _SOON]:
        more = f" and {len(soon) - _MOST_NAMED} more" if len(soon) > _MOST_NAMED else ""
        names = printable(", ".join(soon[:_MOST_NAMED]) + more)
        remedy = "Create new ones (server.py keys create), hand them out, then revoke these."
        return warn(f"{says}; good for less than {_SOON.days} days: {names}", remedy)
    return ok(says)


def _unknown_toolset(keys: Sequence[KeyRecord]) -> str:
    known = {toolset.name for toolset in TOOLSETS}
    return next(
        (
            f"the key {printable(key.name)} names the toolset {name}, which does not exist"
            for key in keys
            for name in key.toolsets or ()
            if name not in known
        ),
        "",
    )


def _closed(path: Path, user_id: int) -> list[Verdict]:
    """What its mode and owner let others do; that they can write to it is refused before."""
    found, status = [], path.stat()
    if status.st_mode & 0o044:
        found.append(warn("others may read the hashes in it", f"Run: chmod 600 {path}"))
    if status.st_uid not in (user_id, 0):
        says = f"it belongs to another account (id {status.st_uid}), which can give keys to anybody"
        found.append(warn(says, f"Run: chown {user_id} {path}, unless that account is meant to manage the keys."))
    return found
