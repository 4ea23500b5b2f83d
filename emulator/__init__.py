"""The demo tenant: a small Microsoft Entra ID and Graph on loopback, seeded with a believable company."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from emulator.app import build_emulator
from emulator.clouds import CLOUDS, Cloud
from emulator.entra import DEMO_CLIENT_ID, AppRegistration, Entra, FederatedCredential, ManagedIdentity, Policy
from emulator.seed import demo_tenant
from emulator.tenant import Tenant

if TYPE_CHECKING:
    from emulator.bridge import BlockingTransport
    from emulator.standalone import serve
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

# What an app in one process does without: a server, threads, a browser.
_LATER = {
    "BlockingTransport": "emulator.bridge",
    "SignInStopped": "emulator.visitor",
    "serve": "emulator.standalone",
    "sign_in_at": "emulator.visitor",
}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module 'emulator' has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)
