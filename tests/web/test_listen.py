"""web/listen.py: what can be listened on, and the reason where it cannot."""

from __future__ import annotations

import sys

import pytest

from errors import StartError
from web import bound_socket


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("127.0.0.1", id="address"),
        pytest.param(
            "127.8.8.8",
            id="another loopback address",
            marks=pytest.mark.skipif(sys.platform == "darwin", reason="macOS has one only"),
        ),
        pytest.param("localhost", id="name"),
        pytest.param("::1", id="IPv6"),
        pytest.param("[::1]", id="IPv6 in brackets"),
    ],
)
def test_loopback_can_be_listened_on(host: str) -> None:
    try:
        listener = bound_socket(host, 0)
    except StartError:
        if ":" in host:
            pytest.skip("this machine has no IPv6 loopback")
        raise
    with listener:
        assert listener.getsockname()[1] > 0


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("0.0.0.0", id="every address"),
        pytest.param("::", id="every IPv6 address"),
        pytest.param("192.0.2.1", id="an address of a network"),
        pytest.param("graphward.example", id="a name"),
    ],
)
def test_anything_else_is_refused_and_the_sentence_says_why(host: str) -> None:
    with pytest.raises(StartError, match=r"callers are not authenticated yet\. Use 127\.0\.0\.1"):
        bound_socket(host, 0)


def test_a_port_in_use_names_the_remedy() -> None:
    with bound_socket("127.0.0.1", 0) as first, pytest.raises(StartError, match=r"in use .* --port"):
        bound_socket("127.0.0.1", first.getsockname()[1])
