"""Requests that reach this sign-in service under the name of another cloud's."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

from emulator.clouds import Cloud, other_sign_in
from emulator.entra.accounts import CONSUMERS
from emulator.entra.errors import EntraError
from emulator.entra.realm import SHARED_TENANTS, Realm

_PROOFS = ("client_secret", "client_assertion")


def asked_elsewhere(realm: Realm, request: Request) -> Cloud | None:
    """The other cloud whose sign-in service was asked, if it was."""
    return other_sign_in(request.url.hostname or "", realm.cloud)


def check_cloud(realm: Realm, request: Request, authority: str, fields: Mapping[str, str]) -> None:
    """Refuse a sign-in at another cloud: the tenant is not there, and neither is the application."""
    asked = asked_elsewhere(realm, request)
    if asked is None:
        return
    if authority in (*SHARED_TENANTS, CONSUMERS):
        raise EntraError(700016, app=fields.get("client_id", ""), tenant=authority)
    if any(fields.get(name) for name in _PROOFS) or _has_basic(request):
        raise EntraError(900382)
    raise EntraError(90038, tenant=authority, cloud=realm.cloud.instance_name, asked=asked.instance_name)


def _has_basic(request: Request) -> bool:
    return request.headers.get("authorization", "").lower().startswith("basic ")
