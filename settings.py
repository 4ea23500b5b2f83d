"""What the operator can set: one frozen Settings, read once, every mistake reported together.

A field is named as its environment variable in lower case. Its `Setting` carries what
--help, docs/settings.md, .env.example and the error messages say about it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, NoReturn, get_args
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

import _settings_sources as sources
import _settings_values as values
from _settings_sources import Problem
from clouds import CLOUDS, PUBLIC, Cloud, cloud_of_login_host
from errors import SettingsError

VERSION = "0.1.0"
GROUPS = ("Serving", "Signing in", "Tools", "Logging", "Demo")

log = logging.getLogger(__name__)

AuthMode = Literal["delegated", "application"]
_UPPER = BeforeValidator(str.upper)
_LOWER = BeforeValidator(str.lower)


@dataclass(frozen=True)
class Setting:
    """What people are told about a setting."""

    group: str
    help: str
    option: str = ""
    expects: str = ""
    unset: str = "not set"
    secret: bool = False


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
        Setting("Signing in", "PEM text with the app's certificate and its unencrypted private key.", secret=True),
    ] = None
    entra_authority: Annotated[
        values.Authority | None,
        Setting(
            "Signing in",
            "Sign-in URL, https://HOST/TENANT, on a sign-in host of a Microsoft cloud.",
            "--authority",
            unset="made from GRAPH_CLOUD and ENTRA_TENANT_ID",
        ),
    ] = None
    entra_scopes: Annotated[
        values.Scopes | None,
        Setting("Signing in", "Scopes to ask for, by commas or spaces.", "--scopes", unset="what the toolsets need"),
    ] = None
    entra_redirect_uri: Annotated[
        values.RedirectUri,
        Setting("Signing in", "Loopback URI that the browser comes back to after sign-in. No effect yet."),
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
            unset="application where a secret or certificate is set, else delegated",
        ),
    ] = None
    entra_token_cache_path: Annotated[
        values.LocalPath,
        Setting(
            "Signing in",
            "File that keeps the sign-in between starts. No effect yet: tokens stay in memory.",
            unset=str(values.TOKEN_CACHE),
        ),
    ] = Field(default_factory=values.default_token_cache)
    graph_cloud: Annotated[
        Annotated[Literal["public", "usgov", "dod", "china"], _LOWER] | None,
        Setting("Signing in", "Microsoft cloud.", "--cloud", unset="the cloud of ENTRA_AUTHORITY, else public"),
    ] = None

    graph_mailbox: Annotated[
        values.Mailbox | None,
        Setting("Tools", "User (principal name or object id) whose mailbox application mode works in.", "--mailbox"),
    ] = None
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
            "Serve a built-in demo tenant; ENTRA_*, GRAPH_* and the .env file are ignored.",
            "--demo",
            "true or false",
        ),
    ] = False
    demo_sign_in: Annotated[
        bool,
        Setting("Demo", "Ask for a sign-in in the demo too; needs DEMO.", "--demo-sign-in", "true or false"),
    ] = False

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
    def auth_mode(self) -> AuthMode:
        """The mode asked for, or the one that the credentials imply."""
        confidential = self.entra_client_secret or self.entra_client_certificate
        return self.entra_auth_mode or ("application" if confidential else "delegated")

    @property
    def cloud(self) -> Cloud:
        """The cloud asked for, or the one that the authority belongs to."""
        if self.graph_cloud:
            return CLOUDS[self.graph_cloud]
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


@dataclass(frozen=True)
class Row:
    """A setting as --help, the documentation and the error messages need it."""

    name: str
    about: Setting
    choices: tuple[str, ...]
    flag: bool
    default: str


def _row(field_name: str, field: FieldInfo) -> Row:
    about = next(item for item in field.metadata if isinstance(item, Setting))
    return Row(field_name.upper(), about, _choices(field.annotation), field.annotation is bool, _told(field, about))


def _told(field: FieldInfo, about: Setting) -> str:
    """The default, as it is written in a .env file or said in words."""
    if field.default is None or field.default_factory:
        return about.unset
    if isinstance(field.default, bool):
        return str(field.default).lower()
    return ",".join(field.default) if isinstance(field.default, tuple) else str(field.default)


def _choices(annotation: object) -> tuple[str, ...]:
    """The words of a Literal, also where it is wrapped in Annotated or Optional."""
    inner = get_args(annotation)
    if all(isinstance(item, str) for item in inner):
        return inner
    return _choices(inner[0]) if inner else ()


ROWS = tuple(_row(name, field) for name, field in Settings.model_fields.items())
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
        log.info("demo: the .env file and all ENTRA_* and GRAPH_* settings are ignored")
        given, from_file = _without_tenant(given), _without_tenant(from_file)
    problems += sources.misspelt(given, from_file, _NAMES)
    merged, unusable = sources.with_secret_files(sources.laid_over(given, from_file, SECRETS), SECRETS)
    return _checked({name: text for name, text in merged.items() if name in _ROW}, problems + unusable)


def _checked(given: dict[str, str], problems: list[Problem]) -> Settings:
    """The settings, once each one alone and all of them together are without fault."""
    settings, wrong = _tried(given)
    if settings is None:
        # Once more without the faulty ones, so that what the others contradict is reported too.
        rest = {name: text for name, text in given.items() if not any(name in problem.names for problem in wrong)}
        return _checked(rest, problems + wrong)
    faulty = {name for problem in problems for name in problem.names}
    problems += [problem for problem in (*_clashes(settings), *_gaps(settings)) if faulty.isdisjoint(problem.names)]
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


def _clashes(settings: Settings) -> Iterator[Problem]:
    """Settings that cannot both be meant."""
    if settings.demo_sign_in and not settings.demo:
        yield _problem("DEMO_SIGN_IN", "works in the demo only. Set DEMO=true too, or unset it.", "DEMO")
    if settings.entra_client_secret and settings.entra_client_certificate:
        yield _problem(
            "ENTRA_CLIENT_SECRET", "set together with ENTRA_CLIENT_CERTIFICATE. Unset one of them.", SECRETS[1]
        )
    in_authority = settings.authority_tenant
    if in_authority and settings.entra_tenant_id and in_authority != settings.entra_tenant_id:
        yield _problem(
            "ENTRA_TENANT_ID", "differs from the tenant in ENTRA_AUTHORITY. Unset one of them.", "ENTRA_AUTHORITY"
        )
    if settings.entra_authority and settings.authority_host not in settings.cloud.login_hosts:
        yield _problem(
            "GRAPH_CLOUD", "another cloud than that of ENTRA_AUTHORITY. Unset one of them.", "ENTRA_AUTHORITY"
        )


def _gaps(settings: Settings) -> Iterator[Problem]:
    """What signing in needs and was not given."""
    if settings.demo or not settings.entra_enable_auth:
        return
    if not settings.entra_client_id:
        yield _problem(
            "ENTRA_CLIENT_ID",
            "missing. Register an app in Entra and set its Application (client) ID, or try --demo, which needs none.",
            "DEMO",
            "ENTRA_ENABLE_AUTH",
        )
    if settings.auth_mode == "application":
        yield from _application_gaps(settings)


def _application_gaps(settings: Settings) -> Iterator[Problem]:
    if settings.tenant in values.SHARED_TENANTS:
        text = "application mode works in one tenant. Set its Directory (tenant) ID or a verified domain."
        yield _problem("ENTRA_TENANT_ID", text, "ENTRA_AUTHORITY", "ENTRA_AUTH_MODE", *SECRETS)
    if not (settings.entra_client_secret or settings.entra_client_certificate):
        text = f"application mode needs {' or '.join(SECRETS)}, or one of these names with _FILE. Set one."
        yield _problem("ENTRA_AUTH_MODE", text, *SECRETS)


def _problem(name: str, text: str, *others: str) -> Problem:
    return Problem(frozenset({name, *others}), f"{name}: {text}")


def _asks_for_demo(given: Mapping[str, str]) -> bool:
    try:
        return TypeAdapter(bool).validate_python(given.get("DEMO", "false"))
    except ValidationError:
        return False


def _without_tenant(given: Mapping[str, str]) -> dict[str, str]:
    """What is left for the demo, which has a tenant, a mailbox and a cloud of its own."""
    return {name: text for name, text in given.items() if not name.upper().startswith(("ENTRA_", "GRAPH_"))}
