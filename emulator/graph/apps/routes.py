"""What Graph says of applications and service principals beyond their types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from emulator.faults import DirectoryNotFound
from emulator.graph.apps import state
from emulator.graph.apps.errors import CredentialsNotSettable, KeyNotFound, NameInUse, UnknownApplication
from emulator.graph.directory.errors import AlreadyExists, InvalidValue, ReadOnly, ValueRequired
from emulator.graph.engine.arguments import arguments
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import NO_CONTENT, Answer, Call
from emulator.graph.engine.dialects import DIRECTORY
from emulator.graph.engine.target import Target
from emulator.graph.engine.workload import Workload
from emulator.graph.engine.writing import bound, change, link_all
from emulator.store import Entity

apps = Workload("apps", DIRECTORY)

_FIXED = frozenset({"appId", "createdDateTime", "deletedDateTime", "publisherDomain", "verifiedPublisher"})
_AUDIENCES = {
    name.lower(): name
    for name in (
        "AzureADMyOrg",
        "AzureADMultipleOrgs",
        "AzureADandPersonalMicrosoftAccount",
        "PersonalMicrosoftAccount",
    )
}
_DATA_TYPES = {name.lower(): name for name in ("Binary", "Boolean", "DateTime", "Integer", "LargeInteger", "String")}
_EXTENDED = {
    name.lower(): name for name in ("User", "Group", "AdministrativeUnit", "Application", "Device", "Organization")
}
_EXTENSION_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_MOST_FEDERATED = 20
_LONGEST_NAME = 256
_OWNERS = frozenset({"microsoft.graph.user", "microsoft.graph.servicePrincipal"})

application = apps.type(
    "application", required=("displayName",), fixed=_FIXED, hidden=frozenset({"managerApplications"})
)
service_principal = apps.type(
    "servicePrincipal", required=("appId",), hidden=frozenset({"customSecurityAttributes", "isDisabled"})
)
extension = apps.type("extensionProperty")
federated = apps.type("federatedIdentityCredential", required=("audiences", "issuer", "name", "subject"), patched=204)
apps.type("targetDeviceGroup", patched=200)


@application.hook("create")
def register(call: Call, _: Target, values: Values) -> Entity:
    """Register an application; who does it owns it."""
    _check(values)
    if values.get("passwordCredentials"):
        values["passwordCredentials"] = []
    unique = values.get("uniqueName")
    if unique and any(one.get("uniqueName") == unique for one in call.tenant.store.root("applications")):
        raise AlreadyExists("uniqueName")
    _check_uris(call, values)
    given = {name: value for name, value in values.items() if name not in _FIXED or (name == "appId" and value)}
    others = bound(call, values)
    made = state.add_application(call.tenant, given, call.stamp)
    _own(call, made, others)
    return made


@application.hook("update")
def change_application(call: Call, entity: Entity, values: Values) -> None:
    """Change a registration; what a service principal took over follows."""
    _check(values)
    for name in values:
        if name in _FIXED and values[name] != entity.get(name):
            raise ReadOnly(name)
    if any(not one.get("keyId") or one.get("secretText") for one in values.get("passwordCredentials") or ()):
        raise CredentialsNotSettable
    _check_uris(call, values, entity)
    change(call, entity, values)
    principal = state.with_app_id(call.tenant, "servicePrincipals", entity["appId"])
    if principal is not None and "displayName" in values:
        principal.update({"displayName": values["displayName"], "appDisplayName": values["displayName"]})


def _check(values: Values, resource: str = "Application") -> None:
    name = values.get("displayName")
    if "displayName" in values and not (name and len(name) <= _LONGEST_NAME):
        raise InvalidValue("displayName", resource)
    audience = values.get("signInAudience")
    if audience is not None:
        if audience.lower() not in _AUDIENCES:
            raise InvalidValue("signInAudience", resource)
        values["signInAudience"] = _AUDIENCES[audience.lower()]


def _check_uris(call: Call, values: Values, entity: Entity | None = None) -> None:
    """An identifier URI names one application."""
    wanted = {uri.lower() for uri in values.get("identifierUris") or ()}
    for other in call.tenant.store.root("applications"):
        if other is not entity and wanted & {uri.lower() for uri in other.get("identifierUris")}:
            raise AlreadyExists("identifierUris")


def _own(call: Call, made: Entity, others: Mapping[str, list[Entity]]) -> None:
    link_all(made, others)
    if call.me is not None:
        made.links_of("createdOnBehalfOf").replace(call.me)
        if not len(made.links_of("owners")):
            made.links_of("owners").add(call.me)


@application.hook("link")
@service_principal.hook("link")
def check_owner(_: Call, target: Target, entity: Entity) -> None:
    """People and applications own applications."""
    if target.navigation is not None and target.navigation.name == "owners" and entity.kind.name not in _OWNERS:
        raise InvalidValue("owners", "Application")


@application.operation("setVerifiedPublisher")
def set_publisher(call: Call, target: Target) -> Answer:
    """Say which verified publisher the application is from."""
    publisher = arguments(call, target).get("verifiedPublisherId")
    if not publisher:
        raise ValueRequired("verifiedPublisherId", "Application")
    name = call.tenant.display_name
    found = {"displayName": name, "verifiedPublisherId": publisher, "addedDateTime": call.stamp}
    target.thing.update({"verifiedPublisher": found})
    return NO_CONTENT


@application.operation("unsetVerifiedPublisher")
def unset_publisher(_: Call, target: Target) -> Answer:
    nobody = {"displayName": None, "verifiedPublisherId": None, "addedDateTime": None}
    target.thing.update({"verifiedPublisher": nobody})
    return NO_CONTENT


@application.operation("addPassword")
@service_principal.operation("addPassword")
def add_password(call: Call, target: Target) -> Answer:
    """A new secret, shown this once."""
    wish = arguments(call, target).get("passwordCredential") or {}
    if wish.get("secretText"):
        raise CredentialsNotSettable
    return _credential(call, "passwordCredential", state.add_password(target.thing, wish, call.now))


@application.operation("removePassword")
@service_principal.operation("removePassword")
def remove_password(call: Call, target: Target) -> Answer:
    return _removed(call, target, "passwordCredentials")


@application.operation("addKey")
@service_principal.operation("addKey")
def add_key(call: Call, target: Target) -> Answer:
    """A new key, by a caller who proves to hold an earlier one."""
    given = arguments(call, target)
    wish = given.get("keyCredential") or {}
    for name in ("type", "usage", "key"):
        if not wish.get(name):
            raise ValueRequired(name, "KeyCredential")
    if not given.get("proof"):
        raise ValueRequired("proof", "KeyCredential")
    if (given.get("passwordCredential") or {}).get("secretText"):
        state.add_password(target.thing, given["passwordCredential"], call.now)
    return _credential(call, "keyCredential", state.add_key(target.thing, wish, call.now))


@application.operation("removeKey")
@service_principal.operation("removeKey")
def remove_key(call: Call, target: Target) -> Answer:
    if not arguments(call, target).get("proof"):
        raise ValueRequired("proof", "KeyCredential")
    return _removed(call, target, "keyCredentials")


def _removed(call: Call, target: Target, name: str) -> Answer:
    key_id = arguments(call, target).get("keyId")
    if not key_id or not state.remove_credential(target.thing, name, str(key_id)):
        raise KeyNotFound(str(key_id))
    return NO_CONTENT


def _credential(call: Call, kind: str, credential: dict[str, Any]) -> Answer:
    return Answer({"@odata.context": f"{call.root}/$metadata#microsoft.graph.{kind}", **credential})


@service_principal.operation("addTokenSigningCertificate")
def add_certificate(call: Call, target: Target) -> Answer:
    """A pair of keys for signing tokens, of which the public one is shown."""
    given = arguments(call, target)
    name = given.get("displayName")
    if not name or not str(name).lower().startswith("cn="):
        raise InvalidValue("displayName", "SelfSignedCertificate")
    wish = {"displayName": name, "endDateTime": given.get("endDateTime"), "type": "AsymmetricX509Cert"}
    signing = state.add_key(target.thing, {**wish, "usage": "Sign"}, call.now)
    own = {**wish, "usage": "Verify", "customKeyIdentifier": signing["customKeyIdentifier"], "key": state.public_key()}
    checking = state.add_key(target.thing, {**own, "endDateTime": signing["endDateTime"]}, call.now)
    thumbprint = state.hexadecimal(str(checking["customKeyIdentifier"]))
    target.thing.update({"preferredTokenSigningKeyThumbprint": thumbprint})
    return _credential(call, "selfSignedCertificate", {**checking, "thumbprint": thumbprint})


@service_principal.hook("create")
def add_principal(call: Call, _: Target, values: Values) -> Entity:
    """Let an application of this tenant, or a well-known one, be present."""
    app_id = str(values["appId"])
    if state.with_app_id(call.tenant, "servicePrincipals", app_id) is not None:
        raise NameInUse(app_id)
    owner = state.with_app_id(call.tenant, "applications", app_id)
    if owner is None and not state.is_well_known(app_id):
        raise UnknownApplication(app_id)
    given = {name: value for name, value in values.items() if name not in {"createdDateTime", "deletedDateTime"}}
    others = bound(call, values)
    made = state.add_service_principal(call.tenant, given, owner)
    link_all(made, others)
    return made


@service_principal.hook("update")
def change_principal(call: Call, entity: Entity, values: Values) -> None:
    _check(values, "ServicePrincipal")
    if "appId" in values and values["appId"] != entity.get("appId"):
        raise ReadOnly("appId")
    change(call, entity, values)


@extension.hook("create")
def define_extension(call: Call, target: Target, values: Values) -> Entity:
    """A property that objects of the directory can have; its name begins with that of its application."""
    owner = target.owner
    name, data_type = str(values.get("name") or ""), str(values.get("dataType") or "")
    if owner is None:
        raise DirectoryNotFound(name)
    if not _EXTENSION_NAME.fullmatch(name):
        raise InvalidValue("name", "ExtensionProperty")
    if data_type.lower() not in _DATA_TYPES:
        raise InvalidValue("dataType", "ExtensionProperty")
    targets = [_EXTENDED.get(str(one).lower()) for one in values.get("targetObjects") or ()]
    if not targets or None in targets:
        raise InvalidValue("targetObjects", "ExtensionProperty")
    full = f"extension_{str(owner.get('appId')).replace('-', '')}_{name}"
    items = owner.set_of("extensionProperties")
    if any(one["name"].lower() == full.lower() for one in items):
        raise AlreadyExists("name")
    own = {
        "appDisplayName": owner.get("displayName"),
        "dataType": _DATA_TYPES[data_type.lower()],
        "isMultiValued": bool(values.get("isMultiValued")),
        "isSyncedFromOnPremises": False,
        "name": full,
        "targetObjects": targets,
    }
    given = {"id": values["id"]} if values.get("id") else {}
    return items.add(call.tenant.store.entity(values.kind, {**given, **own}))


@federated.hook("create")
def trust(call: Call, target: Target, values: Values) -> Entity:
    """Trust the tokens of another issuer; name, and issuer with subject, are unique."""
    items = target.items
    if len(items) >= _MOST_FEDERATED:
        raise InvalidValue("federatedIdentityCredentials", "Application")
    _check_trust(values, list(items))
    return items.add(call.tenant.store.entity(values.kind, values))


@federated.hook("update")
def change_trust(call: Call, entity: Entity, values: Values) -> None:
    if "name" in values and values["name"] != entity.get("name"):
        raise ReadOnly("name")
    change(call, entity, values)


def _check_trust(values: Values, others: list[Entity]) -> None:
    if len(values["audiences"]) != 1:
        raise InvalidValue("audiences", "FederatedIdentityCredential")
    for other in others:
        if str(other["name"]).lower() == values["name"].lower():
            raise AlreadyExists("name")
        if (other["issuer"], other["subject"]) == (values["issuer"], values["subject"]):
            raise AlreadyExists("issuer and subject")
