"""Text that others wrote: cleaned of what cannot be seen, defused, and marked as data."""

from __future__ import annotations

from tools._untrusted.cleaning import cleaned, cut, is_clean, is_unseen, one_line
from tools._untrusted.defusing import defused
from tools._untrusted.fencing import Fence
from tools._untrusted.links import domain_of, host_of, shown_link

__all__ = [
    "Fence",
    "cleaned",
    "cut",
    "defused",
    "domain_of",
    "host_of",
    "is_clean",
    "is_unseen",
    "one_line",
    "shown_link",
]
