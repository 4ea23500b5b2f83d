"""What a setting's text has to look like, and what it becomes.

Each function takes the text as given and returns the value, or raises ValueError with
what is wrong and the remedy; whoever calls it puts the setting's name in front. Text in
which people paste secrets by mistake (ids, URLs) is not repeated in the message.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SecretStr

from clouds import CLOUDS, SHARED_TENANTS, cloud_of_login_host

TOKEN_CACHE = Path("~/.mcp_token_cache.json")
_ADDED_BY_MSAL = {"openid", "profile", "offline_access"}
_OF_NO_API = _ADDED_BY_MSAL | {"email"}
_RESERVED_PATHS = {"/healthz", "/readyz", "/metrics"}

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
_AUTHORITY = re.compile(r"https://([A-Za-z0-9.-]+)(?:/([^/]*)/?)?", re.IGNORECASE | re.ASCII)
_LOOPBACK = re.compile(r"http://(?:localhost|127\.0\.0\.1)(?::([0-9]{1,5}))?(?:/[A-Za-z0-9._~/-]*)?")
_SCOPE = re.compile(r"[!#-\[\]-~]+")
_PERMISSION = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)+")
_TOOL = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,39}")
_UPN = re.compile(r"[^\s@/\\\"'<>()\[\]:;,]{1,64}@(.+)")
_HIGHEST_PORT = 65535
_LONGEST_SHOWN = 60


def host(text: str) -> str:
    """The address to listen on: a name, an IPv4 or an IPv6 address, without a port."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if _is_address(bare) or _HOST.fullmatch(bare):
        return bare
    raise ValueError(f"{shown(text)} is not a host name or an IP address. Leave out scheme, port and path.")


def http_path(text: str) -> str:
    """The path of the MCP endpoint, without a slash at its end."""
    path = text.removesuffix("/")
    if not _PATH.fullmatch(path):
        raise ValueError(
            f"{shown(text)} is not a path for the MCP endpoint. It starts with one / and has letters, digits and "
            "._~- between single slashes, as in /mcp."
        )
    if path in _RESERVED_PATHS:
        raise ValueError(f"{shown(text)} is taken by a health check or the metrics. Choose another path, as in /mcp.")
    return path


def tenant(text: str) -> str:
    """A tenant as Entra takes it in a URL; ids and domains have no case."""
    # The text itself is looked at: in lower case the Kelvin sign, for one, is an ordinary k.
    known = text.lower()
    if known in SHARED_TENANTS or _GUID.fullmatch(text) or _DOMAIN.fullmatch(text):
        return known
    raise ValueError(
        "not a tenant id (GUID), a verified domain such as contoso.onmicrosoft.com, or one of "
        f"{', '.join(SHARED_TENANTS)}. Copy the Directory (tenant) ID from the app's overview in Entra."
    )


def client_id(text: str) -> str:
    """The application (client) id of an app registration."""
    if _GUID.fullmatch(text):
        return text.lower()
    raise ValueError("not a GUID. Copy the Application (client) ID from the app's overview in Entra.")


def authority(text: str) -> str:
    """A sign-in URL of a Microsoft cloud, with its tenant if it names one."""
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        raise ValueError(
            "not a sign-in URL. Write https://HOST/TENANT, with no user, port, query, fragment or further path."
        )
    login_host, path = match[1].lower(), match[2] or ""
    if cloud_of_login_host(login_host) is None:
        raise ValueError(f"not a sign-in host of Microsoft. Use one of {', '.join(_login_hosts())}.")
    return f"https://{login_host}/{_tenant_in(path)}" if path else f"https://{login_host}"


def redirect_uri(text: str) -> str:
    """Where the browser comes back to: this computer, because nobody else may see the code."""
    match = _LOOPBACK.fullmatch(text)
    if match is None or int(match[1] or 0) > _HIGHEST_PORT:
        raise ValueError(
            "not a loopback URI. Write http://localhost, with a port and path if the app registration has them."
        )
    return text


def scopes(text: str) -> tuple[str, ...]:
    """Scopes from a comma or space list, without those that MSAL adds itself."""
    named = tuple(dict.fromkeys(re.split(r"[,\s]+", text.strip(", \t\r\n"))))
    wanted = tuple(scope for scope in named if scope and scope.lower() not in _ADDED_BY_MSAL)
    if not all(_SCOPE.fullmatch(scope) for scope in wanted):
        raise ValueError("a scope has a character that no scope may have. Write names such as Mail.Read, by commas.")
    if len(wanted) > 1 and any(scope.lower().endswith(".default") for scope in wanted):
        raise ValueError(".default stands for all consented permissions. Name it alone, or name single permissions.")
    return wanted


def toolsets(text: str) -> tuple[str, ...]:
    """Names of toolsets from a comma list; the catalogue knows which exist."""
    names = tuple(dict.fromkeys(name.strip().lower() for name in text.split(",") if name.strip()))
    if not names:
        raise ValueError("names no toolset. Write a comma list such as account,mail, or default, or all.")
    return names


def tool_names(text: str) -> tuple[str, ...]:
    """Names of tools from a comma list; the catalogue knows which exist."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise ValueError("names no tool. Write a comma list such as mail_search,calendar_create_event.")
    wrong = [name for name in names if not _TOOL.fullmatch(name)]
    if wrong:
        raise ValueError(f"{shown(wrong[0])} is not a tool's name. Write names such as mail_search, by commas.")
    return names


def permissions(text: str) -> tuple[str, ...]:
    """Permissions of Graph from a comma or space list, without those that concern the sign-in alone."""
    named = dict.fromkeys(name for name in re.split(r"[,\s]+", text) if name and name.lower() not in _OF_NO_API)
    wrong = next((name for name in named if not _PERMISSION.fullmatch(name)), None)
    if wrong is not None:
        raise ValueError(
            f"{shown(wrong)} is not a permission of Graph. Write names such as Mail.Read or Files.Read.All, by commas, "
            "without a URL; .default names none."
        )
    if not named:
        raise ValueError("names no permission of Graph. Write names such as Mail.Read, by commas.")
    return tuple(named)


def mailbox(text: str) -> str:
    """Whose mailbox application mode works in."""
    match = _UPN.fullmatch(text)
    if _GUID.fullmatch(text) or (match and _DOMAIN.fullmatch(match[1])):
        return text
    raise ValueError(f"{shown(text)} is not a user. Write a user principal name (name@contoso.com) or an object id.")


def client_secret(secret: SecretStr) -> SecretStr:
    """A client secret, as Entra shows it once."""
    text = secret.get_secret_value()
    if text != text.strip() or not text.isprintable():
        raise ValueError("has white space or a line break at an end, or an unprintable character in it. Copy it again.")
    return secret


def certificate(secret: SecretStr) -> SecretStr:
    """A PEM text with certificate and private key; a literal \\n stands for a line break."""
    text = secret.get_secret_value()
    pem = text if "\n" in text else text.replace("\\n", "\n")
    if "-----BEGIN CERTIFICATE-----" not in pem or "PRIVATE KEY-----" not in pem:
        raise ValueError("not a PEM text with both the certificate and its private key. Put both in one file.")
    return SecretStr(pem)


def managed_identity(text: str) -> str:
    """`system` for the machine's own identity, or the client id of a user-assigned one."""
    known = text.lower()
    if known == "system" or _GUID.fullmatch(known):
        return known
    raise ValueError("not system, nor the client id (GUID) of a user-assigned managed identity.")


def local_path(value: Path) -> Path:
    """A path, with ~ as this user's home."""
    try:
        return value.expanduser()
    except RuntimeError:
        raise ValueError("starts with ~, and this account has no home directory. Write the whole path.") from None


def default_token_cache() -> Path:
    """The cache in this user's home; with ~ still in it where there is none, as the demo needs no cache."""
    try:
        return TOKEN_CACHE.expanduser()
    except RuntimeError:
        return TOKEN_CACHE


def shown(value: object) -> str:
    """A value as a message repeats it: short, on one line."""
    text = str(value)
    return ascii(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}...")


def _tenant_in(path: str) -> str:
    try:
        return tenant(path)
    except ValueError as error:
        raise ValueError(f"its path is {error}") from None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _login_hosts() -> list[str]:
    return list(dict.fromkeys(name for cloud in CLOUDS.values() for name in cloud.login_hosts))


Host = Annotated[str, AfterValidator(host)]
HttpPath = Annotated[str, AfterValidator(http_path)]
Tenant = Annotated[str, AfterValidator(tenant)]
ClientId = Annotated[str, AfterValidator(client_id)]
Authority = Annotated[str, AfterValidator(authority)]
RedirectUri = Annotated[str, AfterValidator(redirect_uri)]
Mailbox = Annotated[str, AfterValidator(mailbox)]
LocalPath = Annotated[Path, AfterValidator(local_path)]
Scopes = Annotated[tuple[str, ...], BeforeValidator(scopes, json_schema_input_type=str)]
Toolsets = Annotated[tuple[str, ...], BeforeValidator(toolsets, json_schema_input_type=str)]
ToolNames = Annotated[tuple[str, ...], BeforeValidator(tool_names, json_schema_input_type=str)]
Permissions = Annotated[tuple[str, ...], BeforeValidator(permissions, json_schema_input_type=str)]
ClientSecret = Annotated[SecretStr, AfterValidator(client_secret)]
ManagedIdentity = Annotated[str, AfterValidator(managed_identity)]
Certificate = Annotated[SecretStr, AfterValidator(certificate)]
