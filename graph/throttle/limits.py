"""The limits that Graph documents, as data, and which of them one call meets.

Limits of an app over all its tenants are left out where only dozens of busy tenants could reach them: what Graph says
when it refuses is enough there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from graph.calls import Call, Caller
from graph.throttle.costs import Weights
from graph.throttle.workloads import weigh


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many units in any so many seconds."""

    amount: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What one lane lets through; `slots` are the requests under way at once, None where no number is known."""

    slots: int | None = None
    rates: tuple[Rate, ...] = ()


@dataclass(frozen=True, slots=True)
class Lane:
    """One thing that Graph counts separately, such as one mailbox, or all writes to one tenant's directory."""

    key: tuple[str, ...]
    limits: Limits


@dataclass(frozen=True, slots=True)
class Demand:
    """What calls take: from each lane a slot and so many units per call. Graph's refusals are about the first lane.

    Calls with an equal `batch_key` take the same of the same lanes, so they may share a batch.
    """

    lanes: tuple[tuple[Lane, int], ...]
    batch_key: tuple[str, ...]
    calls: int = 1

    def times(self, calls: int) -> Demand:
        """The same for a batch of so many such calls."""
        return Demand(self.lanes, self.batch_key, calls)

    @property
    def most(self) -> int:
        """How many such calls the rates ever let through together; a larger batch would be refused in part."""
        rates = ((rate, units) for lane, units in self.lanes if units for rate in lane.limits.rates)
        return max(1, min((rate.amount // units for rate, units in rates), default=1))


# What was found out lately: a caller's next call, which is often much like the last, finds it here.
_DEMANDS = 512
# Of a tenant, or of an app: everybody's demands have the same.
_COMMON_LANES = 1024


def _rows(table: str) -> dict[str, tuple[tuple[str, ...], Limits]]:
    """Read the table: name, whose, slots, rates as `amount/seconds`; what follows is the source."""
    rows = {}
    for line in filter(None, table.splitlines()):
        name, whose, slots, rates = (cell.strip() for cell in line.split("|")[:4])
        pairs = (rate.split("/") for rate in rates.split())
        limits = Limits(int(slots) if slots else None, tuple(Rate(int(amount), float(per)) for amount, per in pairs))
        rows[name] = (tuple(whose.split()), limits)
    return rows


# Counted separately for each tenant, signed-in user, or `object`: whose mailbox, which channel or which report it is.
# A tenant's size is not known beforehand, so that the smallest one's limits hold; its own refusals tell the rest.
# "chosen" are numbers of ours where Graph documents none.
LIMITS = _rows("""
all                  |               |    | 130000/10         | throttling-limits, Global: an app over all tenants
tenant               | tenant        | 64 |                   | chosen: one tenant leaves room on the connections
person               | tenant user   | 32 |                   | chosen: one person leaves room in the tenant
outlook              | tenant object | 4  | 10000/600         | throttling-limits, Outlook: per app and mailbox
outlook.send         | tenant object |    | 30/60             | Exchange Online limits: messages a minute
directory            | tenant        |    | 3500/10           | throttling-limits, Identity: units, tenant size S
directory.read       | tenant        |    |                   | no limit of its own, a refusal can be about reads alone
directory.write      | tenant        |    | 3000/150          | throttling-limits, Identity: writes
directory-app        |               |    | 150000/20         | throttling-limits, Identity: an app over all tenants
directory-app.read   |               |    |                   | as above
directory-app.write  |               |    | 70000/300         | throttling-limits, Identity: an app's writes
sharepoint           | tenant        |    | 1200/60           | SharePoint: resource units, up to 1,000 licences
excel                | tenant        |    | 1500/10           | throttling-limits, Excel
excel-app            |               |    | 5000/10           | throttling-limits, Excel: an app over all tenants
teams.read           | tenant        |    | 30/1              | throttling-limits, Teams: GET team, channel, tab
teams.other          | tenant        |    | 30/1              | throttling-limits, Teams: other GET
teams.list           | tenant        |    | 60/1              | throttling-limits, Teams: GET members, channels
teams.messages       | tenant        |    | 20/1              | throttling-limits, Teams: GET messages
teams.export         | tenant        |    | 200/1             | throttling-limits, Teams: getAllMessages
teams.write          | tenant        |    | 30/1              | throttling-limits, Teams: POST, PUT, PATCH
teams.delete         | tenant        |    | 15/1              | throttling-limits, Teams: DELETE
teams.create         | tenant        |    | 10/1              | throttling-limits, Teams: POST /teams
teams.clone          | tenant        |    | 6/1               | throttling-limits, Teams: PUT team, clone
teams.post           | tenant        |    | 50/1              | throttling-limits, Teams: POST channel message
teams.chat           | tenant        |    | 20/1              | throttling-limits, Teams: POST chat message
teams.notify         | tenant        |    | 5/1               | throttling-limits, Teams: sendActivityNotification
teams.place          | tenant object |    | 4/1               | throttling-limits, Teams: on one team or channel
teams.posts          | tenant object |    | 3000/86400        | throttling-limits, Teams: messages to one channel
presence             | tenant        |    | 1500/30           | throttling-limits, presence
callrecords          | tenant        |    | 1500/20           | throttling-limits, call records
onenote              | tenant user   | 5  | 120/60 400/3600   | throttling-limits, OneNote: delegated, the stricter
intune               | tenant        |    | 2000/20           | throttling-limits, Intune
intune.write         | tenant        |    | 200/20            | throttling-limits, Intune: writes
subscriptions        | tenant        |    | 1000/20           | throttling-limits, subscriptions: writes, GET by id
subscriptions.list   | tenant        |    | 40/20             | throttling-limits, subscriptions: LIST
audit                | tenant        |    | 5/10              | throttling-limits, identity reports
protection           | tenant        |    | 1/1               | throttling-limits, identity protection and CA: all apps
identityproviders    | tenant        |    | 200/60            | throttling-limits, identity providers and user flows
invitations          | tenant        |    | 150/5             | throttling-limits, invitations: all apps
reports              | tenant object |    | 14/600            | throttling-limits, usage reports: CSV, per function
reports.json         | tenant object |    | 100/600           | throttling-limits, usage reports: JSON in beta
alerts               | tenant        |    | 150/60            | throttling-limits, security: alerts
securescores         | tenant        | 4  | 150/60 10000/600  | throttling-limits, security: secure scores
tiindicators         | tenant        |    | 1000/60           | throttling-limits, security: tiIndicator
ediscovery           | tenant        |    | 5/60              | throttling-limits, eDiscovery
health               | tenant        |    | 240/60 800/3600   | throttling-limits, service communications
extensions           | tenant        |    | 455/10            | throttling-limits, open and schema extensions
education            | tenant        |    | 35000/10          | throttling-limits, education
insights             | tenant object | 4  | 10000/600         | throttling-limits, insights
other                | tenant user object | 4 | 600/60        | chosen: 4 at once as for a mailbox, ten a second
""")


def demand_of(call: Call, caller: Caller) -> Demand:
    """What a call takes."""
    weights, whose = weigh(call)
    return _demand(weights, whose, caller.tenant, caller.user)


@lru_cache(maxsize=_DEMANDS)
def _demand(weights: Weights, whose: str | None, tenant: str, user: str) -> Demand:
    user = user.lower()
    names = {"tenant": tenant, "user": user, "object": user if whose is None else whose}
    person = (("person", 0),) if user else ()  # an app that speaks for nobody is all there is of the tenant
    lanes = tuple((_lane(row, names), units) for row, units in (*weights, *person, ("tenant", 0), ("all", 1)))
    batch_key = tuple(part for lane, units in lanes[: len(weights)] for part in (*lane.key, str(units)))
    return Demand(lanes, batch_key)


def _lane(row: str, names: Mapping[str, str]) -> Lane:
    whose = LIMITS[row][0]
    return (_common_lane if set(whose) <= _COMMON else _lane_of)(row, *(names[each] for each in whose))


def _lane_of(row: str, *names: str) -> Lane:
    return Lane((row, *names), LIMITS[row][1])


_common_lane = lru_cache(maxsize=_COMMON_LANES)(_lane_of)


def blamed(demand: Demand, headers: Mapping[str, str]) -> Lane:
    """The lane that a refusal is about: the first, unless the directory says more exactly for whom and for what."""
    own = demand.lanes[0][0]
    if own.key[0] != "directory":
        return own
    scope, _, rest = headers.get("x-ms-throttle-scope", "").lower().partition("/")
    what = rest.partition("/")[0]
    row = ("directory-app" if scope == "application" else "directory") + (f".{what}" if what in _HALVES else "")
    return next((lane for lane, _ in demand.lanes if lane.key[0] == row), own)


_HALVES = frozenset({"read", "write"})
_COMMON = frozenset({"tenant"})
