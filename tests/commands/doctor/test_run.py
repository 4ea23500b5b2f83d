"""commands/doctor: one line for each check, none hides another, and no secret is in any of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from commands.doctor import doctor
from commands.doctor._run import CHECKS, WITH_SIGN_IN
from commands.doctor._verdict import Seen, Status, Surroundings, Verdict, ok
from errors import StorageError
from tests.auth.support import SECRET, public_cloud
from tests.commands.doctor.support import answering, surroundings, verdicts
from tests.commands.support import Paper


async def report(about: Surroundings, *, with_sign_in: bool = True) -> tuple[int, dict[str, Any]]:
    paper = Paper()
    status = await doctor(about, paper.output, json_wanted=True, with_sign_in=with_sign_in)
    assert paper.told == []
    found: dict[str, Any] = json.loads(paper.shown[0])
    return status, found


async def test_where_all_is_well_every_check_says_so(tmp_path: Path) -> None:
    about = surroundings(environ={"ENTRA_TOKEN_CACHE_PATH": str(tmp_path / "cache.json")})
    status, found = await report(about)
    assert status == 0
    assert [check["id"] for check in found["checks"]] == [*CHECKS, *WITH_SIGN_IN]
    assert {check["status"] for check in found["checks"]} <= {"ok", "warn", "skipped"}
    assert [check["id"] for check in found["checks"] if check["status"] == "warn"] == ["sign-in"]
    assert found["status"] == "warn"
    assert all(check.keys() == {"id", "status", "says", "remedy"} for check in found["checks"])
    assert all(bool(check["remedy"]) == (check["status"] in ("warn", "fail")) for check in found["checks"])


async def test_people_read_one_line_each_and_below_it_what_to_change(tmp_path: Path) -> None:
    paper = Paper()
    about = surroundings(
        environ={"ENTRA_TOKEN_CACHE_PATH": str(tmp_path / "cache.json")}, problems=("A: wrong.", "B: missing.")
    )
    assert await doctor(about, paper.output) == 1
    lines = paper.shown[0].splitlines()
    assert lines[0].split()[:2] == ["fail", "settings"]
    assert lines[1:3] == ["      -> A: wrong.", "      -> B: missing."]
    assert lines[-1] == "1 to change, 0 to look at."
    assert lines[-2] == ""
    assert any(line.split()[:2] == ["-", "http-port"] for line in lines)
    assert len(lines) == len(CHECKS | WITH_SIGN_IN) + 4, "one line each, two remedies, and the sum"


@pytest.mark.parametrize(
    ("said", "last"),
    [
        pytest.param(Verdict(Status.OK, "fine"), "All is well.", id="ok"),
        pytest.param(Verdict(Status.WARN, "hm", "look"), "Works; 1 to look at.", id="a warning"),
        pytest.param(Verdict(Status.FAIL, "no", "change"), "1 to change, 0 to look at.", id="a failure"),
    ],
)
async def test_the_last_line_sums_up(said: Verdict, last: str) -> None:
    async def only(about: Surroundings, seen: Seen) -> Verdict:
        return said

    paper = Paper()
    status = await doctor(surroundings(), paper.output, with_sign_in=False, checks={"only": only})
    assert status == (said.status is Status.FAIL)
    assert paper.shown[0].splitlines()[-1] == last


async def test_the_sign_in_is_left_out_where_that_is_wanted() -> None:
    async def never() -> str:
        raise AssertionError("nobody may ask for a token")

    _, found = await report(surroundings(token=never), with_sign_in=False)
    assert WITH_SIGN_IN.keys().isdisjoint({check["id"] for check in found["checks"]})


async def test_a_check_that_breaks_hides_no_other(caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: object) -> object:
        raise KeyError("secret-canary-77")

    found = await verdicts(surroundings(trusted=broken, read_cache=broken))
    assert found["certificates"].status is Status.FAIL
    assert found["certificates"].says == "could not be checked (KeyError)"
    assert found["token-cache"].status is Status.FAIL
    assert "canary" not in str(found)
    assert found["discovery"].status is Status.OK
    assert "a check could not be carried out" in caplog.text


async def test_an_error_of_ours_is_the_remedy() -> None:
    def sealed(_: object) -> object:
        raise StorageError("The token cache is encrypted. Set TOKEN_CACHE_ENCRYPTION.")

    found = await verdicts(surroundings(read_cache=sealed))
    assert found["token-cache"] == Verdict(
        Status.FAIL, "does not work", "The token cache is encrypted. Set TOKEN_CACHE_ENCRYPTION."
    )


async def test_a_check_that_hangs_is_ended_and_the_rest_is_checked() -> None:
    async def for_ever(host: str) -> list[str]:
        await anyio.sleep_forever()
        return []

    found = await verdicts(surroundings(resolve=for_ever, seconds=0.05))
    assert found["dns-login"].says == "no answer within 0.05 seconds"
    assert found["login-service"].status is Status.SKIPPED, "it would wait for the same name again"
    assert found["python"].status is Status.OK


async def test_no_secret_is_in_any_output() -> None:
    token = "eyJhbGciOiJub25lIn0.eyJhdWQiOiJjYW5hcnkifQ.signature"

    async def telling(about: Surroundings, seen: Seen) -> Verdict:
        seen.token = token
        return Verdict(Status.FAIL, f"{SECRET} {token}", f"{token[:30]} and {SECRET}")

    about = surroundings(environ={"ENTRA_CLIENT_SECRET": SECRET})
    paper = Paper()
    await doctor(about, paper.output, with_sign_in=False, checks={"telling": telling})
    assert SECRET not in paper.shown[0]
    assert "eyJ" not in paper.shown[0]


async def test_wrong_settings_are_told_and_the_rest_is_checked_as_far_as_that_goes() -> None:
    about = surroundings(environ={"ENTRA_ENABLE_AUTH": "false"}, problems=("ENTRA_CLIENT_ID: missing.",))
    found = await verdicts(about)
    assert found["settings"].says.startswith("one is wrong or missing")
    assert found["settings"].remedy == "ENTRA_CLIENT_ID: missing."
    assert found["discovery"].status is Status.OK
    assert found["graph-service"].status is Status.OK
    assert found["sign-in"].says == found["token-cache"].says == "correct the settings first"


async def test_the_demo_touches_no_network() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise AssertionError("the demo asks nobody")

    async def unresolved(host: str) -> list[str]:
        raise AssertionError("the demo resolves nothing")

    about = surroundings(environ={"DEMO": "true"}, transport=answering(refuse), resolve=unresolved)
    found = await verdicts(about)
    assert {found[name].status for name in ("proxy", "dns-login", "login-service", "graph-service", "sign-in")} == {
        Status.SKIPPED
    }


async def test_sign_in_that_is_switched_off_is_no_fault() -> None:
    found = await verdicts(surroundings(environ={"ENTRA_ENABLE_AUTH": "false"}))
    assert found["settings"] == ok("complete: sign-in is switched off")
    assert found["sign-in"].says == "sign-in is switched off"
    assert found["credential"].status is Status.SKIPPED


async def test_it_never_starts_a_sign_in() -> None:
    cloud = public_cloud()
    found = await verdicts(surroundings(cloud))
    assert found["sign-in"].remedy == "Run: python server.py login"
    assert cloud.app.state.entra.journal.count() == 0
