"""What the log knows of a walk through the tools, with everything that it can be told: that they were called."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from mcp import Client
from mcp_types import CallToolResult

import logging_config
from _server_demo import DemoTenant
from emulator.graph.mail.state import Address, Attachment
from tests.support import demo_settings, small_tenant, text_of
from tests.tools.trouble import FREE, LIST, READ, SEND, Tokens, cloud_of, served
from tests.virtual_time import VIRTUAL_TIME
from tools import DISCOVERY, TOOLSETS
from tools._render import compact

WORDS = ("Heronsgate", "Ptarmigan", "Quillfeather", "Ravensbourne", "Sandpiper", "Turnstone", "Umbrette")
SUBJECT, BODY, NAME, FILE, FOLDER, SENT, MADE_UP = WORDS
FAR = Address(f"{NAME} Freight", f"{NAME.lower()}@far.example")
NEAR = "jonas.brandt@lindenhall.example"


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged, as it is written; other tests keep their logging."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    loggers = [each for each in logging.Logger.manager.loggerDict.values() if isinstance(each, logging.Logger)]
    levels = [each.level for each in loggers]
    logging_config.configure("DEBUG", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    for each, before in zip(loggers, levels, strict=True):
        each.setLevel(before)
    logging.captureWarnings(False)


def cloud_with_mail() -> DemoTenant:
    tenant = small_tenant()
    paper = Attachment(name=f"{FILE}.pdf", content_type="application/pdf", source=b"x" * 20)
    tenant.add_message(
        tenant.demo_person, f"{SUBJECT} is for sale", f"{BODY} buys it.", sender=FAR, attachments=(paper,)
    )
    return cloud_of(tenant)


async def walked(client: Client, chaos: Any) -> list[CallToolResult]:
    """Every tool, with arguments that work and with such that do not."""
    results = list[CallToolResult]()

    async def call(tool: str, **arguments: Any) -> CallToolResult:
        results.append(await client.call_tool(tool, arguments))
        return results[-1]

    page = (await call(LIST)).structured_content
    assert page
    (row,) = page["messages"]
    mail = {"to": [NEAR, FAR.address], "subject": f"{SENT} too", "text": f"{BODY} as well."}
    for tool in ("mail_read_message", "mail_read_thread"):
        await call(tool, id=row["id"])
        await call(tool, id=MADE_UP * 20)
        await call(tool, id=[MADE_UP])
        await call(tool, **{MADE_UP: MADE_UP})
    await call(LIST, folder=FOLDER)
    await call(LIST, cursor=f"next_{MADE_UP.lower()}")
    await call(LIST, account=FAR.address)
    for status in (400, 403, 404):
        refusal = f"Resource '{MADE_UP}' is none of {NEAR}."
        chaos.strike(status=status, path="me/mailFolders/inbox", code="Refused", message=refusal)
        await call(LIST)
    for dry_run in (True, False):
        await call(SEND, **mail, dry_run=dry_run)
    await call(SEND, **{**mail, "to": [f"{NAME} at nowhere"]})
    for tool in ("account_whoami", "account_list", "account_login", "account_logout", "account_select"):
        await call(tool)
        await call(tool, account=FAR.address)
    return results


async def found(client: Client) -> list[CallToolResult]:
    """The tools that find others, and one that is called through them."""
    results = [await client.call_tool("tool_find", {"query": SUBJECT})]
    results.append(await client.call_tool("tool_describe", {"name": MADE_UP}))
    results.append(await client.call_tool("tool_call", {"name": MADE_UP}))
    results.append(await client.call_tool("tool_call", {"name": READ, "arguments": {"id": MADE_UP * 20}}))
    return results


def secrets_of(cloud: DemoTenant, token: str) -> list[str]:
    """What belongs to people, and what stands for it."""
    tenant = cloud.app.state.tenant
    ids = [key for each in tenant.mailboxes.values() for key in (*each.messages, *each.folders)]
    return [*WORDS, FAR.address, NEAR, tenant.demo_person.user_principal_name, token, *ids]


async def test_a_walk_through_all_tools_leaves_nothing_of_anybodys_in_the_log(log: io.StringIO) -> None:
    cloud = cloud_with_mail()
    async with Client(served(cloud)) as client:
        results = await walked(client, cloud.app.state.chaos)
    async with Client(served(cloud, settings=demo_settings({**FREE, "DISCOVERY": "true"}))) as client:
        results += await found(client)
    written = log.getvalue()
    answers = "\n".join([*map(text_of, results), *(compact(each.structured_content) for each in results)])
    token = await Tokens(cloud, ["Mail.Read"]).token([])
    handles = {
        word.strip('",.:;') for word in answers.split() if word.strip('",.:;').startswith(("msg_", "thr_", "att_"))
    }
    handles -= {"msg_4k7q2m"}  # the one of all examples
    assert {each[:4] for each in handles} == {"msg_", "att_"}
    assert [each for each in WORDS[:6] if each not in answers] == [FOLDER] * (FOLDER not in answers)
    leaked = [each for each in (*secrets_of(cloud, token), *handles) if each.casefold() in written.casefold()]
    assert leaked == []
    tools = [tool.name for toolset in (*TOOLSETS, DISCOVERY) for tool in toolset.tools if tool.name != "tool_call"]
    assert [each for each in tools if each not in written] == [], "a new tool is to be walked through here, too"
