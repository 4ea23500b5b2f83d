"""tools/_asking.py: a sign-in that is needed reaches the person, whatever the client can do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Annotated, Any, cast

import anyio
import pytest
from mcp.server.mcpserver import Elicit, Resolve
from mcp_types import ClientCapabilities, ElicitResult, ErrorData, InputRequiredResult
from pydantic import BaseModel

from errors import SignInNeeded
from tests.support import facts_of, text_of
from tests.tools.clients import PAGES, Person, at
from tests.tools.people import CODE, PAGE, FakePeople, server_for
from tools import Toolset
from tools._asking import QUESTION, with_sign_in
from tools._services import CallerAccounts, CallerIdentity
from tools.account import Selected

ASKABLE = [
    pytest.param("legacy stream", id="older handshake, stdio"),
    pytest.param("legacy http", id="older handshake, HTTP session"),
    pytest.param("modern stream", id="2026-07-28, stdio"),
    pytest.param("modern http", id="2026-07-28, HTTP"),
    pytest.param("modern stateless", id="2026-07-28, stateless HTTP"),
]


async def told(
    people: FakePeople,
    way: str,
    person: Person,
    elicitation: dict[str, Any] | None = PAGES,
    tool: str = "mail_list_messages",
) -> str:
    async with at(server_for(people), way, person, elicitation) as client:
        return text_of(await client.call_tool(tool, {}))


@pytest.mark.parametrize("way", ASKABLE)
async def test_a_person_who_agrees_signs_in_and_the_call_goes_on(way: str) -> None:
    people, person = FakePeople(), Person()
    assert "Mail of ines@a.example" in await told(people, way, person)
    assert [question.url for question in person.questions] == [PAGE]
    assert person.questions[0].message.startswith("mail_list_messages needs you to sign in")
    assert CODE in person.questions[0].message
    assert people.waited_for == ["attempt-1"]
    assert person.completed == (["attempt-1"] if way.startswith("legacy") else [])


@pytest.mark.parametrize("way", ASKABLE)
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param("decline", "The person declined to sign in, so mail_list_messages was not", id="declined"),
        pytest.param("cancel", "The person has not agreed to sign in, so mail_list_messages was not", id="cancelled"),
    ],
)
async def test_a_person_who_does_not_agree_is_not_asked_again(way: str, answer: str, said: str) -> None:
    people, person = FakePeople(), Person(answer)
    text = await told(people, way, person)
    assert text.startswith(said)
    assert "repeat it when they want to sign in" in text
    assert len(person.questions) == 1
    assert not people.waited_for


@pytest.mark.parametrize("way", ASKABLE)
async def test_a_sign_in_that_is_still_open_is_told_and_not_asked_for_again(way: str) -> None:
    people, person = FakePeople(ending="goes on"), Person()
    text = await told(people, way, person)
    assert text.startswith("mail_list_messages was not carried out, because the sign-in is still open.")
    assert text.endswith(f"Open {PAGE} and enter the code {CODE}.")
    assert len(person.questions) == 1
    assert not person.completed


@pytest.mark.parametrize("way", ASKABLE)
async def test_a_sign_in_that_failed_leads_to_the_text_and_not_to_a_second_question(way: str) -> None:
    people, person = FakePeople(ending="fails"), Person()
    assert await told(people, way, person) == f"Open {PAGE} and enter the code {CODE}."
    assert len(person.questions) == 1
    assert people.attempts == 2


UNASKABLE = [
    pytest.param("legacy stream", None, id="older handshake, nothing declared"),
    pytest.param("legacy stream", {}, id="older handshake, declared as before there were pages"),
    pytest.param("legacy stream", {"form": {}}, id="older handshake, forms only"),
    pytest.param("legacy http", None, id="older handshake, HTTP session, nothing declared"),
    pytest.param("legacy stateless", PAGES, id="older handshake, stateless HTTP"),
    pytest.param("modern stream", None, id="2026-07-28, nothing declared"),
    pytest.param("modern http", {"form": {}}, id="2026-07-28, forms only"),
]


@pytest.mark.parametrize(("way", "elicitation"), UNASKABLE)
async def test_a_client_that_cannot_ask_gets_the_text(way: str, elicitation: dict[str, Any] | None) -> None:
    person = Person()
    assert await told(FakePeople(), way, person, elicitation) == f"Open {PAGE} and enter the code {CODE}."
    assert not person.questions


@pytest.mark.parametrize("way", ASKABLE)
async def test_a_sign_in_without_a_page_is_told_as_text(way: str) -> None:
    people, person = FakePeople(), Person()
    people.url = ""
    assert await told(people, way, person) == f"Open {PAGE} and enter the code {CODE}."
    assert not person.questions


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(ErrorData(code=-32603, message="no window"), id="an error"),
        pytest.param("perhaps", id="an answer that the protocol does not know"),
    ],
)
async def test_a_client_that_fails_to_ask_gets_the_text(answer: str | ErrorData) -> None:
    assert CODE in await told(FakePeople(), "legacy stream", Person(answer))


class _Silent:
    """The context of a call whose client was asked and never answers."""

    request_state = None
    input_responses = None
    protocol_version = "2025-11-25"
    client_capabilities = ClientCapabilities.model_validate({"elicitation": PAGES})

    def __init__(self) -> None:
        self.people = FakePeople()
        self.request_context = SimpleNamespace(lifespan_context=SimpleNamespace(accounts=self.people))

    async def elicit_url(self, *question: str, elicitation_id: str) -> None:
        await anyio.sleep_forever()


async def test_a_client_that_never_answers_is_not_waited_for_for_ever() -> None:
    needed = SignInNeeded("Open the page.", url=PAGE, sign_in="attempt-1")

    async def attempt(account: str | None, context: object) -> None:
        raise needed

    silent = _Silent()
    with pytest.raises(SignInNeeded) as caught:
        await with_sign_in("mail_list_messages", attempt, None, cast("Any", silent), patience=0.01)
    assert caught.value is needed
    assert silent.people.not_asked == ["attempt-1"], "the next call may ask"


@pytest.mark.parametrize("way", ASKABLE)
async def test_logging_in_ends_with_who_it_was(way: str) -> None:
    people, person = FakePeople("jonas@a.example"), Person()
    async with at(server_for(people), way, person) as client:
        facts = facts_of(await client.call_tool("account_login", {}))
    assert facts == {"account": "ines@a.example", "signed_in": ["jonas@a.example", "ines@a.example"]}


# A tool that asks a question of its own, before the sign-in or after it.

careful = Toolset("careful", "Asks before it does anything.")


class Confirmed(BaseModel):
    really: bool


async def confirm() -> Elicit[Confirmed]:
    return Elicit("Really?", Confirmed)


async def confirm_as(identity: CallerIdentity) -> Elicit[Confirmed]:
    return Elicit(f"Really as {identity.username if identity else None}?", Confirmed)


@careful.read("Mail.Read")
async def first(accounts: CallerAccounts, confirmed: Annotated[Confirmed, Resolve(confirm)]) -> Selected:
    """Ask, then need a sign-in."""
    identity = await accounts.identity()
    return Selected(account=f"{identity.username if identity else None}, {confirmed.really}")


@careful.read("Mail.Read")
async def later(confirmed: Annotated[Confirmed, Resolve(confirm_as)], identity: CallerIdentity) -> Selected:
    """Need a sign-in, then ask."""
    return Selected(account=f"{identity.username if identity else None}, {confirmed.really}")


@pytest.mark.parametrize("way", ASKABLE)
@pytest.mark.parametrize(
    ("tool", "question"),
    [
        pytest.param("careful_first", "Really?", id="question before the sign-in"),
        pytest.param("careful_later", "Really as ines@a.example?", id="question after the sign-in"),
    ],
)
async def test_a_question_of_the_tool_itself_and_the_sign_in_are_asked_once_each(
    way: str, tool: str, question: str
) -> None:
    person = Person()
    async with at(server_for(FakePeople(), catalogue=(careful,)), way, person) as client:
        assert facts_of(await client.call_tool(tool, {})) == {"account": "ines@a.example, True"}
    assert len(person.questions) == 1
    # Over the older handshake the call is made anew after the sign-in, and with it the tool's own question.
    assert set(person.forms) == {question}
    assert len(person.forms) == 1 or way.startswith("legacy")


async def test_what_waits_for_the_sign_in_travels_sealed() -> None:
    people, person = FakePeople(), Person()
    async with at(server_for(people), "modern stream", person) as client:
        asked = await client.session.call_tool("mail_list_messages", {}, allow_input_required=True)
        assert isinstance(asked, InputRequiredResult)
        assert "attempt-1" not in str(asked.request_state)
        assert list(asked.input_requests or {}) == [QUESTION]


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param(None, id="none"),
        pytest.param({"another": ElicitResult(action="accept")}, id="to another question"),
    ],
)
async def test_a_repeated_call_without_the_answer_does_not_count_as_agreement(
    answers: dict[str, Any] | None,
) -> None:
    people, person = FakePeople(), Person()
    async with at(server_for(people), "modern stream", person) as client:
        asked = await client.session.call_tool("mail_list_messages", {}, allow_input_required=True)
        assert isinstance(asked, InputRequiredResult)
        result = await client.session.call_tool(
            "mail_list_messages", {}, input_responses=answers, request_state=asked.request_state
        )
    assert "has not agreed to sign in" in text_of(result)
    assert not people.waited_for


async def test_an_answer_that_nobody_was_asked_for_is_no_agreement() -> None:
    people, person = FakePeople(), Person()
    answers: dict[str, Any] = {QUESTION: ElicitResult(action="accept")}
    async with at(server_for(people), "modern stream", person) as client:
        asked = await client.session.call_tool(
            "mail_list_messages", {}, input_responses=answers, allow_input_required=True
        )
    assert isinstance(asked, InputRequiredResult)
    assert not people.waited_for
