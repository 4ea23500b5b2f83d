"""Reading the scope parameter: which permissions of which resource are asked for, and in which spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from emulator.entra.errors import EntraError
from emulator.entra.graph_permissions import DELEGATED

GRAPH_URL = "https://graph.microsoft.com"
GRAPH_ID = "00000003-0000-0000-c000-000000000000"
IDENTITY = ("openid", "profile", "email", "offline_access")
DEFAULT = ".default"

_PREFIXES = (f"{GRAPH_URL}/", f"{GRAPH_ID}/")
_TOKEN = re.compile(r"[!#-\[\]-~]+")


@dataclass(frozen=True)
class Scopes:
    """A scope parameter, understood. `spelling` has each permission asked for and what was written before it."""

    identity: frozenset[str]
    spelling: tuple[tuple[str, str], ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.spelling)

    @property
    def prefix(self) -> str:
        """What the caller writes before Graph's permissions: its address, its app id, or nothing."""
        return self.spelling[0][1] if self.spelling else ""

    @property
    def is_default(self) -> bool:
        return self.names == (DEFAULT,)

    @property
    def audience(self) -> str:
        """The aud of the token: Graph's address when it was asked for by address, else its app id."""
        return GRAPH_URL if self.prefix.lower().startswith(GRAPH_URL) else GRAPH_ID

    @property
    def listed(self) -> tuple[str, ...]:
        """All that is asked, for a person to read."""
        return (*self.names, *(name for name in IDENTITY if name in self.identity))

    def echoed(self, granted: Iterable[str]) -> str:
        """The scope of a token response: what was granted, in the spelling that was used to ask."""
        # MSAL looks its cache up by the spelling it used, so an answer in any other is a miss each time.
        names = [*granted, *([DEFAULT] if self.is_default else [])]
        spelling = dict(self.spelling)
        shown = (name for name in IDENTITY if name in self.identity and name != "offline_access")
        return " ".join((*(spelling.get(name, self.prefix) + name for name in names), *shown))


def read_scopes(text: str, tenant: str) -> Scopes:
    """Understand a scope parameter of a delegated flow, or refuse it as Entra does."""
    asked = [part for part in text.split(" ") if part]
    if not asked:
        raise EntraError(900144, field="scope")
    identity = frozenset(part for part in asked if part in IDENTITY)
    spelling = dict(_split(part, text, tenant) for part in asked if part not in IDENTITY)
    if DEFAULT in spelling and len(spelling) > 1:
        raise EntraError(70011, scope=text, reason="mixes .default with single permissions of the resource")
    return Scopes(identity, tuple(spelling.items()))


def read_app_scope(text: str, tenant: str) -> str:
    """The audience that client credentials ask for: exactly one `{resource}/.default`."""
    asked = text.split()
    if len(asked) != 1:
        raise EntraError(70011, scope=text, reason="must name exactly one resource")
    if asked[0] != DEFAULT and not asked[0].endswith(f"/{DEFAULT}"):
        raise EntraError(1002012, scope=text)
    return Scopes(frozenset(), (_split(asked[0], text, tenant),)).audience


def _split(part: str, text: str, tenant: str) -> tuple[str, str]:
    """One scope as the permission's proper name and the spelling of its resource."""
    if not _TOKEN.fullmatch(part):
        raise EntraError(70011, scope=text, reason="has characters that a scope cannot have")
    prefix = next((known for known in _PREFIXES if part.lower().startswith(known)), "")
    name = part[len(prefix) :].removeprefix("/")
    if "/" in name:
        raise EntraError(500011, resource=part.rpartition("/")[0], tenant=tenant)
    if name != DEFAULT and name.lower() not in DELEGATED:
        raise EntraError(650053, scope=name, resource=GRAPH_ID)
    return DELEGATED.get(name.lower(), name), part[: len(part) - len(name)]
