"""tools/_ids.py: ids become handles on their way out wherever they stand, and come back exactly."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from errors import ToolInputError
from storage import MemoryStore, StateKeys
from tools._cursors import Cursors
from tools._handles import Handles
from tools._ids import Ids, Query
from tools._kinds import CURSOR, Kind
from tools._render import Answer, Form, Rows
from tools._signature import Signature

MESSAGE = Kind("msg", "message", "mail_list_messages")
FILE = Kind("att", "attachment", "mail_read_message")
LONG = "AAMkAGI2" * 18
FORM = Form()
NO_TEXT = [
    pytest.param(5, id="a number"),
    pytest.param(0, id="zero"),
    pytest.param(False, id="false"),
    pytest.param([], id="an empty list"),
    pytest.param(["next_4k7q2m9xtz"], id="a list"),
]
LONG_IDS = st.text(st.characters(codec="utf-8"), min_size=41, max_size=200)


class Item(BaseModel):
    id: Annotated[str, FILE]
    name: str = LONG


class Found(Answer):
    """Ids in every place that an answer has."""

    id: Annotated[str, MESSAGE]
    other: Annotated[str | None, MESSAGE] = None
    several: list[Annotated[str, MESSAGE]] = Field(default=[])
    items: list[Item] = Field(default=[])
    item: Item | None = None
    text: str = LONG

    def says(self) -> str:
        return "Found."


class Listed(Rows):
    """A list of things with ids."""

    rows_in: ClassVar[str] = "items"

    items: list[Item]

    def lines(self) -> list[str]:
        return [each.id for each in self.items]

    def says(self) -> str:
        return self.showing()


async def handler(
    id: Annotated[str, MESSAGE],  # noqa: A002 - as tools have it
    others: list[Annotated[str, FILE]],
    word: str = "",
    cursor: Annotated[str | None, CURSOR] = None,
) -> Found:
    """Take ids."""
    return Found(id=id)


TAKES = Signature.of(handler)


def ids() -> Ids:
    store, keys = MemoryStore(), StateKeys([b"k" * 32])
    return Ids(Handles(store, keys, kinds=(MESSAGE, FILE)), Cursors(store, keys))


def query(who: str = "ines", **arguments: Any) -> Query:
    return Query(who, "mail_list", arguments)


async def test_ids_are_short_wherever_they_stand_and_nothing_else_is_touched() -> None:
    answer = Found(id=LONG, other=LONG, several=[LONG, "5"], items=[Item(id=LONG)], item=Item(id=LONG))
    shown = await ids().short(answer, query(), FORM)
    assert isinstance(shown, Found)
    assert shown.id == shown.other == shown.several[0]
    assert shown.id.startswith("msg_")
    assert shown.several[1] == "5"
    assert shown.item is not None
    assert shown.items[0].id == shown.item.id
    assert shown.item.id.startswith("att_")
    assert shown.text == shown.item.name == LONG


async def test_what_an_outsider_wrote_stays_marked() -> None:
    assert (await ids().short(Found(id=LONG).marked(True), query(), FORM)).is_from_outside


@settings(max_examples=20)
@given(st.lists(LONG_IDS, min_size=1, max_size=8))
async def test_any_id_comes_back_exactly(found: list[str]) -> None:
    mine = ids()
    shown = await mine.short(Found(id=found[0], items=[Item(id=each) for each in found]), query(), FORM)
    assert isinstance(shown, Found)
    assert all(len(each.id) <= 12 for each in shown.items)
    meant = await mine.full("ines", {"id": shown.id, "others": [each.id for each in shown.items]}, TAKES)
    assert meant == {"id": found[0], "others": found}


async def test_a_handle_means_nothing_to_another_and_nothing_of_another_kind() -> None:
    mine = ids()
    shown = await mine.short(Found(id=LONG, item=Item(id=LONG)), query(), FORM)
    assert isinstance(shown, Found)
    assert shown.item is not None
    with pytest.raises(ToolInputError, match=r"is not known here.*mail_list_messages lists messages again"):
        await mine.full("jonas", {"id": shown.id}, TAKES)
    with pytest.raises(ToolInputError, match=r"stands for an attachment, not for a message"):
        await mine.full("ines", {"id": shown.item.id}, TAKES)


async def test_full_ids_and_what_is_no_text_go_through() -> None:
    given = {"id": LONG, "others": [LONG], "word": "msg_4k7q2m"}
    assert await ids().full("ines", given, TAKES) == given
    assert await ids().full("ines", {"id": 5}, TAKES) == {"id": 5}, "its type is judged elsewhere"


async def test_a_list_goes_on_where_it_was_cut() -> None:
    mine = ids()
    rows = [Item(id=f"{LONG}{number}", name="x" * 400) for number in range(20)]
    answer = Listed(items=rows, total=20).placed(1, [f"place {number}" for number in range(1, 20)] + [""])
    shown = await mine.short(answer, query(folder="inbox"), Form(most=3000))
    assert isinstance(shown, Listed)
    assert shown.next is not None
    assert shown.next.startswith("next_")
    arguments, place = await mine.continued(query(cursor=shown.next), TAKES)
    assert (arguments, place) == ({"folder": "inbox"}, f"place {len(shown.items)}")


@pytest.mark.parametrize("cursor", [pytest.param(None, id="null"), pytest.param("", id="empty")])
async def test_without_a_cursor_a_list_begins(cursor: object) -> None:
    assert await ids().continued(query(word="x", cursor=cursor), TAKES) == ({"word": "x"}, "")


@pytest.mark.parametrize("cursor", NO_TEXT)
async def test_a_cursor_of_another_type_stays_to_be_refused_with_the_others(cursor: object) -> None:
    assert await ids().continued(query(word="x", cursor=cursor), TAKES) == ({"word": "x", "cursor": cursor}, "")


async def test_a_list_that_ends_has_no_cursor() -> None:
    shown = await ids().short(Listed(items=[Item(id="1")]).placed(1, [""]), query(), FORM)
    assert isinstance(shown, Listed)
    assert shown.next is None


async def test_the_place_where_a_list_goes_on_is_no_id() -> None:
    mine = ids()
    shown = await mine.short(Listed(items=[], total=1).placed(1, [], LONG), query(), FORM)
    assert isinstance(shown, Listed)
    assert await mine.continued(query(cursor=shown.next), TAKES) == ({}, LONG)
