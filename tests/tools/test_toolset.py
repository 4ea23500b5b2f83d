"""tools/_toolset.py, _signature.py and _binding.py: a tool as data, and what its declaration may not say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import pytest
from mcp.server.mcpserver import Context
from pydantic import Field

from principal import Access
from tests.tools.sampled import sample
from tools import DISCOVERY, TOOLSETS, Side, Toolset, ToolSpec
from tools._kinds import CURSOR, Kind
from tools._listing import with_argument
from tools._render import Answer, Outcome
from tools._services import CallerIdentity, Graph
from tools._signature import Signature

THING = Kind("thg", "thing", "sample_look")
EVERY_TOOL = [tool for toolset in (*TOOLSETS, DISCOVERY) for tool in toolset.tools]


class Nothing(Answer):
    """Nothing at all."""

    def says(self) -> str:
        return "nothing"


async def look() -> Nothing:
    """Look."""
    return Nothing()


def declared(toolset: Toolset, name: str, handler: Callable[..., Awaitable[Any]] = look, **said: Any) -> ToolSpec:
    toolset.read("Mail.Read", name=name, **said)(handler)
    return toolset.tools[-1]


def tool(name: str) -> ToolSpec:
    return next(each for each in sample.tools if each.name == name)


# Names.


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("mail_look", id="with the prefix of its toolset"),
        pytest.param("mail_" + "x" * 35, id="as long as may be"),
        pytest.param("brief_me", id="the briefing"),
        pytest.param("check_mail_rules", id="a check"),
        pytest.param("tool_look", id="a tool for tools"),
    ],
)
def test_a_name_that_every_client_takes_is_taken(name: str) -> None:
    assert declared(Toolset("mail", "Mail."), name).name == name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("mail_" + "x" * 36, "is no name", id="too long"),
        pytest.param("mail_Look", "is no name", id="a capital"),
        pytest.param("mail-look", "is no name", id="a dash"),
        pytest.param("1mail_look", "is no name", id="a digit first"),
        pytest.param("mail_look\n", "is no name", id="a line end"),
        pytest.param("mail_löök", "is no name", id="letters of a language"),
        pytest.param("look", "begin with mail_", id="no prefix"),
        pytest.param("mailbox_look", "begin with mail_", id="a prefix that only begins so"),
        pytest.param("brief_me_now", "begin with mail_", id="nearly the briefing"),
        pytest.param("checks_mail", "begin with mail_", id="nearly a check"),
        pytest.param("calendar_look", "begin with mail_", id="another toolset's"),
    ],
)
def test_another_name_is_refused_at_declaration(name: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        declared(Toolset("mail", "Mail."), name)


def test_names_of_another_time_live_only_outside_all() -> None:
    compat = Toolset("compat", "Old names.", is_in_all=False)
    assert declared(compat, "listMailMessages").name == "listMailMessages"
    for name in ("x" * 41, "list-mail", "1list", "_list"):
        with pytest.raises(ValueError, match="is no name"):
            declared(compat, name)


def test_a_name_cannot_be_given_twice() -> None:
    mail = Toolset("mail", "Mail.")
    declared(mail, "mail_look")
    with pytest.raises(ValueError, match="there already"):
        declared(mail, "mail_look")


def test_no_two_tools_have_the_same_name() -> None:
    names = [each.name for each in EVERY_TOOL]
    assert len(names) == len(set(names))


def test_a_tool_without_a_word_for_the_model_is_refused() -> None:
    async def silent() -> Nothing:
        return Nothing()

    with pytest.raises(ValueError, match="no docstring"):
        declared(Toolset("mail", "Mail."), "mail_silent", silent)


# What a declaration makes.


@pytest.mark.parametrize(
    ("name", "hints"),
    [
        pytest.param("sample_look", (True, False, None, False), id="read"),
        pytest.param("sample_mark", (False, False, True, False), id="write that may be repeated"),
        pytest.param("sample_post", (False, False, None, True), id="send"),
        pytest.param("sample_burn", (False, True, None, False), id="destroy"),
        pytest.param("sample_drop", (False, True, None, False), id="several forms: the gravest"),
    ],
)
def test_hints_say_what_a_call_may_do(name: str, hints: tuple[bool | None, ...]) -> None:
    found = tool(name).bind().annotations
    assert found is not None
    told = (found.read_only_hint, found.destructive_hint, found.idempotent_hint, found.open_world_hint)
    assert told == hints


def test_what_takes_something_away_or_reaches_outside_says_so_beside_its_class() -> None:
    mail = Toolset("mail", "Mail.")
    mail.write("Mail.Read", removes=True, open_world=True)(look)
    hints = mail.tools[0].hints
    assert (hints.destructive_hint, hints.open_world_hint) == (True, True)


def test_permissions_depend_on_who_calls_graph() -> None:
    burn, whoami = tool("sample_burn"), EVERY_TOOL[0]
    assert burn.scopes(as_application=False) == ("Mail.ReadWrite",)
    assert burn.scopes(as_application=True) == ()
    assert whoami.scopes(as_application=False) == ()
    assert tool("sample_look").scopes(as_application=True) == ("Mail.Read",)


async def handled(  # noqa: PLR0917 - one of every sort
    graph: Graph,
    identity: CallerIdentity,
    ctx: Context[Any, Any],
    id: Annotated[str, THING, Field(description="as listed")],  # noqa: A002
    others: list[Annotated[str, THING]],
    cursor: Annotated[str | None, CURSOR] = None,
) -> Nothing:
    """Take all there is."""
    return Nothing()


def test_a_signature_knows_what_a_model_gives_and_what_the_sdk_fills_in() -> None:
    signature = Signature.of(handled)
    assert signature.arguments == {"id": "as listed", "others": "", "cursor": ""}
    assert signature.kinds == {"id": THING, "others": THING}
    assert signature.cursor == "cursor"
    assert not signature.is_plan
    assert signature.answer is Nothing


def test_the_class_of_an_answer_is_what_a_plan_ends_in() -> None:
    signature = tool("sample_post").signature
    assert signature.is_plan
    assert signature.answer is Outcome


@pytest.mark.parametrize("each", [pytest.param(each, id=each.name) for each in EVERY_TOOL])
def test_what_a_signature_says_of_the_arguments_is_what_the_schema_says(each: ToolSpec) -> None:
    properties = each.bind().parameters["properties"]
    said = {name: schema.get("description", "") for name, schema in properties.items() if name != "dry_run"}
    assert said == each.signature.arguments


# What binding adds.


def test_a_write_takes_a_dry_run_and_a_read_does_not() -> None:
    assert "dry_run" in tool("sample_mark").bind().parameters["properties"]
    assert "dry_run" not in tool("sample_look").bind().parameters["properties"]
    assert "dry_run" not in tool("sample_mark").bind().parameters["required"]


@pytest.mark.parametrize(
    ("side", "is_taken", "is_required"),
    [
        pytest.param(Side(), False, False, id="a person"),
        pytest.param(Side(has_mailbox=True), False, False, id="a person, whatever the settings name"),
        pytest.param(Side(as_application=True), True, True, id="an app"),
        pytest.param(Side(as_application=True, has_mailbox=True), True, False, id="an app with a usual mailbox"),
    ],
)
def test_only_an_apps_call_says_in_whose_mailbox_it_works(side: Side, is_taken: bool, is_required: bool) -> None:
    schema = tool("sample_look").bind(side).parameters
    assert ("mailbox" in schema["properties"]) is is_taken
    assert ("mailbox" in schema.get("required", [])) is is_required
    whoami = EVERY_TOOL[0].bind(side).parameters
    assert "mailbox" not in whoami["properties"]


@pytest.mark.parametrize("name", ["account", "mailbox", "dry_run"])
def test_an_argument_of_the_frameworks_own_is_refused(name: str) -> None:
    async def one(account: str) -> Nothing:
        """Take it."""
        return Nothing()

    async def two(mailbox: str) -> Nothing:
        """Take it."""
        return Nothing()

    async def three(dry_run: bool) -> Nothing:
        """Take it."""
        return Nothing()

    handler: Any = {"account": one, "mailbox": two, "dry_run": three}[name]
    with pytest.raises(ValueError, match=f"may not have an argument .*{name}"):
        declared(Toolset("mail", "Mail."), "mail_taking", handler).bind()


def test_an_answer_without_a_shape_of_its_own_has_no_schema() -> None:
    assert declared(Toolset("mail", "Mail."), "mail_look").bind().output_schema is None


def test_the_account_is_added_to_a_copy() -> None:
    schema = tool("sample_look").bind().parameters
    added = with_argument(schema, "Which account: a, b.")
    assert added["properties"]["account"] == {"type": "string", "description": "Which account: a, b."}
    assert "account" not in schema["properties"]


def test_the_gravest_class_counts_whatever_the_declaration_calls_it() -> None:
    assert tool("sample_drop").access is Access.DESTROY
    assert tool("sample_drop").lightest is Access.READ
    assert tool("sample_burn").lightest is Access.DESTROY
