"""web/stdio.py: the answer to each kind of bad line. tests/test_stdio.py tests the transport itself, as a process."""

from __future__ import annotations

import pytest
from mcp_types import jsonrpc_message_adapter
from pydantic import ValidationError

from web.stdio import complaint_about


def refused(line: str) -> Exception:
    with pytest.raises(ValidationError) as caught:
        jsonrpc_message_adapter.validate_json(line, by_name=False)
    return caught.value


@pytest.mark.parametrize(
    ("line", "code", "request_id", "says"),
    [
        pytest.param("{bad", -32700, None, "not JSON", id="broken JSON"),
        pytest.param('{"a": "\udcff"}', -32700, None, "UTF-8", id="broken UTF-8"),
        pytest.param('{"jsonrpc": "2.0", "id": 7}', -32600, 7, "method", id="no method"),
        pytest.param(
            '{"jsonrpc": "2.0", "id": "a", "method": 5}', -32600, "a", "method", id="a method that is no name"
        ),
        pytest.param('{"id": true, "method": "ping"}', -32600, None, "jsonrpc", id="an id that is no id"),
        pytest.param('{"jsonrpc": "2.0", "id": 8, "method": "\\ud800"}', -32600, 8, "surrogate", id="half a pair"),
        pytest.param("[" * 100_000, -32700, None, "not JSON", id="too deep to read"),
        pytest.param("[]", -32600, None, "batch", id="a batch"),
        pytest.param("5", -32600, None, "JSON-RPC", id="a number"),
    ],
)
def test_a_bad_line_is_answered(line: str, code: int, request_id: int | str | None, says: str) -> None:
    complaint = complaint_about(refused(line))
    assert complaint is not None
    assert (complaint.error.code, complaint.id) == (code, request_id)
    assert says in complaint.error.message


def test_a_blank_line_is_not() -> None:
    assert complaint_about(refused("  \n")) is None


def test_a_failure_that_is_no_bad_line_is_still_answered() -> None:
    complaint = complaint_about(RuntimeError("unforeseen"))
    assert complaint is not None
    assert "unforeseen" not in complaint.error.message
