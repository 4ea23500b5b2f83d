"""auth/demo.py: the code flow by real MSAL, whose page is confirmed in this process."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import pytest

from auth._flow import SignInRequest
from auth.demo import DemoFlow
from emulator import sign_in_at
from errors import SignInError
from network import sync_client
from tests.auth.flows import SCOPES, Cloud


class Confirm:
    """A person who accepts at once, and remembers the link."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.links: list[str] = []
        self.threads: list[int] = []

    def __call__(self, link: str) -> Mapping[str, str]:
        self.links.append(link)
        self.threads.append(threading.get_ident())
        with sync_client(self.cloud.wire) as browser:
            return sign_in_at(browser, link, self.cloud.ines)

    @property
    def asked(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.links[0]).query)


async def test_the_demo_person_is_signed_in_without_being_asked() -> None:
    cloud = Cloud()
    confirm = Confirm(cloud)
    attempt = await DemoFlow(confirm).begin(await cloud.application(), SignInRequest(SCOPES))
    assert attempt.invitation is None
    assert confirm.links == [], "nothing happens before somebody waits for it"
    result = await attempt.result()
    assert result["access_token"]
    assert result["id_token_claims"]["preferred_username"] == cloud.ines.user_principal_name
    assert threading.get_ident() not in confirm.threads


async def test_the_page_is_asked_for_with_pkce_and_comes_back_as_a_form() -> None:
    cloud = Cloud()
    confirm = Confirm(cloud)
    await (await DemoFlow(confirm).begin(await cloud.application(), SignInRequest(SCOPES))).result()
    assert confirm.asked["code_challenge_method"] == ["S256"]
    assert confirm.asked["response_mode"] == ["form_post"]
    assert not {"prompt", "login_hint"} & confirm.asked.keys()
    assert cloud.wire.forms[0]["code_verifier"]


async def test_hint_choice_and_claims_reach_the_page() -> None:
    cloud = Cloud()
    confirm = Confirm(cloud)
    claims = '{"access_token": {"acrs": {"essential": true, "value": "c1"}}}'
    request = SignInRequest(SCOPES, claims=claims, hint="ines.aldana@lindenhall.example", choose=True)
    await (await DemoFlow(confirm).begin(await cloud.application(), request)).result()
    assert confirm.asked["prompt"] == ["select_account"]
    assert confirm.asked["login_hint"] == ["ines.aldana@lindenhall.example"]
    assert '"acrs"' in confirm.asked["claims"][0]


async def test_a_page_that_declines_gives_entras_answer() -> None:
    cloud = Cloud()

    def decline(link: str) -> Mapping[str, str]:
        return {"error": "access_denied", "state": parse_qs(urlsplit(link).query)["state"][0]}

    result = await (await DemoFlow(decline).begin(await cloud.application(), SignInRequest(SCOPES))).result()
    assert result["error"] == "access_denied"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"state": "another", "code": "x"}, id="the answer to another question"),
    ],
)
async def test_a_page_that_answers_nonsense_is_an_error(answer: Mapping[str, str]) -> None:
    cloud = Cloud()
    attempt = await DemoFlow(lambda _: answer).begin(await cloud.application(), SignInRequest(SCOPES))
    with pytest.raises(SignInError):
        await attempt.result()
