"""What the framework adds to an error, and what the log may know of it. The texts as a whole: test_complaints_…"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Annotated, Any

import pytest

from errors import (
    AppError,
    ConsentNeeded,
    GraphBadRequest,
    GraphConflict,
    GraphForbidden,
    GraphNotFound,
    GraphUncertain,
    SignInNeeded,
    StorageError,
    ToolInputError,
)
from principal import Identity, Principal
from tools import TOOLSETS, Toolset, ToolSpec
from tools._explained import close_to, for_the_log, for_the_model, lacking
from tools.account import WhoAmI
from tools.mail.toolset import MESSAGE

BY_NAME = {tool.name: tool for toolset in TOOLSETS for tool in toolset.tools}
LIST, READ = BY_NAME["mail_list_messages"], BY_NAME["mail_read_message"]
WHO = Principal("public", "tenant", "ines", "client")

bare = Toolset("bare", "Needs nothing.")


@bare.read()
async def look() -> WhoAmI:
    """Look."""
    return WhoAmI(signed_in=True)


def identity(*permissions: str, is_person: bool = True) -> Identity:
    return Identity(WHO, is_person, "Ines Aldana", "ines@lindenhall.example", permissions)


like_mail = Toolset("mail", "Lists what it takes.")


@like_mail.read("Mail.Read", name="mail_list_messages")
async def below(id: Annotated[str, MESSAGE]) -> WhoAmI:  # noqa: A002 - as tools name it
    """List what is below a message."""
    return WhoAmI(signed_in=bool(id))


async def explained(error: AppError, tool: ToolSpec, who: Identity | None) -> str:
    class Accounts:
        async def identity(self, account: str | None = None) -> Identity | None:
            return who

    context: Any = SimpleNamespace(
        request_context=SimpleNamespace(lifespan_context=SimpleNamespace(accounts=Accounts()))
    )
    return await for_the_model(error, tool, context)


DENIED = GraphForbidden("ErrorAccessDenied", "Access is denied.", status=403, request_id="r1")
OPAQUE = Identity(WHO, True, "", "", None)


@pytest.mark.parametrize(
    ("who", "tool", "adds"),
    [
        pytest.param(
            identity("Mail.ReadWrite"),
            LIST,
            " What mail_list_messages needs was granted (Mail.Read), so a role, a licence or a share is lacking.",
            id="granted",
        ),
        pytest.param(
            identity("Mail.Read", is_person=False),
            LIST,
            " What mail_list_messages needs was granted (Mail.Read), so a role, a licence or a share is lacking.",
            id="granted to an app",
        ),
        pytest.param(
            OPAQUE,
            LIST,
            " mail_list_messages needs Mail.Read; where that was granted, the account lacks a role or a licence.",
            id="a token that says nothing",
        ),
        pytest.param(None, LIST, "", id="nobody"),
        pytest.param(identity("Mail.Read"), bare.tools[0], "", id="a tool that needs nothing"),
    ],
)
async def test_a_refusal_says_what_it_can_mean(who: Identity | None, tool: ToolSpec, adds: str) -> None:
    assert await explained(DENIED, tool, who) == f"{DENIED}{adds}"


@pytest.mark.parametrize(
    ("error", "tool", "adds"),
    [
        pytest.param(GraphNotFound("ErrorItemNotFound", "Gone."), READ, " mail_list_messages lists each", id="gone"),
        pytest.param(GraphBadRequest("ErrorInvalidIdMalformed", "?"), READ, " mail_list_messages lists", id="made up"),
        pytest.param(GraphNotFound("ErrorItemNotFound", "Gone."), LIST, "", id="by the tool that lists"),
        pytest.param(GraphBadRequest("BadRequest", "?"), READ, "", id="something else"),
        pytest.param(GraphConflict("Conflict", "Changed."), READ, "", id="a conflict"),
    ],
)
async def test_what_is_not_there_names_the_tool_that_lists_what_is(error: AppError, tool: ToolSpec, adds: str) -> None:
    text = await explained(error, tool, identity())
    assert text.startswith(f"{error}{adds}")
    assert bool(adds) or text == str(error)


def test_what_lacks_names_the_tool_its_toolset_the_permissions_and_the_link_where_there_is_one() -> None:
    told = "mail_read_message, of the toolset mail, needs Mail.Read and User.Read, which was not granted."
    assert lacking(READ, ["Mail.Read", "User.Read"], "") == told
    assert lacking(READ, ["Mail.Read", "User.Read"], "https://x.example") == (
        f"{told} Whoever may agree to it does so here: https://x.example"
    )


async def test_no_tool_sends_the_model_to_itself() -> None:
    gone = GraphNotFound("ErrorItemNotFound", "Gone.")
    assert await explained(gone, like_mail.tools[0], identity()) == str(gone)


def test_of_a_name_that_is_far_too_long_only_the_beginning_is_compared() -> None:
    assert close_to("k" * 100_000, ["K" * 80]) == f" Did you mean {'K' * 80}?"


@pytest.mark.parametrize(
    ("name", "adds"),
    [
        pytest.param("archiv", " Did you mean Archive?", id="one"),
        pytest.param("PROJECT", " Did you mean Projects or Project X?", id="two, in any case"),
        pytest.param("zzz", "", id="none"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_close_names_are_offered(name: str, adds: str) -> None:
    assert close_to(name, ["Archive", "Projects", "Project X", "Inbox"]) == adds


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        pytest.param(
            GraphNotFound("ErrorItemNotFound", "Petra's mail is gone.", status=404, request_id="r-1"),
            "GraphNotFound ErrorItemNotFound r-1",
            id="of Graph",
        ),
        pytest.param(GraphUncertain("AnswerLost", "Look first."), "GraphUncertain AnswerLost", id="without an answer"),
        pytest.param(SignInNeeded("Open https://x.example/?once=1 and enter ABCD1234."), "SignInNeeded", id="a link"),
        pytest.param(ConsentNeeded("Petra has to agree.", code=65001), "ConsentNeeded AADSTS65001", id="of Entra"),
        pytest.param(ToolInputError("There is no folder 'Divorce'."), "ToolInputError", id="an argument"),
        pytest.param(StorageError("state.db is locked."), "StorageError('state.db is locked.')", id="a file of ours"),
    ],
)
def test_the_log_learns_the_kind_and_the_codes_but_nothing_that_was_written(error: AppError, logged: str) -> None:
    assert for_the_log(error) == logged
