"""Signing in to Microsoft Entra ID, through MSAL: one module for each way of doing it."""

from __future__ import annotations

from auth._msal import Application
from auth.accounts import Account, SignedOut
from auth.demo import DemoSource
from auth.device import DeviceCodeSource
from auth.select import public_application, token_source

__all__ = [
    "Account",
    "Application",
    "DemoSource",
    "DeviceCodeSource",
    "SignedOut",
    "public_application",
    "token_source",
]
