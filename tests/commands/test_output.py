"""commands/_output.py, _browser.py, _reading.py: where commands write, what they open, what they read."""

from __future__ import annotations

import io
import sys
import webbrowser
from collections.abc import Mapping

import pytest

from commands import opened_in_browser, standard_output, what_can_be_read
from commands._output import as_json, printable, table
from settings import Settings, read_settings
from tests.commands.support import APP

PAGE = "http://localhost:4000/sign-in/abc"


def test_results_go_to_stdout_and_the_rest_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    output = standard_output()
    output.show("the result")
    output.tell("meanwhile")
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("the result\n", "meanwhile\n")


def test_a_console_that_lacks_a_letter_is_no_reason_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="cp1252"))
    standard_output().show("Šárka \u4e2d")
    assert raw.getvalue().strip() == b"\x8a\xe1rka \\u4e2d"


def test_a_table_is_as_wide_as_its_cells() -> None:
    assert table(("a", "long head"), [("longer", "b"), ("", "c")]) == "a       long head\nlonger  b\n        c"


def test_json_keeps_letters_as_they_are() -> None:
    assert as_json({"name": "Šárka"}) == '{\n  "name": "Šárka"\n}'


def test_what_would_steer_a_terminal_is_left_out() -> None:
    assert printable("a\x1b[2J\r\nb\u202e\u2066 \u00e9") == "a[2Jb \u00e9"


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        pytest.param({"DISPLAY": ":0"}, "linux", True, id="a desktop"),
        pytest.param({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True, id="Wayland"),
        pytest.param({"BROWSER": "some-browser"}, "linux", True, id="a browser was named"),
        pytest.param({}, "linux", False, id="no desktop"),
        pytest.param({}, "darwin", True, id="macOS"),
        pytest.param({}, "win32", True, id="Windows"),
    ],
)
def test_a_browser_is_opened_where_there_is_one(environ: dict[str, str], platform: str, *, expected: bool) -> None:
    opened: list[str] = []

    def opener(url: str) -> bool:
        opened.append(url)
        return True

    assert opened_in_browser(PAGE, environ, platform=platform, opener=opener) is expected
    assert opened == [PAGE] * expected


@pytest.mark.parametrize(
    "trouble",
    [pytest.param(webbrowser.Error("none"), id="none"), pytest.param(OSError("gone"), id="it does not start")],
)
def test_a_browser_that_does_not_start_is_no_error(trouble: Exception) -> None:
    def opener(url: str) -> bool:
        raise trouble

    assert not opened_in_browser(PAGE, {}, platform="win32", opener=opener)


def reader(environ: Mapping[str, str]) -> tuple[Settings, tuple[str, ...]]:
    return what_can_be_read(lambda overlay: read_settings({**environ, **overlay}))


def test_settings_that_make_sense_are_read_as_they_are() -> None:
    settings, problems = reader({"ENTRA_CLIENT_ID": APP})
    assert settings.entra_client_id == APP
    assert problems == ()


def test_what_lacks_for_signing_in_leaves_the_rest_readable() -> None:
    settings, problems = reader({"TOOLSETS": "mail", "ENTRA_CLOUD": "usgov"})
    assert settings.toolsets == ("mail",)
    assert settings.cloud.name == "usgov"
    assert len(problems) == 1
    assert problems[0].startswith("ENTRA_CLIENT_ID: missing")


def test_where_nothing_makes_sense_the_defaults_are_left() -> None:
    settings, problems = reader({"ENTRA_TENANT_ID": "no tenant", "LOG_LEVEL": "LOUD"})
    assert settings.way == "off"
    assert settings.log_level == "INFO"
    assert {problem.partition(":")[0] for problem in problems} >= {"ENTRA_TENANT_ID", "LOG_LEVEL"}
