"""Browser sessions: who signed in with this browser, signing in without an application, signing out."""

from __future__ import annotations

from uuid import uuid4

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from emulator.entra import pages
from emulator.entra.borders import check_cloud
from emulator.entra.errors import EntraError
from emulator.entra.ledger import SESSION_SECONDS, Session, SignIn
from emulator.entra.realm import Realm
from emulator.entra.replies import read_form, read_query
from emulator.tenant import Person

COOKIE = "ESTSAUTH"
# Handles are base64url, so a dot stands in none of them.
_JOINT = "."
_MOST_PEOPLE = 10


def sessions_of(realm: Realm, request: Request) -> list[Session]:
    """The sessions of this browser whose people may still sign in, the newest first: one for each person."""
    kept = (realm.ledger.sessions.get(handle) for handle in _handles(request))
    return [session for session in kept if session is not None and _is_alive(realm, session)]


def session_of(realm: Realm, request: Request) -> Session | None:
    """The newest session of this browser, if its person may still sign in."""
    return next(iter(sessions_of(realm, request)), None)


def _handles(request: Request) -> list[str]:
    return request.cookies.get(COOKIE, "").split(_JOINT)


def _is_alive(realm: Realm, session: Session) -> bool:
    if realm.ledger.sessions.has_expired(session, realm.now()) or session.sign_in.is_revoked:
        return False
    person = realm.accounts.home_of(session.user_id).people.get(session.user_id)
    return person is not None and person.account_enabled


def start_session(realm: Realm, person: Person, request: Request, sign_in: SignIn | None = None) -> Session:
    """Remember in this browser that a person signed in, beside the other people who did."""
    sign_in = sign_in or realm.ledger.begin(SignIn(touched=realm.now(), user_id=person.id))
    session = Session(touched=realm.now(), user_id=person.id, id=str(uuid4()), sign_in=sign_in)
    others = [each.cookie for each in sessions_of(realm, request) if each.user_id != person.id]
    session.cookie = realm.ledger.sessions.put(session)
    session.beside = tuple(others[: _MOST_PEOPLE - 1])
    return session


def remember(response: Response, session: Session) -> Response:
    """Put the session into the browser; not Secure, because the demo is served over plain HTTP on loopback."""
    handles = _JOINT.join((session.cookie, *session.beside))
    response.set_cookie(COOKIE, handles, max_age=SESSION_SECONDS, httponly=True, samesite="lax")
    return response


async def login(realm: Realm, request: Request) -> Response:
    """GET and POST /{tenant}/login: sign in with no application in mind."""
    authority = realm.authority(request.path_params["tenant"])
    form = await read_form(request)
    check_cloud(realm, request, authority, form)
    if form.get("decision") == "accept":
        return _signed_in(realm, request, authority, form.get("person", ""))
    return _choice(realm, authority, form.get("search", ""))


async def logout(realm: Realm, request: Request) -> Response:
    """GET /{tenant}/oauth2/v2.0/logout: forget the browser, and go back to the application if it is known."""
    realm.authority(request.path_params["tenant"])
    query = read_query(request)
    for handle in _handles(request):
        realm.ledger.sessions.remove(handle)
    target = query.get("post_logout_redirect_uri", "")
    response: Response = pages.page("You signed out", pages.paragraph("You may now close this window."))
    if realm.apps.accept_redirect(target):
        response = RedirectResponse(target, 302)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return response


def _signed_in(realm: Realm, request: Request, authority: str, user_id: str) -> Response:
    try:
        person = realm.signed_in(user_id)
    except EntraError as error:
        return _choice(realm, authority, trouble=str(error))
    response = pages.page("You have signed in", pages.paragraph(f"This browser is signed in as {person.display_name}."))
    return remember(response, start_session(realm, person, request))


def _choice(realm: Realm, authority: str, search: str = "", trouble: str = "") -> Response:
    form = pages.people_form("login", realm.accounts.offered(authority), {}, chosen=realm.suggestion(), search=search)
    title = f"Sign in to {realm.tenant.display_name}"
    return pages.page(title, f"{pages.problem(trouble)}{form}", status=400 if trouble else 200)
