"""What was seen of the accounts: which permissions their tokens hold, and so which tools can work for them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from principal import Identity, Rights, SignedIn, current_sender
from tools._access import is_finder
from tools._scopes import satisfied

if TYPE_CHECKING:
    from tools._toolset import ToolSpec

_MOST = 10_000


@dataclass(frozen=True)
class Standing:
    """What is known of an account, as far as tools are concerned; `permissions` is None where that is not known."""

    permissions: tuple[str, ...] | None = None
    is_person: bool = True
    is_personal: bool = False


def whose() -> str:
    """A digest of who sent the request that is being answered; empty where there are no senders, and all are one."""
    sender = current_sender()
    return sender.who if sender else ""


class Seen:
    """Remembers what the tokens of each account hold as calls find it out; nobody is asked for it.

    What is known of one sender's accounts is nothing to another, though both may work as the same app.
    """

    def __init__(self, *, most: int = _MOST) -> None:
        self._held: OrderedDict[tuple[str, str | None], Standing] = OrderedDict()
        self._most = most

    def __len__(self) -> int:
        return len(self._held)

    def note(self, account: str | None, identity: Identity) -> None:
        """This account's token says so."""
        key = (whose(), account)
        self._held[key] = Standing(identity.permissions, identity.is_person)
        self._held.move_to_end(key)
        if len(self._held) > self._most:
            self._held.popitem(last=False)

    def standings(self, accounts: Sequence[SignedIn]) -> tuple[Standing, ...]:
        """What is known of these accounts; without any, of the one that the caller works as."""
        if not accounts:
            return (self._of(None, is_personal=False),)
        return tuple(self._of(each.id, is_personal=each.is_personal) for each in accounts)

    def hidden(self, tools: Collection[ToolSpec], accounts: Sequence[SignedIn], rights: Rights) -> frozenset[str]:
        """The tools that this caller cannot use as any of the accounts, as far as that is known."""
        return hidden(tools, self.standings(accounts), rights)

    def _of(self, account: str | None, *, is_personal: bool) -> Standing:
        held = self._held.get((whose(), account), Standing())
        return Standing(held.permissions, held.is_person, is_personal)


def hidden(tools: Collection[ToolSpec], standings: Sequence[Standing], rights: Rights) -> frozenset[str]:
    """The tools that nobody of such a standing can use, or that the rights do not allow."""
    return frozenset(tool.name for tool in tools if not _is_of_use(tool, standings, rights))


def _is_of_use(tool: ToolSpec, standings: Sequence[Standing], rights: Rights) -> bool:
    if is_finder(tool.name):  # it tells of others, or calls one, and is judged as that
        return True
    if rights.tools is not None and tool.name not in rights.tools:
        return False
    if tool.reaches_graph and not rights.allows(tool.lightest):
        return False
    return any(_works_for(tool, each) for each in standings)


def _works_for(tool: ToolSpec, standing: Standing) -> bool:
    if tool.work_only and standing.is_personal:
        return False
    if standing.permissions is None:
        return True
    return satisfied(tool.scopes(as_application=not standing.is_person), standing.permissions)
