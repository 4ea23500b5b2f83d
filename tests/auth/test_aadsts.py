"""auth/aadsts.py: each error of the table, brought about in the emulated Entra and met through real MSAL."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

from auth.aadsts import GROUPS, SAME_AS, TABLE, Context, asks_person, code_in, refusal
from emulator import DEMO_CLIENT_ID
from errors import AppRefused, ConsentNeeded, SignInError, SignInRefused, SignInUnavailable
from scripts.sign_in_errors_docs import errors_page, write
from tests.auth import aadsts_states as states
from tests.auth.aadsts_scene import CANARIES, TENANT_ID, Scene

ROOT = Path(__file__).resolve().parents[2]
PERSONS_HELP = {
    *(16000, 50055, 50058, 50076, 50078, 50079, 50097, 50142, 50158, 50173, 53000, 53001, 54005, 65001, 65004),
    *(70000, 70008, 70016, 70018, 70020, 70043, 700082, 50013, 500133),
}
GRAPH_WIDE = ("Mail.Read", "User.Read")


def told(arrange: Callable[[Scene], dict[str, Any]], scene: Scene) -> tuple[SignInError, dict[str, Any]]:
    """What the person reads, and the answer that it was made of (none where our HTTP client saw it first)."""
    try:
        result = arrange(scene)
    except SignInError as error:
        return error, {}
    assert "access_token" not in result, "Entra was meant to refuse this"
    return refusal(result, scene.context, clock=scene.our_clock), result


@pytest.mark.parametrize(
    ("code", "arrange"), [pytest.param(code, state, id=str(code)) for code, state in sorted(states.REACHED.items())]
)
async def test_an_error_of_entra_is_typed_and_says_what_to_do(
    code: int, arrange: Callable[[Scene], dict[str, Any]]
) -> None:
    scene = Scene()
    error, result = await anyio.to_thread.run_sync(told, arrange, scene)
    text, expected = str(error), TABLE[code]
    assert (type(error), error.code) == (expected.kind, code), result.get("error_description", text)
    assert text.startswith(expected.what)
    assert f"{expected.who} {expected.then}" in text
    assert re.search(rf" \(AADSTS{code}\) \[correlation id [0-9a-f-]{{36}}\]$", text)
    for canary in (*CANARIES, *scene.secrets):
        assert canary not in text
    if result:
        assert result["error_description"].partition("\r")[0] not in text
        assert asks_person(result) == (code in PERSONS_HELP)


def test_every_error_of_the_table_is_reached_or_says_why_not() -> None:
    assert set(states.REACHED) | set(states.OUT_OF_REACH) == set(TABLE)
    assert not set(states.REACHED) & set(states.OUT_OF_REACH)
    assert len(states.OUT_OF_REACH) <= 5
    assert all(len(reason) > 20 for reason in states.OUT_OF_REACH.values())
    assert len(TABLE) >= 40


def test_every_entry_is_in_one_group_and_reads_as_sentences() -> None:
    assert sum(map(len, GROUPS.values())) == len(TABLE)
    for entry in TABLE.values():
        for text in (entry.what, entry.then):
            assert text[0].isupper()
            assert text.endswith(".")


@pytest.mark.parametrize("code", [pytest.param(code, id=str(code)) for code in SAME_AS])
def test_a_finer_number_is_told_as_the_one_it_means(code: int) -> None:
    error = refusal({"error": "invalid_grant", "error_codes": [code]})
    assert code not in TABLE
    assert str(error).startswith(TABLE[SAME_AS[code]].what)
    assert (type(error), error.code) == (TABLE[SAME_AS[code]].kind, code)
    assert f"(AADSTS{code})" in str(error)


# What stands in the text besides the table's sentences.


async def test_consent_comes_with_the_link_for_an_administrator() -> None:
    scene = Scene()
    error, _ = await anyio.to_thread.run_sync(told, states.REACHED[90094], scene)
    assert isinstance(error, ConsentNeeded)
    assert f"https://login.microsoftonline.com/{TENANT_ID}/v2.0/adminconsent?client_id={DEMO_CLIENT_ID}" in str(error)
    assert "scope=Mail.Read%20User.Read" in str(error)
    assert "redirect_uri=http%3A%2F%2Flocalhost" in str(error)


@pytest.mark.parametrize(
    ("context", "says"),
    [
        pytest.param(
            Context(tenant="common", client_id="c", scopes=GRAPH_WIDE), "/organizations/v2.0/adminconsent", id="shared"
        ),
        pytest.param(
            Context("https://login.microsoftonline.us", "t", "c", GRAPH_WIDE),
            "https://login.microsoftonline.us/t/v2.0/adminconsent",
            id="another cloud",
        ),
        pytest.param(
            Context(tenant="t", client_id="c", scopes=GRAPH_WIDE, mode="application"),
            "/t/adminconsent?client_id=c&redirect_uri=http%3A%2F%2Flocalhost ",
            id="an app of its own",
        ),
        pytest.param(Context(tenant="t", client_id="c"), "/t/adminconsent?client_id=c ", id="no scopes known"),
    ],
)
def test_the_link_fits_the_way_of_signing_in(context: Context, says: str) -> None:
    assert says in str(refusal({"error": "invalid_grant", "error_codes": [65001]}, context))


@pytest.mark.parametrize(
    "context",
    [
        pytest.param(Context(tenant="consumers", client_id="c"), id="personal accounts have no administrator"),
        pytest.param(Context(), id="no app known"),
    ],
)
def test_there_is_no_link_where_nobody_could_use_it(context: Context) -> None:
    assert "adminconsent" not in str(refusal({"error_codes": [65001]}, context))


@pytest.mark.parametrize("code", [70011, 650053, 65001])
@pytest.mark.parametrize(
    ("tenant", "is_told"),
    [
        pytest.param("common", True, id="any account"),
        pytest.param("consumers", True, id="personal accounts"),
        pytest.param("organizations", False, id="work accounts"),
        pytest.param(TENANT_ID, False, id="one tenant"),
    ],
)
def test_a_personal_account_is_told_what_it_cannot_have(code: int, tenant: str, is_told: bool) -> None:
    text = str(refusal({"error_codes": [code]}, Context(tenant=tenant)))
    assert ("permissions of work accounts" in text) == is_told


async def test_a_personal_account_that_asks_for_work_permissions_hears_it() -> None:
    scene = Scene()
    error, _ = await anyio.to_thread.run_sync(told, states.work_scope_of_a_personal_account, scene)
    assert error.code == 70011
    assert "do not exist there" in str(error)


@pytest.mark.parametrize(
    ("ours", "says"),
    [
        pytest.param(3600, "about 60 minutes ahead of Entra's", id="an hour ahead"),
        pytest.param(-660, "about 11 minutes behind Entra's", id="eleven minutes behind"),
        pytest.param(-70, "about 1 minute behind", id="a minute"),
        pytest.param(-7 * 3600, "about 7 hours behind", id="hours"),
        pytest.param(400 * 86_400, "about 400 days ahead", id="days"),
        pytest.param(5, "may be off", id="hardly at all"),
    ],
)
def test_a_clock_that_is_off_is_told_by_how_much(ours: float, says: str) -> None:
    now = 1_790_000_000.0
    result = {"error": "invalid_client", "error_codes": [700024], "timestamp": "2026-09-21 14:13:20Z"}
    assert says in str(refusal(result, clock=lambda: now + ours))


def test_a_clock_that_entra_does_not_tell_may_be_off() -> None:
    assert "may be off" in str(refusal({"error_codes": [700024], "timestamp": "yesterday"}))


async def test_a_clock_an_hour_late_is_told_through_msal() -> None:
    error, _ = await anyio.to_thread.run_sync(told, states.REACHED[700024], Scene())
    assert "The clock of this computer is about 60 minutes behind Entra's." in str(error)


async def test_a_federated_token_that_is_too_old_is_not_the_clocks_fault_alone() -> None:
    error, _ = await anyio.to_thread.run_sync(told, states.stale_federated_token, Scene())
    assert error.code == 700024
    assert "or the federated token was too old" in str(error)


def test_a_secret_id_is_named_as_the_usual_mistake() -> None:
    assert "what looks like a GUID is the id" in str(refusal({"error_codes": [7000215]}))


# What Entra sends that the table does not know, or that nobody sends.


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        pytest.param("temporarily_unavailable", SignInUnavailable, "Try again in a moment", id="passing"),
        pytest.param("server_error", SignInUnavailable, "cannot answer now", id="a failure there"),
        pytest.param("access_denied", SignInError, "was cancelled", id="cancelled"),
        pytest.param("authorization_declined", SignInError, "was cancelled", id="a code declined"),
        pytest.param("invalid_client", AppRefused, "(invalid_client)", id="the app"),
        pytest.param("invalid_target", AppRefused, "docs/app-registration.md", id="the resource"),
        pytest.param("interaction_required", SignInError, "Sign in again.", id="a person is wanted"),
        pytest.param("nobody_knows", SignInError, "Entra turned the sign-in down", id="unknown"),
        pytest.param("", SignInError, "no token came", id="no error at all"),
    ],
)
def test_an_error_without_a_number_is_told_by_its_name(name: str, kind: type[SignInError], says: str) -> None:
    error = refusal({"error": name, "error_description": "Maria typed hunter2"})
    assert type(error) is kind
    assert says in str(error)
    assert "Maria" not in str(error)
    assert error.code == 0


def test_an_unknown_number_is_still_given() -> None:
    error = refusal({"error": "invalid_grant", "error_codes": [5_999_999], "correlation_id": "c-1"})
    assert str(error).endswith("(AADSTS5999999) [correlation id c-1]")
    assert error.code == 5_999_999


def test_what_comes_through_the_browser_is_read_from_its_description() -> None:
    correlation = "0f1e2d3c-4b5a-4678-9abc-def012345678"
    description = f"AADSTS53003: Blocked.\r\nTrace ID: x\r\nCorrelation ID: {correlation}\r\nTimestamp: y"
    error = refusal({"error": "access_denied", "error_description": description})
    assert (type(error), error.code) == (SignInRefused, 53003)
    assert str(error).endswith(f"(AADSTS53003) [correlation id {correlation}]")


@pytest.mark.parametrize(
    "result",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"error": ["invalid_grant"]}, id="a list for a name"),
        pytest.param({"error": "invalid_grant", "error_codes": 50057}, id="no list of codes"),
        pytest.param({"error": "x", "error_codes": ["<b>", None, {}]}, id="codes that are no numbers"),
        pytest.param({"error": "x", "correlation_id": "a\nb <script>"}, id="an id with markup"),
        pytest.param({"error": "x", "error_description": "see AADSTS50057 for more"}, id="a number further on"),
        pytest.param({"error": "x", "error_description": {"a": 1}, "timestamp": 5}, id="odd types"),
    ],
)
def test_an_answer_of_odd_shape_is_told_without_repeating_it(result: dict[str, Any]) -> None:
    text = str(refusal(result))
    assert code_in(result) == 0
    assert "AADSTS" not in text
    assert "<" not in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("result", "helps"),
    [
        pytest.param({"error": "invalid_grant"}, True, id="a dead grant"),
        pytest.param({"error": "login_required"}, True, id="nobody there"),
        pytest.param({"error": "interaction_required", "suberror": "basic_action"}, True, id="something to do"),
        pytest.param({"error": "interaction_required", "suberror": "message_only"}, False, id="something to read"),
        pytest.param({"error": "invalid_grant", "error_codes": [50057]}, False, id="a disabled account"),
        pytest.param({"error": "invalid_grant", "error_codes": [50105]}, False, id="not assigned"),
        pytest.param({"error": "consent_required", "error_codes": [90094]}, False, id="an administrator's consent"),
        pytest.param({"error": "interaction_required", "error_codes": [53003]}, False, id="blocked"),
        pytest.param({"error": "interaction_required", "error_codes": [530032]}, False, id="blocked, a finer number"),
        pytest.param({"error": "invalid_client"}, False, id="the app"),
        pytest.param({"error": "temporarily_unavailable"}, False, id="passing"),
        pytest.param({}, False, id="nothing"),
    ],
)
def test_a_person_is_asked_only_where_that_can_help(result: dict[str, Any], helps: bool) -> None:
    assert asks_person(result) == helps


@pytest.mark.parametrize(
    ("result", "passes"),
    [
        pytest.param({"error": "temporarily_unavailable"}, True, id="by name"),
        pytest.param({"error": "invalid_grant", "error_codes": [90033]}, True, id="by number"),
        pytest.param({"error": "server_error", "error_codes": [700016]}, False, id="the number knows better"),
        pytest.param({"error": "invalid_grant"}, False, id="a dead grant"),
    ],
)
def test_what_passes_by_itself_is_known(result: dict[str, Any], passes: bool) -> None:
    assert isinstance(refusal(result), SignInUnavailable) == passes


def test_how_long_to_wait_is_kept() -> None:
    error = refusal({"error_codes": [90055]}, retry_after=17)
    assert isinstance(error, SignInUnavailable)
    assert error.retry_after == 17
    assert "Try again in 17 seconds." in str(error)


# What is written from the table.


def test_the_page_of_sign_in_errors_is_up_to_date(tmp_path: Path) -> None:
    write(tmp_path)
    written = (ROOT / "docs" / "sign-in-errors.md").read_bytes()
    assert written == (tmp_path / "docs" / "sign-in-errors.md").read_bytes(), (
        "run: python scripts/sign_in_errors_docs.py"
    )


def test_the_page_has_every_error_with_who_can_change_it() -> None:
    page = errors_page()
    for code, entry in TABLE.items():
        assert f"| {code} | {entry.what} | " in page
        assert f" | {entry.then} |" in page
    for code, known in SAME_AS.items():
        assert f"| {code} | {known} |" in page
