"""Every way of signing in is known to every command: the next one cannot be forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from _server_wiring import catalogue_of, scopes_of, selection_of
from commands import permissions, tools
from commands._ways import why_nobody_signs_in
from commands.doctor._verdict import Status
from settings import Way
from tests.auth.apps import RSA_KEYS, certificate, key_pem
from tests.auth.support import SECRET, public_cloud
from tests.commands.doctor.support import surroundings, verdicts
from tests.commands.doctor.test_files import jwt_of
from tests.commands.support import Paper

CLOUD = public_cloud()
WAYS: dict[Way, dict[str, str]] = {
    "off": {"ENTRA_ENABLE_AUTH": "false"},
    "demo": {"DEMO": "true"},
    "person": {},
    "on-behalf-of": {
        "TRANSPORT": "http",
        "HTTP_PORT": "0",
        "HTTP_AUTH": "entra",
        "PUBLIC_URL": "https://mcp.lindenhall.example",
        "ENTRA_CLIENT_SECRET": SECRET,
    },
    "supplied": {"GRAPH_ACCESS_TOKEN": "a-token-of-the-test"},
    "secret": {"ENTRA_CLIENT_SECRET": SECRET},
    "certificate": {"ENTRA_CLIENT_CERTIFICATE": key_pem(RSA_KEYS[0]) + certificate(RSA_KEYS[0])},
    "federated": {"ENTRA_FEDERATED_TOKEN_FILE": "token"},
    "managed-identity": {"ENTRA_MANAGED_IDENTITY": "system"},
}


@pytest.mark.parametrize("way", get_args(Way))
async def test_every_way_gets_an_answer_from_every_command(way: Way, tmp_path: Path) -> None:
    async def token(*_: str) -> str:
        return jwt_of(aud="https://graph.microsoft.com")

    token_file = tmp_path / "token"
    token_file.write_text(jwt_of(aud="api://AzureADTokenExchange"))
    environ = {name: str(token_file) if text == "token" else text for name, text in WAYS[way].items()}
    cache = {"ENTRA_TOKEN_CACHE_PATH": str(tmp_path / "cache.json")}
    about = surroundings(CLOUD, environ | cache, token=token, own_token=token)
    settings, paper = about.settings, Paper()
    assert settings.way == way

    assert bool(why_nobody_signs_in(settings)) == (way != "person")
    assert bool(scopes_of(settings)) == (way != "off")
    assert permissions(settings, selection_of(settings).tools.values(), paper.output) == 0
    assert tools(settings, selection_of(settings), paper.output, bind=catalogue_of(settings).bound) == 0
    found = await verdicts(about)
    assert found["settings"].status is Status.OK
    assert not [name for name, verdict in found.items() if "could not be checked" in verdict.says], found
