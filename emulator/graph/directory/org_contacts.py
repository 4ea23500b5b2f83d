"""Organisational contacts: made in Exchange, or brought from a local directory; Graph only reads them."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from emulator.graph.groups.keeping import keep_references
from emulator.schema import schema
from emulator.store import Entity
from emulator.tenant import Tenant


def add_contact(tenant: Tenant, display_name: str, mail: str, **values: Any) -> Entity:  # noqa: ANN401 - JSON values
    """Keep somebody outside in the address list."""
    keep_references(tenant)
    given_name, _, surname = display_name.rpartition(" ")
    found = {
        "id": str(uuid5(NAMESPACE_URL, f"{tenant.id}/contacts/{mail.lower()}")),
        "displayName": display_name,
        "givenName": given_name or None,
        "surname": surname or None,
        "mail": mail,
        "mailNickname": mail.partition("@")[0],
        "proxyAddresses": [f"SMTP:{mail}"],
        "addresses": [],
        "phones": [],
        "onPremisesProvisioningErrors": [],
        "serviceProvisioningErrors": [],
        **values,
    }
    return tenant.store.root("contacts").add(tenant.store.entity(schema().kind("orgContact"), found))
