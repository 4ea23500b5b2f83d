"""All workloads; one that is new adds its line here. The first that speaks of a type gives it its voice."""

from __future__ import annotations

from emulator.graph.apps.routes import apps
from emulator.graph.calendar.routes import calendars
from emulator.graph.contacts.routes import contacts
from emulator.graph.directory.device_routes import devices
from emulator.graph.directory.grant_routes import granting
from emulator.graph.directory.object_routes import directory_objects
from emulator.graph.directory.routes import directory
from emulator.graph.drives.routes import drives
from emulator.graph.engine.serving import Graph
from emulator.graph.engine.workload import Service
from emulator.graph.groups.posts import group_mail
from emulator.graph.groups.routes import groups
from emulator.graph.groups.settings import settings
from emulator.graph.mail.routes import mail
from emulator.graph.people.routes import people
from emulator.graph.places.routes import places
from emulator.graph.roles.routes import roles
from emulator.graph.subscriptions.routes import subscriptions
from emulator.graph.users.account_routes import accounts
from emulator.graph.users.licence_routes import licensing
from emulator.graph.users.photo_routes import photos
from emulator.graph.users.profile_routes import profile
from emulator.graph.users.relations import relations
from emulator.graph.users.routes import users
from emulator.graph.users.sign_in_routes import signing_in

__all__ = ["WORKLOADS", "demo_graph"]

# What the directory keeps comes before those who add to it: a group is the directory's, though it has a calendar.
WORKLOADS = (
    users,
    groups,
    roles,
    apps,
    directory_objects,
    directory,
    devices,
    granting,
    licensing,
    relations,
    accounts,
    profile,
    signing_in,
    photos,
    settings,
    mail,
    calendars,
    places,
    contacts,
    people,
    group_mail,
    drives,
    subscriptions,
)


def demo_graph() -> Graph:
    """The demo tenant's Graph."""
    return Graph(Service(WORKLOADS))
