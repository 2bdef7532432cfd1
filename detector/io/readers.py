"""Files to items, in order: one reader per extension, errors as items in their place.

A new format is one function ``(path, stream, fields) -> items`` and one line in ``READERS``.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import BinaryIO, cast

from detector.io.decode import NotTextError, decode
from detector.io.documents.readers import read_docx, read_epub, read_page, read_pdf
from detector.io.parquet import count_rows, read_parquet
from detector.io.records import Item
from detector.io.rows import Fields, read_csv, read_jsonl, read_tsv
from detector.io.sources import STDIN, Source, refuse_special, unreadable_sentence

Reader = Callable[[str, BinaryIO, Fields], Iterator[Item]]


def read_text(path: str, stream: BinaryIO, fields: Fields) -> Iterator[Item]:
    """Yield the whole file as one item; markup stays, so that offsets index the file."""
    try:
        text, notes = decode(stream.read())
    except NotTextError as error:
        yield Item(path, error=str(error))
    else:
        yield Item(path, text, notes=notes)


def read_html(path: str, stream: BinaryIO, fields: Fields) -> Iterator[Item]:
    """Yield a web page as one item: as it stands, markup and all, or the main text that ``fields.html`` asks for."""
    return (read_text if fields.html == "whole" else read_page)(path, stream, fields)


READERS: dict[str, Reader] = {
    ".txt": read_text,
    ".md": read_text,
    ".html": read_html,
    ".htm": read_html,
    ".pdf": read_pdf,
    ".docx": read_docx,
    ".epub": read_epub,
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".csv": read_csv,
    ".tsv": read_tsv,
    ".jsonl.gz": read_jsonl,
    ".ndjson.gz": read_jsonl,
    ".csv.gz": read_csv,
    ".tsv.gz": read_tsv,
    ".parquet": read_parquet,
}
EXTENSIONS = tuple(READERS)
AS_IT_STANDS = (read_text, read_html)  # the offsets of what they give index the file, unless it says otherwise
_ONE_TEXT = (*AS_IT_STANDS, read_pdf, read_docx)


def reader_for(path: str) -> Reader:
    """Return the reader of ``path``; a file without a known extension is read as plain text."""
    return next((read for ending, read in READERS.items() if path.lower().endswith(ending)), read_text)


def gives_new_text(path: str, fields: Fields) -> bool:
    """Return whether what is read from ``path`` is a text that stands in no file, as that of a PDF does."""
    reader = read_html if path == STDIN else reader_for(path)  # a page may come by standard input
    return reader in (read_pdf, read_docx, read_epub) or (reader is read_html and fields.html != "whole")


def read(
    sources: Iterable[Source], fields: Fields, *, stdin_rows: bool = False, skip: int = 0
) -> Iterator[Item]:
    """Yield the items of ``sources``, in order and one at a time, without the ``skip`` first ones of the first source.

    Standard input is one text, or JSONL when ``stdin_rows`` is set. What cannot be
    read is an item with an error; it never stops the rest.
    """
    for source in sources:
        if source.error is not None:
            yield Item(source.path, error=source.error, path=source.path)
        elif source.path == STDIN:
            reader = read_jsonl if stdin_rows else read_text if fields.html == "whole" else read_html
            if sys.stdin is None:
                yield Item(STDIN, error="standard input is closed; give a file or pipe a text")
                continue
            yield from _guard(STDIN, reader(STDIN, sys.stdin.buffer, fields))
        else:
            yield from _guard(source.path, _read_file(source.path, fields, skip))
        skip = 0


def count_texts(sources: Iterable[Source], *, stdin_rows: bool = False) -> int | None:
    """Return how many items ``sources`` will give, None when only reading them tells."""
    total = 0
    for source in sources:
        reader = reader_for(source.path)
        rows = stdin_rows if source.path == STDIN else reader not in _ONE_TEXT
        if reader is read_parquet and source.error is None:
            total += count_rows(source.path)
            continue
        if rows and source.error is None:
            return None
        total += 1
    return total


def _read_file(path: str, fields: Fields, skip: int) -> Iterator[Item]:
    refusal = refuse_special(path)
    if refusal is not None:
        yield Item(path, error=refusal)
        return
    reader = reader_for(path)
    with _open(path) as stream:
        if reader is read_parquet:  # it passes over whole row groups
            yield from read_parquet(path, stream, fields, skip)
        else:
            yield from islice(reader(path, stream, fields), skip, None)


def _open(path: str) -> BinaryIO:
    if path.lower().endswith(".gz") and reader_for(path) is not read_text:
        import gzip

        return cast(BinaryIO, gzip.open(path, "rb"))
    return open(path, "rb")  # the caller closes it


def _guard(path: str, items: Iterator[Item]) -> Iterator[Item]:
    """Pass ``items`` on; a failure to read ends them with one error item."""
    after = ""
    try:
        for item in items:
            yield replace(item, path=path)
            after = f" (the last record read is {item.id})" if item.id != path else ""
    except EOFError:
        yield Item(path, error=f"the gzip file is cut short{after}")
    except zlib.error as error:
        yield Item(path, error=f"the gzip file is damaged: {error}{after}")
    except OSError as error:
        yield Item(path, error=f"{unreadable_sentence(error)}{after}")
