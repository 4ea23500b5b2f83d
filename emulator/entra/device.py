"""Device code: the endpoint that a device calls, and the page where a person answers it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from emulator.entra import pages
from emulator.entra.borders import check_cloud
from emulator.entra.claims_request import read_claims
from emulator.entra.errors import EntraError
from emulator.entra.ledger import Device, new_user_code
from emulator.entra.realm import Realm
from emulator.entra.replies import check_verb, need, read_form, read_query
from emulator.entra.sessions import remember, session_of, start_session
from emulator.entra.steps import StepNeeded, Visit, cancelled, complete, step_page


async def device_code(realm: Realm, request: Request) -> dict[str, Any]:
    """POST /{tenant}/oauth2/v2.0/devicecode."""
    check_verb(request)
    authority = realm.authority(request.path_params["tenant"])
    form = await read_form(request)
    check_cloud(realm, request, authority, form)
    app = realm.app(need(form, "client_id"))
    realm.check_accounts(app, authority)
    scopes = realm.token_scopes({**form, "scope": need(form, "scope")})
    realm.check_consentable(app, scopes)
    realm.ledger.devices.seconds = realm.rules.device_seconds
    device = Device(
        touched=realm.now(),
        client_id=app.client_id,
        scopes=scopes,
        user_code=new_user_code(),
        authority=authority,
        contexts=read_claims(form.get("claims", "")).contexts,
    )
    address = f"{realm.pages_url.rstrip('/')}/{realm.cloud.device_page}"
    # There is no verification_uri_complete: Entra never sends one.
    return {
        "user_code": device.user_code,
        "device_code": realm.ledger.devices.put(device),
        "verification_uri": address,
        "expires_in": realm.rules.device_seconds,
        "interval": realm.rules.device_interval,
        "message": (
            f"To sign in, use a web browser to open the page {address} "
            f"and enter the code {device.user_code} to authenticate."
        ),
    }


async def device_login(realm: Realm, request: Request) -> Response:
    """GET and POST /devicelogin: the code, then who signs in and what the app asks, then the end."""
    if request.method != "POST":
        return pages.code_form(read_query(request).get("otc", ""))
    form = await read_form(request)
    typed = form.get("user_code", "")
    device = realm.ledger.device_waiting(typed, realm.now())
    if device is None:
        return pages.code_form(typed, "That code is unknown, expired or already used. Check it, or start again.")
    if form.get("decision") == "cancel":
        cancelled(realm, form.get("person", ""), form.get("proofs", "").split())
        device.is_declined = True
        return pages.page("You declined", pages.paragraph("Nothing was shared. You may close this window."))
    if form.get("decision") != "accept":
        return _choice(realm, request, device, form.get("search", ""))
    return _accept(realm, request, device, form)


def _accept(realm: Realm, request: Request, device: Device, form: Mapping[str, str]) -> Response:
    app, user_id, proofs = realm.app(device.client_id), form.get("person", ""), form.get("proofs", "").split()
    visit = Visit(
        app, device.scopes, device.authority, user_id, frozenset(proofs), device.contexts, by_device_code=True
    )
    try:
        person, sign_in = complete(realm, visit)
    except StepNeeded as needed:
        return step_page("devicelogin", {"user_code": device.user_code}, visit, needed.step)
    except EntraError as error:
        return _choice(realm, request, device, trouble=str(error))
    realm.consent(app, person, device.scopes)
    device.user_id, device.sign_in = person.id, sign_in
    text = f"You have signed in to {app.display_name} as {person.display_name}. You may now close this window."
    response = pages.page("You have signed in", pages.paragraph(text))
    return remember(response, start_session(realm, person, request, sign_in))


def _choice(realm: Realm, request: Request, device: Device, search: str = "", trouble: str = "") -> Response:
    app, session = realm.app(device.client_id), session_of(realm, request)
    form = pages.people_form(
        "devicelogin",
        realm.accounts.offered(device.authority),
        {"user_code": device.user_code},
        chosen=realm.suggestion(remembered=session.user_id if session else ""),
        search=search,
    )
    asked = pages.asked_permissions(app.display_name, device.scopes.listed)
    title = f"Sign in to {realm.title(device.authority)}"
    return pages.page(title, f"{pages.problem(trouble)}{asked}{form}", status=400 if trouble else 200)
