"""What tests of the token cache share: token responses as MSAL hands them to a cache, and an Entra of a few lines."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msal

from auth.cache import FileTokenCache, MemoryTokenCache

APP, OTHER_APP = "11111111-0000-0000-0000-000000000001", "11111111-0000-0000-0000-000000000002"
TENANT, OTHER_TENANT = "22222222-0000-0000-0000-000000000001", "22222222-0000-0000-0000-000000000002"
HOST = "login.microsoftonline.com"
SCOPES = ["https://graph.microsoft.com/User.Read"]
OLD_KEY, NEW_KEY = bytes(range(32)), bytes(range(32, 64))


def encoded(claims: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")


def account_id(person: str, tenant: str = TENANT) -> str:
    return f"{person}.{tenant}"


def answer(person: str, tenant: str = TENANT, *, number: int = 0, lasts: int = 3600) -> dict[str, Any]:
    """What Entra answers when tokens are granted; each secret has the word canary in it."""
    claims = {"oid": person, "sub": person, "tid": tenant, "preferred_username": f"{person}@contoso.example"}
    return {
        "token_type": "Bearer",
        "scope": " ".join(SCOPES),
        "expires_in": lasts,
        "access_token": f"canary-access-{person}-{number}",
        "refresh_token": f"canary-refresh-{person}-{number}",
        "id_token": f"e30.{encoded(claims)}.canary",
        "client_info": encoded({"uid": person, "utid": tenant}),
    }


def sign_in(
    cache: Any, person: str, *, app: str = APP, tenant: str = TENANT, number: int = 0, lasts: int = 3600
) -> None:
    """One token response, as MSAL adds it."""
    cache.add(
        {
            "client_id": app,
            "scope": SCOPES,
            "token_endpoint": f"https://{HOST}/{tenant}/oauth2/v2.0/token",
            "response": answer(person, tenant, number=number, lasts=lasts),
            "params": {},
            "data": {},
            "grant_type": "authorization_code",
        }
    )


def keep(cache: FileTokenCache | MemoryTokenCache, person: str, **details: Any) -> None:
    with cache.opened() as opened:
        sign_in(opened, person, **details)


def secrets_in(cache: Any, section: str = "RefreshToken") -> list[str]:
    return sorted(entry["secret"] for entry in cache.search(section, query={}))


def refresh_tokens(path: Path) -> list[str]:
    """As a program on plain MSAL reads the file."""
    cache = msal.SerializableTokenCache()
    cache.deserialize(path.read_text("utf-8"))
    return secrets_in(cache)


def cache_at(path: Path, warnings: list[str] | None = None, **options: Any) -> FileTokenCache:
    told: list[str] = [] if warnings is None else warnings
    return FileTokenCache(path, **{"client_id": APP, "warn": told.append, "lock_seconds": 20, **options})


@dataclass
class Reply:
    """An HTTP response, as far as MSAL looks at one."""

    status_code: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)

    def raise_for_status(self) -> None:
        assert self.status_code < 400


class Entra:
    """The HTTP client of an MSAL application; the token endpoint answers with what is next in line."""

    def __init__(self, *replies: tuple[int, dict[str, Any]]) -> None:
        self.replies = list(replies)
        self.posted: list[dict[str, Any]] = []

    def get(self, url: str, **_: Any) -> Reply:
        base = url.partition("/v2.0/")[0]
        names = ("authorization_endpoint", "token_endpoint", "device_authorization_endpoint")
        about = {name: f"{base}/oauth2/v2.0/{name.partition('_')[0]}" for name in names}
        return Reply(200, json.dumps({**about, "issuer": f"{base}/v2.0"}))

    def post(self, url: str, data: dict[str, Any] | None = None, **_: Any) -> Reply:
        self.posted.append(data or {})
        status, body = self.replies.pop(0)
        return Reply(status, json.dumps(body))

    def app(self, cache: Any, *, client_id: str = APP, tenant: str = TENANT) -> Any:
        return msal.PublicClientApplication(
            client_id,
            authority=f"https://{HOST}/{tenant}",
            token_cache=cache,
            http_client=self,
            http_cache={},
            instance_discovery=False,
        )
