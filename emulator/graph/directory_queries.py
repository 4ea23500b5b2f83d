"""What the directory lets `$filter` and `$orderby` do with users, and what only with advanced parameters."""

from __future__ import annotations

from emulator.faults import UnsupportedQuery
from emulator.odata import Order
from emulator.odata.nodes import Call, Compare, Count, In, Lambda, Literal, Logic, Node, Not, Path

_HELP = (
    "Try adding $count=true query parameter and ConsistencyLevel:eventual header. "
    "Refer to https://aka.ms/graph-docs/advanced-queries for more information"
)
_MOST_CHOICES = 15
_LONGEST_TEXT = 120


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Properties by what `eq` (and `in`) needs; the rest cannot be filtered at all. Collections stand for any().
_EQ_DEFAULT = _names(
    """id accountEnabled ageGroup assignedLicenses city consentProvidedForMinor country createdDateTime creationType
    department displayName employeeId externalUserState givenName identities imAddresses isResourceAccount jobTitle mail
    mailNickname onPremisesImmutableId onPremisesLastSyncDateTime onPremisesProvisioningErrors
    onPremisesSecurityIdentifier onPremisesSyncEnabled otherMails proxyAddresses state surname usageLocation
    userPrincipalName userType"""
)
_EQ_ADVANCED = _names(
    """assignedPlans authorizationInfo businessPhones companyName employeeHireDate employeeOrgData employeeType
    faxNumber mobilePhone officeLocation onPremisesDistinguishedName onPremisesExtensionAttributes
    onPremisesSamAccountName passwordProfile postalCode preferredLanguage provisionedPlans showInAddressList
    streetAddress"""
)
_STARTS_DEFAULT = _names(
    """city country department displayName givenName imAddresses jobTitle mail mailNickname otherMails proxyAddresses
    surname usageLocation userPrincipalName"""
)
_STARTS_ADVANCED = _EQ_ADVANCED - {"employeeHireDate", "employeeType", "passwordProfile", "showInAddressList"}
_ENDS = frozenset({"mail", "otherMails", "proxyAddresses", "userPrincipalName"})
_RANGE_DEFAULT = frozenset({"createdDateTime", "onPremisesLastSyncDateTime"})
_RANGE_ADVANCED = frozenset({"employeeHireDate"})
_NULL_ADVANCED = _names(
    """city companyName country createdDateTime department displayName employeeId faxNumber givenName jobTitle mail
    mailNickname mobilePhone officeLocation onPremisesDistinguishedName onPremisesExtensionAttributes
    onPremisesSecurityIdentifier onPremisesSyncEnabled passwordPolicies passwordProfile postalCode preferredLanguage
    state streetAddress surname usageLocation userType"""
)
_NULL_DEFAULT = frozenset({"identities"})
_COUNTED = frozenset({"assignedLicenses", "onPremisesProvisioningErrors", "otherMails", "proxyAddresses"})
_SORT_DEFAULT = frozenset({"displayName", "userPrincipalName"})
_SORT_ADVANCED = frozenset({"createdDateTime", "deletedDateTime"})
_NOTHING: frozenset[str] = frozenset()


def check_support(node: Node | None, orders: tuple[Order, ...], *, advanced: bool) -> None:
    """Refuse what the directory's index cannot answer, with or without advanced parameters."""
    if node is not None:
        _check(node, {}, advanced=advanced)
    for order in orders:
        allowed = _SORT_DEFAULT | (_SORT_ADVANCED if advanced else _NOTHING)
        if order.path[0] not in allowed:
            raise UnsupportedQuery(f"Unsupported sort property '{'/'.join(order.path)}' for 'User'.")
    if node is not None and orders and not advanced:
        raise UnsupportedQuery("Sorting not supported for current query.")


def _check(node: Node, scope: dict[str, str], *, advanced: bool) -> None:
    match node:
        case Logic():
            _check_choices(len(node.operands) if node.operator == "or" else 1, advanced=advanced)
            for operand in node.operands:
                _check(operand, scope, advanced=advanced)
        case Not():
            _needs_advanced("Not", advanced=advanced)
            _check(node.operand, scope, advanced=advanced)
        case Compare():
            _compare(node, scope, advanced=advanced)
        case In():
            _membership(node, scope, advanced=advanced)
        case Call():
            _function(node, scope, advanced=advanced)
        case Lambda():
            _quantified(node, scope, advanced=advanced)
        case _:
            raise UnsupportedQuery("Unsupported Query.")


def _compare(node: Compare, scope: dict[str, str], *, advanced: bool) -> None:
    if isinstance(node.left, Count):
        return _counted(node, node.left, advanced=advanced)
    name = _property(node.left, scope)
    if node.operator == "ne":
        _needs_advanced("NotEqualsMatch", advanced=advanced)
    if node.operator in {"gt", "lt"}:
        raise _unsupported(name)
    if node.operator in {"ge", "le"}:
        return _allow(name, _RANGE_DEFAULT, _RANGE_ADVANCED, advanced=advanced)
    if isinstance(node.right, Literal) and node.right.value is None:
        return _allow(name, _NULL_DEFAULT, _NULL_ADVANCED, advanced=advanced)
    if not advanced and len(str(getattr(node.right, "value", ""))) > _LONGEST_TEXT:
        raise UnsupportedQuery(f"The value compared with '{name}' is longer than {_LONGEST_TEXT} characters. {_HELP}.")
    return _allow(name, _EQ_DEFAULT, _EQ_ADVANCED, advanced=advanced)


def _counted(node: Compare, count: Count, *, advanced: bool) -> None:
    """The index knows whether a collection is empty, not how much it holds."""
    _needs_advanced("Count", advanced=advanced)
    name = count.path.segments[0]
    asks_emptiness = node.operator in {"eq", "ne"} and isinstance(node.right, Literal) and node.right.value == 0
    if name not in _COUNTED or not asks_emptiness:
        raise _unsupported(name)


def _membership(node: In, scope: dict[str, str], *, advanced: bool) -> None:
    _allow(_property(node.operand, scope), _EQ_DEFAULT, _EQ_ADVANCED, advanced=advanced)
    _check_choices(len(node.choices), advanced=advanced)


def _check_choices(given: int, *, advanced: bool) -> None:
    if given > _MOST_CHOICES and not advanced:
        raise UnsupportedQuery(
            f"Too many child clauses specified in search filter expression containing 'OR' operators: "
            f"{given}. Max allowed: {_MOST_CHOICES}."
        )


def _function(node: Call, scope: dict[str, str], *, advanced: bool) -> None:
    if node.name not in {"startswith", "endswith"}:
        raise UnsupportedQuery(f"Filter operator '{node.name.capitalize()}' is not supported.")
    name = _property(node.arguments[0], scope)
    if node.name == "startswith":
        return _allow(name, _STARTS_DEFAULT, _STARTS_ADVANCED, advanced=advanced)
    _needs_advanced("EndsWithMatch", advanced=advanced)
    return _allow(name, _ENDS, _NOTHING, advanced=advanced)


def _quantified(node: Lambda, scope: dict[str, str], *, advanced: bool) -> None:
    if node.quantifier == "all":
        raise UnsupportedQuery("Filter operator 'All' is not supported.")
    name = node.path.segments[0]
    if node.body is None or node.variable is None:
        return _allow(name, _NOTHING, _EQ_DEFAULT | _EQ_ADVANCED, advanced=advanced)
    return _check(node.body, {**scope, node.variable: name}, advanced=advanced)


def _property(node: Node, scope: dict[str, str]) -> str:
    if not isinstance(node, Path):
        raise UnsupportedQuery("Unsupported Query.")
    return scope.get(node.segments[0], node.segments[0])


def _allow(name: str, default: frozenset[str], with_advanced: frozenset[str], *, advanced: bool) -> None:
    if name in default:
        return
    if name not in with_advanced:
        raise _unsupported(name)
    if not advanced:
        raise UnsupportedQuery(
            f"Unsupported or invalid query filter clause specified for property '{name}' of resource 'User'. {_HELP}."
        )


def _needs_advanced(operator: str, *, advanced: bool) -> None:
    if not advanced:
        raise UnsupportedQuery(
            f"Operator '{operator}' is not supported because the required parameters might be missing. {_HELP}"
        )


def _unsupported(name: str) -> UnsupportedQuery:
    return UnsupportedQuery(
        f"Unsupported or invalid query filter clause specified for property '{name}' of resource 'User'."
    )
