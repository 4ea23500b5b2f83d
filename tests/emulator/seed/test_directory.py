"""The company's directory: everything is there, refers to what exists, and is the same each time."""

from __future__ import annotations

from random import Random

import pytest

from emulator import Tenant, demo_tenant
from emulator.graph.groups.membership import transitive_member_of, transitive_members
from emulator.graph.groups.state import is_dynamic, is_kept_by_exchange, is_unified
from emulator.graph.roles.state import administrative_units, role_of, scoped_memberships
from emulator.seed.directory import furnish_directory
from emulator.store import Entity
from tests.emulator.groups.driver import answer
from tests.emulator.support import app_only, client_for


@pytest.fixture(scope="module")
def company() -> Tenant:
    tenant = demo_tenant()
    if not len(tenant.store.root("groups")):
        furnish_directory(tenant, Random(7))  # noqa: S311 - a seed
    return tenant


def group(tenant: Tenant, name: str) -> Entity:
    return next(one for one in tenant.store.root("groups") if one["displayName"] == name)


def test_there_are_groups_of_every_kind(company: Tenant) -> None:
    groups = list(company.store.root("groups"))
    assert len(groups) >= 14
    assert sum(map(is_unified, groups)) >= 7
    assert sum(map(is_dynamic, groups)) == 1
    assert sum(map(is_kept_by_exchange, groups)) == 1
    assert [one["displayName"] for one in groups if one.get("isAssignableToRole")] == ["Device Administrators"]
    assert all(len(one.links_of("members")) for one in groups)


def test_addresses_are_the_groups_own(company: Tenant) -> None:
    mails = [one["mail"] for one in (*company.store.root("groups"), *company.people.values()) if one.get("mail")]
    assert len(mails) == len(set(mails))


def test_groups_hold_groups(company: Tenant) -> None:
    sites = group(company, "Access All Sites")
    people = [one for one in transitive_members(sites) if one.kind.name == "microsoft.graph.user"]
    assert len(people) > len(sites.links_of("members"))
    assert sites in transitive_member_of(company, people[0])


def test_a_rule_chooses_who_is_in_portugal(company: Tenant) -> None:
    chosen = list(group(company, "Portugal Staff").links_of("members"))
    assert chosen == [one for one in company.people.values() if one.get("country") == "Portugal"]


def test_somebody_may_do_everything_and_somebody_may_help(company: Tenant) -> None:
    role = role_of(company, "62e90394-69f5-4237-9190-012177145e10")
    assert role is not None
    assert {one["displayName"] for one in role.links_of("members")} == {"Anton Reichwald", "Saoirse Kinnane"}
    assert len(list(administrative_units(company))) == 3
    assert len(scoped_memberships(company)) == 1


def test_guests_are_invited_and_not_all_have_come(company: Tenant) -> None:
    guests = [one for one in company.people.values() if one.user_type == "Guest"]
    assert sorted(one["externalUserState"] for one in guests) == ["Accepted", "Accepted", "PendingAcceptance"]
    assert all("#EXT#" in one.user_principal_name and one.id not in company.mailboxes for one in guests)


def test_everybody_has_a_licence_and_a_device(company: Tenant) -> None:
    staff = [one for one in company.people.values() if one.user_type == "Member" and "purpose" not in one.state]
    assert all(one["assignedLicenses"] for one in staff)
    owners = {owner.id for device in company.store.root("devices") for owner in device.links_of("registeredOwners")}
    assert owners == {one.id for one in staff}


def test_applications_are_present_and_used(company: Tenant) -> None:
    apps = {one["appId"] for one in company.store.root("applications")}
    principals = {one["appId"] for one in company.store.root("servicePrincipals")}
    assert len(apps) == 3
    assert apps < principals
    assert len(company.store.root("appRoleAssignments")) == 3
    assert len(company.store.root("oauth2PermissionGrants")) == 3


def test_the_same_seed_gives_the_same_directory() -> None:
    def told(seed: int) -> list[tuple[str, str, list[str]]]:
        tenant = demo_tenant()
        if not len(tenant.store.root("groups")):
            furnish_directory(tenant, Random(seed))  # noqa: S311 - a seed
        return [
            (one.id, str(one["createdDateTime"]), list(one.links_of("members").targets))
            for one in tenant.store.root("groups")
        ]

    assert told(3) == told(3)


async def test_it_is_all_seen_over_graph(company: Tenant) -> None:
    async with client_for(company, app_only("Directory.Read.All", "Group.Read.All")) as client:
        for root in ("groups", "devices", "contacts", "directoryRoles", "applications", "servicePrincipals"):
            assert (await answer(client.get(f"/{root}?$select=id,displayName")))["value"]
        path = f"/groups/{group(company, 'Projects').id}"
        assert (await answer(client.get(f"{path}/members?$select=displayName")))["value"]
        assert (await answer(client.get(f"{path}/threads")))["value"]
