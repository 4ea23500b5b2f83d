"""One request to Graph and its answer, free of any web framework: `$batch` makes them too."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol, TypeAlias
from urllib.parse import quote, urlencode

from emulator.faults import InvalidRequest
from emulator.moments import timestamp
from emulator.odata import Options, read_options
from emulator.tenant import Person, Tenant

_MOST_DIGITS = 12


def _no_number(name: str) -> None:
    """Python reads NaN and infinities in JSON, which has none."""
    raise ValueError(name)


def digits(text: str) -> int | None:
    """The whole number that a text is; of one without end what Python can read at once."""
    return int(text[:_MOST_DIGITS]) if text.isascii() and text.isdigit() else None


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
    @property
    def token_id(self) -> str: ...
    @property
    def issued_at(self) -> int: ...


@dataclass(frozen=True)
class Nobody:
    """A call without a token: it opens only what needs none."""

    app_id: str = ""
    user_id: str | None = None
    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    directory: Tenant | None = None
    barred: tuple[tuple[str, str], ...] = ()
    token_id: str = ""
    issued_at: int = 0


NOBODY = Nobody()


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
    body: bytes = b""
    state: dict[str, Any] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """The service root as the caller sees it."""
        return f"{self.host}/{self.version}"

    @property
    def stamp(self) -> str:
        """The moment of the call, as Graph writes moments."""
        return timestamp(self.now)

    @property
    def is_eventual(self) -> bool:
        """Whether the caller accepts the directory's eventually consistent index."""
        return self.headers.get("consistencylevel", "").lower() == "eventual"

    @cached_property
    def preferences(self) -> dict[str, str]:
        """What the Prefer header asks for, names in lower case."""
        wishes = (wish.partition("=") for wish in self.headers.get("prefer", "").replace(";", ",").split(","))
        return {name.strip().lower(): value.strip().strip('"') for name, _, value in wishes if name.strip()}

    @property
    def page_wish(self) -> int | None:
        """The size of a page that the Prefer header asks for."""
        return digits(self.preferences.get("odata.maxpagesize", ""))

    @cached_property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object; no body is an empty one."""
        if not self.body.strip():
            return {}
        try:
            found = json.loads(self.body, parse_constant=_no_number)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise InvalidRequest("Unable to read JSON request payload. Please ensure Content-Type header is set and "
                                 "payload is of valid JSON format.")  # fmt: skip
        return found

    def parameter(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - JSON values
        """A parameter of an action; clients write their names in several ways."""
        wanted = name.lower()
        return next((value for key, value in self.json.items() if key.lower() == wanted), default)

    def options(self, *allowed: str, bare: bool = False) -> Options:
        """The query options, refused when the endpoint does not have them; `bare` ones may lack the dollar sign."""
        return read_options(self.query, frozenset(allowed), bare=bare or self.version == "beta")

    def plain(self, name: str) -> str | None:
        """A query parameter that is not OData's, its name in any case."""
        return next((value for key, value in self.query if key.lower() == name.lower()), None)

    def link(self, path: str | None = None, **changes: str | None) -> str:
        """The address of this call with some `$` options replaced, for paging; None drops an option."""
        names = {f"${name}" for name in changes} | set(changes)
        kept = [(name, value) for name, value in self.query if name.lower() not in names]
        pairs = kept + [(f"${name}", value) for name, value in changes.items() if value is not None]
        # Option names keep their dollar sign, as in every documented link.
        return f"{self.root}/{path or self.path}?{urlencode(pairs, quote_via=quote, safe='$')}"

    @property
    def me(self) -> Person | None:
        """The signed-in person; nobody for an app on its own."""
        return self.tenant.people.get(self.caller.user_id) if self.caller.user_id else None

    def at(self, method: str, path: str, query: tuple[tuple[str, str], ...], **changes: Any) -> Call:  # noqa: ANN401
        """Another call of the same caller, as a part of a batch is."""
        return replace(self, method=method, path=path, query=query, state={}, **changes)


@dataclass(frozen=True)
class Answer:
    """A reply: JSON when the body is a mapping, plain text when it is text, a file when it is bytes."""

    body: Mapping[str, object] | str | bytes | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


NO_CONTENT = Answer(status=204)
ACCEPTED = Answer(status=202)

Reply: TypeAlias = Answer | Awaitable[Answer]
Handler: TypeAlias = Callable[..., Reply]


async def answered(reply: Reply) -> Answer:
    """The answer, once it is there: a handler that must reach out to somebody gives one to wait for."""
    return reply if isinstance(reply, Answer) else await reply
