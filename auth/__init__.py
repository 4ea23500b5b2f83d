"""Signing in to Microsoft Entra ID, through MSAL: one module for each way of doing it."""

from __future__ import annotations

from auth._flow import Flow, SignInRequest
from auth.aadsts import Context
from auth.accounts import Account, SignedOut
from auth.browser import BrowserFlow
from auth.cache import MemoryTokenCache
from auth.callers import Callers, Challenges
from auth.consent import admin_consent_url
from auth.credentials import credential_of
from auth.demo import DemoFlow
from auth.device import DeviceFlow
from auth.people import People
from auth.public_app import PublicApp
from auth.select import Accounts, accounts_of, cache_of, callers_of, check_keys, has_browser, people_of

__all__ = [
    "Account",
    "Accounts",
    "BrowserFlow",
    "Callers",
    "Challenges",
    "Context",
    "DemoFlow",
    "DeviceFlow",
    "Flow",
    "MemoryTokenCache",
    "People",
    "PublicApp",
    "SignInRequest",
    "SignedOut",
    "accounts_of",
    "admin_consent_url",
    "cache_of",
    "callers_of",
    "check_keys",
    "credential_of",
    "has_browser",
    "people_of",
]
