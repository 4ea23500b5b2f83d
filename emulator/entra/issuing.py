"""Access tokens without a sign-in, for tests of what comes after one."""

from __future__ import annotations

from collections.abc import Iterable

from emulator.entra.ledger import SignIn
from emulator.entra.realm import Realm
from emulator.entra.registrations import AppRegistration
from emulator.entra.tokens import PUBLIC, SECRET, Client, Consented, response_for_app, response_for_person
from emulator.tenant import Person


def issued_to_person(realm: Realm, client_id: str, person: Person, scopes: Iterable[str]) -> str:
    """A token of Graph's for a person, as an application gets it that they let have these scopes."""
    asked = realm.scopes(" ".join(scopes))
    sign_in = realm.ledger.begin(SignIn(touched=realm.now(), user_id=person.id))
    client = Client(AppRegistration(client_id, "Test application", delegated_scopes=frozenset(asked.names)), PUBLIC)
    return str(response_for_person(realm, Consented(client, person, asked, sign_in))["access_token"])


def issued_to_app(realm: Realm, client_id: str, roles: Iterable[str]) -> str:
    """A token of Graph's for an application that an administrator gave these roles."""
    client = Client(AppRegistration(client_id, "Test application", application_roles=frozenset(roles)), SECRET)
    asked = realm.app_scopes(f"{realm.cloud.graph_url}/.default")
    return str(response_for_app(realm, client, asked)["access_token"])
