"""What the operator can set: one frozen Settings, read once, every mistake reported together.

A field is named as its environment variable in lower case. Its `Setting` carries what
--help, docs/settings.md, .env.example and the error messages say about it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, NoReturn
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

import _settings_checks as checks
import _settings_sources as sources
import _settings_values as values
from _settings_sources import Problem
from _settings_table import Row, Setting, row_of
from clouds import CLOUDS, PUBLIC, Cloud, cloud_of_login_host
from errors import SettingsError

__all__ = ["GROUPS", "ROWS", "SECRETS", "VERSION", "AuthMode", "Row", "Setting", "Settings", "Way", "read_settings"]

VERSION = "0.1.0"
GROUPS = ("Serving", "Signing in", "Tools", "Logging", "Demo")

log = logging.getLogger(__name__)

AuthMode = Literal["delegated", "application"]
Way = Literal["off", "demo", "person", "supplied", "secret", "certificate", "federated", "managed-identity"]
_OF_A_TENANT = ("ENTRA_", "GRAPH_", "TOKEN_CACHE_")
_UPPER = BeforeValidator(str.upper)
_LOWER = BeforeValidator(str.lower)


class Settings(BaseSettings):
    """Everything that can be set, complete and checked; `read_settings` builds it."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", validate_default=False, hide_input_in_errors=True)

    transport: Annotated[
        Literal["stdio", "http"],
        _LOWER,
        Setting("Serving", "How clients reach the server: launched by the client, or over HTTP.", "--transport"),
    ] = "stdio"
    http_host: Annotated[values.Host, Setting("Serving", "Address that HTTP listens on.", "--host")] = "127.0.0.1"
    http_port: Annotated[
        int,
        Field(ge=0, le=65535),
        Setting(
            "Serving", "Port that HTTP listens on; 0 is any free port.", "--port", "a whole number from 0 to 65535"
        ),
    ] = 3000
    http_path: Annotated[values.HttpPath, Setting("Serving", "Path of the MCP endpoint over HTTP.", "--path")] = "/mcp"
    stateless_http: Annotated[
        bool, Setting("Serving", "Keep no session between HTTP requests.", "--stateless-http", "true or false")
    ] = False

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

    graph_mailbox: Annotated[
        values.Mailbox | None,
        Setting("Tools", "User (principal name or object id) whose mailbox application mode works in.", "--mailbox"),
    ] = None
    graph_api_version: Annotated[
        Literal["v1.0", "beta"],
        _LOWER,
        Setting("Tools", "Version of Graph to call, unless a tool needs a certain one.", "--graph-api-version"),
    ] = "v1.0"
    graph_allow_beta: Annotated[
        bool, Setting("Tools", "false leaves out the tools that need Graph's beta version.", expects="true or false")
    ] = True
    toolsets: Annotated[values.Toolsets, Setting("Tools", "Toolsets to offer, by commas, or all.", "--toolsets")] = (
        "all",
    )

    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
        _UPPER,
        Setting("Logging", "Least grave level that is logged.", "--log-level"),
    ] = "INFO"
    log_file: Annotated[
        values.LocalPath | None,
        Setting("Logging", "File to log to instead of stderr.", "--log-file", unset="stderr"),
    ] = None
    log_format: Annotated[
        Literal["text", "json"], _LOWER, Setting("Logging", "Text for people, or JSON lines.", "--log-format")
    ] = "text"

    demo: Annotated[
        bool,
        Setting(
            "Demo",
            "Serve a built-in demo tenant; ENTRA_*, GRAPH_*, TOKEN_CACHE_* and the .env file are ignored.",
            "--demo",
            "true or false",
        ),
    ] = False
    demo_sign_in: Annotated[
        bool,
        Setting("Demo", "Ask for a sign-in in the demo too; needs DEMO.", "--demo-sign-in", "true or false"),
    ] = False

    secret_files: dict[str, Path] = {}
    """Where a secret was read from, by its name, to be read again when it changes. No setting by itself."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the name is the base class's
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what the caller hands over and nothing else: never the process environment."""
        return (init_settings,)

    @property
    def way(self) -> Way:
        """The way of signing in that the settings call for."""
        if self.demo or not self.entra_enable_auth:
            return "demo" if self.demo else "off"
        ways: dict[Way, object] = {
            "supplied": self.graph_access_token,
            "secret": self.entra_client_secret,
            "certificate": self.entra_client_certificate,
            "federated": self.entra_federated_token_file,
            "managed-identity": self.entra_managed_identity,
        }
        found: Way = next((way for way, given in ways.items() if given), "person")
        return "person" if self.entra_auth_mode == "delegated" and found != "supplied" else found

    @property
    def app_credentials(self) -> list[str]:
        """The names of the app's own credentials that are set."""
        return checks.credentials(self)

    @property
    def auth_mode(self) -> AuthMode:
        """The mode asked for, or the one that the credentials imply."""
        by_person = self.demo or not self.app_credentials
        return self.entra_auth_mode or ("delegated" if by_person else "application")

    @property
    def cloud(self) -> Cloud:
        """The cloud asked for, or the one that the authority belongs to."""
        if self.entra_cloud:
            return CLOUDS[self.entra_cloud]
        return cloud_of_login_host(self.authority_host) or PUBLIC

    @property
    def tenant(self) -> str:
        """The tenant asked for, or the one in the authority, or any."""
        return self.entra_tenant_id or self.authority_tenant or "common"

    @property
    def authority_url(self) -> str:
        """Where to sign in, tenant included."""
        signs_in_at = f"https://{self.authority_host}" if self.authority_host else self.cloud.login_url
        return f"{signs_in_at}/{self.tenant}"

    @property
    def authority_host(self) -> str:
        return urlsplit(self.entra_authority or "").hostname or ""

    @property
    def authority_tenant(self) -> str:
        return urlsplit(self.entra_authority or "").path.strip("/")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("Settings hold secrets and cannot be pickled. Read them again instead.")


ROWS = tuple(row_of(name, field) for name, field in Settings.model_fields.items() if name != "secret_files")
SECRETS = tuple(row.name for row in ROWS if row.about.secret)
_ROW = {row.name: row for row in ROWS}
_NAMES = frozenset(_ROW) | {sources.file_name(name) for name in SECRETS}


def read_settings(
    environ: Mapping[str, str], env_file: Path | None = None, env_file_required: bool = False
) -> Settings:
    """Read the settings from `environ` and, for what it lacks, the .env file; or say all that is wrong with them."""
    given, problems = sources.named(environ, SECRETS), list[Problem]()
    from_file: dict[str, str] = {}
    if env_file and not _asks_for_demo(given):
        try:
            found = sources.read_env_file(env_file, required=env_file_required, secrets=SECRETS)
            from_file = sources.named(found, SECRETS)
        except ValueError as error:
            problems.append(Problem(frozenset(_NAMES), str(error)))
    if _asks_for_demo({**from_file, **given}):
        log.info("demo: the .env file and all ENTRA_*, GRAPH_* and TOKEN_CACHE_* settings are ignored")
        given, from_file = _without_tenant(given), _without_tenant(from_file)
    problems += sources.misspelt(given, from_file, _NAMES)
    merged, files, unusable = sources.with_secret_files(sources.laid_over(given, from_file, SECRETS), SECRETS)
    settings = _checked({name: text for name, text in merged.items() if name in _ROW}, problems + unusable)
    return settings.model_copy(update={"secret_files": files})


def _checked(given: dict[str, str], problems: list[Problem]) -> Settings:
    """The settings, once each one alone and all of them together are without fault."""
    settings, wrong = _tried(given)
    if settings is None:
        # Once more without the faulty ones, so that what the others contradict is reported too.
        rest = {name: text for name, text in given.items() if not any(name in problem.names for problem in wrong)}
        return _checked(rest, problems + wrong)
    faulty = {name for problem in problems for name in problem.names}
    problems += [
        problem for problem in (*checks.clashes(settings), *checks.gaps(settings)) if faulty.isdisjoint(problem.names)
    ]
    if problems:
        raise SettingsError(*(problem.text for problem in problems))
    return settings


def _tried(given: dict[str, str]) -> tuple[Settings | None, list[Problem]]:
    try:
        return Settings.model_validate({name.lower(): text for name, text in given.items()}), []
    except ValidationError as error:
        return None, [_complaint(detail) for detail in error.errors(include_url=False)]


def _complaint(detail: ErrorDetails) -> Problem:
    row = _ROW[str(detail["loc"][0]).upper()]
    return Problem(frozenset({row.name}), f"{row.name}: {_fault(row, detail)}")


def _fault(row: Row, detail: ErrorDetails) -> str:
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"])
    text = str(detail["input"])
    if row.choices:
        alike = sources.near(text.lower(), {choice.lower(): choice for choice in row.choices})
        hint = f" Did you mean {' or '.join(alike)}?" if alike else ""
        return f"{values.shown(text)} is not one of {', '.join(row.choices)}.{hint}"
    if row.name == "HTTP_PORT" and text.startswith("tcp://"):
        return f"{values.shown(text)} comes from Kubernetes, for a service named http. Set enableServiceLinks to false."
    return f"{values.shown(text)} is not {row.about.expects}."


def _asks_for_demo(given: Mapping[str, str]) -> bool:
    try:
        return TypeAdapter(bool).validate_python(given.get("DEMO", "false"))
    except ValidationError:
        return False


def _without_tenant(given: Mapping[str, str]) -> dict[str, str]:
    """What is left for the demo, which has a tenant, a mailbox and a cloud of its own."""
    return {name: text for name, text in given.items() if not name.upper().startswith(_OF_A_TENANT)}
