"""Device code: the endpoint that a device calls, and the page where a person answers it."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from emulator.entra import pages
from emulator.entra.errors import EntraError
from emulator.entra.ledger import DEVICE_SECONDS, Device, new_user_code
from emulator.entra.realm import Realm
from emulator.entra.replies import check_verb, need, read_form, read_query
from emulator.entra.sessions import remember, session_of, start_session

_POLL_SECONDS = 5


async def device_code(realm: Realm, request: Request) -> dict[str, Any]:
    """POST /{tenant}/oauth2/v2.0/devicecode."""
    check_verb(request)
    realm.authority(request.path_params["tenant"])
    form = await read_form(request)
    app = realm.app(need(form, "client_id"))
    scopes = realm.scopes(need(form, "scope"))
    realm.check_consentable(app, scopes)
    device = Device(touched=realm.now(), client_id=app.client_id, scopes=scopes, user_code=new_user_code())
    address = f"{realm.pages_url.rstrip('/')}/devicelogin"
    # There is no verification_uri_complete: Entra never sends one.
    return {
        "user_code": device.user_code,
        "device_code": realm.ledger.devices.put(device),
        "verification_uri": address,
        "expires_in": DEVICE_SECONDS,
        "interval": _POLL_SECONDS,
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
        device.is_declined = True
        return pages.page("You declined", pages.paragraph("Nothing was shared. You may close this window."))
    if form.get("decision") != "accept":
        return _choice(realm, request, device, form.get("search", ""))
    return _accept(realm, request, device, form.get("person", ""))


def _accept(realm: Realm, request: Request, device: Device, user_id: str) -> Response:
    app = realm.app(device.client_id)
    try:
        person = realm.signed_in(user_id)
    except EntraError as error:
        return _choice(realm, request, device, trouble=str(error))
    realm.consent(app, person, device.scopes)
    device.user_id = person.id
    text = f"You have signed in to {app.display_name} as {person.display_name}. You may now close this window."
    response = pages.page("You have signed in", pages.paragraph(text))
    return remember(response, start_session(realm, person))


def _choice(realm: Realm, request: Request, device: Device, search: str = "", trouble: str = "") -> Response:
    app, session = realm.app(device.client_id), session_of(realm, request)
    form = pages.people_form(
        "devicelogin",
        realm.enabled_people(),
        {"user_code": device.user_code},
        chosen=realm.suggestion(remembered=session.user_id if session else ""),
        search=search,
    )
    asked = pages.asked_permissions(app.display_name, device.scopes.listed)
    title = f"Sign in to {realm.tenant.display_name}"
    return pages.page(title, f"{pages.problem(trouble)}{asked}{form}", status=400 if trouble else 200)
