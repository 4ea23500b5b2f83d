"""The tokens themselves: what they say, who can verify them, and which of them Graph accepts."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from emulator.entra import DEMO_CLIENT_ID, Entra, TokenRefused
from emulator.tenant import Person, Tenant
from tests.emulator.entra.driver import AUTHORITY, LOGIN, SECRET, SECRET_APP, TENANT_ID, Browser, Clock, location

UNVERIFIED: Any = {"verify_signature": False}
ALL = "openid profile email offline_access User.Read Mail.Read"


def sign_in(client: TestClient, person: Person, scope: str = ALL, **more: str) -> dict[str, Any]:
    browser = Browser(client)
    query = f"client_id={DEMO_CLIENT_ID}&response_type=code&redirect_uri=http://localhost:5000&nonce=n-1&scope={scope}"
    page = browser.open(f"{AUTHORITY}/oauth2/v2.0/authorize?{query}")
    code = location(browser.submit(page, person=person.id, decision="accept"))["code"]
    form = {"grant_type": "authorization_code", "client_id": DEMO_CLIENT_ID, "code": code, **more}
    return dict(client.post(f"{AUTHORITY}/oauth2/v2.0/token", data=form).json())


def app_token(client: TestClient, scope: str = "https://graph.microsoft.com/.default") -> str:
    form = {"grant_type": "client_credentials", "client_id": SECRET_APP, "client_secret": SECRET, "scope": scope}
    return str(client.post(f"{AUTHORITY}/oauth2/v2.0/token", data=form).json()["access_token"])


def public_key(client: TestClient, token: str) -> jwt.PyJWK:
    keys = jwt.PyJWKSet.from_dict(client.get("/common/discovery/v2.0/keys").json())
    return keys[jwt.get_unverified_header(token)["kid"]]


def test_an_id_token_verifies_with_the_published_keys(client: TestClient, mira: Person) -> None:
    token = sign_in(client, mira)["id_token"]
    issuer = f"{LOGIN}/{TENANT_ID}/v2.0"
    claims = jwt.decode(token, public_key(client, token), ["RS256"], audience=DEMO_CLIENT_ID, issuer=issuer)
    assert claims["ver"] == "2.0"
    assert (claims["oid"], claims["tid"], claims["nonce"]) == (mira.id, TENANT_ID, "n-1")
    assert (claims["name"], claims["preferred_username"]) == (mira.display_name, mira.user_principal_name)
    assert claims["email"] == mira.user_principal_name
    assert {"rh", "uti"} <= set(claims)


def test_an_id_token_holds_only_what_was_asked(client: TestClient, mira: Person) -> None:
    claims = jwt.decode(sign_in(client, mira, "openid")["id_token"], options=UNVERIFIED)
    assert not {"name", "preferred_username", "email"} & set(claims)


def test_a_graph_token_is_of_version_one_and_says_who_may_do_what(client: TestClient, mira: Person) -> None:
    token = sign_in(client, mira)["access_token"]
    claims = jwt.decode(token, options=UNVERIFIED)
    expected = {
        "iss": f"https://sts.windows.net/{TENANT_ID}/",
        "ver": "1.0",
        "aud": "00000003-0000-0000-c000-000000000000",
        "appid": DEMO_CLIENT_ID,
        "appidacr": "0",
        "oid": mira.id,
        "tid": TENANT_ID,
        "upn": mira.user_principal_name,
        "unique_name": mira.user_principal_name,
        "name": mira.display_name,
        "given_name": "Mira",
        "family_name": "Sandoval",
        "scp": "email Mail.Read openid profile User.Read",
        "idtyp": "user",
        "amr": ["pwd"],
        "acr": "1",
    }
    assert expected.items() <= claims.items()
    assert {"sub", "uti", "aio", "rh", "wids"} <= set(claims)
    assert claims["exp"] - claims["iat"] in range(3600, 5401)
    assert claims["nbf"] == claims["iat"]


def test_an_app_token_names_roles_and_no_person(client: TestClient) -> None:
    claims = jwt.decode(app_token(client), options=UNVERIFIED)
    assert claims["roles"] == ["Mail.Read", "User.Read.All"]
    assert claims["idtyp"] == "app"
    assert claims["oid"] == claims["sub"]
    assert claims["appidacr"] == "1"
    assert claims["aud"] == "https://graph.microsoft.com"
    assert not {"scp", "upn", "name"} & set(claims)


def test_the_subject_differs_between_people_and_stays_for_one(client: TestClient, mira: Person, tobias: Person) -> None:
    def subject(person: Person) -> str:
        return str(jwt.decode(sign_in(client, person)["id_token"], options=UNVERIFIED)["sub"])

    assert subject(mira) == subject(mira) != subject(tobias)


def test_a_person_without_surname_has_none_in_the_token(client: TestClient, tenant: Tenant) -> None:
    person = tenant.add_person("Madonna")
    claims = jwt.decode(sign_in(client, person)["access_token"], options=UNVERIFIED)
    assert claims["given_name"] == "Madonna"
    assert "family_name" not in claims


def test_third_parties_cannot_verify_a_graph_token(client: TestClient, mira: Person, entra: Entra) -> None:
    token = sign_in(client, mira)["access_token"]
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, public_key(client, token), ["RS256"], options={"verify_aud": False})
    assert entra.caller(f"Bearer {token}").user_id == mira.id


def test_the_signature_of_a_graph_token_covers_the_hash_of_its_nonce(client: TestClient, mira: Person) -> None:
    token = sign_in(client, mira)["access_token"]
    head, _, rest = token.partition(".")
    header = json.loads(base64.urlsafe_b64decode(head + "=="))
    header["nonce"] = hashlib.sha256(header["nonce"].encode()).hexdigest()
    signed = base64.urlsafe_b64encode(json.dumps(header, separators=(",", ":")).encode()).decode().rstrip("=")
    jwt.decode(f"{signed}.{rest}", public_key(client, token), ["RS256"], options={"verify_aud": False})


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        pytest.param(None, "Access token is empty.", id="no header"),
        pytest.param("", "Access token is empty.", id="empty header"),
        pytest.param("Bearer", "Access token is empty.", id="no token"),
        pytest.param("Bearer   ", "Access token is empty.", id="blank token"),
        pytest.param("Basic YTpi", "Access token is empty.", id="other scheme"),
        pytest.param("Bearer abc", "IDX14100: JWT is not well formed, there are no dots (.).", id="no JWT"),
        pytest.param("Bearer a.b.c", "Signature is invalid.", id="garbage"),
        pytest.param("Bearer ..", "Signature is invalid.", id="empty parts"),
        pytest.param("Bearer W10.e30.AA", "Signature is invalid.", id="header is a list"),
        pytest.param("Bearer eyJhbGciOiJub25lIn0.e30.", "Signature is invalid.", id="alg none"),
        pytest.param(f"Bearer {'W1tb' * 9000}.e30.AA", "Signature is invalid.", id="deeply nested header"),
    ],
)
def test_graph_says_what_is_wrong_with_a_token(entra: Entra, authorization: str | None, message: str) -> None:
    with pytest.raises(TokenRefused) as refused:
        entra.caller(authorization)
    assert str(refused.value) == message


def test_the_scheme_may_be_written_in_any_case(client: TestClient, entra: Entra) -> None:
    assert entra.caller(f"bearer {app_token(client)}").app_id == SECRET_APP


def test_an_id_token_is_not_for_graph(client: TestClient, mira: Person, entra: Entra) -> None:
    with pytest.raises(TokenRefused, match=r"^Access token validation failure. Invalid audience.$"):
        entra.caller(f"Bearer {sign_in(client, mira)['id_token']}")


def test_an_expired_token_is_refused(client: TestClient, mira: Person, entra: Entra, clock: Clock) -> None:
    answer = sign_in(client, mira)
    clock.move(seconds=answer["expires_in"] - 1)
    entra.caller(f"Bearer {answer['access_token']}")
    clock.move(seconds=1)
    with pytest.raises(TokenRefused, match=r"^Lifetime validation failed, the token is expired.$"):
        entra.caller(f"Bearer {answer['access_token']}")


def test_a_token_from_the_future_is_refused(client: TestClient, entra: Entra, clock: Clock) -> None:
    token = app_token(client)
    clock.move(seconds=-60)
    with pytest.raises(TokenRefused, match=r"^Lifetime validation failed, the token is not yet valid.$"):
        entra.caller(f"Bearer {token}")


def test_a_token_of_another_entra_is_refused(client: TestClient, tenant: Tenant, clock: Clock) -> None:
    other = Entra(tenant, clock=clock)
    with pytest.raises(TokenRefused, match=r"^Signature is invalid.$"):
        other.caller(f"Bearer {app_token(client)}")


def test_changed_claims_are_refused(client: TestClient, entra: Entra) -> None:
    head, body, signature = app_token(client).split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "==")) | {"roles": ["Directory.ReadWrite.All"]}
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    with pytest.raises(TokenRefused, match=r"^Signature is invalid.$"):
        entra.caller(f"Bearer {head}.{forged}.{signature}")


def test_a_rewritten_header_is_refused(client: TestClient, entra: Entra) -> None:
    head, rest = app_token(client).split(".", 1)
    header = json.loads(base64.urlsafe_b64decode(head + "=="))
    spaced = base64.urlsafe_b64encode(json.dumps(header, indent=1).encode()).decode().rstrip("=")
    with pytest.raises(TokenRefused, match=r"^Signature is invalid.$"):
        entra.caller(f"Bearer {spaced}.{rest}")


@given(token=st.text(st.characters(codec="utf-8"), max_size=80))
def test_no_text_at_all_breaks_the_reader(token: str) -> None:
    with pytest.raises(TokenRefused):
        Entra(Tenant()).caller(f"Bearer .{token}")
