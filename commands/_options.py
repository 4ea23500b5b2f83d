"""The command line of server.py, made from the table of settings.

An option is another way to write its environment variable, so what comes out is names and
values to lay over the environment; the settings judge them. Secrets have no option, because
other accounts can read the command line of a process.
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from settings import GROUPS, ROWS, VERSION, Row

_COMMANDS = ("serve",)
_EXAMPLES = """\
examples:
  python server.py --demo                             try it: no tenant, no app registration
  python server.py --client-id GUID --tenant-id GUID  sign in to your own tenant, over stdio

Every option has the environment variable in brackets; .env may set it too. An option wins over
the environment, and the environment over .env. Secrets are set there only, never as an option.
"""


@dataclass(frozen=True)
class CommandLine:
    """What was asked for: the command, settings that win over the environment, and another .env file."""

    command: str
    overlay: dict[str, str]
    env_file: Path | None


class _Layout(argparse.RawDescriptionHelpFormatter):
    """Help in 100 columns, whatever the terminal."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=34, width=100)


def parse(argv: Sequence[str]) -> CommandLine:
    """Read the words after server.py; exits with status 2 where they make no sense."""
    parser = _parser()
    _refuse_unknown(parser, argv)
    found = vars(parser.parse_args(list(argv)))
    command, env_file = found.pop("command"), found.pop("env_file")
    overlay = {name: text for name, text in found.items() if text is not None}
    return CommandLine(command, overlay, env_file)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="server.py",
        usage="server.py [serve] [options]",
        description="Graphward: a guarded Microsoft Graph MCP server.",
        epilog=_EXAMPLES,
        formatter_class=_Layout,
        allow_abbrev=False,
    )
    parser.add_argument("command", nargs="?", choices=_COMMANDS, default="serve", help="what to do (serve)")
    parser.add_argument("--version", action="version", version=f"Graphward {VERSION}")
    parser.add_argument(
        "--env-file", metavar="PATH", type=_path, help="read this file instead of .env beside server.py"
    )
    for title in GROUPS:
        group = parser.add_argument_group(title)
        for row in ROWS:
            if row.about.option and row.about.group == title:
                _add(group, row)
    return parser


def _add(group: argparse._ArgumentGroup, row: Row) -> None:
    default = "" if row.flag or row.default == "not set" else f"; default: {row.default}"
    told = f"{row.about.help} [{row.name}{default}]".replace("%", "%%")
    if row.flag:
        group.add_argument(row.about.option, dest=row.name, action="store_const", const="true", help=told)
        return
    metavar = "{" + ",".join(row.choices) + "}" if row.choices else row.name.rpartition("_")[2]
    group.add_argument(row.about.option, dest=row.name, metavar=metavar, type=_text, help=told)


def _text(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("needs a value that is not empty")
    return text


def _path(text: str) -> Path:
    return Path(_text(text))


def _refuse_unknown(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    """Refuse by name, before argparse repeats in its message a value that may be a secret."""
    known = ["--help", "--version", "--env-file", *(row.about.option for row in ROWS if row.about.option)]
    for word in argv:
        name = word.partition("=")[0]
        if not word.startswith("-") or name in {*known, "-h"}:
            continue
        secret = next((row.name for row in ROWS if row.about.secret and name == _as_option(row)), None)
        if secret:
            parser.error(f"{name}: a secret is never an option. Set {secret} or {secret}_FILE.")
        alike = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {alike[0]}?" if alike else " See --help."
        parser.error(f"{name if name.startswith('--') else name[:2]} is not an option.{hint}")


def _as_option(row: Row) -> str:
    return "--" + row.name.removeprefix("ENTRA_").lower().replace("_", "-")
