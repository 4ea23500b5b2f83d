"""What the server and its commands make of the settings alike: tools, scopes, the way to sign in, the log."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx

import auth
import logging_config
import network
import tools
import web
from clouds import SHARED_TENANTS
from commands import opened_in_browser
from errors import StartError
from graph import BearerAuth, Caller, GraphService, Speaker, graph_service
from principal import Level, current_sender
from settings import SECRETS, Settings


def selection_of(settings: Settings) -> tools.Selection:
    """The tools that are offered."""
    return tools.Selection(
        settings.chosen_toolsets,
        as_application=settings.auth_mode == "application",
        with_token=settings.entra_enable_auth,
        catalogue=tools.TOOLSETS,
        single=settings.tools,
        excluded=settings.exclude_tools,
        level=Level(settings.level),
        accounts="personal" if settings.tenant == "consumers" else "any",
        allowed_scopes=settings.allowed_scopes,
        with_people=settings.way not in ("supplied", "on-behalf-of"),
        with_beta=settings.graph_allow_beta,
    )


def catalogue_of(settings: Settings) -> tools.Catalogue:
    """Those tools as they are served."""
    side = tools.Side(as_application=settings.auth_mode == "application", has_mailbox=bool(settings.graph_mailbox))
    return tools.Catalogue(selection_of(settings), side, finders=tools.DISCOVERY if settings.discovery else None)


def scopes_of(settings: Settings) -> list[str]:
    """A person grants exactly what the tools need; an app was granted beforehand what it has."""
    graph = settings.cloud.graph_url
    if settings.auth_mode == "application":
        return [f"{graph}/.default"]
    if settings.way == "on-behalf-of" and not settings.entra_scopes:
        # What an administrator agreed to, whatever that is: one missing permission must not take all tools away.
        return [f"{graph}/.default"]
    wanted = settings.entra_scopes or selection_of(settings).delegated_scopes
    return [scope if "://" in scope else f"{graph}/{scope}" for scope in wanted]


def pages_for(settings: Settings) -> web.LocalPages:
    """The pages on this computer; where the redirect URI has a port, the browser comes back to that one."""
    return web.LocalPages(urlsplit(settings.entra_redirect_uri).port or 0)


def consent_link(settings: Settings, scopes: Sequence[str]) -> str:
    """Where an administrator agrees to permissions; nowhere where the app is not ours to name."""
    sender = current_sender()
    tenant = sender.principal.tenant_id if sender else ""
    return auth.admin_consent_url(settings, scopes, tenant=tenant) if settings.entra_client_id else ""


def approval_desk(pages: web.LocalPages) -> web.ApprovalDesk:
    """Where the person at this computer says yes or no, in their browser if there is one."""
    return web.ApprovalDesk(pages, partial(opened_in_browser, environ=os.environ))


@asynccontextmanager
async def together(*beside: Callable[[], AbstractAsyncContextManager[None]]) -> AsyncIterator[None]:
    """All of these at once."""
    async with AsyncExitStack() as opened:
        for each in beside:
            await opened.enter_async_context(each())
        yield


def sign_in_flow(settings: Settings, pages: web.LocalPages) -> auth.Flow:
    """How a person signs in: as the settings say, else in a browser where there is one."""
    wanted = settings.entra_sign_in
    if wanted == "browser" or (wanted == "auto" and auth.has_browser(os.environ)):
        return auth.BrowserFlow(pages, settings.entra_redirect_uri)
    return auth.DeviceFlow()


def graph_of(
    settings: Settings,
    transport: httpx.AsyncBaseTransport | None = None,
    *,
    processes: int = 1,
    observe: Callable[[int, float], None] = lambda _status, _seconds: None,
) -> AbstractAsyncContextManager[GraphService]:
    """Graph as the settings want it, its limits shared by so many processes. A given transport replaces the network."""
    trusted = None if transport else network.trusted_certificates()
    opened = partial(network.async_client, transport, trusted=trusted)
    return graph_service(
        opened,
        settings.cloud.graph_host,
        bulk=partial(opened, for_transfers=True),
        version=settings.graph_api_version,
        allow_beta=settings.graph_allow_beta,
        processes=processes,
        observe=observe,
    )


def speaker_for(
    settings: Settings, accounts: auth.Accounts, scopes: Sequence[str], account: str | None = None
) -> Speaker:
    """Who speaks to Graph when the server works as this account, or as the only identity that it has.

    Over HTTP it works as whoever sent the request, or as the app for whoever has a key: what is kept for one sender is
    nothing to another, though Graph takes two keys for the same app.
    """
    signed = BearerAuth(accounts.source(account), scopes, settings.cloud.graph_host)
    if sender := current_sender():
        who = sender.principal
        return Speaker(signed, Caller(who.tenant_id, who.user_id if sender.is_person else ""), who)
    user, _, home = (account or "").partition(".")  # as MSAL names accounts: the person and their tenant
    tenant = home if home and settings.tenant in SHARED_TENANTS else settings.tenant
    return Speaker(signed, Caller(tenant, user), _key_of(settings, account))


def _key_of(settings: Settings, account: str | None) -> Hashable:
    """What makes two calls the same identity's. A token from elsewhere may become another person's at any time."""
    if account:
        return settings.cloud.name, settings.tenant, account, settings.entra_client_id
    if settings.way in ("person", "demo", "supplied"):
        return object()
    return settings.cloud.name, settings.tenant, "", settings.entra_client_id


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


def run_async(main: Callable[[], Any]) -> None:
    """Run it to its end, and raise what it raised."""
    try:
        anyio.run(main, backend_options={"use_uvloop": importlib.util.find_spec("uvloop") is not None})
    except BaseExceptionGroup as group:
        raise web.reason_of(group) from group


def problem_of(check: Callable[[], object]) -> str:
    """What a check complains of; nothing where it is content."""
    try:
        check()
    except StartError as error:
        return str(error)
    return ""
