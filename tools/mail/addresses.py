"""Addresses as models and people write them: `jonas@contoso.com`, or `Jonas Brandt <jonas@contoso.com>`."""

from __future__ import annotations

import re

from errors import ToolInputError
from tools._domains import address_key, bare, domain_of
from tools._untrusted import cleaned, one_line

_LONGEST = 640
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"\\]{1,64}@[^\s@<>()\[\],;:\"\\]{1,255}")
_NAMED = re.compile(r"[^<>\x00-\x1f\x7f]{0,300}<[^<>\s]{1,320}>")


def addressed(text: str, argument: str) -> str:
    """The address in a text, its domain as name servers know it; a refusal where there is not exactly one.

    A name before it is left out: what the model calls somebody is not what the person who approves is shown.
    """
    given = text.strip(" ") if len(text) <= _LONGEST else ""
    address = bare(given) if _NAMED.fullmatch(given) else given
    domain = domain_of(address)
    if not domain or not _ADDRESS.fullmatch(address) or cleaned(address) != address:
        raise ToolInputError(
            f"{argument}: {one_line(text, 60)!r} is no address. Write one address in each item, "
            f'as in "{argument}": ["jonas.brandt@contoso.com"].'
        )
    return f"{address.rpartition('@')[0]}@{domain}"


def lines_of(**given: list[str]) -> dict[str, list[str]]:
    """The addresses of each line of a mail. Who is named more than once gets it once, by the first line of these."""
    lines, seen = dict[str, list[str]](), set[str]()
    for argument, texts in given.items():
        read = {address_key(each): each for each in (addressed(text, argument) for text in texts)}
        lines[argument] = [address for key, address in read.items() if key not in seen]
        seen |= read.keys()
    return lines
