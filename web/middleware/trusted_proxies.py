"""Forwarding headers are believed where a proxy of ours wrote them, and nobody behind this sees them."""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from starlette.types import ASGIApp, Receive, Scope, Send

from web.middleware._passage import passage_of, refuse

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Fields = Sequence[tuple[bytes, bytes]]

log = logging.getLogger(__name__)

_SCHEMES = frozenset({"http", "https"})
_REQUEST_ID = b"x-request-id"
_TELLING = frozenset(
    {
        *(b"forwarded", b"x-real-ip", b"x-client-ip", b"x-cluster-client-ip", b"true-client-ip", b"cf-connecting-ip"),
        *(b"x-original-url", b"x-original-host", b"x-rewrite-url", b"x-host", b"x-http-method-override"),
    }
)
# More proxies than this do not stand behind each other.
_MOST_HOPS = 32
_MAPPED_BITS = 96
_LONGEST_NODE = 128

_PORT = r"(?::[A-Za-z0-9._-]{1,32})?"
_NODE = re.compile(
    rf"\[([0-9A-Fa-f:.]{{2,45}})(?:%[^\]]{{0,32}})?\]{_PORT}|([0-9.]{{7,15}}){_PORT}|([0-9A-Fa-f:.]{{2,45}})(?:%\S{{0,32}})?"
)
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - a token of the grammar
_PAIR = re.compile(rf'[ \t,]*({_TOKEN})=({_TOKEN}|"(?:[^"\\]|\\.)*")[ \t]*(?:([;,])[ \t]*|\Z)')
_CONFUSED = (
    "The forwarding headers of this request contradict each other. Let the proxy in front set X-Forwarded-For and "
    "remove Forwarded, or the other way round."
)


class TrustedProxies:
    """Finds out where a request comes from, and with which scheme.

    Where a request has both X-Forwarded-For and Forwarded, one of them is the client's own. Which one, only whoever
    set up the proxy knows: they have to agree, and the request is refused where they do not.
    """

    def __init__(self, app: ASGIApp, *, networks: Iterable[Network]) -> None:
        self.app = app
        self._networks = tuple(_unmapped(network) for network in networks)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        peer = address_in(scope["client"][0]) if scope.get("client") else None
        is_trusted = peer is not None and self._trusts(peer)
        passage = passage_of(scope)
        inner = {**scope, "headers": [field for field in scope["headers"] if not _is_telling(field[0], is_trusted)]}
        if peer is not None:
            try:
                address, scheme = self._believed(peer, scope["headers"]) if is_trusted else (peer, None)
            except ValueError:
                log.warning("request refused", extra={"reason": "forwarding", "address": str(peer)})
                return await refuse(scope, receive, send, 400, _CONFUSED, reason="forwarding")
            passage.address = str(address)
            inner |= {"client": (passage.address, 0), "scheme": scheme or scope.get("scheme", "http")}
        await self.app(inner, receive, send)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._networks)

    def _believed(self, peer: Address, fields: _Fields) -> tuple[Address, str | None]:
        """The client, and its scheme where that is told; ValueError where what is told does not fit together."""
        nodes = _listed(fields, b"x-forwarded-for")
        elements = _elements(fields)
        others = [element.get("for", "") for element in elements]
        if not nodes and elements:
            return self._client(peer, others), _scheme(elements[-1].get("proto", ""))
        client = self._client(peer, nodes)
        if any(others) and self._client(peer, others) != client:
            raise ValueError("two clients")
        return client, _scheme(*_listed(fields, b"x-forwarded-proto")[-1:])

    def _client(self, peer: Address, nodes: Sequence[str]) -> Address:
        """The nearest hop that is no proxy of ours. Beyond what cannot be read, nothing is believed."""
        client = peer
        for node in nodes[: -_MOST_HOPS - 1 : -1]:
            found = address_in(node) if self._trusts(client) else None
            if found is None:
                break
            client = found
        return client


def address_in(node: str) -> Address | None:
    """The address in what stands for a hop, with or without a port; None where it hides or is none."""
    return _address(node.strip()) if len(node) <= _LONGEST_NODE else None


@lru_cache(maxsize=4096)
def _address(node: str) -> Address | None:
    match = _NODE.fullmatch(node)
    try:
        address = ipaddress.ip_address(match[match.lastindex or 0]) if match else None
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _unmapped(network: Network) -> Network:
    """IPv4 networks that were written as IPv6 are compared as IPv4, as addresses are."""
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None or network.prefixlen < _MAPPED_BITS:
        return network
    return ipaddress.IPv4Network((mapped, network.prefixlen - _MAPPED_BITS))


def _is_telling(name: bytes, is_trusted: bool) -> bool:
    """Whether a header tells of another place, client or target. Look-alikes count: some code takes _ for -."""
    plain = name.lower().replace(b"_", b"-")
    if plain == _REQUEST_ID:
        return not is_trusted or name != plain
    return plain.startswith(b"x-forwarded") or plain in _TELLING


def _listed(fields: _Fields, wanted: bytes) -> list[str]:
    """The items of a list, over all lines of that name."""
    lines = [value.decode("latin-1") for name, value in fields if name == wanted]
    return ",".join(lines).split(",") if lines else []


def _scheme(told: str = "") -> str | None:
    scheme = told.strip().lower()
    return scheme if scheme in _SCHEMES else None


def _elements(fields: _Fields) -> list[dict[str, str]]:
    """What each hop wrote in Forwarded (RFC 7239); ValueError where it does not follow that."""
    lines = (value.decode("latin-1") for name, value in fields if name == b"forwarded")
    return [element for line in lines for element in _parsed(line)]


def _parsed(line: str) -> list[dict[str, str]]:
    elements, line, at = list[dict[str, str]]([{}]), line.strip(" \t,"), 0
    while at < len(line):
        match = _PAIR.match(line, at)
        if match is None or match[1].lower() in elements[-1]:
            raise ValueError("not as RFC 7239")
        quoted = match[2].startswith('"')
        elements[-1][match[1].lower()] = re.sub(r"\\(.)", r"\1", match[2][1:-1]) if quoted else match[2]
        if match[3] == ",":
            elements.append({})
        at = match.end()
    return [element for element in elements if element]
