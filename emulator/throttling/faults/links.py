"""Links that lead astray: what stands where Graph gives an address to go on with, and the worst that was thought of."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal, TypeAlias
from urllib.parse import SplitResult, urlsplit

from emulator.graph.engine.call import Answer

Link: TypeAlias = Literal["", "nextLink", "deltaLink", "uploadUrl", "downloadUrl", "resourceLocation", "Location"]

_MEMBERS: Mapping[str, str] = {
    "@odata.nextLink": "nextLink",
    "@odata.deltaLink": "deltaLink",
    "uploadUrl": "uploadUrl",
    "@microsoft.graph.downloadUrl": "downloadUrl",
    "resourceLocation": "resourceLocation",
}
_PLACEHOLDER = re.compile(r"\{(\w+)\}")

# What is in braces is taken from the link that Graph gave: {origin} is all before the path, {path} is below the
# version, {query} begins with its question mark, {other} is the other version, {here} is what was just called.
EVIL_LINKS: Mapping[str, str] = {
    "another-host": "https://graph.attacker.example/{version}/{path}{query}",
    "longer-host": "https://{host}.attacker.example/{version}/{path}{query}",
    "prefixed-host": "https://not-{host}/{version}/{path}{query}",
    "trailing-dot": "https://{host}./{version}/{path}{query}",
    "no-tls": "http://{netloc}/{version}/{path}{query}",
    "another-port": "https://{host}:8443/{version}/{path}{query}",
    "userinfo": "https://someone:secret@{netloc}/{version}/{path}{query}",
    "host-as-userinfo": "https://{host}@graph.attacker.example/{version}/{path}{query}",
    "host-as-fragment": "https://graph.attacker.example#@{host}/{version}/{path}{query}",
    "backslash": "https://graph.attacker.example\\@{host}/{version}/{path}{query}",
    "no-scheme": "//graph.attacker.example/{version}/{path}{query}",
    "loopback": "https://127.0.0.1/{version}/{path}{query}",
    "number-as-host": "https://2130706433/{version}/{path}{query}",
    "ipv6": "https://[::1]/{version}/{path}{query}",
    "metadata-service": "http://169.254.169.254/metadata/identity/oauth2/token?resource=https://{host}",
    "file": "file:///etc/passwd",
    "other-version": "{origin}/{other}/{path}{query}",
    "no-version": "{origin}/{path}{query}",
    "dot-segments": "{origin}/{version}/../{other}/{path}{query}",
    "encoded-dot-segments": "{origin}/{version}/%2e%2e/{other}/{path}{query}",
    "line-break": "{origin}/{version}/{path}{query}\r\nX-Injected: yes",
    "no-address": "not an address",
    "empty": "",
    "loop": "{here}",
}


def led_astray(target: str, link: str, here: str) -> str:
    """A target, or the preset of that name, with what it takes from the true link."""
    template = EVIL_LINKS.get(target, target)
    parts = _parts(link)
    version, _, path = parts.path.lstrip("/").partition("/")
    known = {
        "origin": f"{parts.scheme}://{parts.netloc}",
        "netloc": parts.netloc,
        "host": parts.netloc.rpartition("@")[2].partition(":")[0],
        "version": version,
        "other": "v1.0" if version == "beta" else "beta",
        "path": path,
        "query": f"?{parts.query}" if parts.query else "",
        "here": here,
    }
    return _PLACEHOLDER.sub(lambda found: known.get(found[1], found[0]), template)


def _parts(link: str) -> SplitResult:
    try:
        return urlsplit(link)
    except ValueError:  # a caller may have named any host
        return urlsplit("")


def has_link(answer: Answer, wanted: str) -> bool:
    """Whether an answer gives such an address, or any at all."""
    found: list[str] = []

    def noted(link: str) -> str:
        found.append(link)
        return link

    _mapped(answer, wanted, noted)
    return bool(found)


def with_links(answer: Answer, wanted: str, target: str, here: str) -> Answer:
    """The same answer with other addresses in it."""
    return _mapped(answer, wanted, lambda link: led_astray(target, link, here))


def _mapped(answer: Answer, wanted: str, change: Callable[[str], str]) -> Answer:
    headers = {
        name: change(value) if name == "Location" and wanted in ("", "Location") else value
        for name, value in answer.headers.items()
    }
    if not isinstance(answer.body, Mapping):
        return replace(answer, headers=headers)
    body = _changed(answer.body, wanted, change)
    members = body.get("value")
    if isinstance(members, list):
        body["value"] = [_changed(each, wanted, change) if isinstance(each, Mapping) else each for each in members]
    return replace(answer, body=body, headers=headers)


def _changed(body: Mapping[str, Any], wanted: str, change: Callable[[str], str]) -> dict[str, Any]:
    return {
        name: change(value) if name in _MEMBERS and wanted in ("", _MEMBERS[name]) and isinstance(value, str) else value
        for name, value in body.items()
    }
