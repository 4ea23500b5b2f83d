"""docs/http.md and the files in deploy/: what they name is there, and what they show to type in works."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from auth.inbound import ACCESS, FULL_ROLE, READ, READ_ROLE
from commands import parse
from settings import ROWS, SECRETS, Settings, read_settings

ROOT = Path(__file__).parent.parent
PAGES = {name: (ROOT / name).read_text("utf-8") for name in ("docs/http.md", "deploy/nginx.conf", "deploy/Caddyfile")}
GUIDE = PAGES["docs/http.md"]
BLOCKS = re.findall(r"```console\n(.*?)```", GUIDE, re.DOTALL)
STARTS = [each.replace("\\\n", " ") for each in BLOCKS if each.startswith("TRANSPORT=")]
KEYS = [line for each in BLOCKS for line in each.splitlines() if " keys " in line]

# Names in capitals that are no settings of ours.
_OTHERS = {"CLIENT_ID", "HTTPS_PROXY", "SSL_CERT_FILE"}
_A_NAME = re.compile(r"(?<![A-Z_])[A-Z]+(?:_[A-Z0-9]+)+(?![A-Z_])")


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_that_is_named_exists(page: str) -> None:
    known = {row.name for row in ROWS} | {f"{name}_FILE" for name in SECRETS}
    assert set(_A_NAME.findall(PAGES[page])) - known - _OTHERS == set()


def test_every_setting_of_who_calls_and_from_where_is_explained() -> None:
    grouped = {row.name for row in ROWS if row.about.group == "HTTP"}
    assert {name for name in grouped if name not in GUIDE} <= {"INSECURE_LOOPBACK"}


def settings_of(start: str, tmp_path: Path) -> tuple[Settings, dict[str, str]]:
    """The settings that a start in the guide gives, with ids and a secret filled in."""
    secret = tmp_path / "secret"
    secret.write_text("a-secret-of-the-test", encoding="ascii")
    secret.chmod(0o600)
    words = shlex.split(start)
    given = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
    given |= {name: "2f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a10" for name, value in given.items() if value == "…"}
    given |= {name: str(secret) for name in given if name.endswith("_FILE")}
    line = parse(words[words.index("server.py") + 1 :])
    return read_settings({**given, **line.overlay}), given


@pytest.mark.parametrize("start", STARTS, ids=["people", "keys"])
def test_a_start_is_complete(start: str, tmp_path: Path) -> None:
    settings, given = settings_of(start, tmp_path)
    assert settings.callers == given["HTTP_AUTH"]
    assert settings.resource in GUIDE


@pytest.mark.parametrize("page", ["deploy/nginx.conf", "deploy/Caddyfile"])
@pytest.mark.parametrize("place", [0, 1], ids=["own host", "sub-path"])
def test_a_proxy_and_its_server_agree(page: str, place: int, tmp_path: Path) -> None:
    usual = re.findall(r"[A-Z_]+=\S+", PAGES[page].split("PUBLIC_URL")[0])
    address = re.findall(r"PUBLIC_URL=\S+", PAGES[page])[place]
    rest = "ENTRA_TENANT_ID=… ENTRA_CLIENT_ID=… ENTRA_CLIENT_SECRET_FILE=/x python server.py"
    settings, _ = settings_of(f"{' '.join(usual)} {address} {rest}", tmp_path)
    assert f"{settings.http_host}:{settings.http_port}" in PAGES[page]
    assert settings.trusted_proxies
    assert settings.http_body_bytes == 4 * 1024 * 1024
    assert settings.http_call_seconds <= 3600


@pytest.mark.parametrize("line", KEYS)
def test_a_command_about_keys_can_be_typed(line: str) -> None:
    assert parse(shlex.split(line)[2:]).command.startswith("keys ")


def test_what_is_linked_is_there() -> None:
    for target, anchor in re.findall(r"\]\((?!https:)([^)#]*)(?:#([^)]+))?\)", GUIDE):
        path = (ROOT / "docs" / target).resolve() if target else ROOT / "docs" / "http.md"
        assert path.is_file(), target
        headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE) if anchor else []
        assert not anchor or anchor in {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}


def test_scopes_and_roles_are_called_as_the_server_reads_them() -> None:
    assert {name for name in (ACCESS, READ, FULL_ROLE, READ_ROLE) if f"`{name}`" not in GUIDE} == set()


def test_what_the_log_says_is_quoted_as_it_is() -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "auth" / "inbound").glob("*.py"))
    sources += (ROOT / "web" / "middleware" / "trusted_proxies.py").read_text("utf-8")
    rows = "".join(line for line in GUIDE.splitlines() if line.startswith(("| 400", "| 401")))
    assert [said for said in re.findall(r"(?<!\*)\*([^*]+)\*", rows) if said not in sources] == []
