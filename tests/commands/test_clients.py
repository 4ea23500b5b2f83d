"""commands/clients.py: what is printed can be pasted as it is."""

from __future__ import annotations

import json
import shlex

from commands import snippets

URL = "http://127.0.0.1:3000/mcp"
PYTHON, SCRIPT = "/opt/my tools/python", "/opt/my tools/server.py"


def pasted(client: str, transport: str) -> str:
    """The line of one client and transport."""
    lines = snippets(URL, python=PYTHON, script=SCRIPT).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(client))
    found = next(line for line in lines[start:] if line.startswith(f"  {transport}"))
    return found.removeprefix(f"  {transport}").strip()


def test_each_client_gets_the_form_that_it_reads() -> None:
    launched = {"command": PYTHON, "args": [SCRIPT, "--demo"]}
    assert json.loads(pasted("Claude Desktop", "stdio")) == {"mcpServers": {"graphward": launched}}
    assert json.loads(pasted("Claude Desktop", "HTTP"))["mcpServers"]["graphward"]["args"] == ["-y", "mcp-remote", URL]
    assert json.loads(pasted("Cursor", "stdio")) == {"mcpServers": {"graphward": launched}}
    assert json.loads(pasted("Cursor", "HTTP")) == {"mcpServers": {"graphward": {"url": URL}}}
    assert json.loads(pasted("VS Code", "stdio")) == {"servers": {"graphward": {"type": "stdio", **launched}}}
    assert json.loads(pasted("VS Code", "HTTP")) == {"servers": {"graphward": {"type": "http", "url": URL}}}


def test_commands_survive_a_path_with_spaces() -> None:
    command = shlex.split(pasted("Claude Code", "stdio"))
    assert command == ["claude", "mcp", "add", "graphward", "--", PYTHON, SCRIPT, "--demo"]
    over_http = pasted("Claude Code", "HTTP")
    assert over_http == f"claude mcp add --transport http graphward {URL}"
    assert "--method tools/list" in pasted("MCP Inspector", "list")
