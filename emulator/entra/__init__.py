"""A faithful small Microsoft Entra ID: unchanged MSAL signs in against it."""

from __future__ import annotations

from emulator.entra.accounts import PERSONAL_TENANT, AccountState
from emulator.entra.callers import Caller, TokenRefused
from emulator.entra.journal import GraphCall, TokenRequest
from emulator.entra.managed_identity import ManagedIdentity
from emulator.entra.policies import Policy
from emulator.entra.registrations import DEMO_CLIENT_ID, AppRegistration, FederatedCredential
from emulator.entra.service import Entra

__all__ = [
    "DEMO_CLIENT_ID",
    "PERSONAL_TENANT",
    "AccountState",
    "AppRegistration",
    "Caller",
    "Entra",
    "FederatedCredential",
    "GraphCall",
    "ManagedIdentity",
    "Policy",
    "TokenRefused",
    "TokenRequest",
]
