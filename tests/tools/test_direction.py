"""No argument of a tool chooses where a request goes: not its host, not its path, not its query, not a header.

Every text that a tool takes is replaced by hostile ones. What is sent then has to fit what the tool sends for a
harmless text: the same path, in which one segment differs, the same options and the same headers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import httpx
import pytest

from _server_demo import DemoTenant
from tests.graph.support import HOST
from tests.tools.clients import Person, at
from tests.tools.examples import Arguments
from tests.tools.recording import Exchange, Recorder, server_on_graph
from tests.tools.walks import TOOLS, Walk, examples_of, walking
from tools import Toolset, ToolSpec
from tools._render import Answer
from tools._services import Graph

HOSTILE = (
    "https://evil.example/",
    "//evil.example",
    "@evil.example",
    "evil.example:443/",
    "..",
    "..\\",
    "..\\..\\beta",
    "../../beta/me",
    "../../../evil.example",
    "%2e%2e/",
    "%2e%2e%2f%2e%2e%2fbeta%2fme",
    "..;/..;/beta",
    "inbox/../../../beta/me",
    "inbox?$expand=attachments",
    "?$expand=attachments",
    "inbox&$expand=attachments",
    "#fragment",
    "') or (1 eq 1",
    "x\r\nHost: evil.example",
    "x\r\n\r\nGET /beta/me HTTP/1.1",
    "x\nAuthorization: Bearer y",
    "x\x00y",
    "x\u2028y",
    "\ud800",
    "\u2024\u2024/\uff0f",
    "\uff45vil.example",
    "$batch",
    '{"x": 1}',
    " ",
    "",
    "x" * 5000,
)
HARMLESS = "AAMkHarmless"

# These differ from one request to the next by themselves.
_OWN = frozenset({"authorization", "client-request-id", "content-length"})
# What stands in one segment and means nothing to anybody who reads the path.
_ENCODED = r"(?:[A-Za-z0-9_.~!$&'()*+,;=:@-]|%[0-9A-F]{2})+"
_DOTS = re.compile(r"\.+")


@dataclass(frozen=True)
class Shape:
    """What requests of a tool look like, whatever its text is."""

    method: str
    path: str
    options: frozenset[str]
    headers: frozenset[tuple[str, str]]

    def fits(self, sent: Exchange) -> bool:
        plain = shape_of(sent, "")
        return re.fullmatch(self.path, sent.path) is not None and (self.method, self.options, self.headers) == (
            plain.method,
            plain.options,
            plain.headers,
        )


def shape_of(sent: Exchange, text: str) -> Shape:
    """The request with this text of the arguments left open."""
    path = re.escape(sent.path)
    if text:
        path = path.replace(re.escape(quote(text, safe="")), _ENCODED)
    query = sent.url.query.decode()
    options = frozenset(unquote(option.partition("=")[0]) for option in query.split("&") if option)
    headers = frozenset((name.lower(), value) for name, value in sent.headers.items() if name.lower() not in _OWN)
    return Shape(sent.method, path, options, headers)


def faults_of(sent: Exchange, shapes: Iterable[Shape]) -> Iterator[str]:
    """What is wrong with a request, given what the tool may send."""
    url = sent.url
    if (url.scheme, url.host, url.port, url.userinfo, url.fragment) != ("https", HOST, None, b"", ""):
        yield f"{url} is not on {HOST}"
    if sent.headers.get("host", HOST) != HOST:
        yield f"the Host header is {sent.headers['host']}"
    if any(_DOTS.fullmatch(unquote(unquote(segment))) for segment in sent.path.split("/")):
        yield f"{url} has a segment of dots"
    if not any(shape.fits(sent) for shape in shapes):
        yield f"{sent.method} {url} with {sorted(sent.headers)} is not what the tool sends for a harmless text"


def texts_of(tool: ToolSpec) -> Iterator[tuple[str, bool]]:
    """The arguments that take any text, and whether they take a list of them."""
    for name, schema in tool.bind().parameters.get("properties", {}).items():
        is_list = schema.get("type") == "array"
        kind = schema.get("items", {}) if is_list else schema
        if kind.get("type") == "string" and "enum" not in kind:
            yield name, is_list


async def faults_with(walk: Walk, tool: str, usual: Arguments, argument: str, is_list: bool) -> list[str]:
    """What goes wrong when this argument of a tool is hostile."""

    async def sent_with(text: Any) -> list[Exchange]:
        _, exchanges = await walk.called(tool, {**usual, argument: [text] if is_list else text})
        return exchanges

    own = usual.get(argument, HARMLESS)
    await walk.called(tool, usual)  # the first call asks for what the later ones know
    _, usually = await walk.called(tool, usual)
    _, without = await walk.called(tool, {name: value for name, value in usual.items() if name != argument})
    shapes = [shape_of(each, own) for each in (*usually, *without) if isinstance(own, str)]
    shapes += [shape_of(each, HARMLESS) for each in await sent_with(HARMLESS)]
    return [fault for text in HOSTILE for sent in await sent_with(text) for fault in faults_of(sent, shapes)]


TEXTS = [
    pytest.param(tool, argument, is_list, id=f"{tool.name} {argument}")
    for tool in TOOLS
    for argument, is_list in texts_of(tool)
]


@pytest.fixture(scope="module")
def cloud() -> DemoTenant:
    return DemoTenant()


@pytest.mark.parametrize(("tool", "argument", "is_list"), TEXTS)
async def test_no_text_that_a_tool_takes_chooses_where_a_request_goes(
    tool: ToolSpec, argument: str, is_list: bool, cloud: DemoTenant
) -> None:
    faults = list[str]()
    async with walking(cloud) as walk:
        for example in examples_of(tool):
            faults += await faults_with(walk, tool.name, await walk.arguments(example), argument, is_list)
    assert not faults


def test_the_walk_finds_the_texts() -> None:
    assert {f"{tool.name} {name}" for tool in TOOLS for name, _ in texts_of(tool)} >= {
        "mail_list_messages folder",
        "mail_read_message id",
        "mail_send_message subject",
        "mail_send_message to",
    }


# Tools that let themselves be led.

led = Toolset("led", "Goes where it is told.")


class Gone(Answer):
    """Nothing but that it went."""

    def says(self) -> str:
        return "gone"


@led.read("Mail.Read")
async def by_path(graph: Graph, id: str) -> Gone:  # noqa: A002
    """Put a text into a path as it is."""
    await graph.get(f"me/messages/{id}", {"$select": "id"})
    return Gone()


@led.read("Mail.Read")
async def by_option(graph: Graph, field: str) -> Gone:
    """Let a text name an option."""
    await graph.get("me", {field: "id"})
    return Gone()


@led.read("Mail.Read")
async def by_header(graph: Graph, zone: str) -> Gone:
    """Put a text into a header."""
    await graph.get("me", prefer=f'outlook.timezone="{zone}"')
    return Gone()


@led.read("Mail.Read")
async def nowhere(graph: Graph, word: str) -> Gone:
    """Put a text where it belongs."""
    await graph.get("me/messages", {"$search": f'"{word}"', "$select": "id"})
    return Gone()


@pytest.mark.parametrize(
    ("tool", "argument", "words"),
    [
        pytest.param("led_by_path", "id", "%2e%2e%2fbeta%2fme?$select=id with", id="a path"),
        pytest.param("led_by_option", "field", "is not what the tool sends", id="an option"),
        pytest.param("led_by_header", "zone", "is not what the tool sends", id="a header"),
        pytest.param("led_nowhere", "word", "", id="a search"),
    ],
)
async def test_a_tool_that_is_led_is_caught(tool: str, argument: str, words: str) -> None:
    recorder = Recorder(httpx.MockTransport(lambda _: httpx.Response(200, json={"value": []})))
    async with at(server_on_graph(recorder, (led,)), "modern stream", Person()) as client:
        faults = await faults_with(Walk(client, recorder), tool, {argument: "x1"}, argument, is_list=False)
    assert bool(faults) is bool(words)
    assert words in " ".join(faults)


@pytest.mark.parametrize(
    ("url", "headers", "fault"),
    [
        pytest.param("https://evil.example/v1.0/me", {}, "is not on", id="another host"),
        pytest.param(f"http://{HOST}/v1.0/me", {}, "is not on", id="without TLS"),
        pytest.param(f"https://{HOST}:8443/v1.0/me", {}, "is not on", id="another port"),
        pytest.param(f"https://u@{HOST}/v1.0/me", {}, "is not on", id="a user"),
        pytest.param(f"https://{HOST}/v1.0/me", {"host": "evil.example"}, "Host header", id="another host's header"),
        pytest.param(f"https://{HOST}/v1.0/%2e%2e/me", {}, "a segment of dots", id="dots"),
        pytest.param(f"https://{HOST}/beta/me", {}, "is not what the tool sends", id="another version"),
        pytest.param(f"https://{HOST}/v1.0/me?$expand=x", {}, "is not what the tool sends", id="another option"),
        pytest.param(f"https://{HOST}/v1.0/me", {"x-more": "1"}, "is not what the tool sends", id="another header"),
    ],
)
def test_a_request_that_went_astray_is_seen(url: str, headers: dict[str, str], fault: str) -> None:
    usual = shape_of(Exchange("GET", httpx.URL(f"https://{HOST}/v1.0/me"), {}, 200, None), "x")
    (found, *_) = faults_of(Exchange("GET", httpx.URL(url), headers, 200, None), [usual])
    assert fault in found
