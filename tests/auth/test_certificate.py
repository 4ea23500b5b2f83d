"""auth/client_credentials.py: a certificate with its key, out of one PEM text."""

from __future__ import annotations

import pytest

import auth
from auth.client_credentials import certificate_credential
from emulator import AppRegistration, BlockingTransport
from errors import SettingsError
from network import sync_client
from server import DemoTenant
from settings import read_settings
from tests.certificates import key_and_certificate
from tests.support import small_tenant

APP = "7d7a3a60-8a6e-4b52-8f2b-2b1d5f5b2c11"


async def test_a_certificate_signs_the_app_in() -> None:
    private, public = key_and_certificate()
    cloud = DemoTenant(small_tenant())
    cloud.app.state.entra.register(AppRegistration(client_id=APP, display_name="Nightly", certificates=(public,)))
    environ = {"ENTRA_CLIENT_ID": APP, "ENTRA_TENANT_ID": cloud.app.state.tenant.id}
    settings = read_settings({**environ, "ENTRA_CLIENT_CERTIFICATE": private + public})
    assert settings.auth_mode == "application"
    source = auth.token_source(settings, lambda: sync_client(BlockingTransport(cloud)), lambda _: None)
    assert await source.token(["https://graph.microsoft.com/.default"])


@pytest.mark.parametrize("order", [pytest.param(1, id="key first"), pytest.param(-1, id="certificate first")])
def test_key_and_certificate_may_come_in_either_order(order: int) -> None:
    private, public = key_and_certificate()
    credential = certificate_credential("".join([private, public][::order]))
    assert credential["private_key"].strip() == private.strip()
    assert credential["public_certificate"].startswith(public.strip())


def test_a_key_beside_a_damaged_certificate_is_refused() -> None:
    private, public = key_and_certificate()
    with pytest.raises(SettingsError, match="ENTRA_CLIENT_CERTIFICATE"):
        certificate_credential(private + public.replace("MII", "xyz"))


@pytest.mark.parametrize(
    "pem",
    [
        pytest.param("", id="empty"),
        pytest.param("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----", id="no key"),
        pytest.param("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----", id="no certificate"),
        pytest.param("-----BEGIN PRIVATE KEY-----\nAA==\n", id="cut off"),
        pytest.param(
            "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"
            "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----",
            id="neither can be read",
        ),
    ],
)
def test_a_pem_that_lacks_a_part_says_which_are_needed(pem: str) -> None:
    with pytest.raises(SettingsError, match="both the private key, unencrypted, and the certificate"):
        certificate_credential(pem)
