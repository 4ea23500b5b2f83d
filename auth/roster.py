"""Who is signed in, read from a token cache: no network, and nobody of another app or tenant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import UUID

from auth.public_app import PublicApp
from clouds import PERSONAL_TENANT, SHARED_TENANTS
from errors import ToolInputError
from principal import SignedIn, names_of


class Searchable(Protocol):
    """The part of MSAL's cache that is read here."""

    def search(self, credential_type: str, *, query: dict[str, str]) -> Iterable[dict[str, Any]]: ...


class Roster:
    """Reads the accounts that one app has tokens for; `expected` is the only one that counts, where it is given."""

    def __init__(self, app: PublicApp, expected: str = "") -> None:
        self._app = app
        self._expected = expected.lower()
        self._host = urlsplit(app.login_url).hostname or ""

    def accounts(self, cache: Searchable, selected: str | None) -> list[SignedIn]:
        """Everybody who can be worked as. Nobody is selected twice, and somebody is whenever there is anybody."""
        entries = {entry["home_account_id"]: entry for entry in self.entries(cache)}
        chosen = selected if selected in entries else next(iter(entries), None)
        return [signed_in(entry, is_selected=identifier == chosen) for identifier, entry in entries.items()]

    def entries(self, cache: Searchable) -> list[dict[str, Any]]:
        """MSAL's own records of those accounts."""
        ours = {
            token["home_account_id"]
            for token in cache.search("RefreshToken", query={"client_id": self._app.client_id})
            if token.get("environment") == self._host
        }
        found = cache.search("Account", query={"environment": self._host})
        return [
            entry
            for entry in found
            if entry["home_account_id"] in ours and self._is_of_tenant(entry) and self.is_expected(entry)
        ]

    def is_expected(self, entry: dict[str, Any]) -> bool:
        """Whether this account may be used at all."""
        names = (entry.get("username", ""), entry.get("local_account_id", ""), _user_id(entry["home_account_id"]))
        return not self._expected or self._expected in {name.lower() for name in names}

    def _is_of_tenant(self, entry: dict[str, Any]) -> bool:
        tenant = self._app.tenant.lower()
        if tenant not in SHARED_TENANTS and not _is_guid(tenant):
            return True  # a domain: which tenant it stands for only the network knows
        return str(entry.get("realm", "")).lower() in {tenant, "consumers" if tenant == "common" else tenant}


def nobody_called(account: str, accounts: Sequence[SignedIn]) -> ToolInputError:
    """What to say when no signed-in account has this name."""
    known = ", ".join(names_of(accounts)) or "nobody"
    return ToolInputError(f"{account[:60]!r} is not signed in here. Signed in: {known}. account_login adds an account.")


def signed_in(entry: dict[str, Any], *, is_selected: bool) -> SignedIn:
    """The account of one of MSAL's records."""
    identifier = entry["home_account_id"]
    realm, home = str(entry.get("realm", "")), identifier.rpartition(".")[2]
    is_personal = home == PERSONAL_TENANT
    tenant = realm if _is_guid(realm) and not is_personal else home
    return SignedIn(identifier, str(entry.get("username", "")), tenant, is_personal, is_selected)


def _user_id(home_account_id: str) -> str:
    return home_account_id.rpartition(".")[0]


def _is_guid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
