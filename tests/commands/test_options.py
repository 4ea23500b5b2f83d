"""The command line: what it lays over the environment, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands._options import CommandLine, parse
from commands._own import COMMANDS, OWN_OPTIONS, CommandOptions
from settings import GROUPS, ROWS, VERSION, Row, read_settings

CANARY = "cAnArY-secret"


def refusal(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    with pytest.raises(SystemExit) as caught:
        parse(argv)
    assert caught.value.code == 2
    printed = capsys.readouterr()
    assert not printed.out, "stdout belongs to the protocol"
    return printed.err


@pytest.fixture
def help_text(capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as caught:
        parse(["--help"])
    assert caught.value.code == 0
    return capsys.readouterr().out


def test_no_words_mean_serve_with_the_environment_as_it_is() -> None:
    assert parse([]) == parse(["serve"]) == CommandLine("serve", {}, None)


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        pytest.param(["login", "--device"], CommandLine("login", {"ENTRA_SIGN_IN": "device"}, None), id="device"),
        pytest.param(["--browser", "login"], CommandLine("login", {"ENTRA_SIGN_IN": "browser"}, None), id="browser"),
        pytest.param(
            ["--tenant-id", "login", "login", "--account", "logout"],
            CommandLine("login", {"ENTRA_TENANT_ID": "login"}, None, CommandOptions(account="logout")),
            id="a value that reads like a command",
        ),
        pytest.param(["logout", "--all"], CommandLine("logout", {}, None, CommandOptions(everyone=True)), id="all"),
        pytest.param(
            ["accounts", "--json", "--env-file", "x"],
            CommandLine("accounts", {}, Path("x"), CommandOptions(as_json=True)),
            id="JSON",
        ),
        pytest.param(
            ["permissions", "--admin-consent-url", "--toolsets", "mail"],
            CommandLine("permissions", {"TOOLSETS": "mail"}, None, CommandOptions(admin_consent_url=True)),
            id="link",
        ),
        pytest.param(
            ["tools", "--json", "--all", "--read-only", "--tools", "mail_search", "--answer-bytes=2000"],
            CommandLine(
                "tools",
                {"READ_ONLY": "true", "TOOLS": "mail_search", "ANSWER_BYTES": "2000"},
                None,
                CommandOptions(as_json=True, everything=True),
            ),
            id="tools",
        ),
        pytest.param(
            ["doctor", "--no-sign-in"], CommandLine("doctor", {}, None, CommandOptions(no_sign_in=True)), id="doctor"
        ),
        pytest.param(
            ["emulator", "--tls", "--host", "::1", "--port=4000", "--ca-file", "ca.pem"],
            CommandLine("emulator", {}, None, CommandOptions(tls=True, host="::1", port=4000, ca_file=Path("ca.pem"))),
            id="emulator",
        ),
        pytest.param(
            ["keys", "create", "--name", " reports ", "--mailbox", "A@x.example", "--mailbox", "b@x.example"],
            CommandLine(
                "keys create", {}, None, CommandOptions(name="reports", mailboxes=("a@x.example", "b@x.example"))
            ),
            id="a command of two words",
        ),
        pytest.param(
            ["--site", "keys", "keys", "--name", "n", "create", "--no-expiry", "--access=full", "--rate", "5/HOUR"],
            CommandLine(
                "keys create", {}, None, CommandOptions(name="n", days=0, access="full", rate="5/hour", sites=("keys",))
            ),
            id="options before and between the words",
        ),
        pytest.param(
            ["keys", "create", "--name", "n", "--toolsets", "Mail, calendar", "--days", "7", "--calls", "4"],
            CommandLine(
                "keys create", {}, None, CommandOptions(name="n", toolsets=("mail", "calendar"), days=7, calls=4)
            ),
            id="limits of a key",
        ),
        pytest.param(
            ["keys", "list", "--json", "--keys-file", "k.json", "--state-dir", "s", "--env-file", "e"],
            CommandLine(
                "keys list", {"HTTP_KEYS_FILE": "k.json", "STATE_DIR": "s"}, Path("e"), CommandOptions(as_json=True)
            ),
            id="where keys are kept",
        ),
        pytest.param(
            ["keys", "revoke", "--env-file", "e", "reports"],
            CommandLine("keys revoke", {}, Path("e"), CommandOptions(key="reports")),
            id="a word that is no option",
        ),
    ],
)
def test_a_command_takes_options_of_its_own(argv: list[str], expected: CommandLine) -> None:
    assert parse(argv) == expected


@pytest.mark.parametrize("command", [pytest.param(name, id=name) for name in COMMANDS])
def test_every_command_has_its_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse([command, "--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 100
    assert [own.name for own in OWN_OPTIONS if command in own.commands and own.name not in text] == []
    assert ("ENTRA_CLIENT_ID" in text) == COMMANDS[command].has_settings
    for example in COMMANDS[command].examples:
        assert parse(example.partition("  ")[0].split()).command == command


def test_help_names_every_command(help_text: str) -> None:
    assert [name for name in COMMANDS if f"\n  {name} " not in help_text] == []


def test_only_options_that_were_given_are_laid_over_the_environment() -> None:
    found = parse(["serve", "--transport", "http", "--port=8080", "--demo", "--env-file", "some.env"])
    assert found.overlay == {"TRANSPORT": "http", "HTTP_PORT": "8080", "DEMO": "true"}
    assert found.env_file == Path("some.env")


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in ROWS if row.about.option])
def test_every_option_writes_its_environment_variable(row: Row) -> None:
    argv, text = ([row.about.option], "true") if row.flag else ([row.about.option, "some"], "some")
    assert parse(argv).overlay == {row.name: text}


def test_an_option_wins_over_the_environment() -> None:
    environ = {"DEMO": "1", "HTTP_PORT": "1"}
    assert read_settings({**environ, **parse(["--port", "2"]).overlay}).http_port == 2


def test_help_names_every_option_with_its_variable_in_a_group(help_text: str) -> None:
    for row in ROWS:
        if row.about.option:
            assert row.about.option in help_text
            assert f"[{row.name}" in help_text
    assert [title for title in GROUPS if f"\n{title}:\n" in help_text] == list(GROUPS)


def test_help_fits_100_columns_and_has_two_examples(help_text: str) -> None:
    assert max(map(len, help_text.splitlines())) <= 100
    assert help_text.count("\n  python server.py ") == 2


def test_no_option_takes_a_secret(help_text: str) -> None:
    assert not [row.name for row in ROWS if row.about.secret and row.about.option]
    assert "--client-secret" not in help_text


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"Graphward {VERSION}\n"


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        pytest.param(["--transprot", "http"], "--transprot is not an option. Did you mean --transport?", id="a slip"),
        pytest.param(["--tenant", "x"], "Did you mean --tenant-id?", id="no abbreviations"),
        pytest.param(["--xyzzy"], "--xyzzy is not an option. See --help.", id="nothing like it"),
        pytest.param(["-x" + CANARY], "-x is not an option. See --help.", id="a short option"),
        pytest.param(
            ["--client-secret", CANARY],
            "a secret is never an option. Set ENTRA_CLIENT_SECRET or ENTRA_CLIENT_SECRET_FILE.",
            id="a secret",
        ),
        pytest.param([f"--client-secret={CANARY}"], "a secret is never an option.", id="a secret after ="),
        pytest.param([f"--client-secrt={CANARY}"], "--client-secrt is not an option.", id="a misspelt secret"),
        pytest.param(["--host", " "], "needs a value that is not empty", id="an empty value"),
        pytest.param(["--env-file="], "needs a value that is not empty", id="an empty path"),
        pytest.param(["--port"], "expected one argument", id="no value"),
        pytest.param(["sevre"], "'sevre' is not a command. Did you mean serve?", id="a misspelt command"),
        pytest.param([CANARY], "there is no such command. There are: serve, login,", id="no such command"),
        pytest.param(["serve", CANARY], "a word too many after serve.", id="a word too many"),
        pytest.param(["--demo", "login", CANARY], "a word too many after login.", id="a word too many after options"),
        pytest.param(["--"], "-- is not an option.", id="two dashes"),
        pytest.param(
            ["--json"],
            "--json is not an option of serve, but of accounts, permissions, tools, doctor, keys list.",
            id="another's",
        ),
        pytest.param(["emulator", "--demo"], "--demo is not an option of emulator, but of serve,", id="no settings"),
        pytest.param(["login", "--device", "--browser"], "not allowed with argument", id="two ways to sign in"),
        pytest.param(["logout", "--all", "--account", "x"], "not allowed with argument", id="all and one"),
        pytest.param(["permissions", "--json", "--admin-consent-url"], "not allowed with argument", id="two forms"),
        pytest.param(["login", "--account="], "needs a value that is not empty", id="nobody"),
        pytest.param(["emulator", "--port", "70000"], "needs a whole number from 0 to 65535", id="no port"),
        pytest.param(["keys"], "keys needs another word after it: keys create, keys list, keys revoke.", id="half"),
        pytest.param(["keys", CANARY], "keys needs another word after it", id="another second word"),
        pytest.param(["keys", "create"], "the following arguments are required: --name", id="a key without a name"),
        pytest.param(["keys", "create", "--name", "\n"], "needs 1 to 64 letters", id="a name that says nothing"),
        pytest.param(["keys", "create", "--name", "a\u202eb"], "letters that all can be seen", id="an unseen letter"),
        pytest.param(
            ["keys", "create", "--name", "n", "--access", "ask"], "nobody is behind a key", id="nobody to ask"
        ),
        pytest.param(["keys", "create", "--name", "n", "--access", CANARY], "needs read or full", id="no level"),
        pytest.param(["keys", "create", "--name", "n", "--days", "0"], "--no-expiry has no end", id="no days"),
        pytest.param(["keys", "create", "--name", "n", "--days", "9" * 5000], "from 1 to 3650", id="endless days"),
        pytest.param(["keys", "create", "--name", "n", "--calls", "x"], "from 1 to 1000", id="no number of calls"),
        pytest.param(["keys", "create", "--name", "n", "--rate", "9/day"], "Write a number and a time", id="no rate"),
        pytest.param(["keys", "create", "--name", "n", "--toolsets", ","], "needs names, by commas", id="no toolset"),
        pytest.param(
            ["keys", "create", "--name", "n", "--mailbox", " "], "letters that all can be seen", id="no mailbox"
        ),
        pytest.param(
            ["keys", "create", "--name", "n", "--days", "1", "--no-expiry"], "not allowed with argument", id="two ends"
        ),
        pytest.param(["keys", "revoke"], "the following arguments are required: key", id="revoke nothing"),
        pytest.param(["keys", "revoke", "a", CANARY], "a word too many after keys revoke.", id="revoke two"),
        pytest.param(["keys", "list", "--name", "n"], "is not an option of keys list, but of keys create", id="mixed"),
        pytest.param(["emulator", "--port", "x"], "needs a whole number from 0 to 65535", id="no number"),
    ],
)
def test_words_that_make_no_sense_are_refused(capsys: pytest.CaptureFixture[str], argv: list[str], told: str) -> None:
    text = refusal(capsys, *argv)
    assert told in text
    assert CANARY not in text
