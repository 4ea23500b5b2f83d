"""A tool as it is served: arguments judged, ids resolved, the call allowed, the person asked, the answer made short."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcp.server.mcpserver import AcceptedElicitation, Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools import Tool
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, InputRequiredResult
from pydantic import Field, ValidationError

from errors import AppError, GraphError, NotAllowed, NotApproved, StorageError, ToolInputError
from graph import deadline
from principal import SignedIn, called, current_sender, names_of
from tools import _explained
from tools._access import Caller, Decision
from tools._approval import Asked, Declined, Waiting
from tools._asking import with_sign_in
from tools._examples_of import complaints
from tools._ids import Query
from tools._listing import ARGUMENT, named_account, named_mailbox
from tools._plan import Plan
from tools._records import CallRecord, recorded
from tools._render import Answer, Outcome, compact, measured
from tools._scopes import missing
from tools._services import GIVEN, Services, accounts_of, caller_for, graph_of, services_of, working_as

if TYPE_CHECKING:
    from tools._toolset import ToolSpec

log = logging.getLogger(__name__)

MAILBOX = "mailbox"
DRY_RUN = "dry_run"

MOST_QUESTIONS = 3

_NOTHING_KEPT = (
    "The server cannot keep what it has to remember, so this was not carried out. Try again later; whoever runs it "
    "finds the reason in its log."
)

_WORDS = {str: "a text", bool: "true or false"}

_CallContext = Context[Any, Any]

# The SDK asks for this class in every call, and pydantic, which makes it, forgets one that nobody holds.
HELD = AcceptedElicitation[Any]


class ServedTool(Tool):
    """What happens to every call. It is the one place where an error of ours becomes an error that the model reads."""

    spec: Any = Field(None, exclude=True)
    takes_mailbox: bool = Field(False, exclude=True)

    async def run(
        self, arguments: dict[str, Any], context: _CallContext, convert_result: bool = False
    ) -> CallToolResult | InputRequiredResult | Answer:
        services = services_of(context)
        with recorded(self.name, services.audit) as record:
            try:
                result = await self._answered(arguments, context, services, record)
            except AppError as error:
                record.outcome = "refused" if isinstance(error, NotAllowed) else "failed"
                log.warning("tool failed", extra={"tool": self.name, "cause": _explained.for_the_log(error)})
                raise ToolError(_told(error)) from error
            except ToolError:
                record.outcome = "failed"
                raise
            except MCPError:
                raise
            except Exception as error:
                raise UnexpectedToolError(f"Error executing tool {self.name}") from error
            if isinstance(result, InputRequiredResult):
                record.outcome = "asked"
            return result

    @property
    def _declared(self) -> ToolSpec:
        spec: ToolSpec = self.spec
        return spec

    async def _answered(
        self, arguments: dict[str, Any], context: _CallContext, services: Services, record: CallRecord
    ) -> CallToolResult | InputRequiredResult:
        account, given = await self._account_in(arguments, services)
        mailbox, given = self._side_argument(given, MAILBOX, str, "", wanted=self.takes_mailbox)
        mailbox = named_mailbox(mailbox, is_needed=MAILBOX in self.parameters.get("required", ()))
        is_plan = self._declared.signature.is_plan
        is_dry, given = self._side_argument(given, DRY_RUN, bool, default=False, wanted=is_plan)
        self._refuse_unknown(given)
        account = account or await self._default(services)
        call = partial(self._attempt, given, mailbox, record, is_dry=is_dry)
        return await with_sign_in(self.name, call, account, context)

    async def _attempt(
        self,
        given: dict[str, Any],
        mailbox: str,
        record: CallRecord,
        account: str | None,
        context: _CallContext,
        *,
        is_dry: bool,
    ) -> CallToolResult | InputRequiredResult:
        # Nobody was signed in when the call began, and now somebody may be.
        with working_as(account or await self._default(services_of(context)), mailbox):
            try:
                return await self._in_place(given, record, context, is_dry=is_dry)
            except GraphError as error:
                log.warning("tool failed", extra={"tool": self.name, "cause": _explained.for_the_log(error)})
                raise ToolError(await _explained.for_the_model(error, self._declared, context)) from error

    async def _in_place(
        self, given: dict[str, Any], record: CallRecord, context: _CallContext, *, is_dry: bool
    ) -> CallToolResult | InputRequiredResult:
        """The call, once it is settled as whom and where it works."""
        services, spec = services_of(context), self._declared
        caller = await caller_for(services, spec)
        record.who = caller.who
        # A cursor leads to where its list lies, so it belongs to that mailbox, which is what the call is judged by.
        where = {MAILBOX: caller.mailbox.casefold()} if self.takes_mailbox else {}
        query = Query(caller.who, self.name, {**given, **where})
        asked, place = await services.ids.continued(query, spec.signature)
        asked = {name: value for name, value in asked.items() if name not in where}
        self._refuse_other_types(asked)
        meant = await services.ids.full(caller.who, asked, spec.signature)
        record.access = spec.access_of(meant)
        _refuse_without_permission(spec, caller, services.consent_link)
        decision = await services.guard.authorize(caller, spec, meant)
        if decision.needs_yes and not spec.signature.is_plan:
            raise NotAllowed(
                f"{self.name} was not carried out: a person has to agree to it, and it cannot be shown to them."
            )
        if spec.signature.cursor and place:
            meant[spec.signature.cursor] = place
        call = _Call(self, caller, meant, record, context, services=services)
        answer = await (call.planned(is_dry=is_dry) if spec.signature.is_plan else call.handled())
        if isinstance(answer, InputRequiredResult):
            return answer
        record.outcome = "answered" if record.outcome == "crashed" else record.outcome
        short = answer
        with _done_already() if isinstance(answer, Outcome) and answer.done else nullcontext():
            if answer.is_from_outside:
                await services.guard.taint.mark(caller.reads_as, self.name)
            short = await services.ids.short(answer, replace(query, arguments={**asked, **where}), services.form)
        result, record.bytes_out = measured(short, services.form)
        return result

    async def handle(self, arguments: dict[str, Any], context: _CallContext) -> Any:  # noqa: ANN401 - Answer or Plan
        """What the handler returns. An error that it meant is raised as it was; one that it did not is hidden."""
        try:
            if not self._asks_nobody:
                return await super().run(arguments, context)
            return await self._called(arguments, context)
        except (AppError, MCPError):
            raise
        except ToolError as error:
            cause = error.__cause__
            if isinstance(cause, AppError):
                raise cause from None
            log.warning("tool failed", extra={"tool": self.name, "cause": _logged(cause)})
            raise _readable(error) from cause
        except Exception as error:
            log.warning("tool failed", extra={"tool": self.name, "cause": _logged(error)})
            raise _readable(UnexpectedToolError(f"Error executing tool {self.name}"), error) from error

    @property
    def _asks_nobody(self) -> bool:
        """Whether all that its handler needs is ours to give. The SDK's way to it, with questions, takes far longer."""
        return not self._declared.forwards and all(marker.fn in GIVEN for marker, _ in self.resolved_params.values())

    async def _called(self, arguments: dict[str, Any], context: _CallContext) -> Any:  # noqa: ANN401 - Answer or Plan
        given = self.fn_metadata.validate_arguments(arguments)
        for name, (marker, _) in self.resolved_params.items():
            given[name] = await marker.fn(context)
        if self.context_kwarg:
            given[self.context_kwarg] = context
        return await self.fn(**given)

    async def _default(self, services: Services) -> str | None:
        """The account for the whole of one call: the default may change under it."""
        listed: Sequence[SignedIn] = ()
        with suppress(AppError):  # whoever needs a token meets it again, and may not need one
            listed = await accounts_of(services) if self._declared.as_account else ()
        return next((each.id for each in listed if each.is_selected), None)

    async def _account_in(self, arguments: dict[str, Any], services: Services) -> tuple[str | None, dict[str, Any]]:
        """The id of the account that a call names, and the other arguments."""
        if not self._declared.as_account or ARGUMENT not in arguments:
            return None, arguments
        account, given = self._side_argument(arguments, ARGUMENT, str, "", wanted=True)
        listed = await accounts_of(services)
        if len(listed) > 1:
            return named_account(account, listed).id, given
        only = called(account, listed)
        if only is None:
            who = f" Signed in is {', '.join(names_of(listed))}, and nobody else: leave it out." if listed else ""
            raise ToolInputError(f"{self._unknown([ARGUMENT])}{who}")
        return only.id, given

    def _side_argument(
        self,
        arguments: dict[str, Any],
        name: str,
        kind: type,
        default: Any = None,  # noqa: ANN401 - of that kind
        *,
        wanted: bool,
    ) -> tuple[Any, dict[str, Any]]:
        """An argument that the framework takes itself, and the others."""
        if not wanted or name not in arguments:
            return default, arguments
        value, rest = arguments[name], {key: arguments[key] for key in arguments if key != name}
        if not isinstance(value, kind):
            example = '"ines@contoso.com"' if kind is str else "true"
            raise ToolInputError(self._mistaken(f'{name} has to be {_WORDS[kind]}. Example: "{name}": {example}'))
        return value, rest

    def _unknown(self, names: Sequence[str]) -> str:
        takes = ", ".join(self.parameters.get("properties", {})) or "no arguments"
        named = ", ".join(name[:40] for name in names[:5])
        return f"{self.name} has no argument {named}. It takes: {takes}."

    def _refuse_unknown(self, arguments: dict[str, Any]) -> None:
        if unknown := sorted(set(arguments) - set(self.parameters.get("properties", {}))):
            raise ToolInputError(self._unknown(unknown))

    def _refuse_other_types(self, arguments: dict[str, Any]) -> None:
        """The schema's types and no others: the SDK would take true for 1. As JSON, so that a date is still a text."""
        given = compact(self.fn_metadata.pre_parse_json(arguments))
        try:
            self.fn_metadata.arg_model.model_validate_json(given, strict=True)
        except ValidationError as error:
            raise ToolInputError(self._mistaken("; ".join(complaints(error, self.parameters)))) from error

    def _mistaken(self, problems: str) -> str:
        return f"{self.name} cannot take these arguments. {problems}. Correct them and call again."


class _Call:
    """One call of a tool, once it is known whose it is and what it means."""

    def __init__(
        self,
        tool: ServedTool,
        caller: Caller,
        arguments: dict[str, Any],
        record: CallRecord,
        context: _CallContext,
        *,
        services: Services,
    ) -> None:
        self._tool = tool
        self._caller = caller
        self._arguments = arguments
        self._record = record
        self._context = context
        self._services = services

    async def handled(self) -> Answer:
        answer: Answer = await self._tool.handle(self._arguments, self._context)
        return answer

    async def planned(self, *, is_dry: bool) -> Outcome | InputRequiredResult:
        """Plan a write, have it approved where that is needed, and carry it out; or only show it."""
        spec: ToolSpec = self._tool.spec
        if is_dry:
            plan, decision = await self._plan()
            self._record.decision = "dry run"
            return _shown(plan, decision, spec)
        try:
            agreed = await self._agreed()
        except (Declined, Waiting) as answer:
            self._record.outcome = "declined" if isinstance(answer, Declined) else "asked"
            outcome: Outcome = spec.signature.answer(done=False, what=str(answer))
            return outcome
        if isinstance(agreed, InputRequiredResult):
            return agreed
        return await self._carried_out(*agreed)

    async def _plan(self) -> tuple[Plan[Any], Decision]:
        plan: Plan[Any] = await self._tool.handle(self._arguments, self._context)
        spec: ToolSpec = self._tool.spec
        return plan, await self._services.guard.authorize(self._caller, spec, self._arguments, plan.targets)

    async def _agreed(self) -> tuple[Plan[Any], Decision] | InputRequiredResult:
        """The plan that may be carried out. While a person was asked, things may have changed: then they are again."""
        guard, yes = self._services.guard, None
        for _ in range(MOST_QUESTIONS):
            plan, decision = await self._plan()
            self._record.decision = "yes" if decision.needs_yes else "free"
            if not decision.needs_yes:
                return plan, decision
            await guard.refuse_without_room(self._caller, self._tool.name, decision.access, plan.targets)
            asked = self._asked(plan, decision)
            if yes is None or yes.key != asked.key:
                outcome = await self._services.approvals.ask(asked, self._context)
                if isinstance(outcome, InputRequiredResult):
                    return outcome
                yes = outcome
                if yes.was_waited_for:
                    continue
            await self._services.approvals.use(yes, self._tool.name)
            return plan, decision
        raise NotApproved(f"{self._tool.name} was not carried out: what it would do keeps changing. Call again.")

    def _asked(self, plan: Plan[Any], decision: Decision) -> Asked:
        who, tool = self._caller.who, self._tool.name
        key = self._services.digest("approval", who, compact([tool, self._arguments, plan.digest]))
        mailbox = self._caller.mailbox
        call = self._services.digest("call", who, compact([tool, self._arguments, mailbox]))
        named = self._caller.shown or "the app"
        as_whom = f"{named}, in the mailbox {mailbox}" if mailbox else self._caller.shown
        return Asked(f"{who}/{key}", tool, plan.preview, as_whom, decision.reason, f"{who}/{call}")

    async def _carried_out(self, plan: Plan[Any], decision: Decision) -> Outcome:
        guard, caller = self._services.guard, self._caller
        await guard.spend(caller, self._tool.name, decision.access, plan.targets)
        with deadline.within(self._tool.spec.seconds):
            outcome: Outcome = await plan.carry_out(await graph_of(self._context))
        with _done_already():
            await guard.taint.learn(caller.who, {each.address for each in plan.targets.recipients})
        return outcome


@contextmanager
def _done_already() -> Iterator[None]:
    """What fails after a write must not make it look as if it had failed itself."""
    try:
        yield
    except StorageError as error:
        log.warning("what was done could not be noted", extra={"cause": repr(error)})


def _refuse_without_permission(spec: ToolSpec, caller: Caller, link: Callable[[Sequence[str]], str]) -> None:
    """Graph would refuse, and not say so well."""
    if caller.identity is None:
        return
    if spec.work_only and caller.identity.principal.is_personal:
        raise NotAllowed(f"{spec.name} needs a work or school account, and {caller.shown} is a personal one.")
    if caller.identity.permissions is None:  # a personal account's token says nothing
        return
    if lacks := missing(spec.scopes(as_application=not caller.identity.is_person), caller.identity.permissions):
        raise NotAllowed(_explained.lacking(spec, lacks, link(lacks)))


def _shown(plan: Plan[Any], decision: Decision, spec: ToolSpec) -> Outcome:
    why = f", because {decision.reason}" if decision.reason else ""
    asked = f"A person would be asked first{why}." if decision.needs_yes else "Nobody would be asked."
    outcome: Outcome = spec.signature.answer(
        done=False,
        what=f"Dry run: nothing was sent. {asked} The preview, and each request:",
        preview=plan.preview.as_text(),
        requests=[step.shown for step in plan.steps],
    )
    return outcome


def _readable(error: ToolError, cause: BaseException | None = None) -> ToolError:
    if isinstance(cause or error.__cause__, ValidationError):  # not of the arguments: those were judged before
        return ToolError("Graph's answer does not have the form that it documents. Ask for something else.")
    return error


def _told(error: AppError) -> str:
    """What the caller hears. Where our files lie is for whoever runs the server, and the log has it."""
    if isinstance(error, StorageError) and current_sender():
        return _NOTHING_KEPT
    return str(error)


def _where(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "arguments"


def _logged(cause: BaseException | None) -> str:
    """What the log may know: what it was and where, since its text may be somebody's mail."""
    if isinstance(cause, ValidationError):
        return f"{cause.title}: {', '.join(sorted({_where(problem['loc']) for problem in cause.errors()}))}"
    frames = traceback.extract_tb(cause.__traceback__) if cause else []
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(cause).__name__}{place}"
