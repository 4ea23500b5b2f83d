"""What is done to an account beyond its properties: sessions, passwords, invitations, the export of its data."""

from __future__ import annotations

from typing import Any, cast
from uuid import uuid4

from emulator.faults import MethodNotAllowed
from emulator.graph.directory.errors import ValueRequired
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import NO_CONTENT, Answer, Call
from emulator.graph.engine.dialects import DIRECTORY
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import Shown
from emulator.graph.engine.workload import Workload
from emulator.graph.users import invitations, state
from emulator.graph.users.errors import OwnPasswordOnly, WrongPassword
from emulator.graph.users.state import PASSWORD
from emulator.store import Entity
from emulator.tenant import Person

accounts = Workload("accounts", DIRECTORY)
user = accounts.type("user")
invitation = accounts.type(
    "invitation",
    default=(
        "id", "inviteRedeemUrl", "invitedUserDisplayName", "invitedUserType", "invitedUserEmailAddress",
        "sendInvitationMessage", "resetRedemption", "inviteRedirectUrl", "status", "invitedUserMessageInfo",
        "invitedUser",
    ),
)  # fmt: skip


@user.operation("revokeSignInSessions")
def revoke_sessions(call: Call, target: Target) -> Answer:
    """End every session: refresh tokens are void, and clients that can be challenged are."""
    state.revoke(call.tenant, _person(target), call.stamp)
    return Answer({"@odata.context": f"{call.root}/$metadata#Edm.Boolean", "value": True})


@user.operation("changePassword")
def change_password(call: Call, target: Target) -> Answer:
    """A person changes the own password, and must know the old one where it is known here."""
    person = _person(target)
    if call.caller.user_id != person.id:
        raise OwnPasswordOnly
    old, new = call.json.get("currentPassword"), call.json.get("newPassword")
    for name, value in (("currentPassword", old), ("newPassword", new)):
        if not isinstance(value, str) or not value:
            raise ValueRequired(name, state.RESOURCE)
    if person.state.get(PASSWORD, old) != old:
        raise WrongPassword
    state.check_password(str(new), str(person.get("passwordPolicies") or ""))
    profile = {"password": new, "forceChangePasswordNextSignIn": False}
    state.change_person(call.tenant, person, {"passwordProfile": profile}, call.stamp)
    person.touch()
    return NO_CONTENT


@user.operation("exportPersonalData")
def export_personal_data(call: Call, _: Target) -> Answer:
    """The export runs on its own; where it can be watched is said in the header."""
    location = call.json.get("storageLocation")
    if not isinstance(location, str) or not location:
        raise ValueRequired("storageLocation", state.RESOURCE)
    return Answer(status=202, headers={"Location": f"{call.root}/dataPolicyOperations/{uuid4()}"})


@user.operation("retryServiceProvisioning")
def retry_provisioning(*_: object) -> Answer:
    """There is nothing that could not be provisioned."""
    return NO_CONTENT


@user.operation("removeAllDevicesFromManagement", "wipeManagedAppRegistrationsByDeviceTag")
def forget_devices(*_: object) -> Answer:
    """Done in the background."""
    return NO_CONTENT


@invitation.hook("create")
def invite(call: Call, _: Target, values: Values) -> Entity:
    """Invite a guest."""
    return invitations.invite(call.tenant, values, call.stamp)


@invitation.hook("update")
def keep_invitation(*_: object) -> None:
    """What was sent stays as it was."""
    raise MethodNotAllowed


@invitation.computed("invitedUser")
def invited_user(shown: Shown) -> dict[str, Any]:
    """The guest's account."""
    guest = shown.entity.links_of("invitedUser").one
    return {"id": guest.id if guest else None}


def _person(target: Target) -> Person:
    return cast("Person", target.thing)
