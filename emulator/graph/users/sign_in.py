"""How people prove who they are: passwords, phones, keys and passes, and the rules that each of them has."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from emulator.graph.users.sign_in_errors import BadMethod
from emulator.moments import timestamp
from emulator.schema import schema
from emulator.store import Entity
from emulator.tenant import Tenant

# The ids of these methods are the same for everybody, everywhere.
PASSWORD_ID = "28c10230-6103-485e-b985-444c60001490"  # noqa: S105 - no password
EMAIL_ID = "3ddfcfc8-9383-446f-83cc-3ab9be4be18f"
PHONE_IDS = {
    "mobile": "3179e48a-750b-4051-897c-87b9720928f7",
    "alternateMobile": "b6332ec1-7057-4abe-9331-3d72feddfe41",
    "office": "e37fc753-ff3b-4958-9484-eaa9425c82bc",
}
KINDS_OF_METHODS = (
    "phoneMethods", "emailMethods", "fido2Methods", "microsoftAuthenticatorMethods", "softwareOathMethods",
    "temporaryAccessPassMethods", "windowsHelloForBusinessMethods", "platformCredentialMethods",
    "externalAuthenticationMethods",
)  # fmt: skip
_PHONE = re.compile(r"\+\d{1,4} ?[\d ()\-]{3,30}(x\d{1,8})?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_SHORTEST_PASS, _LONGEST_PASS, _USUAL_PASS = 10, 43200, 60
_PASS_LENGTH = 8
_SYMBOLS = "!#%&*+-=?@^"


def password_method(tenant: Tenant, person: Entity) -> Entity:
    """The password, which everybody has and nobody can read."""
    created = person.get("lastPasswordChangeDateTime") or person.get("createdDateTime")
    values = {"id": PASSWORD_ID, "createdDateTime": created, "password": None}
    return tenant.store.entity(schema().kind("passwordAuthenticationMethod"), values)


def methods_of(tenant: Tenant, authentication: Entity) -> Iterator[Entity]:
    """Every way in which a person can sign in."""
    if authentication.owner is not None:
        yield password_method(tenant, authentication.owner)
    for name in KINDS_OF_METHODS:
        yield from authentication.set_of(name)


def add_phone(tenant: Tenant, authentication: Entity, values: Mapping[str, Any], stamp: str) -> Entity:
    """One phone of each kind."""
    kind = str(values.get("phoneType") or "")
    if kind not in PHONE_IDS:
        raise BadMethod("A phone type of mobile, alternateMobile or office is required.")
    phones = authentication.set_of("phoneMethods")
    if phones.get(PHONE_IDS[kind]) is not None:
        raise BadMethod(f"A {kind} phone method is already registered for this account.")
    if kind == "alternateMobile" and phones.get(PHONE_IDS["mobile"]) is None:
        raise BadMethod("An alternate mobile phone can only be added when there is a mobile phone.")
    check_phone(values)
    sms = "notConfigured" if kind == "office" else "ready" if kind == "mobile" else "notSupported"
    own = {"id": PHONE_IDS[kind], "phoneNumber": values["phoneNumber"], "phoneType": kind, "smsSignInState": sms}
    found = {**own, "createdDateTime": stamp}
    return phones.add(tenant.store.entity(schema().kind("phoneAuthenticationMethod"), found))


def check_phone(values: Mapping[str, Any]) -> None:
    """Refuse a number that cannot be called."""
    if not _PHONE.fullmatch(str(values.get("phoneNumber") or "")):
        raise BadMethod("The phone number is invalid: it is written as +<country code> <number>x<extension>.")


def add_email(tenant: Tenant, authentication: Entity, values: Mapping[str, Any], stamp: str) -> Entity:
    """One address, for resetting the password."""
    check_email(values)
    if authentication.set_of("emailMethods").get(EMAIL_ID) is not None:
        raise BadMethod("An email method is already registered for this account.")
    found = {"id": EMAIL_ID, "emailAddress": values["emailAddress"], "createdDateTime": stamp}
    kind = schema().kind("emailAuthenticationMethod")
    return authentication.set_of("emailMethods").add(tenant.store.entity(kind, found))


def check_email(values: Mapping[str, Any]) -> None:
    """Refuse what is no address."""
    if not _EMAIL.fullmatch(str(values.get("emailAddress") or "")):
        raise BadMethod("The email address is invalid.")


def add_pass(tenant: Tenant, authentication: Entity, values: Mapping[str, Any], now: datetime) -> Entity:
    """A pass for a while; there is one at a time, and it is told only now."""
    lifetime = values.get("lifetimeInMinutes") or _USUAL_PASS
    if not _SHORTEST_PASS <= lifetime <= _LONGEST_PASS:
        raise BadMethod(f"The lifetime must be between {_SHORTEST_PASS} and {_LONGEST_PASS} minutes.")
    passes = authentication.set_of("temporaryAccessPassMethods")
    for old in passes:
        if usability(old, now) != "Expired":
            raise BadMethod("A Temporary Access Pass method already exists for this account.")
        passes.discard(old)
    begins = values.get("startDateTime") or timestamp(now)
    found = {
        "createdDateTime": timestamp(now),
        "startDateTime": begins,
        "lifetimeInMinutes": lifetime,
        "isUsableOnce": bool(values.get("isUsableOnce")),
    }
    one = tenant.store.entity(schema().kind("temporaryAccessPassAuthenticationMethod"), found)
    one.state["pass"] = _random(string.ascii_letters + string.digits + _SYMBOLS, _PASS_LENGTH)
    return passes.add(one)


def usability(one: Entity, now: datetime) -> str:
    """Why a pass can be used, or not."""
    begins = datetime.fromisoformat(one["startDateTime"])
    if now < begins:
        return "NotYetValid"
    if now >= begins + timedelta(minutes=one["lifetimeInMinutes"]):
        return "Expired"
    return "OneTimeUsed" if one.state.get("used") else "EnabledByPolicy"


def new_password() -> str:
    """A password for somebody who forgot it."""
    kinds = (string.ascii_uppercase, string.ascii_lowercase, string.digits)
    return "".join(secrets.choice(kind) for kind in kinds) + _random(string.ascii_letters + string.digits, 9)


def _random(characters: str, length: int) -> str:
    return "".join(secrets.choice(characters) for _ in range(length))
