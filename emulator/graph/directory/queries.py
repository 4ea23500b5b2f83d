"""What the directory lets `$filter` and `$orderby` do with its objects, and what only with advanced parameters."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.faults import DirectoryBadRequest, UnsupportedQuery
from emulator.graph.directory.searching import searched
from emulator.graph.directory.support import Index, index_of
from emulator.graph.engine.query import Query
from emulator.graph.engine.view import Shown, View
from emulator.odata import Order
from emulator.odata.nodes import Call, Compare, Count, In, Lambda, Literal, Logic, Node, Not, Path

_HELP = (
    "Try adding $count=true query parameter and ConsistencyLevel:eventual header. "
    "Refer to https://aka.ms/graph-docs/advanced-queries for more information"
)
_MOST_CHOICES = 15
_LONGEST_TEXT = 120
# How many members a relation has is known to the index for these.
_COUNTED_RELATIONS = frozenset({"appRoleAssignments"})


def filters(view: View, query: Query) -> None:
    """Refuse what the directory's index cannot answer; a hook for every type of directory object."""
    options = query.options
    if options.search is not None and not view.call.is_eventual:
        raise DirectoryBadRequest(
            "Request with $search query parameter only works through MSGraph with a special request header: "
            "'ConsistencyLevel: eventual'"
        )
    index = index_of(view.target.kind)
    if index is None:
        return
    if options.skip is not None:
        raise DirectoryBadRequest("'$skip' is not supported by the service.")
    asks_more = options.count or options.search is not None or view.target.plan.ending == "$count"
    check = Check(index, is_advanced=view.call.is_eventual and asks_more)
    if query.filter is not None:
        check.filter(query.filter, {})
    check.sorting(query.filter, query.orders)


def search(view: View, items: list[Shown], text: str) -> list[Shown]:
    """The items that `$search` finds; a hook for every type of directory object."""
    return searched(view.target.kind, items, text)


@dataclass(frozen=True)
class Check:
    """A query held against the index of one type."""

    index: Index
    is_advanced: bool

    @property
    def _resource(self) -> str:
        return self.index.name[0].upper() + self.index.name[1:]

    def sorting(self, node: Node | None, orders: tuple[Order, ...]) -> None:
        """Refuse an order that the index does not keep."""
        for order in orders:
            path = "/".join(order.path)
            if not self._can("sort", path):
                raise UnsupportedQuery(f"Unsupported sort property '{path}' for '{self._resource}'.")
        if node is not None and orders and not self.is_advanced:
            raise UnsupportedQuery("Sorting not supported for current query.")

    def filter(self, node: Node, scope: dict[str, str]) -> None:
        """Refuse a clause, or one inside of it, that the index does not answer."""
        match node:
            case Logic():
                self._choices(len(node.operands) if node.operator == "or" else 1)
                for operand in node.operands:
                    self.filter(operand, scope)
            case Not():
                self._needs_advanced("Not")
                self.filter(node.operand, scope)
            case Compare():
                self._compare(node, scope)
            case In():
                self._allow("eq", self._property(node.operand, scope))
                self._choices(len(node.choices))
            case Call():
                self._function(node, scope)
            case Lambda():
                self._quantified(node, scope)
            case _:
                raise UnsupportedQuery("Unsupported Query.")

    def _compare(self, node: Compare, scope: dict[str, str]) -> None:
        if isinstance(node.left, Count):
            return self._counted(node, node.left)
        name = self._property(node.left, scope)
        if node.operator == "ne":
            self._needs_advanced("NotEqualsMatch")
        if node.operator in {"gt", "lt"}:
            raise self._unsupported(name)
        if node.operator in {"ge", "le"}:
            return self._allow("range", name)
        if isinstance(node.right, Literal) and node.right.value is None:
            return self._allow("null", name)
        if not self.is_advanced and len(str(getattr(node.right, "value", ""))) > _LONGEST_TEXT:
            raise UnsupportedQuery(
                f"The value compared with '{name}' is longer than {_LONGEST_TEXT} characters. {_HELP}."
            )
        return self._allow("eq", name)

    def _counted(self, node: Compare, count: Count) -> None:
        """The index knows whether a collection is empty, not how much it holds."""
        self._needs_advanced("Count")
        name = count.path.segments[0]
        if name in _COUNTED_RELATIONS:
            return
        wanted = node.right.value if isinstance(node.right, Literal) else None
        is_known = (wanted == 0 and self.index.allows("counted", name)) or (
            wanted == 1 and self.index.allows("counted_to_one", name)
        )
        if node.operator not in {"eq", "ne"} or not is_known:
            raise self._unsupported(name)

    def _choices(self, given: int) -> None:
        if given > _MOST_CHOICES and not self.is_advanced:
            raise UnsupportedQuery(
                f"Too many child clauses specified in search filter expression containing 'OR' operators: "
                f"{given}. Max allowed: {_MOST_CHOICES}."
            )

    def _function(self, node: Call, scope: dict[str, str]) -> None:
        if node.name == "isof":
            return None
        if node.name not in {"startswith", "endswith"}:
            raise UnsupportedQuery(f"Filter operator '{node.name.capitalize()}' is not supported.")
        name = self._property(node.arguments[0], scope)
        if node.name == "startswith":
            return self._allow("starts", name)
        self._needs_advanced("EndsWithMatch")
        if name not in {"mail", "otherMails", "proxyAddresses", "userPrincipalName"}:
            raise self._unsupported(name)
        return None

    def _quantified(self, node: Lambda, scope: dict[str, str]) -> None:
        if node.quantifier == "all":
            raise UnsupportedQuery("Filter operator 'All' is not supported.")
        name = "/".join(node.path.segments)
        if node.body is not None and node.variable is not None:
            self.filter(node.body, {**scope, node.variable: name})
        elif not (self.is_advanced and self._can("eq", name)):
            raise self._refusal(name, could=self.index.allows("eq", name) or self.index.allows("eq_advanced", name))

    def _property(self, node: Node, scope: dict[str, str]) -> str:
        if not isinstance(node, Path):
            raise UnsupportedQuery("Unsupported Query.")
        first, *rest = (segment for segment in node.segments if "." not in segment)
        return "/".join([scope.get(first, first), *rest])

    def _allow(self, operation: str, name: str) -> None:
        if not self._can(operation, name):
            raise self._refusal(name, could=self.index.allows(f"{operation}_advanced", name))

    def _can(self, operation: str, name: str) -> bool:
        more = self.is_advanced and self.index.allows(f"{operation}_advanced", name)
        return more or self.index.allows(operation, name)

    def _refusal(self, name: str, *, could: bool) -> UnsupportedQuery:
        if not could or self.is_advanced:
            return self._unsupported(name)
        return UnsupportedQuery(f"{self._unsupported(name).message} {_HELP}.")

    def _needs_advanced(self, operator: str) -> None:
        if not self.is_advanced:
            raise UnsupportedQuery(
                f"Operator '{operator}' is not supported because the required parameters might be missing. {_HELP}"
            )

    def _unsupported(self, name: str) -> UnsupportedQuery:
        short = name.partition("/")[0]
        return UnsupportedQuery(
            f"Unsupported or invalid query filter clause specified for property '{short}' of resource "
            f"'{self._resource}'."
        )
