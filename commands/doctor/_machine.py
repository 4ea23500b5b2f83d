"""Checks of this machine: settings, files, versions. None of them needs the network."""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib import metadata
from pathlib import Path

from commands.doctor._verdict import Seen, Surroundings, Verdict, fail, ok, skipped, warn
from settings import SECRETS, Way

_OLDEST_PYTHON = (3, 11)
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
_LOOKED_AT = ("mcp", "msal", "httpx", "cryptography")
_WAYS: dict[Way, str] = {
    "off": "sign-in is switched off",
    "demo": "the demo tenant",
    "person": "a person signs in",
    "on-behalf-of": "an app on behalf of whoever calls",
    "supplied": "a supplied token",
    "secret": "an app with a client secret",
    "certificate": "an app with a certificate",
    "federated": "an app with a token of another identity provider",
    "managed-identity": "an app with a managed identity",
}


async def settings_complete(about: Surroundings, _: Seen) -> Verdict:
    """Whether the server would start with these settings."""
    settings = about.settings
    if about.problems:
        count = "one is" if len(about.problems) == 1 else f"{len(about.problems)} are"
        return fail(f"{count} wrong or missing; the rest was checked as far as that goes", "\n".join(about.problems))
    tenant = "" if settings.way in ("off", "demo") else f", tenant {settings.tenant}, {settings.cloud.name} cloud"
    return ok(f"complete: {_WAYS[settings.way]}{tenant}")


async def secret_files(about: Surroundings, _: Seen) -> Verdict:
    """Whether others on this machine may read a file with a secret."""
    files = sorted({*about.settings.secret_files.values(), *_env_file_with_secrets(about.env_file)})
    if not files:
        return ok("no secret comes from a file")
    if not about.has_modes:
        return skipped("this system has no file modes")
    loose = [str(path) for path in files if path.is_file() and path.stat().st_mode & 0o077]
    if loose:
        return warn(f"others may read {', '.join(loose)}", f"Run: chmod 600 {' '.join(loose)}")
    return ok(f"only this user may read {', '.join(map(str, files))}")


def _env_file_with_secrets(path: Path) -> list[Path]:
    if not path.is_file():
        return []
    text = path.read_text("utf-8", "replace")
    return (
        [path] if any(re.search(rf"^\s*(?:export\s+)?{name}\s*=\s*\S", text, re.MULTILINE) for name in SECRETS) else []
    )


async def log_file(about: Surroundings, _: Seen) -> Verdict:
    """Whether the log can be written where it shall be."""
    path = about.settings.log_file
    if path is None:
        return ok("the log goes to stderr")
    if path.is_symlink() or (path.exists() and not path.is_file()):
        return fail(f"{path} is not an ordinary file", "Name an ordinary file in LOG_FILE.")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        return fail(f"{path} cannot be written", "Create its folder, correct its permissions, or change LOG_FILE.")
    return ok(f"the log goes to {path}")


async def python_version(_: Surroundings, __: Seen) -> Verdict:
    """Whether this Python is one that the server runs on."""
    version = platform.python_version()
    if sys.version_info[:2] < _OLDEST_PYTHON:
        return fail(f"Python {version} is too old", "Install Python 3.11 or newer.")
    return ok(f"Python {version}, {platform.system()} {platform.machine()}")


async def packages(about: Surroundings, _: Seen) -> Verdict:
    """Whether the packages are those that the server was tested with."""
    try:
        pins = dict(_PIN.findall(about.requirements.read_text("utf-8")))
    except OSError:
        return warn(f"{about.requirements.name} cannot be read, so versions were not compared", "Restore that file.")
    other = [
        f"{name} {found} instead of {pin}" for name, pin in pins.items() if (found := _installed(name)) != pin and found
    ]
    missing = [name for name in _LOOKED_AT if not _installed(name)]
    if other or missing:
        says = [
            *other[:5],
            *([f"{len(other) - 5} more"] if len(other) > 5 else []),
            *(f"{name} is missing" for name in missing),
        ]
        remedy = f"Run: {Path(sys.executable).name} -m pip install --require-hashes -r {about.requirements.name}"
        return warn(f"not the tested versions: {', '.join(says)}", remedy)
    return ok(", ".join(f"{name} {_installed(name)}" for name in _LOOKED_AT))


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
