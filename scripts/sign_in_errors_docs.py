"""Write docs/sign-in-errors.md from the table of Entra's errors: python scripts/sign_in_errors_docs.py."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from auth import trouble  # noqa: E402 - a script finds its siblings only after the line above
from auth.aadsts import GROUPS, SAME_AS, Trouble, Who  # noqa: E402 - as above

_INTRO = """\
# Sign-in errors

<!-- Written by scripts/sign_in_errors_docs.py from auth/aadsts.py and auth/trouble.py. Change it there. -->

When Microsoft Entra turns a sign-in down, Graphward says what happened, who can change it and the next step,
and gives Entra's number and the correlation id: `(AADSTS50105) [correlation id …]`. An administrator finds the case
in Entra under Sign-in logs by that id. Entra's own text is not repeated, because it can hold names and addresses.

Some of these numbers, such as 50011 and 500200, are only ever seen on Microsoft's page in the browser.
A number that is missing here: https://login.microsoftonline.com/error has the short text of each.
"""

_WHO = {
    Who.PERSON: "whoever signs in",
    Who.ADMIN: "an administrator of the tenant",
    Who.EITHER: "whoever signs in, or an administrator",
    Who.OPERATOR: "whoever runs the server",
    Who.NOBODY: "nobody: it passes",
}
_HEAD = "| AADSTS | What happened | Who can change it | Next step |\n|---|---|---|---|"

_FINER_INTRO = """\
## Other numbers for the same

| AADSTS | Told as |
|---|---|
"""

_NETWORK_INTRO = """\
## Before Entra answers

These have no number. `python server.py doctor` looks at network, proxy, certificate and clock.

| What is wrong | What Graphward says |
|---|---|
"""
_NETWORK = {
    "The network, or the name of the service": trouble.UNREACHABLE,
    "No answer in time": trouble.TOO_SLOW,
    "TLS that a proxy inspects": trouble.UNTRUSTED,
    "The clock": trouble.BAD_DATE,
    "A proxy that wants a password": trouble.PROXY_WANTS_A_NAME,
    "A proxy that refuses": trouble.PROXY_REFUSES,
    "Two sign-ins at once in one browser": trouble.ANOTHER_ANSWER,
    "An answer that nobody understands": trouble.UNUSABLE,
}


def errors_page() -> str:
    """The text of docs/sign-in-errors.md."""
    finer = "".join(f"| {code} | {known} |\n" for code, known in sorted(SAME_AS.items()))
    network = "".join(f"| {what} | {text} |\n" for what, text in _NETWORK.items())
    sections = (_section(name, entries) for name, entries in GROUPS.items())
    return "\n".join([_INTRO, *sections, f"{_FINER_INTRO}{finer}", f"{_NETWORK_INTRO}{network}"])


def _section(name: str, entries: Mapping[int, Trouble]) -> str:
    lines = [f"| {code} | {each.what} | {_WHO[each.who]} | {each.then} |" for code, each in sorted(entries.items())]
    return "\n".join([f"## {name}", "", _HEAD, *lines, ""])


def write(root: Path) -> None:
    """Write the page below this folder, the same on every system."""
    (root / "docs").mkdir(exist_ok=True)
    (root / "docs" / "sign-in-errors.md").write_text(errors_page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write(ROOT)
