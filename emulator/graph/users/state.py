"""Accounts: what a new one must have, what a changed one may be, and what follows from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from emulator.graph.directory.errors import AlreadyExists, InvalidValue, ValueRequired
from emulator.graph.directory.state import is_taken, verified_domains
from emulator.graph.users.errors import InvalidPrincipalName, PasswordMissing, UnverifiedDomain, WeakPassword
from emulator.schema import schema
from emulator.store import Entity
from emulator.tenant import Person, Tenant

RESOURCE = "User"
PASSWORD = "password"  # noqa: S105 - the name of the property
_REQUIRED = ("accountEnabled", "displayName", "passwordProfile", "userPrincipalName", "mailNickname")
_LOCAL_REQUIRED = ("displayName", "passwordProfile")
_NICKNAME = re.compile(r"[!#-'*+\-./0-9=?A-Z^-~]{1,64}")
_PRINCIPAL = re.compile(r"(?P<local>[A-Za-z0-9'._\-!#^~]{1,64})@(?P<domain>[A-Za-z0-9.\-]{1,48}[A-Za-z0-9])")
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_SHORTEST_PASSWORD, _LONGEST_PASSWORD = 8, 256
_KINDS_OF_CHARACTERS = ("[a-z]", "[A-Z]", "[0-9]", "[^A-Za-z0-9]")
_KINDS_NEEDED = 3
_LONGEST_NAME = {"displayName": 256, "givenName": 64, "surname": 64, "jobTitle": 128, "department": 64, "city": 128,
                 "companyName": 64, "country": 128, "mobilePhone": 64, "officeLocation": 128, "postalCode": 40,
                 "state": 128, "streetAddress": 1024, "employeeId": 16}  # fmt: skip


def check_new(tenant: Tenant, values: dict[str, Any]) -> None:
    """Refuse what cannot become an account."""
    is_local = any(identity.get("signInType") != "userPrincipalName" for identity in values.get("identities") or ())
    for name in _LOCAL_REQUIRED if is_local else _REQUIRED:
        if values.get(name) in (None, "", {}):
            raise ValueRequired(name, RESOURCE)
    profile = values["passwordProfile"]
    if not profile.get("password"):
        raise PasswordMissing
    check_values(tenant, values)


def check_values(tenant: Tenant, values: Mapping[str, Any], person: Entity | None = None) -> None:
    """Refuse values that an account cannot have; `person` is whose they would be."""
    for name, most in _LONGEST_NAME.items():
        if len(values.get(name) or "") > most or (name == "displayName" and name in values and not values[name]):
            raise InvalidValue(name, RESOURCE)
    nickname = values.get("mailNickname")
    if nickname is not None and not _NICKNAME.fullmatch(nickname):
        raise InvalidValue("mailNickname", RESOURCE)
    location = values.get("usageLocation")
    if location is not None and not _COUNTRY.fullmatch(location):
        raise InvalidValue("usageLocation", RESOURCE)
    if "userPrincipalName" in values:
        check_principal_name(tenant, values["userPrincipalName"], person)
    _check_addresses(tenant, values, person)
    profile = values.get("passwordProfile") or {}
    if profile.get("password") is not None:
        check_password(profile["password"], values.get("passwordPolicies") or "")


def check_principal_name(tenant: Tenant, name: str | None, person: Entity | None) -> None:
    """Refuse a sign-in name that is malformed, of a foreign domain, or somebody else's."""
    found = _PRINCIPAL.fullmatch(name or "")
    if found is None:
        raise InvalidPrincipalName
    if found["domain"].lower() not in verified_domains(tenant):
        raise UnverifiedDomain
    if is_taken(tenant, "userPrincipalName", found[0], person):
        raise AlreadyExists("userPrincipalName")


def _check_addresses(tenant: Tenant, values: Mapping[str, Any], person: Entity | None) -> None:
    mail = values.get("mail")
    if mail and "@" not in mail:
        raise InvalidValue("mail", RESOURCE)
    immutable = values.get("onPremisesImmutableId")
    if immutable and is_taken(tenant, "onPremisesImmutableId", immutable, person):
        raise AlreadyExists("onPremisesImmutableId")
    if mail and is_taken(tenant, "mail", mail, person):
        raise AlreadyExists("proxyAddresses")


def check_password(password: str, policies: str = "") -> None:
    """Refuse a password that is too easy to guess, unless the account's policies allow weak ones."""
    kinds = sum(1 for kind in _KINDS_OF_CHARACTERS if re.search(kind, password))
    is_strong = kinds >= _KINDS_NEEDED or "DisableStrongPassword" in policies
    if not is_strong or not _SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
        raise WeakPassword


def new_person(tenant: Tenant, values: Mapping[str, Any], stamp: str) -> Person:
    """Hold a new account; nobody has a mailbox before they have a licence for one."""
    found = {"id": str(uuid4()), "userType": "Member", "createdDateTime": stamp, "accountEnabled": True, **values}
    found.setdefault("userPrincipalName", f"{found['id'].replace('-', '')}@{tenant.domain}")
    if found.get("usageLocation"):
        found["usageLocation"] = found["usageLocation"].upper()
    profile = found.pop("passwordProfile", None) or {}
    person = Person(schema().kind("user"), found, tenant.store.changes)
    keep_password(person, profile, stamp)
    tenant.store.root("users").add(person)
    return person


def keep_password(person: Entity, profile: Mapping[str, Any], stamp: str) -> bool:
    """Remember a password profile; says whether the password is a new one. Nobody reads it again."""
    flags = {name: value for name, value in profile.items() if name != PASSWORD}
    person.values["passwordProfile"] = {**(person.values.get("passwordProfile") or {}), **flags}
    if profile.get(PASSWORD) is None:
        return False
    person.state[PASSWORD] = profile[PASSWORD]
    person.values["lastPasswordChangeDateTime"] = stamp
    return True


def change_person(tenant: Tenant, person: Person, values: Mapping[str, Any], stamp: str) -> None:
    """What a change to an account means beyond its properties: for its password and its sign-ins."""
    was_enabled = person.account_enabled
    if values.get("accountEnabled") is not None and bool(values["accountEnabled"]) is not was_enabled:
        person.values["accountEnabled"] = bool(values["accountEnabled"])
        tenant.tell("disabled" if was_enabled else "enabled", person)
    profile = values.get("passwordProfile")
    if profile is not None and keep_password(person, profile, stamp):
        person.values["signInSessionsValidFromDateTime"] = stamp
        tenant.tell("password", person)


def revoke(tenant: Tenant, person: Person, stamp: str) -> None:
    """End every session of a person."""
    person.update({"signInSessionsValidFromDateTime": stamp})
    tenant.tell("revoked", person)


def addresses(person: Entity) -> list[str]:
    """The proxy addresses: those that were given, or the one that follows from the mail address."""
    kept = person.values.get("proxyAddresses")
    if kept:
        return list(kept)
    mail = person.get("mail")
    return [f"SMTP:{mail}"] if mail else []
