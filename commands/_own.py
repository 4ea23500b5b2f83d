"""The commands of server.py, and the options that only some of them take."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from clouds import CLOUDS

_HIGHEST_PORT = 65535


@dataclass(frozen=True)
class CommandOptions:
    """What single commands take besides the settings."""

    account: str | None = None
    everyone: bool = False
    as_json: bool = False
    admin_consent_url: bool = False
    everything: bool = False
    no_sign_in: bool = False
    tls: bool = False
    host: str = "127.0.0.1"
    port: int = 0
    ca_file: Path | None = None
    cloud: str = "public"


@dataclass(frozen=True)
class Command:
    """What people are told about a command; `has_settings` says whether it reads any."""

    help: str
    examples: tuple[str, ...]
    has_settings: bool = True


@dataclass(frozen=True)
class Own:
    """An option, the commands that take it, and how argparse reads it. Of equal `instead` only one can be given."""

    name: str
    commands: tuple[str, ...]
    help: str
    read: dict[str, Any] = field(default_factory=dict)
    instead: str = ""

    @property
    def takes_value(self) -> bool:
        return "action" not in self.read


def text_value(text: str) -> str:
    """A value that says something."""
    if not text.strip():
        raise argparse.ArgumentTypeError("needs a value that is not empty")
    return text


def path_value(text: str) -> Path:
    """A path, where there is one."""
    return Path(text_value(text))


def _port_value(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= _HIGHEST_PORT):
        raise argparse.ArgumentTypeError(f"needs a whole number from 0 to {_HIGHEST_PORT}")
    return int(text)


COMMANDS: dict[str, Command] = {
    "serve": Command(
        "serve MCP; what happens where no command is named",
        (
            "--demo                             try it: no tenant, no app registration",
            "--client-id GUID --tenant-id GUID  sign in to your own tenant, over stdio",
        ),
    ),
    "login": Command(
        "sign somebody in, before a client needs it",
        ("login", "login --device --account ines@contoso.com"),
    ),
    "logout": Command("forget a sign-in, or all of them", ("logout", "logout --all")),
    "accounts": Command("list who is signed in", ("accounts", "accounts --json")),
    "permissions": Command(
        "show what the toolsets need, and the link for an administrator",
        ("permissions --toolsets mail", "permissions --admin-consent-url"),
    ),
    "tools": Command(
        "list the tools that the settings choose, with their bytes and permissions",
        ("tools --toolsets mail,calendar", "tools --read-only --all"),
    ),
    "doctor": Command("check settings, network and sign-in, and say what to change", ("doctor", "doctor --json")),
    "emulator": Command(
        "serve the demo tenant alone, for tests of other programs",
        ("emulator --port 4000", "emulator --tls --ca-file ca.pem"),
        has_settings=False,
    ),
}


def _switch(dest: str, const: str | bool = True) -> dict[str, Any]:
    return {"dest": dest, "action": "store_const", "const": const}


# --device and --browser are other ways to write --sign-in, so they are settings, not options of their own.
OWN_OPTIONS: tuple[Own, ...] = (
    Own("--device", ("login",), "sign in with a code, on any device", _switch("ENTRA_SIGN_IN", "device"), "how"),
    Own("--browser", ("login",), "sign in in this computer's browser", _switch("ENTRA_SIGN_IN", "browser"), "how"),
    Own(
        "--account",
        ("login", "logout"),
        "whom: the name that the account signs in with",
        {"dest": "account", "metavar": "NAME", "type": text_value},
        "who",
    ),
    Own("--all", ("logout",), "everybody who is signed in", _switch("everyone"), "who"),
    Own("--all", ("tools",), "list what is left out too, with the reasons", _switch("everything")),
    Own(
        "--json", ("accounts", "permissions", "tools", "doctor"), "print JSON for programs", _switch("as_json"), "form"
    ),
    Own(
        "--admin-consent-url",
        ("permissions",),
        "print only the link with which an administrator agrees for everybody",
        _switch("admin_consent_url"),
        "form",
    ),
    Own("--no-sign-in", ("doctor",), "leave out what needs a token", _switch("no_sign_in")),
    Own("--tls", ("emulator",), "serve HTTPS with a certificate made for this run", _switch("tls")),
    Own(
        "--host",
        ("emulator",),
        "address to listen on (127.0.0.1)",
        {"dest": "host", "metavar": "HOST", "type": text_value},
    ),
    Own(
        "--port",
        ("emulator",),
        "port to listen on; 0, the default, is any free one",
        {"dest": "port", "metavar": "PORT", "type": _port_value},
    ),
    Own(
        "--cloud",
        ("emulator",),
        "which Microsoft cloud to be",
        {"dest": "cloud", "choices": tuple(CLOUDS), "default": "public"},
    ),
    Own(
        "--ca-file",
        ("emulator",),
        "write the certificate to trust into this file",
        {"dest": "ca_file", "metavar": "PATH", "type": path_value},
    ),
)

OWN_NAMES = frozenset(each.name for each in fields(CommandOptions))
