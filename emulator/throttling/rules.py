"""The documented limits, each as data: what is counted, for whom, in which time, and how much of it there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from emulator.tenant import Tenant
from emulator.throttling.weighing import Service, Weight

Scope: TypeAlias = Literal["app", "tenant", "mailbox"]

CONCURRENCY = "mailboxConcurrency"
SLOTS = 4

_SMALL, _MEDIUM = 50, 500
_UNITS = (3_500, 5_000, 8_000)
# SharePoint counts licences: up to so many of them there is so much.
_FILES_A_MINUTE = ((1_000, 1_200), (5_000, 2_400), (15_000, 3_600), (50_000, 4_800))
_FILES_A_DAY = ((1_000, 1_200_000), (5_000, 2_400_000), (15_000, 3_600_000), (50_000, 4_800_000))


@dataclass(frozen=True)
class Rule:
    """One limit: `amount` (of the tenant's size) of what `counts` says, in so many `seconds`, `per` these."""

    name: str
    service: Service | None
    per: tuple[Scope, ...]
    seconds: float
    amount: Callable[[Tenant], int]
    counts: Callable[[Weight], int]

    def concerns(self, weight: Weight) -> bool:
        """Whether a call takes anything from it."""
        return self.service in (None, weight.service) and self.counts(weight) > 0


def _just(amount: int) -> Callable[[Tenant], int]:
    return lambda _: amount


def _one(_: Weight) -> int:
    return 1


def _units(weight: Weight) -> int:
    return weight.units


def _write(weight: Weight) -> int:
    return int(weight.is_write)


def _sending(weight: Weight) -> int:
    return int(weight.is_sending)


def _upload(weight: Weight) -> int:
    return weight.upload


def _listing(weight: Weight) -> int:
    return int(weight.is_list and not weight.is_write)


def _no_listing(weight: Weight) -> int:
    return 1 - _listing(weight)


def _directory_units(tenant: Tenant) -> int:
    people = len(tenant.people)
    return _UNITS[(people >= _SMALL) + (people > _MEDIUM)]


def _file_units(tenant: Tenant) -> int:
    return next((amount for most, amount in _FILES_A_MINUTE if len(tenant.people) <= most), 6_000)


def _daily_file_units(tenant: Tenant) -> int:
    return next((amount for most, amount in _FILES_A_DAY if len(tenant.people) <= most), 6_000_000)


_MAILBOX: tuple[Scope, ...] = ("app", "mailbox")
_BOTH: tuple[Scope, ...] = ("app", "tenant")

RULES: tuple[Rule, ...] = (
    Rule("mailboxRequests", "outlook", _MAILBOX, 600, _just(10_000), _one),
    Rule("mailboxUpload", "outlook", _MAILBOX, 300, _just(150_000_000), _upload),
    Rule("mailboxSends", "outlook", ("mailbox",), 60, _just(30), _sending),
    Rule("directoryUnits", "directory", _BOTH, 10, _directory_units, _units),
    Rule("directoryAppUnits", "directory", ("app",), 20, _just(150_000), _units),
    Rule("directoryWrites", "directory", _BOTH, 150, _just(3_000), _write),
    Rule("directoryAppWrites", "directory", ("app",), 300, _just(70_000), _write),
    Rule("directoryTenantWrites", "directory", ("tenant",), 300, _just(18_000), _write),
    Rule("fileUnits", "sharepoint", _BOTH, 60, _file_units, _units),
    Rule("dailyFileUnits", "sharepoint", _BOTH, 86_400, _daily_file_units, _units),
    Rule("subscriptionCalls", "subscriptions", _BOTH, 20, _just(1_000), _no_listing),
    Rule("subscriptionAppCalls", "subscriptions", ("app",), 20, _just(5_000), _no_listing),
    Rule("subscriptionTenantCalls", "subscriptions", ("tenant",), 20, _just(2_000), _no_listing),
    Rule("subscriptionLists", "subscriptions", _BOTH, 20, _just(40), _listing),
    Rule("invitations", "invitations", ("tenant",), 5, _just(150), _write),
    Rule("allRequests", None, ("app",), 10, _just(130_000), _one),
)
