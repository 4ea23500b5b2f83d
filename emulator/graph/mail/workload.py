"""The mail workload, to which its modules add what they know."""

from __future__ import annotations

from dataclasses import replace

from emulator.faults import ItemNotFound
from emulator.graph.engine.dialects import EXCHANGE
from emulator.graph.engine.workload import Page, Workload

PAGE = Page(10, 1000)
EVERYTHING = Page(1000, 1000)

mail = Workload("mail", EXCHANGE)
# Where ids have no form of Exchange's own, one of nothing is not malformed.
ANY_ID = replace(EXCHANGE, not_found=lambda _: ItemNotFound())
me = mail.type("user", own=("mailboxSettings", "sendMail", "getMailTips", "translateExchangeIds"))
