"""Who can try to sign in: people of the tenant, of other tenants and with personal accounts, and how they fare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import NAMESPACE_URL, uuid5

from emulator.clouds import Cloud
from emulator.entra.errors import EntraError
from emulator.entra.registrations import AppRegistration
from emulator.tenant import Person, Tenant

PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
CONSUMERS, COMMON, ORGANIZATIONS = "consumers", "common", "organizations"

Device: TypeAlias = Literal["unknown", "registered", "joined", "compliant"]


@dataclass
class AccountState:
    """What may keep an account from signing in; change a field to put it into a state, and back to end that.

    `second_factor` is whether the person has enrolled for one, `factor_refused` whether they turned it down when last
    asked; `device` is what is known of the one they use.
    """

    locked: bool = False
    password_expired: bool = False
    invitation_pending: bool = False
    suspicious: bool = False
    second_factor: bool = True
    factor_refused: bool = False
    device: Device = "registered"

    def check(self) -> None:
        """Refuse the account if its state does not let it in."""
        obstacles = (
            (self.locked, 50053),
            (self.invitation_pending, 50014),
            (self.suspicious, 50131),
            (self.password_expired, 50055),
        )
        for is_met, code in obstacles:
            if is_met:
                raise EntraError(code)


class Accounts:
    """Everybody who can try to sign in here, in the directory of their own."""

    def __init__(self, tenant: Tenant, cloud: Cloud) -> None:
        self._own = tenant
        self._cloud = cloud
        self._others: dict[str, Tenant] = {}
        self._states: dict[str, AccountState] = {}
        self._removed: dict[str, tuple[Tenant, Person]] = {}
        self._assigned: dict[str, frozenset[str]] = {}

    def forget(self) -> None:
        """Let every account be as it was at first: nobody locked, removed or kept from an application."""
        self._states.clear()
        self._removed.clear()
        self._assigned.clear()
        self._others.clear()

    def state(self, person: Person) -> AccountState:
        """The state of an account, to look at and to change."""
        return self._states.setdefault(person.id, AccountState())

    def add_outsider(self, name: str, upn: str, tenant_id: str) -> Person:
        """A person of another organisation."""
        domain = upn.partition("@")[2]
        home = self._directory(tenant_id.lower(), domain, domain.partition(".")[0].capitalize())
        return home.add_person(name, user_principal_name=upn)

    def add_personal(self, name: str, email: str) -> Person:
        """A person with a Microsoft account."""
        home = self._directory(PERSONAL_TENANT, "live.com", "Microsoft accounts")
        # The ids of personal accounts are 64 bits long, padded to the length of the others.
        digest = uuid5(NAMESPACE_URL, f"{PERSONAL_TENANT}/{email.lower()}").hex
        user_id = f"00000000-0000-0000-{digest[:4]}-{digest[4:16]}"
        return home.add_person(name, user_principal_name=email, id=user_id)

    def add_guest(self, person: Person) -> Person:
        """The account that a person of elsewhere gets here when they are invited and accept."""
        address = person.user_principal_name
        local, _, domain = address.partition("@")
        upn = f"{local}_{domain}#EXT#@{self._own.domain}"
        details = {"user_principal_name": upn, "mail": address, "user_type": "Guest"}
        return self._own.add_person(person.display_name, has_mailbox=False, **details)

    def provider_of(self, guest: Person) -> str:
        """Who vouches for a guest: their own directory, or else the mailbox that a code is sent to."""
        home = self.elsewhere((guest.mail or "").rpartition("@")[2])
        return self._cloud.older_issuer(home.id) if home else "mail"

    def _directory(self, tenant_id: str, domain: str, name: str) -> Tenant:
        return self._others.setdefault(tenant_id, Tenant(id=tenant_id, domain=domain, display_name=name))

    def elsewhere(self, name: str) -> Tenant | None:
        """Another organisation's directory, by id or domain, if anybody here comes from it."""
        wanted = name.lower()
        others = (each for each in self._others.values() if each.id != PERSONAL_TENANT)
        return next((each for each in others if wanted in (each.id, each.domain.lower())), None)

    def remove(self, person: Person) -> None:
        """Delete an account; it is not in the directory any more."""
        home = self.home_of(person.id)
        self._removed[person.id] = home, home.people[person.id]
        home.store.root("users").discard(person)

    def restore(self, person: Person) -> None:
        """Bring a deleted account back."""
        home, kept = self._removed.pop(person.id)
        home.store.root("users").add(kept)

    def home_of(self, user_id: str) -> Tenant:
        """The directory that an account is kept in; the tenant's own for one that is nowhere."""
        return next((each for each in self._others.values() if user_id in each.people), self._own)

    def person(self, user_id: str) -> Person:
        """The person behind an id, whose account must be there and in a state that lets it in."""
        home = self.home_of(user_id)
        person = home.people.get(user_id)
        if person is None:
            raise EntraError(50034, tenant=home.display_name)
        if not person.account_enabled:
            raise EntraError(50057)
        self.state(person).check()
        return person

    @property
    def has_others(self) -> bool:
        """Whether there are people who are not of this tenant."""
        return bool(self._others)

    def is_personal(self, user_id: str) -> bool:
        return self.home_of(user_id).id == PERSONAL_TENANT

    def offered(self, authority: str) -> Iterator[Person]:
        """The enabled people who can sign in at an authority, those of the tenant first."""
        for home in (self._own, *self._others.values()):
            if _is_welcome(home, authority):
                yield from (person for person in home.people.values() if person.account_enabled)

    def named(self, name: str) -> Person | None:
        """The person with this user principal name, from wherever."""
        wanted = name.strip().lower()
        if not wanted:
            return None
        people = (person for home in (self._own, *self._others.values()) for person in home.people.values())
        return next((person for person in people if person.user_principal_name.lower() == wanted), None)

    def check_place(self, person: Person, authority: str, app: AppRegistration) -> None:
        """Refuse an account at an authority that is not for it, or at an application that does not take its kind."""
        home = self.home_of(person.id)
        is_personal, upn = home.id == PERSONAL_TENANT, person.user_principal_name
        takes_it = app.accounts in (("all", "personal") if is_personal else ("tenant", "organizations", "all"))
        if is_personal and (authority == ORGANIZATIONS or not takes_it):
            raise EntraError(500200, upn=upn, app=app.client_id)
        if _is_welcome(home, authority) and takes_it:
            return
        if authority == CONSUMERS:
            raise EntraError(50034, tenant="Microsoft accounts")
        where = self.elsewhere(authority) or self._own
        issuer = "live.com" if is_personal else self._cloud.older_issuer(home.id)
        raise EntraError(50020, upn=upn, home=issuer, tenant=where.display_name, app=app.client_id)

    def require_assignment(self, client_id: str, people: Sequence[Person] | None) -> None:
        """Let only these people use an application; None lets everybody again."""
        if people is None:
            self._assigned.pop(client_id.lower(), None)
        else:
            self._assigned[client_id.lower()] = frozenset(person.id for person in people)

    def check_assigned(self, person: Person, app: AppRegistration, *, error: str | None = None) -> None:
        """Refuse a person who is not assigned to an application that demands it."""
        assigned = self._assigned.get(app.client_id.lower())
        if assigned is not None and person.id not in assigned:
            raise EntraError(50105, error=error, upn=person.user_principal_name, app=app.client_id)


def _is_welcome(home: Tenant, authority: str) -> bool:
    """Whether the people of a directory sign in at an authority; a shared one takes several directories."""
    if home.id == PERSONAL_TENANT:
        return authority in (COMMON, CONSUMERS)
    return authority in (COMMON, ORGANIZATIONS, home.id)
