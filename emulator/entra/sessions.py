"""Browser sessions: who signed in with this browser, signing in without an application, signing out."""

from __future__ import annotations

from uuid import uuid4

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from emulator.entra import pages
from emulator.entra.errors import EntraError
from emulator.entra.ledger import SESSION_SECONDS, Session
from emulator.entra.realm import Realm
from emulator.entra.replies import read_form, read_query
from emulator.tenant import Person

COOKIE = "ESTSAUTH"


def session_of(realm: Realm, request: Request) -> Session | None:
    """The session of this browser, if its person may still sign in."""
    session = realm.ledger.sessions.get(request.cookies.get(COOKIE, ""))
    if session is None or realm.ledger.sessions.has_expired(session, realm.now()):
        return None
    person = realm.tenant.people.get(session.user_id)
    return session if person is not None and person.account_enabled else None


def start_session(realm: Realm, person: Person) -> Session:
    session = Session(touched=realm.now(), user_id=person.id, id=str(uuid4()))
    session.cookie = realm.ledger.sessions.put(session)
    return session


def remember(response: Response, session: Session) -> Response:
    """Put the session into the browser; not Secure, because the demo is served over plain HTTP on loopback."""
    response.set_cookie(COOKIE, session.cookie, max_age=SESSION_SECONDS, httponly=True, samesite="lax")
    return response


async def login(realm: Realm, request: Request) -> Response:
    """GET and POST /{tenant}/login: sign in with no application in mind."""
    realm.authority(request.path_params["tenant"])
    form = await read_form(request)
    if form.get("decision") == "accept":
        return _signed_in(realm, form.get("person", ""))
    return _choice(realm, form.get("search", ""))


async def logout(realm: Realm, request: Request) -> Response:
    """GET /{tenant}/oauth2/v2.0/logout: forget the browser, and go back to the application if it is known."""
    realm.authority(request.path_params["tenant"])
    query = read_query(request)
    realm.ledger.sessions.remove(request.cookies.get(COOKIE, ""))
    target = query.get("post_logout_redirect_uri", "")
    response: Response = pages.page("You signed out", pages.paragraph("You may now close this window."))
    if realm.apps.accept_redirect(target):
        response = RedirectResponse(target, 302)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return response


def _signed_in(realm: Realm, user_id: str) -> Response:
    try:
        person = realm.signed_in(user_id)
    except EntraError as error:
        return _choice(realm, trouble=str(error))
    response = pages.page("You have signed in", pages.paragraph(f"This browser is signed in as {person.display_name}."))
    return remember(response, start_session(realm, person))


def _choice(realm: Realm, search: str = "", trouble: str = "") -> Response:
    form = pages.people_form("login", realm.enabled_people(), {}, chosen=realm.suggestion(), search=search)
    title = f"Sign in to {realm.tenant.display_name}"
    return pages.page(title, f"{pages.problem(trouble)}{form}", status=400 if trouble else 200)
