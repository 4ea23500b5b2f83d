"""What every endpoint of this Entra works on: the tenant, its applications, keys, ledger and clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace

from emulator.clouds import PUBLIC, Cloud
from emulator.entra.accounts import CONSUMERS, PERSONAL_TENANT, Accounts
from emulator.entra.errors import EntraError
from emulator.entra.journal import Journal
from emulator.entra.keys import SigningKeys
from emulator.entra.ledger import Ledger, SignIn
from emulator.entra.policies import Attempt, Obstacle, Policies
from emulator.entra.registrations import AppRegistration, Registrations
from emulator.entra.rules import Rules
from emulator.entra.scope_limits import PERSONAL
from emulator.entra.scopes import (
    GRAPH_ID,
    Resources,
    Scopes,
    check_resource,
    qualified,
    read_app_scope,
    read_scopes,
    unqualified,
)
from emulator.entra.weather import Weather
from emulator.tenant import Person, Tenant

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
    cloud: Cloud = PUBLIC
    login_url: str = ""
    administrators: set[str] = field(default_factory=set)
    assigned_roles: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    policies: Policies = field(default_factory=Policies)
    rules: Rules = field(default_factory=Rules)
    weather: Weather = field(default_factory=Weather)
    journal: Journal = field(default_factory=Journal)
    accounts: Accounts = field(init=False)

    def __post_init__(self) -> None:
        self.login_url = self.login_url or self.cloud.login_url
        self.accounts = Accounts(self.tenant, self.cloud)

    def now(self) -> int:
        return int(self.clock())

    def authority(self, name: str) -> str:
        """The canonical path segment of an authority: a tenant's id, common, organizations or consumers."""
        wanted = name.lower()
        if wanted in (self.tenant.id.lower(), self.tenant.domain.lower()):
            return self.tenant.id
        if wanted in (CONSUMERS, PERSONAL_TENANT):
            return CONSUMERS
        if wanted in SHARED_TENANTS:
            return wanted
        other = self.accounts.elsewhere(wanted)
        if other is None:
            raise EntraError(90002, tenant=name)
        return other.id

    def title(self, authority: str) -> str:
        """What the sign-in page of an authority calls itself."""
        if authority == CONSUMERS:
            return "your Microsoft account"
        return (self.accounts.elsewhere(authority) or self.tenant).display_name

    def home_of(self, person: Person) -> Realm:
        """The realm as the person's own directory has it; what Entra keeps is kept for all directories together."""
        realm = copy(self)
        realm.tenant = self.accounts.home_of(person.id)
        return realm

    @property
    def issuer(self) -> str:
        """Who signs version 2 tokens; the same wherever the sign-in service is reached."""
        return self.cloud.issuer(self.tenant.id)

    @property
    def resources(self) -> Resources:
        """What tokens can be for."""
        return Resources(self.cloud.graph_url, self.apps, self.tenant.display_name)

    @property
    def administrating(self) -> frozenset[str]:
        """The ids of the administrators: the demo's own person, until others are named."""
        nobody_named = {self.tenant.demo_person.id} if self.tenant.people else set()
        return frozenset(self.administrators or nobody_named)

    def app(self, client_id: str) -> AppRegistration:
        """The application with this client id, which must not be disabled."""
        app = self.apps.find(client_id, self.tenant.display_name)
        if app.is_disabled:
            raise EntraError(7000112, app=app.client_id, name=app.display_name)
        return app

    def check_accounts(self, app: AppRegistration, authority: str) -> None:
        """Refuse an application at an address that is not for its kind of accounts."""
        if authority == CONSUMERS and app.accounts not in ("all", "personal"):
            raise EntraError(9002332, app=app.client_id)
        if authority not in (CONSUMERS, "common") and app.accounts == "personal":
            raise EntraError(9002346, app=app.client_id)
        if app.accounts == "tenant" and authority not in (*SHARED_TENANTS, self.tenant.id):
            raise EntraError(700016, app=app.client_id, tenant=authority)
        if app.accounts == "tenant" and authority in SHARED_TENANTS:
            raise EntraError(50194, app=app.client_id, name=app.display_name, authority=authority)

    def scopes(self, text: str) -> Scopes:
        """What a sign-in asks, perhaps of several resources."""
        return read_scopes(text, self.resources)

    def token_scopes(self, form: Mapping[str, str], agreed: Scopes | None = None) -> Scopes:
        """What a token request asks of its one resource; what was agreed before when it names none."""
        scopes = agreed if agreed and not form.get("scope") else self.scopes(form.get("scope", ""))
        if scopes is not agreed and scopes.beside:
            raise EntraError(28000, scope=form.get("scope", ""))
        self.check_resource(form, scopes)
        # Whoever may stay signed in stays so, also when a later request does not say it again.
        staying = agreed.identity & {"offline_access"} if agreed else frozenset()
        return replace(scopes, identity=scopes.identity | staying)

    def app_scopes(self, text: str) -> Scopes:
        """The one resource that an application asks a token of its own for."""
        return read_app_scope(text, self.resources)

    def check_resource(self, form: Mapping[str, str], scopes: Scopes) -> None:
        """Refuse a `resource` parameter that contradicts the scopes."""
        check_resource(form, scopes, self.resources)

    def enabled_people(self) -> Iterable[Person]:
        return (person for person in self.tenant.people.values() if person.account_enabled)

    def signed_in(self, user_id: str) -> Person:
        """The person behind an id, who must still be there and be allowed in."""
        return self.accounts.person(user_id)

    def admitted(self, user_id: str, authority: str, app: AppRegistration, scopes: Scopes) -> Person:
        """The person behind an id, who must be allowed in at an authority, for an application and what it asks."""
        person = self.signed_in(user_id)
        self.accounts.check_place(person, authority, app)
        self.accounts.check_assigned(person, app, error="interaction_required")
        self.check_personal(person, scopes)
        return person

    def check_personal(self, person: Person, scopes: Scopes) -> None:
        """Refuse permissions that a personal account cannot have."""
        asked = frozenset(scopes.names if scopes.is_for_graph and not scopes.is_default else ())
        beyond = asked - PERSONAL
        if beyond and self.accounts.is_personal(person.id):
            raise EntraError(70011, scope=" ".join(sorted(beyond)), reason="does not exist for personal accounts")

    def attempt(
        self, person: Person, app: AppRegistration, scopes: Scopes, sign_in: SignIn, contexts: frozenset[str]
    ) -> Attempt:
        """What the tenant's policies judge, before a code or a token is given."""
        state = self.accounts.state(person)
        return Attempt(person, state, app.client_id, scopes.resource_id, sign_in, self.now(), contexts)

    def check_policies(self, attempt: Attempt, *, at_page: bool = False) -> None:
        """Refuse an attempt that a policy is against."""
        obstacle = self.obstacle(attempt)
        if obstacle is not None:
            raise obstacle.error(attempt, at_page=at_page)

    def obstacle(self, attempt: Attempt) -> Obstacle | None:
        """What the policies of the person's tenant have against an attempt; other tenants have no policies."""
        return self.policies.obstacle(attempt) if attempt.person.id in self.tenant.people else None

    def change_password(self, person: Person) -> None:
        """A new password: the old one's expiry is over, and so is all that was granted with it."""
        self.accounts.state(person).password_expired = False
        self.revoke(person)

    def revoke(self, person: Person) -> None:
        """End all that came of the person's sign-ins until now."""
        for sign_in in self.ledger.sign_ins:
            if sign_in.user_id == person.id:
                sign_in.is_revoked = True

    def person_called(self, name: str, authority: str = "") -> Person | None:
        """The enabled person that a login hint means."""
        wanted = name.strip().lower()
        people = self.accounts.offered(authority) if authority else self.enabled_people()
        return next((each for each in people if each.user_principal_name.lower() == wanted), None)

    def suggestion(self, hint: str = "", remembered: str = "", authority: str = "") -> str:
        """Who is chosen beforehand on a page: who is hinted at, else who was here before, else the demo's own."""
        if hint:
            hinted = self.person_called(hint, authority)
            return hinted.id if hinted else ""
        return remembered or (self.tenant.demo_person.id if self.tenant.people else "")

    def permissions(self, app: AppRegistration, user_id: str, scopes: Scopes) -> frozenset[str]:
        """The permissions that a request comes to; `.default` is what was agreed, or what is registered."""
        if not scopes.is_default:
            return frozenset(scopes.names)
        # A token holds all that was ever agreed to, not only what the last request named.
        agreed = frozenset(unqualified(scopes.resource_id, self.ledger.consented(app.client_id, user_id)))
        return agreed or self.registered(app, scopes.resource_id)

    def registered(self, app: AppRegistration, resource_id: str) -> frozenset[str]:
        """What an application's registration asks of a resource."""
        listed = frozenset(unqualified(resource_id, app.delegated_scopes or ()))
        if resource_id == GRAPH_ID:
            return _FIRST_PERMISSION if app.delegated_scopes is None else listed
        return listed or frozenset(self.apps.find(resource_id, self.tenant.display_name).exposed_scopes)

    def _needs_consent(self, app: AppRegistration, scopes: Scopes) -> bool:
        api = self.apps.api(scopes.resource_id)
        return api is None or not api.trusts(app.client_id)

    def check_consentable(self, app: AppRegistration, scopes: Scopes) -> None:
        """Refuse what no person may consent to for this application."""
        for part in scopes.parts:
            listed = frozenset(unqualified(part.resource_id, app.delegated_scopes or ()))
            # Without a list of its own, any other API may be asked: people consent to it as they go.
            is_open = app.delegated_scopes is None or not (listed or part.is_for_graph)
            beyond = frozenset(() if is_open or part.is_default else part.names) - listed
            if beyond and self._needs_consent(app, part):
                raise EntraError(90094, scope=" ".join(sorted(beyond)), app=app.display_name)
            ruled_out = self._ruled_out(app, part)
            if ruled_out and not self._somebody_may(app, ruled_out):
                raise self._to_administrator(app, ruled_out)

    def check_rules(self, app: AppRegistration, person: Person, scopes: Scopes) -> None:
        """Refuse what the tenant does not let this person consent to; other tenants' people are under other rules."""
        if person.id not in self.tenant.people or person.id in self.administrators:
            return
        agreed = self.ledger.consented(app.client_id, person.id)
        for part in scopes.parts:
            missing = self._ruled_out(app, part) - agreed
            if missing and not (part.is_default and any(unqualified(part.resource_id, agreed))):
                raise self._to_administrator(app, missing)

    def _ruled_out(self, app: AppRegistration, scopes: Scopes) -> frozenset[str]:
        """What is asked that people here may not consent to alone, and no administrator did for all of them."""
        granted = frozenset(unqualified(scopes.resource_id, self.ledger.granted(app.client_id)))
        if not self._needs_consent(app, scopes) or (scopes.is_default and granted):
            return frozenset()
        asked = self.registered(app, scopes.resource_id) if scopes.is_default else frozenset(scopes.names)
        beyond = self.rules.beyond(asked - granted, is_for_graph=scopes.is_for_graph)
        return frozenset(qualified(scopes.resource_id, name) for name in beyond)

    def _somebody_may(self, app: AppRegistration, names: frozenset[str]) -> bool:
        """Whether it is worth asking who signs in: some are administrators, or of elsewhere, or agreed before."""
        may_differ = bool(self.administrators) or self.accounts.has_others
        return may_differ or self.ledger.anybody_consented(app.client_id, names)

    def _to_administrator(self, app: AppRegistration, names: frozenset[str]) -> EntraError:
        return EntraError(self.rules.consent_code, scope=" ".join(sorted(names)), app=app.display_name)

    def grant_admin_consent(self, app: AppRegistration, scopes: Scopes) -> None:
        """An administrator agrees for everybody."""
        for part in scopes.parts:
            names = self.registered(app, part.resource_id) if part.is_default else frozenset(part.names)
            self.ledger.grant(app.client_id, frozenset(qualified(part.resource_id, each) for each in names))

    def consent(self, app: AppRegistration, person: Person, scopes: Scopes) -> None:
        """A person agrees to all that is asked."""
        for part in scopes.parts:
            names = self.permissions(app, person.id, part)
            agreed = frozenset(qualified(part.resource_id, name) for name in names)
            self.ledger.consent(app.client_id, person.id, agreed)
            self._consent_for_the_api(app, person, part)

    def _consent_for_the_api(self, app: AppRegistration, person: Person, scopes: Scopes) -> None:
        """A client known to an API asks for both at once: its own permissions, and those the API needs itself."""
        api = self.apps.api(scopes.resource_id)
        if api and scopes.is_default and api.knows(app.client_id) and api.delegated_scopes:
            self.ledger.consent(api.client_id, person.id, api.delegated_scopes)

    def check_consented(self, app: AppRegistration, user_id: str, scopes: Scopes, *, error: str | None = None) -> None:
        """Refuse permissions that the person has not agreed to."""
        agreed = self.ledger.consented(app.client_id, user_id)
        for part in scopes.parts:
            missing = part.qualified - agreed
            if part.is_default and not any(unqualified(part.resource_id, agreed)):
                missing = frozenset({f"{part.prefix}.default"})
            if missing and self._needs_consent(app, part):
                raise EntraError(65001, error=error, app=app.client_id, scope=" ".join(sorted(missing)))
