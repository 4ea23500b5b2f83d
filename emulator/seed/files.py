"""Small but valid files for attachments, made on demand."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import partial
from random import Random

from emulator.graph.mail.state import Attachment

_ITEMS = ("Track spot 12W", "Linear wash 900", "Driver DALI-2", "Lens 15 deg", "Mounting kit", "Emergency module")


def csv_file(name: str, number: int) -> Attachment:
    """A list of quantities and prices."""
    return Attachment(name, "text/csv", partial(_csv, number))


def text_file(name: str, lines: tuple[str, ...]) -> Attachment:
    """Plain notes."""
    return Attachment(name, "text/plain", "\r\n".join(lines).encode())


def pdf_file(name: str, title: str) -> Attachment:
    """One page with one line on it."""
    return Attachment(name, "application/pdf", partial(_pdf, title))


def png_file(name: str, number: int, *, content_id: str | None = None) -> Attachment:
    """A plan drawn in coloured squares; with a content id it belongs into the body."""
    return Attachment(name, "image/png", partial(_png, number), content_id is not None, content_id)


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


def _pdf(title: str) -> bytes:
    shown = title.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)").encode("latin-1", "replace")
    stream = b"BT /F1 18 Tf 72 760 Td (" + shown + b") Tj ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    tail = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
    return out + tail % (len(objects) + 1, table, len(objects) + 1, len(out))


def _png(number: int, side: int = 24) -> bytes:
    rng = Random(number)  # noqa: S311 - made-up colours
    row = b"\x00" + b"".join(bytes((rng.randint(90, 250), rng.randint(90, 250), 200)) for _ in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(row * side)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
