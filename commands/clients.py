"""What to paste into an MCP client, so that it finds this server."""

from __future__ import annotations

import json
import os
import shlex
import subprocess


def snippets(url: str, *, python: str, script: str) -> str:
    """The configuration of each client, over stdio and over HTTP, for the demo tenant."""
    command = [python, script, "--demo"]
    line = subprocess.list2cmdline(command) if os.name == "nt" else shlex.join(command)
    stdio = {"command": command[0], "args": command[1:]}
    inspector = f"npx @modelcontextprotocol/inspector --cli {url} --transport http"
    return "\n".join(
        [
            "",
            f"The demo tenant is ready. MCP over HTTP: {url}",
            "",
            "Claude Code",
            f"  HTTP    claude mcp add --transport http graphward {url}",
            f"  stdio   claude mcp add graphward -- {line}",
            "",
            "Claude Desktop (claude_desktop_config.json; it launches the server over stdio)",
            f"  stdio   {_json({'mcpServers': {'graphward': stdio}})}",
            f"  HTTP    {_json({'mcpServers': {'graphward': {'command': 'npx', 'args': ['-y', 'mcp-remote', url]}}})}",
            "",
            "VS Code (.vscode/mcp.json)",
            f"  HTTP    {_json({'servers': {'graphward': {'type': 'http', 'url': url}}})}",
            f"  stdio   {_json({'servers': {'graphward': {'type': 'stdio', **stdio}}})}",
            "",
            "Cursor (.cursor/mcp.json)",
            f"  HTTP    {_json({'mcpServers': {'graphward': {'url': url}}})}",
            f"  stdio   {_json({'mcpServers': {'graphward': stdio}})}",
            "",
            "MCP Inspector (needs Node.js 22.19 or newer)",
            f"  list    {inspector} --method tools/list",
            f"  call    {inspector} --method tools/call --tool-name mail_list_messages --tool-arg limit=5",
            "",
            "Ctrl+C stops the server.",
        ]
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
