"""The catalogue: every toolset there is, and what server.py needs to offer them."""

from __future__ import annotations

from collections.abc import Iterable

from tools._access import Guard
from tools._approval import ApprovalPages, Approvals
from tools._binding import Side
from tools._caps import Caps
from tools._catalogue import Catalogue
from tools._cursors import Cursors
from tools._handles import Handles
from tools._ids import Ids
from tools._kinds import Kind
from tools._listing import Listing
from tools._policy import Policy, read_policy
from tools._records import Audit, CallRecord, logged, recorded
from tools._render import Form
from tools._selection import Selection
from tools._services import Accounts, Services
from tools._sizes import listed_bytes
from tools._taint import Taint
from tools._toolset import Toolset, ToolSpec
from tools.account import account
from tools.discovery import discovery
from tools.mail import mail

__all__ = [
    "DISCOVERY",
    "TOOLSETS",
    "Accounts",
    "ApprovalPages",
    "Approvals",
    "Audit",
    "CallRecord",
    "Caps",
    "Catalogue",
    "Cursors",
    "Form",
    "Guard",
    "Handles",
    "Ids",
    "Listing",
    "Policy",
    "Selection",
    "Services",
    "Side",
    "Taint",
    "ToolSpec",
    "Toolset",
    "kinds_of",
    "listed_bytes",
    "logged",
    "read_policy",
    "recorded",
]

TOOLSETS: tuple[Toolset, ...] = (account, mail)
DISCOVERY = discovery


def kinds_of(specs: Iterable[ToolSpec]) -> set[Kind]:
    """Every kind of id that these tools take."""
    return {kind for spec in specs for kind in spec.signature.kinds.values()}
