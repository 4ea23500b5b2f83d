"""The pages that this computer shows to its person: plain HTML, no scripts, nothing from elsewhere."""

from __future__ import annotations

from web.pages.approval import HEADERS, approval, approval_ended, approval_unread
from web.pages.refusals import cross_site, misdirected, too_large, unknown_link, wrong_method
from web.pages.sign_in import not_signed_in, signed_in

__all__ = [
    "HEADERS",
    "approval",
    "approval_ended",
    "approval_unread",
    "cross_site",
    "misdirected",
    "not_signed_in",
    "signed_in",
    "too_large",
    "unknown_link",
    "wrong_method",
]
