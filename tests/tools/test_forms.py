"""tools/_forms.py: a tool whose arguments decide what it does is judged by each call."""

from __future__ import annotations

from typing import Any

import pytest
from mcp import Client

from _server_services import Rules
from principal import Access, Level, Rights
from tests.support import facts_of, text_of
from tests.tools.offering import Granted, Offering
from tests.tools.sampled import sample
from tests.tools.test_toolset import Nothing
from tools import Toolset
from tools._forms import Forms, graver

FORMS = Forms("mode", {"look": Access.READ, "keep": Access.WRITE, "wipe": Access.DESTROY}, usual="look")


async def handled(mode: str = "keep") -> Nothing:
    """Do it."""
    return Nothing()


@pytest.mark.parametrize(
    ("arguments", "access"),
    [
        pytest.param({"mode": "look"}, Access.READ, id="a form"),
        pytest.param({"mode": "wipe"}, Access.DESTROY, id="the gravest form"),
        pytest.param({}, Access.READ, id="the usual form"),
        pytest.param({"mode": "other"}, Access.DESTROY, id="no form that is known"),
        pytest.param({"mode": None}, Access.DESTROY, id="null"),
        pytest.param({"mode": ["look"]}, Access.DESTROY, id="a list, which no form is named by"),
        pytest.param({"mode": {"look": 1}}, Access.DESTROY, id="an object"),
    ],
)
def test_each_call_has_the_class_of_its_form(arguments: dict[str, Any], access: Access) -> None:
    assert FORMS.of(arguments) is access


def test_gravity_goes_from_reading_to_destroying() -> None:
    assert graver(Access.SEND, Access.WRITE, Access.READ) is Access.SEND
    assert (FORMS.lightest, FORMS.gravest) == (Access.READ, Access.DESTROY)


def test_the_usual_form_is_the_handlers_default_whatever_the_declaration_says() -> None:
    assert FORMS.fitted(handled).of({}) is Access.WRITE


def test_without_a_default_a_call_that_leaves_the_argument_out_is_the_gravest() -> None:
    async def required(mode: str) -> Nothing:
        """Do it."""
        return Nothing()

    assert FORMS.fitted(required).of({}) is Access.DESTROY


def test_forms_of_an_argument_that_is_not_there_are_refused_at_declaration() -> None:
    toolset = Toolset("mail", "Mail.")
    with pytest.raises(ValueError, match="no argument form "):
        toolset.read("Mail.Read", forms=Forms("form", {True: Access.SEND}))(handled)


def test_a_class_that_is_graver_than_its_forms_stays() -> None:
    toolset = Toolset("mail", "Mail.")
    toolset.write("Mail.ReadWrite", forms=Forms("mode", {"look": Access.READ}))(handled)
    assert toolset.tools[0].access is Access.WRITE


@pytest.mark.parametrize("declared", ["send", "destroy"])
def test_what_a_person_has_to_see_is_a_plan(declared: str) -> None:
    with pytest.raises(ValueError, match="has to return a Plan"):
        getattr(Toolset("mail", "Mail."), declared)("Mail.Send")(handled)


def offering(level: Level, *, discovery: bool = False) -> Offering:
    return Offering(
        catalogue=(sample,),
        people=Granted("ines@a.example", permissions=("Mail.ReadWrite", "Mail.Send")),
        rights=Rights(level=level),
        rules=Rules(level=level),
        chosen={"level": level},
        discovery=discovery,
    )


def call(arguments: dict[str, Any], *, through: bool) -> tuple[str, dict[str, Any]]:
    return ("tool_call", {"name": "sample_drop", "arguments": arguments}) if through else ("sample_drop", arguments)


HOW = [pytest.param(False, id="directly"), pytest.param(True, id="through tool_call")]


@pytest.mark.parametrize("through", HOW)
async def test_where_only_reading_is_allowed_the_form_that_reads_is_offered_and_the_other_is_refused(
    through: bool,
) -> None:
    offered = offering(Level.READ, discovery=through)
    assert list(offered.selection().tools) == ["sample_look", "sample_drop"]
    async with Client(offered.server()) as client:
        assert facts_of(await client.call_tool(*call({"id": "x"}, through=through)))["what"] == "Dropped."
        refused = await client.call_tool(*call({"id": "x", "for_good": True}, through=through))
        dry = await client.call_tool(*call({"id": "x", "for_good": True, "dry_run": True}, through=through))
    assert refused.is_error
    assert "it would delete or reset something, and the server only reads here" in text_of(refused)
    assert dry.is_error
    assert not offered.sent


@pytest.mark.parametrize("through", HOW)
async def test_a_person_is_asked_for_the_form_that_destroys_alone(through: bool) -> None:
    offered = offering(Level.ASK, discovery=through)
    async with Client(offered.server()) as client:
        assert facts_of(await client.call_tool(*call({"id": "x"}, through=through)))["what"] == "Dropped."
        refused = await client.call_tool(*call({"id": "x", "for_good": True}, through=through))
    assert "a person has to agree" in text_of(refused)
    assert not offered.sent
    assert [record.access for record in offered.records] == [Access.READ, Access.DESTROY]


async def test_where_nobody_is_asked_every_form_is_carried_out() -> None:
    offered = offering(Level.FULL)
    async with Client(offered.server()) as client:
        facts_of(await client.call_tool("sample_drop", {"id": "x", "for_good": True}))
    assert offered.sent == ["DELETE /v1.0/me/messages/x"]
