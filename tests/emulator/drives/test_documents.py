"""Documents made from text, and the text in documents."""

from __future__ import annotations

import io
import zipfile
import zlib
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.graph.drives import documents
from emulator.graph.drives.files import Content, becomes_pdf, ending, has_thumbnails, kind_in_words, media_type


def test_a_word_document_holds_its_paragraphs() -> None:
    data = documents.docx(["Plan & budget", "Second <line>"])
    assert documents.text_of("a.docx", data).splitlines() == ["Plan & budget", "Second <line>"]


def test_a_workbook_holds_texts_and_numbers() -> None:
    data = documents.xlsx([["Item", "Price"], ["Lamp", 12.5]])
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
    assert "<v>12.5</v>" in sheet
    assert documents.text_of("a.xlsx", data).splitlines() == ["Item", "Price", "Lamp"]


@pytest.mark.parametrize(
    "data",
    [pytest.param(documents.docx(["x"]), id="document"), pytest.param(documents.xlsx([["x"]]), id="workbook")],
)
def test_every_part_of_an_office_file_is_well_formed(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert package.testzip() is None
        for name in package.namelist():
            ElementTree.fromstring(package.read(name))  # noqa: S314 - our own text


def test_a_pdf_holds_its_lines_and_knows_where_its_objects_are() -> None:
    data = documents.pdf(["First (line)", "Second \\ line"])
    assert documents.text_of("a.pdf", data).splitlines() == ["First (line)", "Second \\ line"]
    start = int(data.rpartition(b"startxref\n")[2].split()[0])
    assert data[start : start + 4] == b"xref"


def test_a_picture_has_the_size_that_it_was_asked_for() -> None:
    data = documents.png(30, 20, 5)
    assert documents.size_of_png(data) == (30, 20)
    body = data[data.index(b"IDAT") + 4 : data.index(b"IEND") - 8]
    assert len(zlib.decompress(body)) == 20 * (1 + 30 * 3)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x89PNG\r\n\x1a\n", id="a head only"),
        pytest.param(b"JFIF" * 9, id="another kind"),
    ],
)
def test_what_is_no_picture_has_no_size(data: bytes) -> None:
    assert documents.size_of_png(data) is None


@given(st.binary(max_size=300), st.sampled_from(["docx", "pdf", "txt", "bin", "xlsx"]))
def test_any_bytes_have_some_text_whatever_they_are_called(data: bytes, tail: str) -> None:
    assert isinstance(documents.text_of(f"a.{tail}", data), str)


def test_a_broken_part_of_a_package_has_no_text() -> None:
    data = bytearray(documents.docx(["Words in it"]))
    data[60:70] = b"0123456789"
    assert isinstance(documents.text_of("a.docx", bytes(data)), str)


def test_values_are_parted_by_semicolons() -> None:
    assert documents.csv([["a", 1], ["b", 2.5]]) == b"a;1\r\nb;2.5\r\n"


def test_a_name_says_what_a_file_is() -> None:
    assert media_type("A.PNG") == "image/png"
    assert media_type("none") == "application/octet-stream"
    assert ending("none") == ""
    assert becomes_pdf("a.docx")
    assert not becomes_pdf("a.zip")
    assert has_thumbnails("a.pdf")
    assert kind_in_words("a.xlsx") == "Excel"
    assert kind_in_words("a.q") == "Other"


def test_content_is_made_when_it_is_first_read_and_only_then() -> None:
    made: list[int] = []

    def make() -> bytes:
        made.append(1)
        return b"12345"

    content = Content(make)
    assert made == []
    assert (content.size, content.data, content.text("a.txt")) == (5, b"12345", "12345")
    assert made == [1]
