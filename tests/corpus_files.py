"""The known attacks under tests/corpus, read with their invisible characters put in."""

from __future__ import annotations

import re
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"

_NUMBERED = re.compile(r"\{U\+([0-9A-F]{4,6})\}")


def texts() -> dict[str, str]:
    """Plain text, Markdown and mail by file name."""
    return {path.name: _read(path) for path in _files() if path.suffix in {".txt", ".eml"}}


def pages() -> dict[str, str]:
    """HTML by file name."""
    return {path.name: _read(path) for path in _files() if path.suffix == ".html"}


def _files() -> list[Path]:
    return sorted(path for path in CORPUS.iterdir() if path.is_file())


def _read(path: Path) -> str:
    return _NUMBERED.sub(lambda found: chr(int(found[1], 16)), path.read_text("utf-8"))
