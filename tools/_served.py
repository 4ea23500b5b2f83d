"""A tool as it is served: arguments judged, the account chosen, the person asked, and errors that a model can read."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, InputRequiredResult
from pydantic import ValidationError

from errors import AppError, SignInNeeded, ToolInputError
from principal import SignedIn, called, names_of
from tools._accounts_argument import ARGUMENT, named_account
from tools._asking import with_sign_in
from tools._render import Answer, rendered
from tools._services import services_of, working_as

log = logging.getLogger(__name__)


class ServedTool(Tool):
    """The one place where an error of ours becomes an error that the model reads."""

    as_account: bool = False
    """Whether it works as one of the signed-in accounts, so that a call may say as which."""

    async def run(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False
    ) -> CallToolResult | InputRequiredResult | Answer:
        try:
            account, given = await self._account_in(arguments, context)
            self._refuse_unknown(given)
            self._refuse_other_types(given)
            account = account or await self._default(context)
            answer: InputRequiredResult | Answer = await with_sign_in(
                self.name, partial(self._attempt, given), account, context
            )
        except AppError as error:
            log.warning("tool failed", extra={"tool": self.name, "cause": _told_in_log(error)})
            raise ToolError(str(error)) from error
        return rendered(answer) if convert_result and isinstance(answer, Answer) else answer

    async def _attempt(
        self, arguments: dict[str, Any], account: str | None, context: Context[Any, Any]
    ) -> InputRequiredResult | Answer:
        try:
            # Nobody was signed in when the call began, and now somebody may be.
            with working_as(account or await self._default(context)):
                answer: InputRequiredResult | Answer = await super().run(arguments, context)
            return answer
        except ToolError as error:
            cause = error.__cause__
            if isinstance(cause, AppError):
                raise cause from None
            log.warning("tool failed", extra={"tool": self.name, "cause": _logged(cause)})
            raise _readable(error) from cause

    async def _default(self, context: Context[Any, Any]) -> str | None:
        """The account for the whole of one call: the default may change under it."""
        listed: Sequence[SignedIn] = ()
        with suppress(AppError):  # whoever needs a token meets it again, and may not need one
            listed = await services_of(context).accounts.listed() if self.as_account else ()
        return next((each.id for each in listed if each.is_selected), None)

    async def _account_in(
        self, arguments: dict[str, Any], context: Context[Any, Any]
    ) -> tuple[str | None, dict[str, Any]]:
        """The id of the account that a call names, and the other arguments."""
        if not self.as_account or ARGUMENT not in arguments:
            return None, arguments
        account, given = arguments[ARGUMENT], {key: arguments[key] for key in arguments if key != ARGUMENT}
        if not isinstance(account, str):
            raise ToolInputError(self._mistaken(f"{ARGUMENT}: Input should be a valid string"))
        listed = await services_of(context).accounts.listed()
        if len(listed) > 1:
            return named_account(account, listed).id, given
        only = called(account, listed)
        if only is None:
            who = f" Signed in is {', '.join(names_of(listed))}, and nobody else: leave it out." if listed else ""
            raise ToolInputError(f"{self._unknown([ARGUMENT])}{who}")
        return only.id, given

    def _unknown(self, names: Sequence[str]) -> str:
        takes = ", ".join(self.parameters.get("properties", {})) or "no arguments"
        named = ", ".join(name[:40] for name in names[:5])
        return f"{self.name} has no argument {named}. It takes: {takes}."

    def _refuse_unknown(self, arguments: dict[str, Any]) -> None:
        if unknown := sorted(set(arguments) - set(self.parameters.get("properties", {}))):
            raise ToolError(self._unknown(unknown))

    def _refuse_other_types(self, arguments: dict[str, Any]) -> None:
        """The schema's types and no others: the SDK would take true for 1. As JSON, so that a date is still a text."""
        given = json.dumps(self.fn_metadata.pre_parse_json(arguments))
        try:
            self.fn_metadata.arg_model.model_validate_json(given, strict=True)
        except ValidationError as error:
            problems = "; ".join(f"{_where(problem['loc'])}: {problem['msg']}" for problem in error.errors())
            raise ToolError(self._mistaken(problems)) from error

    def _mistaken(self, problems: str) -> str:
        return f"{self.name} cannot take these arguments. {problems}. Correct them and call again."


def _readable(error: ToolError) -> ToolError:
    if isinstance(error.__cause__, ValidationError):  # not of the arguments: those were judged before
        return ToolError("Graph's answer does not have the form that it documents. Ask for something else.")
    return error


def _where(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "arguments"


def _told_in_log(error: AppError) -> str:
    """An invitation to sign in has a link in it, which is for one person alone."""
    return type(error).__name__ if isinstance(error, SignInNeeded) else repr(error)


def _logged(cause: BaseException | None) -> str:
    """What the log may know: of an answer that did not fit only where, since the rest is somebody's mail."""
    if isinstance(cause, ValidationError):
        return f"{cause.title}: {', '.join(sorted({_where(problem['loc']) for problem in cause.errors()}))}"
    return repr(cause)
