"""emulator.permissions.lookup: what an operation needs, and who may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from emulator.permissions import Needs, Table, holds, needs_of, row_of
from emulator.permissions.lookup import found_in

_SETS = [[], ["Mail.Read", "Mail.ReadWrite"], ["Mail.ReadWrite"], ["User.Read"], ["Assign.ReadWrite.All"]]


def _table(operations: Mapping[str, Mapping[str, int]]) -> Table:
    """Needs 0 are for reading mail, 1 for writing it, 2 for oneself, 3 for what takes two permissions."""
    source: dict[str, Any] = {"sets": _SETS, "operations": operations}
    return Table({**source, "needs": [[1, 1, 1, 0, 0], [2, 0, 2, 0, 0], [3, 3, 0, 0, 0], [4, 0, 4, 4, 4]]})


_ROWS = _table(
    {
        "/me": {"GET": 2, "PATCH": 2},
        "/users/{}/messages": {"GET": 0, "POST": 1},
        "/users/{}/messages/{}": {"GET": 0, "PATCH": 1, "DELETE": 1},
        "/users/{}/messages/delta()": {"GET": 0},
        "/users/{}/messages/{}/move": {"POST": 1},
    }
)


@pytest.mark.parametrize(
    ("method", "template"),
    [
        pytest.param("GET", "/users/{}/messages/{}", id="as-it-is"),
        pytest.param("GET", "/USERS/{}/Messages/{}", id="other-case"),
        pytest.param("GET", "/users/{}/messages/delta", id="function-without-parentheses"),
        pytest.param("POST", "/users/{}/messages/{}/move", id="action"),
    ],
)
def test_an_operation_of_the_table_is_exact(method: str, template: str) -> None:
    needs = found_in(_ROWS, method, template)
    assert needs
    assert needs.is_exact


@pytest.mark.parametrize(
    ("method", "template", "row"),
    [
        pytest.param("GET", "/me/messages/{}", "GET /users/{}/messages/{}", id="me-as-a-user"),
        pytest.param("GET", "/users/{}", "GET /me", id="a-user-as-me"),
        pytest.param("GET", "/users/{}/messages/$count", "GET /users/{}/messages", id="count"),
        pytest.param("GET", "/me/messages/{}/$value", "GET /users/{}/messages/{}", id="value"),
        pytest.param("GET", "/me/displayName", "GET /me", id="property"),
        pytest.param("GET", "/me/displayName/$value", "GET /me", id="raw-property"),
        pytest.param("PUT", "/me/displayName", "PATCH /me", id="property-written"),
        pytest.param("DELETE", "/me/displayName", "PATCH /me", id="property-deleted"),
        pytest.param(
            "GET", "/users/{}/messages/{}/microsoft.graph.eventMessage", "GET /users/{}/messages/{}", id="cast"
        ),
        pytest.param(
            "POST", "/me/messages/{}/microsoft.graph.move", "POST /users/{}/messages/{}/move", id="full-action-name"
        ),
        pytest.param("PUT", "/me/messages/{}", "PATCH /users/{}/messages/{}", id="another-way-of-writing"),
        pytest.param("POST", "/me/messages/{}/reply", "PATCH /users/{}/messages/{}", id="unknown-action"),
        pytest.param("PATCH", "/me/messages/{}/attachments/{}", "PATCH /users/{}/messages/{}", id="part-written"),
        pytest.param("GET", "/me/messages/{}/attachments", "GET /users/{}/messages/{}", id="part-read"),
        pytest.param(
            "GET",
            "/me/mailFolders/{}/childFolders/{}/messages/delta()",
            "GET /users/{}/messages/delta()",
            id="in-a-folder",
        ),
    ],
)
def test_what_has_no_row_takes_that_of_its_like(method: str, template: str, row: str) -> None:
    needs = found_in(_ROWS, method, template)
    assert needs
    assert not needs.is_exact
    assert f"{needs.method} {needs.template}" == row


@pytest.mark.parametrize(
    ("method", "template"),
    [
        pytest.param("GET", "/subscriptions", id="unknown-root"),
        pytest.param("POST", "/$batch", id="open-to-all"),
        pytest.param("OPTIONS", "/me/displayName", id="method-without-access"),
        pytest.param("GET", "", id="empty"),
        pytest.param("GET", "me", id="no-slash"),
    ],
)
def test_what_nothing_covers_has_no_needs(method: str, template: str) -> None:
    assert found_in(_ROWS, method, template) is None


def test_a_thing_that_can_only_be_read_says_nothing_of_writing_it() -> None:
    rows = _table({"/me/insights": {"GET": 0}})
    assert found_in(rows, "PATCH", "/me/insights") is None
    assert found_in(rows, "PATCH", "/me/insights/{}") is None


def _holds(needs: Needs, *held: str, is_app: bool = False, is_personal: bool = False) -> bool:
    """Whether these are enough; what the other kind of caller would hold is given everything."""
    everything = {name for names in _SETS for name in names}
    return holds(
        needs,
        scopes=everything if is_app else set(held),
        roles=set(held) if is_app else everything,
        is_app=is_app,
        is_personal=is_personal,
    )


def _row(rows: Mapping[str, int], method: str = "GET") -> Needs:
    needs = _table({"/it": rows}).row(method, "/it")
    assert needs
    return needs


@pytest.mark.parametrize("is_app", [pytest.param(True, id="app"), pytest.param(False, id="person")])
def test_any_one_of_the_accepted_permissions_opens(is_app: bool) -> None:
    needs = _row({"GET": 0})
    assert _holds(needs, "Mail.Read", is_app=is_app)
    assert _holds(needs, "Mail.ReadWrite", "openid", is_app=is_app)
    assert not _holds(needs, "User.Read", is_app=is_app)
    assert not _holds(needs, is_app=is_app)


def test_people_at_home_have_their_own_list() -> None:
    assert _holds(_row({"GET": 0}), "Mail.Read", is_personal=True)
    assert _holds(_row({"GET": 1}), "Mail.ReadWrite")
    assert not _holds(_row({"GET": 1}), "Mail.ReadWrite", is_personal=True)


def test_an_app_cannot_do_what_is_for_people() -> None:
    assert _holds(_row({"GET": 2}), "User.Read")
    assert not _holds(_row({"GET": 2}), "User.Read", is_app=True)


def _pair(*accepted: str) -> Needs:
    also = frozenset({"Assign.ReadWrite.All"})
    return Needs(frozenset(accepted), frozenset(accepted), frozenset(accepted), also, also, "POST", "/it")


@pytest.mark.parametrize("is_app", [pytest.param(True, id="app"), pytest.param(False, id="person")])
def test_what_must_be_held_as_well_does_not_count_twice(is_app: bool) -> None:
    needs = _pair("Assign.ReadWrite.All", "Application.Read.All", "Directory.Read.All")
    assert _holds(needs, "Assign.ReadWrite.All", "Directory.Read.All", is_app=is_app)
    assert not _holds(needs, "Assign.ReadWrite.All", is_app=is_app)
    assert not _holds(needs, "Application.Read.All", "Directory.Read.All", is_app=is_app)


def test_a_permission_that_is_its_own_half_is_enough() -> None:
    assert _holds(_row({"GET": 3}), "Assign.ReadWrite.All")
    assert not _holds(_row({"GET": 3}), "User.Read")


def test_pairs_do_not_bind_people_at_home() -> None:
    assert _holds(_pair("Application.Read.All"), "Application.Read.All", is_personal=True)


def test_the_shipped_table_is_looked_up_in_any_case_and_remembered() -> None:
    needs = needs_of("get", "/users/{}/Messages")
    assert needs == needs_of("GET", "/users/{}/messages")
    assert needs is needs_of("get", "/users/{}/Messages")


def test_the_row_of_an_operation_is_its_own_at_any_address() -> None:
    assert row_of("GET", "/users/{}/mailboxSettings")
    assert row_of("GET", "/me/mailFolders/{}/messages/{}")
    assert row_of("GET", "/users/{}/signInActivity") is None
    assert row_of("GET", "/users/{}/manager/microsoft.graph.user/messages") is None
