"""A faithful small Microsoft Entra ID: unchanged MSAL signs in against it."""

from __future__ import annotations

from emulator.entra.callers import Caller, TokenRefused
from emulator.entra.registrations import DEMO_CLIENT_ID, AppRegistration
from emulator.entra.service import Entra

__all__ = ["DEMO_CLIENT_ID", "AppRegistration", "Caller", "Entra", "TokenRefused"]
