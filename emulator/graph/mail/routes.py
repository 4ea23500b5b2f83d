"""Mail as Graph serves it: each module adds what it knows to the workload."""

from __future__ import annotations

from emulator.graph.mail import attachments, extensions, folders, messages, owners, rule_routes, sending, uploads
from emulator.graph.mail.workload import mail

__all__ = ["attachments", "extensions", "folders", "mail", "messages", "owners", "rule_routes", "sending", "uploads"]
