"""The commands of server.py, and the options that only some of them take."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from auth.inbound.key_records import MOST_CALLS, as_name, as_rate, as_words
from clouds import CLOUDS

_HIGHEST_PORT = 65535
_MOST_DAYS = 3650
_LONGEST_NUMBER = 5


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
    name: str = ""
    days: int = 90
    access: str = "read"
    toolsets: tuple[str, ...] = ()
    mailboxes: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    rate: str = ""
    calls: int = 0
    key: str = ""


@dataclass(frozen=True)
class Command:
    """What people are told about a command; `has_settings` says whether every setting is an option of it."""

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
        return self.read.get("action") in (None, "append")

    @property
    def is_word(self) -> bool:
        """Whether it has no name on the command line, but stands there by itself."""
        return not self.name.startswith("-")


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


def _days_value(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER and 1 <= int(text) <= _MOST_DAYS):
        raise argparse.ArgumentTypeError(f"needs a whole number from 1 to {_MOST_DAYS}; --no-expiry has no end")
    return int(text)


def _calls_value(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER and 1 <= int(text) <= MOST_CALLS):
        raise argparse.ArgumentTypeError(f"needs a whole number from 1 to {MOST_CALLS}")
    return int(text)


def _level_value(text: str) -> str:
    if text == "ask":
        raise argparse.ArgumentTypeError(
            "ask is for people, and nobody is behind a key who could be asked: read or full"
        )
    if text not in ("read", "full"):
        raise argparse.ArgumentTypeError("needs read or full")
    return text


def _listed_value(text: str) -> tuple[str, ...]:
    found = tuple(each.strip().lower() for each in text.split(",") if each.strip())
    if not found:
        raise argparse.ArgumentTypeError("needs names, by commas")
    return found


def _checked(check: Callable[[str], str]) -> Callable[[str], str]:
    """A reader of options out of what judges the same text in a file."""

    def read(text: str) -> str:
        try:
            return check(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def _word_value(text: str) -> str:
    return as_words([text])[0]


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
    "keys create": Command(
        "make a key for a daemon that calls over HTTP; it only reads, unless told otherwise",
        (
            "keys create --name reports --toolsets mail --mailbox sales@contoso.com",
            "keys create --name cleaner --access full --days 30",
        ),
        has_settings=False,
    ),
    "keys list": Command("list the keys, without their secrets", ("keys list", "keys list --json"), has_settings=False),
    "keys revoke": Command(
        "end a key; a server that is running hears of it", ("keys revoke reports",), has_settings=False
    ),
    "emulator": Command(
        "serve the demo tenant alone, for tests of other programs",
        ("emulator --port 4000", "emulator --tls --ca-file ca.pem"),
        has_settings=False,
    ),
}


_KEYS = ("keys create", "keys list", "keys revoke")


def _switch(dest: str, const: str | bool | int = True) -> dict[str, Any]:
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
        "--json",
        ("accounts", "permissions", "tools", "doctor", "keys list"),
        "print JSON for programs",
        _switch("as_json"),
        "form",
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
    Own("key", ("keys revoke",), "id or name of the key", {"type": text_value}),
    Own(
        "--name",
        ("keys create",),
        "what the key is for, as people know it",
        {"metavar": "NAME", "type": _checked(as_name), "required": True},
    ),
    Own("--days", ("keys create",), "how long it is good (90)", {"metavar": "DAYS", "type": _days_value}, "end"),
    Own("--no-expiry", ("keys create",), "good until it is revoked", _switch("days", 0), "end"),
    Own(
        "--access",
        ("keys create",),
        "how far it goes: read, the default, or full, where nobody is asked",
        {"metavar": "{read,full}", "type": _level_value},
    ),
    Own(
        "--toolsets",
        ("keys create",),
        "the toolsets it may use, by commas; default: all that the server has",
        {"metavar": "NAMES", "type": _listed_value},
    ),
    Own(
        "--mailbox",
        ("keys create",),
        "a mailbox it may work in, as callers name it; again for more; default: all",
        {"dest": "mailboxes", "metavar": "NAME", "action": "append", "type": _checked(_word_value)},
    ),
    Own(
        "--site",
        ("keys create",),
        "a site it may work in, as callers name it; again for more; default: all",
        {"dest": "sites", "metavar": "NAME", "action": "append", "type": _checked(_word_value)},
    ),
    Own(
        "--rate",
        ("keys create",),
        "requests that it may send, as in 600/minute; default: HTTP_CALLER_RATE",
        {"metavar": "RATE", "type": _checked(as_rate)},
    ),
    Own(
        "--calls",
        ("keys create",),
        "requests that it may have under way; default: HTTP_CALLER_CALLS",
        {"metavar": "NUMBER", "type": _calls_value},
    ),
    # Ways to write settings, as --device is: what else the settings say does not matter to keys.
    Own(
        "--keys-file",
        _KEYS,
        "the file that they are kept in [HTTP_KEYS_FILE; default: keys.json in STATE_DIR]",
        {"dest": "HTTP_KEYS_FILE", "metavar": "PATH", "type": text_value},
    ),
    Own(
        "--state-dir",
        _KEYS,
        "folder of the server's state [STATE_DIR]",
        {"dest": "STATE_DIR", "metavar": "PATH", "type": text_value},
    ),
    Own(
        "--env-file",
        _KEYS,
        "read this file instead of .env beside server.py",
        {"metavar": "PATH", "type": path_value},
    ),
)

OWN_NAMES = frozenset(each.name for each in fields(CommandOptions))
