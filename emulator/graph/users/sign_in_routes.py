"""Authentication methods over HTTP: `/users/{id}/authentication/...`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast
from uuid import uuid4

from emulator.faults import MethodNotAllowed
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import NO_CONTENT, Answer, Call
from emulator.graph.engine.dialects import PLAIN
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import Shown
from emulator.graph.engine.workload import Workload
from emulator.graph.engine.writing import change
from emulator.graph.users import sign_in, state
from emulator.graph.users.sign_in_errors import BadMethod, MethodDenied, MethodMissing
from emulator.schema import schema
from emulator.store import Entity
from emulator.tenant import Person

METHODS = replace(
    PLAIN,
    name="authenticationMethods",
    denied=MethodDenied,
    not_found=lambda _: MethodMissing(),
    bad_query=BadMethod,
    bad_body=BadMethod,
    unknown_user=lambda _: MethodMissing("The requested user was not found."),
)
signing_in = Workload("authentication", METHODS)
authentication = signing_in.type("authentication")
any_method = signing_in.type("authenticationMethod")
password = signing_in.type("passwordAuthenticationMethod")
phone = signing_in.type(
    "phoneAuthenticationMethod", patched=204, fixed=frozenset({"smsSignInState", "createdDateTime"})
)
email = signing_in.type("emailAuthenticationMethod", patched=204, fixed=frozenset({"createdDateTime"}))
temporary = signing_in.type("temporaryAccessPassAuthenticationMethod")


@authentication.navigation("methods")
def methods(call: Call, owner: Entity) -> list[Entity]:
    """All of them, of whatever type."""
    return list(sign_in.methods_of(call.tenant, owner))


@authentication.navigation("passwordMethods")
def passwords(call: Call, owner: Entity) -> list[Entity]:
    """The one password."""
    return [sign_in.password_method(call.tenant, owner.owner)] if owner.owner is not None else []


@any_method.hook("create")
@any_method.hook("update")
def registered_elsewhere(*_: object) -> Entity:
    """Keys, authenticators and passwords are set up by the person who has them, not over Graph."""
    raise MethodNotAllowed


@password.hook("delete")
def keep_password(*_: object) -> None:
    """Nobody is without a password."""
    raise MethodNotAllowed


@phone.hook("create")
def add_phone(call: Call, target: Target, values: Values) -> Entity:
    """One more phone."""
    return sign_in.add_phone(call.tenant, _owner(target), values, call.stamp)


@phone.hook("update")
def change_phone(call: Call, entity: Entity, values: Values) -> None:
    """Another number, of the same kind of phone."""
    sign_in.check_phone({**entity.values, **values})
    if values.get("phoneType", entity["phoneType"]) != entity["phoneType"]:
        raise BadMethod("The type of a phone cannot be changed.")
    change(call, entity, values, frozenset({"smsSignInState", "createdDateTime"}))


@phone.operation("enableSmsSignIn")
def enable_sms(_: Call, target: Target) -> Answer:
    """Let the person sign in by a text message."""
    if target.thing["phoneType"] != "mobile":
        raise BadMethod("SMS sign-in is available for mobile phones only.")
    target.thing.update({"smsSignInState": "ready"})
    return NO_CONTENT


@phone.operation("disableSmsSignIn")
def disable_sms(_: Call, target: Target) -> Answer:
    """And no more."""
    target.thing.update({"smsSignInState": "notEnabled"})
    return NO_CONTENT


@email.hook("create")
def add_email(call: Call, target: Target, values: Values) -> Entity:
    """The address for resetting the password."""
    return sign_in.add_email(call.tenant, _owner(target), values, call.stamp)


@email.hook("update")
def change_email(call: Call, entity: Entity, values: Values) -> None:
    """Another address."""
    sign_in.check_email({**entity.values, **values})
    change(call, entity, values, frozenset({"createdDateTime"}))


@temporary.hook("create")
def add_pass(call: Call, target: Target, values: Values) -> Entity:
    """A pass, told in the answer to this call and never again."""
    one = sign_in.add_pass(call.tenant, _owner(target), values, call.now)
    call.state["told"] = one.id
    return one


@temporary.computed("temporaryAccessPass")
def the_pass(shown: Shown) -> str | None:
    """Only whoever makes it learns it."""
    return shown.entity.state.get("pass") if shown.view.call.state.get("told") == shown.entity.id else None


@temporary.computed("isUsable")
def is_usable(shown: Shown) -> bool:
    """Whether it lets somebody in now."""
    return sign_in.usability(shown.entity, shown.view.call.now) == "EnabledByPolicy"


@temporary.computed("methodUsabilityReason")
def usability_reason(shown: Shown) -> str:
    """Why it does, or does not."""
    return sign_in.usability(shown.entity, shown.view.call.now)


@any_method.operation("resetPassword")
def reset_password(call: Call, target: Target) -> Answer:
    """Give the person another password, the caller's or one that is made up."""
    owner = _home(target)
    wanted = call.json.get("newPassword")
    if wanted is not None and not isinstance(wanted, str):
        raise BadMethod("The new password must be a text.")
    chosen = wanted or sign_in.new_password()
    state.check_password(chosen)
    profile = {"password": chosen, "forceChangePasswordNextSignIn": True}
    state.change_person(call.tenant, owner, {"passwordProfile": profile}, call.stamp)
    owner.touch()
    operation = _operation(call, target)
    place = f"{call.root}/users/{owner.id}/authentication/operations/{operation.id}"
    body: dict[str, Any] = {"@odata.context": f"{call.root}/$metadata#microsoft.graph.passwordResetResponse"}
    return Answer({**body, "newPassword": None if wanted else chosen}, 202, {"Location": place})


def _operation(call: Call, target: Target) -> Entity:
    values = {
        "id": str(uuid4()),
        "createdDateTime": call.stamp,
        "lastActionDateTime": call.stamp,
        "resourceLocation": f"{call.root}/{call.path}",
        "status": "succeeded",
        "statusDetail": None,
    }
    one = call.tenant.store.entity(schema().kind("longRunningOperation"), values)
    return target.trail[1].set_of("operations").add(one)


def _owner(target: Target) -> Entity:
    if target.owner is None or target.owner.kind.name != "microsoft.graph.authentication":
        raise MethodNotAllowed
    return target.owner


def _home(target: Target) -> Person:
    return cast("Person", target.trail[0])
