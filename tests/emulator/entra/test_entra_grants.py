"""The token endpoint: each grant, each kind of client, and each AADSTS error they can run into."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.testclient import TestClient

from emulator.entra import DEMO_CLIENT_ID, AppRegistration, Entra
from emulator.tenant import Person, Tenant
from tests.emulator.entra.conftest import KeyPair, make_key_pair
from tests.emulator.entra.driver import (
    AUTHORITY,
    CERTIFICATE_APP,
    LOGIN,
    NARROW_APP,
    SECRET,
    SECRET_APP,
    TENANT_ID,
    WEB_REDIRECT,
    Browser,
    Clock,
    aadsts,
    location,
)

REDIRECT = "http://localhost:5000"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
GRAPH_DEFAULT = "https://graph.microsoft.com/.default"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN_URL = f"{AUTHORITY}/oauth2/v2.0/token"
BASIC = base64.b64encode(f"{SECRET_APP}:a+demo+secret+%2B+with%2Fodd%3Acharacters%25".encode()).decode()


def post(client: TestClient, url: str = TOKEN_URL, headers: Any = None, **form: str) -> Any:
    return client.post(url, data=form, headers=headers)


def code_for(client: TestClient, person: Person, **changes: str) -> str:
    asked = {"client_id": DEMO_CLIENT_ID, "response_type": "code", "redirect_uri": REDIRECT, "scope": "User.Read"}
    browser = Browser(client)
    query = "&".join(f"{name}={value}" for name, value in {**asked, **changes}.items())
    page = browser.open(f"{AUTHORITY}/oauth2/v2.0/authorize?{query}")
    return location(browser.submit(page, person=person.id, decision="accept"))["code"]


def redeem(client: TestClient, code: str, **changes: str) -> Any:
    form = {"grant_type": "authorization_code", "client_id": DEMO_CLIENT_ID, "code": code, "redirect_uri": REDIRECT}
    return post(client, **(form | changes))


def refresh(client: TestClient, token: str, **changes: str) -> Any:
    form = {"grant_type": "refresh_token", "client_id": DEMO_CLIENT_ID, "refresh_token": token}
    return post(client, **(form | changes))


def daemon(client: TestClient, url: str = TOKEN_URL, headers: Any = None, **changes: str) -> Any:
    form = {"grant_type": "client_credentials", "client_id": SECRET_APP, "client_secret": SECRET}
    return post(client, url, headers, **(form | {"scope": GRAPH_DEFAULT} | changes))


def claims_of(answer: Any) -> dict[str, Any]:
    return dict(jwt.decode(answer.json()["access_token"], options={"verify_signature": False}))


# --- errors as such


def test_an_error_body_is_entras(client: TestClient, clock: Clock) -> None:
    sent = "5f0c7d6a-1d1c-4f6b-9f0a-6a3b9f3f2f11"
    answer = daemon(client, client_secret="wrong", headers={"client-request-id": sent})
    body = answer.json()
    assert set(body) == {
        "error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id", "error_uri",
    }  # fmt: skip
    assert body["correlation_id"] == answer.headers["client-request-id"] == sent
    assert body["trace_id"] == answer.headers["x-ms-request-id"] == str(UUID(body["trace_id"]))
    assert body["error_uri"] == "https://login.microsoftonline.com/error?code=7000215"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", body["timestamp"])
    first, *trace = body["error_description"].split("\r\n")
    assert first.startswith("AADSTS7000215: Invalid client secret")
    assert trace == [
        f"Trace ID: {body['trace_id']}", f"Correlation ID: {sent}", f"Timestamp: {body['timestamp']}",
    ]  # fmt: skip
    assert answer.headers["cache-control"] == "no-store, no-cache"


@pytest.mark.parametrize("sent", [None, "", "x" * 65, "two words"])
def test_an_unusable_request_id_is_replaced(client: TestClient, sent: str | None) -> None:
    headers = {} if sent is None else {"client-request-id": sent}
    UUID(daemon(client, client_secret="wrong", headers=headers).json()["correlation_id"])


@pytest.mark.parametrize(
    ("form", "error", "code"),
    [
        pytest.param({}, "invalid_request", 900144, id="empty"),
        pytest.param({"grant_type": "magic"}, "unsupported_grant_type", 70003, id="unknown grant"),
        pytest.param({"grant_type": "password"}, "unsupported_grant_type", 70003, id="password"),
        pytest.param({"grant_type": "refresh_token"}, "invalid_request", 900144, id="no client"),
        pytest.param({"grant_type": "refresh_token", "client_id": "x"}, "unauthorized_client", 700016, id="unknown"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(
    client: TestClient, form: dict[str, str], error: str, code: int
) -> None:
    answer = post(client, **form)
    assert (answer.status_code, answer.json()["error"], aadsts(answer)) == (400, error, code)


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        pytest.param(b'{"grant_type":"refresh_token"}', "application/json", 900144, id="json"),
        pytest.param(b"grant_type=a&grant_type=b", "application/x-www-form-urlencoded", 9000411, id="twice"),
        pytest.param(b"grant_type=\xff", "application/x-www-form-urlencoded; charset=utf-8", 9002313, id="raw bytes"),
        pytest.param(b"grant_type=%ff", "Application/X-WWW-Form-URLencoded", 9002313, id="escaped bytes"),
    ],
)
def test_a_body_that_is_no_form_is_refused(client: TestClient, body: bytes, content_type: str, code: int) -> None:
    answer: Any = client.post(TOKEN_URL, content=body, headers={"content-type": content_type})
    assert aadsts(answer) == code


def test_the_endpoint_takes_posts_only(client: TestClient) -> None:
    answer: Any = client.get(TOKEN_URL)
    assert (answer.status_code, aadsts(answer)) == (405, 900561)


# --- authorization_code


def test_a_code_is_good_for_one_token(client: TestClient, mira: Person) -> None:
    code = code_for(client, mira)
    body = redeem(client, code).json()
    assert set(body) == {"token_type", "scope", "expires_in", "ext_expires_in", "access_token"}
    assert (body["token_type"], body["scope"]) == ("Bearer", "User.Read")
    again = redeem(client, code)
    assert (again.json()["error"], aadsts(again)) == ("invalid_grant", 54005)


def test_each_part_of_an_answer_comes_only_when_asked(client: TestClient, mira: Person) -> None:
    code = code_for(client, mira, scope="openid profile offline_access User.Read", client_info="1")
    body = redeem(client, code, client_info="1").json()
    assert body["scope"] == "User.Read openid profile"
    info = base64.urlsafe_b64decode(body["client_info"] + "==").decode()
    assert info == f'{{"uid": "{mira.id}", "utid": "{TENANT_ID}"}}'
    assert body["refresh_token"].startswith("1.A")
    assert "nonce" not in jwt.decode(body["id_token"], options={"verify_signature": False})


def test_a_code_lives_ten_minutes(client: TestClient, mira: Person, clock: Clock) -> None:
    code = code_for(client, mira)
    clock.move(seconds=599)
    assert redeem(client, code).status_code == 200
    late = code_for(client, mira)
    clock.move(seconds=600)
    assert aadsts(redeem(client, late)) == 70008


@pytest.mark.parametrize("method", ["S256", "plain", None])
def test_the_verifier_proves_who_asked(client: TestClient, mira: Person, method: str | None) -> None:
    changes = {"code_challenge": CHALLENGE if method == "S256" else VERIFIER}
    changes |= {"code_challenge_method": method} if method else {}
    code = code_for(client, mira, **changes)
    assert aadsts(redeem(client, code)) == 50148
    assert aadsts(redeem(client, code, code_verifier="w" * 43)) == 501481
    assert redeem(client, code, code_verifier=VERIFIER).status_code == 200


def test_a_verifier_that_nothing_asked_for_is_refused(client: TestClient, mira: Person) -> None:
    assert aadsts(redeem(client, code_for(client, mira), code_verifier=VERIFIER)) == 501481


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        pytest.param({"code": "1.Anonsense"}, 400, 70000, id="unknown code"),
        pytest.param({"client_id": NARROW_APP}, 400, 70000, id="code of another app"),
        pytest.param({"redirect_uri": "http://localhost:5001"}, 401, 500112, id="other address"),
        pytest.param({"scope": "Mail.Read"}, 400, 65001, id="not agreed to"),
        pytest.param({"scope": "User.Raed"}, 400, 650053, id="misspelt scope"),
        pytest.param({"client_secret": "s"}, 401, 700025, id="secret of a public client"),
        pytest.param({"claims": "{"}, 400, 9002313, id="claims that are no JSON"),
        pytest.param({"claims": "[]"}, 400, 9002313, id="claims that are no object"),
    ],
)
def test_a_code_is_refused_and_stays_good(
    client: TestClient, mira: Person, changes: dict[str, str], status: int, code: int
) -> None:
    good = code_for(client, mira)
    answer = redeem(client, changes.get("code", good), **{k: v for k, v in changes.items() if k != "code"})
    assert (answer.status_code, aadsts(answer)) == (status, code)
    assert redeem(client, good).status_code == 200


def test_missing_consent_is_named_in_the_suberror(client: TestClient, mira: Person) -> None:
    body = redeem(client, code_for(client, mira), scope="Mail.Read").json()
    assert (body["error"], body["suberror"]) == ("invalid_grant", "consent_required")


def test_a_code_of_someone_disabled_since_is_refused(client: TestClient, mira: Person) -> None:
    code = code_for(client, mira)
    mira.account_enabled = False
    assert aadsts(redeem(client, code)) == 50057


def test_a_code_of_someone_deleted_since_is_refused(client: TestClient, mira: Person, tenant: Tenant) -> None:
    code = code_for(client, mira)
    del tenant.people[mira.id]
    assert aadsts(redeem(client, code)) == 50034


def test_a_confidential_app_proves_itself_when_it_redeems(client: TestClient, mira: Person) -> None:
    code = code_for(client, mira, client_id=SECRET_APP, redirect_uri=WEB_REDIRECT)
    asked = {"client_id": SECRET_APP, "redirect_uri": WEB_REDIRECT}
    refused = redeem(client, code, **asked)
    assert (refused.status_code, refused.json()["error"], aadsts(refused)) == (401, "invalid_client", 7000218)
    assert claims_of(redeem(client, code, client_secret=SECRET, **asked))["appidacr"] == "1"


@pytest.mark.parametrize(
    ("claims", "capabilities"),
    [
        pytest.param('{"access_token":{"xms_cc":{"values":["cp1"]}}}', ["cp1"], id="declared"),
        pytest.param('{"id_token":{}}', None, id="other claims"),
    ],
)
def test_declared_capabilities_reach_the_token(
    client: TestClient, mira: Person, claims: str, capabilities: list[str] | None
) -> None:
    assert claims_of(redeem(client, code_for(client, mira), claims=claims)).get("xms_cc") == capabilities


def test_default_means_what_was_agreed(client: TestClient, mira: Person) -> None:
    first = redeem(client, code_for(client, mira, scope=GRAPH_DEFAULT)).json()
    assert first["scope"] == "https://graph.microsoft.com/User.Read https://graph.microsoft.com/.default"
    redeem(client, code_for(client, mira, scope="Mail.Read Calendars.Read"))
    later = redeem(client, code_for(client, mira, scope=".default"))
    assert later.json()["scope"] == "Calendars.Read Mail.Read User.Read .default"


def test_default_of_a_registration_with_permissions_means_those(client: TestClient, mira: Person) -> None:
    asked = {"client_id": NARROW_APP, "redirect_uri": "http://localhost:1/back"}
    body = redeem(client, code_for(client, mira, scope=".default", **asked), **asked).json()
    assert body["scope"] == "Mail.Read User.Read .default"


def test_permissions_are_known_in_any_case_and_named_properly(client: TestClient, mira: Person) -> None:
    assert redeem(client, code_for(client, mira, scope="user.read")).json()["scope"] == "User.Read"


@pytest.mark.parametrize(
    ("scope", "audience"),
    [
        pytest.param("User.Read", "00000003-0000-0000-c000-000000000000", id="bare"),
        pytest.param("https://graph.microsoft.com/User.Read", "https://graph.microsoft.com", id="address"),
        pytest.param("https://graph.microsoft.com//User.Read", "https://graph.microsoft.com", id="doubled slash"),
    ],
)
def test_the_audience_follows_the_spelling(client: TestClient, mira: Person, scope: str, audience: str) -> None:
    answer = redeem(client, code_for(client, mira, scope=scope))
    assert answer.json()["scope"] == scope
    assert claims_of(answer)["aud"] == audience


# --- refresh_token


@pytest.fixture
def refresh_token(client: TestClient, mira: Person) -> str:
    code = code_for(client, mira, scope="openid offline_access User.Read Mail.Read")
    return str(redeem(client, code).json()["refresh_token"])


def test_a_refresh_rotates_and_leaves_the_old_token_good(client: TestClient, refresh_token: str) -> None:
    first = refresh(client, refresh_token).json()
    assert first["scope"] == "Mail.Read User.Read openid"
    assert first["refresh_token"] != refresh_token
    assert refresh(client, refresh_token).status_code == 200
    assert refresh(client, first["refresh_token"]).status_code == 200


def test_a_refresh_may_ask_for_less_or_in_another_spelling(client: TestClient, refresh_token: str) -> None:
    body = refresh(client, refresh_token, scope="https://graph.microsoft.com/Mail.Read").json()
    assert body["scope"] == "https://graph.microsoft.com/Mail.Read"
    assert "id_token" not in body
    assert refresh(client, body["refresh_token"]).json()["scope"] == "https://graph.microsoft.com/Mail.Read"


def test_a_refresh_may_not_ask_for_more(client: TestClient, refresh_token: str) -> None:
    assert aadsts(refresh(client, refresh_token, scope="Mail.Send")) == 65001


def test_use_keeps_a_refresh_token_alive(client: TestClient, refresh_token: str, clock: Clock) -> None:
    for _ in range(3):
        clock.move(days=89)
        assert refresh(client, refresh_token).status_code == 200
    clock.move(days=90)
    answer = refresh(client, refresh_token)
    assert aadsts(answer) == 700082
    assert (answer.json()["error"], answer.json()["suberror"]) == ("invalid_grant", "bad_token")


@pytest.mark.parametrize(
    ("token", "code"),
    [pytest.param("rubbish", 9002313, id="malformed"), pytest.param("1.Aunknown", 70000, id="unknown")],
)
def test_a_refresh_token_from_elsewhere_is_refused(client: TestClient, token: str, code: int) -> None:
    answer = refresh(client, token)
    assert (answer.json()["error"], aadsts(answer)) == ("invalid_grant", code)


def test_a_refresh_token_of_another_app_is_refused(client: TestClient, refresh_token: str) -> None:
    assert aadsts(refresh(client, refresh_token, client_id=NARROW_APP)) == 70000


def test_a_refresh_token_of_someone_disabled_is_refused(client: TestClient, refresh_token: str, mira: Person) -> None:
    mira.account_enabled = False
    assert aadsts(refresh(client, refresh_token)) == 50057


# --- client_credentials


def test_an_app_with_its_secret_gets_exactly_these_fields(client: TestClient) -> None:
    answer = daemon(client)
    assert set(answer.json()) == {"token_type", "expires_in", "ext_expires_in", "access_token"}
    assert answer.headers["cache-control"] == "no-store, no-cache"


def test_a_basic_header_is_as_good_as_fields(client: TestClient) -> None:
    headers = {"Authorization": f"Basic {BASIC}"}
    answer = daemon(client, client_id="", client_secret="", headers=headers)
    assert claims_of(answer)["appid"] == SECRET_APP


def test_a_broken_basic_header_is_refused(client: TestClient) -> None:
    assert aadsts(daemon(client, headers={"Authorization": "Basic %%%"})) == 9002313


def test_an_app_without_roles_gets_a_token_without_roles(client: TestClient, entra: Entra) -> None:
    entra.register(AppRegistration("no-roles", "No roles", secrets=("s",)))
    assert "roles" not in claims_of(daemon(client, client_id="no-roles", client_secret="s"))


@pytest.mark.parametrize(
    ("changes", "status", "error", "code"),
    [
        pytest.param({"client_secret": "wrong"}, 401, "invalid_client", 7000215, id="wrong secret"),
        pytest.param({"client_secret": "schlüssel"}, 401, "invalid_client", 7000215, id="secret beyond ASCII"),
        pytest.param({"client_secret": ""}, 401, "invalid_client", 7000216, id="no secret"),
        pytest.param({"client_id": DEMO_CLIENT_ID}, 401, "invalid_client", 700025, id="public client"),
        pytest.param({"scope": ""}, 400, "invalid_request", 900144, id="no scope"),
        pytest.param({"scope": "User.Read"}, 400, "invalid_scope", 1002012, id="a permission"),
        pytest.param({"scope": f"{GRAPH_DEFAULT} x/.default"}, 400, "invalid_scope", 70011, id="two resources"),
        pytest.param({"scope": "  "}, 400, "invalid_scope", 70011, id="blank"),
        pytest.param({"scope": "https://vault.example/.default"}, 400, "invalid_resource", 500011, id="elsewhere"),
    ],
)
def test_client_credentials_are_refused(
    client: TestClient, changes: dict[str, str], status: int, error: str, code: int
) -> None:
    answer = daemon(client, **changes)
    assert (answer.status_code, answer.json()["error"], aadsts(answer)) == (status, error, code)


@pytest.mark.parametrize("name", ["common", "organizations"])
def test_client_credentials_need_a_concrete_tenant(client: TestClient, name: str) -> None:
    assert aadsts(daemon(client, f"{LOGIN}/{name}/oauth2/v2.0/token")) == 9001023


def test_the_domain_is_a_concrete_tenant(client: TestClient) -> None:
    assert daemon(client, f"{LOGIN}/lindenhall.example/oauth2/v2.0/token").status_code == 200


# --- client assertions


def x5t(certificate: x509.Certificate) -> str:
    return base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).decode()


def asserted(client: TestClient, clock: Clock, pair: KeyPair, **changes: Any) -> Any:
    header = changes.pop("header", {"x5t#S256": x5t(pair.loaded)})
    algorithm, kind = changes.pop("algorithm", "PS256"), changes.pop("kind", ASSERTION_TYPE)
    claims = {"aud": TOKEN_URL, "iss": CERTIFICATE_APP, "sub": CERTIFICATE_APP, "jti": "1", "exp": clock() + 300}
    claims = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    assertion = jwt.encode(claims, pair.private, algorithm, headers=header)
    form = {"client_secret": "", "client_assertion": assertion, "client_assertion_type": kind}
    return daemon(client, client_id=CERTIFICATE_APP, **form)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_a_certificate_proves_the_app(client: TestClient, clock: Clock, key_pair: KeyPair, algorithm: str) -> None:
    answer = asserted(client, clock, key_pair, algorithm=algorithm)
    assert claims_of(answer)["appidacr"] == "2"


@pytest.mark.parametrize(
    "audience",
    [
        pytest.param(f"{LOGIN}/lindenhall.example/oauth2/v2.0/token", id="by domain"),
        pytest.param(f"{LOGIN}/{TENANT_ID}/v2.0", id="issuer"),
        pytest.param(["other", TOKEN_URL], id="list"),
    ],
)
def test_an_assertion_may_name_the_tenant_in_other_ways(
    client: TestClient, clock: Clock, key_pair: KeyPair, audience: Any
) -> None:
    assert asserted(client, clock, key_pair, aud=audience).status_code == 200


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"aud": "https://evil.example/token"}, 700023, id="other audience"),
        pytest.param({"aud": None}, 700023, id="no audience"),
        pytest.param({"iss": "other", "sub": "other"}, 700021, id="other app"),
        pytest.param({"sub": "other"}, 50048, id="subject is not issuer"),
        pytest.param({"exp": 1}, 700024, id="expired"),
        pytest.param({"exp": float("nan")}, 700024, id="expiry is no number at all"),
        pytest.param({"nbf": 9e9}, 700024, id="not yet valid"),
        pytest.param({"exp": None}, 50027, id="no expiry"),
        pytest.param({"header": {}}, 700027, id="no thumbprint"),
        pytest.param({"header": {"x5t": "AAAA"}}, 700027, id="unknown thumbprint"),
        pytest.param({"algorithm": "RS512"}, 700027, id="other algorithm"),
    ],
)
def test_a_wrong_assertion_is_refused(
    client: TestClient, clock: Clock, key_pair: KeyPair, changes: dict[str, Any], code: int
) -> None:
    answer = asserted(client, clock, key_pair, **changes)
    assert (answer.status_code, answer.json()["error"], aadsts(answer)) == (401, "invalid_client", code)


def test_an_assertion_of_an_unknown_type_is_refused(client: TestClient, clock: Clock, key_pair: KeyPair) -> None:
    assert aadsts(asserted(client, clock, key_pair, kind="urn:saml")) == 90023
    assert aadsts(asserted(client, clock, key_pair, kind="")) == 900144


def test_another_key_cannot_pass_for_the_registered_one(
    client: TestClient, clock: Clock, key_pair: KeyPair, stranger: KeyPair
) -> None:
    answer = asserted(client, clock, stranger, header={"x5t#S256": x5t(key_pair.loaded)})
    assert aadsts(answer) == 700027


def test_an_app_may_have_several_certificates(
    client: TestClient, clock: Clock, key_pair: KeyPair, stranger: KeyPair, entra: Entra
) -> None:
    both = (stranger.certificate, key_pair.certificate)
    entra.register(AppRegistration(CERTIFICATE_APP, "Daemon", certificates=both))
    assert asserted(client, clock, key_pair).status_code == 200
    assert asserted(client, clock, stranger).status_code == 200


def test_a_certificate_without_an_rsa_key_is_of_no_use(
    client: TestClient, clock: Clock, key_pair: KeyPair, entra: Entra
) -> None:
    curve = make_key_pair(ec.generate_private_key(ec.SECP256R1()))
    entra.register(AppRegistration(CERTIFICATE_APP, "Daemon", certificates=(curve.certificate,)))
    assert aadsts(asserted(client, clock, key_pair, header={"x5t#S256": x5t(curve.loaded)})) == 700027


@pytest.mark.parametrize(
    "assertion",
    [
        pytest.param("rubbish", id="no JWT"),
        pytest.param("a.b.c", id="garbage"),
        pytest.param(f"{'W1tb' * 9000}.e30.AA", id="deeply nested"),
    ],
)
def test_an_assertion_that_is_no_jwt_is_refused(client: TestClient, assertion: str) -> None:
    form = {"client_secret": "", "client_assertion": assertion, "client_assertion_type": ASSERTION_TYPE}
    assert aadsts(daemon(client, client_id=CERTIFICATE_APP, **form)) == 50027


def test_secrets_stay_out_of_a_registrations_repr(key_pair: KeyPair) -> None:
    app = AppRegistration("a", "A", secrets=("hush-hush",), certificates=(key_pair.certificate,))
    assert "hush-hush" not in repr(app)
