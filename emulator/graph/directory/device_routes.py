"""Devices over HTTP: what a new one must say of itself. Whose they are is kept with them, as references."""

from __future__ import annotations

from emulator.graph.directory.errors import AlreadyExists, ValueRequired
from emulator.graph.directory.state import is_taken
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import Call
from emulator.graph.engine.dialects import DIRECTORY
from emulator.graph.engine.target import Target
from emulator.graph.engine.workload import Workload
from emulator.graph.engine.writing import generic
from emulator.store import Entity

devices = Workload("devices", DIRECTORY)
_REQUIRED = ("accountEnabled", "alternativeSecurityIds", "deviceId", "displayName", "operatingSystem",
             "operatingSystemVersion")  # fmt: skip
device = devices.type("device", fixed=frozenset({"registrationDateTime", "deletedDateTime"}), required=_REQUIRED)


@device.hook("create")
def create(call: Call, target: Target, values: Values) -> Entity:
    """A device that an application registers."""
    if not values["alternativeSecurityIds"]:
        raise ValueRequired("alternativeSecurityIds", "Device")
    if is_taken(call.tenant, "deviceId", values["deviceId"], roots=("devices",)):
        raise AlreadyExists("deviceId")
    entity = generic(target.service, call, values)
    entity.values["registrationDateTime"] = call.stamp
    return call.tenant.store.root("devices").add(entity)
