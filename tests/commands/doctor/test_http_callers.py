"""The doctor on who may call over HTTP: what clients have to ask Entra for, and which keys are in force."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from auth.inbound.key_form import hash_of, new_key
from auth.inbound.key_records import KeyRecord, written
from commands.doctor._verdict import Status, Verdict, skipped
from tests.commands.doctor.support import NOW, surroundings, verdicts
from tests.http.scene import API, CLIENT, RESOURCE, SCOPE, SECRET, HttpCloud

posix = pytest.mark.skipif(sys.platform == "win32", reason="there are no such modes")
CLOUD = HttpCloud()
MOMENT = datetime.fromtimestamp(NOW, UTC)
NOBODY_ASKED = {"TRANSPORT": "http", "HTTP_AUTH": "none", "INSECURE_LOOPBACK": "true"}


async def said(environ: dict[str, str], **details: Any) -> Verdict:
    return (await verdicts(surroundings(CLOUD, environ, **details), "http-callers"))["http-callers"]


async def said_of_entra(**environ: str) -> Verdict:
    return await said(CLOUD.environ(**environ))


def kept(name: str, days: int | None = 90, **details: Any) -> KeyRecord:
    key, key_id = new_key()
    until = None if days is None else MOMENT + timedelta(days=days)
    return KeyRecord(id=key_id, name=name, sha256=hash_of(key), created=MOMENT, expires=until, **details)


async def said_of_keys(path: Path, *keys: KeyRecord, mode: int = 0o600, **details: Any) -> Verdict:
    put(path, written(keys), mode)
    return await said(with_keys(path), **details)


def put(path: Path, content: bytes, mode: int = 0o600) -> None:
    path.write_bytes(content)
    path.chmod(mode)


def with_keys(path: Path) -> dict[str, str]:
    return {
        "TRANSPORT": "http",
        "HTTP_AUTH": "apikey",
        "HTTP_KEYS_FILE": str(path),
        "ENTRA_CLIENT_SECRET": SECRET,
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


async def test_over_stdio_nobody_calls() -> None:
    assert await said({}) == skipped("clients reach the server over stdio")


async def test_wrong_settings_come_first() -> None:
    assert await said(NOBODY_ASKED, problems=("A: wrong.",)) == skipped("correct the settings first")


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param(NOBODY_ASKED, id="on purpose"),
        pytest.param({"TRANSPORT": "http", "DEMO": "true"}, id="the demo"),
    ],
)
async def test_where_nobody_shows_anything_every_program_here_may_call(environ: dict[str, str]) -> None:
    verdict = await said(environ)
    assert verdict.status is Status.OK
    assert verdict.says == "every program on this machine, and nobody else"


async def test_what_clients_of_people_ask_for_is_told_to_the_letter() -> None:
    verdict = await said_of_entra()
    tenant = CLOUD.tenant.id
    assert verdict.status is Status.OK
    assert f"ask https://login.microsoftonline.com/{tenant}/v2.0 for {SCOPE}, with resource {RESOURCE}" in verdict.says
    assert verdict.says.endswith(f"the API's Application ID URI has to be {RESOURCE}, letter by letter")
    assert SECRET not in str(verdict)


async def test_a_name_of_its_own_is_what_the_api_is_registered_with() -> None:
    verdict = await said_of_entra(ENTRA_APP_ID_URI=f"api://{API}")
    assert f"for api://{API}/mcp.access, with resource {RESOURCE}" in verdict.says
    assert f"has to be api://{API}, letter" in verdict.says


async def test_apps_need_a_role_and_ask_for_all_of_theirs() -> None:
    verdict = await said_of_entra(ENTRA_AUTH_MODE="application")
    assert f"for {RESOURCE}/.default and need the role mcp.read or mcp.full" in verdict.says
    assert "people" not in verdict.says


async def test_what_narrows_or_widens_who_may_call_is_told() -> None:
    other = "b0b0b0b0-1111-4222-8333-444444444444"
    verdict = await said_of_entra(HTTP_TENANTS=other, HTTP_CLIENTS=CLIENT, HTTP_V1_TOKENS="true")
    assert f" or https://login.microsoftonline.com/{other}/v2.0 for" in verdict.says
    assert "with 1 client apps alone (HTTP_CLIENTS)" in verdict.says
    assert "version 1 are taken too (HTTP_V1_TOKENS)" in verdict.says


async def test_an_address_without_tls_is_no_application_id_uri() -> None:
    verdict = await said_of_entra(PUBLIC_URL="http://127.0.0.1:3000")
    assert verdict.status is Status.WARN
    assert f"ENTRA_APP_ID_URI=api://{API}" in verdict.remedy
    named = await said_of_entra(PUBLIC_URL="http://127.0.0.1:3000", ENTRA_APP_ID_URI=f"api://{API}")
    assert named.status is Status.OK


async def test_keys_are_counted_by_what_they_are_good_for(path: Path) -> None:
    verdict = await said_of_keys(
        path, kept("one"), kept("for ever", None), kept("old", -1), kept("gone", revoked=MOMENT), kept("both", -1)
    )
    assert verdict == Verdict(Status.OK, f"keys of {path}: 2 in force, 2 expired, 1 revoked")


async def test_keys_that_end_soon_are_named(path: Path) -> None:
    verdict = await said_of_keys(path, kept("nightly", 13), kept("weekly", 15), kept("gone", 3, revoked=MOMENT))
    assert verdict.status is Status.WARN
    assert verdict.says.endswith("2 in force, 0 expired, 1 revoked; good for less than 14 days: nightly")


async def test_many_keys_that_end_soon_are_counted(path: Path) -> None:
    verdict = await said_of_keys(path, *(kept(f"key-{number}", 1) for number in range(7)))
    assert verdict.says.endswith("key-4 and 2 more")


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param((), id="none"),
        pytest.param((kept("old", -1),), id="expired"),
        pytest.param((kept("gone", revoked=MOMENT),), id="revoked"),
    ],
)
async def test_where_no_key_is_in_force_nobody_can_call(keys: tuple[KeyRecord, ...], path: Path) -> None:
    verdict = await said_of_keys(path, *keys)
    assert verdict.status is Status.WARN
    assert verdict.says.endswith("so nobody can call")
    assert "keys create" in verdict.remedy


async def test_a_file_that_is_not_there_yet_is_told(path: Path) -> None:
    verdict = await said(with_keys(path))
    assert verdict.status is Status.WARN
    assert verdict.says == f"there is no {path}, so nobody can call"


async def test_a_file_that_is_spoilt_is_a_failure(path: Path) -> None:
    put(path, b"{")
    verdict = await said(with_keys(path))
    assert verdict.status is Status.FAIL
    assert str(path) in verdict.remedy


async def test_a_toolset_that_does_not_exist_keeps_the_server_from_starting(path: Path) -> None:
    verdict = await said_of_keys(path, kept("one", toolsets=("mail", "mial")), kept("two", toolsets=("mail",)))
    assert verdict.status is Status.FAIL
    assert "the key one names the toolset mial, which does not exist" in verdict.says


@posix
@pytest.mark.parametrize(
    ("mode", "status"),
    [
        pytest.param(0o600, Status.OK, id="closed"),
        pytest.param(0o640, Status.WARN, id="the group reads"),
        pytest.param(0o604, Status.WARN, id="all read"),
        pytest.param(0o620, Status.FAIL, id="the group writes"),
    ],
)
async def test_the_file_is_for_its_owner(mode: int, status: Status, path: Path) -> None:
    verdict = await said_of_keys(path, kept("one"), mode=mode)
    assert verdict.status is status
    assert ("chmod 600" in verdict.remedy) == (status is not Status.OK)


@posix
async def test_a_file_of_another_account_is_told(path: Path) -> None:
    put(path, written([kept("one")]))
    owner = os.geteuid()
    if owner == 0:  # whose files are everywhere, and trusted
        owner = 4711
        os.chown(path, owner, -1)
    verdict = await said(with_keys(path), user_id=owner + 1)
    assert verdict.status is Status.WARN
    assert f"(id {owner})" in verdict.says
    assert (await said(with_keys(path), user_id=owner)).status is Status.OK


async def test_where_files_have_no_modes_none_is_judged(path: Path) -> None:
    verdict = await said_of_keys(path, kept("one"), mode=0o644, has_modes=False, user_id=77)
    assert verdict.status is Status.OK
