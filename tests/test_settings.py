"""Reading the settings: what wins over what, what is refused, and what the refusal says."""

from __future__ import annotations

import copy
import logging
import os
import pickle
import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from _settings_sources import Problem, misspelt
from errors import SettingsError
from scripts.settings_docs import env_example, settings_page, write
from settings import GROUPS, ROWS, SECRETS, VERSION, Row, Settings, read_settings

ROOT = Path(__file__).resolve().parent.parent
GUID = "6f1c2d3e-0a1b-4c5d-8e9f-001122334455"
TENANT = "0a1b2c3d-1111-2222-3333-445566778899"
SIGNED = {"ENTRA_CLIENT_ID": GUID}
CANARY = "cAnArY8Q~secret-value"
PEM = (
    "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    "-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----\n"
)
OTHERS = ("STATE_DIRECTORY", "OUTPUTS", "TOOL", "DISCOVER", "ALLOWED_HOSTS", "ACCESS_TOKEN", "READLINE")
posix_only = pytest.mark.skipif(os.name != "posix", reason="Windows has no file modes")


def problems(environ: dict[str, str], env_file: Path | None = None, *, required: bool = False) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read_settings(environ, env_file, env_file_required=required)
    assert caught.value.__context__ is None, "the cause would carry the values"
    return list(caught.value.problems)


def dotenv(folder: Path, text: str | bytes) -> Path:
    path = folder / "some.env"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o600)
    return path


def test_a_client_id_alone_starts_over_stdio_as_the_signed_in_person() -> None:
    settings = read_settings(SIGNED)
    assert (settings.transport, settings.http_host, settings.http_port) == ("stdio", "127.0.0.1", 3000)
    assert (settings.http_path, settings.is_stateless) == ("/mcp", False)
    assert (settings.log_level, settings.log_file, settings.log_format) == ("INFO", None, "text")
    assert (settings.auth_mode, settings.cloud.name) == ("delegated", "public")
    assert settings.authority_url == "https://login.microsoftonline.com/common"
    assert settings.entra_redirect_uri == "http://localhost"
    assert settings.entra_token_cache_path == Path.home() / ".mcp_token_cache.json"
    assert (settings.toolsets, settings.entra_scopes, settings.graph_mailbox) == (("default",), None, None)
    assert (settings.tools, settings.exclude_tools, settings.allowed_scopes) == ((), (), None)
    assert (settings.access, settings.read_only, settings.level) == ("ask", False, "ask")
    assert (settings.discovery, settings.output, settings.answer_bytes) == (False, "text", 16_000)
    assert (settings.approve_policy, settings.state_dir, settings.state_keys) == (None, None, None)
    assert (settings.graph_api_version, settings.graph_allow_beta) == ("v1.0", True)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in ROWS])
def test_settings_do_not_change(row: Row) -> None:
    with pytest.raises(ValueError, match="frozen"):
        setattr(read_settings(SIGNED), row.name.lower(), None)


def test_the_process_environment_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PORT", "4000")
    assert read_settings(SIGNED).http_port == 3000
    assert Settings().http_port == 3000


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        pytest.param("ENTRA_SIGN_IN", "DEVICE", "device", id="a choice in capitals"),
        pytest.param("TRANSPORT", "", "stdio", id="an empty value is not set"),
        pytest.param("TRANSPORT", " \t", "stdio", id="a blank value is not set"),
        pytest.param("LOG_LEVEL", "debug", "DEBUG", id="a level in small letters"),
        pytest.param("HTTP_PORT", "0", 0, id="any free port"),
        pytest.param("HTTP_PORT", " 8080\r", 8080, id="a stray line end"),
        pytest.param("HTTP_HOST", "[::1]", "::1", id="IPv6 in brackets"),
        pytest.param("HTTP_HOST", "mcp.contoso.com", "mcp.contoso.com", id="a host name"),
        pytest.param("HTTP_PATH", "/a/b-c/", "/a/b-c", id="a slash at the end of the path"),
        pytest.param("STATELESS_HTTP", "yes", True, id="yes is true"),
        pytest.param("ENTRA_TENANT_ID", "Contoso.onmicrosoft.com", "contoso.onmicrosoft.com", id="a domain"),
        pytest.param("ENTRA_TENANT_ID", "Organizations", "organizations", id="any organisation"),
        pytest.param("ENTRA_AUTHORITY", "https://login.windows.net", "https://login.windows.net", id="no tenant"),
        pytest.param("ENTRA_REDIRECT_URI", "http://127.0.0.1:8400/cb", "http://127.0.0.1:8400/cb", id="loopback"),
        pytest.param("ENTRA_SCOPES", "Mail.Read, User.Read", ("Mail.Read", "User.Read"), id="scopes by commas"),
        pytest.param("ENTRA_SCOPES", "Mail.Read openid offline_access", ("Mail.Read",), id="scopes MSAL adds"),
        pytest.param("TOOLSETS", "mail, Calendar,,mail", ("mail", "calendar"), id="toolsets, once each"),
        pytest.param("TOOLSETS", "default,all,mail", ("default", "all", "mail"), id="both words among toolsets"),
        pytest.param("TOOLS", "mail_search, RunQuery,,mail_search", ("mail_search", "RunQuery"), id="tools, once each"),
        pytest.param("EXCLUDE_TOOLS", "mail_send_message", ("mail_send_message",), id="a tool to leave out"),
        pytest.param("ACCESS", "Full", "full", id="an access level in capitals"),
        pytest.param("READ_ONLY", "on", True, id="on is true"),
        pytest.param(
            "ALLOWED_SCOPES", "Mail.Read User.Read,,Mail.Read", ("Mail.Read", "User.Read"), id="permissions, once each"
        ),
        pytest.param("ALLOWED_SCOPES", "openid, email, Mail.Read", ("Mail.Read",), id="permissions of the sign-in"),
        pytest.param("DISCOVERY", "1", True, id="discovery"),
        pytest.param("OUTPUT", "TOON", "toon", id="a form of answers in capitals"),
        pytest.param("ANSWER_BYTES", "2000", 2_000, id="the shortest answer"),
        pytest.param("ANSWER_BYTES", "200000", 200_000, id="the longest answer"),
        pytest.param("APPROVE_POLICY", "~/policy.toml", Path.home() / "policy.toml", id="a policy under home"),
        pytest.param("STATE_DIR", "~/state", Path.home() / "state", id="a folder under home"),
        pytest.param("GRAPH_MAILBOX", "desk@contoso.com", "desk@contoso.com", id="a mailbox by name"),
        pytest.param("GRAPH_MAILBOX", GUID, GUID, id="a mailbox by id"),
        pytest.param("GRAPH_API_VERSION", "Beta", "beta", id="a version of Graph"),
        pytest.param("GRAPH_ALLOW_BETA", "no", False, id="no beta"),
        pytest.param("LOG_FILE", "~/x.log", Path.home() / "x.log", id="a path under home"),
    ],
)
def test_text_becomes_a_value(name: str, text: str, value: object) -> None:
    assert getattr(read_settings({**SIGNED, name: text}), name.lower()) == value


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        pytest.param("TRANSPORT", "htpt", "'htpt' is not one of stdio, http. Did you mean http?", id="a typing error"),
        pytest.param("TRANSPORT", "sse", "'sse' is not one of stdio, http.", id="nothing like it"),
        pytest.param("LOG_LEVEL", "WARN", "is not one of DEBUG", id="no such level"),
        pytest.param("HTTP_PORT", "65536", "is not a whole number from 0 to 65535.", id="port too high"),
        pytest.param("HTTP_PORT", "-1", "is not a whole number from 0 to 65535.", id="port below zero"),
        pytest.param("HTTP_PORT", "tcp://10.0.0.1:80", "Set enableServiceLinks to false.", id="port from Kubernetes"),
        pytest.param("HTTP_HOST", "http://localhost", "is not a host name", id="host with a scheme"),
        pytest.param("HTTP_HOST", "localhost:3000", "is not a host name", id="host with a port"),
        pytest.param("HTTP_PATH", "mcp", "is not a path", id="path without a slash"),
        pytest.param("HTTP_PATH", "/", "is not a path", id="the root"),
        pytest.param("HTTP_PATH", "//mcp", "is not a path", id="two slashes"),
        pytest.param("HTTP_PATH", "/mcp?x=1", "is not a path", id="a query"),
        pytest.param("HTTP_PATH", "/a/../b", "is not a path", id="dots"),
        pytest.param("HTTP_PATH", "/{id}", "is not a path", id="a route pattern"),
        pytest.param("HTTP_PATH", "/healthz", "is taken by a health check", id="health check"),
        pytest.param("HTTP_PATH", "/readyz/", "is taken by a health check", id="readiness check"),
        pytest.param("STATELESS_HTTP", "maybe", "'maybe' is not true or false.", id="neither true nor false"),
        pytest.param("ENTRA_TENANT_ID", "contoso", "not a tenant id", id="a bare word"),
        pytest.param("ENTRA_TENANT_ID", "a/../b.com", "not a tenant id", id="a tenant with a path"),
        pytest.param("ENTRA_CLIENT_ID", CANARY, "not a GUID", id="a secret in place of the id"),
        pytest.param("ENTRA_REDIRECT_URI", "https://contoso.com/cb", "not a loopback URI", id="redirect elsewhere"),
        pytest.param("ENTRA_REDIRECT_URI", "http://localhost.evil.com", "not a loopback URI", id="redirect lookalike"),
        pytest.param("ENTRA_REDIRECT_URI", "http://localhost:99999", "not a loopback URI", id="redirect port"),
        pytest.param("ENTRA_SCOPES", 'Mail.Read "x"', "no scope may have", id="a quote in a scope"),
        pytest.param("ENTRA_SCOPES", "Mail.Read .default", "Name it alone", id=".default among others"),
        pytest.param("ENTRA_AUTH_MODE", "app", "is not one of delegated, application.", id="no such mode"),
        pytest.param("ENTRA_CLOUD", "germany", "is not one of public, usgov, usgov-dod, china.", id="no such cloud"),
        pytest.param("GRAPH_MAILBOX", "desk", "is not a user", id="mailbox without a domain"),
        pytest.param("GRAPH_MAILBOX", "a/b@contoso.com", "is not a user", id="mailbox with a slash"),
        pytest.param("GRAPH_API_VERSION", "1.0", "'1.0' is not one of v1.0, beta.", id="no such version"),
        pytest.param("GRAPH_ALLOW_BETA", "never", "'never' is not true or false.", id="perhaps beta"),
        pytest.param("TOOLSETS", ",", "names no toolset", id="an empty list"),
        pytest.param("TOOLSETS", " , ", "such as account,mail, or default, or all", id="nothing between commas"),
        pytest.param("TOOLS", ",", "names no tool", id="no tool"),
        pytest.param("TOOLS", "mail_search mail_read", "is not a tool's name", id="tools by spaces"),
        pytest.param("TOOLS", "*", "'*' is not a tool's name", id="any tool"),
        pytest.param("EXCLUDE_TOOLS", f"a{'b' * 40}", "is not a tool's name", id="a tool's name that is too long"),
        pytest.param("EXCLUDE_TOOLS", "ok_tool,mail-send", "'mail-send' is not a tool's name", id="a hyphen"),
        pytest.param("ACCESS", "reed", "'reed' is not one of read, ask, full. Did you mean read?", id="access"),
        pytest.param("ACCESS", "write", "'write' is not one of read, ask, full.", id="no such access"),
        pytest.param("READ_ONLY", "please", "'please' is not true or false.", id="perhaps read-only"),
        pytest.param("ALLOWED_SCOPES", ",", "names no permission of Graph.", id="no permission"),
        pytest.param("ALLOWED_SCOPES", "openid", "names no permission of Graph.", id="only the sign-in"),
        pytest.param("ALLOWED_SCOPES", ".default", ".default names none.", id="all permissions"),
        pytest.param("ALLOWED_SCOPES", "mail", "'mail' is not a permission of Graph.", id="no dot"),
        pytest.param(
            "ALLOWED_SCOPES", "https://graph.microsoft.com/Mail.Read", "without a URL", id="permission with a URL"
        ),
        pytest.param("DISCOVERY", "tools", "'tools' is not true or false.", id="perhaps discovery"),
        pytest.param("OUTPUT", "jsn", "'jsn' is not one of text, json, toon. Did you mean json?", id="form of answers"),
        pytest.param("ANSWER_BYTES", "1999", "is not a whole number from 2000 to 200000.", id="answers too short"),
        pytest.param("ANSWER_BYTES", "200001", "is not a whole number from 2000 to 200000.", id="answers too long"),
        pytest.param("ANSWER_BYTES", "16k", "is not a whole number from 2000 to 200000.", id="no number of bytes"),
        pytest.param("ENTRA_CLIENT_SECRET", f"{CANARY} ", "white space", id="secret with a space at its end"),
        pytest.param("ENTRA_CLIENT_CERTIFICATE", CANARY, "not a PEM text", id="no PEM"),
        pytest.param("ENTRA_CLIENT_CERTIFICATE", PEM[:60], "not a PEM text", id="key without certificate"),
    ],
)
def test_a_wrong_value_is_refused_by_name_with_the_remedy(name: str, text: str, complaint: str) -> None:
    environ = {**SIGNED, name: text}
    found = [line for line in problems(environ) if line.startswith(f"{name}: ")]
    assert len(found) == 1
    assert complaint in found[0]
    assert CANARY not in found[0]


def test_a_long_or_hostile_value_is_shown_short_and_on_one_line() -> None:
    (line,) = problems({**SIGNED, "TRANSPORT": "x\x1b[31m\n" + "y" * 500})
    assert len(line) < 200
    assert line.isprintable()


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://login.microsoftonline.com/common", id="not https"),
        pytest.param("login.microsoftonline.com/common", id="no scheme"),
        pytest.param("https://login.microsoftonline.com.evil.com/common", id="lookalike suffix"),
        pytest.param("https://evil.com/login.microsoftonline.com", id="host in the path"),
        pytest.param("https://evil-login.microsoftonline.com/common", id="lookalike prefix"),
        pytest.param(f"https://user:{CANARY}@login.microsoftonline.com/common", id="user"),
        pytest.param("https://login.microsoftonline.com@evil.com/common", id="host as user"),
        pytest.param("https://login.microsoftonline.com:443/common", id="port"),
        pytest.param("https://login.microsoftonline.com/common?x=1", id="query"),
        pytest.param("https://login.microsoftonline.com/common#x", id="fragment"),
        pytest.param("https://login.microsoftonline.com/common/v2.0", id="further path"),
        pytest.param("https://login.microsoftonline.com/..", id="dots"),
        pytest.param("https://login.microsoftonline.com/%2e%2e", id="encoded dots"),
        pytest.param("https://login.microsoftonline.com\\@evil.com/common", id="backslash"),
        pytest.param("https://login.microsoftonline.com./common", id="dot after the host"),
        pytest.param("https://login.micros\u043eftonline.com/common", id="a letter of another alphabet"),
        pytest.param("https://127.0.0.1/common", id="loopback"),
        pytest.param("https://graph.microsoft.com/common", id="a data host"),
        pytest.param("https://login.microsoftonline.com//common", id="two slashes"),
        pytest.param("https://login.microsoftonline.com/com\nmon", id="line break"),
        pytest.param("https://login.microsoftonline.com/common\n.evil.com", id="line break and host"),
        pytest.param("//login.microsoftonline.com/common", id="no scheme, two slashes"),
        pytest.param("file://login.microsoftonline.com/common", id="file scheme"),
        pytest.param("https:login.microsoftonline.com/common", id="no slashes"),
        pytest.param("https:///common", id="no host"),
        pytest.param("https://[::1]/common", id="IPv6"),
        pytest.param("https://169.254.169.254/metadata", id="metadata service"),
        pytest.param("https://microsoftonline.com/common", id="parent domain"),
        pytest.param("https://x.login.microsoftonline.com/common", id="subdomain"),
        pytest.param("https://login.microsoftonline.com%2eevil.com/common", id="encoded dot in the host"),
        pytest.param("https://login.microsoftonline.com/common;x", id="path parameter"),
        pytest.param("https://contoso.b2clogin.com/contoso.com/policy", id="another product"),
    ],
)
def test_an_authority_elsewhere_than_at_microsoft_is_refused(url: str) -> None:
    (line,) = problems({**SIGNED, "ENTRA_AUTHORITY": url})
    assert line.startswith("ENTRA_AUTHORITY: ")
    assert CANARY not in line


@pytest.mark.parametrize(
    ("environ", "cloud", "url"),
    [
        pytest.param(
            {"ENTRA_AUTHORITY": f"https://LOGIN.microsoftonline.us/{TENANT}/"},
            "usgov",
            f"https://login.microsoftonline.us/{TENANT}",
            id="the authority says it all",
        ),
        pytest.param(
            {"ENTRA_AUTHORITY": "https://login.microsoftonline.us/contoso.com", "ENTRA_CLOUD": "usgov-dod"},
            "usgov-dod",
            "https://login.microsoftonline.us/contoso.com",
            id="two clouds share a host",
        ),
        pytest.param(
            {"ENTRA_CLOUD": "china", "ENTRA_TENANT_ID": TENANT},
            "china",
            f"https://login.partner.microsoftonline.cn/{TENANT}",
            id="the cloud has a host",
        ),
        pytest.param(
            {"ENTRA_AUTHORITY": "https://login.windows.net", "ENTRA_TENANT_ID": "contoso.com"},
            "public",
            "https://login.windows.net/contoso.com",
            id="host from one, tenant from the other",
        ),
        pytest.param(
            {"ENTRA_AUTHORITY": f"https://login.microsoftonline.com/{TENANT}", "ENTRA_TENANT_ID": TENANT.upper()},
            "public",
            f"https://login.microsoftonline.com/{TENANT}",
            id="the same tenant twice",
        ),
    ],
)
def test_cloud_and_authority_fit_each_other(environ: dict[str, str], cloud: str, url: str) -> None:
    settings = read_settings({**SIGNED, **environ})
    assert (settings.cloud.name, settings.authority_url) == (cloud, url)


@pytest.mark.parametrize(
    ("environ", "complaint"),
    [
        pytest.param({}, "ENTRA_CLIENT_ID: missing. Register an app", id="nothing at all"),
        pytest.param({**SIGNED, "DEMO": "maybe"}, "DEMO: 'maybe' is not true or false.", id="perhaps a demo"),
        pytest.param({**SIGNED, "DEMO_SIGN_IN": "1"}, "DEMO_SIGN_IN: works in the demo only", id="demo sign-in alone"),
        pytest.param(
            {**SIGNED, "ENTRA_TENANT_ID": TENANT, "ENTRA_CLIENT_SECRET": "x", "ENTRA_CLIENT_CERTIFICATE": PEM},
            "ENTRA_CLIENT_SECRET: set together with ENTRA_CLIENT_CERTIFICATE",
            id="two credentials",
        ),
        pytest.param(
            {
                **SIGNED,
                "ENTRA_TENANT_ID": TENANT,
                "ENTRA_AUTHORITY": "https://login.microsoftonline.com/contoso.com",
            },
            "ENTRA_TENANT_ID: differs from the tenant in ENTRA_AUTHORITY",
            id="two tenants",
        ),
        pytest.param(
            {**SIGNED, "ENTRA_CLOUD": "china", "ENTRA_AUTHORITY": "https://login.microsoftonline.com"},
            "ENTRA_CLOUD: another cloud than that of ENTRA_AUTHORITY",
            id="two clouds",
        ),
        pytest.param(
            {**SIGNED, "ENTRA_CLIENT_SECRET": CANARY},
            "ENTRA_TENANT_ID: application mode works in one tenant",
            id="an application in every tenant",
        ),
        pytest.param(
            {**SIGNED, "ENTRA_AUTH_MODE": "application", "ENTRA_TENANT_ID": TENANT},
            "ENTRA_AUTH_MODE: application mode needs one of ENTRA_CLIENT_SECRET, ENTRA_CLIENT_CERTIFICATE",
            id="an application without credential",
        ),
        pytest.param(
            {"ENTRA_CLIENT_SECRET": CANARY, "ENTRA_TENANT_ID": TENANT},
            "ENTRA_CLIENT_ID: missing",
            id="an application without id",
        ),
        pytest.param(
            {**SIGNED, "GRAPH_API_VERSION": "beta", "GRAPH_ALLOW_BETA": "false"},
            "GRAPH_API_VERSION: beta is switched off by GRAPH_ALLOW_BETA=false",
            id="beta, and none of it",
        ),
        pytest.param(
            {**SIGNED, "TOOLS": "mail_search,mail_move", "EXCLUDE_TOOLS": "mail_move"},
            "EXCLUDE_TOOLS: mail_move stands in TOOLS too. Take it out of one of them.",
            id="a tool that is wanted and not",
        ),
        pytest.param(
            {**SIGNED, "ENTRA_SCOPES": "Mail.Read Mail.Send", "ALLOWED_SCOPES": "mail.read"},
            "ENTRA_SCOPES: Mail.Send is not among ALLOWED_SCOPES. Add it there, or take it out here.",
            id="a scope that is asked for and not allowed",
        ),
        pytest.param(
            {**SIGNED, "ENTRA_SCOPES": "https://graph.microsoft.com/.default", "ALLOWED_SCOPES": "Mail.Read"},
            "ENTRA_SCOPES: https://graph.microsoft.com/.default is not among ALLOWED_SCOPES",
            id="all scopes, and some allowed",
        ),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(environ: dict[str, str], complaint: str) -> None:
    (line,) = problems(environ)
    assert line.startswith(complaint)
    assert CANARY not in line


def test_an_app_asks_for_what_it_was_granted_whatever_its_scopes_say() -> None:
    scopes = {"ENTRA_SCOPES": "https://graph.microsoft.com/.default", "ALLOWED_SCOPES": "Mail.Read"}
    assert read_settings(application(ENTRA_CLIENT_SECRET="s", **scopes)).allowed_scopes == ("Mail.Read",)


@pytest.mark.parametrize(
    ("environ", "chosen"),
    [
        pytest.param({}, ("default",), id="nothing said"),
        pytest.param({"TOOLS": "mail_search"}, (), id="only single tools"),
        pytest.param({"TOOLS": "mail_search", "TOOLSETS": "default"}, ("default",), id="tools beside toolsets"),
        pytest.param({"EXCLUDE_TOOLS": "mail_search"}, ("default",), id="all but one tool"),
        pytest.param({"TOOLSETS": "mail"}, ("mail",), id="one toolset"),
    ],
)
def test_tools_that_are_named_alone_are_offered_alone(environ: dict[str, str], chosen: tuple[str, ...]) -> None:
    assert read_settings({**SIGNED, **environ}).chosen_toolsets == chosen


@pytest.mark.parametrize(
    ("environ", "level"),
    [
        pytest.param({"ACCESS": "full"}, "full", id="as far as it goes"),
        pytest.param({"ACCESS": "full", "READ_ONLY": "true"}, "read", id="read-only outranks it"),
        pytest.param({"ACCESS": "full", "READ_ONLY": "false"}, "full", id="not read-only"),
        pytest.param({"READ_ONLY": "true"}, "read", id="read-only alone"),
    ],
)
def test_read_only_outranks_the_access_level(environ: dict[str, str], level: str) -> None:
    assert read_settings({**SIGNED, **environ}).level == level


def test_every_mistake_is_named_at_once() -> None:
    found = problems({"TRANSPORT": "x", "HTTP_PORT": "y", "ENTRA_TENNANT_ID": TENANT, "DEMO_SIGN_IN": "1"})
    assert [line.split(" ")[0].rstrip(":") for line in found] == [
        "ENTRA_TENNANT_ID",
        "TRANSPORT",
        "HTTP_PORT",
        "DEMO_SIGN_IN",
        "ENTRA_CLIENT_ID",
    ]


def test_what_a_faulty_setting_may_have_supplied_is_not_reported_missing() -> None:
    (line,) = problems({"ENTRA_CLIENT_ID": "x"})
    assert line.startswith("ENTRA_CLIENT_ID: not a GUID")
    (line,) = problems({"ENTRA_CLINT_ID": GUID})
    assert line == "ENTRA_CLINT_ID is not a setting. Did you mean ENTRA_CLIENT_ID? Rename or unset it."


@pytest.mark.parametrize(
    ("extra", "mode"),
    [
        pytest.param({"ENTRA_CLIENT_SECRET": "s"}, "application", id="a secret implies application"),
        pytest.param({"ENTRA_CLIENT_CERTIFICATE": PEM}, "application", id="a certificate too"),
        pytest.param({"ENTRA_CLIENT_SECRET": "s", "ENTRA_AUTH_MODE": "delegated"}, "delegated", id="unless told"),
        pytest.param({}, "delegated", id="nothing implies delegated"),
    ],
)
def test_the_credentials_imply_the_mode(extra: dict[str, str], mode: str) -> None:
    assert read_settings({**SIGNED, "ENTRA_TENANT_ID": TENANT, **extra}).auth_mode == mode


def test_without_authentication_nothing_is_missing() -> None:
    assert read_settings({"ENTRA_ENABLE_AUTH": "false"}).entra_enable_auth is False


def test_an_account_without_home_has_to_write_whole_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(_: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", homeless)
    assert read_settings(SIGNED).entra_client_id
    assert problems({"DEMO": "1", "LOG_FILE": "~/x"})[0].startswith("LOG_FILE: starts with ~")
    assert read_settings({"DEMO": "1"}).demo is True


# Names


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        pytest.param("ENTRA_TENNANT_ID", "ENTRA_TENANT_ID", id="a letter too many"),
        pytest.param("ENTRA_TENNENT_ID", "ENTRA_TENANT_ID", id="two letters off"),
        pytest.param("ENTRA_TENATN_ID", "ENTRA_TENANT_ID", id="letters swapped"),
        pytest.param("entra_scope", "ENTRA_SCOPES", id="small letters"),
        pytest.param("HTTP_POST", "HTTP_HOST or HTTP_PORT", id="between two names"),
        pytest.param("LOG_LEVELS", "LOG_LEVEL", id="a plural"),
        pytest.param("STATE_DIRS", "STATE_DIR", id="the folder for state"),
        pytest.param("STATE_KEY_FILE", "STATE_KEYS_FILE", id="the file with its keys"),
        pytest.param("READONLY", "READ_ONLY", id="a limit without its underscore"),
        pytest.param("ACESS", "ACCESS", id="the access level"),
        pytest.param("TOOLSET", "TOOLSETS", id="one toolset"),
        pytest.param("EXCLUDED_TOOLS", "EXCLUDE_TOOLS", id="tools left out"),
        pytest.param("ALLOWED_SCOPE", "ALLOWED_SCOPES", id="one allowed scope"),
        pytest.param("APPROVAL_POLICY", "APPROVE_POLICY", id="the policy"),
        pytest.param("ENTRA_CLIENT_SECRET_FIEL", "ENTRA_CLIENT_SECRET_FILE", id="the form with a file"),
    ],
)
def test_a_misspelt_name_stops_the_start(name: str, meant: str) -> None:
    assert f"{name} is not a setting. Did you mean {meant}? Rename or unset it." in problems({**SIGNED, name: "x"})


def test_other_names_of_our_families_are_mentioned_and_harmless(caplog: pytest.LogCaptureFixture) -> None:
    read_settings({**SIGNED, "GRAPH_SERVICE_HOST": CANARY, "HTTP_PORT_80_TCP": CANARY, "LOG_DIR": CANARY})
    (record,) = caplog.records
    assert (record.levelno, vars(record)["names"]) == (
        logging.WARNING,
        "GRAPH_SERVICE_HOST, HTTP_PORT_80_TCP, LOG_DIR",
    )
    assert CANARY not in str(vars(record))


@pytest.mark.parametrize(
    "name", ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "NO_PROXY", "HTTP_PROXY_USER", "DEMOS", *OTHERS]
)
def test_names_of_others_pass_in_silence(name: str, caplog: pytest.LogCaptureFixture) -> None:
    read_settings({**SIGNED, name: "x"})
    assert not caplog.records


def test_in_the_env_file_any_near_miss_counts(tmp_path: Path) -> None:
    found = problems(SIGNED, dotenv(tmp_path, "TRANSPROT=http\nDEMOS=1\nDEV=1\nHOME_PAGE=x\n"))
    assert [line.split(" ")[0] for line in found] == ["DEMOS", "TRANSPROT"]


@settings(deadline=None)
@given(st.sampled_from([row.name for row in ROWS]), st.data())
def test_dropping_any_letter_of_a_long_name_is_noticed(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(name) - 1))
    slip = name[:at] + name[at + 1 :]
    real = frozenset(row.name for row in ROWS)
    (found,) = misspelt({}, {slip: "x"}, real)
    assert isinstance(found, Problem)
    assert name in found.names


# The .env file


def test_the_environment_wins_over_the_env_file_and_that_over_the_default(tmp_path: Path) -> None:
    path = dotenv(tmp_path, f"ENTRA_CLIENT_ID={GUID}\nHTTP_PORT=1\nHTTP_HOST=::1\nLOG_LEVEL=\n")
    settings = read_settings({"HTTP_PORT": "2", "HTTP_HOST": ""}, path)
    assert (settings.http_port, settings.http_host, settings.log_level) == (2, "::1", "INFO")


def test_the_env_file_is_read_as_it_stands(tmp_path: Path) -> None:
    text = (
        f"\ufeff# comment\r\nexport ENTRA_CLIENT_ID='{GUID}'\r\n"
        f'ENTRA_TENANT_ID="{TENANT}" # mine\r\nENTRA_CLIENT_SECRET=a${{HOME}}b\r\n'
    )
    secret = read_settings({}, dotenv(tmp_path, text)).entra_client_secret
    assert secret
    assert secret.get_secret_value() == "a${HOME}b"


def test_an_env_file_that_may_be_missing_is_not_missed(tmp_path: Path) -> None:
    assert read_settings(SIGNED, tmp_path / ".env").transport == "stdio"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param(None, "no such file. Create it, or correct --env-file.", id="missing"),
        pytest.param("TRANSPORT=stdio\n".encode("utf-16"), "is not UTF-8 text. Save it as UTF-8.", id="UTF-16"),
        pytest.param("TRANSPORT=stdio\n".encode("utf-16-le"), "is not UTF-8 text", id="UTF-16 without mark"),
        pytest.param(f"A=1\nENTRA_CLIENT_SECRET='{CANARY}\n", "cannot read line 2.", id="open quote"),
        pytest.param(f"A=1\n\n{CANARY}\n", "cannot read line", id="no equals sign"),
        pytest.param("A=" + "x" * 70000, "is larger than 64 KiB", id="too large"),
    ],
)
def test_an_env_file_that_cannot_be_read_is_never_skipped(
    tmp_path: Path, content: str | bytes | None, complaint: str
) -> None:
    path = tmp_path / "gone.env" if content is None else dotenv(tmp_path, content)
    found = problems({"TRANSPORT": "x"}, path, required=True)
    assert complaint in found[0]
    assert found[0].startswith(f"{path}: ")
    assert found[1].startswith("TRANSPORT: ")
    assert len(found) == 2, "what the file may hold is not reported missing"
    assert CANARY not in found[0]


def test_a_folder_in_place_of_the_env_file_is_an_error(tmp_path: Path) -> None:
    assert "cannot be read" in problems(SIGNED, tmp_path)[0]


@posix_only
@pytest.mark.parametrize(
    ("text", "mode", "warned"),
    [
        pytest.param("ENTRA_CLIENT_SECRET=x", 0o640, True, id="a secret that the group may read"),
        pytest.param("ENTRA_CLIENT_SECRET=x", 0o600, False, id="a secret of the owner"),
        pytest.param("LOG_LEVEL=INFO", 0o644, False, id="no secret"),
    ],
)
def test_a_loose_env_file_with_a_secret_is_mentioned(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str, mode: int, warned: bool
) -> None:
    path = dotenv(tmp_path, text)
    path.chmod(mode)
    read_settings({**SIGNED, "ENTRA_TENANT_ID": TENANT}, path)
    assert [vars(record)["file"] for record in caplog.records] == [str(path)] * warned


# Secrets


def application(**extra: str) -> dict[str, str]:
    return {**SIGNED, "ENTRA_TENANT_ID": TENANT, **extra}


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_secret_comes_from_a_file_without_the_line_break_at_its_end(tmp_path: Path, ending: str) -> None:
    path = dotenv(tmp_path, CANARY + ending)
    secret = read_settings(application(ENTRA_CLIENT_SECRET_FILE=str(path))).entra_client_secret
    assert secret
    assert secret.get_secret_value() == CANARY


@pytest.mark.parametrize("text", [PEM, PEM.replace("\n", "\\n")], ids=["line breaks", "escaped line breaks"])
def test_a_certificate_is_a_pem_text(tmp_path: Path, text: str) -> None:
    for environ in (
        {"ENTRA_CLIENT_CERTIFICATE": text},
        {"ENTRA_CLIENT_CERTIFICATE_FILE": str(dotenv(tmp_path, text))},
    ):
        pem = read_settings(application(**environ)).entra_client_certificate
        assert pem
        assert pem.get_secret_value().strip() == PEM.strip()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param(None, "no such file", id="missing"),
        pytest.param(b"\n", "the file is empty", id="empty"),
        pytest.param(b"x" * 65537, "is larger than 64 KiB", id="too large"),
        pytest.param(b"\xff\xfe", "is not UTF-8 text", id="not text"),
    ],
)
def test_a_secret_file_that_is_no_use_is_refused(tmp_path: Path, content: bytes | None, complaint: str) -> None:
    path = tmp_path / "gone" if content is None else dotenv(tmp_path, content)
    (line,) = problems(application(ENTRA_CLIENT_SECRET_FILE=str(path)))
    assert line.startswith("ENTRA_CLIENT_SECRET_FILE: ")
    assert complaint in line


@pytest.mark.parametrize("text", [f" {CANARY}\n", f"{CANARY}\n\n", f"{CANARY}\t", f"{CANARY}\nmore"])
def test_nothing_but_one_line_break_is_taken_off_a_secret(tmp_path: Path, text: str) -> None:
    (line,) = problems(application(ENTRA_CLIENT_SECRET_FILE=str(dotenv(tmp_path, text))))
    assert line.startswith("ENTRA_CLIENT_SECRET: has white space or a line break")
    assert CANARY not in line


def test_a_secret_given_twice_is_refused() -> None:
    (line,) = problems(application(ENTRA_CLIENT_SECRET=CANARY, ENTRA_CLIENT_SECRET_FILE="/x"))
    assert line == "ENTRA_CLIENT_SECRET_FILE: set together with ENTRA_CLIENT_SECRET. Unset one of them."


def test_a_secret_of_the_environment_hides_either_form_in_the_env_file(tmp_path: Path) -> None:
    path = dotenv(tmp_path, "ENTRA_CLIENT_SECRET_FILE=/nowhere\n")
    secret = read_settings(application(ENTRA_CLIENT_SECRET="mine"), path).entra_client_secret
    assert secret
    assert secret.get_secret_value() == "mine"


@posix_only
def test_a_loose_secret_file_is_mentioned(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = dotenv(tmp_path, CANARY)
    path.chmod(0o604)
    read_settings(application(ENTRA_CLIENT_SECRET_FILE=str(path)))
    assert [vars(record)["file"] for record in caplog.records] == [str(path)]


def test_secrets_do_not_show_and_are_not_pickled() -> None:
    settings = read_settings(application(ENTRA_CLIENT_SECRET=CANARY))
    for text in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump())):
        assert CANARY not in text
    assert copy.deepcopy(settings) == settings
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(settings)


@settings(deadline=None)
@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=6))
@example(CANARY)
def test_no_mistake_elsewhere_brings_a_secret_to_light(secret: str) -> None:
    marked = f"zQ{secret}Qz"
    found = problems({"ENTRA_CLIENT_SECRET": marked, "TRANSPORT": "x", "ENTRA_CLIENT_CERTIFICATE": marked})
    assert marked not in "\n".join(found)


# The demo


def test_the_demo_ignores_the_tenant_and_the_env_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    environ = {"DEMO": "true", "DEMO_SIGN_IN": "1", "ENTRA_CLIENT_ID": "bad", "ENTRA_TENNANT_ID": "x"}
    environ |= {"STATE_DIR": "/somewhere", "STATE_KEYS_FILE": "/gone", "ACCESS": "full"}
    settings = read_settings(environ, tmp_path / "gone.env", env_file_required=True)
    assert (settings.demo, settings.demo_sign_in, settings.entra_client_id) == (True, True, None)
    assert (settings.state_dir, settings.state_keys, settings.level) == (None, None, "full")
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert "ignored" in caplog.messages[0]


def test_a_demo_asked_for_in_the_env_file_keeps_what_else_stands_there(tmp_path: Path) -> None:
    path = dotenv(tmp_path, "DEMO=1\nHTTP_PORT=8080\nENTRA_CLIENT_ID=bad\n")
    settings = read_settings({"ENTRA_AUTH_MODE": "bad"}, path)
    assert (settings.demo, settings.http_port) == (True, 8080)


# What is written from the table


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION


@pytest.mark.parametrize("file", ["docs/settings.md", ".env.example"])
def test_the_written_pages_are_up_to_date(file: str, tmp_path: Path) -> None:
    write(tmp_path)
    assert (ROOT / file).read_bytes() == (tmp_path / file).read_bytes(), "run: python scripts/settings_docs.py"


def test_every_setting_is_described_and_in_a_group() -> None:
    page, example_file = settings_page(), env_example()
    for row in ROWS:
        assert row.about.group in GROUPS
        assert f"| `{row.name}` |" in page
        assert f"#{row.name}=" in example_file
    assert SECRETS == (
        "METRICS_TOKEN",
        "ENTRA_CLIENT_SECRET",
        "ENTRA_CLIENT_CERTIFICATE",
        "ENTRA_CERTIFICATE_PASSPHRASE",
        "GRAPH_ACCESS_TOKEN",
        "TOKEN_CACHE_KEY",
        "STATE_KEYS",
    )


def test_the_settings_stand_in_the_order_of_their_groups() -> None:
    assert list(dict.fromkeys(row.about.group for row in ROWS)) == list(GROUPS)
    assert [row.name for row in ROWS][:2] == ["TRANSPORT", "HTTP_HOST"]


def test_the_example_is_a_usable_env_file(tmp_path: Path) -> None:
    text = "\n".join(
        line[1:] if line.startswith("#") and "=" in line and line[1].isupper() else line
        for line in env_example().splitlines()
    )
    settings = read_settings(SIGNED, dotenv(tmp_path, text))
    assert settings == read_settings(SIGNED)
