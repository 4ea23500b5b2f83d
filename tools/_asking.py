"""Asking the person: a call that needs a sign-in sends them to the page, where the client can, and goes on after it.

The older handshake has a channel for such questions. Since 2026-07-28 a call answers with the question, and the client
repeats the call with what the person said; all that is to be known by then travels sealed in its request state.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Literal, TypeVar

import anyio
from mcp.server.mcpserver import Context
from mcp.shared.exceptions import MCPError
from mcp_types import (
    ElicitRequest,
    ElicitRequestURLParams,
    ElicitResult,
    InputRequiredResult,
    InputResponseRequestParams,
    InputResponses,
)
from mcp_types.version import is_version_at_least
from pydantic import BaseModel, ConfigDict, ValidationError

from errors import SignInNeeded
from tools._services import services_of

log = logging.getLogger(__name__)

QUESTION = "graphward:sign-in"

_PATIENCE = 600.0

_CallContext = Context[Any, Any]
_T = TypeVar("_T")
_Attempt = Callable[[str | None, _CallContext], Awaitable[_T]]
_Action = Literal["accept", "decline", "cancel"]


class _Interrupted(BaseModel):
    """A call that waits for a sign-in, and what other questions it had settled before."""

    model_config = ConfigDict(extra="forbid")

    sign_in: str
    invitation: str
    account: str | None = None
    request_state: str | None = None
    input_responses: InputResponses | None = None


async def with_sign_in(
    tool: str, attempt: _Attempt[_T], account: str | None, context: _CallContext, *, patience: float = _PATIENCE
) -> _T | InputRequiredResult:
    """Make the attempt. Where a person has to sign in first, ask them to, and make it once more as the same account."""
    interrupted = _interrupted(context)
    if interrupted is not None:
        return await _resumed(tool, attempt, context, interrupted)
    try:
        return await attempt(account, context)
    except SignInNeeded as error:
        if not error.url or not _opens_pages(context):
            raise
        if _is_stateless(context):
            return _question(tool, error, account, context)
        action = await _asked(tool, error, context, patience)
        if action is None:
            raise
        await _await_sign_in(tool, action, error.sign_in, str(error), context)
        with suppress(MCPError):
            await context.session.send_elicit_complete(error.sign_in, context.request_id)
    return await attempt(account, context)


def _opens_pages(context: _CallContext) -> bool:
    capabilities = context.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    return elicitation is not None and elicitation.url is not None


def _is_stateless(context: _CallContext) -> bool:
    return is_version_at_least(context.protocol_version or "", "2026-07-28")


def _message(tool: str, error: SignInNeeded) -> str:
    return f"{tool} needs you to sign in to Microsoft 365. {error}"


async def _asked(tool: str, error: SignInNeeded, context: _CallContext, patience: float) -> _Action | None:
    """What the person answers; None where they cannot be asked."""
    has_answered = False
    try:
        with anyio.fail_after(patience):
            answer = await context.elicit_url(_message(tool, error), error.url, elicitation_id=error.sign_in)
        has_answered = True
    except (MCPError, ValidationError, TimeoutError) as failure:
        log.warning("the client does not ask the person", extra={"tool": tool, "cause": type(failure).__name__})
        return None
    finally:
        if not has_answered:  # also where the client gave the call up
            services_of(context).accounts.unasked(error.sign_in)
    return answer.action


async def _await_sign_in(
    tool: str, action: _Action | None, sign_in: str, invitation: str, context: _CallContext
) -> None:
    """Go on only when the person agreed, and is through."""
    accounts = services_of(context).accounts
    if action != "accept":
        await accounts.give_up(sign_in)
        raise SignInNeeded(_refusal(tool, action))
    if not await accounts.settled(sign_in):
        raise SignInNeeded(f"{tool} was not carried out, because the sign-in is still open. {invitation}")


def _refusal(tool: str, action: _Action | None) -> str:
    said = "declined to sign in" if action == "decline" else "has not agreed to sign in"
    return (
        f"The person {said}, so {tool} was not carried out. Do not repeat the call by yourself: "
        "tell them what it is for, and repeat it when they want to sign in."
    )


def _question(tool: str, error: SignInNeeded, account: str | None, context: _CallContext) -> InputRequiredResult:
    state = _Interrupted(
        sign_in=error.sign_in,
        account=account,
        invitation=str(error),
        request_state=context.request_state,
        input_responses=context.input_responses,
    )
    params = ElicitRequestURLParams(message=_message(tool, error), url=error.url)
    return InputRequiredResult(
        input_requests={QUESTION: ElicitRequest(params=params)},
        request_state=state.model_dump_json(by_alias=True, exclude_none=True),
    )


def _interrupted(context: _CallContext) -> _Interrupted | None:
    """Where this call was interrupted by us; the state of other questions is none of ours."""
    if not context.request_state:
        return None
    try:
        return _Interrupted.model_validate_json(context.request_state)
    except ValidationError:
        return None


async def _resumed(tool: str, attempt: _Attempt[_T], context: _CallContext, interrupted: _Interrupted) -> _T:
    answer = (context.input_responses or {}).get(QUESTION)
    action = answer.action if isinstance(answer, ElicitResult) else None
    await _await_sign_in(tool, action, interrupted.sign_in, interrupted.invitation, context)
    return await attempt(interrupted.account, _as_before(context, interrupted))


def _as_before(context: _CallContext, interrupted: _Interrupted) -> _CallContext:
    """The call as it stood when it was interrupted: resolvers find their own answers and state again."""
    asked_before = InputResponseRequestParams(
        input_responses=interrupted.input_responses, request_state=interrupted.request_state
    )
    return Context(
        request_context=context.request_context,
        mcp_server=context.mcp_server,
        input_params=asked_before,
        subscriptions=context._subscriptions,  # noqa: SLF001 - the SDK has no way to copy a context
    )
