"""Mail: read, search and send Outlook messages."""

from __future__ import annotations

from tools.mail import listing, reading, sending, thread
from tools.mail.toolset import mail

__all__ = ["listing", "mail", "reading", "sending", "thread"]
