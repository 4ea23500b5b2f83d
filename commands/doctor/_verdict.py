"""What a check says, and what it may look at."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import httpx

from settings import Settings
from tools import ToolSpec


class Status(StrEnum):
    """How a check ended; the order of the members is the order of gravity."""

    SKIPPED = "skipped"
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Verdict:
    """What was found, and what to change where something is to be changed."""

    status: Status
    says: str
    remedy: str = ""


def ok(says: str) -> Verdict:
    return Verdict(Status.OK, says)


def warn(says: str, remedy: str) -> Verdict:
    return Verdict(Status.WARN, says, remedy)


def fail(says: str, remedy: str) -> Verdict:
    return Verdict(Status.FAIL, says, remedy)


def skipped(says: str) -> Verdict:
    return Verdict(Status.SKIPPED, says)


def all_of(*found: Verdict) -> Verdict:
    """Several verdicts as one: as grave as the gravest of them, with all that they say and every remedy."""
    worst = max((each.status for each in found), key=list(Status).index)
    remedy = "\n".join(each.remedy for each in found if each.remedy)
    return Verdict(worst, "; ".join(each.says for each in found), remedy)


@dataclass(frozen=True)
class Surroundings:
    """All that the doctor may look at: server.py hands over what the server itself uses, a test its own."""

    settings: Settings
    offered: Callable[[], Iterable[ToolSpec]]
    """The tools that the settings choose; SettingsError where they name one that does not exist."""
    problems: tuple[str, ...]
    """What is wrong with the settings; the checks then make do with what `settings` has."""
    env_file: Path
    requirements: Path
    environ: Mapping[str, str]
    http: Callable[[], httpx.AsyncClient]
    """The client that the server would use: its proxy, its trusted certificates."""
    trusted: Callable[[], object]
    """Loads the trusted certificates; StartError where that fails."""
    token: Callable[[], Awaitable[str]]
    """A token for Graph, without asking anybody; SignInNeeded where that needs a person."""
    own_token: Callable[[str], Awaitable[str]]
    """A token of the app itself, for this scope; SignInError where Entra gives none."""
    prove: Callable[[], object]
    """Makes the app's proof of who it is, as each sign-in does; SignInError where that fails. It may block."""
    read_cache: Callable[[Callable[[str], None]], object]
    """Reads the token cache, and passes its warnings on; StorageError where that fails. It may block."""
    resolve: Callable[[str], Awaitable[Sequence[str]]]
    """The addresses of a host; OSError where there is none."""
    issuer_of: Callable[[str], Awaitable[str]]
    """Who issued the certificate that a host shows, trusted or not."""
    is_running: Callable[[Settings], Awaitable[bool]]
    """Whether such a server answers already where this one would listen."""
    system_proxies: Callable[[], Mapping[str, str]] = dict
    """The proxies of the operating system's own settings, by scheme."""
    has_modes: bool = os.name == "posix"
    """Whether files have modes that say who may read them."""
    user_id: int = os.geteuid() if hasattr(os, "geteuid") else 0
    """The account that this runs as, where files say whose they are."""
    clock: Callable[[], float] = time.time
    seconds: float = 15.0
    """How long one check may take."""


@dataclass
class Seen:
    """What earlier checks found out for later ones."""

    unresolved: set[str] = field(default_factory=set)
    login: httpx.Response | None = None
    login_at: float = 0.0
    tenant_id: str = ""
    token: str = ""
    claims: dict[str, Any] = field(default_factory=dict)


Check = Callable[[Surroundings, Seen], Awaitable[Verdict]]


def without_http(about: Surroundings) -> Verdict | None:
    """Why nothing of the HTTP service is looked at; None where it is."""
    if about.problems:
        return skipped("correct the settings first")
    return skipped("clients reach the server over stdio") if about.settings.transport != "http" else None
