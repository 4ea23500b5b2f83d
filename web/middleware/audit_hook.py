"""The audit log hears of each request that is let in, and of each that shows nothing that lets it in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from principal import Sender, current_sender
from web.middleware._passage import Passage, passage_of

log = logging.getLogger(__name__)

Audit = Callable[[Passage, Sender | None], None]
"""Takes a request and who sent it: before the deed, and without waiting for anything."""


def unheard(passage: Passage, sender: Sender | None) -> None:
    """Nobody keeps an audit log."""


def tell(audit: Audit, passage: Passage, sender: Sender | None) -> None:
    """Tell the audit log; a request is not broken by an audit log that is."""
    try:
        audit(passage, sender)
    except Exception:
        log.exception("the audit log took no record", extra={"request_id": passage.request_id})


class AuditHook:
    """Tells the audit log of what comes this far. `public` are the paths that anybody may ask, which it is spared."""

    def __init__(self, app: ASGIApp, *, audit: Audit, public: Collection[str] = ()) -> None:
        self.app = app
        self._audit = audit
        self._public = frozenset(public)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in self._public:
            tell(self._audit, passage_of(scope), current_sender())
        await self.app(scope, receive, send)
