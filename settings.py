"""What the operator can set: one frozen Settings, read once, every mistake reported together.

A field, declared in `_settings_fields_*.py`, is named as its environment variable in lower case. Its
`Setting` carries what --help, docs/settings.md, .env.example and the error messages say about it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NoReturn
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

import _settings_checks as checks
import _settings_checks_http as checks_http
import _settings_sources as sources
import _settings_values as values
import _settings_values_http as values_http
from _settings_fields_http import Callers, Edge, HttpAuth, Running
from _settings_fields_serving import Demo, Logging, Serving
from _settings_fields_signing_in import AuthMode, SigningIn
from _settings_fields_tools import Freedom, State, Tools
from _settings_sources import Problem
from _settings_table import Row, Setting, row_of
from clouds import CLOUDS, PUBLIC, Cloud, cloud_of_login_host
from errors import SettingsError

__all__ = [
    "GROUPS",
    "ROWS",
    "SECRETS",
    "VERSION",
    "AuthMode",
    "Freedom",
    "HttpAuth",
    "Row",
    "Setting",
    "Settings",
    "Way",
    "is_loopback",
    "read_settings",
]

is_loopback = values_http.is_loopback

VERSION = "0.1.0"
GROUPS = ("Serving", "HTTP", "Signing in", "Tools", "State", "Logging", "Demo")

log = logging.getLogger(__name__)

Way = Literal[
    "off", "demo", "person", "on-behalf-of", "supplied", "secret", "certificate", "federated", "managed-identity"
]
_OF_A_TENANT = ("ENTRA_", "GRAPH_", "STATE_", "TOKEN_CACHE_")


# The last base comes first: pydantic takes the fields of a base before those of the bases named before it.
class Settings(Demo, Logging, State, Tools, SigningIn, Running, Edge, Callers, Serving, BaseSettings):
    """Everything that can be set, complete and checked; `read_settings` builds it."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", validate_default=False, hide_input_in_errors=True)

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
        if self.callers == "entra" and self.auth_mode == "delegated":
            return "on-behalf-of"
        return "person" if self.entra_auth_mode == "delegated" and found != "supplied" else found

    @property
    def app_credentials(self) -> list[str]:
        """The names of the app's own credentials that are set."""
        return checks.credentials(self)

    @property
    def auth_mode(self) -> AuthMode:
        """The mode asked for, or the one that the credentials imply."""
        by_person = self.demo or self.callers == "entra" or not self.app_credentials
        return self.entra_auth_mode or ("delegated" if by_person else "application")

    @property
    def callers(self) -> HttpAuth | None:
        """Who may call; None over stdio, where whoever started the server does."""
        return self.http_auth if self.transport == "http" else None

    @property
    def is_local(self) -> bool:
        """Whether HTTP listens where nobody but this machine can call."""
        return values_http.is_loopback(self.http_host)

    @property
    def is_stateless(self) -> bool:
        """Whether clients of the older protocol get no session; of several workers, each call may reach another."""
        return self.workers > 1 if self.stateless_http is None else self.stateless_http

    @property
    def resource(self) -> str:
        """The address of the MCP endpoint, which is its name in OAuth; empty where no PUBLIC_URL says it."""
        return f"{self.public_url}{self.http_path}" if self.public_url else ""

    @property
    def tenants(self) -> tuple[str, ...]:
        """The tenants whose people and apps may call, the home tenant first."""
        return tuple(dict.fromkeys((self.tenant, *self.http_tenants)))

    @property
    def level(self) -> Freedom:
        """How far calls may go, all in all."""
        return "read" if self.read_only else self.access

    @property
    def chosen_toolsets(self) -> tuple[str, ...]:
        """The toolsets to offer whole; none where single tools are named and no toolset is."""
        return () if self.tools and "toolsets" not in self.model_fields_set else self.toolsets

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
        log.info("demo: the .env file and all ENTRA_*, GRAPH_*, STATE_* and TOKEN_CACHE_* settings are ignored")
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
        problem
        for problem in (*checks.clashes(settings), *checks.gaps(settings), *checks_http.problems(settings))
        if faulty.isdisjoint(problem.names)
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
