"""auth/consent.py: the link for an administrator."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from auth.consent import admin_consent_url, consent_url
from settings import Settings, read_settings

APP = "2f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a10"
TENANT = "2f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a11"


def settings_with(**environ: str) -> Settings:
    return read_settings({"ENTRA_CLIENT_ID": APP, "ENTRA_TENANT_ID": TENANT, **environ})


def test_a_persons_permissions_are_named_in_full_and_the_page_comes_back_to_the_registered_address() -> None:
    link = urlsplit(admin_consent_url(settings_with(), ["Mail.Read", "https://graph.microsoft.com/User.Read"]))
    assert (link.scheme, link.netloc, link.path) == (
        "https",
        "login.microsoftonline.com",
        f"/{TENANT}/v2.0/adminconsent",
    )
    assert parse_qs(link.query) == {
        "client_id": [APP],
        "scope": ["https://graph.microsoft.com/Mail.Read https://graph.microsoft.com/User.Read"],
        "redirect_uri": ["http://localhost"],
    }
    assert "+" not in link.query, "Entra reads a plus sign as one"


def test_an_app_asks_for_what_it_was_registered_with() -> None:
    settings = settings_with(ENTRA_CLIENT_SECRET="a-secret-of-the-test")
    back = "redirect_uri=http%3A%2F%2Flocalhost"  # Entra answers 900971 to a link without one
    expected = f"https://login.microsoftonline.com/{TENANT}/adminconsent?client_id={APP}&{back}"
    assert admin_consent_url(settings, ["Mail.Read"]) == expected


@pytest.mark.parametrize("tenant", [pytest.param(name, id=name) for name in ("common", "organizations", "consumers")])
def test_an_administrator_never_belongs_to_a_shared_tenant(tenant: str) -> None:
    link = admin_consent_url(settings_with(ENTRA_TENANT_ID=tenant), ["Mail.Read"])
    assert link.startswith("https://login.microsoftonline.com/organizations/v2.0/adminconsent?")


@pytest.mark.parametrize(
    ("environ", "host", "graph"),
    [
        pytest.param({"ENTRA_CLOUD": "usgov"}, "login.microsoftonline.us", "graph.microsoft.us", id="US Gov"),
        pytest.param(
            {"ENTRA_CLOUD": "china"},
            "login.partner.microsoftonline.cn",
            "microsoftgraph.chinacloudapi.cn",
            id="China",
        ),
        pytest.param(
            {"ENTRA_AUTHORITY": "https://login.windows.net"}, "login.windows.net", "graph.microsoft.com", id="alias"
        ),
    ],
)
def test_each_cloud_has_its_own_page_and_names(environ: dict[str, str], host: str, graph: str) -> None:
    link = urlsplit(admin_consent_url(settings_with(**environ), ["Mail.Read"]))
    assert link.netloc == host
    assert parse_qs(link.query)["scope"] == [f"https://{graph}/Mail.Read"]


def test_without_permissions_the_page_is_for_all_that_are_registered() -> None:
    assert "scope" not in admin_consent_url(settings_with())
    assert "redirect_uri" not in admin_consent_url(settings_with())
    assert consent_url("https://login.example", "t", "c") == "https://login.example/t/adminconsent?client_id=c"


def test_a_permission_named_twice_is_asked_for_once() -> None:
    link = consent_url("https://login.example", "t", "c", scopes=["b", "a", "b"], redirect_uri="http://localhost")
    assert parse_qs(urlsplit(link).query)["scope"] == ["a b"]


def test_an_administrator_of_another_tenant_agrees_on_the_page_of_that_one() -> None:
    other = "0f7d5a52-5c1c-4a7e-8a71-0c3f2d9d1e11"
    assert urlsplit(admin_consent_url(settings_with(), ["Mail.Read"], tenant=other)).path == (
        f"/{other}/v2.0/adminconsent"
    )
