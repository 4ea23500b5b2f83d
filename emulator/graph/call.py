"""One request to Graph and its answer, free of any web framework: `$batch` can make them too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol
from urllib.parse import quote, urlencode

from emulator.odata import Options, read_options
from emulator.tenant import Person, Tenant


class CallerLike(Protocol):
    """Who a token speaks for, as the Entra half says."""

    @property
    def app_id(self) -> str: ...
    @property
    def user_id(self) -> str | None: ...
    @property
    def scopes(self) -> frozenset[str]: ...
    @property
    def roles(self) -> frozenset[str]: ...
    @property
    def directory(self) -> Tenant | None: ...
    @property
    def barred(self) -> tuple[tuple[str, str], ...]: ...


@dataclass(frozen=True)
class Call:
    """A request: what is asked, of which tenant, by whom. Header names are in lower case, the path is still encoded."""

    tenant: Tenant
    caller: CallerLike
    method: str
    host: str
    version: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    now: datetime
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """The service root as the caller sees it."""
        return f"{self.host}/{self.version}"

    @property
    def is_eventual(self) -> bool:
        """Whether the caller accepts the directory's eventually consistent index."""
        return self.headers.get("consistencylevel", "").lower() == "eventual"

    @property
    def preferences(self) -> dict[str, str]:
        """What the Prefer header asks for, names in lower case."""
        wishes = (wish.partition("=") for wish in self.headers.get("prefer", "").lower().replace(";", ",").split(","))
        return {name.strip(): value.strip().strip('"') for name, _, value in wishes if name.strip()}

    def with_parameters(self, parameters: Mapping[str, str]) -> Call:
        """The same call with the values that stand in its path."""
        return replace(self, parameters=parameters)

    def options(self, *allowed: str) -> Options:
        """The query options, refused when the endpoint does not have them."""
        return read_options(self.query, frozenset(allowed), bare=self.version == "beta")

    def link(self, **changes: str) -> str:
        """The address of this call with some `$` options replaced, for paging."""
        names = {f"${name}" for name in changes} | set(changes)
        kept = [(name, value) for name, value in self.query if name.lower() not in names]
        pairs = kept + [(f"${name}", value) for name, value in changes.items()]
        # Option names keep their dollar sign, as in every documented link.
        return f"{self.root}/{self.path}?{urlencode(pairs, quote_via=quote, safe='$')}"

    @property
    def me(self) -> Person | None:
        """The signed-in person; nobody for an app on its own."""
        return self.tenant.people.get(self.caller.user_id) if self.caller.user_id else None


@dataclass(frozen=True)
class Answer:
    """A reply: JSON when the body is a mapping, plain text when it is text."""

    body: Mapping[str, object] | str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
