"""Small but valid documents made from text, and the text in documents that others made."""

from __future__ import annotations

import html
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence

from emulator.png import COLOUR, SIGNATURE, drawn

_DATE = (2025, 1, 1, 0, 0, 0)
_MOST_TEXT = 2_000_000
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_OFFICE_MIME = "application/vnd.openxmlformats-officedocument"
_TEXT_IN_XML = re.compile(rb"<(?:w:|a:)?t(?:\s[^>]*)?>([^<]*)</(?:w:|a:)?t>")
_TEXT_IN_PDF = re.compile(rb"\(((?:\\.|[^()\\])*)\)\s*Tj")
_PLAIN = frozenset({"txt", "csv", "md", "json", "xml", "html", "htm", "log", "eml"})
_LINES_A_PAGE = 45


def docx(paragraphs: Sequence[str]) -> bytes:
    """A Word document."""
    text = "".join(f'<w:p><w:r><w:t xml:space="preserve">{html.escape(line)}</w:t></w:r></w:p>' for line in paragraphs)
    body = f'<w:document xmlns:w="{_WORD}"><w:body>{text}</w:body></w:document>'
    return _package(
        "word/document.xml", f"{_OFFICE_MIME}.wordprocessingml.document.main+xml", {"word/document.xml": body}
    )


def xlsx(rows: Sequence[Sequence[str | float]]) -> bytes:
    """A workbook of one sheet."""
    lines = "".join(f"<row>{''.join(_cell(value) for value in row)}</row>" for row in rows)
    sheets = '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets>'
    parts = {
        "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}">{sheets}</workbook>',
        "xl/_rels/workbook.xml.rels": _relations("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_SHEET}"><sheetData>{lines}</sheetData></worksheet>',
    }
    return _package("xl/workbook.xml", f"{_OFFICE_MIME}.spreadsheetml.sheet.main+xml", parts)


def pdf(lines: Sequence[str]) -> bytes:
    """One page of text."""
    shown = b" ".join(b"(%s) Tj T*" % _escaped(line) for line in lines[:_LINES_A_PAGE])
    stream = b"BT /F1 11 Tf 15 TL 64 780 Td " + shown + b" ET"
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    out, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    tail = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
    return out + tail % (size, table, size, len(out))


def png(width: int, height: int, number: int) -> bytes:
    """A picture of upright stripes in two colours that the number chooses."""
    light, dark = (bytes((number * step % 120 + 110, number * 7 % 100 + 90, 200)) for step in (3, 11))
    stripe = max(1, width // 8)
    row = b"\x00" + b"".join(light if column // stripe % 2 else dark for column in range(width))
    return drawn(width, height, COLOUR, row * height)


def csv(rows: Sequence[Sequence[str | float]]) -> bytes:
    """Values parted by semicolons."""
    return "\r\n".join(";".join(map(str, row)) for row in (*rows, ())).encode()


def size_of_png(data: bytes) -> tuple[int, int] | None:
    """Width and height, if it is such a picture."""
    if data[:8] != SIGNATURE or data[12:16] != b"IHDR" or len(data) < 24:
        return None
    width, height = struct.unpack(">II", data[16:24])
    return int(width), int(height)


def text_of(name: str, data: bytes) -> str:
    """The words in a file, as far as they can be had."""
    ending = name.rpartition(".")[2].lower()
    if ending in _PLAIN:
        return data[:_MOST_TEXT].decode("utf-8", "replace")
    if ending == "pdf":
        found = _TEXT_IN_PDF.findall(data[:_MOST_TEXT])
        return "\n".join(re.sub(rb"\\(.)", rb"\1", line).decode("latin-1") for line in found)
    return _text_in_package(data) if ending in {"docx", "xlsx", "pptx"} else ""


def _text_in_package(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            members = [member for member in package.infolist() if member.filename.endswith(".xml")]
            words = [word for member in members for word in _words(package, member)]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError):
        # Whoever sent the file named it so; it need not be one.
        return ""
    return "\n".join(words)


def _words(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> list[str]:
    with package.open(member) as part:
        found = _TEXT_IN_XML.findall(part.read(_MOST_TEXT))
    return [html.unescape(text.decode("utf-8", "replace")) for text in found]


def _package(main: str, kind: str, parts: Mapping[str, str]) -> bytes:
    defaults = (
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
    )
    sheet = f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_OFFICE_MIME}.spreadsheetml.worksheet+xml"/>'
    override = f'<Override PartName="/{main}" ContentType="{kind}"/>' + (sheet if "xl/" in main else "")
    every = {
        "[Content_Types].xml": f'<Types xmlns="{_TYPES}">{defaults}{override}</Types>',
        "_rels/.rels": _relations("officeDocument", main),
        **parts,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in every.items():
            package.writestr(zipfile.ZipInfo(name, _DATE), f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return out.getvalue()


def _relations(kind: str, target: str) -> str:
    link = f'<Relationship Id="rId1" Type="{_OFFICE}/{kind}" Target="{target}"/>'
    return f'<Relationships xmlns="{_RELATIONS}">{link}</Relationships>'


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{html.escape(value)}</t></is></c>'
    return f"<c><v>{value}</v></c>"


def _escaped(line: str) -> bytes:
    return line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)").encode("latin-1", "replace")
