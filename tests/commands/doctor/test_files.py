"""The doctor on what the sign-in lives in: the token cache, and the credential of an app."""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from auth.cache import FileTokenCache
from auth.credentials import credential_of
from commands.doctor._verdict import Status, Surroundings, Verdict, ok
from errors import SignInUnavailable
from storage import parse_keys
from tests.auth.apps import RSA_KEYS, certificate, key_pem
from tests.auth.support import APP, SECRET, people_of, public_cloud
from tests.certificates import key_and_certificate
from tests.commands.doctor.support import surroundings, verdicts

KEY = base64.b64encode(bytes(range(32))).decode()


async def said(name: str, about: Surroundings) -> Verdict:
    return (await verdicts(about, name))[name]


def reading(path: Path, key: str = "") -> Callable[[Callable[[str], None]], object]:
    """Reads the cache as the server does."""
    ring = parse_keys(key) if key else None
    return lambda warn: FileTokenCache(path, client_id=APP, warn=warn, ring=ring).read()


def with_cache(path: Path, key: str = "", **environ: str) -> Surroundings:
    given = {"ENTRA_TOKEN_CACHE_PATH": str(path), **environ}
    return surroundings(environ=given, read_cache=reading(path, key))


async def filled(path: Path, key: str = "") -> None:
    ring = parse_keys(key) if key else None
    cache = FileTokenCache(path, client_id=APP, warn=pytest.fail, ring=ring)
    people = people_of(public_cloud(), cache=cache)
    async with people.running():
        await people.identity()


async def test_a_cache_in_order_says_whether_it_is_encrypted(tmp_path: Path) -> None:
    plain, sealed = tmp_path / "plain.json", tmp_path / "sealed.json"
    await filled(plain)
    await filled(sealed, KEY)
    wanted = {"TOKEN_CACHE_ENCRYPTION": "key", "TOKEN_CACHE_KEY": KEY}
    assert await said("token-cache", with_cache(plain)) == ok(f"{plain} is in order, and not encrypted")
    assert await said("token-cache", with_cache(sealed, KEY, **wanted)) == ok(f"{sealed} is in order, encrypted")
    waiting = await said("token-cache", with_cache(plain, KEY, **wanted))
    assert waiting.says.endswith("and still plain: the next sign-in encrypts it")


async def test_a_cache_that_is_not_there_yet_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "new" / "cache.json"
    assert await said("token-cache", with_cache(path)) == ok(f"{path} is not there yet; the first sign-in makes it")
    assert not path.parent.exists()


async def test_a_cache_that_is_encrypted_names_the_setting(tmp_path: Path) -> None:
    path = tmp_path / "cache.json"
    await filled(path, KEY)
    verdict = await said("token-cache", with_cache(path))
    assert verdict.status is Status.FAIL
    assert "TOKEN_CACHE_ENCRYPTION" in verdict.remedy


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such modes and links")
async def test_a_cache_that_others_could_reach_is_told(tmp_path: Path) -> None:
    path, link = tmp_path / "cache.json", tmp_path / "link.json"
    await filled(path)
    path.chmod(0o644)
    loose = await said("token-cache", with_cache(path))
    assert loose.status is Status.WARN
    link.symlink_to(path)
    linked = await said("token-cache", with_cache(link))
    assert linked.status is Status.FAIL
    assert "symbolic link" in linked.remedy


async def test_a_damaged_cache_is_told_left_where_it_is_and_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "cache.json"
    path.write_text('{"RefreshToken": "canary-91')
    path.chmod(0o600)
    verdict = await said("token-cache", with_cache(path))
    assert verdict.status is Status.WARN
    assert "damaged" in verdict.says
    assert "canary-91" not in str(verdict)
    assert path.exists()


async def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write anywhere
    verdict = await said("token-cache", with_cache(tmp_path / "cache.json"))
    assert verdict.status is Status.WARN
    assert "ENTRA_TOKEN_CACHE_PATH" in verdict.remedy


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({"ENTRA_CLIENT_SECRET": SECRET}, id="an app"),
        pytest.param({"TRANSPORT": "http", "HTTP_AUTH": "none", "INSECURE_LOOPBACK": "true"}, id="HTTP"),
        pytest.param({"ENTRA_ENABLE_AUTH": "false"}, id="switched off"),
    ],
)
async def test_where_nothing_is_kept_nothing_is_read(environ: dict[str, str]) -> None:
    def never(_: object) -> object:
        raise AssertionError("nothing is to be read")

    assert (await said("token-cache", surroundings(environ=environ, read_cache=never))).status is Status.SKIPPED


# The credential of an app.


async def test_a_secret_can_only_be_looked_at() -> None:
    assert (await said("credential", surroundings(environ={"ENTRA_CLIENT_SECRET": SECRET}))).status is Status.OK


async def test_the_id_of_a_secret_in_its_place_is_noticed() -> None:
    secret_id = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
    verdict = await said("credential", surroundings(environ={"ENTRA_CLIENT_SECRET": secret_id}))
    assert verdict.status is Status.WARN
    assert "wants the value" in verdict.remedy
    assert secret_id not in str(verdict)


@pytest.fixture(scope="module")
def pem() -> str:
    return "".join(key_and_certificate())


@pytest.mark.parametrize(
    ("days", "status", "says"),
    [
        pytest.param(0, Status.WARN, "expires on", id="soon"),
        pytest.param(2, Status.FAIL, "expired on", id="expired"),
        pytest.param(-2, Status.FAIL, "is valid from", id="not yet"),
        pytest.param(-0.99, Status.WARN, "expires on", id="just"),
    ],
)
async def test_a_certificate_tells_its_dates(days: float, status: Status, says: str, pem: str) -> None:
    about = surroundings(environ={"ENTRA_CLIENT_CERTIFICATE": pem}, clock=lambda: time.time() + days * 86_400)
    verdict = await said("credential", about)
    assert verdict.status is status
    assert says in verdict.says
    assert "PRIVATE" not in str(verdict)


async def test_a_certificate_with_time_left_is_in_order() -> None:
    lasting = key_pem(RSA_KEYS[0]) + certificate(RSA_KEYS[0], days=(-1, 40))
    about = surroundings(environ={"ENTRA_CLIENT_CERTIFICATE": lasting}, clock=time.time)
    verdict = await said("credential", about)
    assert verdict.status is Status.OK
    assert "is valid until" in verdict.says


async def test_a_certificate_that_cannot_be_used_says_why(pem: str) -> None:
    other = "".join(key_and_certificate()).partition("-----BEGIN CERTIFICATE")[0]
    mixed = other + pem[pem.index("-----BEGIN CERTIFICATE") :]
    about = surroundings(environ={"ENTRA_CLIENT_CERTIFICATE": mixed, "ENTRA_CERTIFICATE_PASSPHRASE": "canary-12"})
    verdict = await said("credential", about)
    assert verdict.status is Status.FAIL
    assert "belongs to none" in verdict.remedy
    assert "canary-12" not in str(verdict)


def jwt_of(**claims: Any) -> str:
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "x"}, claims)
    ]
    return ".".join([*parts, "signature"])


def federated(file: Path) -> Surroundings:
    environ = {"ENTRA_FEDERATED_TOKEN_FILE": str(file)}
    about = surroundings(environ=environ)
    return surroundings(environ=environ, prove=partial(_proof, about))


def _proof(about: Surroundings) -> object:
    return credential_of(about.settings).for_msal()


async def test_a_token_of_another_provider_tells_what_entra_compares(tmp_path: Path) -> None:
    file = tmp_path / "token"
    claims = {"iss": "https://issuer.example", "sub": "system:serviceaccount:a:b", "exp": time.time() + 600}
    file.write_text(jwt_of(**claims, aud="api://AzureADTokenExchange") + "\n")
    verdict = await said("credential", federated(file))
    assert verdict.status is Status.OK
    assert "https://issuer.example speaks for system:serviceaccount:a:b" in verdict.says
    file.write_text(jwt_of(**claims, aud="https://other.example"))
    other = await said("credential", federated(file))
    assert other.status is Status.WARN
    assert "but is for https://other.example" in other.says


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("no token", id="no JWT"),
        pytest.param(jwt_of(exp=1), id="expired"),
        pytest.param(None, id="missing"),
    ],
)
async def test_a_file_without_a_good_token_says_so(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "token"
    if content:
        file.write_text(content)
    verdict = await said("credential", federated(file))
    assert verdict.status is Status.FAIL
    assert "ENTRA_FEDERATED_TOKEN_FILE" in verdict.remedy


async def test_a_managed_identity_is_asked() -> None:
    def silent() -> object:
        raise SignInUnavailable("ENTRA_MANAGED_IDENTITY: nothing answers for managed identities here.")

    environ = {"ENTRA_MANAGED_IDENTITY": "system"}
    assert await said("credential", surroundings(environ=environ)) == ok("the managed identity answers")
    verdict = await said("credential", surroundings(environ=environ, prove=silent))
    assert verdict.status is Status.FAIL
    assert "nothing answers" in verdict.remedy
