"""_server_wiring.py: which calls are the same identity's, and so may share answers, batches and limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

import auth
from _server_wiring import speaker_for
from graph import Speaker
from settings import read_settings

OID, HOME = "3f1c0c0e-1111-4222-8333-444455556666", "9d2b7a10-aaaa-4bbb-8ccc-ddddeeeeffff"
ACCOUNT, OTHER = f"{OID}.{HOME}", f"{HOME}.{HOME}"
APP = "0a1b2c3d-0000-4000-8000-00000000000a"
PERSON = {"ENTRA_CLIENT_ID": APP, "ENTRA_TENANT_ID": "contoso.example"}
AS_APP = {**PERSON, "ENTRA_CLIENT_SECRET": "s" * 40}
SUPPLIED = {"GRAPH_ACCESS_TOKEN": "e" * 40}


class NoToken:
    """Whoever it is, the token does not matter here."""

    async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str:
        return "t"


def speaker(environ: dict[str, str], account: str | None = None) -> Speaker:
    accounts: Any = auth.Account(NoToken(), [], cloud="public", is_person=True)
    if account is not None:
        accounts.source = lambda _: NoToken()
    return speaker_for(read_settings(environ), accounts, [], account)


def test_an_account_is_the_same_identity_in_every_call_and_no_other() -> None:
    assert speaker(PERSON, ACCOUNT).key == speaker(PERSON, ACCOUNT).key
    assert speaker(PERSON, ACCOUNT).key != speaker(PERSON, OTHER).key


def test_an_app_is_one_identity() -> None:
    assert speaker(AS_APP).key == speaker(AS_APP).key
    assert speaker(AS_APP).key != speaker({**AS_APP, "ENTRA_TENANT_ID": "fabrikam.example"}).key


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param(PERSON, id="a person who has not signed in yet"),
        pytest.param(SUPPLIED, id="a supplied token, which may become another's"),
        pytest.param({"DEMO": "true"}, id="the demo before its sign-in"),
    ],
)
def test_whom_nobody_knows_yet_shares_nothing(environ: dict[str, str]) -> None:
    assert speaker(environ).key != speaker(environ).key


def test_limits_are_counted_for_the_person_in_their_tenant() -> None:
    caller = speaker(PERSON, ACCOUNT).caller
    assert (caller.tenant, caller.user) == ("contoso.example", OID)
    anywhere = speaker({"ENTRA_CLIENT_ID": APP}, ACCOUNT).caller
    assert (anywhere.tenant, anywhere.user) == (HOME, OID)
