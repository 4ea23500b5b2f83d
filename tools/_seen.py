"""What was seen of the accounts: which permissions their tokens hold, and so which tools can work for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from principal import Identity, Rights, SignedIn
from tools._scopes import satisfied

if TYPE_CHECKING:
    from tools._toolset import ToolSpec


class Seen:
    """Remembers the identity behind each account as calls find it out; nobody is asked for it."""

    def __init__(self) -> None:
        self._identities: dict[str | None, Identity] = {}

    def note(self, account: str | None, identity: Identity) -> None:
        """This account's token says so."""
        self._identities[account] = identity

    def hidden(self, tools: Collection[ToolSpec], accounts: Sequence[SignedIn], rights: Rights) -> frozenset[str]:
        """The tools that this caller cannot use as any of the accounts, as far as that is known."""
        return frozenset(tool.name for tool in tools if not self._is_of_use(tool, accounts, rights))

    def _is_of_use(self, tool: ToolSpec, accounts: Sequence[SignedIn], rights: Rights) -> bool:
        if tool.forwards:  # each of its calls is judged as the tool that it is of
            return True
        if rights.tools is not None and tool.name not in rights.tools:
            return False
        if tool.reaches_graph and not rights.allows(tool.lightest):
            return False
        if not accounts:
            return self._is_granted(tool, None)
        return any(self._is_granted(tool, each.id) and not (tool.work_only and each.is_personal) for each in accounts)

    def _is_granted(self, tool: ToolSpec, account: str | None) -> bool:
        identity = self._identities.get(account)
        if identity is None or identity.permissions is None:
            return True
        return satisfied(tool.scopes(as_application=not identity.is_person), identity.permissions)
