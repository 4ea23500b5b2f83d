"""tools/_cursors.py: a cursor goes on with one query of one principal, and with nothing else."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp import Client
from pydantic import BaseModel

from errors import ToolInputError
from storage import MemoryStore, StateKeys
from tests.support import facts_of, text_of
from tests.tools.offering import Offering
from tools import Toolset
from tools._cursors import Cursors
from tools._handles import shelf_of
from tools._kinds import CURSOR
from tools._render import Rows
from tools._services import Graph

ADELE, DIEGO = "adele", "diego"
TOOL = "mail_list_messages"
QUERY = {"folder": "archive", "unread_only": True, "limit": 25}
PLACE = "https://graph.microsoft.com/v1.0/me/messages?$skiptoken=Ab%2Fc"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Shelf:
    """Cursors over a store in memory, and what lies in it."""

    def __init__(self, **options: Any) -> None:
        self.clock = Clock()
        self.store = MemoryStore(clock=self.clock)
        self.keys = StateKeys([b"k" * 32])
        self.cursors = Cursors(self.store, self.keys, clock=self.clock, **options)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


async def refusal(cursors: Cursors, cursor: str, who: str = ADELE, tool: str = TOOL, **arguments: Any) -> str:
    with pytest.raises(ToolInputError) as refused:
        await cursors.open(who, tool, arguments, cursor)
    return str(refused.value)


async def test_a_cursor_is_short_and_tells_nothing(shelf: Shelf) -> None:
    cursor = await shelf.cursors.seal(ADELE, TOOL, QUERY, PLACE)
    assert re.fullmatch(r"next_[2-9a-hjkmnp-z]{10}", cursor)
    [key] = shelf.store._entries.all
    assert ADELE not in key
    assert PLACE.encode() not in (await shelf.store.get(key) or b"")


async def test_it_brings_back_the_query_and_the_place(shelf: Shelf) -> None:
    cursor = await shelf.cursors.seal(ADELE, TOOL, QUERY, PLACE)
    assert await shelf.cursors.open(ADELE, TOOL, {}, cursor) == (QUERY, PLACE)
    assert await shelf.cursors.open(ADELE, TOOL, {}, cursor) == (QUERY, PLACE), "a page may be read again"


@settings(max_examples=25)
@given(st.dictionaries(st.text(max_size=6), JSON, max_size=4), st.text(max_size=20))
async def test_any_query_and_place_come_back_as_they_were(query: dict[str, Any], place: str) -> None:
    cursors = Shelf().cursors
    cursor = await cursors.seal(ADELE, TOOL, query, place)
    without_nulls = {name: value for name, value in query.items() if value is not None}
    assert await cursors.open(ADELE, TOOL, query, cursor) == (without_nulls, place)


async def test_the_same_page_has_the_same_cursor_in_every_process(shelf: Shelf) -> None:
    again = Cursors(shelf.store, StateKeys([b"k" * 32]), clock=shelf.clock)
    first = await shelf.cursors.seal(ADELE, TOOL, {"a": 1, "b": None, "c": "x"}, PLACE)
    assert await again.seal(ADELE, TOOL, {"c": "x", "a": 1}, PLACE) == first
    assert await shelf.store.count("cursor/") == 1
    assert await again.open(ADELE, TOOL, {}, first) == ({"a": 1, "c": "x"}, PLACE)


async def test_another_place_query_tool_or_owner_has_another_cursor(shelf: Shelf) -> None:
    made = {
        await shelf.cursors.seal(ADELE, TOOL, QUERY, PLACE),
        await shelf.cursors.seal(ADELE, TOOL, QUERY, PLACE + "2"),
        await shelf.cursors.seal(ADELE, TOOL, QUERY | {"folder": "inbox"}, PLACE),
        await shelf.cursors.seal(ADELE, "mail_search", QUERY, PLACE),
        await shelf.cursors.seal(DIEGO, TOOL, QUERY, PLACE),
    }
    assert len(made) == 5


async def test_the_same_arguments_beside_it_are_fine_and_the_limit_may_change(shelf: Shelf) -> None:
    cursor = await shelf.cursors.seal(ADELE, TOOL, QUERY, PLACE)
    given = {"folder": "archive", "limit": 5, "unread_only": None}
    assert await shelf.cursors.open(ADELE, TOOL, given, cursor) == (QUERY | {"limit": 5}, PLACE)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param({"folder": "inbox"}, "(folder=archive)", id="another value"),
        pytest.param({"folder": "archive", "sender": "x"}, "(no sender)", id="one that was not there"),
        pytest.param({"folder": "a", "unread_only": False}, "(folder=archive, unread_only=true)", id="two others"),
        pytest.param({"folder": ["archive"]}, "(folder=archive)", id="another type"),
    ],
)
async def test_other_arguments_beside_it_are_refused_with_what_was_asked(
    shelf: Shelf, given: dict[str, Any], told: str
) -> None:
    cursor = await shelf.cursors.seal(ADELE, TOOL, QUERY, PLACE)
    assert await refusal(shelf.cursors, cursor, **given) == (
        f"This cursor continues another query {told}. Leave the other arguments out, or repeat them as they were."
    )


async def test_a_long_argument_is_cut_where_it_is_told(shelf: Shelf) -> None:
    cursor = await shelf.cursors.seal(ADELE, TOOL, {"query": "\x1b[31m" + "word " * 100}, PLACE)
    told = await refusal(shelf.cursors, cursor, query="other")
    assert "(query=[31mword word" in told
    assert len(told) < 200


@pytest.mark.parametrize(
    "wrapped", [pytest.param("`{}`", id="backticks"), pytest.param(' "{}". ', id="quotes and a full stop")]
)
async def test_what_models_put_around_a_cursor_does_no_harm(shelf: Shelf, wrapped: str) -> None:
    cursor = await shelf.cursors.seal(ADELE, TOOL, QUERY, PLACE)
    assert await shelf.cursors.open(ADELE, TOOL, {}, wrapped.format(cursor.upper())) == (QUERY, PLACE)


UNKNOWN = f"This cursor is not known here (any more). Call {TOOL} without cursor to begin the list again."


@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param("next_2222222222", id="well formed"),
        pytest.param("next_222", id="too short"),
        pytest.param("", id="empty"),
        pytest.param("2", id="a page number"),
        pytest.param("https://graph.microsoft.com/v1.0/me/messages?$skip=10", id="a link"),
        pytest.param("next_" + "2" * 100_000, id="endless"),
        pytest.param("next_22222\u0663\u0663222", id="digits of another script"),
        pytest.param("../cursor/x", id="a path"),
    ],
)
async def test_a_forged_cursor_is_refused_with_the_way_on(shelf: Shelf, cursor: str) -> None:
    assert await refusal(shelf.cursors, cursor) == UNKNOWN


async def test_somebody_elses_cursor_is_not_known(shelf: Shelf) -> None:
    cursor = await shelf.cursors.seal(DIEGO, TOOL, QUERY, PLACE)
    assert await refusal(shelf.cursors, cursor) == UNKNOWN


async def test_an_entry_that_was_moved_or_changed_in_the_store_is_not_taken(shelf: Shelf) -> None:
    cursors, store = shelf.cursors, shelf.store
    await cursors.seal(ADELE, TOOL, QUERY, PLACE)
    [mine] = store._entries.all
    foreign = await cursors.seal(DIEGO, TOOL, QUERY, "secret")
    other = next(key for key in store._entries.all if key.endswith(foreign))
    stolen = mine.rpartition("/")[0] + "/" + foreign
    await store.put(stolen, await store.get(other) or b"")
    assert await refusal(cursors, foreign) == UNKNOWN
    await store.put(other, b"{}")
    assert await refusal(cursors, foreign, who=DIEGO) == UNKNOWN


async def test_it_opens_while_its_key_is_among_the_keys(shelf: Shelf) -> None:
    cursor = await shelf.cursors.seal(ADELE, TOOL, QUERY, PLACE)
    rotated = Cursors(shelf.store, StateKeys([b"n" * 32, b"k" * 32]), clock=shelf.clock)
    assert await rotated.open(ADELE, TOOL, {}, cursor) == (QUERY, PLACE)
    other = Cursors(shelf.store, StateKeys([b"n" * 32]), clock=shelf.clock)
    assert await refusal(other, cursor) == UNKNOWN


async def test_the_cursor_of_another_tool_names_that_tool(shelf: Shelf) -> None:
    cursor = await shelf.cursors.seal(ADELE, "mail_search", QUERY, PLACE)
    assert await refusal(shelf.cursors, cursor) == (
        f"This cursor belongs to mail_search. Call that, or {TOOL} without cursor."
    )


async def test_it_ends_after_its_time_and_lives_on_where_the_page_is_read_again(shelf: Shelf) -> None:
    cursor = await shelf.cursors.seal(ADELE, TOOL, QUERY, PLACE)
    shelf.clock.now += 3000
    await shelf.cursors.seal(ADELE, TOOL, QUERY, PLACE)
    shelf.clock.now += 3000
    assert await shelf.cursors.open(ADELE, TOOL, {}, cursor) == (QUERY, PLACE)
    shelf.clock.now += 601
    assert await refusal(shelf.cursors, cursor) == UNKNOWN


async def test_a_store_that_keeps_it_too_long_does_not_prolong_it(shelf: Shelf) -> None:
    cursor = await shelf.cursors.seal(ADELE, TOOL, QUERY, PLACE)
    [key] = shelf.store._entries.all
    await shelf.store.put(key, await shelf.store.get(key) or b"")
    shelf.clock.now += 3601
    assert await refusal(shelf.cursors, cursor) == UNKNOWN


async def test_each_principal_keeps_the_newest_only() -> None:
    shelf = Shelf(most=5)
    others = await shelf.cursors.seal(DIEGO, TOOL, QUERY, PLACE)
    made = []
    for number in range(12):
        shelf.clock.now += 1
        made.append(await shelf.cursors.seal(ADELE, TOOL, QUERY, str(number)))
    assert await shelf.store.count("cursor/") == 6
    assert await shelf.cursors.open(ADELE, TOOL, {}, made[-1]) == (QUERY, "11")
    assert await refusal(shelf.cursors, made[0]) == UNKNOWN
    assert await shelf.cursors.open(DIEGO, TOOL, {}, others) == (QUERY, PLACE)


# Through the server.

NO_TEXT = [
    pytest.param(5, id="a number"),
    pytest.param(0, id="zero"),
    pytest.param(False, id="false"),
    pytest.param([], id="an empty list"),
    pytest.param(["next_4k7q2m9xtz"], id="a list"),
]

paged = Toolset("paged", "One list of two pages.", is_default=True, in_mailbox=True)


class Thing(BaseModel):
    name: str


class Things(Rows):
    """A page of things."""

    rows_in: ClassVar[str] = "things"

    things: list[Thing]

    def lines(self) -> list[str]:
        return [each.name for each in self.things]

    def says(self) -> str:
        return self.showing()


@paged.read("Mail.Read", application=("Mail.Read",))
async def look(graph: Graph, folder: str = "inbox", cursor: Annotated[str | None, CURSOR] = None) -> Things:
    """List things."""
    await graph.get(f"{graph.user}/mailFolders/{folder}", {"$select": "id"})
    return Things(things=[Thing(name=cursor or "first")]).placed(1, ["" if cursor else "second"])


async def test_through_the_server_a_list_goes_on_with_its_cursor() -> None:
    offered = Offering(catalogue=(paged,))
    async with Client(offered.server()) as client:
        first = facts_of(await client.call_tool("paged_look", {"folder": "archive"}))
        second = facts_of(await client.call_tool("paged_look", {"cursor": first["next"]}))
    assert ([each["name"] for each in second["things"]], "next" in second) == (["second"], False)
    assert offered.sent == ["GET /v1.0/me/mailFolders/archive"] * 2


@pytest.mark.parametrize("cursor", NO_TEXT)
async def test_through_the_server_a_cursor_that_is_no_text_is_refused(cursor: object) -> None:
    offered = Offering(catalogue=(paged,))
    async with Client(offered.server()) as client:
        result = await client.call_tool("paged_look", {"cursor": cursor})
    assert result.is_error
    assert "paged_look cannot take these arguments. cursor" in text_of(result)
    assert not offered.sent


async def test_a_fresh_cursor_is_given_again_without_the_store_and_lives_long_enough() -> None:
    shelf = Shelf(fresh=60.0)
    cursor = await shelf.cursors.seal(ADELE, TOOL, QUERY, PLACE)
    held = await shelf.store.get(f"{_shelf_of_adele()}{cursor}")
    shelf.clock.now += 59
    assert await shelf.cursors.seal(ADELE, TOOL, QUERY, PLACE) == cursor
    assert await shelf.store.get(f"{_shelf_of_adele()}{cursor}") == held
    shelf.clock.now += 3500
    assert (await shelf.cursors.open(ADELE, TOOL, {}, cursor))[1] == PLACE


async def test_a_fresh_cursor_that_the_store_has_lost_is_sealed_again_by_the_next_list() -> None:
    shelf = Shelf(fresh=60.0)
    cursor = await shelf.cursors.seal(ADELE, TOOL, QUERY, PLACE)
    await shelf.store.delete(f"{_shelf_of_adele()}{cursor}")
    assert "begin the list again" in await refusal(shelf.cursors, cursor)
    assert await shelf.cursors.seal(ADELE, TOOL, QUERY, PLACE) == cursor
    assert (await shelf.cursors.open(ADELE, TOOL, {}, cursor))[1] == PLACE


def _shelf_of_adele() -> str:
    return shelf_of("cursor", ADELE)
