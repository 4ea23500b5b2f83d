"""tools/_untrusted/links.py: where a link really leads, and nothing that only tells on the reader."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools._untrusted import domain_of, host_of, shown_link

GOOD = "https%3A%2F%2Fgood.example%2Fa%3Fb%3D1"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param("HTTPS://Contoso.COM/Path?a=B", "https://contoso.com/Path?a=B", id="case of scheme and host"),
        pytest.param("http://contoso.com:80/", "http://contoso.com", id="default port"),
        pytest.param("https://contoso.com:8443/x", "https://contoso.com:8443/x", id="port"),
        pytest.param("https://bank.example@evil.example/x", "https://evil.example/x", id="sign-in name"),
        pytest.param("https://evil.example\\@bank.example/x", "https://evil.example/@bank.example/x", id="backslash"),
        pytest.param("https:evil.example", "https://evil.example", id="no slashes"),
        pytest.param("//evil.example/x", "https://evil.example/x", id="no scheme"),
        pytest.param("https://b\u00e4nk.example/", "https://xn--bnk-qla.example", id="foreign letters"),
        pytest.param("https://\u0440aypal.example/", "https://xn--aypal-uye.example", id="look-alike letter"),
        pytest.param("https://ev%69l\u3002example/", "https://evil.example", id="percent and dot in the host"),
        pytest.param("ht\ntps://evil\t.example/\u200bx", "https://evil.example/x", id="line end, tab, zero width"),
        pytest.param("https://[2001:DB8::1]:444/x", "https://[2001:db8::1]:444/x", id="IPv6"),
        pytest.param(
            "https://a.example/x?utm_source=1&id=2&FBCLID=3&mkt_tok=4", "https://a.example/x?id=2", id="tracking"
        ),
        pytest.param("https://a.example/?gclid=1", "https://a.example/", id="tracking alone"),
        pytest.param("https://a.example/x#part", "https://a.example/x#part", id="short fragment"),
        pytest.param("https://a.example/x#" + "y" * 50, "https://a.example/x", id="long fragment"),
        pytest.param("https://a.example/x#:~:text=hi", "https://a.example/x", id="text fragment"),
        pytest.param("https://a.example/a b<c>[d]|", "https://a.example/a%20b%3Cc%3E%5Bd%5D%7C", id="unsafe letters"),
        pytest.param("mailto:Ann@Contoso.com?body=x", "mailto:Ann@contoso.com", id="mail"),
        pytest.param("tel:+49 (30) 1234", "tel:+49(30)1234", id="telephone"),
    ],
)
def test_a_link_shows_where_it_leads(url: str, shown: str) -> None:
    assert shown_link(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        *(
            pytest.param(f"{scheme}:x", id=scheme)
            for scheme in ("javascript", "data", "file", "ms-word", "about", "ftp")
        ),
        pytest.param("java\nscript:alert(1)", id="javascript over two lines"),
        pytest.param("path/page", id="relative"),
        pytest.param("#part", id="fragment"),
        pytest.param("", id="empty"),
        pytest.param("https://", id="no host"),
        pytest.param("https://evil.example|bank.example/", id="two hosts"),
        pytest.param("https://a..example/", id="empty label"),
        pytest.param("https://" + "a" * 300 + "/", id="host too long"),
        pytest.param("https://" + "\u00e4" * 100 + "/", id="label too long"),
        pytest.param("https://" + "a" * 900 + "/", id="far too long"),
        pytest.param("https://a.example:99999999/", id="port too long"),
        pytest.param("https://a.example:\u0661/", id="port in other digits"),
        pytest.param("mailto:nobody", id="mail without a domain"),
        pytest.param("mailto:x<a@b.example>", id="mail with a name"),
        pytest.param("tel:call me", id="telephone in words"),
    ],
)
def test_what_is_no_address_of_web_mail_or_telephone_is_none(url: str) -> None:
    assert shown_link(url) is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param(
            f"https://eur01.safelinks.protection.outlook.com/?url={GOOD}&data=05&reserved=0",
            "https://good.example/a?b=1",
            id="Outlook",
        ),
        pytest.param(f"https://www.google.com/url?sa=t&q={GOOD}", "https://good.example/a?b=1", id="Google"),
        pytest.param(f"https://l.facebook.com/l.php?u={GOOD}", "https://good.example/a?b=1", id="Facebook"),
        pytest.param(
            "https://urldefense.com/v3/__https://good.example/a?b=1__;!!x!y$",
            "https://good.example/a?b=1",
            id="Proofpoint 3",
        ),
        pytest.param(
            "https://urldefense.proofpoint.com/v2/url?u=https-3A__good.example_a&d=x",
            "https://good.example/a",
            id="Proofpoint 2",
        ),
        pytest.param(
            f"https://x.safelinks.protection.outlook.com/?url=https%3A%2F%2Fwww.google.com%2Furl%3Fq%3D{GOOD}",
            "https://www.google.com/url?q=https://good.example/a?b=1",
            id="one level only",
        ),
        pytest.param(
            "https://www.google.com/url?q=javascript%3Ax",
            "https://www.google.com/url?q=javascript%3Ax",
            id="to nowhere",
        ),
        pytest.param("https://www.google.com/search?q=x", "https://www.google.com/search?q=x", id="another path"),
        pytest.param(f"https://evil.example/?url={GOOD}", f"https://evil.example/?url={GOOD}", id="another host"),
        pytest.param(
            f"https://safelinks.protection.outlook.com.evil.example/?url={GOOD}",
            f"https://safelinks.protection.outlook.com.evil.example/?url={GOOD}",
            id="a host that claims to be one",
        ),
    ],
)
def test_a_redirector_gives_way_to_where_it_leads(url: str, shown: str) -> None:
    assert shown_link(url, 300) == shown


def test_a_long_link_is_cut_but_never_within_its_host() -> None:
    assert shown_link("https://a.example/" + "x" * 200, 40) == "https://a.example/" + "x" * 21 + "…"
    host = "b" * 60 + ".example"
    assert shown_link(f"https://{host}/path", 20) == f"https://{host}…"
    assert shown_link("https://a.example/1234%20x/" + "y" * 99, 25) == "https://a.example/1234…"
    assert shown_link("mailto:" + "a" * 60 + "@contoso.com", 20) == "mailto:" + "a" * 12 + "…"


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        pytest.param("ann@Contoso.COM", "contoso.com", id="bare"),
        pytest.param(" Ann <ann@contoso.com> ", "contoso.com", id="with a name"),
        pytest.param("ann@b\u00e4nk.example", "xn--bnk-qla.example", id="foreign letters"),
        pytest.param('"ann@contoso.com" <x@evil.example>', "evil.example", id="a name that claims another"),
        pytest.param("a@evil.example@contoso.com", None, id="two signs"),
        pytest.param("x@evil.example (ann@contoso.com)", None, id="comment"),
        pytest.param("a@evil.example, b@contoso.com", None, id="two addresses"),
        pytest.param("<a@evil.example> <b@contoso.com>", None, id="two in brackets"),
        pytest.param("ann", None, id="no domain"),
        pytest.param("@contoso.com", None, id="no name"),
    ],
)
def test_the_domain_of_an_address_is_told_only_where_it_is_sure(address: str, domain: str | None) -> None:
    assert domain_of(address) == domain


def test_the_host_is_read_as_a_browser_reads_it() -> None:
    assert host_of("https://contoso.com@EVIL.example:444\\x") == "evil.example"
    assert host_of("mailto:a@b.example") is None


@settings(max_examples=40)
@given(
    st.lists(
        st.sampled_from(["https:", "//", "\\", "@", "a.example", "%", "[", "]", ":", "?url=", "&", "#", "ä", "mailto:"])
        | st.text(max_size=3),
        max_size=10,
    ).map("".join)
)
def test_no_address_is_too_odd(url: str) -> None:
    shown = shown_link(url)
    assert shown is None or shown.startswith(("https://", "http://", "mailto:", "tel:"))
    assert shown is None or not set(shown) & set('<>[]\n\t `"')
    domain_of(url)
    host_of(url)
