"""The body of a new subscription, held against the rules that need no look at the resource; and the room there is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509

from emulator.graph.engine.bodies import Values
from emulator.graph.subscriptions.errors import BadSubscription, SourceRefused, TooLong
from emulator.graph.subscriptions.limits import CHANGES, Limit
from emulator.graph.subscriptions.resources import Watched
from emulator.graph.subscriptions.sealing import read_certificate
from emulator.graph.subscriptions.watch import Watch, moment
from emulator.graph.subscriptions.web import check_address
from emulator.moments import timestamp

_REQUIRED = ("changeType", "notificationUrl", "resource", "expirationDateTime")
_LONGEST_STATE = 128
_TLS = frozenset({"v1_0", "v1_1", "v1_2", "v1_3"})
_FIXED = frozenset({"id", "applicationId", "creatorId"})


@dataclass(frozen=True)
class Wanted:
    """A body that makes sense so far."""

    values: dict[str, Any]
    addresses: tuple[str, ...]
    certificate: x509.Certificate | None
    now: datetime

    @property
    def is_rich(self) -> bool:
        return self.certificate is not None

    def check_resource(self, found: Watched) -> None:
        """Whether such a resource can be listened to like this."""
        limit = found.limit
        wrong = set(self.values["changeType"].split(",")) - limit.changes
        if wrong:
            raise BadSubscription(
                f"Subscription change type '{min(wrong)}' is not supported for resource '{self.values['resource']}'."
            )
        if self.is_rich and not limit.rich:
            raise BadSubscription(f"Resource data is not supported for resource '{self.values['resource']}'.")
        if self.is_rich and found.is_mailbox and not found.query.options.select:
            raise BadSubscription("The $select clause is required in the resource when includeResourceData is true.")
        self.values["expirationDateTime"] = expiration(self.values, self.now, limit, is_rich=self.is_rich)


def checked(values: Values, now: datetime) -> Wanted:
    """The body of a new subscription, or what is wrong with it."""
    for name in _REQUIRED:
        if not values.get(name):
            raise BadSubscription(f"{name} is a required property for subscription creation")
    for name in ("clientState", "encryptionCertificateId"):
        if len(values.get(name) or "") > _LONGEST_STATE:
            raise BadSubscription(f"The value of the property '{name}' exceeds {_LONGEST_STATE} characters.")
    if values.get("latestSupportedTlsVersion") not in {None, *_TLS}:
        raise BadSubscription("The value of the property 'latestSupportedTlsVersion' is not a known version.")
    given = {name: value for name, value in values.items() if name not in _FIXED}
    given["changeType"] = _change_types(str(values["changeType"]))
    return Wanted(given, _addresses(values), _certificate(values), now)


def expiration(values: dict[str, Any], now: datetime, limit: Limit | None, *, is_rich: bool) -> str:
    """When a subscription ends: later than now, and not later than its kind of resource allows."""
    text = str(values["expirationDateTime"])
    ends = moment(text)
    if ends <= now:
        raise BadSubscription("The value of the property 'expirationDateTime' must be in the future.")
    minutes = (limit.rich if is_rich else limit.minutes) if limit is not None else None
    # A minute of grace: the clocks of client and service are never the same.
    if minutes is not None and ends > now + timedelta(minutes=minutes + 1):
        raise TooLong(minutes)
    return text if text.endswith("Z") else timestamp(ends)


def check_quota(watches: Iterable[Watch], found: Watched) -> None:
    """Whether there is room for one more."""
    limit = found.limit
    others = [watch.watched for watch in watches]
    if limit.per_mailbox:
        same = [one for one in others if one.is_mailbox and one.home is found.home]
        if len(same) >= limit.per_mailbox:
            raise SourceRefused(403, f"Limit of {limit.per_mailbox} active subscriptions per mailbox has been reached.")
    if limit.per_app:
        same = [one for one in others if one.is_directory and one.call.caller.app_id == found.call.caller.app_id]
        if len(same) >= limit.per_app:
            raise SourceRefused(403, f"Limit of {limit.per_app} subscriptions per application has been reached.")


def _change_types(text: str) -> str:
    names = [part.strip().lower() for part in text.split(",")]
    if not names or any(name not in CHANGES for name in names):
        raise BadSubscription(f"Invalid 'changeType' attribute: '{text}'.")
    return ",".join(dict.fromkeys(names))


def _addresses(values: Values) -> tuple[str, ...]:
    """The webhooks to shake hands with: two, even if they are one."""
    names = [name for name in ("notificationUrl", "lifecycleNotificationUrl") if values.get(name)]
    return tuple(check_address(name, values[name]) for name in names)


def _certificate(values: Values) -> x509.Certificate | None:
    if not values.get("includeResourceData"):
        return None
    for name in ("encryptionCertificate", "encryptionCertificateId"):
        if not values.get(name):
            raise BadSubscription(f"{name} is a required property when includeResourceData is set to true.")
    found = read_certificate(str(values["encryptionCertificate"]))
    if found is None:
        raise BadSubscription("The value of the property 'encryptionCertificate' is not a valid RSA certificate.")
    return found
