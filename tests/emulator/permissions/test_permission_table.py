"""The shipped table: it says what Microsoft's data says, and nothing of anybody's tenant."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import emulator.permissions
from emulator.permissions import Needs, holds, needs_of, table

_FILE = Path(emulator.permissions.__file__).parent / "table.json"
_UNRELATED = frozenset({"openid", "offline_access", "PrinterShare.ReadBasic.All"})
_NOTHING = frozenset[str]()


def _sampled() -> Iterator[Needs]:
    chosen = random.Random(4)  # noqa: S311 - the same 300 in every run
    for method, template in chosen.sample(sorted(table().operations()), 300):
        needs = needs_of(method, template)
        assert needs is not None
        assert (needs.method, needs.template, needs.is_exact) == (method, template, True)
        yield needs


def _one_by_one(accepted: frozenset[str], also: frozenset[str]) -> Iterator[frozenset[str]]:
    """Each accepted permission, alone but for what must be held as well."""
    for name in accepted - also or accepted:
        yield also | {name}


def test_each_accepted_scope_opens_300_operations_and_no_other_does() -> None:
    for needs in _sampled():
        for held in _one_by_one(needs.delegated, needs.also_delegated):
            assert holds(needs, scopes=held, roles=_NOTHING, is_app=False, is_personal=False), needs
            assert not holds(needs, scopes=_NOTHING, roles=held, is_app=False, is_personal=False), needs
        assert not holds(needs, scopes=_UNRELATED, roles=_NOTHING, is_app=False, is_personal=False), needs


def test_each_accepted_personal_scope_opens_300_operations_and_no_other_does() -> None:
    for needs in _sampled():
        for held in _one_by_one(needs.personal, _NOTHING):
            assert holds(needs, scopes=held, roles=_NOTHING, is_app=False, is_personal=True), needs
        assert not holds(needs, scopes=_UNRELATED, roles=_NOTHING, is_app=False, is_personal=True), needs


def test_each_accepted_role_opens_300_operations_and_no_other_does() -> None:
    for needs in _sampled():
        for held in _one_by_one(needs.application, needs.also_application):
            assert holds(needs, scopes=_NOTHING, roles=held, is_app=True, is_personal=False), needs
            assert not holds(needs, scopes=held, roles=_NOTHING, is_app=True, is_personal=False), needs
        assert not holds(needs, scopes=_NOTHING, roles=_UNRELATED, is_app=True, is_personal=False), needs


def test_half_of_a_pair_opens_nothing() -> None:
    pairs = [needs for operation in table().operations() if (needs := needs_of(*operation)) and needs.also_delegated]
    assert pairs
    for needs in pairs:
        for half in (needs.also_delegated, needs.delegated - needs.also_delegated):
            assert not holds(needs, scopes=half, roles=half, is_app=False, is_personal=False), needs
            assert not holds(needs, scopes=half, roles=half, is_app=True, is_personal=False), needs


def test_every_row_is_open_to_somebody() -> None:
    for operation in table().operations():
        needs = needs_of(*operation)
        assert needs
        assert needs.delegated | needs.personal | needs.application, operation


def test_templates_have_names_and_keys_and_nobodys_ids() -> None:
    segment = r"(\{\}|(microsoft\.graph\.)?[A-Za-z]+(2[A-Z][A-Za-z]+)?(\(\))?|\$(count|value|ref))"
    odd = [template for _, template in table().operations() if not re.fullmatch(rf"(/{segment})+", template)]
    assert odd == []
    assert max(len(part) for _, template in table().operations() for part in template.split("/")) < 60


def test_no_two_templates_are_one_operation() -> None:
    source = json.loads(_FILE.read_text("utf-8"))
    assert sum(map(len, source["operations"].values())) == len(list(table().operations()))


def test_the_file_is_small_and_has_a_line_for_each_path() -> None:
    text = _FILE.read_text("utf-8")
    source = json.loads(text)
    assert len(text) < 400_000
    assert text.count("\n") >= len(source["operations"])
    assert list(source["operations"]) == sorted(source["operations"])


@pytest.mark.parametrize(
    ("operation", "scope", "opens"),
    [
        pytest.param("GET /me", "User.Read", True, id="myself"),
        pytest.param("GET /me", "Mail.Read", False, id="myself-with-mail"),
        pytest.param("PATCH /me", "User.Read", False, id="myself-written-with-a-reading-scope"),
        pytest.param("GET /users", "User.Read", False, id="everybody-with-what-is-for-oneself"),
        pytest.param("GET /users", "User.ReadBasic.All", True, id="everybody"),
        pytest.param("GET /me/messages", "Mail.ReadBasic", True, id="mail"),
        pytest.param("POST /me/sendMail", "Mail.ReadWrite", False, id="sending-with-a-writing-scope"),
        pytest.param("POST /me/sendMail", "Mail.Send", True, id="sending"),
        pytest.param("POST /me/events", "Calendars.Read", False, id="event-with-a-reading-scope"),
        pytest.param("GET /me/drive/root/children", "Files.Read", True, id="files"),
        pytest.param("PUT /me/drive/root:/{}:/content", "Files.Read", False, id="upload-with-a-reading-scope"),
        pytest.param("PUT /me/drive/root:/{}:/content", "Files.ReadWrite", True, id="upload"),
        pytest.param("GET /me/photo/$value", "User.Read", True, id="my-photo"),
        pytest.param("GET /me/photo/$value", "Contacts.Read", False, id="my-photo-with-contacts"),
        pytest.param("GET /me/contacts/{}/photo/$value", "Contacts.Read", True, id="photo-of-a-contact"),
        pytest.param("POST /me/messages/{}/extensions", "Mail.ReadWrite", True, id="extension-of-a-message"),
        pytest.param("POST /me/messages/{}/extensions", "Group.ReadWrite.All", False, id="extension-with-groups"),
        pytest.param("GET /me/calendar/calendarView/delta()", "Calendars.Read", True, id="changes-of-a-calendar"),
        pytest.param("GET /directory/deletedItems/microsoft.graph.group", "Group.Read.All", True, id="deleted-groups"),
        pytest.param("POST /groups/{}/members/$ref", "GroupMember.ReadWrite.All", True, id="member-added"),
    ],
)
def test_well_known_operations_open_as_documented(operation: str, scope: str, opens: bool) -> None:
    needs = needs_of(*operation.split(" "))
    assert needs
    assert holds(needs, scopes={scope}, roles=_NOTHING, is_app=False, is_personal=False) is opens


@pytest.mark.parametrize(
    "root", [pytest.param("/$batch", id="batch"), pytest.param("/subscriptions", id="subscriptions")]
)
def test_the_data_leaves_some_to_the_workloads(root: str) -> None:
    assert needs_of("POST", root) is None
