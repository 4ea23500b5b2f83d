"""Who may do what: every call passes `Guard.authorize`, and nothing else decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from errors import NotAllowed
from principal import Access, Identity, Level, Rights
from tools._caps import Caps
from tools._plan import MOST_TARGETS, Targets
from tools._policy import Act, Policy, Recipient, Verdict
from tools._taint import Taint

_FINDERS = "tool_"

_HARMFUL = frozenset({Access.SEND, Access.DESTROY})


@dataclass(frozen=True)
class Caller:
    """On whose behalf a call is made; `who` is a digest that says nothing about them."""

    who: str
    identity: Identity | None = None
    rights: Rights = field(default_factory=Rights)
    mailbox: str = ""
    """Whose things the call works in, where that is not the caller's own."""
    reader: str = ""
    """Whoever has read what the caller read: the accounts of one person share one model. Empty: the caller alone."""

    @property
    def reads_as(self) -> str:
        """To whom what outsiders wrote was shown."""
        return self.reader or self.who

    @property
    def shown(self) -> str:
        """The name that a person knows the caller by."""
        return (self.identity.username or self.identity.name) if self.identity else ""


class Judged(Protocol):
    """What is to be known of a tool in order to judge a call of it."""

    @property
    def name(self) -> str: ...

    @property
    def reaches_graph(self) -> bool: ...

    def access_of(self, arguments: Mapping[str, Any], /) -> Access: ...


@dataclass(frozen=True)
class Decision:
    """Whether a person has to say yes to a call that is allowed, and why if not for what the call is."""

    access: Access
    needs_yes: bool = False
    reason: str = ""


class Guard:
    """The level of the process, the policy of whoever runs it, and what the caller has read before."""

    def __init__(
        self, policy: Policy, caps: Caps, taint: Taint, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._policy = policy
        self._caps = caps
        self.taint = taint
        self._now = now

    async def authorize(
        self,
        caller: Caller,
        tool: Judged,
        arguments: Mapping[str, Any],
        targets: Targets = Targets(),  # noqa: B008
    ) -> Decision:
        """Let the call through, say that a person has to agree, or raise NotAllowed with the reason.

        It is asked before anything is read for a call, and again once it is known what the call would reach.
        """
        access = tool.access_of(arguments)
        _refuse_by_rights(caller, tool, access, targets)
        if access is Access.READ or not tool.reaches_graph:  # what signs somebody in changes nothing that is theirs
            if (judged := self._policy.judge(Act(tool.name, access), self._now())).verdict is Verdict.REFUSE:
                raise NotAllowed(f"{tool.name} was not carried out: {judged.reason}.")
            return Decision(access)
        _refuse_by_number(tool.name, targets)
        recipients = await self._with_history(caller.who, targets.recipients)
        judged = self._policy.judge(Act(tool.name, access, recipients, targets.count), self._now())
        if judged.verdict is Verdict.REFUSE:
            raise NotAllowed(f"{tool.name} was not carried out: {judged.reason}. Nothing was sent.")
        decision = self._weighed(caller, access, judged.verdict, judged.reason, await self._doubt(caller, recipients))
        _refuse_without_anybody(caller.rights, tool.name, decision)
        return decision

    async def spend(self, caller: Caller, tool: str, access: Access, targets: Targets) -> None:
        """Count a write that is about to happen against the caps, or raise NotAllowed where they are reached."""
        if reason := await self._caps.spend(caller.who, access, max(targets.count, 1)):
            raise NotAllowed(f"{tool} was not carried out: {reason} Nothing was sent.")

    async def refuse_without_room(self, caller: Caller, tool: str, access: Access, targets: Targets) -> None:
        """Refuse what the caps leave no room for, before a person is asked in vain."""
        if reason := await self._caps.full(caller.who, access, max(targets.count, 1)):
            raise NotAllowed(f"{tool} was not carried out: {reason} Nothing was sent.")

    async def _with_history(self, who: str, recipients: tuple[Recipient, ...]) -> tuple[Recipient, ...]:
        if not recipients:
            return ()
        known = await self.taint.knows(who, {each.address for each in recipients})
        return tuple(replace(each, is_new=each.address not in known) for each in recipients)

    async def _doubt(self, caller: Caller, recipients: tuple[Recipient, ...]) -> str:
        """Why a send to somebody new and outside is suspicious; an empty text where it is not."""
        if not any(each.is_outside and each.is_new for each in recipients):
            return ""
        return await self.taint.reason(caller.reads_as)

    def _weighed(self, caller: Caller, access: Access, verdict: Verdict, reason: str, doubt: str) -> Decision:
        if verdict is Verdict.ASK:
            return Decision(access, needs_yes=True, reason=reason)
        if caller.rights.level is Level.FULL:
            return Decision(access)
        if doubt:
            return Decision(access, needs_yes=True, reason=f"{doubt}, and a recipient outside is new")
        return Decision(access, needs_yes=verdict is not Verdict.ALLOW and access in _HARMFUL)


def is_finder(name: str) -> bool:
    """Whether a tool tells of others, or calls one which is judged for itself: whatever the rights, it may be used."""
    return name.startswith(_FINDERS)


def _refuse_by_rights(caller: Caller, judged: Judged, access: Access, targets: Targets) -> None:
    rights, tool = caller.rights, judged.name
    if rights.tools is not None and tool not in rights.tools and not is_finder(tool):
        raise NotAllowed(f"{tool} is not among the tools that this caller may use.")
    if judged.reaches_graph and not rights.allows(access):
        raise NotAllowed(
            f"{tool} was not carried out: it would {_DOES[access]}, and the server only reads here "
            "(--read-only, --access read, or a key or a sign-in that may only read). Whoever runs it can change that."
        )
    for what, allowed, wanted in (
        ("mailbox", rights.mailboxes, {caller.mailbox, *targets.mailboxes} - {""}),
        ("site", rights.sites, set(targets.sites)),
    ):
        if allowed is not None and (others := sorted(each for each in wanted if each.casefold() not in allowed)):
            raise NotAllowed(f"{tool} was not carried out: this caller may not work in the {what} {others[0]}.")


def _refuse_without_anybody(rights: Rights, tool: str, decision: Decision) -> None:
    """What a policy lets pass unasked is for people; to a key that nobody stands behind, its own level says it."""
    if not rights.is_daemon:
        return
    if decision.needs_yes and rights.level is Level.FULL:
        why = f", because {decision.reason}" if decision.reason else ""
        raise NotAllowed(
            f"{tool} was not carried out: a person has to agree to it{why}, and none is behind this caller. "
            "Whoever runs the server can change the policy."
        )
    if decision.needs_yes or (decision.access in _HARMFUL and rights.level is not Level.FULL):
        raise NotAllowed(
            f"{tool} was not carried out: a person has to agree to it, and none is behind this caller. "
            "Whoever runs the server can give it full access."
        )


def _refuse_by_number(tool: str, targets: Targets) -> None:
    if targets.size > MOST_TARGETS:
        raise NotAllowed(
            f"{tool} was not carried out: it would reach {targets.size} at once, and {MOST_TARGETS} is the most that a "
            "person can look over. Nothing was sent: make several calls of it."
        )


_DOES = {Access.WRITE: "change something", Access.SEND: "send something", Access.DESTROY: "delete or reset something"}
