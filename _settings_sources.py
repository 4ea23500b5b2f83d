"""Where settings come from: the environment, the .env file, files with secrets; and names that are none."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from dotenv.parser import Binding, parse_stream

import _settings_values as values

log = logging.getLogger(__name__)

_FAMILIES = ("ENTRA_", "HTTP_", "GRAPH_", "LOG_", "METRICS_", "STATE_", "TOKEN_CACHE_")
_FOREIGN = ("HTTP_PROXY", "STATE_DIRECTORY")
# A slip in one of these would give more away than was meant, and say nothing.
_LIMITS = frozenset(
    {
        "ACCESS",
        "ALLOWED_SCOPES",
        "APPROVE_POLICY",
        "CORS_ORIGINS",
        "EXCLUDE_TOOLS",
        "PUBLIC_URL",
        "READ_ONLY",
        "TOOLSETS",
    }
    | {"TRUSTED_PROXIES"}
)
_MOST_TYPOS = 2
_LONGEST_FILE = 64 * 1024


@dataclass(frozen=True)
class Problem:
    """One line for the operator, and the settings that it makes unusable."""

    names: frozenset[str]
    text: str


def file_name(secret: str) -> str:
    """The setting that names a file with this secret."""
    return f"{secret}_FILE"


def named(given: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    """What is set at all; white space around a value is an accident, except in a secret, which reports it."""
    exact = set(secrets)
    return {name: text if name in exact else text.strip() for name, text in given.items() if text.strip()}


def laid_over(given: Mapping[str, str], from_file: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    """The environment over the .env file; a secret given in one form hides the other form too."""
    hidden = set(given)
    for secret in secrets:
        forms = {secret, file_name(secret)}
        if forms & hidden:
            hidden |= forms
    return {name: text for name, text in from_file.items() if name not in hidden} | dict(given)


def read_env_file(path: Path, *, required: bool, secrets: Iterable[str]) -> dict[str, str]:
    """The names and values of a .env file, as they stand there: ${NAME} is not replaced."""
    try:
        text = _text_of(path)
    except FileNotFoundError:
        if required:
            raise ValueError(f"{path}: no such file. Create it, or correct --env-file.") from None
        return {}
    bindings = list(parse_stream(StringIO(text)))
    found = {binding.key: binding.value or "" for binding in bindings if binding.key}
    broken = [str(binding.original.line) for binding in bindings if _is_broken(binding)]
    if broken:
        raise ValueError(f"{path}: cannot read line {', '.join(broken)}. Write NAME=value and close every quote.")
    if any(found.get(name) for name in secrets):
        _warn_if_loose(path)
    return found


def with_secret_files(
    given: Mapping[str, str], secrets: Iterable[str]
) -> tuple[dict[str, str], dict[str, Path], list[Problem]]:
    """Replace each NAME_FILE by NAME with the file's content; and which files these are."""
    merged, files, problems = dict(given), dict[str, Path](), list[Problem]()
    for secret in secrets:
        pointer = file_name(secret)
        path = merged.pop(pointer, None)
        if path is None:
            continue
        names = frozenset({secret, pointer})
        if secret in merged:
            problems.append(Problem(names, f"{pointer}: set together with {secret}. Unset one of them."))
            continue
        try:
            merged[secret] = secret_in(Path(path))
            files[secret] = values.local_path(Path(path))
        except ValueError as error:
            problems.append(Problem(names, f"{pointer}: {error}"))
    return merged, files, problems


def misspelt(given: Mapping[str, str], from_file: Mapping[str, str], real: frozenset[str]) -> list[Problem]:
    """Names that look like a slip of the pen; other names of our families are only mentioned in the log."""
    problems, unknown = [], []
    for name in sorted({*given, *from_file} - real):
        ours = _is_ours(name)
        meant = real if ours or name in from_file else real & _LIMITS
        alike = near(name.upper(), {other: other for other in meant})
        if alike:
            text = f"{name} is not a setting. Did you mean {' or '.join(alike)}? Rename or unset it."
            problems.append(Problem(frozenset(alike), text))
        elif ours:
            unknown.append(name)
    if unknown:
        log.warning("these names are no settings and have no effect", extra={"names": ", ".join(unknown)})
    return problems


def near(word: str, known: Mapping[str, str]) -> list[str]:
    """Which known words may be meant: those the fewest typing errors away, in short words at most one."""
    distances = {other: _typos(word, other) for other in known}
    within = {other: far for other, far in distances.items() if far <= min(_MOST_TYPOS, (len(other) + 2) // 4)}
    return sorted(known[other] for other, far in within.items() if far == min(within.values()))


def _is_ours(name: str) -> bool:
    upper = name.upper()
    return upper.startswith(_FAMILIES) and not upper.startswith(_FOREIGN)


def _typos(word: str, other: str) -> int:
    """How many letters were dropped, added, changed, or swapped with their neighbour."""
    before: list[int] = []
    above, row = before, list(range(len(other) + 1))
    for i, letter in enumerate(word, 1):
        before, above, row = above, row, [i]
        for j, wanted in enumerate(other, 1):
            far = min(above[j] + 1, row[-1] + 1, above[j - 1] + (letter != wanted))
            swapped = i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == wanted
            row.append(min(far, before[j - 2] + 1) if swapped else far)
    return row[-1]


def _is_broken(binding: Binding) -> bool:
    return binding.error or (binding.key is not None and binding.value is None)


def secret_in(path: Path) -> str:
    """The secret that a file holds, without the line break at its end."""
    path = values.local_path(path)
    try:
        text = _text_of(path)
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file. Create it, or correct the path.") from None
    _warn_if_loose(path)
    secret = text.removesuffix("\n").removesuffix("\r")
    if not secret.strip():
        raise ValueError(f"{path}: the file is empty. Write the secret into it.")
    return secret


def _text_of(path: Path) -> str:
    if path.exists() and not path.is_file():  # to open a pipe would wait for whoever fills it
        raise ValueError(f"{path}: cannot be read (it is not a file). Correct the path.")
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST_FILE + 1)
        if len(content) > _LONGEST_FILE:
            raise ValueError(f"{path}: is larger than 64 KiB. Name the right file.")
        text = content.decode("utf-8-sig")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror}). Correct the path or its permissions.") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path}: is not UTF-8 text. Save it as UTF-8.") from None
    if "\0" in text:
        raise ValueError(f"{path}: is not UTF-8 text. Save it as UTF-8.")
    return text


def _warn_if_loose(path: Path) -> None:
    if os.name == "posix" and path.stat().st_mode & 0o077:
        log.warning("other users may read a file with a secret; chmod 600 it", extra={"file": str(path)})
