"""Conditional Access: policies that say what a sign-in must have before a token is given."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias
from uuid import uuid4

from emulator.entra.accounts import AccountState
from emulator.entra.errors import EntraError, utc
from emulator.entra.ledger import SignIn
from emulator.tenant import Person

Grant: TypeAlias = Literal[
    "mfa", "compliant_device", "domain_joined", "approved_app", "block", "terms", "password_change"
]


@dataclass(frozen=True)
class Policy:
    """One Conditional Access policy. None for `users`, `apps` or `resources` means all of them.

    `apps` are the client ids that ask, `resources` the app ids that are asked for (Graph's is 00000003-…).
    `sign_in_frequency` is in seconds. A policy with an `auth_context` counts only when that context is asked for.
    """

    grant: Grant | None = None
    users: Sequence[Person] | None = None
    apps: Collection[str] | None = None
    resources: Collection[str] | None = None
    sign_in_frequency: int | None = None
    blocks_device_code: bool = False
    auth_context: str = ""
    id: str = field(default_factory=lambda: str(uuid4()))


@dataclass(frozen=True)
class Attempt:
    """What the policies judge: who wants what, by which application, after which sign-in."""

    person: Person
    state: AccountState
    client_id: str
    resource_id: str
    sign_in: SignIn
    now: int
    contexts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Obstacle:
    """A policy that an attempt does not meet, and the number of the error that says so."""

    policy: Policy
    code: int

    def error(self, attempt: Attempt, *, at_page: bool = False) -> EntraError:
        """The refusal; its claims name what a new sign-in has to meet."""
        code = _AT_THE_PAGE.get(self.code, self.code) if at_page else self.code
        return EntraError(
            code,
            claims=json.dumps({"access_token": self._claims()}) if self.code in _WITH_CLAIMS else "",
            resource=attempt.resource_id,
            issued=utc(attempt.sign_in.touched),
            seconds=str(self.policy.sign_in_frequency),
        )

    def _claims(self) -> dict[str, Any]:
        context = {"acrs": {"essential": True, "value": self.policy.auth_context}} if self.policy.auth_context else {}
        return {"polids": {"essential": True, "values": [self.policy.id]}, **context}


# What comes first is told first: nobody is asked for a second factor only to be blocked after it.
_GRAVEST_FIRST = (53003, 53002, 50097, 53000, 53001, 70043, 50079, 50074, 50076, 50078, 50158, 50142)
# "Every time" means: but not again within five minutes, or no code could ever be redeemed.
_EVERY_TIME_SECONDS = 300
_WITH_CLAIMS = frozenset({53003, 53002, 53000, 53001, 50079, 50074, 50076, 50078, 50158, 50142})


# The authorization endpoint has a number of its own for somebody who must enrol first.
_AT_THE_PAGE = {50079: 50072}


class Policies:
    """The Conditional Access policies of the tenant; none until some are added."""

    def __init__(self) -> None:
        self.approved_apps: set[str] = set()
        self._policies: list[Policy] = []
        self._settled: set[tuple[str, str]] = set()

    def add(self, policy: Policy) -> Policy:
        """Put a policy into force."""
        self._policies.append(policy)
        return policy

    def remove(self, policy: Policy) -> None:
        self._policies = [each for each in self._policies if each.id != policy.id]

    def clear(self) -> None:
        """Do away with all policies, and with what people agreed to because of them."""
        self._policies.clear()
        self._settled.clear()

    def obstacle(self, attempt: Attempt) -> Obstacle | None:
        """The gravest thing that keeps an attempt from its token; nothing when all policies are met."""
        found = [
            Obstacle(policy, code)
            for policy in self._policies
            if _applies(policy, attempt)
            for code in self._codes(policy, attempt)
        ]
        return min(found, key=lambda each: _GRAVEST_FIRST.index(each.code), default=None)

    def settle(self, policy: Policy, person: Person) -> None:
        """Note that a person did once what a policy asks for once: accept the terms, change the password."""
        self._settled.add((person.id, policy.id))

    def _codes(self, policy: Policy, attempt: Attempt) -> Iterator[int]:
        if policy.blocks_device_code and attempt.sign_in.by_device_code:
            yield 53003
        if policy.grant in ("terms", "password_change"):
            if (attempt.person.id, policy.id) not in self._settled:
                yield 50158 if policy.grant == "terms" else 50142
        elif policy.grant == "approved_app":
            if attempt.client_id not in self.approved_apps:
                yield 53002
        elif policy.grant is not None:
            yield from _CHECKS[policy.grant](policy, attempt)
        if policy.grant != "mfa" and _is_old(policy, attempt.sign_in.touched, attempt.now):
            yield 70043


def _applies(policy: Policy, attempt: Attempt) -> bool:
    return (
        (policy.users is None or any(person.id == attempt.person.id for person in policy.users))
        and (policy.apps is None or attempt.client_id in policy.apps)
        and (policy.resources is None or attempt.resource_id in policy.resources)
        and (not policy.auth_context or policy.auth_context in attempt.contexts)
    )


def _is_old(policy: Policy, moment: int, now: int) -> bool:
    frequency = policy.sign_in_frequency
    return frequency is not None and now >= moment + (frequency or _EVERY_TIME_SECONDS)


def _blocked(policy: Policy, attempt: Attempt) -> Iterator[int]:
    yield 53003


def _second_factor(policy: Policy, attempt: Attempt) -> Iterator[int]:
    given = attempt.sign_in.factor_at
    if not attempt.state.second_factor:
        yield 50079
    elif given is None:
        yield 50074 if attempt.state.factor_refused else 50076
    elif _is_old(policy, given, attempt.now):
        yield 50078


def _device(wanted: str, code: int) -> Callable[[Policy, Attempt], Iterator[int]]:
    def check(policy: Policy, attempt: Attempt) -> Iterator[int]:
        # A device code is typed on one device and used on another, which nobody can vouch for.
        device = "unknown" if attempt.sign_in.by_device_code else attempt.state.device
        if device == "unknown":
            yield 50097
        elif device != wanted:
            yield code

    return check


_CHECKS: dict[str, Callable[[Policy, Attempt], Iterator[int]]] = {
    "block": _blocked,
    "mfa": _second_factor,
    "compliant_device": _device("compliant", 53000),
    "domain_joined": _device("joined", 53001),
}
