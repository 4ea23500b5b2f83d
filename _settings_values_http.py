"""What the settings of the HTTP service have to look like: addresses, names of hosts, networks, rates.

As in `_settings_values.py`, each function returns the value or raises ValueError with what is wrong and the remedy.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

from _settings_values import http_path, shown

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:.]{{2,45}}\])"
_ORIGIN = re.compile(rf"(https?)://({_HOST})(?::([0-9]{{1,5}}))?")
_HOST_AND_PORT = re.compile(rf"{_HOST}(?::[0-9]{{1,5}})?")
_RATE = re.compile(r"([1-9][0-9]{0,6})\s*(?:/|per)\s*(second|minute|hour)")
_APP_ID_URI = re.compile(r"(?:api|https)://[A-Za-z0-9._~/-]{1,240}[A-Za-z0-9._~-]")
_USUAL_PORT = {"http": 80, "https": 443}
_HIGHEST_PORT = 65535


def public_url(text: str) -> str:
    """Where clients reach the server, without the path of the MCP endpoint; no slash at its end."""
    origin, _, path = _split(text)
    if path:
        try:
            path = http_path(path)
        except ValueError:
            raise ValueError(f"{shown(text)} has a path with other characters than letters, digits and ._~-.") from None
    return f"{origin}{path}"


def _split(text: str) -> tuple[str, str, str]:
    """Origin, host and path of an address that may be shown to everybody."""
    parts = urlsplit(text)
    base = f"{parts.scheme}://{parts.netloc}"
    if not _ORIGIN.fullmatch(base) or parts.query or parts.fragment or "?" in text or "#" in text:
        raise ValueError(f"{shown(text)} is no address of a service. Write it as in https://graph.contoso.com/tools.")
    host = parts.hostname or ""
    if parts.scheme != "https" and not is_loopback(host):
        raise ValueError(f"{shown(text)} is not https. Clients send tokens there: put TLS in front, or on the server.")
    return origin(base), host, parts.path.rstrip("/")


def origin(text: str) -> str:
    """A web origin as browsers write it: lower case, no usual port, no slash at its end."""
    match = _ORIGIN.fullmatch(text.strip().removesuffix("/"))
    if match is None or int(match[3] or 1) not in range(1, _HIGHEST_PORT + 1):
        raise ValueError(f"{shown(text)} is no origin. Write scheme and host, as in https://app.contoso.com; no *.")
    port = "" if match[3] is None or int(match[3]) == _USUAL_PORT[match[1]] else f":{int(match[3])}"
    return f"{match[1]}://{match[2].lower()}{port}"


def origins(text: str) -> tuple[str, ...]:
    """Web origins by commas; a wildcard is none."""
    return tuple(dict.fromkeys(origin(each) for each in _words(text)))


def hosts(text: str) -> tuple[str, ...]:
    """Names of hosts as a Host header has them, by commas."""
    found = _words(text)
    wrong = next((each for each in found if not _HOST_AND_PORT.fullmatch(each)), None)
    if wrong is not None:
        raise ValueError(f"{shown(wrong)} is no Host. Write names by commas, as in graph.contoso.com,10.0.0.7:3000.")
    return tuple(dict.fromkeys(each.lower() for each in found))


def networks(text: str) -> tuple[Network, ...]:
    """Addresses and networks in CIDR notation, by commas."""
    return tuple(_network(each) for each in _words(text))


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        if "host bits" in str(error):
            meant = ipaddress.ip_network(text, strict=False)
            raise ValueError(f"{shown(text)} has bits beyond its mask. Write {meant} or the single address.") from None
        raise ValueError(f"{shown(text)} is no network. Write CIDR by commas, as in 10.0.0.0/8,127.0.0.1.") from None


def guids(text: str) -> tuple[str, ...]:
    """Ids of tenants or apps, by commas."""
    found = tuple(dict.fromkeys(each.lower() for each in _words(text)))
    if any(not _GUID.fullmatch(each) for each in found):
        raise ValueError("one of them is not a GUID. Copy the ids from Entra, and write them by commas.")
    return found


def rate(text: str) -> str:
    """So many in a second, a minute or an hour."""
    match = _RATE.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError(f"{shown(text)} is no rate. Write a number and a time, as in 600/minute.")
    return f"{match[1]}/{match[2]}"


def app_id_uri(text: str) -> str:
    """The Application ID URI of the API that clients ask for."""
    if not _APP_ID_URI.fullmatch(text):
        raise ValueError(
            f"{shown(text)} is no Application ID URI. Copy it from Expose an API, as in api://<client id>."
        )
    return text


def _words(text: str) -> list[str]:
    found = [each for each in re.split(r"[,\s]+", text) if each]
    if not found:
        raise ValueError("names nothing. Write one or more by commas, or unset it.")
    return found


def is_loopback(host: str) -> bool:
    """Whether a host name or a bare address means this machine and no other."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    # ::ffff:127.0.0.1 counts by its IPv4 part; Python versions differ on whether they look at that themselves.
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


PublicUrl = Annotated[str, AfterValidator(public_url)]
Origins = Annotated[tuple[str, ...], BeforeValidator(origins, json_schema_input_type=str)]
Hosts = Annotated[tuple[str, ...], BeforeValidator(hosts, json_schema_input_type=str)]
Networks = Annotated[tuple[Network, ...], BeforeValidator(networks, json_schema_input_type=str)]
Guids = Annotated[tuple[str, ...], BeforeValidator(guids, json_schema_input_type=str)]
Rate = Annotated[str, AfterValidator(rate)]
AppIdUri = Annotated[str, AfterValidator(app_id_uri)]
