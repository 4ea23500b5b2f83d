"""Who reports to whom, who belongs to what, and whose things are whose."""

from __future__ import annotations

from emulator.graph.engine.call import Call
from emulator.graph.engine.dialects import DIRECTORY
from emulator.graph.engine.workload import Workload
from emulator.graph.engine.writing import CREATOR
from emulator.graph.groups.membership import member_of, transitive_member_of
from emulator.graph.roles.state import scoped_memberships
from emulator.store import Entity

relations = Workload("relations", DIRECTORY)
_OWNED = ("groups", "applications", "servicePrincipals")

user = relations.type("user")
service_principal = relations.type("servicePrincipal")
contact = relations.type("orgContact")
device = relations.type("device")


@user.navigation("directReports")
@contact.navigation("directReports")
def direct_reports(call: Call, owner: Entity) -> list[Entity]:
    """Whose manager this is: people, and contacts from outside."""
    return _referring(call, owner, "manager", ("users", "contacts"))


@user.navigation("sponsorOf")
def sponsor_of(call: Call, owner: Entity) -> list[Entity]:
    """For whose account this person vouches."""
    return _referring(call, owner, "sponsors", ("users",))


@user.navigation("memberOf")
@service_principal.navigation("memberOf")
@contact.navigation("memberOf")
@device.navigation("memberOf")
def direct_memberships(call: Call, owner: Entity) -> list[Entity]:
    """Groups, roles and administrative units."""
    return member_of(call.tenant, owner)


@user.navigation("transitiveMemberOf")
@service_principal.navigation("transitiveMemberOf")
@contact.navigation("transitiveMemberOf")
@device.navigation("transitiveMemberOf")
def memberships(call: Call, owner: Entity) -> list[Entity]:
    """The same, through groups in groups."""
    return transitive_member_of(call.tenant, owner)


@user.navigation("ownedObjects")
@service_principal.navigation("ownedObjects")
def owned_objects(call: Call, owner: Entity) -> list[Entity]:
    """Groups, applications and service principals."""
    return _referring(call, owner, "owners", _OWNED)


@user.navigation("createdObjects")
@service_principal.navigation("createdObjects")
def created_objects(call: Call, owner: Entity) -> list[Entity]:
    """What the person made in the directory."""
    names = (*_OWNED, "users", "devices")
    made = [entity for name in names for entity in call.tenant.store.root(name)]
    behalf = "createdOnBehalfOf"
    return [one for one in made if one.state.get(CREATOR) == owner.id or owner in one.links_of(behalf)]


@user.navigation("ownedDevices")
def owned_devices(call: Call, owner: Entity) -> list[Entity]:
    """The devices that are the person's own."""
    return _referring(call, owner, "registeredOwners", ("devices",))


@user.navigation("registeredDevices")
def registered_devices(call: Call, owner: Entity) -> list[Entity]:
    """The devices that the person uses."""
    return _referring(call, owner, "registeredUsers", ("devices",))


@user.navigation("scopedRoleMemberOf")
def scoped_roles(call: Call, owner: Entity) -> list[Entity]:
    """Roles that the person has within administrative units."""
    return [one for one in scoped_memberships(call.tenant) if one["roleMemberInfo"].get("id") == owner.id]


def _referring(call: Call, owner: Entity, relation: str, roots: tuple[str, ...]) -> list[Entity]:
    entities = (entity for name in roots for entity in call.tenant.store.root(name))
    return [entity for entity in entities if relation in entity.links and owner in entity.links[relation]]
