"""Links as a reader should see them: where they really lead, and nothing that only tells on the reader."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple
from urllib.parse import quote, unquote

from tools._untrusted.cleaning import cleaned
from tools._untrusted.trackers import REDIRECTORS, TRACKING, TRACKING_PREFIXES

_READ = 4_000  # of a longer address nothing is shown anyway; it also bounds the work
_SHORT_FRAGMENT = 40
_LONGEST_HOST = 253
_LONGEST_LABEL = 63

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_HOST = re.compile(r"(?=.*[a-z0-9])[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\]")
_DOTS = re.compile("[。．｡]")  # noqa: RUF001 - browsers read them as dots
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_UNSAFE_IN_LINK = re.compile(r"[\s<>\"`\[\]\\{}|^]")
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@([^\s@<>]{1,253})")
_NUMBER = re.compile(r"\+?[0-9().*#-]{2,40}")
_NAMED = re.compile(r"[^<>]*<([^<>]+)>")


class _Web(NamedTuple):
    scheme: str
    host: str
    port: str
    path: str
    query: str
    fragment: str

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}{self.port}"


def shown_link(url: str, limit: int = 120) -> str | None:
    """The address for an answer, or None where it is not one for the web, mail or telephone.

    Sign-in names in it, tracking parameters and long fragments go; a redirector gives way to where it leads, once. The
    host is always whole, and in the form (`xn--`) that shows foreign letters.
    """
    bare = _bare(url)
    if contact := _contact(bare):
        return contact if len(contact) <= limit else contact[: limit - 1] + "…"
    web = _read(bare)
    if web is None:
        return None
    if (inner := _target(web)) and (led_to := _read(_bare(inner))):
        web = led_to
    return _cut(web.origin, _rest(web), limit)


def host_of(url: str) -> str | None:
    """The host of a web address as a browser would read it: lower case, `xn--` form, no port."""
    web = _read(_bare(url))
    return web.host if web else None


def domain_of(address: str) -> str | None:
    """The domain of one mail address, bare or as `Name <address>`; None where it is not surely one."""
    text = address[:_READ].strip()
    if named := _NAMED.fullmatch(text):
        text = named[1].strip()
    found = _ADDRESS.fullmatch(text)
    return _plain_host(found[1]) if found else None


def is_within(host: str, domains: frozenset[str]) -> bool:
    """Whether the host is one of these domains or lies below one."""
    parts = host.split(".")
    return any(".".join(parts[start:]) in domains for start in range(len(parts)))


def has_scheme(url: str) -> bool:
    """Whether the address names a scheme, or a host without one; if not it only points within its own page."""
    bare = _bare(url)
    return bare.startswith(("//", "\\\\", "/\\", "\\/")) or _SCHEME.match(bare) is not None


def _bare(url: str) -> str:
    # Browsers drop line ends and tabs anywhere in an address, so `java\nscript:` is one word to them.
    return re.sub(r"[\n\t]", "", cleaned(url[:_READ])).strip()


def _contact(bare: str) -> str | None:
    scheme, colon, rest = bare.partition(":")
    target = unquote(rest.partition("?")[0]).strip()
    if not colon or scheme.lower() not in {"mailto", "tel"}:
        return None
    if scheme.lower() == "tel":
        digits = target.replace(" ", "")
        return f"tel:{digits}" if _NUMBER.fullmatch(digits) else None
    domain = domain_of(target)
    return f"mailto:{target.rpartition('@')[0]}@{domain}" if domain and "<" not in target else None


# Reading an address as browsers do.


def _read(bare: str) -> _Web | None:
    if bare[:2] in {"//", "\\\\", "/\\", "\\/"}:
        bare = f"https:{bare}"
    scheme, colon, rest = bare.partition(":")
    if not colon or scheme.lower() not in _DEFAULT_PORTS:
        return None
    rest = rest.lstrip("/\\")
    end = next((at for at, each in enumerate(rest) if each in "/\\?#"), len(rest))
    host, port = _host_and_port(rest[:end].rpartition("@")[2])
    if host is None or port is None:
        return None
    before, _, fragment = rest[end:].partition("#")
    path, _, query = before.partition("?")
    is_default = port == _DEFAULT_PORTS[scheme.lower()]
    return _Web(scheme.lower(), host, "" if is_default or not port else f":{port}", path, query, fragment)


def _host_and_port(authority: str) -> tuple[str | None, str | None]:
    host, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        host, port = authority, ""
    is_port = port == "" or (port.isascii() and port.isdecimal() and len(port) <= 5)
    return _plain_host(host), port if is_port else None


def _plain_host(host: str) -> str | None:
    if len(host) > _LONGEST_HOST * 3:
        return None
    folded = unicodedata.normalize("NFKC", _DOTS.sub(".", cleaned(unquote(host)))).lower()
    labels = [_plain_label(label) for label in folded.removesuffix(".").split(".")]
    plain = ".".join(labels)
    return plain if len(plain) <= _LONGEST_HOST and _HOST.fullmatch(plain) and ".." not in plain else None


def _plain_label(label: str) -> str:
    return label if label.isascii() or len(label) > _LONGEST_LABEL else f"xn--{label.encode('punycode').decode()}"


# What is shown of it.


def _rest(web: _Web) -> str:
    path = "" if web.path == "/" and not web.query else web.path.replace("\\", "/")
    query = "&".join(part for part in web.query.split("&") if part and not _is_tracking(part))
    keeps = web.fragment and len(web.fragment) <= _SHORT_FRAGMENT and ":~:" not in web.fragment
    whole = path + (f"?{query}" if query else "") + (f"#{web.fragment}" if keeps else "")
    return _UNSAFE_IN_LINK.sub(lambda found: quote(found[0]), whole)


def _is_tracking(part: str) -> bool:
    name = unquote(part.partition("=")[0]).casefold()
    return name in TRACKING or name.startswith(TRACKING_PREFIXES)


def _cut(origin: str, rest: str, limit: int) -> str:
    room = limit - len(origin)
    if len(rest) <= room:
        return origin + rest
    return f"{origin}{re.sub(r'%.?$', '', rest[: max(room - 1, 0)])}…"


# Redirectors.


def _target(web: _Web) -> str | None:
    if web.host in {"urldefense.com", "urldefense.us"} and web.path.startswith("/v3/__"):
        whole = web.path + (f"?{web.query}" if web.query else "")
        return re.sub(r"^(https?):/+", r"\1://", whole[len("/v3/__") :].partition("__;")[0])
    if web.host == "urldefense.proofpoint.com" and web.path.startswith("/v2/url"):
        return unquote((_parameter(web.query, "u") or "").replace("-", "%").replace("_", "/"))
    for host, path, names in REDIRECTORS:
        is_host = web.host.endswith(host) if host[0] == "." else web.host == host
        if is_host and (web.path or "/").startswith(path):
            return next((value for name in names if (value := _parameter(web.query, name))), None)
    return None


def _parameter(query: str, name: str) -> str | None:
    for part in query.split("&"):
        key, _, value = part.partition("=")
        if key.casefold() == name:
            return unquote(value)
    return None
