"""graph/transfer/looking.py: what came to be since we began, by Graph's clock and not by ours."""

from __future__ import annotations

import asyncio

import pytest

from graph.transfer.looking import Began
from tests.virtual_time import VIRTUAL_TIME


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


@pytest.mark.parametrize(
    ("moment", "date", "expected"),
    [
        pytest.param("2026-03-11T14:29:45Z", "Wed, 11 Mar 2026 14:30:00 GMT", True, id="meanwhile"),
        pytest.param("2026-03-11T14:29:45.1234567Z", "Wed, 11 Mar 2026 14:30:00 GMT", True, id="to the tick"),
        pytest.param("2026-03-11T14:29:45", "Wed, 11 Mar 2026 14:30:00 -0000", True, id="without zones"),
        pytest.param("2026-03-11T14:29:20Z", "Wed, 11 Mar 2026 14:30:00 GMT", False, id="before"),
        pytest.param("2026-03-11T14:29:39Z", "Wed, 11 Mar 2026 14:30:00 GMT", True, id="in the same second, cut"),
        pytest.param("yesterday", "Wed, 11 Mar 2026 14:30:00 GMT", None, id="no moment"),
        pytest.param(None, "Wed, 11 Mar 2026 14:30:00 GMT", None, id="not known"),
        pytest.param("2026-03-11T14:29:45Z", "soon", None, id="no date"),
        pytest.param("2026-03-11T14:29:45Z", None, None, id="no header"),
    ],
)
async def test_a_moment_is_compared_with_ours(moment: object, date: str | None, expected: bool | None) -> None:
    began = Began()
    await asyncio.sleep(20)
    assert began.is_before(moment, {"date": date} if date else {}) is expected
