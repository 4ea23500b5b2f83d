"""A tool is data beside its handler: name, toolset, scopes, access class, hints."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypedDict, Unpack

from mcp_types import ToolAnnotations

from graph import deadline
from principal import Access
from tools._binding import Side, bound, hints_for
from tools._forms import Forms, graver
from tools._plan import Plan
from tools._render import Answer
from tools._served import ServedTool
from tools._signature import Signature

Handler = Callable[..., Awaitable[Answer | Plan[Any]]]

NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")
OLD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,39}")
# The only ones that do not begin with the name of their toolset.
_WITHOUT_PREFIX = re.compile(r"brief_me|(?:check|tool)_.*")


class Declared(TypedDict, total=False):
    """What a declaration may say beside class and delegated scopes."""

    name: str
    """Another name than `<toolset>_<function>`."""
    application: Collection[str] | None
    wants: Collection[str]
    needs_token: bool
    removes: bool
    repeatable: bool
    open_world: bool
    in_mailbox: bool
    work_only: bool
    beta: bool
    forms: Forms | None
    forwards: bool
    seconds: float
    served_as: type[ServedTool]


@dataclass(frozen=True)
class ToolSpec:
    """Everything that is known of a tool before it runs."""

    name: str
    toolset: str
    access: Access
    """The gravest that a call of it may do."""
    handler: Handler
    delegated: tuple[str, ...]
    """The least permissions when a person is signed in."""
    application: tuple[str, ...] | None = None
    """The least permissions of an app without a person; None where there is no such form."""
    wants: tuple[str, ...] = ()
    """Permissions that make its answers better, and without which it still works."""
    needs_token: bool = True
    removes: bool = False
    """It takes something away that only a person can bring back."""
    repeatable: bool = False
    """Done twice with the same arguments, it has done no more than once."""
    open_world: bool = False
    """It deals with somebody outside the tenant."""
    in_mailbox: bool = False
    """It works in a mailbox: the person's own, or the one that an app's call names."""
    work_only: bool = False
    """It has no form for personal accounts."""
    beta: bool = False
    """It needs Graph's beta version."""
    forms: Forms | None = None
    forwards: bool = False
    """Its calls are calls of other tools, each of which is judged by itself."""
    seconds: float = deadline.CALL_SECONDS
    """How long it may take, without the time in which a person is asked."""
    served_as: type[ServedTool] = ServedTool

    @property
    def as_account(self) -> bool:
        """Whether it works as one of the signed-in accounts, so that a call may say as which."""
        return bool(self.delegated or self.wants)

    @property
    def is_about_sign_in(self) -> bool:
        """Whether it deals with who is signed in, and with nothing in Graph."""
        return self.needs_token and not self.reaches_graph

    @property
    def reaches_graph(self) -> bool:
        return self.as_account or self.application is not None

    @property
    def lightest(self) -> Access:
        """The least that a call of it does: as long as that is allowed, it is offered."""
        return self.forms.lightest if self.forms else self.access

    @cached_property
    def signature(self) -> Signature:
        """What its handler takes and gives."""
        return Signature.of(self.handler)

    @property
    def description(self) -> str:
        """What a model reads of it."""
        return " ".join((self.handler.__doc__ or "").split())

    def access_of(self, arguments: Mapping[str, Any]) -> Access:
        """What a call with these arguments does."""
        return self.forms.of(arguments) if self.forms else self.access

    def scopes(self, *, as_application: bool) -> tuple[str, ...]:
        """The least permissions, by who is calling Graph."""
        return (self.application or ()) if as_application else self.delegated

    def bind(self, side: Side | None = None) -> ServedTool:
        """The tool as the SDK serves it: flat schemas, hints, and errors that a model can read."""
        meant = side or Side()
        if meant not in self._bound:
            self._bound[meant] = bound(self, meant)
        return self._bound[meant]

    @cached_property
    def _bound(self) -> dict[Side, ServedTool]:
        return {}

    @property
    def hints(self) -> ToolAnnotations:
        """What a client may know of it before it is called; of several forms, the gravest."""
        return hints_for(self.access, removes=self.removes, repeatable=self.repeatable, open_world=self.open_world)


class Toolset:
    """A group of tools that is switched on and off together."""

    def __init__(
        self,
        name: str,
        description: str,
        *,
        is_default: bool = False,
        is_in_all: bool = True,
        in_mailbox: bool = False,
    ) -> None:
        """`is_default`: offered unless the settings say otherwise.

        Not `is_in_all`: offered only where it is named, and free to have names of another time.
        """
        self.name = name
        self.description = description
        self.is_default = is_default
        self.is_in_all = is_in_all
        self._in_mailbox = in_mailbox
        self.tools: list[ToolSpec] = []

    def read(self, *delegated: str, **declared: Unpack[Declared]) -> Callable[[Handler], Handler]:
        """Declare a tool that changes nothing."""
        return self._declaring(Access.READ, delegated, declared)

    def write(self, *delegated: str, **declared: Unpack[Declared]) -> Callable[[Handler], Handler]:
        """Declare a tool that changes something of the person's own."""
        return self._declaring(Access.WRITE, delegated, declared)

    def send(self, *delegated: str, **declared: Unpack[Declared]) -> Callable[[Handler], Handler]:
        """Declare a tool that speaks for the person, or lets something out of the tenant."""
        return self._declaring(Access.SEND, delegated, declared)

    def destroy(self, *delegated: str, **declared: Unpack[Declared]) -> Callable[[Handler], Handler]:
        """Declare a tool that deletes, wipes, resets, or changes policy."""
        return self._declaring(Access.DESTROY, delegated, declared)

    def _declaring(
        self, access: Access, delegated: tuple[str, ...], declared: Declared
    ) -> Callable[[Handler], Handler]:
        def declare(handler: Handler) -> Handler:
            spec = self._spec(access, delegated, handler, declared)
            self._check(spec)
            self.tools.append(spec)
            return handler

        return declare

    def _spec(self, access: Access, delegated: tuple[str, ...], handler: Handler, declared: Declared) -> ToolSpec:
        rest: dict[str, Any] = {"in_mailbox": self._in_mailbox, **declared}
        name = rest.pop("name", "") or f"{self.name}_{handler.__name__.rstrip('_')}"
        application, wants = rest.pop("application", None), tuple(rest.pop("wants", ()))
        app_only = None if application is None else tuple(application)
        forms: Forms | None = rest.get("forms")
        gravest = graver(access, forms.gravest) if forms else access
        rest["forms"] = forms.fitted(handler) if forms else None
        return ToolSpec(name, self.name, gravest, handler, delegated, app_only, wants, **rest)

    def _check(self, tool: ToolSpec) -> None:
        """Raise ValueError for what no client could be shown."""
        if not (NAME if self.is_in_all else OLD_NAME).fullmatch(tool.name):
            raise ValueError(f"{tool.name} is no name that every client takes.")
        has_prefix = tool.name.startswith(f"{self.name}_") or _WITHOUT_PREFIX.fullmatch(tool.name)
        if self.is_in_all and not has_prefix:
            raise ValueError(f"{tool.name} has to begin with {self.name}_, as all tools of its toolset.")
        if any(each.name == tool.name for each in self.tools):
            raise ValueError(f"{tool.name} is there already.")
        is_shown = tool.signature.is_plan or tool.forwards
        if tool.access in {Access.SEND, Access.DESTROY} and not is_shown:
            raise ValueError(f"{tool.name} has to return a Plan: a person is to see what it would do.")
        if not tool.description:
            raise ValueError(f"{tool.name} has no docstring, which is what a model reads of it.")
