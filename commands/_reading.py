"""Settings for the commands that help where settings are wrong: what can be read of them, and what cannot."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from errors import SettingsError
from settings import Settings

# Each leaves out more of what may be wrong: the credentials and ids, then all that was set.
_LESS: tuple[dict[str, str], ...] = ({}, {"ENTRA_ENABLE_AUTH": "false"})


def what_can_be_read(read: Callable[[Mapping[str, str]], Settings]) -> tuple[Settings, tuple[str, ...]]:
    """The settings as far as they make sense, and what is wrong; `read` lays what it is given over all others."""
    problems: tuple[str, ...] = ()
    for overlay in _LESS:
        try:
            return read(overlay), problems
        except SettingsError as error:
            problems = problems or error.problems
    return Settings(entra_enable_auth=False), problems
