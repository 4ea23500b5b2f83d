"""Samples as they lie in the files: requests and responses, with what the documentation garbled repaired."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

_HEADER = re.compile(r"([A-Za-z][A-Za-z-]*):[ \t]*(\S.*)")
_COMMENT = re.compile(r"(?m)^\s*//.*$|(?<=[,{\[\s])//[^\n\"]*$")
_TRAILING = re.compile(r",(\s*[}\]])")
_DOTS = re.compile(r",?\s*(?:\.\.\.|…)\s*(?=[}\]])")


@dataclass(frozen=True)
class Sample:
    """One documented exchange. `path` is still encoded as the page has it, `query` is not."""

    number: int
    page: str
    version: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: Any
    is_body_unknown: bool
    status: int
    answer_headers: Mapping[str, str]
    answer: Any
    is_truncated: bool
    is_readable: bool = field(default=True)

    @property
    def name(self) -> str:
        """How reports speak of it."""
        options = "&".join(f"{name}={value}" for name, value in self.query)
        whole = f"{self.path}?{options}" if options else self.path
        return f"{self.method} {whole if len(whole) <= _SHOWN else whole[:_SHOWN] + '...'}"

    def option(self, name: str) -> str | None:
        """A query option, with or without its dollar sign."""
        wanted = {name.lower(), f"${name.lower()}"}
        return next((value for key, value in self.query if key.strip().lower() in wanted), None)


_SHOWN = 150


def read_folder(folder: Path, only: frozenset[str] = frozenset()) -> Iterator[tuple[str, list[Sample]]]:
    """The samples of each file, by its name."""
    for file in sorted(folder.glob("*.jsonl")):
        if not only or file.stem in only:
            lines = file.read_text("utf-8").splitlines()
            records = (json.loads(line) for line in lines if line.strip())
            yield file.stem, [sample(number, record) for number, record in enumerate(records, 1)]


def sample(number: int, record: Mapping[str, Any]) -> Sample:
    """One line of a file."""
    request, response = record.get("request") or {}, record.get("response") or {}
    address = urlsplit(str(request.get("path") or ""))
    headers = {str(name).lower(): str(value) for name, value in (request.get("headers") or {}).items()}
    body, more = _request_body(request.get("body"))
    answer = repaired(response.get("body"))
    return Sample(
        number,
        str(record.get("docs_page", "")),
        str(record.get("api", "v1.0")),
        str(request.get("method") or "GET").upper(),
        _relative(address.path),
        read_query(address.query),
        headers | more,
        body,
        bool(record.get("request_body_unknown")),
        int(response.get("status") or 0),
        {str(name).lower(): str(value) for name, value in (response.get("headers") or {}).items()},
        answer,
        bool(record.get("truncated")),
        is_readable=not (isinstance(answer, str) and answer.lstrip()[:1] in {"{", "["}),
    )


def read_query(text: str) -> tuple[tuple[str, str], ...]:
    """The options of a query as people write them in documentation: inside quotes an `&` or `+` stands for itself."""
    pairs = (part.partition("=") for part in _split(text))
    return tuple((unquote(name).strip(), unquote(value).strip()) for name, _, value in pairs)


def repaired(body: Any) -> Any:  # noqa: ANN401 - JSON values
    """JSON out of text that is nearly JSON; what cannot be repaired stays text."""
    if not isinstance(body, str) or body.lstrip()[:1] not in {"{", "["}:
        return body
    text = _TRAILING.sub(r"\1", _DOTS.sub("", _COMMENT.sub("", body)))
    for candidate in (body, text):
        try:
            return json.loads(candidate, strict=False)
        except ValueError:
            continue
    return body


def _request_body(body: Any) -> tuple[Any, dict[str, str]]:  # noqa: ANN401 - JSON values
    """The body without the header lines that a page put below a blank line."""
    if not isinstance(body, str):
        return body, {}
    headers: dict[str, str] = {}
    lines = body.splitlines()
    while lines and (found := _HEADER.fullmatch(lines[0].strip())):
        headers[found[1].lower()] = found[2]
        lines = lines[1:]
    rest = "\n".join(lines).strip() if headers else body
    return (repaired(rest) if rest else None), headers


def _relative(path: str) -> str:
    for version in ("/v1.0/", "/beta/"):
        path = path.removeprefix(version)
    return "/" + path.strip("/")


def _split(text: str) -> list[str]:
    parts: list[str] = []
    quote = ""
    current = ""
    for sign in text:
        if sign in "'\"":
            quote = "" if quote == sign else quote or sign
        if sign == "&" and not quote:
            parts.append(current)
            current = ""
        else:
            current += " " if sign == "+" and not quote else sign
    return [part for part in (*parts, current) if part]
