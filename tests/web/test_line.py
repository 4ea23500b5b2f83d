"""web/_line.py: a peer that reads slowly is not one that has stopped; and an end is an end."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import cast

from web._line import Line, answer


class Transport:
    """As much of one as a line needs; each look at its buffer finds the next size."""

    def __init__(self, *sizes: int) -> None:
        self.sizes = list(sizes)
        self.did: list[str] = []
        self.aborted = asyncio.Event()

    def get_write_buffer_size(self) -> int:
        return self.sizes.pop(0)

    def is_closing(self) -> bool:
        return False

    def can_write_eof(self) -> bool:
        return False

    def close(self) -> None:
        self.did.append("close")

    def abort(self) -> None:
        self.did.append("abort")
        self.aborted.set()


def line_to(transport: Transport, *, is_sending: bool = False) -> Line:
    return Line(
        cast("asyncio.Transport", transport),
        asyncio.get_running_loop(),
        patience=0.001,
        is_sending=lambda: is_sending,
        on_stalled=lambda: transport.did.append("stalled"),
    )


async def test_a_slow_reader_is_waited_for_until_it_stops() -> None:
    transport = Transport(9000, 6000, 6000, 3000, 3000, 3000)
    line_to(transport).watch()
    await transport.aborted.wait()
    assert (transport.did, transport.sizes) == (["stalled", "abort"], [])


async def test_a_close_that_the_peer_does_not_take_is_an_abort() -> None:
    transport = Transport()
    line = line_to(transport)
    line.close()
    line.close()
    assert line.is_closing()
    await transport.aborted.wait()
    assert transport.did == ["close", "abort"]


async def test_under_tls_one_side_alone_cannot_be_closed() -> None:
    transport = Transport()
    line = line_to(transport, is_sending=True)
    line.close()
    line.lost()
    later = line_to(Transport())
    later.close()  # its time is up after that of the first one
    await cast("Transport", later._transport).aborted.wait()
    assert transport.did == ["close"]


def test_an_answer_says_how_long_it_is() -> None:
    head, _, body = answer(HTTPStatus.BAD_REQUEST, "So it is.").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert f"content-length: {len(body)}".encode() in head
    assert json.loads(body)["error"]["message"] == "So it is."
