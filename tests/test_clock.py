"""A computer whose clock is off by an hour: what the commands and the tools say of it, end to end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from tests import processes
from tests.auth.support import APP, registered
from tests.certificates import key_and_certificate
from tests.microsoft import BuiltCloud, Microsoft, microsoft
from tests.support import small_tenant
from tests.test_real_sign_in import browser, text_of

HOUR = 3_600
MAILBOX = "ines.aldana@lindenhall.example"
KEY, CERTIFICATE = key_and_certificate()


BEHIND = (HOUR, "behind")
AHEAD = (-HOUR, "ahead of")


@pytest.fixture(
    params=[pytest.param(BEHIND, id="an hour behind Microsoft"), pytest.param(AHEAD, id="an hour ahead of Microsoft")]
)
def off(request: pytest.FixtureRequest) -> tuple[int, str]:
    """How far the cloud's clock is ahead, and what this computer's is to be called."""
    seconds, way = request.param
    return seconds, way


@pytest.fixture
def hosts(off: tuple[int, str], tmp_path: Path) -> Iterator[Microsoft]:
    cloud = BuiltCloud(small_tenant(), clock=lambda: time.time() + off[0])
    registered(cloud, certificates=(CERTIFICATE,), application_roles=frozenset({"Mail.Read"}))
    with microsoft(cloud, tmp_path) as hosts:
        yield hosts


@pytest.fixture
def environ(hosts: Microsoft, tmp_path: Path) -> dict[str, str]:
    proof = {"ENTRA_CLIENT_CERTIFICATE": KEY + CERTIFICATE, "GRAPH_MAILBOX": MAILBOX}
    known = {"ENTRA_CLIENT_ID": APP, "ENTRA_TENANT_ID": small_tenant().id, "HOME": str(tmp_path)}
    return {**hosts.environ, **known, **proof}


def checks(done: str) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in json.loads(done)["checks"]}


def test_an_answer_has_one_date_which_is_the_clouds(hosts: Microsoft, off: tuple[int, str]) -> None:
    with browser(hosts) as http:
        answers = [
            http.get("https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration"),
            http.get("https://graph.microsoft.com/v1.0/me"),
        ]
    for answer in answers:
        (date,) = answer.headers.get_list("date")
        assert abs(parsedate_to_datetime(date).timestamp() - time.time() - off[0]) < HOUR / 2


def test_the_doctor_says_how_far_the_clock_is_off_and_what_to_do(environ: dict[str, str], off: tuple[int, str]) -> None:
    done = processes.run("doctor", "--json", extra=environ)
    found = checks(done.stdout)
    assert done.returncode == 1
    assert found["clock"]["status"] == "fail"
    assert "60 minutes" in found["clock"]["says"], found["clock"]
    assert f"{off[1]} the sign-in service's" in found["clock"]["says"]
    assert "time server" in found["clock"]["remedy"]


@pytest.mark.parametrize("off", [pytest.param(BEHIND, id="an hour behind Microsoft")], indirect=True)
def test_the_doctor_tells_of_the_certificate_that_it_is_not_valid_at_this_time(environ: dict[str, str]) -> None:
    found = checks(processes.run("doctor", "--json", extra=environ).stdout)
    assert found["sign-in"]["status"] == "fail"
    assert "AADSTS700024" in json.dumps(found["sign-in"])
    assert "clock of this computer" in json.dumps(found["sign-in"])


@pytest.mark.parametrize("off", [pytest.param(BEHIND, id="an hour behind Microsoft")], indirect=True)
def test_a_tool_tells_to_set_the_clock(environ: dict[str, str]) -> None:
    with processes.stdio(extra=environ) as server:
        server.initialize()
        told = text_of(server.call(1, "account_whoami"))
        server.close()
    assert "AADSTS700024" in told
    assert "Set the clock of this computer" in told


@pytest.mark.parametrize("off", [pytest.param(AHEAD, id="an hour ahead of Microsoft")], indirect=True)
def test_a_clock_that_is_ahead_keeps_no_certificate_out(environ: dict[str, str]) -> None:
    # What MSAL signs says when it ends, and not when it starts: ahead of time nobody can tell.
    with processes.stdio(extra=environ) as server:
        server.initialize()
        told = text_of(server.call(1, "account_whoami"))
        server.close()
    assert "the app Nightly report" in told
