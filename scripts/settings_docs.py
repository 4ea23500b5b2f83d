"""Write docs/settings.md and .env.example from the table of settings: python scripts/settings_docs.py."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from settings import GROUPS, ROWS, Row  # noqa: E402 - a script finds its siblings only after the line above

_INTRO = """\
# Settings

<!-- Written by scripts/settings_docs.py from settings.py. Change it there. -->

Every setting is an environment variable. Most have a command-line option too, which wins over the
environment; the environment wins over a `.env` file beside `server.py` (or the file that `--env-file`
names); what is set nowhere has its default. An empty value counts as not set.

The server starts only when all settings make sense, and otherwise names every mistake at once. A name
that looks like a misspelt setting is a mistake too.

- **Secrets** are never options. Each can come from a file instead: `NAME_FILE` holds the path of a file
  with the secret, of at most 64 KiB; one line break at its end is dropped. Setting both `NAME` and
  `NAME_FILE` is a mistake. The server warns where other accounts may read such a file.
- **`.env`** is UTF-8, one `NAME=value` in a line; `${NAME}` inside a value is not replaced.
- **`DEMO`** switches to the built-in tenant. All `ENTRA_*`, `GRAPH_*`, `STATE_*` and `TOKEN_CACHE_*`
  settings are then ignored (the demo keeps its state in memory), and a `.env` file is not read
  (only where `DEMO` itself stands in `.env` do its other settings count).
- **`READ_ONLY`** outranks `ACCESS`: with both set, the server only reads. `TOOLS` alone offers exactly
  the tools it names; together with `TOOLSETS` it adds them. `EXCLUDE_TOOLS` outranks both.
  `python server.py tools` shows what comes of it, and what it costs.
"""

_OLD_INTRO = """\
## Coming from the old server

These names keep working. What differs:

| Setting | Old default | Default here | Note |
|---|---|---|---|
"""

_AUTH_NOTE = (
    "Unset is application where a secret or certificate is set, else delegated: a daemon's settings keep working."
)
_OLD: tuple[tuple[str, str, str], ...] = (
    ("TRANSPORT", "stdio", "http was the old SSE transport; it is Streamable HTTP here."),
    ("HTTP_HOST", "127.0.0.1", ""),
    ("HTTP_PORT", "3000", "0 is now any free port."),
    ("HTTP_PATH", "/mcp", ""),
    ("STATELESS_HTTP", "false", "Was read and had no effect."),
    ("LOG_LEVEL", "INFO", "Credentials are masked at every level."),
    ("LOG_FILE", "not set", "The file gets the records instead of stderr, is readable by its owner only, and rotates."),
    ("ENTRA_TENANT_ID", "not set", "A missing tenant turned sign-in off silently. Application mode now asks for one."),
    (
        "ENTRA_CLIENT_ID",
        "not set",
        "A missing id turned sign-in off silently. It is now a mistake, except in the demo.",
    ),
    ("ENTRA_CLIENT_SECRET", "not set", "Can come from a file: ENTRA_CLIENT_SECRET_FILE."),
    ("ENTRA_AUTHORITY", "https://login.microsoftonline.com/TENANT", "Must be a sign-in host of a Microsoft cloud."),
    (
        "ENTRA_SCOPES",
        "https://graph.microsoft.com/.default",
        "Asking for what the toolsets need keeps consent small. Spaces separate too.",
    ),
    ("ENTRA_REDIRECT_URI", "http://localhost:8000/callback", "Had no effect. It must be a loopback URI now."),
    (
        "ENTRA_ENABLE_AUTH",
        "false",
        "Nothing in Microsoft 365 works without sign-in. false leaves only the tools that need no token.",
    ),
    ("ENTRA_AUTH_MODE", "application", _AUTH_NOTE),
    ("ENTRA_TOKEN_CACHE_PATH", "not set (nothing kept)", "Keeps the sign-in between starts."),
)

_ENV_INTRO = """\
# Settings of Graphward. Copy this file to .env, remove the # before what you set, and chmod 600 .env.
# docs/settings.md says more. Written by scripts/settings_docs.py from settings.py: change it there.
"""


def settings_page() -> str:
    """The text of docs/settings.md."""
    defaults = {row.name: row.default for row in ROWS}
    old = "\n".join(f"| `{name}` | {was} | {defaults[name]} | {note} |" for name, was, note in _OLD)
    return "\n".join([_INTRO, *map(_section, GROUPS), f"{_OLD_INTRO}{old}\n"])


def env_example() -> str:
    """The text of .env.example."""
    return "\n".join([_ENV_INTRO, *map(_env_section, GROUPS)])


def _section(group: str) -> str:
    lines = [f"## {group}", "", "| Name | Option | Default | What it does |", "|---|---|---|---|"]
    lines += [_line(row) for row in ROWS if row.about.group == group]
    return "\n".join([*lines, ""])


def _line(row: Row) -> str:
    option = f"`{row.about.option}`" if row.about.option else ""
    secret = f" **Secret**; also as `{row.name}_FILE`." if row.about.secret else ""
    return f"| `{row.name}` | {option} | {row.default} | {_told(row)}{secret} |"


def _told(row: Row) -> str:
    return f"{row.about.help} One of {', '.join(row.choices)}." if row.choices else row.about.help


def _env_section(group: str) -> str:
    lines = [f"# {group}"]
    for row in ROWS:
        if row.about.group == group:
            lines += ["", f"# {_told(row)}", *_assignments(row)]
    return "\n".join([*lines, ""])


def _assignments(row: Row) -> list[str]:
    if row.about.secret:
        return [f"#{row.name}=", f"#{row.name}_FILE="]
    if row.default == row.about.unset and row.name != "ENTRA_TOKEN_CACHE_PATH":
        return [f"# Default: {row.default}.", f"#{row.name}="]
    return [f"#{row.name}={row.default}"]


def write(root: Path) -> None:
    """Write both files below this folder, the same on every system."""
    (root / "docs").mkdir(exist_ok=True)
    (root / "docs" / "settings.md").write_text(settings_page(), encoding="utf-8", newline="\n")
    (root / ".env.example").write_text(env_example(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write(ROOT)
