"""Who is inside the organisation and who is not, judged by the domains that it has proved to own."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from typing import Any

from errors import GraphError
from graph import GraphClient
from tools._domains import address_key, bare, domain_of, normalised
from tools._untrusted import one_line

_KEPT_SECONDS = 3600
_LONGEST_NAME = 60
_LONGEST_ADDRESS = 254
_GUEST = "#ext#"
_IN_NAMES = str.maketrans(dict.fromkeys('<>"()', " "))

# With one of these anybody can have an address: to share the domain says nothing. Families come under many endings.
_FAMILIES = "aol fastmail gmx hotmail live mailbox msn outlook proton protonmail yahoo yandex"
_PROVIDERS = """
126.com 163.com att.net bigpond.com bluewin.ch btinternet.com charter.net comcast.net cox.net daum.net duck.com
freenet.de free.fr gmail.com googlemail.com hanmail.net hey.com icloud.com laposte.net libero.it mac.com mail.com
mail.ru me.com naver.com orange.fr passport.com pm.me posteo.de qq.com rediffmail.com rocketmail.com sbcglobal.net
seznam.cz sfr.fr shaw.ca sky.com t-online.de telenet.be tuta.com tutanota.com verizon.net virgilio.it wanadoo.fr
web.de windowslive.com wp.pl ymail.com ziggo.nl zoho.com
"""
_CONSUMER_FAMILIES, _CONSUMER = frozenset(_FAMILIES.split()), frozenset(_PROVIDERS.split())


class Home:
    """The domains of a tenant, and the address of whoever works in it, who is never outside to themselves."""

    def __init__(self, domains: Collection[str], own: str = "") -> None:
        self.domains = frozenset(filter(None, map(normalised, domains)))
        self._own = address_key(own)
        self._judged: dict[str, bool] = {}  # for as long as one call: a list has the same people again and again

    def is_outside(self, address: str | None) -> bool:
        """Whether this address leads out of the tenant, or may: what cannot be read is outside.

        So is an Exchange name such as /o=ExchangeLabs/cn=…, which every tenant shares, and a guest's
        name#EXT#@contoso.onmicrosoft.com, which stands for a mailbox elsewhere.
        """
        written = address or ""
        if written not in self._judged:
            self._judged[written] = self._leads_out(written)
        return self._judged[written]

    def _leads_out(self, address: str) -> bool:
        key = address_key(address)
        if not key or key == self._own:
            return not key
        return _is_guest(key) or key.rpartition("@")[2] not in self.domains

    def shown(self, address: str | None, name: str | None = "") -> str:
        """Somebody as a preview shows them: `Jonas <j@evil.example> (outside)`.

        The address is the one that is written to, its domain in the letters that name servers see. The name is what its
        owner chose: where it poses as another address it is left out.
        """
        text = _address_shown(address or "")
        called = " ".join(one_line(name, _LONGEST_NAME).translate(_IN_NAMES).split())
        who = f"{called} <{text}>" if called and "@" not in unicodedata.normalize("NFKC", called) else text
        return f"{who} (outside)" if self.is_outside(address) else who


async def home_of(graph: GraphClient, username: str, *, is_personal: bool = False) -> Home:
    """The home of whoever this client works for: the tenant's verified domains, as Graph tells them.

    Where Graph does not tell, it is the domain of the username. Personal accounts have no organisation, and a
    domain at which anybody gets an address is no home: then only the very address is inside.
    """
    if is_personal:
        return Home((), username)
    try:
        page = await graph.get("organization", {"$select": "verifiedDomains"}, keep=_KEPT_SECONDS)
    except GraphError:
        return Home(_own_domain(username), username)
    return Home(_verified(page), username)


def is_consumer(domain: str) -> bool:
    """Whether anybody can have an address at this domain."""
    return domain in _CONSUMER or domain.partition(".")[0] in _CONSUMER_FAMILIES


def _own_domain(username: str) -> list[str]:
    domain = domain_of(username)
    return [domain] if domain and not is_consumer(domain) and not _is_guest(username) else []


def _verified(page: dict[str, Any]) -> list[str]:
    """The names in Graph's answer; a consumer account's has none."""
    found = [each.get("name") for one in _objects(page.get("value")) for each in _objects(one.get("verifiedDomains"))]
    return [name for name in found if isinstance(name, str)]


def _objects(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _is_guest(address: str) -> bool:
    return _GUEST in address.lower()


def _address_shown(address: str) -> str:
    domain = domain_of(address)
    if not domain:
        return one_line(address, _LONGEST_ADDRESS) or "(no address)"
    return one_line(f"{bare(address).rpartition('@')[0]}@{domain}", _LONGEST_ADDRESS)
