"""The command line of server.py, made from the table of settings.

An option is another way to write its environment variable, so what comes out is names and
values to lay over the environment; the settings judge them. Secrets have no option, because
other accounts can read the command line of a process.
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from commands._own import COMMANDS, OWN_NAMES, OWN_OPTIONS, CommandOptions, Own, path_value, text_value
from settings import GROUPS, ROWS, VERSION, Row

_OF_COMMANDS = ("Signing in", "Tools")
_NOTE = """
Every option has the environment variable in brackets; .env may set it too. An option wins over
the environment, and the environment over .env. Secrets are set there only, never as an option.
"""


@dataclass(frozen=True)
class CommandLine:
    """What was asked for: the command and its options, settings that win over the environment, another .env file."""

    command: str
    overlay: dict[str, str]
    env_file: Path | None
    options: CommandOptions = field(default_factory=CommandOptions)


class _Layout(argparse.RawDescriptionHelpFormatter):
    """Help in 100 columns, whatever the terminal."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=34, width=100)


def parse(argv: Sequence[str]) -> CommandLine:
    """Read the words after server.py; exits with status 2 where they make no sense."""
    place = _place_of_command(argv)
    command, words = ("serve", argv) if place is None else _taken(argv, place)
    if command not in COMMANDS:
        _refuse_command(command, argv)
    parser = _parser(command)
    _refuse_unknown(parser, command, words)
    known, unused = parser.parse_known_args(words)
    if unused:  # not repeated: it may be the value of an option, and a secret
        parser.error(f"a word too many after {command}. See {_prog(command)} --help.")
    found = {name: value for name, value in vars(known).items() if value is not None}
    env_file = found.pop("env_file", None)
    own: dict[str, Any] = {name: value for name, value in found.items() if name in OWN_NAMES}
    own |= {name: tuple(value) for name, value in own.items() if isinstance(value, list)}
    overlay = {name: value for name, value in found.items() if name not in OWN_NAMES}
    return CommandLine(command, overlay, env_file, CommandOptions(**own))


def _taken(argv: Sequence[str], place: int) -> tuple[str, list[str]]:
    """The command of one word or of two, and the words without it."""
    command, rest = argv[place], [*argv[:place], *argv[place + 1 :]]
    second = _place_of_command(rest)
    if second is not None and f"{command} {rest[second]}" in COMMANDS:
        command = f"{command} {rest.pop(second)}"
    return command, rest


def _place_of_command(argv: Sequence[str]) -> int | None:
    """Where the first word stands that is neither an option nor the value of one."""
    with_value = {"--env-file", *(own.name for own in OWN_OPTIONS if own.takes_value)}
    with_value |= {row.about.option for row in ROWS if row.about.option and not row.flag}
    is_value = False
    for place, word in enumerate(argv):
        if not is_value and not word.startswith("-"):
            return place
        is_value = not is_value and word in with_value
    return None


def _refuse_command(word: str, argv: Sequence[str]) -> NoReturn:
    parser = _parser("serve")
    if several := [name for name in COMMANDS if name.startswith(f"{word} ")]:
        parser.error(f"{word} needs another word after it: {', '.join(several)}. Each has its --help.")
    _refuse_unknown(parser, "", argv)  # first: the word may be the value of an option that does not exist
    alike = difflib.get_close_matches(word, COMMANDS, n=1)
    if alike:  # a slip of the pen; any other word may be a secret in the wrong place
        parser.error(f"{word!r} is not a command. Did you mean {alike[0]}?")
    parser.error(f"there is no such command. There are: {', '.join(COMMANDS)}.")


def _prog(command: str) -> str:
    return "server.py" if command == "serve" else f"server.py {command}"


def _parser(command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_prog(command),
        usage=f"server.py {'[COMMAND]' if command == 'serve' else command} [options]{_words_after(command)}",
        description=_described(command),
        epilog=_examples(command),
        formatter_class=_Layout,
        allow_abbrev=False,
    )
    _add_own(parser, [own for own in OWN_OPTIONS if command in own.commands])
    parser.add_argument("--version", action="version", version=f"Graphward {VERSION}")
    if COMMANDS[command].has_settings:
        _add_settings(parser, command)
    return parser


def _words_after(command: str) -> str:
    return "".join(f" {own.name.upper()}" for own in OWN_OPTIONS if own.is_word and command in own.commands)


def _described(command: str) -> str:
    if command != "serve":
        about = COMMANDS[command].help
        return f"{about[0].upper()}{about[1:]}."
    lines = [f"  {name:<13}{about.help}" for name, about in COMMANDS.items()]
    return "\n".join(
        [
            "Graphward: a guarded Microsoft Graph MCP server.",
            "",
            "commands (server.py COMMAND --help says more):",
            *lines,
        ]
    )


def _examples(command: str) -> str:
    about = COMMANDS[command]
    lines = ["examples:", *(f"  python server.py {example}" for example in about.examples)]
    return "\n".join(lines) + "\n" + (_NOTE if about.has_settings else "")


def _add_own(parser: argparse.ArgumentParser, options: Sequence[Own]) -> None:
    group = parser.add_argument_group("Options of this command") if options else parser
    either = {own.instead: group.add_mutually_exclusive_group() for own in options if own.instead}
    for own in options:
        either.get(own.instead, group).add_argument(own.name, help=own.help, **own.read)


def _add_settings(parser: argparse.ArgumentParser, command: str) -> None:
    """Every command takes every setting; its help names those that matter to it."""
    parser.add_argument(
        "--env-file", metavar="PATH", type=path_value, help="read this file instead of .env beside server.py"
    )
    for title in GROUPS:
        is_shown = command == "serve" or title in _OF_COMMANDS
        group = parser.add_argument_group(title) if is_shown else parser
        for row in ROWS:
            if row.about.option and row.about.group == title:
                _add(group, row, is_shown=is_shown)


def _add(group: argparse._ActionsContainer, row: Row, *, is_shown: bool) -> None:
    default = "" if row.flag or row.default == "not set" else f"; default: {row.default}"
    told = f"{row.about.help} [{row.name}{default}]".replace("%", "%%") if is_shown else argparse.SUPPRESS
    if row.flag:
        group.add_argument(row.about.option, dest=row.name, action="store_const", const="true", help=told)
        return
    metavar = "{" + ",".join(row.choices) + "}" if row.choices else row.name.rpartition("_")[2]
    group.add_argument(row.about.option, dest=row.name, metavar=metavar, type=text_value, help=told)


def _known(command: str) -> set[str]:
    """The options that a command takes, or that any does."""
    if not command:
        return {name for each in COMMANDS for name in _known(each)}
    settings = ["--env-file", *(row.about.option for row in ROWS if row.about.option)]
    own = [own.name for own in OWN_OPTIONS if command in own.commands]
    return {"--help", "--version", *own, *(settings if COMMANDS[command].has_settings else [])}


def _refuse_unknown(parser: argparse.ArgumentParser, command: str, words: Iterable[str]) -> None:
    """Refuse by name, before argparse repeats in its message a value that may be a secret."""
    known = _known(command)
    for word in words:
        name = word.partition("=")[0]
        if word.startswith("-") and name not in {*known, "-h"}:
            parser.error(_refusal(command, name, known))


def _refusal(command: str, name: str, known: Iterable[str]) -> str:
    secret = next((row.name for row in ROWS if row.about.secret and name == _as_option(row)), None)
    if secret:
        return f"{name}: a secret is never an option. Set {secret} or {secret}_FILE."
    others = [other for other in COMMANDS if name in _known(other)]
    if others:
        return f"{name} is not an option of {command}, but of {', '.join(others)}."
    alike = difflib.get_close_matches(name, sorted(known), n=1)
    hint = f"Did you mean {alike[0]}?" if alike else "See --help."
    return f"{name if name.startswith('--') else name[:2]} is not an option. {hint}"


def _as_option(row: Row) -> str:
    return "--" + row.name.removeprefix("ENTRA_").lower().replace("_", "-")
