"""_server_commands.py: what commands make of settings that lack something, or are wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from _server_commands import run
from commands import parse
from errors import SettingsError
from settings import ROWS
from tests.commands.support import APP, TENANT


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for row in ROWS:
        monkeypatch.delenv(row.name, raising=False)


def test_tools_are_shown_before_there_is_a_registration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(parse(["tools", "--toolsets", "mail", "--all"]), tmp_path) == 0
    printed = capsys.readouterr()
    assert re.search(r"^mail +mail_list_messages +read +\d+ +Mail", printed.out, re.MULTILINE)
    assert re.search(r"^account_whoami +\S", printed.out, re.MULTILINE), "left out, with the reason"
    assert not printed.err


def test_without_sign_in_only_what_needs_none_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENTRA_ENABLE_AUTH", "false")
    assert run(parse(["tools", "--json", "--toolsets", "account,mail"]), tmp_path) == 0
    assert "Mail.Read" not in json.loads(capsys.readouterr().out)["total"]["scopes"]


@pytest.mark.parametrize(
    "words",
    [pytest.param(["tools"], id="tools"), pytest.param(["permissions"], id="permissions")],
)
def test_a_toolset_that_does_not_exist_is_named(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(parse([*words, "--toolsets", "mial"]), tmp_path) == 2
    printed = capsys.readouterr()
    assert not printed.out
    assert "'mial' is not a toolset. Did you mean mail?" in printed.err


def test_tools_of_settings_that_are_wrong_are_not_guessed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLSETS", ",")
    assert run(parse(["tools", "--access", "reed"]), tmp_path) == 2
    printed = capsys.readouterr()
    assert not printed.out
    assert "ACCESS: 'reed' is not one of" in printed.err
    assert "TOOLSETS: names no toolset" in printed.err
    assert "ENTRA_CLIENT_ID" not in printed.err


def test_permissions_are_those_of_a_person_and_of_an_app(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(parse(["permissions", "--json", "--toolsets", "account,mail"]), tmp_path) == 0
    found = json.loads(capsys.readouterr().out)
    listed = {name for each in found["toolsets"] for name in each["tools"]}
    assert {"account_login", "mail_list_messages"} <= listed
    assert "Mail.Read" in [each["name"] for each in found["application"]]


def test_a_command_that_needs_the_sign_in_refuses_to_do_without(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ENTRA_CLIENT_ID"):
        run(parse(["accounts"]), tmp_path)


@pytest.fixture
def unfinished(monkeypatch: pytest.MonkeyPatch) -> None:
    """The HTTP service, before its registration is done."""
    given = {"TRANSPORT": "http", "HTTP_AUTH": "entra", "ENTRA_CLIENT_ID": APP, "ENTRA_TENANT_ID": TENANT}
    for name, text in given.items():
        monkeypatch.setenv(name, text)


@pytest.mark.usefixtures("unfinished")
def test_the_tools_of_callers_over_http_are_shown_before_they_can_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(parse(["tools", "--json", "--toolsets", "account,mail", "--all"]), tmp_path) == 0
    found = json.loads(capsys.readouterr().out)
    reasons = {each["name"]: each["reason"] for each in found["left_out"]}
    for name in ("account_login", "account_logout", "account_select"):
        assert reasons[name] == "nobody signs in here, since the server works with tokens that it is given"
    assert "mail_list_messages" in [each["name"] for each in found["tools"]]


@pytest.mark.usefixtures("unfinished")
def test_permissions_of_callers_over_http_are_shown_with_the_link_before_they_can_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(parse(["permissions", "--toolsets", "mail"]), tmp_path) == 0
    shown = capsys.readouterr().out
    assert "The API's registration needs these delegated permissions: " in shown
    assert f"client_id={APP}" in shown


@pytest.mark.usefixtures("unfinished")
def test_a_transport_that_is_none_is_told_though_sign_in_lacks_something(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRANSPORT", "htp")
    assert run(parse(["tools", "--toolsets", "mail"]), tmp_path) == 2
    assert "TRANSPORT: 'htp' is not one of" in capsys.readouterr().err


@pytest.mark.usefixtures("unfinished")
@pytest.mark.parametrize("command", ["login", "accounts", "logout"])
def test_where_callers_bring_tokens_nobody_signs_in_or_out(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://mcp.lindenhall.example")
    monkeypatch.setenv("ENTRA_CLIENT_SECRET", "a-secret-of-the-test")
    assert run(parse([command]), tmp_path) == 2
    printed = capsys.readouterr()
    assert not printed.out
    assert "HTTP_AUTH=entra" in printed.err
