"""A toolset with a tool of every class, and one with two forms: for tests of what becomes of any tool."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graph.wire import path_segment
from principal import Access
from tools import Toolset
from tools._forms import Forms
from tools._plan import Plan, Preview, Step
from tools._render import Answer, Outcome
from tools._services import Graph

sample = Toolset("sample", "Things that show what may be done.", is_default=True, in_mailbox=True)


class Read(Answer):
    """What was read."""

    count: int

    def says(self) -> str:
        return f"Read {self.count}."


@sample.read("Mail.Read", application=("Mail.Read",))
async def look(graph: Graph, folder: str = "inbox") -> Read:
    """Look at the things of a folder."""
    page = await graph.get(f"{graph.user}/mailFolders/{path_segment(folder)}/messages", {"$select": "id"})
    return Read(count=len(page["value"]))


@sample.write("Mail.ReadWrite", application=("Mail.ReadWrite",), repeatable=True)
async def mark(graph: Graph, id: str) -> Plan[Outcome]:  # noqa: A002
    """Mark a thing."""
    return _plan(Step("PATCH", f"{graph.user}/messages/{path_segment(id)}", {"isRead": True}), "Mark it?")


@sample.send("Mail.Send", application=("Mail.Send",))
async def post(graph: Graph, text: str) -> Plan[Outcome]:
    """Post a thing to somebody."""
    return _plan(Step("POST", f"{graph.user}/sendMail", {"text": text}), "Post it?")


@sample.destroy("Mail.ReadWrite")
async def burn(graph: Graph, id: str) -> Plan[Outcome]:  # noqa: A002
    """Burn a thing. There is no such form for apps."""
    return _plan(Step("DELETE", f"{graph.user}/messages/{path_segment(id)}"), "Burn it?")


@sample.read(
    "Mail.Read", forms=Forms("for_good", {False: Access.READ, True: Access.DESTROY}), application=("Mail.Read",)
)
async def drop(
    graph: Graph,
    id: str,  # noqa: A002
    for_good: Annotated[bool, Field(description="not only in this list")] = False,
) -> Plan[Outcome]:
    """Drop a thing from the list, or for good."""
    steps = (Step("DELETE", f"{graph.user}/messages/{path_segment(id)}"),) if for_good else ()
    return Plan(Preview("Drop it for good?"), steps, lambda _: Outcome(what="Dropped."))


def _plan(step: Step, title: str) -> Plan[Outcome]:
    return Plan(Preview(title), (step,), lambda _: Outcome(what="Done."))
