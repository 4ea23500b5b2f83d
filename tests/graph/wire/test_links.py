"""graph/wire/links.py and hosts.py: where Graph's links may lead."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import GraphError, ToolInputError
from graph import wire

HOME = wire.Home("graph.microsoft.com")
CHINA = wire.Home("microsoftgraph.chinacloudapi.cn")
PIECES = [
    *("https://", "HTTPS://", "http://", "//", "/", "graph.microsoft.com", "GRAPH.microsoft.com", "evil.example"),
    *(":443", ":80", ":", "@", "v1.0", "beta", "V1.0", "me", "..", ".", "%2e", "%2E%2e", "%252e", "%2f", "%5c", "\\"),
    *("?", "$skiptoken=a", "#", ";", "%", "%00", "\x00", "\n", "\t", " ", "\u2025", "\u3002", "\ud800", "teams('1')"),
]
LINKS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join) | st.text(max_size=40)
BELOW = LINKS.map(lambda text: f"https://graph.microsoft.com/v1.0/{text}")


@pytest.mark.parametrize(
    ("link", "target"),
    [
        pytest.param("https://graph.microsoft.com/v1.0/me/messages?$skip=10", "me/messages?$skip=10", id="a next page"),
        pytest.param("HTTPS://Graph.Microsoft.COM/v1.0/me", "me", id="the host in capitals"),
        pytest.param("https://graph.microsoft.com:443/v1.0/me", "me", id="the port of https"),
        pytest.param("/teams('1')/operations('2')", "teams('1')/operations('2')", id="relative to the version"),
        pytest.param("teams('1')/operations('2')", "teams('1')/operations('2')", id="relative without a slash"),
        pytest.param("/v1.0/teams/1", "teams/1", id="relative to the host"),
        pytest.param(
            "https://graph.microsoft.com/v1.0/me/x?$skiptoken=%2e%2e/a%2Bb?c;d'e=&x=https://y/",
            "me/x?$skiptoken=%2e%2e/a%2Bb?c;d'e=&x=https://y/",
            id="a token word for word",
        ),
        pytest.param("https://graph.microsoft.com/v1.0/me/a b?q=é|", "me/a%20b?q=%C3%A9%7C", id="characters to encode"),
        pytest.param("https://graph.microsoft.com/v1.0/me/a%252Fb", "me/a%252Fb", id="encoded twice"),
        pytest.param("https://graph.microsoft.com/v1.0/me?", "me", id="an empty query"),
    ],
)
def test_a_link_on_graph_is_followed(link: str, target: str) -> None:
    assert HOME.follow(link, "v1.0").target == target


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("", id="nothing"),
        pytest.param("http://graph.microsoft.com/v1.0/me", id="no TLS"),
        pytest.param("https://evil.example/v1.0/me", id="another host"),
        pytest.param("https://graph.microsoft.com.evil.example/v1.0/me", id="a longer host"),
        pytest.param("https://evilgraph.microsoft.com/v1.0/me", id="a host that ends alike"),
        pytest.param("https://graph.microsoft.com./v1.0/me", id="a dot behind the host"),
        pytest.param("https://graph.microsoft.us/v1.0/me", id="another cloud"),
        pytest.param("https://graph.microsoft.com@evil.example/v1.0/me", id="the host as a user"),
        pytest.param("https://a:b@graph.microsoft.com/v1.0/me", id="a user and a password"),
        pytest.param("https://graph.microsoft.com:8443/v1.0/me", id="another port"),
        pytest.param("https://graph.microsoft.com:/v1.0/me", id="no port behind the colon"),
        pytest.param("https://graph\u3002microsoft.com/v1.0/me", id="a dot of another script"),
        pytest.param("https://graph.m\u0131crosoft.com/v1.0/me", id="a letter that looks alike"),
        pytest.param("https://graph.microsoft.com/beta/me", id="another version"),
        pytest.param("https://graph.microsoft.com/V1.0/me", id="the version in capitals"),
        pytest.param("https://graph.microsoft.com/v2.0/me", id="a version that nobody knows"),
        pytest.param("https://graph.microsoft.com/me", id="no version"),
        pytest.param("https://graph.microsoft.com/v1.0", id="the version alone"),
        pytest.param("https://graph.microsoft.com/v1.0/", id="nothing below the version"),
        pytest.param("https://graph.microsoft.com", id="the host alone"),
        pytest.param("https://graph.microsoft.com?x=/v1.0/me", id="a query alone"),
        pytest.param("https://graph.microsoft.com/v1.0/../beta/me", id="dots"),
        pytest.param("https://graph.microsoft.com/v1.0/%2e%2e/beta/me", id="encoded dots"),
        pytest.param("https://graph.microsoft.com/v1.0/me%2f..%2f..%2fbeta", id="dots between encoded slashes"),
        pytest.param("https://graph.microsoft.com/v1.0/%252e%252e/me", id="dots encoded twice"),
        pytest.param("https://graph.microsoft.com/v1.0/me%5c..%5cx", id="dots between encoded backslashes"),
        pytest.param("https://graph.microsoft.com/v1.0/%c0%ae%c0%ae/me", id="dots in broken UTF-8"),
        pytest.param("https://graph.microsoft.com/v1.0/%2525252541", id="encoded again and again"),
        pytest.param("https://graph.microsoft.com/v1.0//me", id="an empty segment"),
        pytest.param("https://graph.microsoft.com\\@evil.example/v1.0/me", id="a backslash"),
        pytest.param("https://graph.microsoft.com/v1.0/me#x", id="a fragment"),
        pytest.param("https://graph.microsoft.com/v1.0/me\r\nx: y", id="a line break"),
        pytest.param("https://graph.microsoft.com/v1.0/me?\ud800", id="broken Unicode"),
        pytest.param("ht\ttps://graph.microsoft.com/v1.0/me", id="a tab in the scheme"),
        pytest.param(" https://graph.microsoft.com/v1.0/me", id="a space first"),
        pytest.param("//evil.example/v1.0/me", id="another host without a scheme"),
        pytest.param("https:/evil.example", id="one slash"),
        pytest.param("javascript:alert(1)", id="another scheme"),
        pytest.param("beta/me", id="relative in another version"),
        pytest.param("/Beta/me", id="relative in another version, in capitals"),
        pytest.param("../me", id="relative and up"),
        pytest.param("?$skiptoken=a", id="a query only"),
        pytest.param("https://graph.microsoft.com/v1.0/" + "a" * 40_000, id="too long"),
    ],
)
def test_a_link_elsewhere_is_not_followed(link: str) -> None:
    with pytest.raises(GraphError, match="nothing was sent") as caught:
        HOME.follow(link, "v1.0")
    assert caught.value.code == "ForeignHost"
    assert "evil" not in str(caught.value)


@pytest.mark.parametrize(
    "link", [pytest.param(None, id="null"), pytest.param(5, id="a number"), pytest.param(["a"], id="a list")]
)
def test_a_link_that_is_no_text_is_not_followed(link: str) -> None:
    with pytest.raises(GraphError, match="nothing was sent"):
        HOME.follow(link, "v1.0")


@given(LINKS | BELOW)
def test_whatever_is_followed_stays_on_the_host_and_below_the_version(link: str) -> None:
    try:
        place = HOME.follow(link, "v1.0")
    except GraphError:
        return
    url = httpx.URL(HOME.url("v1.0", place.target))
    assert (url.scheme, url.host, url.port, url.userinfo) == ("https", "graph.microsoft.com", None, b"")
    assert url.raw_path.decode() == f"/v1.0/{place.target}"
    assert not {".", ".."} & set(url.path.split("/"))
    assert wire.checked_path(place.path) == place.path


def test_a_version_that_is_not_served_has_no_address() -> None:
    assert HOME.url("beta", "me?x=1") == "https://graph.microsoft.com/beta/me?x=1"
    with pytest.raises(ToolInputError, match=r"v1\.0"):
        wire.Home("graph.microsoft.com", ("v1.0",)).url("beta", "me")


# Addresses that carry their own proof.


@pytest.mark.parametrize(
    ("home", "link"),
    [
        pytest.param(HOME, "https://contoso.sharepoint.com/_api/v2.0/x?tempauth=a.b%2Bc", id="SharePoint"),
        pytest.param(HOME, "https://contoso-my.sharepoint.com/personal/x/_layouts/15/download.aspx?a=b", id="OneDrive"),
        pytest.param(HOME, "https://sn3302.up.1drv.com/up/fe69", id="a personal OneDrive"),
        pytest.param(HOME, "https://my.microsoftpersonalcontent.com/personal/x", id="a personal OneDrive now"),
        pytest.param(HOME, "https://outlook.office.com/api/v2.0/Users('a@b')/x?authtoken=e", id="an attachment"),
        pytest.param(HOME, "https://api.onedrive.com/monitor/x", id="a copy"),
        pytest.param(HOME, "https://reports.office.com/data/download/x", id="a report"),
        pytest.param(HOME, "https://westeurope1-mediap.svc.ms/transform/thumbnail", id="a thumbnail"),
        pytest.param(HOME, "https://graph.microsoft.com/v1.0/driveUploads/1/2", id="Graph itself"),
        pytest.param(HOME, "https://CONTOSO.SharePoint.com:443/x", id="capitals and the port of https"),
        pytest.param(CHINA, "https://contoso.sharepoint.cn/x", id="China"),
        pytest.param(CHINA, "https://partner.outlook.cn/x", id="an attachment in China"),
        pytest.param(wire.Home("graph.microsoft.us"), "https://a.sharepoint.us/x", id="the government"),
        pytest.param(wire.Home("dod-graph.microsoft.us"), "https://a.sharepoint-mil.us/x", id="the Pentagon"),
        pytest.param(wire.Home("graph.lab.example"), "https://graph.lab.example/x", id="a host of one's own"),
    ],
)
def test_an_address_of_the_same_cloud_is_taken_as_it_is(home: wire.Home, link: str) -> None:
    assert home.elsewhere(link) == link


@pytest.mark.parametrize(
    ("home", "link"),
    [
        pytest.param(HOME, "http://contoso.sharepoint.com/x", id="no TLS"),
        pytest.param(HOME, "https://evil.example/x", id="a stranger"),
        pytest.param(HOME, "https://evilsharepoint.com/x", id="a name that ends alike"),
        pytest.param(HOME, "https://sharepoint.com.evil.example/x", id="a name that begins alike"),
        pytest.param(HOME, "https://contoso.sharepoint.com./x", id="a dot behind the host"),
        pytest.param(HOME, "https://contoso..sharepoint.com/x", id="an empty label"),
        pytest.param(HOME, "https://-a.sharepoint.com/x", id="a label that is none"),
        pytest.param(HOME, "https://a@contoso.sharepoint.com/x", id="a user"),
        pytest.param(HOME, "https://contoso.sharepoint.com:8443/x", id="another port"),
        pytest.param(HOME, "https://contoso.sharepoint.com/x#y", id="a fragment"),
        pytest.param(HOME, "https://contoso.sharepoint.com\\x", id="a backslash"),
        pytest.param(HOME, "https://127.0.0.1/x", id="this machine"),
        pytest.param(HOME, "https://2130706433/x", id="this machine as one number"),
        pytest.param(HOME, "https://0x7f000001/x", id="this machine in hexadecimal"),
        pytest.param(HOME, "https://0x7f.1/x", id="this machine in short"),
        pytest.param(HOME, "https://[::1]/x", id="this machine in IPv6"),
        pytest.param(HOME, "https://169.254.169.254/metadata", id="a cloud's metadata"),
        pytest.param(HOME, "https://localhost/x", id="a name of one label"),
        pytest.param(HOME, "https://com/x", id="a label of a suffix"),
        pytest.param(HOME, "https://evil.azurewebsites.net/x", id="anybody's site at Microsoft"),
        pytest.param(HOME, "https://contoso.sharepoint.cn/x", id="another cloud"),
        pytest.param(HOME, "https://graph.microsoft.us/x", id="another cloud's Graph"),
        pytest.param(CHINA, "https://evil.cloudapp.chinacloudapi.cn/x", id="anybody's machine in China"),
        pytest.param(CHINA, "https://contoso.sharepoint.com/x", id="abroad, from China"),
        pytest.param(wire.Home("graph.lab.example"), "https://contoso.sharepoint.com/x", id="a cloud nobody knows"),
        pytest.param(HOME, "/v1.0/x", id="relative"),
        pytest.param(HOME, "", id="nothing"),
        pytest.param(HOME, None, id="null"),
    ],
)
def test_an_address_of_a_stranger_is_refused(home: wire.Home, link: str) -> None:
    with pytest.raises(GraphError, match="nothing was sent") as caught:
        home.elsewhere(link)
    assert caught.value.code == "ForeignHost"


@given(
    LINKS
    | st.tuples(
        st.sampled_from(
            ["https://a.sharepoint.com", "https://sharepoint.com", "https://a.sharepoint.com@", "https://"]
        ),
        LINKS,
    ).map("".join)
)
def test_whatever_address_is_taken_is_read_the_same_by_the_http_client(link: str) -> None:
    try:
        url = httpx.URL(HOME.elsewhere(link))
    except GraphError:
        return
    assert (url.scheme, url.port, url.userinfo, url.fragment) == ("https", None, b"", "")
    assert url.host.endswith(("microsoft.com", ".sharepoint.com")) or url.host == "sharepoint.com"


# Walks that come round again.


def test_a_walk_knows_where_it_was() -> None:
    trail = wire.Trail()
    assert [trail.comes_again(link) for link in ("a", "b", "c", "b", "a", "d\ud800")] == [
        False,
        False,
        False,
        True,
        True,
        False,
    ]


def test_a_walk_remembers_only_so_much() -> None:
    trail = wire.Trail(most=3)
    assert not any(trail.comes_again(f"{number}") for number in range(4))
    assert [trail.comes_again("3"), trail.comes_again("1"), trail.comes_again("0")] == [True, True, False]


@given(st.lists(st.integers(0, 30), max_size=60))
def test_two_walks_do_not_meet(steps: list[int]) -> None:
    trail, other, seen = wire.Trail(), wire.Trail(), set()
    for step in steps:
        assert trail.comes_again(str(step)) == (step in seen)
        seen.add(step)
    assert not other.comes_again("0")
