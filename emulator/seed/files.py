"""Small but valid files for attachments, made on demand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random

from emulator.graph.drives.documents import pdf, png
from emulator.graph.mail.state import Attachment

_ITEMS = ("Track spot 12W", "Linear wash 900", "Driver DALI-2", "Lens 15 deg", "Mounting kit", "Emergency module")
_SIDE = 24


def csv_file(name: str, number: int) -> Attachment:
    """A list of quantities and prices."""
    return Attachment(name, "text/csv", partial(_csv, number))


def text_file(name: str, lines: tuple[str, ...]) -> Attachment:
    """Plain notes."""
    return Attachment(name, "text/plain", "\r\n".join(lines).encode())


def pdf_file(name: str, title: str) -> Attachment:
    """One page with one line on it."""
    return Attachment(name, "application/pdf", partial(pdf, (title,)))


def png_file(name: str, number: int, *, content_id: str | None = None) -> Attachment:
    """A picture in coloured stripes; with a content id it belongs into the body."""
    return Attachment(name, "image/png", partial(png, _SIDE, _SIDE, number), content_id is not None, content_id)


def any_file(kind: str, stem: str, title: str, number: int) -> Attachment:
    """A file by its ending."""
    makers: dict[str, Callable[[], Attachment]] = {
        "csv": partial(csv_file, f"{stem}.csv", number),
        "pdf": partial(pdf_file, f"{stem}.pdf", title),
        "png": partial(png_file, f"{stem}.png", number),
        "txt": partial(text_file, f"{stem}.txt", (title, "", f"Reference {number}", "Draft, not released.")),
    }
    return makers[kind]()


def _csv(number: int) -> bytes:
    rng = Random(number)  # noqa: S311 - made-up figures
    rows = [f"{item};{rng.randint(2, 60)};{rng.randint(900, 24000) / 100:.2f}" for item in _ITEMS]
    return "\r\n".join(["Item;Quantity;Unit price EUR", *rows, ""]).encode()
