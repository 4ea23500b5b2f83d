"""What stands between a choice on a page and a sign-in: a second factor, terms of use, a new password, or a refusal."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from starlette.responses import Response

from emulator.entra import pages
from emulator.entra.errors import EntraError
from emulator.entra.ledger import SignIn
from emulator.entra.policies import Obstacle
from emulator.entra.realm import Realm
from emulator.entra.registrations import AppRegistration
from emulator.entra.scopes import Scopes
from emulator.tenant import Person


@dataclass(frozen=True)
class Step:
    """One more thing to do on a page."""

    name: str
    title: str
    text: str
    button: str


class StepNeeded(Exception):
    """The person has to do this before the sign-in goes on."""

    def __init__(self, step: Step) -> None:
        self.step = step
        super().__init__(step.title)


@dataclass(frozen=True)
class Visit:
    """Somebody at a sign-in page: whom they chose, what is asked, and which steps they have taken so far."""

    app: AppRegistration
    scopes: Scopes
    authority: str
    user_id: str
    proofs: frozenset[str] = frozenset()
    contexts: frozenset[str] = frozenset()
    by_device_code: bool = False


_FACTOR = Step("factor", "Approve the sign-in", "Your organisation asks for a second factor.", "Approve")
_ENROL = Step("enrol", "More information required", "Your organisation needs a second factor of you.", "Set it up")
_TERMS = Step("terms", "Terms of use", "Your organisation asks you to accept its terms of use.", "Accept")
_PASSWORD = Step("password", "Update your password", "Your password has to be changed.", "Change it")
_STEPS = {
    50055: _PASSWORD,
    50074: _FACTOR,
    50076: _FACTOR,
    50078: _FACTOR,
    50079: _ENROL,
    50142: _PASSWORD,
    50158: _TERMS,
}


def complete(realm: Realm, visit: Visit) -> tuple[Person, SignIn]:
    """The person and their new sign-in, once nothing is left to do."""
    person = _admitted(realm, visit)
    sign_in = SignIn(
        touched=realm.now(),
        user_id=person.id,
        # Given once on a page, or not at all: what somebody gave earlier does not count for a new sign-in.
        factor_at=realm.now() if visit.proofs & {_FACTOR.name, _ENROL.name} else None,
        contexts=visit.contexts,
        by_device_code=visit.by_device_code,
    )
    attempt = realm.attempt(person, visit.app, visit.scopes, sign_in, visit.contexts)
    # Each turn settles one thing or ends, so that policies that ask for several are all met.
    while obstacle := realm.obstacle(attempt):
        _take(realm, _step_for(obstacle.error(attempt), visit), person, obstacle)
    realm.check_rules(visit.app, person, visit.scopes)
    if sign_in.factor_at is not None:
        realm.accounts.state(person).factor_refused = False
    return person, realm.ledger.begin(sign_in)


def cancelled(realm: Realm, user_id: str, proofs: Collection[str]) -> EntraError:
    """What comes of a sign-in that the person breaks off; turning down a second factor is remembered."""
    if _FACTOR.name in proofs:
        realm.accounts.state(realm.signed_in(user_id)).factor_refused = True
    return EntraError(65004)


def _admitted(realm: Realm, visit: Visit) -> Person:
    try:
        return realm.admitted(visit.user_id, visit.authority, visit.app, visit.scopes)
    except EntraError as error:
        _step_for(error, visit)
    person = realm.accounts.home_of(visit.user_id).people[visit.user_id]
    realm.change_password(person)
    return realm.admitted(visit.user_id, visit.authority, visit.app, visit.scopes)


def _step_for(error: EntraError, visit: Visit) -> Step:
    """The step that overcomes a refusal, if the person has taken it; otherwise they are asked to, or refused."""
    step = _STEPS.get(error.code)
    if step is None:
        raise error
    if step.name not in visit.proofs:
        raise StepNeeded(step)
    return step


def _take(realm: Realm, step: Step, person: Person, obstacle: Obstacle) -> None:
    if step is _ENROL:
        realm.accounts.state(person).second_factor = True
    elif step is _PASSWORD:
        realm.change_password(person)
    realm.policies.settle(obstacle.policy, person)


def step_page(action: str, carried: Mapping[str, str], visit: Visit, step: Step, form_target: str = "") -> Response:
    """The page on which a person takes a step."""
    taken = " ".join(sorted({*visit.proofs, step.name}))
    fields = {**carried, "person": visit.user_id, "proofs": taken}
    return pages.page(step.title, pages.step_form(action, fields, step.text, step.button), form_target=form_target)
