"""Links that Graph sends: where a token may go with them, and where nothing goes at all."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b
from urllib.parse import quote, unquote

from errors import GraphError, ToolInputError
from graph.wire.hosts import is_microsofts
from graph.wire.paths import checked_path

_LONGEST = 32_768
_MOST_DECODED = 3
_MOST_REMEMBERED = 10_000

_NEVER = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\\\\#]")
_ABSOLUTE = re.compile(r"https://([a-z0-9.\-]+)(?::443)?(/[^?]*)?(\?.*)?", re.IGNORECASE | re.ASCII)
_DOTS = re.compile(r"(?:\A|[/\\])\.+(?:[/\\;]|\Z)")
# All that an address may hold as it is, and the sign of what is encoded already.
_AS_IT_IS = "%!$&'()*+,;=:@/?[]~"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a link leads: a path below the version, and its query just as it came."""

    path: str
    query: str = ""

    @property
    def target(self) -> str:
        """Both, as they stand behind the version."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True)
class Home:
    """The one host that gets tokens, and what it serves."""

    host: str
    versions: tuple[str, ...] = ("v1.0", "beta")

    def url(self, version: str, target: str) -> str:
        """The whole address of a path and query below a version."""
        if version not in self.versions:
            raise ToolInputError(f"Graph has no version {version!r} here: it is one of {', '.join(self.versions)}.")
        return f"https://{self.host}/{version}/{target}"

    def follow(self, link: str, version: str) -> Place:
        """Where a nextLink, deltaLink or Location leads, if that is below the same version of this host."""
        path, query = self._split(_spelled(link), version)
        try:
            place = Place(checked_path(path), query)
        except ToolInputError:
            raise _foreign() from None
        if _steps_aside(path):
            raise _foreign()
        return place

    def elsewhere(self, link: str) -> str:
        """The address of an upload, a download or a monitor, which carries its own proof and must get no token.

        It is on this host, or on one that the same cloud keeps files, mail or reports on.
        """
        found = _ABSOLUTE.fullmatch(spelled := _spelled(link))
        if found is None or not is_microsofts(found[1].lower(), self.host.lower()):
            raise _foreign()
        return spelled

    def _split(self, link: str, version: str) -> tuple[str, str]:
        """The path below the version and the query; a relative link is one below the version already."""
        rest = link
        if found := _ABSOLUTE.fullmatch(link):
            if found[1].lower() != self.host.lower():
                raise _foreign()
            rest = (found[2] or "") + (found[3] or "")
        path, _, query = rest.partition("?")
        first, _, below = path.removeprefix("/").partition("/")
        if first == version:
            return below, query
        if found or first.lower() in {each.lower() for each in (*self.versions, version)}:
            raise _foreign()
        return path.removeprefix("/"), query


class Trail:
    """The links of one walk from page to page, to see when it comes round again. It forgets the oldest."""

    def __init__(self, most: int = _MOST_REMEMBERED) -> None:
        self._most = most
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def comes_again(self, link: str) -> bool:
        """Whether this walk was here before. From now on it was."""
        mark = blake2b(link.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if mark in self._seen:
            return True
        self._seen[mark] = None
        if len(self._seen) > self._most:
            self._seen.popitem(last=False)
        return False


def _spelled(link: object) -> str:
    """The link in plain characters, which mean the same to whoever reads it after us."""
    if not isinstance(link, str) or not 0 < len(link) <= _LONGEST or _NEVER.search(link):
        raise _foreign()
    spelled = quote(link, safe=_AS_IT_IS)
    if len(spelled) > _LONGEST:
        raise _foreign()
    return spelled


def _steps_aside(path: str) -> bool:
    """Whether dot segments appear in a path when it is decoded, once or again, as servers behind Graph may do."""
    for _ in range(_MOST_DECODED):
        if "%" not in path:
            return False
        try:
            path = unquote(path, errors="strict")
        except UnicodeDecodeError:
            return True
        if _DOTS.search(path):
            return True
    return "%" in path


def _foreign() -> GraphError:
    return GraphError(
        "ForeignHost",
        "Graph's answer names an address that is not its own, or not of a form that it uses; nothing was sent. "
        "Try again; if it happens again, look for a proxy that changes answers.",
    )
