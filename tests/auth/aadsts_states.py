"""The state of Entra that each error of the table comes from, and what MSAL does to meet it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator import DEMO_CLIENT_ID, FederatedCredential
from emulator.entra.policies import Policy
from tests.auth.aadsts_scene import (
    APP,
    CERTIFICATE,
    CI,
    DEFAULT,
    OTHER_TENANT,
    PRIVATE_KEY,
    SCOPES,
    SECRET,
    Result,
    Scene,
)
from tests.certificates import key_and_certificate

State = Callable[[Scene], Result]

REACHED: dict[int, State] = {}

OUT_OF_REACH = {
    50011: "Entra shows it to the person on a page, and MSAL never hears of it.",
    500200: "Entra shows it to the person on a page, where another account can be chosen.",
    650057: "The emulated Entra lets an app ask for what its registration does not list, where people may consent.",
    9002327: "The emulated Entra knows no platforms of redirect URIs.",
}


def reaches(code: int) -> Callable[[State], State]:
    def note(state: State) -> State:
        assert code not in REACHED
        REACHED[code] = state
        return state

    return note


def after_sign_in(code: int, change: Callable[[Scene], object]) -> None:
    """A state that a person's account or tenant comes into after they signed in, met by the next refresh."""

    def state(scene: Scene) -> Result:
        application = scene.public()
        scene.signed_in(application)
        change(scene)
        return scene.refreshed(application)

    REACHED[code] = state


def policy(**details: Any) -> Callable[[Scene], object]:
    return lambda scene: scene.entra.policies.add(Policy(**details))


def state_of_ines(**fields: object) -> Callable[[Scene], object]:
    def change(scene: Scene) -> None:
        for name, value in fields.items():
            setattr(scene.entra.state(scene.ines), name, value)

    return change


def both(*changes: Callable[[Scene], object]) -> Callable[[Scene], object]:
    return lambda scene: [change(scene) for change in changes]


def disabled(scene: Scene) -> None:
    scene.ines.account_enabled = False


after_sign_in(50057, disabled)
after_sign_in(50034, lambda scene: scene.entra.remove_person(scene.ines))
after_sign_in(50053, state_of_ines(locked=True))
after_sign_in(50055, state_of_ines(password_expired=True))
after_sign_in(50014, state_of_ines(invitation_pending=True))
after_sign_in(50131, state_of_ines(suspicious=True))
after_sign_in(50105, lambda scene: scene.entra.require_assignment(DEMO_CLIENT_ID, [scene.jonas]))
after_sign_in(50173, lambda scene: scene.entra.revoke_sessions(scene.ines))
after_sign_in(700082, lambda scene: scene.clock.move(days=90))
after_sign_in(50076, policy(grant="mfa"))
after_sign_in(50079, both(state_of_ines(second_factor=False), policy(grant="mfa")))
after_sign_in(50097, both(state_of_ines(device="unknown"), policy(grant="compliant_device")))
after_sign_in(50142, policy(grant="password_change"))
after_sign_in(50158, policy(grant="terms"))
after_sign_in(53000, policy(grant="compliant_device"))
after_sign_in(53001, policy(grant="domain_joined"))
after_sign_in(53002, policy(grant="approved_app"))
after_sign_in(53003, policy(grant="block"))
after_sign_in(70043, both(policy(sign_in_frequency=3600), lambda scene: scene.clock.move(seconds=3601)))
after_sign_in(50196, lambda scene: scene.entra.weather.throttle(None, code=50196))
after_sign_in(90055, lambda scene: scene.entra.weather.throttle(None))
after_sign_in(90033, lambda scene: scene.entra.weather.outage(body="json"))


@reaches(50078)
def second_factor_of_long_ago(scene: Scene) -> Result:
    scene.entra.policies.add(Policy(grant="mfa", sign_in_frequency=3600))
    application = scene.public()
    scene.signed_in(application)
    scene.clock.move(seconds=3601)
    return scene.refreshed(application)


@reaches(16000)
def somebody_else_in_the_browser(scene: Scene) -> Result:
    application = scene.public()
    scene.signed_in(application)
    flow = scene.begun(application, prompt="none", login_hint=scene.jonas.user_principal_name)
    return dict(application.acquire_token_by_auth_code_flow(flow, dict(scene.shown(flow["auth_uri"]))))


@reaches(50058)
def nobody_in_the_browser(scene: Scene) -> Result:
    application = scene.public()
    flow = scene.begun(application, prompt="none")
    return dict(application.acquire_token_by_auth_code_flow(flow, dict(scene.shown(flow["auth_uri"]))))


@reaches(50020)
def account_of_another_organisation(scene: Scene) -> Result:
    outsider = scene.entra.add_outsider("Omar Reyes", "omar.reyes@fabrikam.example", OTHER_TENANT)
    kept = scene.signed_in(scene.public(tenant="organizations"), outsider)["refresh_token"]
    return dict(scene.public().acquire_token_by_refresh_token(kept, SCOPES))


def work_scope_of_a_personal_account(scene: Scene) -> Result:
    scene.context = type(scene.context)(tenant="common")
    scene.register(allow_public_client=True, accounts="all")
    person = scene.entra.add_personal("Paula Ruiz", "paula.ruiz@outlook.example")
    application = scene.public(APP, "common")
    flow, answer = scene.answered(application, person, ["Chat.Read"])
    return dict(application.acquire_token_by_auth_code_flow(flow, answer))


# What was kept, or handed over.


@reaches(70000)
def refresh_token_of_another_app(scene: Scene) -> Result:
    scene.register(allow_public_client=True)
    kept = scene.signed_in(scene.public(APP))["refresh_token"]
    return dict(scene.public().acquire_token_by_refresh_token(kept, SCOPES))


@reaches(70008)
def sign_in_that_took_too_long(scene: Scene) -> Result:
    application = scene.public()
    flow, answer = scene.answered(application)
    scene.clock.move(seconds=601)
    return dict(application.acquire_token_by_auth_code_flow(flow, answer))


@reaches(54005)
def code_that_was_used(scene: Scene) -> Result:
    application = scene.public()
    flow, answer = scene.answered(application)
    assert "access_token" in application.acquire_token_by_auth_code_flow(flow, answer)
    return dict(application.acquire_token_by_auth_code_flow(flow, answer))


@reaches(70016)
def device_code_nobody_used(scene: Scene) -> Result:
    application = scene.public()
    return scene.polled(application, application.initiate_device_flow(SCOPES))


@reaches(70020)
def device_code_that_expired(scene: Scene) -> Result:
    application = scene.public()
    flow = application.initiate_device_flow(SCOPES)
    scene.clock.move(seconds=901)
    return scene.polled(application, flow)


@reaches(70018)
def device_code_of_last_week(scene: Scene) -> Result:
    application = scene.public()
    flow = application.initiate_device_flow(SCOPES)
    scene.clock.move(days=7)
    application.initiate_device_flow(SCOPES)  # Entra tidies up when it makes the next
    return scene.polled(application, flow)


# Consent and scopes.


@reaches(65001)
def permission_nobody_agreed_to(scene: Scene) -> Result:
    application = scene.public()
    scene.signed_in(application)
    return scene.refreshed(application, ["Mail.Read"])


@reaches(65004)
def declined_device_code(scene: Scene) -> Result:
    application = scene.public()
    flow = application.initiate_device_flow(SCOPES)
    page = "https://microsoft.com/devicelogin"
    scene.browser.post(page, data={"user_code": flow["user_code"], "decision": "cancel"})
    return scene.polled(application, flow)


@reaches(90094)
def permission_for_administrators(scene: Scene) -> Result:
    scene.entra.user_consent = "nobody"
    return dict(scene.public().initiate_device_flow(SCOPES))


@reaches(90095)
def permission_to_request(scene: Scene) -> Result:
    scene.entra.user_consent = "request"
    application = scene.public()
    flow = scene.begun(application)
    return dict(application.acquire_token_by_auth_code_flow(flow, dict(scene.shown(flow["auth_uri"]))))


def refused_device_code(scopes: list[str]) -> State:
    return lambda scene: dict(scene.public().initiate_device_flow(scopes))


REACHED[70011] = refused_device_code(["https://graph.microsoft.com/.default", "Mail.Read"])
REACHED[650053] = refused_device_code(["Mail.Reed"])
REACHED[500011] = refused_device_code(["https://nowhere.example/Things.Read"])


@reaches(28000)
def permissions_of_two_services(scene: Scene) -> Result:
    scene.register(identifier_uris=("api://nightly",), exposed_scopes=("Reports.Read",))
    application = scene.public()
    scene.signed_in(application)
    return scene.refreshed(application, ["User.Read", "api://nightly/Reports.Read"])


@reaches(1002012)
def single_permission_for_an_app(scene: Scene) -> Result:
    scene.register(secrets=(SECRET,))
    return scene.for_itself(scopes=["https://graph.microsoft.com/Mail.Read"])


@reaches(9010010)
def resource_of_another_app(scene: Scene) -> Result:
    kept = scene.signed_in(scene.public())["refresh_token"]
    return dict(
        scene.public().acquire_token_by_refresh_token(kept, SCOPES, data={"resource": "https://mcp.example/mcp"})
    )


# The app registration.


@reaches(90002)
def tenant_that_does_not_exist(scene: Scene) -> Result:
    scene.public(tenant="nowhere.example")
    raise AssertionError("the tenant was found")


@reaches(900382)
def tenant_of_another_cloud(scene: Scene) -> Result:
    scene.move_to("usgov")
    scene.register(secrets=(SECRET,))
    return scene.for_itself()


@reaches(700016)
def app_that_does_not_exist(scene: Scene) -> Result:
    return dict(scene.public(APP).initiate_device_flow(SCOPES))


@reaches(7000112)
def app_that_is_disabled(scene: Scene) -> Result:
    scene.register(secrets=(SECRET,), is_disabled=True)
    return scene.for_itself()


@reaches(50194)
def app_of_one_tenant_at_a_shared_address(scene: Scene) -> Result:
    scene.register(allow_public_client=True, accounts="tenant")
    return dict(scene.public(APP, "organizations").initiate_device_flow(SCOPES))


@reaches(9002332)
def app_for_work_at_the_address_of_personal_accounts(scene: Scene) -> Result:
    return dict(scene.public(tenant="consumers").initiate_device_flow(SCOPES))


@reaches(9002346)
def app_for_personal_accounts_at_a_tenant(scene: Scene) -> Result:
    scene.register(allow_public_client=True, accounts="personal")
    return dict(scene.public(APP).initiate_device_flow(SCOPES))


@reaches(7000218)
def app_without_public_sign_in(scene: Scene) -> Result:
    scene.register(secrets=(SECRET,))
    application = scene.public(APP)
    return scene.polled(application, application.initiate_device_flow(SCOPES))


@reaches(9001023)
def app_as_itself_at_a_shared_address(scene: Scene) -> Result:
    scene.register(secrets=(SECRET,), accounts="all")
    return scene.for_itself(tenant="consumers")  # of the other two MSAL warns, and goes on all the same


# The app's credential.


def with_app(code: int, credential: Any = SECRET, **details: Any) -> None:
    """An app that is registered like this and signs in as itself with a credential that does not fit."""

    def state(scene: Scene) -> Result:
        scene.register(**details)
        return scene.for_itself(credential(scene) if callable(credential) else credential)

    REACHED[code] = state


def trusted(**details: Any) -> tuple[FederatedCredential, ...]:
    known = {"issuer": CI, "subject": "repo:main", "keys": CERTIFICATE}
    return (FederatedCredential(**{**known, **details}),)


def signed(pair: tuple[str, str]) -> dict[str, str]:
    return {"private_key": pair[0], "public_certificate": pair[1]}


with_app(7000215, "5b1c7d7c-0a3f-4a52-9f36-0d6a6f3c1c55", secrets=(SECRET,))
with_app(7000222, secrets=("the next one",), expired_secrets=(SECRET,))
with_app(7000216, None, secrets=(SECRET,))
with_app(700025, allow_public_client=True)
with_app(700027, signed(key_and_certificate()), certificates=(CERTIFICATE,))
with_app(70021, Scene.federated, secrets=(SECRET,))
with_app(700211, Scene.federated, federated=trusted(issuer="https://other.example"))
with_app(700212, lambda scene: scene.federated(aud="api://other"), federated=trusted())
with_app(700213, Scene.federated, federated=trusted(subject="repo:release"))
with_app(7002138, Scene.federated, federated=trusted(subject="Repo:Main"))


@reaches(700024)
def clock_an_hour_late(scene: Scene) -> Result:
    scene.register(certificates=(CERTIFICATE,))
    scene.clock.move(seconds=3600)
    return scene.for_itself(signed((PRIVATE_KEY, CERTIFICATE)))


def stale_federated_token(scene: Scene) -> Result:
    scene.register(federated=trusted())
    past = int(scene.clock()) - 7200
    return scene.for_itself(scene.federated(nbf=past, exp=past + 600))


@reaches(700229)
def token_of_a_person_as_a_credential(scene: Scene) -> Result:
    issuer = f"https://login.microsoftonline.com/{scene.tenant.id}/v2.0"
    scene.register(federated=(FederatedCredential(issuer=issuer, subject=scene.ines.id),), **AN_API)
    token = scene.signed_in(scene.public(), scopes=["api://nightly/Reports.Read"])["access_token"]
    return scene.for_itself(scene.presented(token))


# On behalf of a person.

AN_API: dict[str, Any] = {"identifier_uris": ("api://nightly",), "exposed_scopes": ("Reports.Read",)}


def called_with_a_token(scene: Scene, meanwhile: Callable[[], object] = lambda: None, **details: Any) -> Result:
    """A client calls our app with a person's token, and our app asks Entra for one of its own."""
    scene.register(secrets=(SECRET,), **{**AN_API, **details})
    token = scene.signed_in(scene.public(), scopes=["api://nightly/Reports.Read"])["access_token"]
    meanwhile()
    return dict(scene.confidential().acquire_token_on_behalf_of(token, DEFAULT))


@reaches(50013)
def token_of_a_key_that_was_withdrawn(scene: Scene) -> Result:
    return called_with_a_token(scene, lambda: scene.entra.rotate_keys(keep_old=False))


@reaches(500133)
def token_that_expired(scene: Scene) -> Result:
    return called_with_a_token(scene, lambda: scene.clock.move(days=2))


@reaches(500131)
def token_for_another_app(scene: Scene) -> Result:
    scene.register("7a2d4c1b-5e6f-4a3b-9c8d-1e0f2a3b4c5d", **AN_API)
    token = scene.signed_in(scene.public(), scopes=["api://nightly/Reports.Read"])["access_token"]
    scene.register(secrets=(SECRET,))
    return dict(scene.confidential().acquire_token_on_behalf_of(token, DEFAULT))


@reaches(7000114)
def token_of_an_app(scene: Scene) -> Result:
    scene.register(secrets=(SECRET,), **AN_API)
    token = scene.for_itself(scopes=[f"{APP}/.default"])["access_token"]
    return dict(scene.confidential().acquire_token_on_behalf_of(token, DEFAULT))
