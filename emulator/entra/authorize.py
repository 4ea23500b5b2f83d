"""The authorization endpoint: who is signing in, what the application asks, and the one-time code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from emulator.entra import pages
from emulator.entra.borders import check_cloud
from emulator.entra.claims_request import read_claims
from emulator.entra.errors import EntraError, describe
from emulator.entra.ledger import Code, Session
from emulator.entra.realm import Realm
from emulator.entra.registrations import AppRegistration
from emulator.entra.replies import need, read_form, read_query, trace_of
from emulator.entra.scopes import Scopes
from emulator.entra.sessions import remember, session_of, sessions_of, start_session
from emulator.entra.steps import StepNeeded, Visit, cancelled, complete, step_page
from emulator.entra.tokens import client_info
from emulator.tenant import Person

_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_AGE = re.compile(r"[0-9]{1,9}")
_RESPONSE_MODES = ("query", "fragment", "form_post")
_PROMPTS = ("", "none", "login", "consent", "select_account")
_FROM_THE_PAGE = ("person", "decision", "search", "proofs")
# Refusals that an application hears of; any other is the person's to deal with, on the page.
_FOR_THE_APP = (50105, 70011, 90094, 90095)


@dataclass(frozen=True)
class SignInRequest:
    """An authorization request that has an application and a safe way back to it."""

    app: AppRegistration
    redirect_uri: str
    fields: Mapping[str, str]
    scopes: Scopes
    authority: str
    contexts: frozenset[str] = frozenset()

    @property
    def prompt(self) -> str:
        return self.fields.get("prompt", "")

    @property
    def hint(self) -> str:
        return self.fields.get("login_hint", "")

    @property
    def visit(self) -> Visit:
        """The choice that the posted page brings, with the steps taken after it."""
        proofs = frozenset(self.fields.get("proofs", "").split())
        return Visit(self.app, self.scopes, self.authority, self.fields.get("person", ""), proofs, self.contexts)

    @property
    def carried(self) -> dict[str, str]:
        """What the page hands back to us: the request as it came."""
        return {name: value for name, value in self.fields.items() if name not in _FROM_THE_PAGE}


async def authorize(realm: Realm, request: Request) -> Response:
    """GET and POST /{tenant}/oauth2/v2.0/authorize."""
    authority = realm.authority(request.path_params["tenant"])
    fields = await read_form(request) if request.method == "POST" else read_query(request)
    check_cloud(realm, request, authority, fields)
    # Until the address is known to be the app's own, an error may only be shown, not sent: no open redirects.
    app = realm.app(need(fields, "client_id"))
    redirect_uri = app.reply_address(fields.get("redirect_uri", ""))
    realm.check_accounts(app, authority)
    try:
        _check(fields)
        scopes = realm.scopes(need(fields, "scope"))
        realm.check_resource(fields, scopes)
        realm.check_consentable(app, scopes)
        contexts = read_claims(fields.get("claims", "")).contexts
        asked = SignInRequest(app, redirect_uri, fields, scopes, authority, contexts)
        # Only the posted page decides: a link that somebody clicks must not sign them in.
        decision = fields.get("decision", "") if request.method == "POST" else ""
        return _decide(realm, request, asked, decision)
    except EntraError as error:
        return _send_back(redirect_uri, fields, _refusal(request, error))


def _check(fields: Mapping[str, str]) -> None:
    kind = need(fields, "response_type")
    if kind in ("id_token", "token", "code id_token", "id_token token"):
        raise EntraError(700054, kind=kind)
    if kind != "code":
        raise EntraError(70005, kind=kind)
    for name, known in (("response_mode", ("", *_RESPONSE_MODES)), ("prompt", _PROMPTS)):
        if fields.get(name, "") not in known:
            raise EntraError(90023, field=name, value=fields[name])
    if not _AGE.fullmatch(fields.get("max_age", "0")):
        raise EntraError(90023, field="max_age", value=fields["max_age"])
    if fields.get("code_challenge_method", "plain") not in ("plain", "S256"):
        raise EntraError(50147, method=fields["code_challenge_method"])
    is_needed = "code_challenge_method" in fields or "code_challenge" in fields
    if is_needed and not _CHALLENGE.fullmatch(fields.get("code_challenge", "")):
        raise EntraError(501491)


def _decide(realm: Realm, request: Request, asked: SignInRequest, decision: str) -> Response:
    if decision == "cancel":
        raise cancelled(realm, asked.visit.user_id, asked.visit.proofs)
    if decision == "accept":
        return _accept(realm, request, asked)
    if asked.prompt == "none" and not decision:
        return _without_asking(realm, request, asked)
    return _choice(realm, asked, session_of(realm, request))


def _without_asking(realm: Realm, request: Request, asked: SignInRequest) -> Response:
    """prompt=none: a person of this browser's sessions, if it is clear which one and nothing is left to ask."""
    session = _only_session(realm, request, asked)
    try:
        person = realm.admitted(session.user_id, asked.authority, asked.app, asked.scopes)
        realm.check_policies(
            realm.attempt(person, asked.app, asked.scopes, session.sign_in, asked.contexts), at_page=True
        )
    except EntraError as error:
        error.error = error.error if error.code in _FOR_THE_APP else "interaction_required"
        raise
    realm.check_consented(asked.app, person.id, asked.scopes, error="interaction_required")
    return _send_back(asked.redirect_uri, asked.fields, _success(realm, asked, person, session))


def _only_session(realm: Realm, request: Request, asked: SignInRequest) -> Session:
    """The session of the person who is meant, young enough if an age is asked for."""
    age = asked.fields.get("max_age")
    sessions = sessions_of(realm, request)
    young = [each for each in sessions if age is None or realm.now() <= each.sign_in.touched + int(age)]
    if not young:
        raise EntraError(50058)
    meant = realm.accounts.named(asked.hint)
    fitting = [each for each in young if not asked.hint or (meant is not None and each.user_id == meant.id)]
    if len(fitting) != 1:
        raise EntraError(16000)
    return fitting[0]


def _accept(realm: Realm, request: Request, asked: SignInRequest) -> Response:
    try:
        person, sign_in = complete(realm, asked.visit)
    except StepNeeded as needed:
        return step_page("authorize", asked.carried, asked.visit, needed.step, asked.redirect_uri)
    except EntraError as error:
        if error.code in _FOR_THE_APP:
            raise
        # A wrong choice is the person's to correct; the application never hears of it.
        return _choice(realm, asked, None, str(error))
    realm.consent(asked.app, person, asked.scopes)
    session = start_session(realm, person, request, sign_in)
    return remember(_send_back(asked.redirect_uri, asked.fields, _success(realm, asked, person, session)), session)


def _choice(realm: Realm, asked: SignInRequest, session: Session | None, trouble: str = "") -> Response:
    """The page with the people of the tenant; whom the request or the browser suggests is chosen already."""
    remembered = session.user_id if session and asked.prompt not in ("login", "select_account") else ""
    form = pages.people_form(
        "authorize",
        realm.accounts.offered(asked.authority),
        asked.carried,
        chosen=realm.suggestion(asked.hint, remembered, asked.authority),
        search=asked.fields.get("search", ""),
    )
    permissions = pages.asked_permissions(asked.app.display_name, asked.scopes.listed)
    return pages.page(
        f"Sign in to {realm.title(asked.authority)}",
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
        sign_in=session.sign_in,
        nonce=asked.fields.get("nonce", ""),
        challenge=asked.fields.get("code_challenge", ""),
        challenge_method=asked.fields.get("code_challenge_method", "plain"),
    )
    answer = {"code": realm.ledger.codes.put(code), "session_state": session.id}
    if asked.fields.get("client_info") == "1":
        answer["client_info"] = client_info(realm.home_of(person), person)
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
