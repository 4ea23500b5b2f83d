"""People in the directory: `/me`, `/users`, who manages whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from emulator.faults import DirectoryBadRequest, DirectoryNotFound, NotInMainStore
from emulator.graph import permissions
from emulator.graph.call import Answer, Call
from emulator.graph.directory_queries import check_support
from emulator.graph.directory_search import searched
from emulator.graph.listing import arranged, listed, parsed_filter
from emulator.graph.records import Record, timestamp
from emulator.graph.router import Endpoint, owned
from emulator.graph.tips import USER_TIP, tips
from emulator.graph.tokens import page_start, page_token
from emulator.graph.types import USER
from emulator.graph.workloads import DIRECTORY
from emulator.odata import Options, read_orderby
from emulator.tenant import Person

DEFAULT_PROPERTIES = (
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
)
_BASIC = frozenset({"displayName", "givenName", "id", "mail", "securityIdentifier", "surname", "userPrincipalName"})
_PAGE, _LARGEST_PAGE = 100, 999
_SMALL_PAGE = 20
# Kept by SharePoint and Exchange, not by the directory: only single people show them.
_ELSEWHERE = frozenset(
    {
        "aboutMe",
        "birthday",
        "hireDate",
        "interests",
        "mailboxSettings",
        "mySite",
        "pastProjects",
        "preferredName",
        "responsibilities",
        "schools",
        "skills",
    }
)
_LIST_OPTIONS = ("$select", "$filter", "$orderby", "$top", "$count", "$search", "$skiptoken")

_RENDERERS = {
    "id": lambda person: person.id,
    "accountEnabled": lambda person: person.account_enabled,
    "businessPhones": lambda person: list(person.business_phones),
    "city": lambda person: person.city,
    "companyName": lambda person: person.company_name,
    "country": lambda person: person.country,
    "createdDateTime": lambda person: timestamp(person.created),
    "department": lambda person: person.department,
    "displayName": lambda person: person.display_name,
    "employeeHireDate": lambda person: timestamp(person.hired),
    "employeeId": lambda person: person.employee_id,
    "employeeType": lambda person: person.employee_type,
    "givenName": lambda person: person.given_name,
    "identities": lambda person: [
        {
            "signInType": "userPrincipalName",
            "issuer": person.user_principal_name.partition("@")[2],
            "issuerAssignedId": person.user_principal_name,
        }
    ],
    "imAddresses": lambda person: [person.mail] if person.mail else [],
    "jobTitle": lambda person: person.job_title,
    "mail": lambda person: person.mail,
    "mailNickname": lambda person: person.user_principal_name.partition("@")[0],
    "mobilePhone": lambda person: person.mobile_phone,
    "officeLocation": lambda person: person.office_location,
    "postalCode": lambda person: person.postal_code,
    "preferredLanguage": lambda person: person.preferred_language,
    "proxyAddresses": lambda person: [f"SMTP:{person.mail}"] if person.mail else [],
    "showInAddressList": lambda _: True,
    "state": lambda person: person.state,
    "streetAddress": lambda person: person.street_address,
    "surname": lambda person: person.surname,
    "usageLocation": lambda person: person.usage_location,
    "userPrincipalName": lambda person: person.user_principal_name,
    "userType": lambda person: person.user_type,
}


class _BasicRecord(Record):
    """A person as an app with User.ReadBasic.All sees them: the rest reads as null."""

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - JSON values
        if name in _BASIC:
            return super().__getitem__(name)
        return [] if isinstance(super().__getitem__(name), list) else None


def list_users(call: Call) -> Answer:
    """`GET /users`."""
    permissions.require(call, permissions.SEE_USERS, DIRECTORY)
    options = _options(call, *_LIST_OPTIONS)
    return _page(call, options, "users", call.tenant.people.values())


def count_users(call: Call) -> Answer:
    """`GET /users/$count`."""
    permissions.require(call, permissions.SEE_USERS, DIRECTORY)
    options = _options(call, "$filter", "$search")
    if not call.is_eventual:
        raise DirectoryBadRequest("$count is not currently supported.")
    found = _selected(call, options, call.tenant.people.values(), advanced=True)
    return Answer(str(len(found)), headers=_cost(options))


def get_user(call: Call) -> Answer:
    """`GET /me` and `GET /users/{id or user principal name}`."""
    person = _subject(call)
    permissions.require(call, permissions.SEE_SELF if person is call.me else permissions.SEE_USERS, DIRECTORY)
    options = _options(call, "$select")
    return _single(call, options, person, f"users{_projection(options)}/$entity")


def get_manager(call: Call) -> Answer:
    """`GET /me/manager` and `GET /users/{user}/manager`."""
    permissions.require(call, permissions.SEE_MANAGER, DIRECTORY)
    options = _options(call, "$select")
    manager = call.tenant.manager_of(_subject(call))
    if manager is None:
        raise DirectoryNotFound("manager")
    return _single(call, options, manager, f"directoryObjects{_projection(options)}/$entity", is_typed=True)


def list_direct_reports(call: Call) -> Answer:
    """`GET /me/directReports` and `GET /users/{user}/directReports`."""
    person = _subject(call)
    needs = permissions.SEE_OWN_REPORTS if person is call.me else permissions.SEE_REPORTS
    permissions.require(call, needs, DIRECTORY)
    options = _options(call, *_LIST_OPTIONS)
    return _page(call, options, "directoryObjects", call.tenant.direct_reports(person), is_typed=True)


ENDPOINTS = (
    *owned("", get_user),
    Endpoint("users", list_users),
    Endpoint("users/$count", count_users),
    *owned("manager", get_manager),
    *owned("directReports", list_direct_reports),
)


def _subject(call: Call) -> Person:
    key = call.parameters.get("user")
    if key is None:
        return permissions.signed_in(call)
    may_look = permissions.has(call, permissions.SEE_USERS)
    if not may_look and (call.me is None or key.lower() not in _names(call.me)):
        raise DIRECTORY.denied()
    return call.tenant.person(key)


def _names(person: Person) -> set[str]:
    return {person.id.lower(), person.user_principal_name.lower()}


def _options(call: Call, *allowed: str) -> Options:
    with DIRECTORY.reading_query():
        options = call.options(*allowed)
        options.select_of(USER)
    return options


def _record(call: Call, person: Person) -> Record:
    needs = permissions.SEE_WHOLE_SELF if person is call.me else permissions.SEE_WHOLE_USERS
    kind = Record if permissions.has(call, needs) else _BasicRecord
    return kind(person, USER, _RENDERERS)


def _selected(call: Call, options: Options, people: Iterable[Person], *, advanced: bool) -> list[Record]:
    if options.search is not None and not call.is_eventual:
        raise DirectoryBadRequest(
            "Request with $search query parameter only works through MSGraph with a special request header: "
            "'ConsistencyLevel: eventual'"
        )
    node = parsed_filter(options, USER, DIRECTORY)
    with DIRECTORY.reading_query():
        orders = read_orderby(options.orderby, USER) if options.orderby else ()
    check_support(node, orders, advanced=advanced)
    records: Iterable[Record] = (_record(call, person) for person in people)
    if options.search is not None:
        records = searched(records, options.search)
    return arranged(records, node, options, USER)


def _page(call: Call, options: Options, context: str, people: Iterable[Person], *, is_typed: bool = False) -> Answer:
    if not _ELSEWHERE.isdisjoint(options.select_of(USER)):
        raise NotInMainStore
    size = _page_size(options)
    start = page_start(call, options.skiptoken)
    advanced = call.is_eventual and (options.count or options.search is not None)
    found = _selected(call, options, people, advanced=advanced)
    end = start + size
    body = listed(
        call,
        f"{context}{_projection(options)}",
        [_rendered(record, options, is_typed=is_typed) for record in found[start:end]],
        tips(call, options, context, USER_TIP),
        count=len(found) if options.count and call.is_eventual and not start else None,
        nextLink=call.link(skiptoken=page_token(call, end)) if end < len(found) else None,
    )
    return Answer(body, headers=_cost(options, base=1 if is_typed else 2))


def _page_size(options: Options) -> int:
    if options.top is None:
        return _PAGE
    if not 1 <= options.top <= _LARGEST_PAGE:
        raise DirectoryBadRequest(
            f"Invalid page size specified: '{options.top}'. Must be between 1 and {_LARGEST_PAGE} inclusive."
        )
    return options.top


def _single(call: Call, options: Options, person: Person, context: str, *, is_typed: bool = False) -> Answer:
    body = {"@odata.context": f"{call.root}/$metadata#{context}"}
    rendered = _rendered(_record(call, person), options, is_typed=is_typed)
    hint = tips(call, options, "users('<guid>')", USER_TIP)
    return Answer({**body, **hint, **rendered}, headers=_cost(options))


def _rendered(record: Record, options: Options, *, is_typed: bool) -> Mapping[str, Any]:
    head = {"@odata.type": "#microsoft.graph.user"} if is_typed else {}
    return head | record.only(_chosen(options))


def _chosen(options: Options) -> tuple[str, ...]:
    names = options.select_of(USER)
    if "*" in names:
        return tuple(USER.properties)
    return names or DEFAULT_PROPERTIES


def _projection(options: Options) -> str:
    return f"({','.join(options.select)})" if options.select else ""


def _cost(options: Options, base: int = 1) -> dict[str, str]:
    """What the call takes from the app's budget: less when it asks for less, never nothing."""
    spared = bool(options.select) + (options.top is not None and options.top < _SMALL_PAGE)
    return {"x-ms-resource-unit": str(max(1, base - spared))}
