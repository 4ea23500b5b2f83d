"""The server as a client launches it: over stdin and stdout, where only JSON-RPC may appear."""

from __future__ import annotations

import io
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from tests import processes
from tests.support import facts_of, text_of

DEMO = StdioServerParameters(
    command=sys.executable, args=[str(processes.ROOT / "server.py"), "--demo"], env=processes.environment()
)


@pytest.mark.parametrize(
    ("mode", "version"),
    [pytest.param("auto", "2026-07-28", id="this era"), pytest.param("legacy", "2025-11-25", id="the older handshake")],
)
async def test_a_client_of_either_era_reads_mail(mode: str, version: str) -> None:
    async with Client(DEMO, mode=mode) as client:
        assert client.protocol_version == version
        result = await client.call_tool("mail_list_messages", {"limit": 25})
    assert len(facts_of(result)["messages"]) == 25
    assert len(text_of(result).encode()) <= 6000


def test_stdout_is_pure_json_rpc_at_the_loudest_log_level_and_when_tools_fail() -> None:
    with processes.stdio("--demo", extra={"LOG_LEVEL": "DEBUG"}) as server:
        server.initialize()
        assert server.call(1, "account_whoami")["isError"] is False
        assert server.call(2, "mail_list_messages", folder="nowhere")["isError"] is True
        assert server.call(3, "mail_list_messages", limit="many")["isError"] is True
        assert server.call(4, "no_such_tool")["isError"] is True
        log = server.close()
    assert "DEBUG" in log
    assert "graph call" in log


def test_no_token_and_no_code_is_in_the_loudest_log() -> None:
    with processes.stdio("--demo", extra={"LOG_LEVEL": "DEBUG"}) as server:
        server.initialize()
        assert server.call(1, "mail_list_messages")["isError"] is False
        log = server.close()
    assert "eyJ" not in log
    assert "Bearer ey" not in log


def test_each_bad_line_is_answered_and_the_server_goes_on() -> None:
    bad = [
        (b"{not json\n", -32700),
        (b'{"jsonrpc": "2.0", "id": 5, "method": "tools/list", "params": "\xff\xfe"}\n', -32700),
        (b'{"jsonrpc": "2.0", "id": 9}\n', -32600),
        (b"[]\n", -32600),
        (b'{"jsonrpc": "2.0", "id": null, "method": "tools/list"}\n', -32600),
        (b'{"jsonrpc": "2.0", "id": 1.5, "method": "tools/list"}\n', -32600),
        (b'{"jsonrpc": "1.0", "id": 1, "method": "ping"}\n', -32600),
    ]
    with processes.stdio("--demo") as server:
        for line, code in bad[:2]:  # before the handshake as well as after it
            server.send(line)
            assert server.receive()["error"]["code"] == code
        server.initialize()
        for line, code in bad:
            server.send(line)
            answer = server.receive()
            assert answer["error"]["code"] == code
            assert {"JSON", "id"} & set(re.findall(r"\w+", answer["error"]["message"]))
        server.send(b"\n")
        assert len(server.ask(11, "tools/list")["result"]["tools"]) == 9
        server.close()


def test_the_server_ends_when_its_client_leaves_without_a_word() -> None:
    with processes.stdio("--demo") as server:
        server.close()


def test_a_person_can_be_made_to_sign_in_to_the_demo() -> None:
    with processes.stdio("--demo", "--demo-sign-in") as server:
        server.initialize()
        result = server.call(1, "account_whoami")
        log = server.close()
    assert result["isError"] is True
    invitation = result["content"][0]["text"]
    assert "http://127.0.0.1:" in invitation
    assert "/devicelogin" in invitation
    assert invitation in log


@pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl+C goes to the whole console")
def test_one_interrupt_ends_the_server() -> None:
    with processes.stdio("--demo") as server:
        server.initialize()
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(processes.WAIT) != 0


@pytest.mark.skipif(sys.platform == "win32", reason="closes descriptors the POSIX way")
@pytest.mark.parametrize("closed", [pytest.param("2>&-", id="stderr"), pytest.param("2>/dev/null", id="nothing")])
def test_it_works_where_nobody_listens_to_its_log(closed: str) -> None:
    line = f"exec {shlex.join(processes.command('--demo'))} {closed}"
    with subprocess.Popen(["sh", "-c", line], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S607
        server = processes.Stdio(process, io.BytesIO())
        server.initialize()
        assert server.call(1, "account_whoami")["isError"] is False
        server.close()


@pytest.mark.skipif(sys.platform == "win32", reason="closes descriptors the POSIX way")
def test_without_a_client_it_ends() -> None:
    line = f"exec {shlex.join(processes.command('--demo'))} <&- >&-"
    ended = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=processes.WAIT, check=False)  # noqa: S607
    assert ended.returncode == 0
    assert "Traceback" not in ended.stderr


def test_a_client_that_reads_no_longer_is_one_that_left() -> None:
    with processes.stdio("--demo") as server:
        server.initialize()
        assert server.process.stdout
        server.process.stdout.close()
        server.send({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
        assert server.process.stdin
        server.process.stdin.close()
        assert server.process.wait(processes.WAIT) == 0
        server.log.seek(0)
        assert b"Traceback" not in server.log.read()


def test_what_code_prints_by_mistake_does_not_reach_the_protocol(tmp_path: Path) -> None:
    script = tmp_path / "noisy.py"
    script.write_text(
        f"import os, sys\nsys.path.insert(0, {str(processes.ROOT)!r})\nimport server, tools\n"
        "from tools.account import account\n"
        "original = server.GraphwardServer.call_tool\n"
        "async def noisy(self, *args, **kwargs):\n"
        "    print('printed'); os.write(1, b'written\\n'); os.system('echo echoed')\n"
        "    return await original(self, *args, **kwargs)\n"
        "server.GraphwardServer.call_tool = noisy\n"
        "sys.exit(server.main(['--demo']))\n",
        encoding="utf-8",
    )
    with processes.stdio(script=script) as server:
        server.initialize()
        assert server.call(1, "account_whoami")["isError"] is False
        log = server.close()
    assert "written" in log
    assert "echoed" in log
