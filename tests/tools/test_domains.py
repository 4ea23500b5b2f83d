"""Whose mail server an address leads to, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools._domains import address_key, domain_of, matches, normalised, pattern_of


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        pytest.param("ines@contoso.com", "contoso.com", id="plain"),
        pytest.param(" Ines@CONTOSO.com. ", "contoso.com", id="case, blanks and the dot of the root"),
        pytest.param("Ines <ines@contoso.com>", "contoso.com", id="with a name"),
        pytest.param("boss@contoso.com <j@evil.example>", "evil.example", id="a name that poses as an address"),
        pytest.param("a@contoso.com@evil.example", "evil.example", id="several @"),
        pytest.param('"a@contoso.com"@evil.example', "evil.example", id="an @ in quotes"),
        pytest.param('"john smith"@contoso.com', "contoso.com", id="a blank in quotes"),
        pytest.param("a%evil.example@contoso.com", "contoso.com", id="a relay's business"),
        pytest.param("j@bücher.example", "xn--bcher-kva.example", id="an umlaut"),
        pytest.param("j@BÜCHER。example", "xn--bcher-kva.example", id="capitals and an ideographic dot"),
        pytest.param("j@ｃｏｎｔｏｓｏ.com", "contoso.com", id="full-width letters, which name servers never see"),  # noqa: RUF001
        pytest.param("j@XN--BCHER-KVA.example", "xn--bcher-kva.example", id="punycode"),
        pytest.param("j@straße.example", "xn--strae-oqa.example", id="no sharp s turns into another domain"),
        pytest.param("j@mail_1.contoso.com", "mail_1.contoso.com", id="an underscore"),
    ],
)
def test_the_domain_is_what_stands_after_the_last_at(address: str, domain: str) -> None:
    assert domain_of(address) == domain


def test_a_letter_that_looks_alike_makes_another_domain() -> None:
    cyrillic = domain_of("j@\u0441ontoso.com")
    assert cyrillic.startswith("xn--")
    assert cyrillic != "contoso.com"


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("", id="nothing"),
        pytest.param("Ines Aldana", id="a name"),
        pytest.param("@contoso.com", id="nobody at a domain"),
        pytest.param("ines@", id="no domain"),
        pytest.param("ines@-contoso.com", id="a label that begins with a hyphen"),
        pytest.param("ines@contoso..com", id="an empty label"),
        pytest.param("ines@[10.0.0.1]", id="an address of a machine"),
        pytest.param("ines@contoso com", id="a blank in the domain"),
        pytest.param("x@evil.example (ines@contoso.com)", id="a comment at the end"),
        pytest.param("x@evil.example (@contoso.com", id="a comment that does not end"),
        pytest.param("x@evil.example,ines@contoso.com", id="two by a comma"),
        pytest.param("x@evil.example;ines@contoso.com", id="two by a semicolon"),
        pytest.param("<x@evil.example>@contoso.com", id="brackets within"),
        pytest.param("@contoso.com:x@evil.example", id="a source route"),
        pytest.param("x@evil.example\uff0c@contoso.com", id="a comma to those who normalise"),
        pytest.param("x\uff20evil.example@contoso.com", id="an @ to those who normalise"),
        pytest.param('"x"y"@contoso.com', id="a quote within quotes"),
        pytest.param('"x@evil.example @contoso.com', id="a quote that does not end"),
        pytest.param("x@evil.example\r\n@contoso.com", id="a line break"),
        pytest.param("x@evil.example\0@contoso.com", id="a zero byte"),
        pytest.param("ines@con\u200btoso.com", id="a letter without width"),
        pytest.param("ines@con\u00adtoso.com", id="a soft hyphen"),
        pytest.param("ines@\u202emoc.osotnoc", id="letters from right to left"),
        pytest.param(f"{'x' * 400}@contoso.com", id="too long"),
        pytest.param(f"x@{'a' * 64}.com", id="a label too long"),
        pytest.param(f"x@{'ü' * 200}.com", id="too long as punycode"),
        pytest.param("/o=ExchangeLabs/cn=Recipients/cn=ines", id="an Exchange name"),
    ],
)
def test_what_may_lead_elsewhere_has_no_domain(address: str) -> None:
    assert domain_of(address) == ""
    assert address_key(address) == ""


def test_addresses_compare_without_case_and_by_the_whole_domain() -> None:
    assert address_key("Ines <INES@Contoso.com>") == address_key("ines@contoso.com.") == "ines@contoso.com"
    assert address_key("\u212aim@contoso.com") != address_key("kim@contoso.com")


@settings(max_examples=60)
@given(st.text(max_size=40))
def test_any_text_has_a_domain_in_ascii_or_none(text: str) -> None:
    for domain in (domain_of(f"x@{text}"), domain_of(text), normalised(text)):
        assert domain.isascii()
        assert normalised(domain) == domain


def test_megabytes_are_no_address() -> None:
    assert domain_of("@" * 1_000_000) == domain_of("<" * 1_000_000 + ">") == normalised("ü." * 500_000) == ""


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        pytest.param(" Contoso.com ", "contoso.com", id="a domain"),
        pytest.param("*.Bücher.example", "*.xn--bcher-kva.example", id="what is below a domain"),
        pytest.param("*.ru", "*.ru", id="what is below a country"),
    ],
)
def test_a_rule_on_domains_is_normalised(text: str, pattern: str) -> None:
    assert pattern_of(text) == pattern


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        pytest.param("*", 'Write "contoso.com"', id="everybody"),
        pytest.param("", 'Write "contoso.com"', id="nothing"),
        pytest.param("com", 'Write "contoso.com"', id="no dot"),
        pytest.param("10.0.0.1", "is no domain", id="an address of a machine"),
        pytest.param("*contoso.com", '"*.contoso.com"', id="a star without its dot"),
        pytest.param(".contoso.com", '"*.contoso.com"', id="a dot at the start"),
        pytest.param("mail.*.contoso.com", "is no domain", id="a star within"),
        pytest.param("x@contoso.com", 'Write "contoso.com"', id="an address"),
        pytest.param("@contoso.com", 'Write "contoso.com"', id="an at"),
        pytest.param("https://contoso.com/mail", 'Write "contoso.com"', id="a link"),
    ],
)
def test_a_rule_that_is_none_is_refused_with_the_one_that_was_meant(text: str, remedy: str) -> None:
    with pytest.raises(ValueError, match="is no domain") as refused:
        pattern_of(text)
    assert remedy in str(refused.value)


def test_a_star_stands_for_what_is_below_and_not_for_the_domain_itself() -> None:
    assert matches("mail.contoso.com", "*.contoso.com")
    assert matches("a.b.contoso.com", "*.contoso.com")
    assert not matches("contoso.com", "*.contoso.com")
    assert not matches("notcontoso.com", "*.contoso.com")
    assert matches("contoso.com", "contoso.com")
    assert not matches("mail.contoso.com", "contoso.com")
