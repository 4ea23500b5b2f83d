"""How a test or a demo changes the tenant: accounts and their states, policies, consent, what is revoked, trouble."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from emulator.entra.accounts import AccountState
from emulator.entra.journal import Journal
from emulator.entra.policies import Policies
from emulator.entra.realm import Realm
from emulator.entra.rules import UserConsent
from emulator.entra.weather import Weather
from emulator.tenant import Person, Tenant


class Controls:
    """The half of Entra that an administrator sees. Whatever it does can be undone the same way."""

    def __init__(self, realm: Realm) -> None:
        self._realm = realm

    @property
    def policies(self) -> Policies:
        """Conditional Access: add, remove, clear."""
        return self._realm.policies

    @property
    def weather(self) -> Weather:
        """Trouble on request: throttle, outage, tear, clear."""
        return self._realm.weather

    @property
    def journal(self) -> Journal:
        """What came in at the token endpoint and at Graph."""
        return self._realm.journal

    def reset(self) -> None:
        """Forget trouble, policies, the journal and what became of accounts; tokens and applications stay good."""
        self.weather.clear()
        self.policies.clear()
        self.journal.clear()
        self._realm.accounts.forget()

    # Accounts

    def state(self, person: Person) -> AccountState:
        """The state of an account: change its fields to lock it, expire its password and so on."""
        return self._realm.accounts.state(person)

    def add_outsider(self, name: str, upn: str, tenant_id: str) -> Person:
        """A person of another organisation, who signs in there, through a shared authority or its own."""
        return self._realm.accounts.add_outsider(name, upn, tenant_id)

    def add_guest(self, person: Person) -> Person:
        """The account of an outsider in this tenant, as after an invitation: with an id of its own."""
        return self._realm.accounts.add_guest(person)

    def add_personal(self, name: str, email: str) -> Person:
        """A person with a Microsoft account."""
        return self._realm.accounts.add_personal(name, email)

    def directory_of(self, person: Person) -> Tenant:
        """The tenant that a person's account and mailbox are in."""
        return self._realm.accounts.home_of(person.id)

    def remove_person(self, person: Person) -> None:
        """Delete an account: it can no longer sign in, and Graph no longer has it."""
        self._realm.accounts.remove(person)

    def restore_person(self, person: Person) -> None:
        """Bring a deleted account back."""
        self._realm.accounts.restore(person)

    def require_assignment(self, client_id: str, people: Sequence[Person] | None) -> None:
        """Let only these people use an application; None lets everybody again."""
        self._realm.accounts.require_assignment(client_id, people)

    # Ending what was granted

    def revoke_sessions(self, person: Person) -> None:
        """End the person's browser sessions and refresh tokens, and their access tokens where Graph can challenge."""
        self._realm.revoke(person)

    def revoke_refresh_tokens(self, person: Person, client_id: str = "") -> None:
        """End the refresh tokens that the person has with one application, or all; nothing else."""
        for token in self._realm.ledger.refresh_tokens:
            if token.user_id == person.id and client_id in ("", token.client_id):
                token.is_revoked = True

    def change_password(self, person: Person) -> None:
        """A new password: ends what was granted with the old one, and its expiry."""
        self._realm.change_password(person)

    def outdate_tokens(self, person: Person) -> None:
        """Have Graph challenge the access tokens there are, as after a policy changed; a refresh mends it."""
        self._realm.ledger.renew_sessions(person.id)

    def require_auth_context(self, path: str, context: str = "c1") -> None:
        """Have Graph demand an authentication context below a path, such as `me/messages`; an empty one ends that."""
        self._realm.rules.guarded_paths.pop(path, None)
        if context:
            self._realm.rules.guarded_paths[path] = context

    # Consent

    def grant_admin_consent(self, client_id: str, scopes: Iterable[str]) -> None:
        """Let an application have these permissions for everybody."""
        realm = self._realm
        realm.grant_admin_consent(realm.app(client_id), realm.scopes(" ".join(scopes)))

    def withdraw_consent(self, client_id: str, person: Person | None = None) -> None:
        """Forget what a person agreed to; without a person, what anybody did, administrators included."""
        self._realm.ledger.withdraw(client_id, person.id if person else None)

    # Settings

    @property
    def user_consent(self) -> UserConsent:
        """What people may agree to alone: anything, ordinary permissions, nothing, or nothing but they may ask."""
        return self._realm.rules.user_consent

    @user_consent.setter
    def user_consent(self, extent: UserConsent) -> None:
        self._realm.rules.user_consent = extent

    @property
    def long_lived_tokens(self) -> bool:
        """Whether clients that answer claims challenges get access tokens for a day."""
        return self._realm.rules.long_lived_tokens

    @long_lived_tokens.setter
    def long_lived_tokens(self, is_on: bool) -> None:
        self._realm.rules.long_lived_tokens = is_on

    @property
    def device_interval(self) -> int:
        """How many seconds a device is to wait between two questions."""
        return self._realm.rules.device_interval

    @device_interval.setter
    def device_interval(self, seconds: int) -> None:
        self._realm.rules.device_interval = seconds

    @property
    def device_seconds(self) -> int:
        """How long a device code lives."""
        return self._realm.rules.device_seconds

    @device_seconds.setter
    def device_seconds(self, seconds: int) -> None:
        self._realm.rules.device_seconds = seconds

    @property
    def strict_polling(self) -> bool:
        """Whether a device that asks too often is told to slow down."""
        return self._realm.rules.strict_polling

    @strict_polling.setter
    def strict_polling(self, is_on: bool) -> None:
        self._realm.rules.strict_polling = is_on
