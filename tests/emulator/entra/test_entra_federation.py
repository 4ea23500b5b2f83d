"""Federated credentials: a workload signs in with a token that another issuer, or this Entra, gave it."""

from __future__ import annotations

import json
from typing import Any

import jwt
import msal
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.testclient import TestClient

from emulator.entra import Entra, FederatedCredential
from emulator.tenant import Person
from tests.emulator.entra.api_flows import (
    API_APP,
    API_URI,
    GRAPH_DEFAULT,
    ISSUER,
    api,
    app_only,
    asserted,
    claims_of,
    tokens,
)
from tests.emulator.entra.conftest import KeyPair
from tests.emulator.entra.driver import AUTHORITY, Clock, MsalHttp, aadsts

OUTSIDE = "https://oidc.cluster.example/lindenhall"
SUBJECT = "system:serviceaccount:mail:assistant"
EXCHANGE = "api://AzureADTokenExchange"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_set(*keys: Any) -> dict[str, Any]:
    """A JWK set as an issuer publishes it, its keys named k0, k1 and so on."""
    algorithm = jwt.algorithms.RSAAlgorithm
    shown = [json.loads(algorithm.to_jwk(each.public_key())) for each in keys]
    return {"keys": [{**each, "kid": f"k{number}", "use": "sig"} for number, each in enumerate(shown)]}


@pytest.fixture
def credential(key: rsa.RSAPrivateKey) -> FederatedCredential:
    return FederatedCredential(OUTSIDE, SUBJECT, keys=key_set(key))


@pytest.fixture
def workload(entra: Entra, credential: FederatedCredential) -> None:
    entra.register(api(secrets=(), federated=(credential,)))


@pytest.fixture
def issued(key: rsa.RSAPrivateKey, clock: Clock) -> Any:
    """A token of the outside issuer; what is given as None is left out."""

    def issue(algorithm: str = "RS256", signer: Any = key, **changes: Any) -> str:
        header = changes.pop("header", {"kid": "k0"})
        claims = {"iss": OUTSIDE, "sub": SUBJECT, "aud": [EXCHANGE], "exp": clock() + 300, "iat": clock()}
        kept = {name: value for name, value in {**claims, **changes}.items() if value is not None}
        return jwt.encode(kept, signer, algorithm, headers=header)

    return issue


@pytest.mark.usefixtures("workload")
def test_a_workload_signs_in_without_a_secret(client: TestClient, issued: Any) -> None:
    claims = claims_of(asserted(client, issued()))
    assert (claims["appid"], claims["appidacr"]) == (API_APP, "2")
    assert asserted(client, issued(aud=EXCHANGE)).status_code == 200


@pytest.mark.usefixtures("workload")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"iss": f"{OUTSIDE}/"}, 700211, id="slash after the issuer"),
        pytest.param({"sub": "system:serviceaccount:mail:other"}, 700213, id="other subject"),
        pytest.param({"sub": SUBJECT.upper()}, 7002138, id="subject in another case"),
        pytest.param({"sub": None}, 700213, id="no subject"),
        pytest.param({"jti": 7}, 50027, id="id that is a number"),
        pytest.param({"aud": "api://azureadtokenexchange"}, 700212, id="audience in another case"),
        pytest.param({"aud": None}, 700212, id="no audience"),
        pytest.param({"exp": 1}, 700024, id="expired"),
        pytest.param({"exp": None}, 50027, id="no expiry"),
        pytest.param({"nbf": 9e9}, 700024, id="not yet valid"),
        pytest.param({"algorithm": "PS256"}, 700027, id="other algorithm"),
        pytest.param({"header": {"kid": "k9"}}, 700027, id="unknown key"),
    ],
)
def test_an_assertion_must_match_to_the_letter(
    client: TestClient, issued: Any, changes: dict[str, Any], code: int
) -> None:
    answer = asserted(client, issued(**changes))
    assert (answer.status_code, answer.json()["error"], aadsts(answer)) == (401, "invalid_client", code)


@pytest.mark.usefixtures("workload")
def test_another_key_cannot_pass_for_the_issuers(client: TestClient, issued: Any) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert aadsts(asserted(client, issued(signer=other))) == 700027


@pytest.mark.usefixtures("workload")
def test_an_assertion_that_is_no_jwt_is_refused(client: TestClient) -> None:
    assert aadsts(asserted(client, "rubbish")) == 50027


def test_an_application_without_federated_credentials_has_no_match(
    client: TestClient, entra: Entra, issued: Any
) -> None:
    entra.register(api())
    answer = asserted(client, issued())
    assert (answer.json()["error"], aadsts(answer)) == ("invalid_client", 70021)


def test_the_credential_that_matches_is_used(
    client: TestClient, entra: Entra, key: rsa.RSAPrivateKey, issued: Any
) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    keys = key_set(other, key)
    credentials = (
        FederatedCredential("https://elsewhere.example", SUBJECT, keys=keys),
        FederatedCredential(OUTSIDE, "other", keys=keys),
        FederatedCredential(OUTSIDE, SUBJECT, "urn:other", keys=keys),
        FederatedCredential(OUTSIDE, SUBJECT, keys=keys),
    )
    entra.register(api(federated=credentials))
    assert asserted(client, issued(header={"kid": "k1"})).status_code == 200
    assert asserted(client, issued(header={"kid": "k0"}, signer=other)).status_code == 200
    assert aadsts(asserted(client, issued(header={}))) == 700027, "of two keys, one must be named"


def test_an_issuer_may_be_known_by_its_pem(
    client: TestClient, entra: Entra, key: rsa.RSAPrivateKey, key_pair: KeyPair, issued: Any
) -> None:
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    entra.register(api(federated=(FederatedCredential(OUTSIDE, SUBJECT, keys=public),)))
    assert asserted(client, issued(header={})).status_code == 200
    entra.register(api(federated=(FederatedCredential(OUTSIDE, SUBJECT, keys=key_pair.certificate),)))
    assert asserted(client, issued(signer=key_pair.private)).status_code == 200


@pytest.mark.parametrize("keys", [pytest.param("rubbish", id="no PEM"), pytest.param({"keys": []}, id="empty set")])
def test_keys_that_are_none_are_refused_at_once(keys: Any) -> None:
    with pytest.raises((ValueError, jwt.PyJWKSetError)):
        FederatedCredential(OUTSIDE, SUBJECT, keys=keys)


def test_a_key_that_is_not_rsa_is_of_no_use(client: TestClient, entra: Entra, issued: Any) -> None:
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    public = curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    entra.register(api(federated=(FederatedCredential(OUTSIDE, SUBJECT, keys=public),)))
    assert aadsts(asserted(client, issued())) == 700027


@pytest.mark.usefixtures("workload")
def test_msal_fetches_a_fresh_assertion_each_time(msal_http: MsalHttp, entra: Entra, issued: Any) -> None:
    app = msal.ConfidentialClientApplication(
        API_APP, {"client_assertion": issued}, authority=AUTHORITY, http_client=msal_http
    )
    result = app.acquire_token_for_client([GRAPH_DEFAULT])
    assert entra.caller(f"Bearer {result['access_token']}").app_id == API_APP


# --- this Entra as the issuer


def identity_token(client: TestClient, resource: str = EXCHANGE) -> str:
    query = {"api-version": "2018-02-01", "resource": resource}
    answer = client.get("/metadata/identity/oauth2/token", params=query, headers={"Metadata": "true"})
    return str(answer.json()["access_token"])


def trusting(entra: Entra, subject: str) -> None:
    entra.register(api(federated=(FederatedCredential(ISSUER, subject),)))


def test_a_managed_identity_stands_in_for_a_secret(client: TestClient, entra: Entra) -> None:
    identity = entra.add_managed_identity("assistant")
    trusting(entra, identity.object_id)
    assert claims_of(asserted(client, identity_token(client)))["appid"] == API_APP


def test_another_identity_does_not(client: TestClient, entra: Entra) -> None:
    entra.add_managed_identity("assistant")
    trusting(entra, "somebody else")
    assert aadsts(asserted(client, identity_token(client))) == 700213


def test_the_identitys_token_must_be_for_the_exchange(client: TestClient, entra: Entra) -> None:
    identity = entra.add_managed_identity("assistant")
    trusting(entra, identity.object_id)
    assert aadsts(asserted(client, identity_token(client, API_URI))) == 700212
    assert aadsts(asserted(client, identity_token(client, "https://graph.microsoft.com"))) == 700211


def test_a_persons_token_is_no_credential(client: TestClient, entra: Entra, mira: Person) -> None:
    trusting(entra, mira.id)
    token = tokens(client, mira, f"{API_URI}/mcp.access").json()["access_token"]
    assert aadsts(asserted(client, token)) == 700229


def test_a_forged_token_of_this_entra_is_refused(
    client: TestClient, entra: Entra, key: rsa.RSAPrivateKey, issued: Any
) -> None:
    trusting(entra, SUBJECT)
    assert aadsts(asserted(client, issued(iss=ISSUER))) == 700027


def test_an_identitys_token_is_over_when_its_key_is_withdrawn(client: TestClient, entra: Entra) -> None:
    identity = entra.add_managed_identity("assistant")
    trusting(entra, identity.object_id)
    token = identity_token(client)
    entra.rotate_keys(keep_old=False)
    assert aadsts(asserted(client, token)) == 700027


def test_an_application_may_ask_for_a_token_for_the_exchange(client: TestClient, entra: Entra) -> None:
    entra.register(api())
    assert claims_of(app_only(client, f"{EXCHANGE}/.default"))["iss"] == ISSUER
