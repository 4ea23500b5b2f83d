"""The authorization endpoint: who is signing in, what the application asks, and the one-time code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from emulator.entra import pages
from emulator.entra.errors import EntraError, describe
from emulator.entra.ledger import Code, Session
from emulator.entra.realm import Realm
from emulator.entra.registrations import AppRegistration
from emulator.entra.replies import need, read_form, read_query, trace_of
from emulator.entra.scopes import Scopes
from emulator.entra.sessions import remember, session_of, start_session
from emulator.entra.tokens import client_info
from emulator.tenant import Person

_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_RESPONSE_MODES = ("query", "fragment", "form_post")
_PROMPTS = ("", "none", "login", "consent", "select_account")
_FROM_THE_PAGE = ("person", "decision", "search")


@dataclass(frozen=True)
class SignInRequest:
    """An authorization request that has an application and a safe way back to it."""

    app: AppRegistration
    redirect_uri: str
    fields: Mapping[str, str]
    scopes: Scopes

    @property
    def prompt(self) -> str:
        return self.fields.get("prompt", "")

    @property
    def carried(self) -> dict[str, str]:
        """What the page hands back to us: the request as it came."""
        return {name: value for name, value in self.fields.items() if name not in _FROM_THE_PAGE}


async def authorize(realm: Realm, request: Request) -> Response:
    """GET and POST /{tenant}/oauth2/v2.0/authorize."""
    realm.authority(request.path_params["tenant"])
    fields = await read_form(request) if request.method == "POST" else read_query(request)
    # Until the address is known to be the app's own, an error may only be shown, not sent: no open redirects.
    app = realm.app(need(fields, "client_id"))
    redirect_uri = _redirect_uri(app, fields)
    try:
        _check(fields)
        scopes = realm.scopes(need(fields, "scope"))
        realm.check_consentable(app, scopes)
        # Only the posted page decides: a link that somebody clicks must not sign them in.
        decision = fields.get("decision", "") if request.method == "POST" else ""
        return _decide(realm, request, SignInRequest(app, redirect_uri, fields, scopes), decision)
    except EntraError as error:
        return _send_back(redirect_uri, fields, _refusal(request, error))


def _redirect_uri(app: AppRegistration, fields: Mapping[str, str]) -> str:
    """Where the answer goes. Nothing is ever sent to an address that is not registered."""
    uri = fields.get("redirect_uri", "")
    if not uri and len(app.redirect_uris) == 1:
        return app.redirect_uris[0]
    if not uri:
        raise EntraError(900971)
    if not app.accepts_redirect(uri):
        raise EntraError(50011, uri=uri, app=app.client_id)
    return uri


def _check(fields: Mapping[str, str]) -> None:
    kind = need(fields, "response_type")
    if kind in ("id_token", "token", "code id_token", "id_token token"):
        raise EntraError(700054, kind=kind)
    if kind != "code":
        raise EntraError(70005, kind=kind)
    for name, known in (("response_mode", ("", *_RESPONSE_MODES)), ("prompt", _PROMPTS)):
        if fields.get(name, "") not in known:
            raise EntraError(90023, field=name, value=fields[name])
    if fields.get("code_challenge_method", "plain") not in ("plain", "S256"):
        raise EntraError(50147, method=fields["code_challenge_method"])
    is_needed = "code_challenge_method" in fields or "code_challenge" in fields
    if is_needed and not _CHALLENGE.fullmatch(fields.get("code_challenge", "")):
        raise EntraError(501491)


def _decide(realm: Realm, request: Request, asked: SignInRequest, decision: str) -> Response:
    session = session_of(realm, request)
    if decision == "cancel":
        raise EntraError(65004)
    if decision == "accept":
        return _accept(realm, asked, asked.fields.get("person", ""))
    if asked.prompt == "none" and not decision:
        return _without_asking(realm, asked, session)
    return _choice(realm, asked, session)


def _without_asking(realm: Realm, asked: SignInRequest, session: Session | None) -> Response:
    """prompt=none: the person of this browser's session, if there is one and nothing is left to ask."""
    if session is None:
        raise EntraError(50058)
    person = realm.signed_in(session.user_id)
    if asked.fields.get("login_hint", person.user_principal_name).lower() != person.user_principal_name.lower():
        raise EntraError(16000)
    realm.check_consented(asked.app, person.id, asked.scopes, error="interaction_required")
    return _send_back(asked.redirect_uri, asked.fields, _success(realm, asked, person, session))


def _accept(realm: Realm, asked: SignInRequest, user_id: str) -> Response:
    try:
        person = realm.signed_in(user_id)
    except EntraError as error:
        # A wrong choice is the person's to correct; the application never hears of it.
        return _choice(realm, asked, None, str(error))
    realm.consent(asked.app, person, asked.scopes)
    session = start_session(realm, person)
    return remember(_send_back(asked.redirect_uri, asked.fields, _success(realm, asked, person, session)), session)


def _choice(realm: Realm, asked: SignInRequest, session: Session | None, trouble: str = "") -> Response:
    """The page with the people of the tenant; whom the request or the browser suggests is chosen already."""
    remembered = session.user_id if session and asked.prompt not in ("login", "select_account") else ""
    form = pages.people_form(
        "authorize",
        realm.enabled_people(),
        asked.carried,
        chosen=realm.suggestion(asked.fields.get("login_hint", ""), remembered),
        search=asked.fields.get("search", ""),
    )
    permissions = pages.asked_permissions(asked.app.display_name, asked.scopes.listed)
    return pages.page(
        f"Sign in to {realm.tenant.display_name}",
        f"{pages.problem(trouble)}{permissions}{form}",
        status=400 if trouble else 200,
        form_target=asked.redirect_uri,
    )


def _success(realm: Realm, asked: SignInRequest, person: Person, session: Session) -> dict[str, str]:
    code = Code(
        touched=realm.now(),
        client_id=asked.app.client_id,
        user_id=person.id,
        scopes=asked.scopes,
        redirect_uri=asked.redirect_uri,
        nonce=asked.fields.get("nonce", ""),
        challenge=asked.fields.get("code_challenge", ""),
        challenge_method=asked.fields.get("code_challenge_method", "plain"),
    )
    answer = {"code": realm.ledger.codes.put(code), "session_state": session.id}
    if asked.fields.get("client_info") == "1":
        answer["client_info"] = client_info(realm, person)
    return answer


def _refusal(request: Request, error: EntraError) -> dict[str, str]:
    answer = {"error": error.error, "error_description": describe(error, trace_of(request))}
    return answer | ({"error_subcode": "cancel"} if error.error == "access_denied" else {})


def _send_back(redirect_uri: str, fields: Mapping[str, str], answer: dict[str, str]) -> Response:
    """Hand the answer to the application in the response mode that it asked for."""
    if "state" in fields:
        answer["state"] = fields["state"]
    mode = fields.get("response_mode", "")
    if mode == "form_post":
        return pages.handover(redirect_uri, answer)
    if mode == "fragment":
        return RedirectResponse(f"{redirect_uri}#{urlencode(answer)}", 302)
    joint = "&" if urlsplit(redirect_uri).query else "?"
    return RedirectResponse(f"{redirect_uri}{joint}{urlencode(answer)}", 302)
