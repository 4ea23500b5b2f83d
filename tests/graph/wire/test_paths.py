"""graph/wire/paths.py: addresses that no id, name or text can bend."""

from __future__ import annotations

from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import ToolInputError
from graph import wire

ROOT = httpx.URL("https://graph.microsoft.com/v1.0/")
AWKWARD = st.text(alphabet=st.sampled_from("./\\%?#;:@'\"()=+ 2eEa\u00e9\u2025\U0001f600\x00\n"), max_size=12)
ANY = st.text(max_size=80) | AWKWARD


def raw_path(path: str) -> str:
    return ROOT.join(path).raw_path.decode()


# One segment.


@given(ANY)
def test_an_id_stays_one_segment_whatever_is_in_it(text: str) -> None:
    try:
        segment = wire.path_segment(text)
    except ToolInputError:
        refused = any(ord(each) < 0x20 or 0x7F <= ord(each) < 0xA0 or 0xD800 <= ord(each) <= 0xDFFF for each in text)
        assert refused or not text.strip() or not text.strip(".")
        return
    path = raw_path(f"me/messages/{segment}/attachments")
    assert path.count("/") == 5
    assert path.startswith("/v1.0/me/messages/")
    assert "?" not in path
    assert unquote(path.split("/")[4]) == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("  ", id="blank"),
        pytest.param(".", id="this folder"),
        pytest.param("..", id="folder above"),
        pytest.param("...", id="dots alone"),
        pytest.param("x" * 1025, id="too long"),
        pytest.param("\ud800", id="broken Unicode"),
        pytest.param("a\x00b", id="NUL"),
        pytest.param("a\r\nHost: b", id="a header"),
        pytest.param("a\x7f", id="delete"),
        pytest.param("a\x85", id="a control character of the second kind"),
    ],
)
def test_what_is_no_id_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(ToolInputError):
        wire.path_segment(text)


@pytest.mark.parametrize(
    ("text", "segment"),
    [
        pytest.param("AAMk/a+b=", "AAMk%2Fa%2Bb%3D", id="an id of Outlook"),
        pytest.param("ines@contoso.example", "ines%40contoso.example", id="a user principal name"),
        pytest.param("a_b.example#EXT#@c.example", "a_b.example%23EXT%23%40c.example", id="a guest"),
        pytest.param("b!k4-l2_z~", "b%21k4-l2_z~", id="a drive"),
        pytest.param("%2e%2e", "%252e%252e", id="encoded dots"),
        pytest.param("../..", "..%2F..", id="a way up"),
        pytest.param("..\\x", "..%5Cx", id="a way up in Windows"),
        pytest.param("a?b;c", "a%3Fb%3Bc", id="a query"),
        pytest.param("Grüße", "Gr%C3%BC%C3%9Fe", id="letters of Europe"),
        pytest.param("\U0001f600", "%F0%9F%98%80", id="beyond the basic plane"),
    ],
)
def test_an_id_is_encoded_as_a_whole(text: str, segment: str) -> None:
    assert wire.path_segment(text) == segment


# Templates.


@given(ANY, ANY, ANY, st.lists(ANY, min_size=1, max_size=4).map("/".join))
def test_a_template_keeps_its_segments_whatever_it_is_filled_with(user: str, item: str, text: str, name: str) -> None:
    template = "users/{user}/items/{item}:/{name:path}:/search(q='{text:literal}')"
    try:
        path = wire.path(template, user=user, item=item, name=name, text=text)
    except ToolInputError:
        return
    assert wire.checked_path(path) == path
    raw = raw_path(path)
    assert raw == f"/v1.0/{path}"
    segments = raw.split("/")[2:]
    assert len(segments) == template.count("/") + 1 + name.count("/")
    assert unquote(segments[1]) == user
    assert unquote(segments[3]) == f"{item}:"
    assert unquote("/".join(segments[4:-1])) == f"{name}:"
    assert unquote(segments[-1]) == "search(q='" + text.replace("'", "''") + "')"


@pytest.mark.parametrize(
    ("template", "values", "path"),
    [
        pytest.param("me/messages", {}, "me/messages", id="nothing to fill"),
        pytest.param("me/mailFolders/{f}/messages", {"f": "inbox"}, "me/mailFolders/inbox/messages", id="a segment"),
        pytest.param("{a}/{a}", {"a": "x"}, "x/x", id="one value twice"),
        pytest.param("rows/itemAt(index={n})", {"n": 3}, "rows/itemAt(index=3)", id="a number"),
        pytest.param("users/microsoft.graph.delta()", {}, "users/microsoft.graph.delta()", id="a function"),
        pytest.param("me/messages/$count", {}, "me/messages/$count", id="a count"),
        pytest.param(
            "me/drive/root:/{p:path}:/children", {"p": "A b/c"}, "me/drive/root:/A%20b/c:/children", id="a file"
        ),
        pytest.param(
            "sites/{host}:/{p:path}", {"host": "a.example", "p": "sites/x"}, "sites/a.example:/sites/x", id="a site"
        ),
        pytest.param(
            "sites/{id}/getByPath(path='{p:literal}')",
            {"id": "s", "p": "/a"},
            "sites/s/getByPath(path='%2Fa')",
            id="by path",
        ),
        pytest.param(
            "drive/root/search(q='{q:literal}')", {"q": "O'Hara"}, "drive/root/search(q='O%27%27Hara')", id="a quote"
        ),
        pytest.param("drive/root/search(q='{q:literal}')", {"q": ""}, "drive/root/search(q='')", id="an empty text"),
    ],
)
def test_a_template_is_filled(template: str, values: dict[str, str | int], path: str) -> None:
    assert wire.path(template, **values) == path


def test_a_literal_cannot_leave_its_quotes() -> None:
    path = wire.path("drive/root/search(q='{q:literal}')", q="x') or (1 eq 1")
    assert unquote(path) == "drive/root/search(q='x'') or (1 eq 1')"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("", id="empty"),
        pytest.param("/a", id="from the top"),
        pytest.param("a/", id="a slash at the end"),
        pytest.param("a//b", id="an empty name"),
        pytest.param("a/../b", id="a way up"),
        pytest.param("./a", id="a step aside"),
        pytest.param("a/ /b", id="a blank name"),
        pytest.param("a:/permissions", id="the end of the path"),
        pytest.param("a\\..\\b", id="a way up in Windows"),
        pytest.param("a?b", id="a query"),
        pytest.param("a\x00", id="NUL"),
        pytest.param("a/" * 2049 + "a", id="too long"),
        pytest.param("x" * 1025, id="too long a name"),
    ],
)
def test_what_is_no_path_of_a_file_is_refused(name: str) -> None:
    with pytest.raises(ToolInputError):
        wire.path("me/drive/root:/{name:path}:/content", name=name)


@pytest.mark.parametrize("text", [pytest.param("a\nb", id="a line break"), pytest.param("x" * 1025, id="too long")])
def test_what_is_no_text_to_look_for_is_refused(text: str) -> None:
    with pytest.raises(ToolInputError):
        wire.path("drive/root/search(q='{text:literal}')", text=text)


@pytest.mark.parametrize(
    ("template", "values"),
    [
        pytest.param("me/messages/{id}", {}, id="a value is missing"),
        pytest.param("me/messages/{id}", {"id": "1", "folder": "2"}, id="a value too many"),
        pytest.param("me/messages", {"id": "1"}, id="nothing takes it"),
        pytest.param("me/{id:file}", {"id": "1"}, id="a kind that does not exist"),
        pytest.param("me/{Id}", {"Id": "1"}, id="no name of a placeholder"),
        pytest.param("me/{id", {"id": "1"}, id="an open brace"),
        pytest.param("/me/{id}", {"id": "1"}, id="a slash first"),
        pytest.param("https://x/{id}", {"id": "1"}, id="a scheme"),
        pytest.param("me/messages?$search={id}", {"id": "1"}, id="a query"),
        pytest.param("me/../{id}", {"id": "1"}, id="dots"),
        pytest.param("search(q='{q}')", {"q": "1"}, id="a segment in quotes"),
        pytest.param("search(q={q:literal})", {"q": "1"}, id="a literal without quotes"),
        pytest.param("search(q='a{q:literal}')", {"q": "1"}, id="a literal behind other text"),
        pytest.param("search(q='{q:literal}a')", {"q": "1"}, id="a literal before other text"),
        pytest.param("root:/{p}", {"p": "1"}, id="a file's path that is not told as one"),
        pytest.param("root/{p:path}", {"p": "1"}, id="a path where segments are"),
    ],
)
def test_a_mistake_in_our_own_templates_is_told_to_us(template: str, values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"takes|template|neither|literal|path"):
        wire.path(template, **values)


# What the client does with any path.


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("me", id="one segment"),
        pytest.param("$metadata", id="metadata"),
        pytest.param("users('a%27%27b')/messages", id="a key in quotes"),
        pytest.param("sites/a.example,1-2,3-4/drive/root:/A%20b/c.txt:/content", id="a file of a site"),
        pytest.param("me/messages/AAMk%2Fx%3D%3D/$value", id="an encoded slash in an id"),
        pytest.param("me/messages/a...b/.hidden/x..", id="dots among letters"),
        pytest.param("chats/19:abc@thread.v2/messages", id="a chat"),
        pytest.param("x/%25%32e", id="an encoded percent sign"),
    ],
)
def test_a_path_below_the_version_passes(path: str) -> None:
    assert wire.checked_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("", id="empty"),
        pytest.param("/me", id="a slash first"),
        pytest.param("me/", id="a slash last"),
        pytest.param("//evil.example/me", id="another host"),
        pytest.param("me//messages", id="an empty segment"),
        pytest.param("https://evil.example/", id="an address"),
        pytest.param("https:me", id="a scheme"),
        pytest.param("me?$top=1", id="a query"),
        pytest.param("me#x", id="a fragment"),
        pytest.param("me\\x", id="a backslash"),
        pytest.param("me/..", id="dots at the end"),
        pytest.param("../beta/me", id="dots first"),
        pytest.param("me/./x", id="one dot"),
        pytest.param("me/%2e%2e/x", id="encoded dots"),
        pytest.param("me/.%2E/x", id="half encoded dots"),
        pytest.param("me/..;a/x", id="dots before a semicolon"),
        pytest.param("me/%", id="a percent sign"),
        pytest.param("me/%4", id="half an encoded character"),
        pytest.param("me/%zz", id="no encoded character"),
        pytest.param("me/%00", id="NUL"),
        pytest.param("me/%0d%0ax", id="an encoded line break"),
        pytest.param("me/%7F", id="an encoded delete"),
        pytest.param("me/a b", id="a space"),
        pytest.param("me/a\n", id="a line break at the end"),
        pytest.param("me/\u00e9", id="not ASCII"),
        pytest.param("me/{id}", id="a placeholder that nobody filled"),
        pytest.param("me/\x7f", id="delete"),
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(ToolInputError, match="relative"):
        wire.checked_path(path)


@given(ANY | st.text(alphabet=st.sampled_from("./%2e5cme:\\?#@;"), max_size=20))
def test_whatever_passes_stays_below_the_version(path: str) -> None:
    try:
        wire.checked_path(path)
    except ToolInputError:
        return
    url = httpx.URL(f"https://graph.microsoft.com/v1.0/{path}")
    assert (url.scheme, url.host, url.userinfo, url.query, url.fragment) == (
        "https",
        "graph.microsoft.com",
        b"",
        b"",
        "",
    )
    assert url.raw_path.decode() == f"/v1.0/{path}"
    assert not {".", ".."} & {unquote(each) for each in path.split("/")}


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("a" * 100_000 + "?", id="one long segment"),
        pytest.param("a/" * 50_000, id="many segments"),
        pytest.param("%2e" * 30_000 + "?", id="many dots"),
        pytest.param("%41a" * 30_000 + "\\", id="many pieces"),
    ],
)
def test_a_long_path_is_refused_without_going_over_it_again_and_again(path: str) -> None:
    with pytest.raises(ToolInputError):
        wire.checked_path(path)
