"""Readers of documents, as :data:`detector.io.readers.READERS` wants them: the text that comes out is new."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from detector.io.documents.limits import DocumentError, Limits
from detector.io.records import Item
from detector.io.rows import Fields

LIMITS = Limits()


def read_pdf(path: str, stream: BinaryIO, fields: Fields) -> Iterator[Item]:
    """Yield the text of a PDF file as one item."""
    yield from _items(path, stream, "pdf")


def read_docx(path: str, stream: BinaryIO, fields: Fields) -> Iterator[Item]:
    """Yield the text of a DOCX file as one item."""
    yield from _items(path, stream, "docx")


def read_epub(path: str, stream: BinaryIO, fields: Fields) -> Iterator[Item]:
    """Yield one item a chapter of an EPUB file: ``path:1`` is the first, and ``line`` the number of the chapter."""
    for number, item in enumerate(_items(path, stream, "epub"), 1):
        yield item if item.error is not None else replace(item, id=f"{path}:{number}", line=number)


def read_page(path: str, stream: BinaryIO, fields: Fields) -> Iterator[Item]:
    """Yield the main text of a web page as one item, read as ``fields.html`` says: ``main`` or ``bulk``."""
    yield from _items(path, stream, "bulk" if fields.html == "bulk" else "page")


def _items(path: str, stream: BinaryIO, kind: str) -> Iterator[Item]:
    """Yield the texts of a document, notes with the first, or one error item."""
    from detector.io.documents.worker import extract  # starts a process; most runs need none

    data = stream.read(LIMITS.bytes + 1)
    try:
        if not data:
            raise DocumentError("the file is empty (0 bytes)")
        if len(data) > LIMITS.bytes:
            raise DocumentError(f"is larger than {LIMITS.bytes / 1e6:,.0f} MB, the most that is read of one document")
        found = extract(kind, data, LIMITS)
    except DocumentError as error:
        yield Item(path, error=str(error))
        return
    for place, text in enumerate(found.texts):
        yield Item(path, text, notes=() if place else found.notes, extracted=True)
