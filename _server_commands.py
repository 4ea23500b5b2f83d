"""The commands beside serve: each gets what the server itself would use."""

from __future__ import annotations

import importlib
import os
import urllib.request
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

import anyio

import auth
import commands
import logging_config
import network
from _server_wiring import catalogue_of, configure_logging, pages_for, scopes_of, selection_of, sign_in_flow, tell
from commands import CommandLine
from errors import SettingsError, StartError
from settings import Settings, read_settings
from tools import TOOLSETS, ToolSpec


def run(line: CommandLine, root: Path) -> int:
    """The exit status of the command that was asked for."""
    if line.command == "emulator":
        return _emulator(line)
    if line.command in ("permissions", "tools"):
        return _about_tools(line, root)
    if line.command == "doctor":
        return anyio.run(_doctor, line, root)
    if line.command.startswith("keys "):
        return _keys(line, root)
    settings = _read(line, root, {})
    _quietly(settings)
    return anyio.run(_with_people, line, settings)


def _emulator(line: CommandLine) -> int:
    """Serve the demo tenant alone. Until it is interrupted, so it has no status but 0."""
    wanted = line.options
    try:
        emulator = importlib.import_module("emulator")
        cloud = emulator.CLOUDS[wanted.cloud]
        emulator.serve(host=wanted.host, port=wanted.port, tls=wanted.tls, ca_file=wanted.ca_file, cloud=cloud)
    except OSError as error:
        raise StartError(f"emulator: {error.strerror or error}. Choose another --host, --port or --ca-file.") from error
    return 0


def _keys(line: CommandLine, root: Path) -> int:
    """Make, list or end keys; of the settings only the place of their file matters."""
    keys, output = importlib.import_module("commands.keys"), commands.standard_output()
    try:
        path = keys.where_keys_are(partial(_read, line, root))
    except SettingsError as error:
        output.tell(str(error))
        return 2
    status: int = keys.keys(line.command, line.options, keys.Desk(path, output, [each.name for each in TOOLSETS]))
    return status


def _about_tools(line: CommandLine, root: Path) -> int:
    """Show what the settings choose from the catalogue, or what that needs, though they may not say how to sign in."""
    try:
        return _permissions(line, root) if line.command == "permissions" else _tools(line, root)
    except SettingsError as error:
        commands.standard_output().tell(str(error))
        return 2


def _permissions(line: CommandLine, root: Path) -> int:
    settings, _ = _as_far_as_it_makes_sense(line, root)
    wanted, offered = line.options, dict[str, ToolSpec]()
    for mode in ("delegated", "application"):  # what each of them needs is shown side by side
        offered |= selection_of(settings.model_copy(update={"entra_enable_auth": True, "entra_auth_mode": mode})).tools
    return commands.permissions(
        settings,
        offered.values(),
        commands.standard_output(),
        json_wanted=wanted.as_json,
        only_link=wanted.admin_consent_url,
    )


def _tools(line: CommandLine, root: Path) -> int:
    settings, wanted = _but_for_sign_in(line, root), line.options
    catalogue = catalogue_of(settings)
    return commands.tools(
        settings,
        catalogue.selection,
        commands.standard_output(),
        bind=catalogue.bound,
        json_wanted=wanted.as_json,
        everything=wanted.everything,
    )


def _but_for_sign_in(line: CommandLine, root: Path) -> Settings:
    """Settings in which nothing is wrong, though what signing in needs may lack: as if it were there."""
    try:
        return _read(line, root, {})
    except SettingsError:
        settings = _read_with_less(line, root, {"ENTRA_ENABLE_AUTH": "false"})
        return settings.model_copy(update={"entra_enable_auth": True})


def _read(line: CommandLine, root: Path, over_all: Mapping[str, str]) -> Settings:
    given = {**os.environ, **line.overlay, **over_all}
    return read_settings(given, line.env_file or root / ".env", env_file_required=bool(line.env_file))


def _as_far_as_it_makes_sense(line: CommandLine, root: Path) -> tuple[Settings, tuple[str, ...]]:
    return commands.what_can_be_read(partial(_read_with_less, line, root))


def _read_with_less(line: CommandLine, root: Path, over_all: Mapping[str, str]) -> Settings:
    """The same, and where sign-in is left out, what callers over HTTP need is not asked for either."""
    try:
        return _read(line, root, over_all)
    except SettingsError as error:
        if not over_all or any(problem.startswith("TRANSPORT:") for problem in error.problems):
            raise
        # All that depends on HTTP is judged where HTTP is served, and nowhere else.
        settings = _read(line, root, {**over_all, "TRANSPORT": "stdio"})
        return settings.model_copy(update={"transport": "http"})


def _quietly(settings: Settings) -> None:
    """Whoever types a command wants its result; the log only where they asked for it."""
    configure_logging(settings, settings.log_level if "log_level" in settings.model_fields_set else "WARNING")


async def _with_people(line: CommandLine, settings: Settings) -> int:
    """login, logout, accounts: what concerns the people who are signed in over stdio."""
    output, wanted, pages = commands.standard_output(), line.options, pages_for(settings)
    scopes = scopes_of(settings)
    with network.OnDemand() as http:
        made = partial(auth.people_of, settings, scopes, http, sign_in_flow(settings, pages))

        def people(told: Callable[[str], None] = tell) -> auth.People:
            return made(tell=told)

        if line.command == "accounts":
            renewed = partial(_last_renewed, settings)
            return await commands.accounts(settings, people(), output, json_wanted=wanted.as_json, renewed=renewed)
        if line.command == "logout":
            return await commands.logout(settings, people(), output, account=wanted.account, everyone=wanted.everyone)
        async with pages.running():
            show = partial(commands.opened_in_browser, environ=os.environ)
            return await commands.login(settings, people, output, account=wanted.account, open_page=show)


def _last_renewed(settings: Settings) -> Mapping[str, float]:
    # Silent: whoever lists the accounts reads the same file, and tells what is wrong with it.
    return commands.last_renewed(auth.cache_of(settings, lambda _: None).records())


async def _doctor(line: CommandLine, root: Path) -> int:
    """Look at everything that a start would need, and at what it would find."""
    settings, problems = _as_far_as_it_makes_sense(line, root)
    _quietly(settings)
    doctor = importlib.import_module("commands.doctor")
    with network.OnDemand() as http:
        about = doctor.Surroundings(
            settings=settings,
            offered=partial(_offered, settings),
            problems=problems,
            env_file=line.env_file or root / ".env",
            requirements=root / "requirements.txt",
            environ=os.environ,
            http=network.async_client,
            trusted=network.trusted_certificates,
            token=_silent_token(settings, http),
            own_token=_own_token(settings, http),
            prove=lambda: auth.credential_of(settings, logging_config.register_secret).for_msal(),
            read_cache=lambda warn: auth.cache_of(settings, warn).read(),
            resolve=doctor.resolved,
            issuer_of=doctor.issuer_of,
            is_running=doctor.is_running,
            system_proxies=urllib.request.getproxies,
        )
        status: int = await doctor.doctor(
            about,
            commands.standard_output(),
            json_wanted=line.options.as_json,
            with_sign_in=not line.options.no_sign_in,
        )
    return status


def _offered(settings: Settings) -> Iterable[ToolSpec]:
    return selection_of(settings).tools.values()


def _silent_token(settings: Settings, http: network.OnDemand) -> Callable[[], Awaitable[str]]:
    """A token without asking anybody."""
    doctor = importlib.import_module("commands.doctor")

    async def token() -> str:
        scopes = scopes_of(settings)
        nobody = doctor.NobodyAsked()
        accounts = auth.accounts_of(
            settings, scopes, http, nobody, tell=lambda _: None, hide=logging_config.register_secret
        )
        if isinstance(accounts, auth.People):
            silent: str = await doctor.silent_token(accounts, scopes)
            return silent
        return await accounts.source().token(scopes)

    return token


def _own_token(settings: Settings, http: network.OnDemand) -> Callable[[str], Awaitable[str]]:
    """A token of the app itself, by the credential with which it works for others."""
    as_app = settings.model_copy(update={"transport": "stdio", "entra_auth_mode": "application"})
    doctor = importlib.import_module("commands.doctor")

    async def token(scope: str) -> str:
        account = auth.accounts_of(
            as_app, [scope], http, doctor.NobodyAsked(), tell=lambda _: None, hide=logging_config.register_secret
        )
        return await account.source().token([scope])

    return token
