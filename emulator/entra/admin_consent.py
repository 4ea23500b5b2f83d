"""Admin consent: an administrator lets an application have its permissions for everybody at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from emulator.entra import pages
from emulator.entra.borders import check_cloud
from emulator.entra.errors import EntraError, describe
from emulator.entra.realm import Realm
from emulator.entra.registrations import AppRegistration
from emulator.entra.replies import need, read_form, read_query, trace_of
from emulator.entra.scopes import Scopes

_FROM_THE_PAGE = ("person", "decision", "search")


@dataclass(frozen=True)
class ConsentRequest:
    """A request for consent that has an application and a safe way back to it."""

    app: AppRegistration
    target: str
    fields: Mapping[str, str]
    # Only the posted page decides: a link that somebody clicks must not grant anything.
    decision: str

    def answered(self, answer: dict[str, str]) -> Response:
        """Back to the application, with its own state."""
        kept = {"state": self.fields["state"]} if "state" in self.fields else {}
        joint = "&" if urlsplit(self.target).query else "?"
        return RedirectResponse(f"{self.target}{joint}{urlencode(answer | kept)}", 302)


async def admin_consent(realm: Realm, request: Request) -> Response:
    """GET and POST /{tenant}/v2.0/adminconsent: the permissions that the request names."""
    asked = await _read(realm, request)
    return _respond(realm, request, asked, asked.fields.get("scope", ""))


async def admin_consent_to_all(realm: Realm, request: Request) -> Response:
    """GET and POST /{tenant}/adminconsent: all permissions that are in the application's registration."""
    return _respond(realm, request, await _read(realm, request), ".default")


async def _read(realm: Realm, request: Request) -> ConsentRequest:
    authority = realm.authority(request.path_params["tenant"])
    is_posted = request.method == "POST"
    fields = await read_form(request) if is_posted else read_query(request)
    check_cloud(realm, request, authority, fields)
    # Until the address is known to be the app's own, an error may only be shown, not sent: no open redirects.
    app = realm.app(need(fields, "client_id"))
    realm.check_accounts(app, authority)
    target = app.reply_address(fields.get("redirect_uri", ""))
    return ConsentRequest(app, target, fields, fields.get("decision", "") if is_posted else "")


def _respond(realm: Realm, request: Request, asked: ConsentRequest, scope: str) -> Response:
    try:
        return _decide(realm, asked, realm.scopes(scope))
    except EntraError as error:
        return asked.answered({"error": error.error, "error_description": describe(error, trace_of(request))})


def _decide(realm: Realm, asked: ConsentRequest, scopes: Scopes) -> Response:
    if asked.decision == "cancel":
        raise EntraError(65004, error="consent_required")
    if asked.decision != "accept":
        return _choice(realm, asked, scopes)
    if asked.fields.get("person", "") not in realm.administrating:
        refusal = EntraError(90094, scope=" ".join(scopes.names), app=asked.app.display_name)
        return _choice(realm, asked, scopes, str(refusal))
    realm.grant_admin_consent(asked.app, scopes)
    shown = {"scope": asked.fields["scope"]} if asked.fields.get("scope") else {}
    return asked.answered({"admin_consent": "True", "tenant": realm.tenant.id, **shown})


def _choice(realm: Realm, asked: ConsentRequest, scopes: Scopes, trouble: str = "") -> Response:
    """The page on which an administrator accepts; anybody else is told to ask one."""
    form = pages.people_form(
        "adminconsent",
        realm.enabled_people(),
        {name: value for name, value in asked.fields.items() if name not in _FROM_THE_PAGE},
        chosen=next(iter(realm.administrating), ""),
        search=asked.fields.get("search", ""),
    )
    permissions = pages.asked_permissions(asked.app.display_name, scopes.listed)
    whom = pages.paragraph("An administrator who accepts lets everybody in the organisation use it.")
    return pages.page(
        f"Consent for {realm.tenant.display_name}",
        f"{pages.problem(trouble)}{permissions}{whom}{form}",
        status=400 if trouble else 200,
        form_target=asked.target,
    )
