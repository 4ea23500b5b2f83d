"""What a request says of itself before anyone answers it: whose it is, for the journal and for the weather."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import jwt
from starlette.requests import Request

from emulator.entra.errors import EntraError
from emulator.entra.journal import TokenRequest
from emulator.entra.realm import Realm


@dataclass(frozen=True)
class Intake:
    """One request: its fields, and the person it is about as far as Entra can tell beforehand."""

    path: str
    form: Mapping[str, str]
    user_id: str

    @property
    def client_id(self) -> str:
        return self.form.get("client_id", "")

    def note(self, realm: Realm, error: int) -> None:
        """Put a token request into the journal, without anything that is secret."""
        if not self.path.endswith("/oauth2/v2.0/token"):
            return
        entry = TokenRequest(
            at=realm.clock(),
            grant=self.form.get("grant_type", ""),
            client_id=self.client_id,
            user_id=self.user_id,
            scope=self.form.get("scope", ""),
            has_claims=bool(self.form.get("claims")),
            error=error,
        )
        realm.journal.add(entry)


def take_in(realm: Realm, request: Request, form: Mapping[str, str]) -> Intake:
    """Look at a request without judging it."""
    return Intake(request.url.path, form, subject_of(realm, form))


def subject_of(realm: Realm, form: Mapping[str, str]) -> str:
    """The id of the person that a request is about; empty when there is none, or none yet."""
    ledger = realm.ledger
    kept = (
        ledger.refresh_tokens.get(form.get("refresh_token", ""))
        or ledger.codes.get(form.get("code", ""))
        or ledger.devices.get(form.get("device_code", "") or form.get("code", ""))
    )
    if kept is not None:
        return kept.user_id
    named = realm.accounts.named(form.get("login_hint", ""))
    return unverified(form.get("assertion", "")).get("oid", "") or (named.id if named else form.get("person", ""))


def unverified(token: str) -> dict[str, str]:
    """The claims that a token shows, believed or not; none when it is no token."""
    if not token:
        return {}
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        return {}
    return {name: str(value) for name, value in claims.items()}


def check_place(realm: Realm, intake: Intake, authority: str) -> None:
    """Refuse a grant of one kind of account at an authority for another."""
    person = realm.accounts.home_of(intake.user_id).people.get(intake.user_id)
    if person is None:
        return
    is_personal = realm.accounts.is_personal(person.id)
    # The two kinds of accounts have services of their own, neither of which can read the other's grants.
    if is_personal and authority not in ("common", "consumers"):
        raise EntraError(9002313, error="invalid_grant")
    if not is_personal and authority == "consumers":
        raise EntraError(70000, what="grant", reason="it was not issued for a personal account")
    realm.accounts.check_place(person, authority, realm.app(intake.client_id))
