"""docs/writing-tools.md: its code is a toolset that works."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from graph import GraphClient
from tests.graph.support import speaker
from tests.support import facts_of, text_of
from tests.tools.clients import AGREES, Person, at
from tests.tools.people import FakePeople
from tests.tools.serving import server_with
from tools import Toolset

PAGE = Path(__file__).parents[1] / "docs" / "writing-tools.md"
LONG = "1-" + "a" * 60


@pytest.fixture
def notes() -> Iterator[Toolset]:
    """What the page declares, as a module of its own: annotations are looked up there."""
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL))
    module = ModuleType("written_tools")
    sys.modules[module.__name__] = module
    try:
        exec(compile(code, str(PAGE), "exec"), module.__dict__)  # noqa: S102 - the page is ours
        toolset: Toolset = module.__dict__["notes"]
        yield toolset
    finally:
        del sys.modules[module.__name__]


class OneNote:
    """A Graph with one page of notes."""

    def __init__(self) -> None:
        self.deleted: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        page: dict[str, Any] = {"id": LONG, "title": "Plans"}
        if request.method == "DELETE":
            self.deleted.append(request.url.path)
            return httpx.Response(204)
        return httpx.Response(200, json=page if LONG in request.url.path else {"value": [page]})


async def test_the_tools_of_the_page_list_and_delete(notes: Toolset) -> None:
    graph = OneNote()
    people = FakePeople("ines@a.example")
    server = server_with(
        httpx.MockTransport(graph), people, lambda service, *_: GraphClient(service, speaker()), catalogue=(notes,)
    )
    person = Person(form=AGREES)
    async with at(server, "modern stream", person) as client:
        listed = await client.call_tool("notes_list_pages", {})
        handle = facts_of(listed)["pages"][0]["id"]
        result = await client.call_tool("notes_delete_page", {"id": handle})
    assert handle.startswith("note_")
    assert f"{handle} Plans" in text_of(listed)
    assert text_of(result) == "Deleted Plans."
    assert graph.deleted == [f"/v1.0/me/onenote/pages/{LONG}"]
    assert len(person.forms) == 1
