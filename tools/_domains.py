"""Whose mail server an address leads to: domains in the one form in which they can be compared."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import idna

_LONGEST_ADDRESS = 320
_LONGEST_DOMAIN = 253
_MOST_DOMAINS = 2_000
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# Outside quotes these begin a comment, a route, a list or a second address: what a mail server makes of it is unsure.
_UNCLEAR = frozenset(' "(),:;<>[\\]')
_AT_TOO = _UNCLEAR | {"@"}


def bare(address: str) -> str:
    """The address itself where it was given with a name, as in `Ines <ines@contoso.com>`."""
    text = address.strip(" ")
    return text[text.rindex("<") + 1 : -1].strip(" ") if text.endswith(">") and "<" in text else text


def domain_of(address: str) -> str:
    """What stands after the last @, in the form that domains are compared in; "" where that leads nowhere for sure."""
    text = bare(address)
    local, at, domain = text.rpartition("@")
    if not at or len(text) > _LONGEST_ADDRESS or not text.isprintable() or not _is_clear(local):
        return ""
    return normalised(domain)


def address_key(address: str) -> str:
    """The form in which two addresses are compared; "" for what is no address."""
    domain = domain_of(address)
    local = bare(address).rpartition("@")[0]
    return f"{local.lower() if local.isascii() else local}@{domain}" if domain else ""


@lru_cache(_MOST_DOMAINS)
def normalised(domain: str) -> str:
    """A domain as name servers know it: in ASCII, lower case, without the root's dot; "" where it is none.

    Letters that only look alike give different names here, so nobody passes for somebody else.
    """
    text = domain.removesuffix(".")
    if not text.isprintable() or len(text) > _LONGEST_DOMAIN:
        return ""
    try:
        name = (text if text.isascii() else idna.encode(text, uts46=True).decode("ascii")).lower().removesuffix(".")
    except UnicodeError:
        return ""
    is_name = len(name) <= _LONGEST_DOMAIN and all(_LABEL.fullmatch(label) for label in name.split("."))
    return name if is_name else ""


def pattern_of(text: str) -> str:
    """A rule on domains, `contoso.com` or `*.contoso.com`, normalised; ValueError says how to write it."""
    bare_text = text.strip()
    has_star = bare_text.startswith("*.")
    name = normalised(bare_text[2:] if has_star else bare_text)
    if not name or not (has_star or "." in name) or name.rpartition(".")[2].isdigit():
        raise ValueError(_how_to_write(bare_text))
    return f"*.{name}" if has_star else name


def matches(domain: str, pattern: str) -> bool:
    """Whether a rule is about this domain: with the star about those below it alone, else about itself alone."""
    return domain.endswith(pattern[1:]) if pattern.startswith("*.") else domain == pattern


def _is_clear(local: str) -> bool:
    """Whether there is one way to read what stands before the last @."""
    if len(local) > 2 and local.startswith('"') and local.endswith('"'):
        return not {'"', "\\"} & set(local[1:-1])
    if not local.isascii() and _AT_TOO & set(unicodedata.normalize("NFKC", local)):
        return False  # a letter that some mail servers would take for one of these
    return bool(local) and not _UNCLEAR & set(local)


def _how_to_write(text: str) -> str:
    """The remedy for a rule that is none, with the domain that was meant where one can be seen."""
    meant = normalised(text.partition("://")[2].partition("/")[0] or text.rpartition("@")[2].lstrip("*.").rstrip("/"))
    if "." not in meant:
        return 'is no domain. Write "contoso.com", or "*.contoso.com" for what is below it'
    return f'is no domain. Write "{meant}", or "*.{meant}" for what is below it'
