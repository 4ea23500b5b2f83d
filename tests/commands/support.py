"""What tests of the commands share: outputs that are read, and settings of one app."""

from __future__ import annotations

from dataclasses import dataclass, field

from commands import Output
from principal import Identity, Principal, SignedIn
from settings import Settings, read_settings

APP = "2f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a10"
TENANT = "2f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a11"
PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"


@dataclass
class Paper:
    """Both outputs of a command, kept."""

    shown: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @property
    def output(self) -> Output:
        return Output(self.shown.append, self.told.append)


def settings_with(**environ: str) -> Settings:
    return read_settings({"ENTRA_CLIENT_ID": APP, "ENTRA_TENANT_ID": TENANT, **environ})


def signed_in(username: str, *, selected: bool = False, personal: bool = False) -> SignedIn:
    tenant = PERSONAL if personal else TENANT
    return SignedIn(f"id-of-{username}.{tenant}", username, tenant, personal, selected)


def identity_of(account: SignedIn, name: str = "") -> Identity:
    user_id = account.id.rpartition(".")[0]
    return Identity(Principal("public", account.tenant_id, user_id, APP), True, name, account.username, None)


WAYS_WITHOUT_A_PERSON = {
    "switched off": ({"ENTRA_ENABLE_AUTH": "false"}, "ENTRA_ENABLE_AUTH"),
    "the demo": ({"DEMO": "true"}, "--demo"),
    "a supplied token": ({"GRAPH_ACCESS_TOKEN": "some-token-of-the-test"}, "GRAPH_ACCESS_TOKEN"),
    "an app": ({"ENTRA_CLIENT_SECRET": "a-secret-of-the-test"}, "ENTRA_AUTH_MODE=delegated"),
    "callers with tokens": (
        {
            "TRANSPORT": "http",
            "HTTP_AUTH": "entra",
            "PUBLIC_URL": "https://mcp.lindenhall.example",
            "ENTRA_CLIENT_SECRET": "a-secret-of-the-test",
        },
        "HTTP_AUTH=entra",
    ),
    "apps with tokens": (
        {
            "TRANSPORT": "http",
            "HTTP_AUTH": "entra",
            "PUBLIC_URL": "https://mcp.lindenhall.example",
            "ENTRA_CLIENT_SECRET": "a-secret-of-the-test",
            "ENTRA_AUTH_MODE": "application",
        },
        "Unset TRANSPORT",
    ),
    "callers with keys": (
        {"TRANSPORT": "http", "HTTP_AUTH": "apikey", "ENTRA_CLIENT_SECRET": "a-secret-of-the-test"},
        "HTTP_AUTH=apikey",
    ),
    "HTTP": ({"TRANSPORT": "http", "HTTP_AUTH": "none", "INSECURE_LOOPBACK": "true"}, "account_login"),
}
