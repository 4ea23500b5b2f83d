"""auth/msal_log.py: MSAL's records at DEBUG hold no code, no answer and nobody's name."""

from __future__ import annotations

import logging

import anyio.to_thread
import pytest

from auth.msal_log import keep_answers_out
from tests.auth.aadsts_scene import SCOPES, Scene


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> None:
    """What LOG_LEVEL=DEBUG turns on; httpx stays quiet there, too."""
    caplog.set_level(logging.WARNING, "httpx")
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "msal")  # last: it is the last call that decides what is captured


async def test_a_sign_in_leaves_neither_code_nor_account_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene()

    def sign_in() -> list[str]:
        application = scene.public()
        flow, answer = scene.answered(application)
        result = application.acquire_token_by_auth_code_flow(flow, answer)
        return [answer["code"], flow["code_verifier"], result["client_info"], result["refresh_token"], flow["state"]]

    secrets = await anyio.to_thread.run_sync(sign_in)
    assert "event= (left out)" in caplog.text
    for secret in secrets:
        assert secret not in caplog.text
        assert secret[:30] not in caplog.text


async def test_a_device_code_is_not_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene()

    def sign_in() -> str:
        application = scene.public()
        flow = application.initiate_device_flow(SCOPES)
        choice = {"user_code": flow["user_code"], "person": scene.ines.id, "decision": "accept"}
        scene.browser.post("https://microsoft.com/devicelogin", data=choice)
        assert "access_token" in scene.polled(application, flow)
        return str(flow["device_code"])

    device_code = await anyio.to_thread.run_sync(sign_in)
    assert device_code not in caplog.text


async def test_a_refusal_leaves_nobodys_name_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene()

    def refused() -> str:
        application = scene.public()
        scene.signed_in(application)
        scene.entra.require_assignment(application.client_id, [scene.jonas])
        return str(scene.refreshed(application)["error_description"])

    description = await anyio.to_thread.run_sync(refused)
    assert scene.ines.user_principal_name in description
    assert "Refresh failed (left out)" in caplog.text
    assert scene.ines.user_principal_name not in caplog.text
    assert "AADSTS" not in caplog.text


def test_other_records_of_msal_stay_as_they_are(caplog: pytest.LogCaptureFixture) -> None:
    keep_answers_out()
    logging.getLogger("msal.application").debug("Broker enabled? %s", False)
    logging.getLogger("msal.token_cache").warning("a file is %s", "odd")
    assert caplog.messages == ["Broker enabled? False", "a file is odd"]


def test_it_is_set_up_once_however_often_it_is_asked_for() -> None:
    keep_answers_out()
    before = list(logging.getLogger("msal.token_cache").filters)
    keep_answers_out()
    assert logging.getLogger("msal.token_cache").filters == before


def test_an_answer_that_is_no_json_is_left_out_at_any_level(caplog: pytest.LogCaptureFixture) -> None:
    keep_answers_out()
    logging.getLogger("msal.oauth2cli.oauth2").error("Token response is not in json format: %s", '{"access_token": "x')
    assert caplog.messages == ["Token response is not in json format (left out)"]
