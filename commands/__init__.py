"""The command line: what it offers, and one module for each subcommand; doctor and keys are loaded when needed."""

from __future__ import annotations

from commands._browser import opened_in_browser
from commands._options import CommandLine, parse
from commands._output import Output, standard_output
from commands._own import CommandOptions
from commands._permission_map import needs, permissions_named
from commands._reading import what_can_be_read
from commands.accounts import accounts, last_renewed
from commands.clients import snippets
from commands.login import login
from commands.logout import logout
from commands.permissions import permissions, told_for_docs
from commands.tools import tools

__all__ = [
    "CommandLine",
    "CommandOptions",
    "Output",
    "accounts",
    "last_renewed",
    "login",
    "logout",
    "needs",
    "opened_in_browser",
    "parse",
    "permissions",
    "permissions_named",
    "snippets",
    "standard_output",
    "told_for_docs",
    "tools",
    "what_can_be_read",
]
