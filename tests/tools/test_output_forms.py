"""Answers in each form, from the tool to the client: golden ones, and what none of them may have in it.

`UPDATE_SNAPSHOTS=1 python -m pytest tests/tools/test_output_forms.py` writes the golden answers anew.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from mcp_types import CallToolResult

from _server_demo import DemoTenant
from emulator import Tenant
from emulator.graph.mail.state import Address, Attachment, Body
from tests.support import small_tenant, text_of
from tests.tools.flat_schemas import misfits
from tests.tools.mail.support import NOON, SENDER, Mailbox, mailbox_of
from tests.tools.untrusted.invariants import active_in, unseen_in
from tests.tools.walks import walking

GOLDEN = Path(__file__).parents[1] / "snapshots" / "answers"

_HANDLE = re.compile(r"\b((?:msg|att|next)_)[2-9a-z]{6,10}\b")
_MARK = re.compile(r"<<(data|end) [a-z2-7]{8}")

CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "send_dry_run": (
        "send_message",
        {
            "to": ["Jonas <jonas.brandt@lindenhall.example>", SENDER.address],
            "subject": "Pallets",
            "text": "Dear all,\nthey leave today.",
            "dry_run": True,
        },
    ),
    "list": ("list_messages", {"limit": 4}),
    "list_of_sent": ("list_messages", {"folder": "sent"}),
    "list_of_nothing": ("list_messages", {"folder": "archive"}),
    "message": ("read_message", {"id": "the reply"}),
    "message_whole": ("read_message", {"id": "the reply", "whole": True}),
    "thread": ("read_thread", {"id": "the reply"}),
}

REPLY = """<p>Dear Ines,</p><h2>Plan</h2><table><tr><td>Hall 2</td><td>Thursday</td></tr></table>
<p>See <a href="https://track.example/c?u=https%3A%2F%2Fnorthwind-freight.example%2Fplan&utm_source=x">the plan</a>.</p>
<img src="https://pixel.example/o.gif?r=ines" width="1" height="1"><p>Petra</p>
<div id="divRplyFwdMsg"><b>From:</b> Ines Aldana<br><b>Sent:</b> Friday, November 20, 2026 11:00<br>
<b>To:</b> Petra Novotny<br><b>Subject:</b> Pallets</div><p>When do they leave?</p>"""


def mailbox_to_show() -> Tenant:
    """A mailbox with one mail of each kind."""
    tenant = small_tenant()
    ines = tenant.demo_person
    tenant.mailbox(ines).settings["timeZone"] = "W. Europe Standard Time"
    asked = tenant.add_message(
        ines, "Pallets", Body("When do they leave?", "text"), folder="sentitems", sender=ines.address, to=(SENDER,),
        sent=NOON - timedelta(hours=1), is_read=True,
    )  # fmt: skip
    plan = Attachment(name="plan.pdf", content_type="application/pdf", source=b"x" * 24_000)
    tenant.add_message(
        ines, "RE: Pallets", Body(REPLY), sender=SENDER, to=(ines.address,), cc=(Address("Jonas", "j@x.example"),),
        sent=NOON, attachments=(plan,), conversation_id=asked.conversation_id,
    )  # fmt: skip
    for number in range(5):
        own = Address("Jonas Brandt", "jonas.brandt@lindenhall.example")
        sent = NOON - timedelta(days=1 + number)
        tenant.add_message(ines, f"Note {number}", "x", sender=own, sent=sent, is_read=number % 2 == 0)
    return tenant


@pytest.fixture(scope="module")
def shown() -> Tenant:
    return mailbox_to_show()


async def answer_to(mailbox: Mailbox, tenant: Tenant, name: str) -> CallToolResult:
    tool, arguments = CALLS[name]
    reply = next(each for each in tenant.mailbox(tenant.demo_person).messages.values() if each.subject == "RE: Pallets")
    given = {key: reply.immutable_id if value == "the reply" else value for key, value in arguments.items()}
    return await mailbox.call(tool, **given)


def fixed(text: str) -> str:
    """Without what is drawn anew each time."""
    names = {found[0]: f"{found[1]}{'x' * 6}" for found in _HANDLE.finditer(text)}
    return _MARK.sub(r"<<\1 xxxxxxxx", _HANDLE.sub(lambda found: names[found[0]], text))


@pytest.mark.parametrize("name", list(CALLS))
async def test_an_answer_is_the_golden_one(name: str, shown: Tenant) -> None:
    async with mailbox_of(shown) as mailbox:
        result = await answer_to(mailbox, shown, name)
    facts = json.dumps(result.structured_content, indent=1, ensure_ascii=False)
    told = fixed(f"{text_of(result)}\n\n{facts}\n")
    stored = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        GOLDEN.mkdir(parents=True, exist_ok=True)
        stored.write_text(told, encoding="utf-8", newline="\n")
    assert stored.read_text(encoding="utf-8") == told, "the answer changed: see this module's docstring"


def test_no_golden_answer_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == {*CALLS}


@pytest.mark.parametrize("output", ["text", "json", "toon"])
async def test_in_every_form_the_facts_are_the_same_and_fit_the_schema(output: str, shown: Tenant) -> None:
    async with mailbox_of(shown, {"OUTPUT": output}) as mailbox:
        schemas = {tool.name: tool.output_schema for tool in (await mailbox.client.list_tools()).tools}
        for name, (tool, _) in CALLS.items():
            result = await answer_to(mailbox, shown, name)
            facts = result.structured_content
            golden = (GOLDEN / f"{name}.txt").read_text("utf-8")
            assert list(misfits(facts, schemas[f"mail_{tool}"] or {})) == []
            assert fixed(json.dumps(facts, indent=1, ensure_ascii=False)) in golden
            if output == "json":
                assert json.loads(text_of(result)) == facts
            if output == "toon":
                opening, first = text_of(result).splitlines()[:2]
                assert opening.startswith("<<data ")
                assert first.partition("[")[0].partition(":")[0] in (facts or {})


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts_in(each)


def keys_in(value: Any) -> Iterator[str]:
    for key, each in value.items() if isinstance(value, dict) else ():
        yield key
        yield from keys_in(each)
    for each in value if isinstance(value, list) else ():
        yield from keys_in(each)


def faults_in(facts: Any, text: str) -> Iterator[str]:
    """What no answer may have in it."""
    raw = json.dumps(facts, ensure_ascii=False)
    yield from (f"{key} is Graph's own" for key in keys_in(facts) if "@" in key)
    yield from (f"{each!r} is invisible" for each in unseen_in(text + raw))
    yield from (f"{found!r} is an id" for found in re.findall(r"[A-Za-z0-9_=+-]{41,}", text + raw))
    yield from (fault for fault in active_in(text) if fault.startswith(("an image", "an inline", "a drawn")))
    if re.search(r'": null[,}]', raw):
        yield "a null"
    if any("@odata" in each for each in texts_in(facts)):
        yield "odata"


async def test_nothing_of_graph_and_nothing_unseen_is_in_any_answer_of_the_demo() -> None:
    """The seeded mailbox has what means harm in it: all of its newest mails are read."""
    async with walking(DemoTenant()) as walk:
        listed, _ = await walk.called("mail_list_messages", {"limit": 50})
        results = [listed]
        for row in (listed.structured_content or {})["messages"][:18]:
            read, _ = await walk.called("mail_read_message", {"id": row["id"]})
            thread, _ = await walk.called("mail_read_thread", {"id": row["id"]})
            results += [read, thread]
        newest, _ = await walk.called("mail_list_messages", {})
    assert [fault for each in results for fault in faults_in(each.structured_content, text_of(each))] == []
    assert len(text_of(newest).encode()) <= 3000


@pytest.mark.parametrize(
    ("value", "schema", "says"),
    [
        pytest.param({"a": 1}, {"type": "object", "properties": {"a": {"type": "integer"}}}, [], id="as described"),
        pytest.param(
            {"a": True}, {"type": "object", "properties": {"a": {"type": "integer"}}}, ["no integer"], id="true"
        ),
        pytest.param(
            {"b": 1}, {"type": "object", "required": ["a"]}, ["a is missing", "not in the schema"], id="names"
        ),
        pytest.param(["x"], {"type": "array", "items": {"type": "string", "enum": ["y"]}}, ["none of"], id="others"),
        pytest.param("x", {"anyOf": []}, ["the type None"], id="no flat schema"),
    ],
)
def test_what_a_schema_does_not_describe_is_seen(value: Any, schema: dict[str, Any], says: list[str]) -> None:
    found = list(misfits(value, schema))
    assert len(found) == len(says)
    assert all(part in each for part, each in zip(says, found, strict=True))


def test_what_an_answer_may_not_have_is_seen() -> None:
    facts = {"@odata.etag": "x", "id": "A" * 41, "none": None, "list": [{"text": "\u200b @odata"}]}
    assert len(list(faults_in(facts, "![x](y)"))) == 7
