"""Guests: people of other organisations, invited by their address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from emulator.graph.directory.errors import ValueRequired
from emulator.graph.directory.state import verified_domains
from emulator.graph.users.errors import NotInvitable
from emulator.schema import schema
from emulator.store import Entity
from emulator.tenant import Person, Tenant

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_UNUSUAL = re.compile(r"[^A-Za-z0-9._\-]")
_REDEEM = "https://login.microsoftonline.com/redeem?rd="
_INVITATIONS = "https://invitations.microsoft.com/redeem/"


def invite(tenant: Tenant, values: Mapping[str, Any], stamp: str) -> Entity:
    """Invite somebody: there is a guest account at once, and it waits for its person to accept."""
    for name in ("invitedUserEmailAddress", "inviteRedirectUrl"):
        if not values.get(name):
            raise ValueRequired(name, "Invitation")
    address = str(values["invitedUserEmailAddress"])
    if not _ADDRESS.fullmatch(address):
        raise NotInvitable("The invited user's email address is not valid.")
    guest = _guest(tenant, address, values, stamp)
    found = {
        "invitedUserType": "Guest",
        "sendInvitationMessage": False,
        "resetRedemption": False,
        "invitedUserMessageInfo": {"messageLanguage": None, "customizedMessageBody": None, "ccRecipients": []},
        **values,
        "id": str(uuid4()),
        "inviteRedeemUrl": _REDEEM + quote(f"{_INVITATIONS}?tenant={tenant.id}&user={guest.id}", safe=""),
        "invitedUserDisplayName": values.get("invitedUserDisplayName"),
        "status": "Completed" if guest["externalUserState"] == "Accepted" else "PendingAcceptance",
    }
    invitation = tenant.store.entity(schema().kind("invitation"), found)
    invitation.links_of("invitedUser").replace(guest)
    return tenant.store.root("invitations").add(invitation)


def accept(tenant: Tenant, guest: Person, stamp: str) -> None:
    """The guest says yes."""
    guest.update({"externalUserState": "Accepted", "externalUserStateChangeDateTime": stamp})
    tenant.tell("accepted", guest)


def _guest(tenant: Tenant, address: str, values: Mapping[str, Any], stamp: str) -> Person:
    known = tenant.by_address(address)
    if address.rpartition("@")[2].lower() in verified_domains(tenant) or (known and known.user_type != "Guest"):
        held = f" as object ID: {known.id}" if known else ""
        raise NotInvitable(
            f"The invited user already exists in the directory{held}. They can use that account to sign in to shared "
            "apps and resources."
        )
    if known:
        return known
    local, _, domain = address.partition("@")
    upn = f"{_UNUSUAL.sub('_', local)}_{domain}#EXT#@{tenant.domain}"
    guest = Person(
        schema().kind("user"),
        {
            "accountEnabled": True,
            "displayName": values.get("invitedUserDisplayName") or local,
            "userPrincipalName": upn,
            "mailNickname": upn.partition("@")[0],
            "mail": address,
            "otherMails": [address],
            "proxyAddresses": [f"SMTP:{address}"],
            "userType": values.get("invitedUserType") or "Guest",
            "creationType": "Invitation",
            "createdDateTime": stamp,
            "externalUserState": "PendingAcceptance",
            "externalUserStateChangeDateTime": stamp,
        },
        tenant.store.changes,
    )
    tenant.store.root("users").add(guest)
    tenant.tell("invited", guest)
    return guest
