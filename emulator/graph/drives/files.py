"""What is in a file, and what its name says of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from emulator.graph.drives.documents import text_of
from emulator.graph.drives.hashes import hashes_of

_OFFICE = "application/vnd.openxmlformats-officedocument"
_TYPES = {
    "bmp": "image/bmp",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": f"{_OFFICE}.wordprocessingml.document",
    "eml": "message/rfc822",
    "gif": "image/gif",
    "htm": "text/html",
    "html": "text/html",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "json": "application/json",
    "md": "text/markdown",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "pdf": "application/pdf",
    "png": "image/png",
    "pptx": f"{_OFFICE}.presentationml.presentation",
    "rtf": "application/rtf",
    "svg": "image/svg+xml",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "txt": "text/plain",
    "xls": "application/vnd.ms-excel",
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    "xml": "application/xml",
    "zip": "application/zip",
}
_BECOME_PDF = frozenset(
    {
        "csv", "doc", "docx", "epub", "eml", "htm", "html", "md", "msg", "odp", "ods", "odt", "pps", "ppsx", "ppt",
        "pptx", "rtf", "tif", "tiff", "xls", "xlsm", "xlsx",
    }
)  # fmt: skip
_HAVE_THUMBNAILS = frozenset(
    {"bmp", "doc", "docx", "gif", "jpeg", "jpg", "mp4", "pdf", "png", "pptx", "tif", "tiff", "xls", "xlsx"}
)
_WORDS = {"doc": "Word", "docx": "Word", "xls": "Excel", "xlsx": "Excel", "pptx": "PowerPoint", "pdf": "Pdf",
          "csv": "Csv", "txt": "Text", "png": "Image", "jpg": "Image", "jpeg": "Image", "gif": "Image"}  # fmt: skip


class Content:
    """The bytes of one version of a file; those that are made up are made when they are first read."""

    def __init__(self, source: bytes | Callable[[], bytes]) -> None:
        self._source = source

    @cached_property
    def data(self) -> bytes:
        return self._source if isinstance(self._source, bytes) else self._source()

    @property
    def size(self) -> int:
        return len(self.data)

    @cached_property
    def hashes(self) -> dict[str, str]:
        """The hashes of the `file` facet."""
        return hashes_of(self.data)

    def text(self, name: str) -> str:
        """The words in it, for a file of this name."""
        return text_of(name, self.data)


EMPTY = Content(b"")


def ending(name: str) -> str:
    """What stands behind the last dot, in lower case."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def media_type(name: str) -> str:
    """The MIME type that a name stands for; of its own list, so that every machine says the same."""
    return _TYPES.get(ending(name), "application/octet-stream")


def becomes_pdf(name: str) -> bool:
    """Whether the service converts such a file."""
    return ending(name) in _BECOME_PDF


def has_thumbnails(name: str) -> bool:
    """Whether the service draws pictures of such a file."""
    return ending(name) in _HAVE_THUMBNAILS


def is_image(name: str) -> bool:
    return media_type(name).startswith("image/")


def kind_in_words(name: str) -> str:
    """How the service names the kind of document."""
    return _WORDS.get(ending(name), "Other")
