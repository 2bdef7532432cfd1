"""PDF files: pypdf gives the lines of each page, their size and place; ``pdf_lines`` makes paragraphs of them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from detector.extras import need
from detector.io.documents.limits import DocumentError, Extracted, Limits, first_line
from detector.io.documents.pdf_lines import Line, paragraphs

_MARK = 0.8  # a number this much smaller than the words before it points to a footnote
_LONGEST_MARK = 3  # digits
_LARGEST_STREAM = 40_000_000  # bytes of drawing commands on one page, unpacked; prose has thousands


def extract(data: bytes, limits: Limits) -> Extracted:
    """Return the text of a PDF in one piece: headings and paragraphs, without running heads and page numbers.

    Raises :class:`DocumentError` for one that is protected, damaged, too long, or has no text.
    """
    pypdf = need("pypdf", "pdf")
    if b"%PDF-" not in data[:1024]:
        raise DocumentError("is no PDF file, whatever its name says: it does not begin with %PDF-")
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentError("is protected by a password; save a copy without one")
        count = len(reader.pages)
        if count > limits.pages:
            raise DocumentError(f"has {count:,} pages; at most {limits.pages:,} are read")
        pages = [_lines(page) for page in reader.pages]
    except pypdf.errors.DependencyError as error:
        raise DocumentError("is encrypted; to read it, run: pip install cryptography") from error
    except pypdf.errors.PyPdfError as error:
        raise DocumentError(f"the PDF file is damaged: {first_line(error)}") from error
    empty = sum(not any(line.text.strip() for line in lines) for lines in pages)
    if empty == count:
        raise DocumentError(
            "no page of it holds text, so it was probably scanned; run it through text recognition (OCR) first"
            if count
            else "the PDF file has no pages"
        )
    notes = (f"{empty} of {count} pages hold no text (pictures or scans) and were passed over",) if empty else ()
    return Extracted(("\n\n".join(paragraphs(pages)),), notes)


def _lines(page: Any) -> list[Line]:
    """Return the lines of a page in the order of the file, without the marks that point to footnotes."""
    contents = page.get_contents()
    if contents is not None and len(contents.get_data()) > _LARGEST_STREAM:
        raise DocumentError(f"one page has more than {_LARGEST_STREAM // 1_000_000} MB of drawing commands")
    pieces: list[tuple[str, float, float]] = []

    def visit(text: str, user: list[float], matrix: list[float], font: object, size: float) -> None:
        scale = abs(user[3] * matrix[3]) or abs(user[1] * matrix[1]) or 1.0
        pieces.append((text, size * scale, user[3] * matrix[5] + user[5]))

    page.extract_text(visitor_text=visit)
    return list(_joined(pieces))


def _joined(pieces: list[tuple[str, float, float]]) -> Iterator[Line]:
    """Yield lines from pieces of text with their size and height on the page."""
    text, sizes, height = "", dict[float, int](), None
    for piece, size, place in [*pieces, ("\n", 0.0, 0.0)]:
        for number, part in enumerate(piece.split("\n")):
            if number:
                if text.strip():
                    yield Line(text.strip(), max(sizes, key=lambda one: sizes[one]), height or 0.0)
                text, sizes, height = "", {}, None
            bare = part.strip()
            if not bare:
                text += part
                continue
            before = max(sizes, key=lambda one: sizes[one]) if sizes else 0.0
            if size < _MARK * before and bare.isdigit() and len(bare) <= _LONGEST_MARK and not text.endswith(" "):
                continue
            text += part
            sizes[round(size, 1)] = sizes.get(round(size, 1), 0) + len(bare)
            height = place if height is None else height
