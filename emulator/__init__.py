"""The demo tenant: a small Microsoft Entra ID and Graph on loopback, seeded with a believable company."""

from __future__ import annotations

from emulator.app import build_emulator
from emulator.bridge import BlockingTransport
from emulator.clouds import CLOUDS, Cloud
from emulator.entra import DEMO_CLIENT_ID, AppRegistration, Entra, FederatedCredential, ManagedIdentity, Policy
from emulator.seed import demo_tenant
from emulator.standalone import serve
from emulator.tenant import Tenant
from emulator.visitor import SignInStopped, sign_in_at

__all__ = [
    "CLOUDS",
    "DEMO_CLIENT_ID",
    "AppRegistration",
    "BlockingTransport",
    "Cloud",
    "Entra",
    "FederatedCredential",
    "ManagedIdentity",
    "Policy",
    "SignInStopped",
    "Tenant",
    "build_emulator",
    "demo_tenant",
    "serve",
    "sign_in_at",
]
