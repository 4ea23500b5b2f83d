"""scripts/emulator_permissions.py: the shipped table is what the source says, on a small source and on the whole."""

from __future__ import annotations

import gzip
import json
import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from scripts import emulator_permissions
from scripts.emulator_permissions import ROOTS, TARGET, extract, main, written_from

_SETS = [["B.Read", "A.Read"], ["A.ReadWrite.All"], ["C.Read"]]
# What the client library knows without permissions; docs spell the same in their own ways.
_LIBRARY = [
    "/users/{user-id}",
    "/users/{user-id}/mailFolders/{mailFolder-id}/messages/{message-id}/move",
    "/users/{user-id}/memberOf/graph.group",
    "/users/{user-id}/events/delta()",
    "/directoryRoles/{directoryRole-id}/members",
    "/applications/{application-id}",
    "/drives/{drive-id}/items/{driveItem-id}/content",
    "/drives/{drive-id}/root",
    "/oauth2PermissionGrants",
]


def _operation(path: str, method: str = "GET", **more: Any) -> dict[str, Any]:
    return {"method": method, "path": path, "src": "docs", "any_d": 0, "perm_src": "exact"} | more


def _extracted(*operations: Mapping[str, Any]) -> dict[str, Any]:
    library = [{"method": "GET", "path": path} for path in _LIBRARY]
    return extract([*library, *operations], _SETS)


def _accepted(found: Mapping[str, Any], path: str, method: str = "GET") -> list[Sequence[str]]:
    """For people at work, people at home, apps; then what work and apps must hold as well."""
    return [found["sets"][index] for index in found["needs"][found["operations"][path][method]]]


@pytest.mark.parametrize(
    ("path", "template"),
    [
        pytest.param("/users/{id|userPrincipalName}", "/users/{}", id="key"),
        pytest.param("/users(userPrincipalName='{upn}')", "/users/{}", id="other-key-in-parentheses"),
        pytest.param("/directoryroles/roleTemplateId={id}/members", "/directoryRoles/{}/members", id="other-key"),
        pytest.param("/directoryRoles/roleTemplateId=0a1b-2c/members", "/directoryRoles/{}/members", id="sample-key"),
        pytest.param("/users/87d349ed-44d7/mailfolders", "/users/{}/mailFolders", id="sample-id"),
        pytest.param("/me/messages/AQMkAD==/move", "/me/messages/{}/move", id="sample-message"),
        pytest.param("/me/mailFolders/inbox/messages", "/me/mailFolders/{}/messages", id="well-known-name"),
        pytest.param("/users/{id}|user-principal-name", "/users/{}", id="two-keys-in-one"),
        pytest.param("/me/memberOf/microsoft.graph.group", "/me/memberOf/microsoft.graph.group", id="cast"),
        pytest.param("/me/memberOf/graph.group", "/me/memberOf/microsoft.graph.group", id="short-cast"),
        pytest.param("/me/memberOf/graph.device", "/me/memberOf/microsoft.graph.device", id="cast-of-the-docs-alone"),
        pytest.param("/me/events/delta()?startDateTime={s}", "/me/events/delta()", id="query"),
        pytest.param("/me/reminderView(Start='{s}',End='{e}')", "/me/reminderView()", id="function"),
        pytest.param("/me/events/Delta(token='x')", "/me/events/delta()", id="function-in-other-case"),
        pytest.param("/me/drive/root:/{item-path}:/content", "/me/drive/items/{}/content", id="file-by-path"),
        pytest.param("/drives/{id}/root:/{path to it}", "/drives/{}/items/{}", id="file-by-path-at-the-end"),
        pytest.param("/drives/{id}/items/{parent}:/{name}:/content", "/drives/{}/items/{}/content", id="below-an-item"),
        pytest.param("/me/drive/root/delta", "/me/drive/items/{}/delta()", id="below-the-root"),
        pytest.param("/drives/{id}/root", "/drives/{}/root", id="the-root-itself"),
        pytest.param("/me/messages/", "/me/messages", id="trailing-slash"),
        pytest.param("/me/mailboxSettings/timeZone", "/me/mailboxSettings/timeZone", id="property"),
        pytest.param("/users/getSomething", "/users/getSomething", id="action-of-the-docs-alone"),
        pytest.param("/users/$count", "/users/$count", id="suffix"),
    ],
)
def test_every_spelling_becomes_one_template(path: str, template: str) -> None:
    assert list(_extracted(_operation(path))["operations"]) == [template]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/me/photo/48x48", id="id-after-what-has-no-keys"),
        pytest.param("/me/messages/{id}/.../attachments", id="ellipsis"),
        pytest.param("/me/messages/{id}/$value[", id="stray-bracket"),
        pytest.param("/me/drive/range(address='{a}'/row", id="open-parenthesis"),
        pytest.param("/me//messages", id="empty-segment"),
        pytest.param("/deviceManagement/managedDevices", id="root-that-is-not-served"),
        pytest.param("/sites/{id}/lists", id="site-beyond-its-files"),
        pytest.param("/sites/getAllSites()", id="function-on-sites"),
        pytest.param("/$batch", id="open-to-all"),
    ],
)
def test_what_is_unusable_or_not_served_is_left_out(path: str) -> None:
    assert _extracted(_operation(path))["operations"] == {}


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/sites", id="all"),
        pytest.param("/sites/{}", id="one"),
        pytest.param("/sites/{}/drive/items", id="drive"),
        pytest.param("/sites/{}/drives", id="drives"),
    ],
)
def test_a_site_is_kept_as_far_as_its_files(path: str) -> None:
    assert list(_extracted(_operation(path))["operations"]) == [path]


@pytest.mark.parametrize("root", [pytest.param(root, id=root) for root in ROOTS])
def test_every_root_is_served(root: str) -> None:
    assert list(_extracted(_operation(f"/{root}"))["operations"]) == [f"/{root}"]


def test_an_operation_without_permissions_has_no_row() -> None:
    assert _extracted({"method": "GET", "path": "/me"})["operations"] == {}


def test_the_kinds_of_callers_are_kept_apart() -> None:
    found = _extracted(_operation("/me/messages", any_p=1, any_a=2))
    assert _accepted(found, "/me/messages") == [("A.Read", "B.Read"), ("A.ReadWrite.All",), ("C.Read",), (), ()]


def test_several_spellings_of_one_operation_are_one_row() -> None:
    found = _extracted(_operation("/me/drive/root:/{path}"), _operation("/me/drive/items/{id}", any_d=2))
    assert list(found["operations"]) == ["/me/drive/items/{}"]
    assert _accepted(found, "/me/drive/items/{}")[0] == ("A.Read", "B.Read", "C.Read")


def test_the_spelling_with_parentheses_stays() -> None:
    calls = [_operation("/me/reminderView(Start='{s}')", "POST"), _operation("/me/reminderView")]
    assert _extracted(*calls)["operations"] == _extracted(*calls[::-1])["operations"]
    assert list(_extracted(*calls)["operations"]) == ["/me/reminderView()"]


@pytest.mark.parametrize("origin", [pytest.param("same-doc", id="page"), pytest.param("doc-table-2023", id="table")])
def test_a_guess_never_widens_what_is_known(origin: str) -> None:
    guess = _operation("/me/messages", any_d=2, perm_src=origin)
    assert _accepted(_extracted(guess, _operation("/me/messages")), "/me/messages")[0] == ("A.Read", "B.Read")
    assert _accepted(_extracted(guess), "/me/messages")[0] == ("C.Read",)


def test_a_guess_from_a_page_on_several_things_is_left_out() -> None:
    shared = _operation("/me/photo/$value", doc="profilephoto-get")
    assert list(_extracted(shared)["operations"]) == ["/me/photo/$value"]
    assert _extracted(shared | {"perm_src": "doc-table-2023"})["operations"] == {}


@pytest.mark.parametrize(
    ("named", "kept"),
    [
        pytest.param(["Policy.Read.All"], ("Policy.Read.All",), id="one"),
        pytest.param(["A.ReadWrite.All", "B.Read.All", "C.Read.All"], ("A.ReadWrite.All",), id="the-half-that-writes"),
    ],
)
def test_what_must_be_held_as_well_is_the_half_that_nothing_stands_in_for(
    named: list[str], kept: tuple[str, ...]
) -> None:
    found = _extracted(_operation("/me/messages", "POST", also_d=named, also_a=named))
    assert _accepted(found, "/me/messages", "POST")[3:] == [kept, kept]


def _folder(place: Path, operations: Sequence[Mapping[str, Any]]) -> Path:
    lines = "".join(f"{json.dumps(operation)}\n" for operation in operations)
    (place / "operations.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    (place / "permission_sets.json").write_text(json.dumps(_SETS), "utf-8")
    return place


def test_the_text_has_a_line_for_each_path_and_no_order_of_its_own(tmp_path: Path) -> None:
    operations = [_operation("/users"), _operation("/me/messages", "POST", any_d=1), _operation("/me/messages")]
    expected = (
        '{"sets":[\n[],\n["A.Read","B.Read"],\n["A.ReadWrite.All"]\n],\n'
        '"needs":[\n[1,0,0,0,0],\n[2,0,0,0,0]\n],\n'
        '"operations":{\n"/me/messages":{"GET":0,"POST":1},\n"/users":{"GET":0}\n}}\n'
    )
    assert written_from(_folder(tmp_path, operations)) == expected
    assert written_from(_folder(tmp_path, operations[::-1])) == expected


def test_the_command_writes_the_file(tmp_path: Path) -> None:
    target = tmp_path / "table.json"
    assert main([str(_folder(tmp_path, [_operation("/me")]))], target) == 0
    assert json.loads(target.read_text("utf-8"))["operations"] == {"/me": {"GET": 0}}
    assert b"\r" not in target.read_bytes()


def test_the_command_says_how_it_is_used(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["emulator_permissions.py"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(Path(emulator_permissions.__file__)), run_name="__main__")
    assert ended.value.code == 2
    assert "permission_sets.json" in capsys.readouterr().err


@pytest.mark.skipif("GRAPH_FACTS" not in os.environ, reason="GRAPH_FACTS names no folder with Microsoft's data")
def test_the_shipped_table_is_what_the_source_says() -> None:
    written = written_from(Path(os.environ["GRAPH_FACTS"]))
    assert TARGET.read_text("utf-8") == written, "run: python scripts/emulator_permissions.py $GRAPH_FACTS"


def test_what_lets_write_lets_read_too_where_graph_has_such_a_permission() -> None:
    found = extract([_operation("/users/{id}", any_d=0), _operation("/groups/{id}", any_d=3)], [*_SETS, ["A.Read.All"]])
    assert "A.ReadWrite.All" in _accepted(found, "/groups/{}")[0]
    assert _accepted(found, "/users/{}")[0] == ("A.Read", "B.Read")


def test_reading_does_not_let_write() -> None:
    found = extract([_operation("/groups/{id}", "PATCH", any_d=1)], [*_SETS, ["A.Read.All"]])
    assert _accepted(found, "/groups/{}", "PATCH")[0] == ("A.ReadWrite.All",)
