"""The policy file: what it may say, and what is said of each mistake in it."""

from __future__ import annotations

import logging
import os
import re
from datetime import UTC, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from errors import SettingsError
from principal import Access
from tools import DISCOVERY
from tools._policy import Policy, Quiet, Verdict, read_policy

PAGE = Path(__file__).resolve().parents[2] / "docs" / "approval-policy.md"
TOOLS = {
    "mail_list_messages": Access.READ,
    "mail_move_message": Access.WRITE,
    "mail_send_message": Access.SEND,
    "mail_delete_message": Access.DESTROY,
}
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def policy_of(folder: Path, text: str | bytes) -> Policy:
    path = folder / "policy.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(0o600)
    return read_policy(path, TOOLS)


def problems_of(folder: Path, text: str | bytes) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refused:
        policy_of(folder, text)
    path = f"{folder / 'policy.toml'}: "
    assert all(problem.startswith(path) for problem in refused.value.problems)
    assert all(problem.endswith((".", "?")) for problem in refused.value.problems)
    return tuple(problem.removeprefix(path) for problem in refused.value.problems)


def test_a_file_says_everything_that_a_policy_can(tmp_path: Path) -> None:
    policy = policy_of(
        tmp_path,
        """\ufeff
        [recipients]
        allow = ["Contoso.com", "*.contoso.com", "bücher.example", "contoso.com"]
        deny = ["rival.example"]
        outside = "ask"
        most = 20
        [caps]
        send_per_hour = 30
        destroy_per_hour = 0
        write_per_hour = 200
        [quiet]
        hours = "22:00 - 06:30"
        days = ["sat", "sun"]
        zone = "Europe/Berlin"
        then = "ask"
        classes = ["write", "destroy"]
        [tools]
        always_approved = ["mail_move_message"]
        always_asked = ["mail_send_message"]
        never_approved = ["mail_delete_message", "mail_delete_message", "mail_list_messages"]
        """,
    )
    assert policy == Policy(
        allow=("contoso.com", "*.contoso.com", "xn--bcher-kva.example"),
        deny=("rival.example",),
        outside=Verdict.ASK,
        most=20,
        caps={Access.SEND: 30, Access.DESTROY: 0, Access.WRITE: 200},
        quiet=Quiet(
            ZoneInfo("Europe/Berlin"),
            time(22),
            time(6, 30),
            frozenset({5, 6}),
            Verdict.ASK,
            frozenset({Access.WRITE, Access.DESTROY}),
        ),
        tools={
            "mail_move_message": Verdict.ALLOW,
            "mail_send_message": Verdict.ASK,
            "mail_delete_message": Verdict.REFUSE,
            "mail_list_messages": Verdict.REFUSE,
        },
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("# later\n", id="a comment"),
        pytest.param("[recipients]\n[caps]\n[tools]\nalways_asked = []\n", id="sections without rules"),
    ],
)
def test_a_file_without_rules_is_a_policy_without_rules(tmp_path: Path, text: str) -> None:
    assert policy_of(tmp_path, text) == Policy()


def test_an_empty_list_is_another_thing_than_none(tmp_path: Path) -> None:
    assert policy_of(tmp_path, "[recipients]\nallow = []") == Policy(allow=())


def test_quiet_has_its_defaults(tmp_path: Path) -> None:
    quiet = policy_of(tmp_path, '[quiet]\ndays = ["sun"]').quiet
    assert quiet == Quiet(UTC, days=frozenset({6}))
    assert (quiet.then, quiet.classes) == (Verdict.REFUSE, frozenset({Access.SEND, Access.DESTROY}))


@pytest.mark.parametrize(
    ("hours", "start", "end"),
    [
        pytest.param("12:00-13:00", time(12), time(13), id="within a day"),
        pytest.param("18:00-24:00", time(18), time(0), id="until midnight"),
        pytest.param("00:00-24:00", time(0), time(0), id="all day"),
    ],
)
def test_hours_are_two_times_of_day(tmp_path: Path, hours: str, start: time, end: time) -> None:
    assert policy_of(tmp_path, f'[quiet]\nhours = "{hours}"').quiet == Quiet(UTC, start, end)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(
            "[recipient]\n",
            "[recipient] is not a section. Did you mean recipients? There are: recipients, caps, quiet, tools.",
            id="a section misspelt",
        ),
        pytest.param("[x.y]\n", "[x] is not a section. There are: recipients, caps, quiet, tools.", id="a stranger"),
        pytest.param(
            'deny = ["a.example"]',
            "deny stands outside its section. Move it below a line [recipients].",
            id="a key before its section",
        ),
        pytest.param(
            "quiet = true",
            "quiet is a section. Write [quiet] on a line of its own, once, and its keys below.",
            id="a section that is a value",
        ),
        pytest.param("[[caps]]\nsend_per_hour = 1", "caps is a section. Write [caps]", id="a section in two brackets"),
        pytest.param(
            "[recipients]\nalow = []",
            "recipients.alow is not a key of [recipients]. Did you mean allow? There are: allow, deny, outside, most.",
            id="a key misspelt",
        ),
        pytest.param(
            '[recipients]\nallow = "contoso.com"',
            'recipients.allow is a text, and takes a list. Write allow = ["contoso.com"].',
            id="a text for a list",
        ),
        pytest.param(
            "[recipients]\nallow = [1, true, 1.5, {}, 2026-01-01]",
            "recipients.allow has a date or time and a number and a number with a fraction and a section and "
            "true or false in its list, which takes texts.",
            id="a list of all but texts",
        ),
        pytest.param(
            '[recipients]\ndeny = ["x@rival.example"]',
            "recipients.deny has 'x@rival.example', which is no domain. Write \"rival.example\"",
            id="an address for a domain",
        ),
        pytest.param(
            '[recipients]\nallow = ["rival.example"]\ndeny = ["rival.example"]',
            "recipients.allow has 'rival.example', which deny refuses as 'rival.example'. Take it out of one of them.",
            id="allowed and denied",
        ),
        pytest.param(
            '[recipients]\nallow = ["eu.rival.example"]\ndeny = ["*.rival.example"]',
            "recipients.allow has 'eu.rival.example', which deny refuses as '*.rival.example'.",
            id="allowed and denied with all below",
        ),
        pytest.param(
            '[recipients]\nallow = ["*.eu.rival.example"]\ndeny = ["*.rival.example"]',
            "recipients.allow has '*.eu.rival.example', which deny refuses as '*.rival.example'.",
            id="a part allowed of what is denied",
        ),
        pytest.param(
            '[recipients]\noutside = "refused"',
            "recipients.outside cannot be 'refused'. Did you mean refuse? There are: ask, refuse, allow.",
            id="a word misspelt",
        ),
        pytest.param(
            "[recipients]\noutside = false",
            'recipients.outside is true or false, and takes a text. Write outside = "ask".',
            id="a truth for a word",
        ),
        pytest.param(
            "[recipients]\nmost = 0", "recipients.most is out of bounds. Write a whole number from 1", id="too few"
        ),
        pytest.param(
            '[caps]\nsend_per_hour = "20"',
            "caps.send_per_hour is a text, and takes a whole number. Write send_per_hour = 20.",
            id="a text for a number",
        ),
        pytest.param("[caps]\nsend_per_hour = true", "caps.send_per_hour is true or false", id="a truth for a number"),
        pytest.param("[caps]\nsend_per_hour = -1", "caps.send_per_hour is out of bounds", id="less than none"),
        pytest.param(
            "[caps]\nsends_per_hour = 1",
            "caps.sends_per_hour is not a key of [caps]. Did you mean send_per_hour?",
            id="a cap misspelt",
        ),
        pytest.param("[quiet]\n", "quiet.hours is missing, and no days are named.", id="quiet without a time"),
        pytest.param("[quiet]\ndays = []", "quiet.hours is missing, and no days are named.", id="no day"),
        pytest.param(
            '[quiet]\nhours = "10pm-6am"',
            "quiet.hours cannot be '10pm-6am'. Write two times of day, as in \"22:00-06:00\".",
            id="hours of another kind",
        ),
        pytest.param('[quiet]\nhours = "22:00-25:00"', "quiet.hours cannot be '22:00-25:00'", id="an hour too late"),
        pytest.param('[quiet]\nhours = "٢٢:00-06:00"', "quiet.hours cannot be", id="digits of another script"),
        pytest.param("[quiet]\nhours = 22", "quiet.hours is a number, and takes a text", id="a number for hours"),
        pytest.param(
            '[quiet]\nhours = "08:00-08:00"', "quiet.hours begins and ends at 08:00", id="hours without length"
        ),
        pytest.param(
            '[quiet]\ndays = ["saturday"]',
            "quiet.days has 'saturday' in its list, which is none of its words. There are: mon, tue, wed",
            id="a day in full",
        ),
        pytest.param(
            '[quiet]\ndays = ["sat"]\nzone = "Europe/Berln"',
            "quiet.zone cannot be 'Europe/Berln': zones have names such as \"Europe/Berlin\". "
            "Did you mean Europe/Berlin?",
            id="a zone misspelt",
        ),
        pytest.param('[quiet]\ndays = ["sat"]\nzone = "Europe"', "quiet.zone cannot be 'Europe'", id="half a zone"),
        pytest.param('[quiet]\ndays = ["sat"]\nzone = "/etc/passwd"', "quiet.zone cannot be", id="a path for a zone"),
        pytest.param('[quiet]\ndays = ["sat"]\nzone = ""', "quiet.zone cannot be ''", id="no zone"),
        pytest.param('[quiet]\ndays = ["sat"]\nthen = "allow"', "quiet.then cannot be 'allow'", id="quiet that allows"),
        pytest.param(
            '[quiet]\ndays = ["sat"]\nclasses = []', "quiet.classes names nothing to keep quiet about", id="no class"
        ),
        pytest.param(
            '[quiet]\ndays = ["sat"]\nclasses = ["read", "send"]',
            "quiet.classes has 'read' in its list, which is none of its words.",
            id="reading in quiet",
        ),
        pytest.param(
            '[tools]\nnever_approved = ["mail_sned_message"]',
            "tools.never_approved has 'mail_sned_message', which is no tool. Did you mean mail_send_message?",
            id="a tool misspelt",
        ),
        pytest.param(
            '[tools]\nalways_approved = ["mail_send_message"]\nnever_approved = ["mail_send_message"]',
            "tools.never_approved has mail_send_message, and so has always_approved. Leave it in one of them.",
            id="a tool in two lists",
        ),
        pytest.param(
            '[tools]\nalways_asked = ["mail_list_messages"]',
            "tools.always_asked has mail_list_messages, which only reads, and nobody is asked about that.",
            id="asking about a read",
        ),
        pytest.param(
            '[tools]\nalways_approved = ["mail_list_messages"]',
            "tools.always_approved has mail_list_messages, which only reads",
            id="approving a read",
        ),
        *(
            pytest.param(
                f'[tools]\n{key} = ["{tool}"]',
                f"tools.{key} has {tool}, which only leads to other tools. Name those",
                id=f"{tool} in {key}",
            )
            for key, tool in (
                ("always_approved", "tool_call"),
                ("always_asked", "tool_describe"),
                ("never_approved", "tool_find"),
            )
        ),
        pytest.param("[caps\n", "is not TOML: ", id="no TOML"),
        pytest.param("[caps]\nsend_per_hour = 1\nsend_per_hour = 2", "is not TOML: ", id="a key twice"),
        pytest.param("[caps]\nsend_per_hour = " + "9" * 5000, "is not TOML: it has a number", id="an endless number"),
        pytest.param("x = " + "[" * 5000, "is nested too deeply", id="endless brackets"),
        pytest.param(b"# \xff\n", "is not UTF-8 text (line 1). Save it as UTF-8.", id="another encoding"),
        pytest.param("\n# x\n".encode("utf-16"), "is not UTF-8 text (line 1).", id="UTF-16"),
        pytest.param(b"#" * (256 * 1024 + 1), "is larger than 256 KiB. Name the right file.", id="too large"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(tmp_path: Path, text: str | bytes, problem: str) -> None:
    (told,) = problems_of(tmp_path, text)
    assert told.startswith(problem)


def test_the_line_is_named_where_it_is_no_toml(tmp_path: Path) -> None:
    (told,) = problems_of(tmp_path, "[caps]\n\nsend_per_hour: 3\n")
    assert "line 3" in told


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    told = problems_of(
        tmp_path,
        """
        most = 3
        [recipients]
        alow = []
        deny = ["*", 3]
        [quiet]
        hours = "never"
        zone = "Berlin"
        [tools]
        never_approved = ["nothing"]
        """,
    )
    for name in ("most", "alow", "deny has a number", "deny has '*'", "hours", "zone", "never_approved"):
        assert any(name in problem for problem in told), name
    assert len(told) == 7


def test_every_tool_that_leads_to_others_is_known_as_such(tmp_path: Path) -> None:
    for tool in DISCOVERY.tools:
        (told,) = problems_of(tmp_path, f'[tools]\nnever_approved = ["{tool.name}"]')
        assert "only leads to other tools" in told


def test_where_there_are_many_tools_only_the_nearest_are_named(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('[tools]\nalways_asked = ["mail_sned", "%%"]')
    with pytest.raises(SettingsError) as refused:
        read_policy(path, {"mail_send": Access.SEND, **{f"graph_{number}": Access.WRITE for number in range(300)}})
    first, second = refused.value.problems
    assert first.endswith("which is no tool. Did you mean mail_send?")
    assert second.endswith("has '%%', which is no tool. Take it out, or correct it.")


def test_a_message_shows_nothing_that_could_harm_a_terminal(tmp_path: Path) -> None:
    (told,) = problems_of(tmp_path, '[caps]\n"\\u001b[31m\\u202e' + "x" * 5000 + '" = 1')
    assert told.isprintable()
    assert len(told) < 300


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        pytest.param("missing.toml", "no such file. Create it, or correct --approve-policy.", id="missing"),
        pytest.param(".", "is not a file.", id="a folder"),
    ],
)
def test_what_is_no_file_is_refused(tmp_path: Path, name: str, problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        read_policy(tmp_path / name, TOOLS)


@pytest.mark.skipif(os.name != "posix", reason="a pipe")
def test_nothing_waits_for_whoever_fills_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SettingsError, match="is not a file"):
        read_policy(tmp_path / "pipe", TOOLS)


@pytest.mark.skipif(os.name != "posix", reason="names of files")
def test_a_path_that_the_system_refuses_is_named_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_policy(tmp_path / ("x" * 5000), TOOLS)


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_a_file_that_others_may_change_is_warned_about(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "policy.toml"
    path.touch()
    path.chmod(0o666)
    with caplog.at_level(logging.WARNING):
        read_policy(path, TOOLS)
    assert "other users may change the approval policy" in caplog.text


@pytest.mark.parametrize("text", [pytest.param(text, id=f"block {number}") for number, text in enumerate(EXAMPLES, 1)])
def test_each_example_of_the_page_is_a_policy(tmp_path: Path, text: str) -> None:
    assert policy_of(tmp_path, text) != Policy()


def test_the_page_has_its_examples_and_every_key() -> None:
    page = PAGE.read_text("utf-8")
    keys = "allow deny outside most send_per_hour destroy_per_hour write_per_hour hours days zone then classes"
    assert len(EXAMPLES) == 3
    for key in (*keys.split(), "always_approved", "always_asked", "never_approved"):
        assert f"| `{key}` |" in page, key


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "[recipients]\nalow = []", "recipients.alow is not a key of [recipients]. Did you mean allow?", id="key"
        ),
        pytest.param(
            '[recipients]\ndeny = ["x@rival.example"]',
            "recipients.deny has 'x@rival.example', which is no domain.",
            id="domain",
        ),
        pytest.param('[quiet]\ndays = ["sat"]\nzone = "Berlin"', "quiet.zone cannot be 'Berlin'", id="zone"),
        pytest.param(
            '[tools]\nnever_approved = ["mail_sned"]',
            "tools.never_approved has 'mail_sned', which is no tool.",
            id="tool",
        ),
        pytest.param(
            '[tools]\nalways_asked = ["mail_list_messages"]',
            "tools.always_asked has mail_list_messages, which only reads",
            id="a read",
        ),
        pytest.param(
            '[tools]\nnever_approved = ["tool_call"]',
            "tools.never_approved has tool_call, which only leads to other tools.",
            id="a tool that leads to others",
        ),
    ],
)
def test_the_page_quotes_messages_as_they_are(tmp_path: Path, text: str, message: str) -> None:
    assert message in PAGE.read_text("utf-8")
    assert problems_of(tmp_path, text)[0].startswith(message)
