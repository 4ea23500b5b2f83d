"""auth/federated.py: a workload signs in as an app with a token of another identity provider, kept in a file."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from auth.federated import FederatedCredential
from emulator.entra.registrations import FederatedCredential as Trusted
from errors import AppRefused
from tests.auth.apps import DEFAULT, RSA_KEYS, Cloud, public_pem, removed, replaced, text_in

ISSUER = "https://cluster.example/oidc"
SUBJECT = "system:serviceaccount:mail:nightly"
KEY = RSA_KEYS[0]
TRUST = Trusted(ISSUER, SUBJECT, keys=public_pem(KEY))


def workload_token(**changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": SUBJECT, "aud": "api://AzureADTokenExchange", "iat": now, "exp": now + 3600}
    return jwt.encode({**claims, "jti": os.urandom(8).hex(), **changes}, KEY, "RS256")


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    replaced(path, workload_token())
    return path


async def test_the_token_of_another_provider_signs_the_app_in(token_file: Path) -> None:
    cloud = Cloud(federated=(TRUST,))
    assert await cloud.source(FederatedCredential(token_file)).token(DEFAULT)
    assert cloud.wire.forms[0]["client_assertion"] == text_in(token_file)


async def test_each_sign_in_takes_the_token_that_is_in_the_file_then(token_file: Path) -> None:
    cloud = Cloud(federated=(TRUST,))
    source = cloud.source(FederatedCredential(token_file))
    first = await source.token(DEFAULT)
    replaced(token_file, f"{workload_token()}\n")
    await source.token(DEFAULT, refused=first)
    sent = [form["client_assertion"] for form in cloud.wire.forms]
    assert len(set(sent)) == 2
    assert sent[-1] == text_in(token_file).strip()


@pytest.mark.skipif(os.name != "posix", reason="symbolic links need a privilege on Windows")
async def test_a_token_that_kubernetes_swaps_by_its_link_is_followed(tmp_path: Path) -> None:
    cloud, written = Cloud(federated=(TRUST,)), list[str]()
    for generation in ("1", "2"):
        (tmp_path / generation).mkdir()
        written.append(workload_token())
        (tmp_path / generation / "token").write_text(written[-1], encoding="utf-8")
    (tmp_path / "..data").symlink_to("1")
    (tmp_path / "token").symlink_to("..data/token")
    source = cloud.source(FederatedCredential(tmp_path / "token"))
    first = await source.token(DEFAULT)
    (tmp_path / "..data_tmp").symlink_to("2")
    (tmp_path / "..data_tmp").replace(tmp_path / "..data")
    await source.token(DEFAULT, refused=first)
    assert [form["client_assertion"] for form in cloud.wire.forms] == written


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(None, "no such file", id="missing"),
        pytest.param("", "is empty", id="empty"),
        pytest.param("not a token", "holds no token", id="no token"),
        pytest.param("a.b.c", "holds no token", id="three parts of nothing"),
        pytest.param("-----BEGIN CERTIFICATE-----", "holds no token", id="a certificate"),
        pytest.param(workload_token(exp=1_700_000_000), r"expired on 2023-11-14 22:13 UTC\. Whatever", id="expired"),
    ],
)
async def test_a_file_without_a_good_token_says_so_and_nothing_is_sent(
    token_file: Path, content: str | None, says: str
) -> None:
    removed(token_file)
    if content is not None:
        replaced(token_file, content)
    cloud = Cloud(federated=(TRUST,))
    with pytest.raises(AppRefused, match=says) as caught:
        await cloud.source(FederatedCredential(token_file)).token(DEFAULT)
    assert str(token_file) in str(caught.value)
    assert "ENTRA_FEDERATED_TOKEN_FILE" in str(caught.value)
    assert not cloud.wire.requests


async def test_a_token_that_is_no_longer_renewed_is_told_with_what_is_wrong_with_its_file(token_file: Path) -> None:
    cloud = Cloud(federated=(TRUST,))
    now = [time.time()]
    source = cloud.source(FederatedCredential(token_file, clock=lambda: now[0]))
    first = await source.token(DEFAULT)
    removed(token_file)
    now[0] += 7200
    with pytest.raises(AppRefused, match=r"expired on .*no such file.*read again by itself"):
        await source.token(DEFAULT, refused=first)


async def test_a_token_that_never_expires_is_left_for_entra_to_judge(token_file: Path) -> None:
    replaced(token_file, workload_token(exp="never"))
    cloud = Cloud(federated=(TRUST,))
    with pytest.raises(AppRefused, match="AADSTS"):
        await cloud.source(FederatedCredential(token_file)).token(DEFAULT)
    assert len(cloud.wire.forms) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"iss": "https://elsewhere.example"}, 700211, id="issuer"),
        pytest.param({"sub": "system:serviceaccount:mail:other"}, 700213, id="subject"),
        pytest.param({"aud": "https://elsewhere.example"}, 700212, id="audience"),
    ],
)
async def test_a_token_that_the_app_does_not_trust_is_told_with_its_number(
    token_file: Path, changes: dict[str, str], code: int
) -> None:
    replaced(token_file, workload_token(**changes))
    cloud = Cloud(federated=(TRUST,))
    with pytest.raises(AppRefused, match=f"AADSTS{code}"):
        await cloud.source(FederatedCredential(token_file)).token(DEFAULT)
