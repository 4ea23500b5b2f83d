"""A tool's refusal that only a new sign-in answers also says so to the client, which can then start one."""

from __future__ import annotations

from typing import Any

from mcp.server import ServerRequestContext
from mcp.server.context import CallNext, HandlerResult

from principal import current_sender

KEY = "mcp/www_authenticate"
"""Where clients look that act on it: a list of challenges, each as WWW-Authenticate has it."""


class StepUp:
    """Middleware of the MCP server: adds the challenge that a call met to its error.

    By the time it is met, the HTTP answer has begun. The next request with the same token gets it as an HTTP answer.
    """

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        result, sender = await call_next(ctx), current_sender()
        if ctx.method != "tools/call" or sender is None or not sender.step_up:
            return result
        if not isinstance(result, dict) or not result.get("isError"):
            return result
        return {**result, "_meta": {**(result.get("_meta") or {}), KEY: [f"Bearer {sender.step_up}"]}}
