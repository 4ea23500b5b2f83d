"""auth/inbound/metadata.py: clients find where to sign in, and what to ask for, under our own name alone."""

from __future__ import annotations

import re

import pytest

from auth.inbound.metadata import challenge_of, metadata_of
from tests.auth.inbound.jwts import HOME, LOGIN, PARTNER, RESOURCE, settings

WELL_KNOWN = ".well-known/oauth-protected-resource"


def test_the_document_names_the_resource_and_where_to_sign_in() -> None:
    assert metadata_of(settings(HTTP_TENANTS=f"{PARTNER},{HOME}")) == {
        "resource": RESOURCE,
        "authorization_servers": [f"{LOGIN}/{HOME}/v2.0", f"{LOGIN}/{PARTNER}/v2.0"],
        "scopes_supported": [f"{RESOURCE}/mcp.access"],
        "bearer_methods_supported": ["header"],
        "resource_name": "Graphward",
    }


def test_each_cloud_has_its_own_sign_in() -> None:
    (server,) = metadata_of(settings(ENTRA_CLOUD="china"))["authorization_servers"]
    assert server == f"https://login.partner.microsoftonline.cn/{HOME}/v2.0"


@pytest.mark.parametrize(
    ("environ", "address", "scope"),
    [
        pytest.param(
            {}, f"https://mcp.lindenhall.example/{WELL_KNOWN}/mcp", f"{RESOURCE}/mcp.access", id="at the root of a host"
        ),
        pytest.param(
            {"PUBLIC_URL": "https://apps.example:8443/tools/"},
            f"https://apps.example:8443/{WELL_KNOWN}/tools/mcp",
            "https://apps.example:8443/tools/mcp/mcp.access",
            id="under a path of a proxy's",
        ),
        pytest.param(
            {"ENTRA_APP_ID_URI": "api://lindenhall"},
            f"https://mcp.lindenhall.example/{WELL_KNOWN}/mcp",
            "api://lindenhall/mcp.access",
            id="under an id of its own",
        ),
    ],
)
def test_the_challenge_leads_to_the_document(environ: dict[str, str], address: str, scope: str) -> None:
    challenge = challenge_of(settings(**environ))
    assert challenge == f'resource_metadata="{address}", scope="{scope}"'
    assert re.fullmatch(r'(?:[a-z_]+="[!#-\[\]-~]*"(?:, )?)+', challenge)


def test_what_is_quoted_cannot_end_the_quotes() -> None:
    odd = settings().model_copy(update={"entra_app_id_uri": 'api://a"b\\c'})
    assert challenge_of(odd).endswith('scope="api://a\\"b\\\\c/mcp.access"')
