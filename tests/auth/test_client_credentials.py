"""auth/client_credentials.py, auth/credentials.py: an app signs in by real MSAL with a secret that may be replaced."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from auth._keeper import TokenKeeper
from auth.accounts import identity_in
from auth.certificate import AppCertificate, CertificateCredential
from auth.client_credentials import ClientCredentialsSource
from auth.confidential_app import ConfidentialApp
from auth.credentials import SecretCredential, credential_of
from auth.federated import Assertion, FederatedCredential
from auth.managed_identity import ManagedIdentityCredential
from auth.on_behalf_of import OnBehalfOf
from auth.supplied import SuppliedToken
from auth.watched_file import WatchedFile
from clouds import PUBLIC
from errors import AppRefused, SettingsError, SignInError, SignInRefused
from principal import Principal
from settings import Settings, read_settings
from tests.auth.apps import (
    APP,
    DEFAULT,
    GRAPH,
    RSA_KEYS,
    SECRET,
    Cloud,
    certificate,
    key_pem,
    overwritten,
    removed,
    replaced,
)

CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'


def app_settings(cloud: Cloud, **environ: str) -> Settings:
    return read_settings({"ENTRA_CLIENT_ID": APP, "ENTRA_TENANT_ID": cloud.tenant.id, **environ})


def from_file(cloud: Cloud, path: Path, **details: Any) -> ClientCredentialsSource:
    """The source of a server that was started with the secret in a file."""
    return cloud.source(credential_of(app_settings(cloud, ENTRA_CLIENT_SECRET_FILE=str(path)), **details))


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    replaced(path, f"{SECRET}\n")
    return path


async def test_a_secret_signs_the_app_in_and_asks_for_all_it_was_granted_and_nothing_else() -> None:
    cloud = Cloud(secrets=(SECRET,), application_roles=frozenset({"Mail.Read"}))
    token = await cloud.source(SecretCredential(SECRET)).token(DEFAULT)
    assert identity_in(token, "public", is_person=False).permissions == ("Mail.Read",)
    assert [form["scope"] for form in cloud.wire.forms] == DEFAULT


@pytest.mark.parametrize(
    "scopes",
    [
        pytest.param([f"{GRAPH}/Mail.Read"], id="one permission"),
        pytest.param([*DEFAULT, f"{GRAPH}/Mail.Read"], id="one permission more"),
        pytest.param([], id="none at all"),
    ],
)
async def test_an_app_that_names_permissions_is_told_so_before_anything_is_sent(scopes: list[str]) -> None:
    cloud = Cloud(secrets=(SECRET,))
    with pytest.raises(SignInError, match="cannot choose its permissions"):
        await cloud.source(SecretCredential(SECRET)).token(scopes)
    assert not cloud.wire.requests


async def test_a_thousand_callers_at_once_make_one_token_request() -> None:
    cloud = Cloud(secrets=(SECRET,))
    source, tokens = cloud.source(SecretCredential(SECRET)), list[str]()

    async def ask() -> None:
        tokens.append(await source.token(DEFAULT))

    async with anyio.create_task_group() as tasks:
        for _ in range(1000):
            tasks.start_soon(ask)
    assert len(tokens) == 1000
    assert len(set(tokens)) == 1
    assert cloud.entra.journal.count("client_credentials") == 1


async def test_a_region_in_the_environment_leads_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSAL_FORCE_REGION", "westeurope")
    cloud = Cloud(secrets=(SECRET,))
    assert await cloud.source(SecretCredential(SECRET)).token(DEFAULT)
    assert {request.url.host for request in cloud.wire.requests} == {"login.microsoftonline.com"}


async def test_a_refused_token_is_replaced_and_what_was_discovered_is_not_asked_again() -> None:
    cloud = Cloud(secrets=(SECRET,))
    source = cloud.source(SecretCredential(SECRET))
    first = await source.token(DEFAULT)
    second = await source.token(DEFAULT, refused=first)
    assert second != first
    assert await source.token(DEFAULT) == second
    assert [request.method for request in cloud.wire.requests] == ["GET", "POST", "POST"]


async def test_a_claims_challenge_reaches_entra_beside_our_capability() -> None:
    cloud = Cloud(secrets=(SECRET,))
    source = cloud.source(SecretCredential(SECRET))
    await source.token(DEFAULT)
    await source.token(DEFAULT, CLAIMS)
    asked = json.loads(cloud.wire.forms[-1]["claims"])["access_token"]
    assert asked["xms_cc"] == {"values": ["cp1"]}
    assert asked["acrs"]["value"] == "c1"


async def test_an_app_whose_new_token_is_challenged_again_is_told_who_can_find_out_why() -> None:
    cloud = Cloud(secrets=(SECRET,))
    source = cloud.source(SecretCredential(SECRET))
    token = await source.token(DEFAULT)
    with pytest.raises(SignInRefused, match="administrator"):
        await source.token(DEFAULT, CLAIMS, token)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        pytest.param("not-the-secret", 7000215, id="wrong"),
        pytest.param("0f0e0d0c-1111-4222-8333-444455556666", 7000215, id="the secret's id"),
        pytest.param("last-year", 7000222, id="expired"),
    ],
)
async def test_a_secret_that_entra_refuses_is_told_with_its_number_and_not_repeated(given: str, code: int) -> None:
    cloud = Cloud(secrets=(SECRET,), expired_secrets=("last-year",))
    with pytest.raises(AppRefused, match=f"AADSTS{code}") as caught:
        await cloud.source(SecretCredential(given)).token(DEFAULT)
    assert caught.value.code == code
    assert given not in str(caught.value)
    assert len(cloud.wire.forms) == 1, "what was given once and for all is not tried twice"


async def test_a_secret_that_is_replaced_in_its_file_is_used_from_then_on(secret_file: Path) -> None:
    cloud, learnt = Cloud(secrets=(SECRET,)), list[str]()
    source = from_file(cloud, secret_file, on_secret=learnt.append)
    first = await source.token(DEFAULT)
    cloud.register(secrets=("the-next-secret",))
    replaced(secret_file, "the-next-secret\n")
    assert await source.token(DEFAULT, refused=first)
    assert [form["client_secret"] for form in cloud.wire.forms] == [SECRET, "the-next-secret"]
    assert learnt[-1] == "the-next-secret", "the log masks it from now on"


async def test_a_secret_that_is_replaced_while_it_is_sent_is_looked_up_once_more_at_once(secret_file: Path) -> None:
    cloud = Cloud(secrets=(SECRET,))

    def rotate(request: httpx.Request) -> None:
        if request.method == "POST" and len(cloud.wire.forms) == 1:
            cloud.register(secrets=("the-next-secret",))
            replaced(secret_file, "the-next-secret")

    cloud.wire.before = rotate
    assert await from_file(cloud, secret_file).token(DEFAULT)
    assert [form["client_secret"] for form in cloud.wire.forms] == [SECRET, "the-next-secret"]


async def test_a_secret_of_the_same_length_and_date_is_still_found_after_a_refusal(secret_file: Path) -> None:
    cloud = Cloud(secrets=(SECRET,))
    source = from_file(cloud, secret_file)
    first = await source.token(DEFAULT)
    other = SECRET[::-1]
    cloud.register(secrets=(other,))
    overwritten(secret_file, f"{other}\n")
    assert await source.token(DEFAULT, refused=first)
    assert [form["client_secret"] for form in cloud.wire.forms] == [SECRET, SECRET, other]


async def test_a_wrong_secret_in_a_file_that_stays_is_asked_about_once(secret_file: Path) -> None:
    cloud = Cloud(secrets=("another-one",))
    with pytest.raises(AppRefused, match="AADSTS7000215"):
        await from_file(cloud, secret_file).token(DEFAULT)
    assert len(cloud.wire.forms) == 1


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(None, id="gone"),
        pytest.param("", id="empty"),
        pytest.param("  a secret\twith white space  \n", id="white space around it"),
        pytest.param("two\nlines\n", id="two lines"),
    ],
)
async def test_a_file_that_is_spoilt_later_leaves_the_secret_that_was_read(
    secret_file: Path, content: str | None
) -> None:
    cloud = Cloud(secrets=(SECRET,))
    source = from_file(cloud, secret_file)
    if content is None:
        removed(secret_file)
    else:
        replaced(secret_file, content)
    assert await source.token(DEFAULT)
    assert cloud.wire.forms[0]["client_secret"] == SECRET


@pytest.mark.parametrize(
    ("environ", "kind"),
    [
        pytest.param({"ENTRA_CLIENT_SECRET": SECRET}, SecretCredential, id="secret"),
        pytest.param(
            {"ENTRA_CLIENT_CERTIFICATE": key_pem(RSA_KEYS[0]) + certificate(RSA_KEYS[0])},
            CertificateCredential,
            id="certificate",
        ),
        pytest.param({"ENTRA_FEDERATED_TOKEN_FILE": "token"}, FederatedCredential, id="federated"),
        pytest.param({"ENTRA_MANAGED_IDENTITY": "system"}, ManagedIdentityCredential, id="managed identity"),
    ],
)
def test_the_settings_choose_the_credential(environ: dict[str, str], kind: type) -> None:
    assert isinstance(credential_of(app_settings(Cloud(), **environ)), kind)


def test_settings_without_a_credential_have_none_to_choose() -> None:
    with pytest.raises(SettingsError, match="needs a credential"):
        credential_of(app_settings(Cloud()))


def guarded() -> list[Any]:
    """One of everything that holds a secret."""
    cloud, keeper = Cloud(), TokenKeeper()
    secret, context = SecretCredential(SECRET), cloud.context()
    on_behalf_of = OnBehalfOf(context, secret, lambda: cloud.http, keeper, cloud="public")
    pem = key_pem(RSA_KEYS[0]) + certificate(RSA_KEYS[0])
    form = CertificateCredential(pem)
    form.for_msal()
    return [
        secret,
        form,
        FederatedCredential(Path("token")),
        ManagedIdentityCredential("system"),
        Assertion(SECRET),
        WatchedFile(Path("secret"), str, name="X", start=SECRET),
        SuppliedToken(SECRET, cloud=PUBLIC, mode="delegated"),
        ConfidentialApp(context, secret, lambda: cloud.http),
        cloud.source(secret),
        on_behalf_of,
        on_behalf_of.for_caller(Principal("public", "t", "u", "c"), SECRET, 1e12),
        on_behalf_of.for_caller(Principal("public", "t", "u", "c"), SECRET, 1e12)._partition,
        on_behalf_of.for_caller(Principal("public", "t", "u", "c"), SECRET, 1e12)._assertion,
        AppCertificate(SECRET, form._certificate.leaf) if form._certificate else None,
    ]


@pytest.mark.parametrize("kind", [pytest.param(number, id=repr(each)) for number, each in enumerate(guarded())])
def test_nothing_that_holds_a_secret_shows_it_or_can_be_pickled(kind: int) -> None:
    holder = guarded()[kind]
    for text in (repr(holder), str(holder), f"{[holder]}"):
        assert SECRET not in text
        assert "PRIVATE KEY" not in text
        assert text.strip("[]") == f"<{type(holder).__name__}>"
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(holder)
