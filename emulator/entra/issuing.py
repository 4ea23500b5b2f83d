"""Access tokens without a sign-in, for tests of what comes after one: of Graph's, or of an API of the tenant."""

from __future__ import annotations

from collections.abc import Iterable

from emulator.entra.ledger import SignIn
from emulator.entra.realm import Realm
from emulator.entra.registrations import AppRegistration
from emulator.entra.tokens import PUBLIC, SECRET, Client, Consented, response_for_app, response_for_person
from emulator.tenant import Person


def issued_to_person(realm: Realm, client_id: str, person: Person, scopes: Iterable[str]) -> str:
    """A token for a person, as an application gets it that they let have these scopes; Graph's are plain names."""
    asked = realm.scopes(" ".join(scopes))
    sign_in = realm.ledger.begin(SignIn(touched=realm.now(), user_id=person.id))
    client = Client(AppRegistration(client_id, "Test application", delegated_scopes=frozenset(asked.names)), PUBLIC)
    return str(response_for_person(realm, Consented(client, person, asked, sign_in))["access_token"])


def issued_to_app(realm: Realm, client_id: str, roles: Iterable[str], resource: str = "") -> str:
    """A token for an application that an administrator gave these roles of Graph's, or of the API named."""
    asked = realm.app_scopes(f"{resource or realm.cloud.graph_url}/.default")
    granted = frozenset(f"{asked.resource_id}/{role}" if resource else role for role in roles)
    client = Client(AppRegistration(client_id, "Test application", application_roles=granted), SECRET)
    return str(response_for_app(realm, client, asked)["access_token"])
