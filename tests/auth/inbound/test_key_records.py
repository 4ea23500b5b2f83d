"""auth/inbound/key_records.py: the file of keys is taken whole or not at all, and its author hears where it errs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from auth.inbound.key_records import FileFault, KeyRecord, parsed, written
from tests.auth.inbound.keys_scene import NOW, key_and_record, rows_of

CANARY = "cAnArY"
KEY, RECORD = key_and_record()
_, OTHER = key_and_record(name="other", level="full", mailboxes=("Sales@Contoso.com",), calls=4)
_MISSING = object()


def fault(content: bytes) -> str:
    with pytest.raises(FileFault) as caught:
        parsed(content)
    assert CANARY not in str(caught.value)
    return str(caught.value)


def test_keys_come_back_as_they_were_written() -> None:
    assert parsed(written([RECORD, OTHER])) == (RECORD, OTHER)
    assert parsed(written([])) == ()


def test_a_file_has_no_key_in_it() -> None:
    text = written([RECORD]).decode()
    assert KEY not in text
    assert KEY.rpartition("_")[2] not in text


def test_a_record_does_not_show_its_hash() -> None:
    assert RECORD.sha256 not in repr(RECORD)


def test_a_key_only_reads_unless_it_says_otherwise() -> None:
    whole = rows_of(RECORD)
    whole["keys"][0] = {name: whole["keys"][0][name] for name in ("id", "name", "sha256", "created", "expires")}
    (found,) = parsed(json.dumps(whole).encode())
    assert found.level == "read"
    assert (found.toolsets, found.tools, found.mailboxes, found.sites, found.rate, found.calls, found.revoked) == (
        (None,) * 7
    )


def test_mailboxes_are_compared_without_regard_to_case() -> None:
    assert OTHER.mailboxes == ("sales@contoso.com",)


def test_an_editor_may_put_a_mark_in_front() -> None:
    assert parsed(b"\xef\xbb\xbf" + written([RECORD])) == (RECORD,)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(b"", "line 1, column 1 is no JSON", id="nothing"),
        pytest.param(b'{\n  "version": 1,\n  "keys": [,]}', "line 3, column 12 is no JSON", id="a comma too many"),
        pytest.param(written([RECORD])[:-20], "is no JSON", id="torn"),
        pytest.param(b"\xff\xfe", "is not UTF-8 text", id="other bytes"),
        pytest.param(b"[" * 200_000, "brackets", id="endless brackets"),
        pytest.param(b"null", "the whole is not a record in braces", id="null"),
        pytest.param(b"[]", "the whole is not a record in braces", id="a list"),
        pytest.param(b"{}", "version is missing", id="an empty record"),
        pytest.param(b'{"version": 1}', "keys is missing", id="no keys"),
        pytest.param(b'{"version": 2, "keys": []}', "A newer release wrote the file", id="a newer version"),
        pytest.param(b'{"version": 1, "keys": {}}', "keys is not a list of keys", id="keys that are no list"),
        pytest.param(b'{"version": 1, "keys": [7]}', "keys[0] is not a record in braces", id="a key that is a number"),
        pytest.param(
            b'{"version": 1, "keys": [], "cAnArY": 1}', "the whole has a field that is not known", id="a field"
        ),
        pytest.param(b'{"version": 1, "version": 1, "keys": []}', "the field version twice", id="said twice"),
        pytest.param(b'{"cAnArY": 1, "cAnArY": 1, "keys": []}', "has a field twice", id="something said twice"),
    ],
)
def test_a_file_that_is_none_is_refused(content: bytes, told: str) -> None:
    assert told in fault(content)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        pytest.param("id", _MISSING, "keys[1].id is missing", id="no id"),
        pytest.param("id", "ABCDEFGHIJ", "keys[1].id is not 10 lower-case", id="an id in capitals"),
        pytest.param("id", RECORD.id, "keys[1].id is that of keys[0] as well", id="an id twice"),
        pytest.param("name", " ", "keys[1].name is not a text of", id="an empty name"),
        pytest.param("name", "a\u202eb", "keys[1].name is not a text of", id="a name that turns"),
        pytest.param("name", "n" * 65, "keys[1].name is not a text of", id="an endless name"),
        pytest.param("name", 7, "keys[1].name is not a text of", id="a number for a name"),
        pytest.param("sha256", _MISSING, "keys[1].sha256 is missing", id="no hash"),
        pytest.param("sha256", CANARY, "keys[1].sha256 is not a SHA-256", id="a key instead of its hash"),
        pytest.param("sha256", OTHER.sha256.upper(), "keys[1].sha256 is not", id="a hash in capitals"),
        pytest.param("created", "2026-05-04T09:00:00", "keys[1].created is not a time with", id="no zone"),
        pytest.param("created", 0, "keys[1].created is not a time", id="a number for a time"),
        pytest.param("expires", _MISSING, "keys[1].expires is missing", id="no end, and not on purpose"),
        pytest.param("expires", "tomorrow", "keys[1].expires is neither null nor", id="a word for a time"),
        pytest.param("expires", False, "keys[1].expires is neither null nor", id="no for a time"),
        pytest.param("revoked", True, "keys[1].revoked is neither null nor", id="yes for a time"),
        pytest.param("level", "ask", "nobody stands behind a key who could be asked", id="ask"),
        pytest.param("level", "admin", "keys[1].level is neither read nor full", id="another level"),
        pytest.param("level", None, "keys[1].level is neither read nor full", id="no level"),
        pytest.param("toolsets", "mail", "keys[1].toolsets is neither null nor a list", id="a word for a list"),
        pytest.param("toolsets", ["a b"], "keys[1].toolsets is neither null nor", id="no name of a toolset"),
        pytest.param("tools", [1], "keys[1].tools is neither null nor", id="no name of a tool"),
        pytest.param("mailboxes", [], "keys[1].mailboxes is neither null nor", id="no mailbox at all"),
        pytest.param("mailboxes", [""], "keys[1].mailboxes is neither null nor", id="an empty mailbox"),
        pytest.param("sites", ["x" * 300], "keys[1].sites is neither null nor", id="an endless site"),
        pytest.param("rate", "many", "keys[1].rate is neither null nor", id="no rate"),
        pytest.param("calls", 0, "keys[1].calls is neither null nor", id="no calls"),
        pytest.param("calls", "4", "keys[1].calls is neither null nor", id="a text for a number"),
        pytest.param("calls", True, "keys[1].calls is neither null nor", id="yes for a number"),
        pytest.param(CANARY, 1, "keys[1] has a field that is not known", id="a field that nobody knows"),
    ],
)
def test_one_wrong_field_refuses_the_whole_file(field: str, value: object, told: str) -> None:
    whole = rows_of(RECORD, OTHER)
    if value is _MISSING:
        del whole["keys"][1][field]
    else:
        whole["keys"][1][field] = value
    assert told in fault(json.dumps(whole).encode())


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda row: row.update(toolsets=[]), id="no toolset"),
        pytest.param(lambda row: row.update(tools=[]), id="no tool"),
    ],
)
def test_a_key_may_be_for_no_tool_at_all(spoil: Callable[[dict[str, Any]], None]) -> None:
    whole = rows_of(RECORD)
    spoil(whole["keys"][0])
    assert parsed(json.dumps(whole).encode())[0] != RECORD


def test_nothing_in_a_record_can_be_changed_in_passing() -> None:
    with pytest.raises(ValueError, match="frozen"):
        KeyRecord.model_validate(RECORD).level = "full"  # type: ignore[misc]
    assert RECORD.created == NOW
