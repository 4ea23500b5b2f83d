"""What all mail tools share: the toolset, and the kinds of things in a mailbox."""

from __future__ import annotations

from tools._here import READS_SETTINGS
from tools._kinds import Kind
from tools._toolset import Toolset

mail = Toolset("mail", "Read and send Outlook mail.", is_default=True, in_mailbox=True)

MESSAGE = Kind("msg", "message", "mail_list_messages")
ATTACHMENT = Kind("att", "attachment", "mail_read_message")

# For local times, and to tell who is outside; without them times are in UTC, and only the own domain is inside.
WANTS = (READS_SETTINGS, "User.Read")
