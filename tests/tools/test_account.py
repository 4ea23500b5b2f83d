"""account: who this server works as, told through MCP."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

import httpx
from mcp import Client

from server import DemoTenant, build_server
from tests.support import client_of, demo_settings, facts_of, server_on, small_tenant, text_of


async def test_whoami_tells_the_person_the_tenant_and_what_was_granted() -> None:
    tenant = small_tenant()
    async with client_of(tenant) as client:
        result = await client.call_tool("account_whoami", {})
    facts = facts_of(result)
    assert facts["signed_in"] is True
    assert facts["username"] == "ines.aldana@lindenhall.example"
    assert facts["job"] == "Office manager, Operations"
    assert facts["tenant_id"] == tenant.id
    assert {"Mail.Read", "User.Read"} <= set(facts["permissions"])
    assert text_of(result).startswith("Signed in as Ines Aldana <ines.aldana@lindenhall.example>, Office manager")


class OneToken:
    """A token of a personal account, which says nothing to us, or of a person with other permissions."""

    def __init__(self, text: str) -> None:
        self.text = text

    async def token(self, scopes: Sequence[str], claims: str | None = None) -> str:
        return self.text


def jwt_with(**claims: str) -> str:
    return f"h.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()}.s"


async def told_for(token: str, profile: dict[str, str]) -> str:
    graph = httpx.MockTransport(lambda _: httpx.Response(200, json=profile))
    async with Client(build_server(demo_settings(), OneToken(token), transport=graph)) as client:
        return text_of(await client.call_tool("account_whoami", {}))


async def test_a_personal_account_is_named_by_its_profile() -> None:
    told = await told_for("opaque", {"displayName": "Ines\u202e", "userPrincipalName": "ines@outlook.example"})
    assert told == "Signed in as Ines <ines@outlook.example>. Permissions: not told."


async def test_a_person_whose_profile_may_not_be_read_is_named_by_the_token() -> None:
    token = jwt_with(name="Ines", upn="ines@x.example", tid="t", scp="Mail.Read")
    told = await told_for(token, {"jobTitle": "not to be asked for"})
    assert told == "Signed in as Ines <ines@x.example>. Tenant t, public cloud. Permissions: Mail.Read."


async def test_a_person_is_asked_only_for_what_the_chosen_tools_need() -> None:
    async with client_of(small_tenant(), {"TOOLSETS": "account"}) as client:
        facts = facts_of(await client.call_tool("account_whoami", {}))
    assert "Mail.Read" not in facts["permissions"]


async def test_without_sign_in_whoami_says_so_and_no_other_tool_is_there() -> None:
    cloud = DemoTenant(small_tenant())
    settings = demo_settings().model_copy(update={"entra_enable_auth": False})
    async with Client(server_on(cloud, settings)) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["account_whoami"]
        result = await client.call_tool("account_whoami", {})
    assert facts_of(result) == {"signed_in": False}
    assert "ENTRA_ENABLE_AUTH" in text_of(result)
