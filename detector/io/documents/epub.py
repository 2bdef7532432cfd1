"""EPUB files: ebooklib finds the chapters and their order; each chapter is a text of its own."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from itertools import dropwhile
from typing import Any

from detector.extras import need
from detector.io.documents.limits import DocumentError, Extracted, Limits, first_line
from detector.io.documents.packed import open_packed, table

_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")  # fonts may be scrambled, not text
_SKIPPED = {"head", "nav", "script", "style", "svg", "math", "audio", "video", "iframe", "template", "noscript"}
_BLOCKS = set(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer form "
    "header hr html main ol p pre section summary ul".split()
)
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_NOTE_MARK = re.compile(r"[\[(]?\d{1,3}[\])]?|[*†‡↩↑^]+\ufe0e?")
_DEEPEST = 200  # elements within elements; more is made to do harm
_FEWEST_WORDS = 20  # in a chapter; a shorter one is a title page or a picture


def extract(data: bytes, limits: Limits) -> Extracted:
    """Return the chapters of an EPUB in reading order, headings, lists and tables in Markdown.

    A section of under 20 words (title page, picture) is no chapter, unless the book has no other. Raises
    :class:`DocumentError` for a book that is damaged, protected, or without text.
    """
    epub = need("ebooklib.epub", "epub")
    etree = need("lxml.etree", "epub")
    with open_packed(data, "EPUB", limits) as archive:
        _refuse_protected(archive)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = epub.read_epub(io.BytesIO(data), {"ignore_ncx": True})
    except (epub.EpubException, KeyError, zipfile.BadZipFile, zlib.error, etree.XMLSyntaxError) as error:
        raise DocumentError(f"is no EPUB file, or a damaged one: {first_line(error)}") from error
    parts = [text for text in (_chapter(item.get_content()) for item in _spine(book, epub)) if text]
    if not parts:
        raise DocumentError("the EPUB file holds no text (pictures only?)")
    chapters = [text for text in parts if len(text.split()) >= _FEWEST_WORDS]
    passed = len(parts) - len(chapters)
    notes = (f"{passed} sections of under {_FEWEST_WORDS} words were passed over",) if chapters and passed else ()
    return Extracted(tuple(chapters or parts), notes)


def _refuse_protected(archive: zipfile.ZipFile) -> None:
    try:
        listed = archive.read("META-INF/encryption.xml").decode("utf-8", "replace")
    except KeyError:
        return
    if listed.count("<EncryptionMethod") + listed.count(":EncryptionMethod ") > sum(map(listed.count, _FONTS)):
        raise DocumentError("is protected against copying (DRM); only books without it can be read")


def _spine(book: Any, epub: Any) -> Iterator[Any]:
    """Yield the documents of the book in reading order, without tables of contents and what is read aside."""
    for name, linear in book.spine:
        item = book.get_item_with_id(name)
        if isinstance(item, epub.EpubHtml) and not isinstance(item, epub.EpubNav) and linear != "no":
            yield item


def _chapter(data: bytes) -> str:
    html = need("lxml.html", "epub")
    if not data.strip():
        return ""
    root = html.document_fromstring(data, parser=html.HTMLParser(encoding="utf-8"), ensure_head_body=True)
    body = root.find("body")
    pieces = list(_pieces(root if body is None else body))
    blocks = ["".join(piece) for piece in _split(pieces)]
    lines = [" ".join(block.split()) if not block.startswith("\0") else block[1:] for block in blocks]
    return "\n\n".join(line for line in lines if line.strip(" #-"))


def _pieces(element: Any, depth: int = 0) -> Iterator[str | None]:
    """Yield the words below ``element`` in order, None where a block begins or ends."""
    if depth > _DEEPEST:
        raise DocumentError(f"a chapter nests more than {_DEEPEST} elements in one another")
    tag = element.tag if isinstance(element.tag, str) else ""  # comments have no name
    if not tag or tag in _SKIPPED or _is_note_mark(element):
        return
    if tag == "table":
        rows = [[_flat(cell) for cell in row.iter("td", "th")] for row in element.iter("tr")]
        yield from (None, "\0" + table(rows), None)
        return
    inside = _inside(element, depth)
    if tag in _HEADINGS or tag == "li":
        words = list(dropwhile(lambda piece: piece is None or not piece.strip(), inside))
        yield from (None, "- " if tag == "li" else "# ", *words, None)
    elif tag in _BLOCKS:
        yield from (None, *inside, None)
    else:
        yield " " if tag == "br" else ""
        yield from inside


def _inside(element: Any, depth: int) -> Iterator[str | None]:
    yield element.text or ""
    for child in element:
        yield from _pieces(child, depth + 1)
        yield child.tail or ""


def _is_note_mark(element: Any) -> bool:
    """Tell whether an element is the number that leads to a footnote or back from it."""
    if element.get("{http://www.idpf.org/2007/ops}type", element.get("epub:type")) in ("noteref", "backlink"):
        return True
    return element.tag in ("sup", "a") and _NOTE_MARK.fullmatch(_flat(element)) is not None


def _flat(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def _split(pieces: list[str | None]) -> Iterator[list[str]]:
    block: list[str] = []
    for piece in pieces:
        if piece is None:
            yield block
            block = []
        else:
            block.append(piece)
    yield block
