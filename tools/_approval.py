"""A person's yes: asked for in the client or on a page, bound to exactly what is planned, and good for one time."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import anyio
from mcp.server.mcpserver import AcceptedElicitation, CancelledElicitation, Context, Elicit, Resolve
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import build_resolver_plans, resolve_arguments
from mcp.shared.exceptions import MCPError
from mcp_types import InputRequiredResult
from mcp_types.version import is_version_at_least
from pydantic import BaseModel, Field

from errors import AppError, NotApproved
from storage import Store
from tools._plan import Preview
from tools._untrusted import one_line

log = logging.getLogger(__name__)

ASKED_SECONDS = 600.0
PAGE_PATIENCE = 45.0

_MOST_TOLD = 200

_CallContext = Context[Any, Any]
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class Consent(BaseModel):
    """What the person fills in."""

    approve: bool = Field(title="Yes, do this", description="Nothing is done unless you agree here.")


@dataclass(frozen=True)
class Question:
    """What a person is asked; plain data, so that a page can show it without knowing us."""

    title: str
    lines: Sequence[tuple[str, str]]
    text: str
    warning: str


class ApprovalPages(Protocol):
    """Pages on which the person at this computer answers."""

    async def show(self, key: str, question: Question, decide: Callable[[bool], Awaitable[bool]], /) -> str:
        """The link to the question; the same one while it is open."""
        ...

    def was_opened(self, key: str, /) -> bool:
        """Whether a browser was opened with it."""
        ...

    async def settled(self, key: str, patience: float, /) -> bool:
        """Wait until the person has answered; False where they did not in time."""
        ...

    def withdraw(self, key: str, /) -> None:
        """The question is void: its page says so."""
        ...


class Declined(NotApproved):
    """The person said no, which is an answer like any other."""


class Waiting(NotApproved):
    """The person has a page before them; the call has to be repeated once they answered."""


@dataclass(frozen=True)
class Asked:
    """What a person is to agree to."""

    key: str
    """Changes with the tool, the principal, the arguments, the preview and the requests."""
    tool: str
    preview: Preview
    as_whom: str = ""
    reason: str = ""
    call: str = ""
    """Changes with the tool, the principal and the arguments alone: of one call, only the latest question is open."""


@dataclass(frozen=True)
class _Record:
    """How far a question is, and the words that it was put in; kept until it is answered and used, or too old.

    A client that repeats its call answers exactly what it was shown. So what may be worded otherwise by then, such as
    how long ago something was read, stays as it was.
    """

    reference: str
    state: Literal["asked", "approved", "declined"] = "asked"
    reason: str = ""
    is_changed: bool = False

    @property
    def stored(self) -> bytes:
        return json.dumps([self.reference, self.state, self.reason, self.is_changed]).encode()

    @classmethod
    def read(cls, stored: bytes | None) -> _Record | None:
        """None where there is nothing, or what another version wrote: then the question is put anew."""
        try:
            reference, state, reason, is_changed = json.loads(stored or b"[]")
        except (ValueError, TypeError):
            return None
        return cls(reference, state, reason, is_changed)

    def question(self, asked: Asked) -> Question:
        """As a page shows it."""
        rows = [*([("Changed", _CHANGED)] if self.is_changed else []), *_whose(asked), *asked.preview.rows()]
        rows += [("Asked because", self.reason)] if self.reason else []
        return Question(asked.preview.title, rows, asked.preview.first_lines(), asked.preview.warning)

    def as_text(self, asked: Asked) -> str:
        """As a client shows it."""
        title, _, rest = asked.preview.as_text().partition("\n")
        lines = [title, *([f"Changed: {_CHANGED}"] if self.is_changed else [])]
        lines += [*(f"{label}: {value}" for label, value in _whose(asked)), rest]
        lines += [f"Asked because {self.reason}."] if self.reason else []
        return "\n".join([*filter(None, lines), f"(request {self.reference})"])


@dataclass(frozen=True)
class Yes:
    """A yes that was not used yet. After it was waited for, what was planned before may be out of date."""

    key: str
    stored: bytes
    was_waited_for: bool


class Approvals:
    """Asks each question once, and lets each yes be used once, by whichever call is first."""

    def __init__(self, store: Store, pages: ApprovalPages | None = None, *, patience: float = PAGE_PATIENCE) -> None:
        self._store = store
        self._pages = pages
        self._patience = patience
        self._told: dict[str, str] = {}  # the link that a call named last, by key

    async def ask(self, asked: Asked, context: _CallContext) -> Yes | InputRequiredResult:
        """The person's yes. Raises NotApproved where there is none, or returns the question for the client to put."""
        record = await self._record(asked)
        if record.state != "asked":
            return await self._answered(asked, record, was_waited_for=False)
        if can_be_asked(context):
            return await self._elicited(asked, record, context)
        if self._pages is None:
            raise NotApproved(_NOBODY.format(tool=asked.tool))
        return await self._on_a_page(asked, record, self._pages)

    async def use(self, yes: Yes, tool: str) -> None:
        """Spend a yes, just before what it was given for."""
        if not await self._store.swap(_place(yes.key), yes.stored, None):
            raise NotApproved(_USED.format(tool=tool))

    async def _record(self, asked: Asked) -> _Record:
        """What is known of the question; it is new, or open for as long again."""
        place = _place(asked.key)
        for _ in range(3):
            stored = await self._store.get(place)
            record = _Record.read(stored)
            if record is not None and record.state != "asked":
                return record
            if record is None:
                reference = "".join(secrets.choice(_LETTERS) for _ in range(6))
                record = _Record(reference, reason=asked.reason, is_changed=await self._replaces_another(asked))
            if await self._store.swap(place, stored, record.stored, seconds=ASKED_SECONDS):
                return record
        raise NotApproved("The question to the person keeps changing under this call. Call again.")

    async def _replaces_another(self, asked: Asked) -> bool:
        """Whether this call was asked about before, when it would have done something else; that is void from now."""
        if not asked.call:
            return False
        place = f"asking/{asked.call}"
        stored = await self._store.get(place)
        await self._store.put(place, asked.key.encode(), seconds=ASKED_SECONDS)
        earlier = stored.decode() if stored else asked.key
        if earlier == asked.key:
            return False
        if self._pages is not None:
            self._pages.withdraw(earlier)
        return await self._store.delete(_place(earlier))

    async def _answered(self, asked: Asked, record: _Record, *, was_waited_for: bool) -> Yes:
        if record.state == "declined":
            await self._store.swap(_place(asked.key), record.stored, None)
            raise Declined(_DECLINED.format(tool=asked.tool))
        return Yes(asked.key, record.stored, was_waited_for)

    async def _elicited(self, asked: Asked, record: _Record, context: _CallContext) -> Yes | InputRequiredResult:
        async def approval() -> Elicit[Consent]:
            return Elicit(record.as_text(asked), Consent)

        approval.__qualname__ = "approval"  # the client sees it, and must see the same on every replica
        wanted = {"approval": (Resolve(approval), True)}
        try:
            with anyio.fail_after(ASKED_SECONDS):
                outcome = await resolve_arguments(wanted, build_resolver_plans(wanted, set()), {}, context)
        except (MCPError, ToolError, TimeoutError) as failure:
            log.warning("the client does not ask the person", extra={"tool": asked.tool, "cause": repr(failure)})
            raise NotApproved(_NOT_ASKED.format(tool=asked.tool)) from failure
        if isinstance(outcome, InputRequiredResult):
            return outcome
        answer = outcome["approval"]
        if not isinstance(answer, AcceptedElicitation) or not answer.data.approve:
            await self._store.swap(_place(asked.key), record.stored, None)
            text = _CLOSED if isinstance(answer, CancelledElicitation) else _DECLINED
            raise Declined(text.format(tool=asked.tool))
        return Yes(asked.key, record.stored, was_waited_for=not is_stateless(context))

    async def _on_a_page(self, asked: Asked, record: _Record, pages: ApprovalPages) -> Yes:
        async def decide(is_yes: bool) -> bool:
            stored = await self._store.get(_place(asked.key))
            found = _Record.read(stored)
            if found is None or found.state != "asked":
                return False
            decided = replace(found, state="approved" if is_yes else "declined")
            return await self._store.swap(_place(asked.key), stored, decided.stored, seconds=ASKED_SECONDS)

        try:
            link = await pages.show(asked.key, record.question(asked), decide)
        except AppError as error:
            raise NotApproved(_NO_PAGE.format(tool=asked.tool, cause=error)) from error
        if self._is_first_told(asked.key, link) or not await pages.settled(asked.key, self._patience):
            opened = _OPENED if pages.was_opened(asked.key) else _OPEN_IT
            raise Waiting(_WAITING.format(tool=asked.tool, link=link, opened=opened))
        settled = _Record.read(await self._store.get(_place(asked.key)))
        if settled is None or settled.state == "asked":
            raise NotApproved(_USED.format(tool=asked.tool))
        return await self._answered(asked, settled, was_waited_for=True)

    def _is_first_told(self, key: str, link: str) -> bool:
        """Whether no call has named this link yet: then it is told at once, and waited for by the next one."""
        is_first = self._told.pop(key, "") != link
        self._told[key] = link
        if len(self._told) > _MOST_TOLD:
            del self._told[next(iter(self._told))]
        return is_first


def can_be_asked(context: _CallContext) -> bool:
    """Whether the client puts questions to a person, and a question can reach it."""
    capabilities = context.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    if elicitation is None or (elicitation.form is None and elicitation.url is not None):
        return False
    return is_stateless(context) or context.session.can_send_request


def is_stateless(context: _CallContext) -> bool:
    """Whether the client repeats its call with the answer, as it does since 2026-07-28."""
    return is_version_at_least(context.protocol_version or "", "2026-07-28")


def _whose(asked: Asked) -> list[tuple[str, str]]:
    return [("As", one_line(asked.as_whom))] if asked.as_whom else []


def _place(key: str) -> str:
    return f"approval/{key}"


_CHANGED = "you were asked about this before, and meanwhile it has become something else. Please read it again."
_NOBODY = (
    "{tool} was not carried out, because a person has to agree to it and cannot be asked: this client has no "
    "elicitation, or no session in which a question could reach it, and over HTTP there is no other way yet. "
    "Tell them, so that they use a client that has it."
)
_NOT_ASKED = (
    "{tool} was not carried out: the client did not put the question to the person, or they did not answer in time. "
    "Tell them what it is for, and call again when they are there."
)
_NO_PAGE = (
    "{tool} was not carried out, because a person has to agree to it, this client cannot ask them, and no page can be "
    "opened for them: {cause}"
)
_DECLINED = "The person declined, so {tool} was not carried out. Do not repeat the call unless they ask for it."
_CLOSED = (
    "The person closed the question without an answer, so {tool} was not carried out. "
    "Do not repeat the call unless they ask for it."
)
_USED = (
    "{tool} was not carried out by this call: the person's yes counts once, and it was used already or is void by now. "
    "If it is to happen once more, call again, and they are asked again."
)
_WAITING = (
    "{tool} is NOT carried out yet: the person has to agree on this page first: {link} {opened} "
    "Tell them, and then call again with exactly the same arguments."
)
_OPENED = "It was opened in their browser."
_OPEN_IT = "It did not open by itself: they have to open it on this computer."
