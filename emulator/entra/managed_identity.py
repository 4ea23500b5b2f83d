"""Managed identities: the endpoints inside a virtual machine and an App Service that hand out their tokens."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from emulator.entra.errors import EntraError
from emulator.entra.realm import Realm
from emulator.entra.registrations import AppRegistration
from emulator.entra.replies import read_query
from emulator.entra.tokens import CERTIFICATE, Client, principal_id, response_for_app

_DAY = 86_400
_IMDS_VERSIONS = ("2018-02-01", "2019-08-01", "2019-11-01", "2020-06-01", "2021-02-01")
_APP_SERVICE_VERSIONS = ("2019-08-01",)
# What each parameter names an identity by; App Service has a spelling of its own for the resource id.
_SELECTORS = {
    "client_id": "client_id",
    "object_id": "object_id",
    "principal_id": "object_id",
    "msi_res_id": "resource_id",
    "mi_res_id": "resource_id",
}


@dataclass(frozen=True)
class ManagedIdentity:
    """An identity without any secret, which the platform itself vouches for."""

    name: str
    client_id: str
    object_id: str
    resource_id: str
    roles: frozenset[str]
    is_system_assigned: bool

    @classmethod
    def new(
        cls, realm: Realm, name: str, client_id: str, roles: frozenset[str], *, is_system_assigned: bool
    ) -> ManagedIdentity:
        """An identity in a resource group of the demo's subscription."""
        kind = "Compute/virtualMachines" if is_system_assigned else "ManagedIdentity/userAssignedIdentities"
        path = f"/subscriptions/{realm.tenant.id}/resourcegroups/demo/providers/Microsoft.{kind}/{name}"
        return cls(name, client_id, principal_id(realm, client_id), path, roles, is_system_assigned)

    @property
    def registration(self) -> AppRegistration:
        """The service principal behind the identity."""
        return AppRegistration(self.client_id, self.name, application_roles=self.roles)


class IdentityRefused(Exception):
    """The endpoint does not hand out a token; `name` is the OAuth form of why."""

    def __init__(self, name: str, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.name = name
        self.status = status


class ManagedIdentities:
    """The identities of one machine, and the two endpoints on it."""

    def __init__(self, realm: Realm, identity_header: str) -> None:
        self._realm = realm
        self._identity_header = identity_header
        self._identities: list[ManagedIdentity] = []

    def add(self, identity: ManagedIdentity) -> None:
        """Assign an identity to the machine."""
        self._realm.apps.add(identity.registration)
        self._identities = [each for each in self._identities if each.client_id != identity.client_id]
        self._identities.append(identity)

    async def imds(self, request: Request) -> Response:
        """GET /metadata/identity/oauth2/token: the instance metadata service of a virtual machine."""
        try:
            _check_metadata(request)
            body = self._token(_query(request, _IMDS_VERSIONS))
        except IdentityRefused as refused:
            return JSONResponse({"error": refused.name, "error_description": str(refused)}, refused.status)
        return JSONResponse(body)

    async def app_service(self, request: Request) -> Response:
        """GET /msi/token: what IDENTITY_ENDPOINT is in an App Service."""
        try:
            self._check_header(request.headers.get("x-identity-header", ""))
            body = self._token(_query(request, _APP_SERVICE_VERSIONS))
        except IdentityRefused as refused:
            return JSONResponse({"statusCode": refused.status, "message": str(refused)}, refused.status)
        shown = ("access_token", "client_id", "expires_on", "not_before", "resource", "token_type")
        return JSONResponse({name: body[name] for name in shown})

    def _check_header(self, sent: str) -> None:
        if not hmac.compare_digest(sent.encode(), self._identity_header.encode()):
            raise IdentityRefused("unauthorized", "The X-IDENTITY-HEADER is not that of this site", 401)

    def _token(self, query: Mapping[str, str]) -> dict[str, Any]:
        identity, resource = self._chosen(query), query["resource"]
        try:
            scopes = self._realm.app_scopes(f"{resource.rstrip('/')}/.default")
            app = self._realm.app(identity.client_id)
        except EntraError as error:
            raise IdentityRefused(error.error, str(error)) from error
        token = response_for_app(self._realm, Client(app, CERTIFICATE), scopes, _DAY)
        now = self._realm.now()
        return {
            "access_token": token["access_token"],
            "client_id": identity.client_id,
            "expires_in": str(_DAY),
            "expires_on": str(now + _DAY),
            "ext_expires_in": str(_DAY),
            "not_before": str(now),
            "resource": resource,
            "token_type": "Bearer",
        }

    def _chosen(self, query: Mapping[str, str]) -> ManagedIdentity:
        """The identity that the request names, or else the machine's own, or else its only one."""
        named = [(attribute, query[name]) for name, attribute in _SELECTORS.items() if query.get(name)]
        if len(named) > 1:
            raise IdentityRefused("invalid_request", "Name the identity in one way only")
        if named:
            attribute, value = named[0]
            found = [each for each in self._identities if getattr(each, attribute).lower() == value.lower()]
        else:
            own = [each for each in self._identities if each.is_system_assigned]
            found = own or self._identities
        if len(found) > 1:
            raise IdentityRefused("invalid_request", "Several identities are assigned: name the one that is meant")
        if not found:
            raise IdentityRefused("invalid_request", "Identity not found")
        return found[0]


def _check_metadata(request: Request) -> None:
    """Refuse what did not come from a program on this machine: a browser, or somebody behind a proxy."""
    if request.headers.get("metadata", "").lower() != "true":
        raise IdentityRefused("bad_request_102", "Required metadata header not specified")
    if "x-forwarded-for" in request.headers:
        raise IdentityRefused("bad_request_103", "A forwarded request is not answered")


def _query(request: Request, versions: tuple[str, ...]) -> Mapping[str, str]:
    try:
        query = read_query(request)
    except EntraError as error:
        raise IdentityRefused("invalid_request", str(error)) from error
    if query.get("api-version") not in versions:
        raise IdentityRefused("bad_request", f"The api-version must be one of {', '.join(versions)}")
    if not query.get("resource"):
        raise IdentityRefused("invalid_request", "The parameter resource is missing")
    return query
