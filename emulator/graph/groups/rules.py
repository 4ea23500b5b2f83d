"""Membership rules: `user.department -eq "Sales" -and -not (user.city -startsWith "B")`, read into a predicate.

rule     = and-part {"or" and-part}        and-part = not-part {"and" not-part}
not-part = "not" not-part | "(" rule ")" | comparison | "Direct Reports for" text
comparison = property operator value | property ("any" | "all") "(" rule about an element ")"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from emulator.store import Entity

# (object, "user" or "device") -> whether it is a member
Rule: TypeAlias = "Callable[[Entity, str], bool]"
# (element) -> whether it fits: the object itself, or an element of one of its collections
_Test: TypeAlias = "Callable[[Any], bool]"

_TOKEN = re.compile(r'\s*(?P<text>"[^"]*"|\'[^\']*\')|\s*(?P<mark>[()\[\],])|\s*(?P<word>[^\s()\[\],"\']+)')
_REPORTS = re.compile(r'\s*direct\s+reports\s+for\s+["\']([^"\']*)["\']\s*', re.IGNORECASE)
_LONGEST = 3072
_DEEPEST = 50
_KINDS = ("user", "device")

# What rules call differently from the properties of Graph.
_NAMES: Mapping[str, Mapping[str, str]] = {
    "user": {
        "objectid": "id",
        "mobile": "mobilePhone",
        "telephonenumber": "businessPhones",
        "physicaldeliveryofficename": "officeLocation",
        "facsimiletelephonenumber": "faxNumber",
        "dirsyncenabled": "onPremisesSyncEnabled",
        **{
            name.lower(): name
            for name in (
                "accountEnabled", "city", "companyName", "country", "department", "displayName", "employeeHireDate",
                "employeeId", "givenName", "jobTitle", "mail", "mailNickname", "onPremisesDistinguishedName",
                "onPremisesSamAccountName", "onPremisesSecurityIdentifier", "passwordPolicies", "postalCode",
                "preferredLanguage", "state", "streetAddress", "surname", "usageLocation", "userPrincipalName",
                "userType", "otherMails", "proxyAddresses", "assignedPlans", "imAddresses",
            )
        },
    },
    "device": {
        "objectid": "id",
        "deviceostype": "operatingSystem",
        "deviceosversion": "operatingSystemVersion",
        "devicemanufacturer": "manufacturer",
        "devicemodel": "model",
        "devicetrusttype": "trustType",
        "organizationalunit": "organizationalUnit",
        "devicephysicalids": "physicalIds",
        **{
            name.lower(): name
            for name in (
                "accountEnabled", "deviceCategory", "deviceId", "deviceOwnership", "displayName",
                "enrollmentProfileName", "isRooted", "managementType", "manufacturer", "model", "profileType",
                "systemLabels",
            )
        },
    },
}  # fmt: skip


class BadRule(Exception):
    """A rule that cannot be read; the text is for the caller."""


@lru_cache(maxsize=256)
def read_rule(text: str) -> Rule:
    """The predicate that a rule stands for."""
    if len(text) > _LONGEST:
        raise BadRule(f"The rule is longer than {_LONGEST} characters")
    reports = _REPORTS.fullmatch(text)
    if reports is not None:
        return lambda entity, _: _reports_to(entity, reports[1])
    reader = _Reader(_tokens(text))
    found = reader.alternatives(0)
    reader.end()
    kinds = reader.kinds
    if len(kinds) != 1:
        raise BadRule("A rule is about users or about devices, not about both")
    return lambda entity, kind: kind in kinds and found(entity)


def _reports_to(entity: Entity, manager_id: str) -> bool:
    manager = entity.links_of("manager").one
    return manager is not None and manager.id == manager_id.lower()


def _tokens(text: str) -> list[tuple[str, str]]:
    found = []
    position = 0
    end = len(text.rstrip())
    while position < end:
        part = _TOKEN.match(text, position)
        if part is None:
            raise BadRule(f"Unexpected character at position {position + 1}")
        kind = str(part.lastgroup)
        value = part[kind]
        found.append((kind, value[1:-1] if kind == "text" else value))
        position = part.end()
    return found


class _Reader:
    """Reads tokens from left to right; `element` is set inside of `-any (...)`."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._inside = 0
        self.kinds: set[str] = set()

    def alternatives(self, depth: int) -> _Test:
        tests = [self._together(depth)]
        while self._takes("or"):
            tests.append(self._together(depth))
        return tests[0] if len(tests) == 1 else lambda item: any(test(item) for test in tests)

    def end(self) -> None:
        """Refuse anything that follows."""
        if self._at < len(self._tokens):
            raise BadRule(f"Unexpected token '{self._tokens[self._at][1]}'")

    def _together(self, depth: int) -> _Test:
        tests = [self._single(depth)]
        while self._takes("and"):
            tests.append(self._single(depth))
        return tests[0] if len(tests) == 1 else lambda item: all(test(item) for test in tests)

    def _single(self, depth: int) -> _Test:
        if depth > _DEEPEST:
            raise BadRule("The rule is nested too deeply")
        if self._takes("not"):
            test = self._single(depth + 1)
            return lambda item: not test(item)
        if self._marks("("):
            inner = self.alternatives(depth + 1)
            self._closed(")")
            return inner
        return self._comparison(depth)

    def _comparison(self, depth: int) -> _Test:
        get = self._property(self._word("a property"))
        operator = self._word("an operator").lstrip("-").lower()
        if operator in {"any", "all"}:
            return self._quantified(get, operator, depth)
        compare = _OPERATORS.get(operator)
        if compare is None:
            raise BadRule(f"Invalid operator '-{operator}'")
        wanted = self._value()
        if operator in {"in", "notin"} and not isinstance(wanted, list):
            raise BadRule(f"Invalid operand found for operator -{operator}")
        _check_pattern(operator, wanted)
        return lambda item: compare(get(item), wanted)

    def _quantified(self, get: Callable[[Any], Any], operator: str, depth: int) -> _Test:
        if not self._marks("("):
            raise BadRule(f"Invalid operand found for operator -{operator}")
        self._inside += 1
        test = self.alternatives(depth + 1)
        self._inside -= 1
        self._closed(")")
        many = any if operator == "any" else all
        return lambda item: many(test(element) for element in get(item) or ())

    def _property(self, name: str) -> Callable[[Any], Any]:
        if name == "_" and self._inside:
            return lambda element: element
        head, _, tail = name.partition(".")
        if self._inside and tail and head.lower() not in _KINDS:
            return lambda element: _found(element, tail)
        kind = head.lower()
        if kind not in _KINDS or not tail:
            raise BadRule(f"Unsupported property '{name}'")
        self.kinds.add(kind)
        return _getter(kind, tail)

    def _value(self) -> Any:  # noqa: ANN401 - text, a truth value, nothing, or a list
        if self._marks("["):
            values = [] if self._is_at("]") else [self._value()]
            while self._marks(","):
                values.append(self._value())
            self._closed("]")
            return values
        kind, value = self._next("a value")
        if kind == "text":
            return value
        lowered = value.lower()
        if lowered in {"null", "$null"}:
            return None
        if lowered in {"true", "false", "$true", "$false"}:
            return lowered.endswith("true")
        if re.fullmatch(r"-?\d+(\.\d+)?", value):
            return value
        raise BadRule(f"Invalid operand '{value}'")

    def _next(self, wanted: str) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise BadRule(f"The rule ends where {wanted} is expected")
        self._at += 1
        return self._tokens[self._at - 1]

    def _word(self, wanted: str) -> str:
        kind, value = self._next(wanted)
        if kind != "word":
            raise BadRule(f"Unexpected token '{value}' where {wanted} is expected")
        return value

    def _takes(self, keyword: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at][0] == "word"
        if not found or self._tokens[self._at][1].lstrip("-").lower() != keyword:
            return False
        self._at += 1
        return True

    def _is_at(self, mark: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at] == ("mark", mark)

    def _marks(self, mark: str) -> bool:
        if not self._is_at(mark):
            return False
        self._at += 1
        return True

    def _closed(self, mark: str) -> None:
        if not self._marks(mark):
            raise BadRule(f"'{mark}' is missing")


def _getter(kind: str, name: str) -> Callable[[Any], Any]:
    lowered = name.lower()
    if re.fullmatch(r"extensionattribute([1-9]|1[0-5])", lowered):
        number = lowered.removeprefix("extensionattribute")
        holder = "onPremisesExtensionAttributes" if kind == "user" else "extensionAttributes"
        return lambda entity: (entity.get(holder) or {}).get(f"extensionAttribute{number}")
    if lowered.startswith("extension_"):
        return lambda entity: entity.get(name)
    known = _NAMES[kind].get(lowered)
    if known is None:
        raise BadRule(f"Unsupported property '{name}'")
    if known == "businessPhones":
        return lambda entity: next(iter(entity.get(known)), None)
    return lambda entity: entity.get(known)


def _found(element: Any, name: str) -> Any:  # noqa: ANN401 - JSON values
    if not isinstance(element, Mapping):
        return None
    return next((value for key, value in element.items() if key.lower() == name.lower()), None)


def _check_pattern(operator: str, wanted: Any) -> None:  # noqa: ANN401 - JSON values
    if operator in {"match", "notmatch"}:
        try:
            re.compile(str(wanted))
        except re.error as error:
            raise BadRule("The pattern is not a valid regular expression") from error


def _same(value: Any, wanted: Any) -> bool:  # noqa: ANN401 - JSON values
    if value is None or wanted is None:
        return value is wanted or (wanted is None and value in ("", []))
    return _text(value) == _text(wanted)


def _text(value: Any) -> str:  # noqa: ANN401 - JSON values
    return str(value).lower()


def _starts(value: Any, wanted: Any) -> bool:  # noqa: ANN401 - JSON values
    return value is not None and _text(value).startswith(_text(wanted))


def _contains(value: Any, wanted: Any) -> bool:  # noqa: ANN401 - JSON values
    if isinstance(value, list):
        return any(_same(item, wanted) for item in value)
    return value is not None and _text(wanted) in _text(value)


def _among(value: Any, wanted: Any) -> bool:  # noqa: ANN401 - JSON values
    return any(_same(value, one) for one in wanted)


def _matches(value: Any, wanted: Any) -> bool:  # noqa: ANN401 - JSON values
    return value is not None and re.search(str(wanted), str(value), re.IGNORECASE) is not None


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": _same,
    "ne": lambda value, wanted: not _same(value, wanted),
    "startswith": _starts,
    "notstartswith": lambda value, wanted: not _starts(value, wanted),
    "contains": _contains,
    "notcontains": lambda value, wanted: not _contains(value, wanted),
    "match": _matches,
    "notmatch": lambda value, wanted: not _matches(value, wanted),
    "in": _among,
    "notin": lambda value, wanted: not _among(value, wanted),
}
