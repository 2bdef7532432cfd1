"""DOCX files: python-docx opens them, the body is walked so that nothing inside content controls is missed."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from detector.extras import need
from detector.io.documents.limits import DocumentError, Extracted, Limits, first_line
from detector.io.documents.packed import open_packed, table

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_AROUND = {f"{_W}{name}" for name in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag")}
_NOT_TEXT = {  # deleted, drawn, or there for older programs only
    *(f"{_W}{name}" for name in ("del", "moveFrom", "drawing", "pict", "instrText", "pPr", "rPr")),
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent",
}
_BREAKS = {f"{_W}tab": " ", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_HEADING = re.compile(r"(?:heading|title|subtitle)\b", re.IGNORECASE)
_CONTENTS = re.compile(r"(?:toc|contents|table of contents)\b", re.IGNORECASE)
_LIST = re.compile(r"list\b(?! continue)", re.IGNORECASE)
_DEEPEST = 40  # tables within tables; more is made to do harm


def extract(data: bytes, limits: Limits) -> Extracted:
    """Return the text of a DOCX: headings, lists and tables in Markdown, footnotes and endnotes last.

    Heads and feet of pages, comments, deleted text and tables of contents are left out. Raises
    :class:`DocumentError` for a file that is damaged, protected, or without text.
    """
    reader = need("docx", "docx")
    etree = need("lxml.etree", "docx")
    with open_packed(data, "DOCX", limits):
        pass
    try:
        document = reader.Document(io.BytesIO(data))
    except (KeyError, ValueError, zipfile.BadZipFile, zlib.error, etree.XMLSyntaxError) as error:
        raise DocumentError(f"is no DOCX file, or a damaged one: {first_line(error)}") from error
    names = {style.style_id: style.name or "" for style in document.styles}
    blocks = [*_blocks(document.element.body, names), *_notes(document, etree)]
    text = _spaced(blocks)
    if not text.strip():
        raise DocumentError("the DOCX file holds no text (pictures only?)")
    return Extracted((text,))


def _blocks(parent: Any, names: dict[str, str], depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield kind (text, item, heading or table) and content of each block below ``parent``, in order."""
    if depth > _DEEPEST:
        raise DocumentError(f"its tables are nested more than {_DEEPEST} deep")
    for element in parent:
        if element.tag == f"{_W}p":
            yield from _paragraph(element, names)
        elif element.tag == f"{_W}tbl":
            content = table([_row(row, names, depth) for row in _below(element, f"{_W}tr")])
            if content:
                yield "table", content
        elif element.tag in _AROUND:
            yield from _blocks(element, names, depth + 1)


def _below(parent: Any, tag: str) -> Iterator[Any]:
    """Yield the children of ``parent`` with this tag, those in content controls among them."""
    for element in parent:
        if element.tag == tag:
            yield element
        elif element.tag in _AROUND:
            yield from _below(element, tag)


def _row(row: Any, names: dict[str, str], depth: int) -> list[str]:
    return ["\n\n".join(text for _, text in _blocks(cell, names, depth + 1)) for cell in _below(row, f"{_W}tc")]


def _paragraph(element: Any, names: dict[str, str]) -> Iterator[tuple[str, str]]:
    text = "".join(_words(element)).strip()
    if not text:
        return
    properties = element.find(f"{_W}pPr")
    style, listed, outline = "", False, False
    if properties is not None:
        found = properties.find(f"{_W}pStyle")
        style = names.get(found.get(f"{_W}val"), "") if found is not None else ""
        listed = properties.find(f"{_W}numPr") is not None
        outline = properties.find(f"{_W}outlineLvl") is not None
    if _CONTENTS.match(style):
        return
    if _HEADING.match(style) or (outline and not listed):
        yield "heading", "# " + " ".join(text.split())
    elif listed or _LIST.match(style):
        yield "item", "- " + text
    else:
        yield "text", text


def _words(element: Any) -> Iterator[str]:
    for child in element:
        if child.tag == f"{_W}t":
            yield child.text or ""
        elif child.tag in _BREAKS:
            yield _BREAKS[child.tag]
        elif child.tag not in _NOT_TEXT:
            yield from _words(child)


def _notes(document: Any, etree: Any) -> Iterator[tuple[str, str]]:
    """Yield the footnotes and endnotes that the text refers to; a file holds others, such as the line above them."""
    for kind in ("footnote", "endnote"):
        wanted = {mark.get(f"{_W}id") for mark in document.element.body.iter(f"{_W}{kind}Reference")}
        for relation in document.part.rels.values():
            if not wanted or relation.is_external or relation.reltype.rpartition("/")[2] != f"{kind}s":
                continue
            parser = etree.XMLParser(resolve_entities=False, no_network=True)
            for note in etree.fromstring(relation.target_part.blob, parser):
                if note.get(f"{_W}id") in wanted:
                    text = " ".join("".join(_words(paragraph)).strip() for paragraph in note.iter(f"{_W}p"))
                    yield "text", text.strip()


def _spaced(blocks: list[tuple[str, str]]) -> str:
    """Join blocks by blank lines, the items of a list by line ends."""
    text, before = "", ""
    for kind, content in blocks:
        if content:
            text += ("\n" if kind == before == "item" else "\n\n" if text else "") + content
            before = kind
    return text
