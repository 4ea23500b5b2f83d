"""What the server and its commands make of the settings alike: tools, scopes, the way to sign in, the log."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

import auth
import logging_config
import tools
import web
from errors import StartError
from settings import SECRETS, Settings


def selection_of(settings: Settings) -> tools.Selection:
    """The tools that are offered."""
    return tools.Selection(
        settings.toolsets,
        as_application=settings.auth_mode == "application",
        with_token=settings.entra_enable_auth,
        with_people=settings.way != "supplied",
    )


def scopes_of(settings: Settings) -> list[str]:
    """A person grants exactly what the tools need; an app was granted beforehand what it has."""
    graph = settings.cloud.graph_url
    if settings.auth_mode == "application":
        return [f"{graph}/.default"]
    wanted = settings.entra_scopes or selection_of(settings).delegated_scopes
    return [scope if "://" in scope else f"{graph}/{scope}" for scope in wanted]


def pages_for(settings: Settings) -> web.LocalPages:
    """The pages on this computer; where the redirect URI has a port, the browser comes back to that one."""
    return web.LocalPages(urlsplit(settings.entra_redirect_uri).port or 0)


def sign_in_flow(settings: Settings, pages: web.LocalPages) -> auth.Flow:
    """How a person signs in: as the settings say, else in a browser where there is one."""
    wanted = settings.entra_sign_in
    if wanted == "browser" or (wanted == "auto" and auth.has_browser(os.environ)):
        return auth.BrowserFlow(pages, settings.entra_redirect_uri)
    return auth.DeviceFlow()


def configure_logging(settings: Settings, level: str) -> None:
    """Log as the settings say, and none of their secrets."""
    for name in SECRETS:
        if secret := getattr(settings, name.lower()):
            logging_config.register_secret(secret.get_secret_value())
    try:
        logging_config.configure(level, file=settings.log_file, json_lines=settings.log_format == "json")
    except (OSError, ValueError) as error:
        raise StartError(f"LOG_FILE: {error}") from error


def tell(text: str) -> None:
    """Show something to the person at the terminal: never on stdout, which is the protocol's, nor in a log."""
    with suppress(OSError, ValueError):  # nobody reads it: the same text is in the tool's answer
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def problem_of(check: Callable[[], object]) -> str:
    """What a check complains of; nothing where it is content."""
    try:
        check()
    except StartError as error:
        return str(error)
    return ""
