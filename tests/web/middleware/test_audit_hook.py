"""web/middleware/audit_hook.py: the audit log hears of everybody who is let in, and breaks nothing."""

from __future__ import annotations

import logging

import pytest

from principal import Sender
from tests.web.middleware.doors import FakeDoor, Inside, Sent, http_to, nothing_more, sender
from web.middleware._passage import Passage
from web.middleware.audit_hook import AuditHook, tell, unheard
from web.middleware.authentication import Authentication

INES = {"Authorization": "Bearer ines"}


async def test_each_request_is_told_once_with_who_sent_it() -> None:
    heard: list[tuple[str, str]] = []

    def audit(passage: Passage, who: Sender | None) -> None:
        heard.append((passage.who, who.name if who else ""))

    hook = AuditHook(Inside(), audit=audit, public=("/healthz",))
    app = Authentication(hook, door=FakeDoor({"ines": sender("Ines")}), public=("/healthz",), audit=audit)
    async with http_to(app) as http:
        await http.post("/mcp", headers=INES)
        await http.get("/healthz")
        await http.post("/mcp")
    assert heard == [(sender("Ines").who, "Ines"), ("", "")]


async def test_where_nobody_shows_anything_requests_are_told_all_the_same() -> None:
    heard: list[Sender | None] = []
    app = AuditHook(Inside(), audit=lambda _, who: heard.append(who))
    await http_to(app).post("/mcp")
    await app({"type": "lifespan"}, nothing_more, Sent())
    assert heard == [None]


async def test_an_audit_log_that_breaks_does_not_break_the_request(caplog: pytest.LogCaptureFixture) -> None:
    def broken(passage: Passage, who: Sender | None) -> None:
        raise OSError("disk full")

    app = Authentication(
        AuditHook(Inside(), audit=broken), door=FakeDoor({"ines": sender("Ines")}), public=(), audit=broken
    )
    with caplog.at_level(logging.ERROR):
        assert (await http_to(app).post("/mcp", headers=INES)).text == "in"
        assert (await http_to(app).post("/mcp")).status_code == 401
    assert [record.getMessage() for record in caplog.records] == ["the audit log took no record"] * 2


def test_without_an_audit_log_nothing_happens() -> None:
    tell(unheard, Passage(), None)
