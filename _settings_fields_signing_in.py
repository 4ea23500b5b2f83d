"""The settings of who signs in to Entra, how, and where the sign-in is kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, SecretStr

import _settings_values as values
from _settings_table import Setting

AuthMode = Literal["delegated", "application"]
_LOWER = BeforeValidator(str.lower)


class SigningIn(BaseModel):
    """Who the server is at Entra, and as whom it works."""

    entra_tenant_id: Annotated[
        values.Tenant | None,
        Setting(
            "Signing in",
            "Tenant: its id, a verified domain, or common, organizations or consumers. "
            "Application mode needs an id or a domain.",
            "--tenant-id",
            unset="the tenant in ENTRA_AUTHORITY, else common",
        ),
    ] = None
    entra_client_id: Annotated[
        values.ClientId | None,
        Setting("Signing in", "Application (client) id of the app registration.", "--client-id"),
    ] = None
    entra_client_secret: Annotated[
        values.ClientSecret | None, Setting("Signing in", "Client secret of the app registration.", secret=True)
    ] = None
    entra_client_certificate: Annotated[
        values.Certificate | None,
        Setting(
            "Signing in", "PEM text with the app's certificate, its chain if any, and its private key.", secret=True
        ),
    ] = None
    entra_certificate_passphrase: Annotated[
        SecretStr | None, Setting("Signing in", "Passphrase of the certificate's private key.", secret=True)
    ] = None
    entra_federated_token_file: Annotated[
        values.LocalPath | None,
        Setting(
            "Signing in",
            "File with a token of another identity provider that the app trusts (workload identity).",
            "--federated-token-file",
        ),
    ] = None
    entra_managed_identity: Annotated[
        values.ManagedIdentity | None,
        Setting(
            "Signing in",
            "Managed identity that the app trusts in place of a secret: system, or its client id.",
            "--managed-identity",
        ),
    ] = None
    graph_access_token: Annotated[
        SecretStr | None,
        Setting("Signing in", "A Graph token from elsewhere, used as it is; its file is read again.", secret=True),
    ] = None
    entra_authority: Annotated[
        values.Authority | None,
        Setting(
            "Signing in",
            "Sign-in URL, https://HOST/TENANT, on a sign-in host of a Microsoft cloud.",
            "--authority",
            unset="made from ENTRA_CLOUD and ENTRA_TENANT_ID",
        ),
    ] = None
    entra_scopes: Annotated[
        values.Scopes | None,
        Setting("Signing in", "Scopes to ask for, by commas or spaces.", "--scopes", unset="what the toolsets need"),
    ] = None
    entra_redirect_uri: Annotated[
        values.RedirectUri,
        Setting("Signing in", "Loopback URI that the browser comes back to after sign-in; no port means any free."),
    ] = "http://localhost"
    entra_enable_auth: Annotated[
        bool, Setting("Signing in", "false leaves only the tools that need no token.", expects="true or false")
    ] = True
    entra_auth_mode: Annotated[
        Annotated[AuthMode, _LOWER] | None,
        Setting(
            "Signing in",
            "Work as the signed-in person (delegated) or as the app itself (application).",
            "--auth-mode",
            unset="application where a credential of the app is set, else delegated",
        ),
    ] = None
    entra_sign_in: Annotated[
        Literal["auto", "browser", "device"],
        _LOWER,
        Setting(
            "Signing in",
            "How a person signs in: in this computer's browser, or with a code on any device. auto takes the browser "
            "where there is one.",
            "--sign-in",
        ),
    ] = "auto"
    entra_expected_account: Annotated[
        values.Mailbox | None,
        Setting(
            "Signing in",
            "The only account (user principal name or object id) that may sign in.",
            "--expected-account",
            unset="any",
        ),
    ] = None
    entra_token_cache_path: Annotated[
        values.LocalPath,
        Setting(
            "Signing in",
            "File that keeps the sign-in between starts, over stdio. HTTP keeps tokens in memory.",
            unset=str(values.TOKEN_CACHE),
        ),
    ] = Field(default_factory=values.default_token_cache)
    token_cache_encryption: Annotated[
        Literal["off", "os", "key"],
        _LOWER,
        Setting(
            "Signing in",
            "Encrypt that file: with a key in the operating system's store (os), or with TOKEN_CACHE_KEY (key).",
        ),
    ] = "off"  # noqa: S105 - no password, a word
    token_cache_key: Annotated[
        SecretStr | None,
        Setting("Signing in", "Keys for that, base64 of 32 bytes each, one a line: the first encrypts.", secret=True),
    ] = None
    entra_cloud: Annotated[
        Annotated[Literal["public", "usgov", "usgov-dod", "china"], _LOWER] | None,
        Setting("Signing in", "Microsoft cloud.", "--cloud", unset="the cloud of ENTRA_AUTHORITY, else public"),
    ] = None
