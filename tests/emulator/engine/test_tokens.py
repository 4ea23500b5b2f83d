"""Tokens of pages and delta rounds are opaque, bound to what they were made for, and good for a while."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from emulator import Tenant
from emulator.faults import DirectoryBadRequest, ExpiredPage
from emulator.graph.engine.call import NOBODY, Call
from emulator.graph.engine.tokens import page_start, page_token, sealed, unsealed
from tests.emulator.support import NOW


@pytest.fixture
def call(tenant: Tenant) -> Call:
    return Call(tenant, NOBODY, "GET", "https://h", "v1.0", "users", (("$top", "2"),), {}, NOW)


def test_what_is_sealed_can_be_read_again_for_the_same_purpose_only(call: Call) -> None:
    token = sealed(call, "delta", {"a": [1]})
    assert unsealed(call, "delta", token) == {"a": [1], "at": int(NOW.timestamp())}
    assert unsealed(call, "page", token) is None
    assert unsealed(replace(call, path="groups"), "delta", token) is None
    assert unsealed(replace(call, tenant=Tenant("another")), "delta", token) is None


def test_the_same_path_may_be_written_in_another_case(call: Call) -> None:
    token = sealed(call, "delta", {})
    assert unsealed(replace(call, path="/Users/"), "delta", token) is not None


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("x", id="too short"),
        pytest.param("no token!", id="not base64"),
        pytest.param("ä", id="not ASCII"),
        pytest.param("A" * 200, id="made up"),
    ],
)
def test_a_forged_token_is_none_of_ours(call: Call, token: str) -> None:
    assert unsealed(call, "delta", token) is None
    with pytest.raises(DirectoryBadRequest, match="page token value is not valid"):
        page_start(call, token)


def test_a_changed_token_is_none_of_ours(call: Call) -> None:
    token = page_token(call, 2)
    for position in (15, len(token) // 2, -6):
        swapped = "A" if token[position] != "A" else "B"
        with pytest.raises(DirectoryBadRequest):
            page_start(call, token[:position] + swapped + token[position:][1:])


def test_a_page_token_leads_to_its_page_of_the_same_list(call: Call) -> None:
    token = page_token(call, 40)
    assert page_start(call, token) == 40
    assert page_start(replace(call, query=(("$TOP", "2"), ("$skiptoken", token))), token) == 40
    assert page_start(call, None) == 0
    with pytest.raises(DirectoryBadRequest):
        page_start(replace(call, query=(("$top", "3"),)), token)


def test_a_page_token_expires(call: Call) -> None:
    token = page_token(call, 40)
    assert page_start(replace(call, now=NOW + timedelta(hours=1)), token) == 40
    with pytest.raises(ExpiredPage):
        page_start(replace(call, now=NOW + timedelta(hours=1, seconds=1)), token)


def test_another_sealed_thing_is_no_page(call: Call) -> None:
    purpose = repr(sorted((name.lower(), value) for name, value in call.query))
    with pytest.raises(DirectoryBadRequest):
        page_start(call, sealed(call, purpose, {"other": 1}))
