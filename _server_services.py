"""What tools work with, put together: ids, rules, approvals, and the state that all of them are kept in."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

import auth
import storage
import tools
from errors import StartError, StorageError
from graph import GraphClient
from principal import Level, Rights, current_sender
from settings import Settings

if TYPE_CHECKING:
    import web

# How long what is shown or noted again is not written again: far shorter than any of it lives.
_FRESH_SECONDS, _FRESH_HANDLE_SECONDS = 60.0, 600.0

GraphFor = Callable[[str | None, str], GraphClient]
StateOf = Callable[[], AbstractAsyncContextManager[storage.State]]


@dataclass(frozen=True)
class Serving:
    """What the server is told of how it is served."""

    challenges: auth.Challenges | None = None
    """How callers hear that their token will not do any more."""
    meter: web.Meter | None = None
    processes: int = 1
    """How many serve together, and share the limits of Graph."""
    request_keys: tuple[bytes, ...] = field(default=(), repr=False)
    """What seals the state of a call that goes to and fro between client and server; all processes have the same."""

    def observe(self, status: int, seconds: float) -> None:
        """Count an answer of Graph."""
        if self.meter is None:
            return
        self.meter.graph(status, seconds)
        if status == httpx.codes.TOO_MANY_REQUESTS:
            self.meter.throttled()

    def audit(self, record: tools.CallRecord) -> None:
        """Log a call, and count it."""
        tools.logged(record)
        if self.meter is not None:
            access = record.access.value if record.access else ""
            seconds = record.ms / 1000
            self.meter.tool(record.tool, record.outcome, access, seconds, record.graph_calls, record.bytes_out)


STDIO = Serving()
"""Over stdio there is nothing to tell."""


@dataclass(frozen=True)
class Rules:
    """What whoever runs the server decided about calls and answers."""

    level: Level = Level.ASK
    policy: tools.Policy = field(default_factory=tools.Policy)
    form: tools.Form = field(default_factory=tools.Form)
    mailbox: str = ""


def rules_of(settings: Settings) -> Rules:
    """The rules that the settings and the policy file make."""
    policy = tools.Policy()
    if settings.approve_policy:
        classes = {tool.name: tool.access for toolset in tools.TOOLSETS for tool in toolset.tools}
        policy = tools.read_policy(settings.approve_policy, classes)
    form = tools.Form(settings.output, settings.answer_bytes)
    return Rules(Level(settings.level), policy, form, settings.graph_mailbox or "")


def services(
    state: storage.State,
    catalogue: tools.Catalogue,
    graph_for_caller: GraphFor,
    accounts: tools.Accounts,
    *,
    rules: Rules = Rules(),
    pages: tools.ApprovalPages | None = None,
    is_one_person: bool = False,
    consent_link: Callable[[Sequence[str]], str] = lambda _: "",
    audit: tools.Audit = tools.logged,
) -> tools.Services:
    """All that a call reaches."""
    store, keys = state.store, state.keys
    taint = tools.Taint(store, digest=keys.digest, fresh=_FRESH_SECONDS)
    kinds = tools.kinds_of(tool for toolset in tools.TOOLSETS for tool in toolset.tools)
    return tools.Services(
        graph_for_caller=graph_for_caller,
        accounts=accounts,
        catalogue=catalogue,
        state=state,
        guard=tools.Guard(rules.policy, tools.Caps(store, rules.policy.caps), taint),
        approvals=tools.Approvals(store, pages),
        ids=tools.Ids(
            tools.Handles(store, keys, kinds=kinds, fresh=_FRESH_HANDLE_SECONDS),
            tools.Cursors(store, keys, fresh=_FRESH_SECONDS),
        ),
        form=rules.form,
        usual_mailbox=rules.mailbox,
        is_one_person=is_one_person,
        rights=partial(_rights, Rights(rules.level)),
        consent_link=consent_link,
        audit=audit,
    )


def _rights(usual: Rights) -> Rights:
    """What the sender of this request may do; whoever needs to show nothing may do what the server does."""
    sender = current_sender()
    return sender.rights if sender else usual


def check_state_keys(settings: Settings) -> None:
    """Complain of keys that are none, before anything is opened with them."""
    if settings.state_keys:
        try:
            storage.read_keys(settings.state_keys.get_secret_value())
        except StorageError as error:
            raise StartError(f"STATE_KEYS: {error}") from error


def state_of(settings: Settings) -> AbstractAsyncContextManager[storage.State]:
    """Where ids, cursors and approvals are kept; the demo keeps nothing."""
    keys = settings.state_keys.get_secret_value() if settings.state_keys else None
    if settings.demo:
        return storage.opened_state(None, keys, required=False)
    usual = storage.default_state_directory(os.environ, sys.platform, Path.home())
    # What one worker kept in its own memory, the next would not find.
    required = settings.state_dir is not None or settings.workers > 1
    return storage.opened_state(settings.state_dir or usual, keys, required=required)


def memory_only() -> AbstractAsyncContextManager[storage.State]:
    """State that ends with the process."""
    return storage.opened_state(None, None, required=False)
