"""Access tokens without a sign-in: for people and applications, with exactly what was asked."""

from __future__ import annotations

import pytest

from emulator.entra import Entra
from emulator.entra.errors import EntraError
from emulator.tenant import Person
from tests.emulator.entra.driver import SECRET_APP
from tests.emulator.entra.flows import shown


def caller(entra: Entra, token: str) -> tuple[str, str | None, frozenset[str], frozenset[str]]:
    found = entra.caller(f"Bearer {token}")
    return found.app_id, found.user_id, found.scopes & frozenset({"User.Read", "Mail.Read"}), found.roles


def test_a_person_gets_the_scopes_that_were_asked(entra: Entra, mira: Person) -> None:
    first = entra.access_token(mira, scopes=["User.Read", "mail.read"], client_id=SECRET_APP)
    second = entra.access_token(mira, scopes=["User.Read"], client_id=SECRET_APP)
    assert caller(entra, first) == (SECRET_APP, mira.id, frozenset({"User.Read", "Mail.Read"}), frozenset())
    assert caller(entra, second) == (SECRET_APP, mira.id, frozenset({"User.Read"}), frozenset())
    assert shown(first)["upn"] == mira.user_principal_name


def test_an_application_gets_the_roles_that_were_asked(entra: Entra) -> None:
    token = entra.access_token(roles=["Mail.Read"])
    _, user_id, scopes, roles = caller(entra, token)
    assert (user_id, scopes, roles) == (None, frozenset(), frozenset({"Mail.Read"}))
    assert shown(token)["idtyp"] == "app"


def test_a_permission_that_does_not_exist_is_refused(entra: Entra, mira: Person) -> None:
    with pytest.raises(EntraError) as refused:
        entra.access_token(mira, scopes=["Mail.Reed"])
    assert refused.value.code == 650053


def test_such_a_token_ends_like_any_other(entra: Entra, mira: Person) -> None:
    entra.access_token(mira, scopes=["User.Read"])
    entra.revoke_sessions(mira)
    assert caller(entra, entra.access_token(mira, scopes=["User.Read"]))[1] == mira.id


def test_forgetting_leaves_accounts_as_they_were_at_first(entra: Entra, mira: Person, tobias: Person) -> None:
    entra.state(mira).locked = True
    entra.require_assignment(SECRET_APP, [tobias])
    entra.weather.outage()
    entra.reset()
    assert not entra.state(mira).locked
    assert entra.weather.fronts == ()
    assert entra.journal.token_requests == ()
