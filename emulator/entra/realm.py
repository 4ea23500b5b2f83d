"""What every endpoint of this Entra works on: the tenant, its applications, keys, ledger and clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from emulator.entra.errors import EntraError
from emulator.entra.keys import SigningKeys
from emulator.entra.ledger import Ledger
from emulator.entra.registrations import AppRegistration, Registrations
from emulator.entra.scopes import Scopes, read_scopes
from emulator.tenant import Person, Tenant

LOGIN_URL = "https://login.microsoftonline.com"
SHARED_TENANTS = ("common", "organizations")

# A registration made in the portal starts with this one permission.
_FIRST_PERMISSION = frozenset({"User.Read"})


@dataclass
class Realm:
    """One directory and its sign-in service."""

    tenant: Tenant
    clock: Callable[[], float]
    pages_url: str
    keys: SigningKeys
    apps: Registrations = field(default_factory=Registrations)
    ledger: Ledger = field(default_factory=Ledger)

    def now(self) -> int:
        return int(self.clock())

    def authority(self, name: str) -> str:
        """The canonical path segment of an authority: the tenant's id, common or organizations."""
        wanted = name.lower()
        if wanted in (self.tenant.id.lower(), self.tenant.domain.lower()):
            return self.tenant.id
        # Personal accounts live in a tenant of their own, which is not part of the demo.
        if wanted == "consumers":
            raise EntraError(9002332)
        if wanted not in SHARED_TENANTS:
            raise EntraError(90002, tenant=name)
        return wanted

    def app(self, client_id: str) -> AppRegistration:
        return self.apps.find(client_id, self.tenant.display_name)

    def scopes(self, text: str) -> Scopes:
        return read_scopes(text, self.tenant.display_name)

    def enabled_people(self) -> Iterable[Person]:
        return (person for person in self.tenant.people.values() if person.account_enabled)

    def signed_in(self, user_id: str) -> Person:
        """The person behind an id, who must still be there and be allowed in."""
        person = self.tenant.people.get(user_id)
        if person is None:
            raise EntraError(50034, tenant=self.tenant.display_name)
        if not person.account_enabled:
            raise EntraError(50057)
        return person

    def person_called(self, name: str) -> Person | None:
        """The enabled person that a login hint means."""
        wanted = name.strip().lower()
        return next((each for each in self.enabled_people() if each.user_principal_name.lower() == wanted), None)

    def suggestion(self, hint: str = "", remembered: str = "") -> str:
        """Who is chosen beforehand on a page: who is hinted at, else who was here before, else the demo's own."""
        if hint:
            hinted = self.person_called(hint)
            return hinted.id if hinted else ""
        return remembered or (self.tenant.demo_person.id if self.tenant.people else "")

    def permissions(self, app: AppRegistration, user_id: str, scopes: Scopes) -> frozenset[str]:
        """The Graph permissions that a request comes to; `.default` is what was agreed, or what is registered."""
        if not scopes.is_default:
            return frozenset(scopes.names)
        # A token holds all that was ever agreed to, not only what the last request named.
        agreed = self.ledger.consented(app.client_id, user_id)
        return agreed or (_FIRST_PERMISSION if app.delegated_scopes is None else app.delegated_scopes)

    def check_consentable(self, app: AppRegistration, scopes: Scopes) -> None:
        """Refuse what no person may consent to for this application."""
        asked = frozenset(scopes.names if not scopes.is_default else ())
        beyond = asked - app.delegated_scopes if app.delegated_scopes is not None else ()
        if beyond:
            raise EntraError(90094, scope=" ".join(sorted(beyond)), app=app.display_name)

    def consent(self, app: AppRegistration, person: Person, scopes: Scopes) -> None:
        """A person agrees to all that is asked."""
        self.ledger.consent(app.client_id, person.id, self.permissions(app, person.id, scopes))

    def check_consented(self, app: AppRegistration, user_id: str, scopes: Scopes, *, error: str | None = None) -> None:
        """Refuse permissions that the person has not agreed to."""
        names = () if scopes.is_default else scopes.names
        missing = frozenset(names) - self.ledger.consented(app.client_id, user_id)
        if missing:
            raise EntraError(65001, error=error, app=app.client_id, scope=" ".join(sorted(missing)))
