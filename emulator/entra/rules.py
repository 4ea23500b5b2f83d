"""What an administrator of the tenant can set: consent, device codes, token lifetimes, guarded paths of Graph."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from emulator.entra.ledger import DEVICE_SECONDS
from emulator.entra.scope_limits import ORDINARY

UserConsent: TypeAlias = Literal["anything", "ordinary", "nobody", "request"]


@dataclass
class Rules:
    """The tenant's settings. `user_consent` is what people may agree to alone.

    "ordinary" leaves what needs an administrator to administrators, "nobody" leaves them everything, "request" does
    too and lets people ask for it. `guarded_paths` has the authentication context that each path of Graph demands.
    """

    user_consent: UserConsent = "anything"
    device_interval: int = 5
    device_seconds: int = DEVICE_SECONDS
    strict_polling: bool = False
    long_lived_tokens: bool = False
    guarded_paths: dict[str, str] = field(default_factory=dict)

    def beyond(self, names: frozenset[str], *, is_for_graph: bool) -> frozenset[str]:
        """Those of a resource's permissions that a person may not agree to alone."""
        if self.user_consent == "ordinary":
            return names - ORDINARY if is_for_graph else frozenset()
        return frozenset() if self.user_consent == "anything" else names

    @property
    def consent_code(self) -> int:
        """The error that sends people to an administrator."""
        return 90095 if self.user_consent == "request" else 90094
