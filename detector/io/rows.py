"""Files of many texts, one a row: JSONL and CSV, read line by line."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Literal

from detector.io.decode import UTF16_MARKS, NotTextError, decode
from detector.io.records import Item

Html = Literal["whole", "main", "bulk"]
_LARGEST_FIELD = 2**31 - 1  # the most the csv module takes on every platform
_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "a truth value"),  # before int, of which bool is a kind
    (int, "a number"),
    (float, "a number"),
    (list, "a list"),
    (dict, "an object"),
    (str, "a string"),
)


@dataclass(frozen=True, slots=True)
class Fields:
    """Which fields matter: ``column`` holds the text, ``keep`` are carried through (None: all).

    ``html`` says how a web page is read: ``whole``, or its main text by the exact or the fast way.
    """

    column: str = "text"
    keep: tuple[str, ...] | None = ()
    html: Html = "whole"

    def kept(self, row: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return the fields of ``row`` to carry through, None when none were asked for."""
        if self.keep is None:
            return {name: finite(value) for name, value in row.items()}
        if not self.keep:
            return None
        return {name: finite(row.get(name)) for name in self.keep}


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str
    notes: tuple[str, ...] = ()
    error: str | None = None


def read_jsonl(path: str, stream: BinaryIO, fields: Fields) -> Iterator[Item]:
    """Yield one item per line that is not blank; a line that is no object is an error item.

    The id is the row's own ``id``, else ``path:line``; a row that fails is always told by its line.
    """
    is_empty = True
    for line in _lines(stream):
        if line.error is None and not line.text.strip():
            continue
        is_empty = False
        yield replace(_json_item(f"{path}:{line.number}", line, fields), line=line.number)
    if is_empty:  # in silence, an empty export would pass every check
        yield Item(path, error="the file has no rows; expected one JSON object a line")


def _json_item(id: str, line: _Line, fields: Fields) -> Item:
    if line.error is not None:
        return Item(id, error=line.error)
    try:
        row = json.loads(line.text)
        kept = fields.kept(row) if isinstance(row, dict) else None
    except json.JSONDecodeError as error:
        wrong = error.msg.removesuffix(" at").lower()
        return Item(id, error=f"not valid JSON at character {error.pos + 1} of the line: {wrong}")
    except ValueError as error:  # a number with more digits than Python turns into an integer
        return Item(id, error=f"not readable JSON: {error}")
    except RecursionError:
        return Item(id, error="this JSON is nested too deeply to read; expected one flat object a line")
    if not isinstance(row, dict):
        return Item(id, error=f"the line is {_kind(row)}; expected one JSON object a line")
    if fields.column not in row:
        return Item(id, error=no_column(fields.column, list(row)), fields=kept)
    text = row[fields.column]
    if not isinstance(text, str):
        return Item(id, error=f"field {fields.column!r} is {_kind(text)}; expected a string", fields=kept)
    return Item(_own_id(row, fields) or id, text, notes=line.notes, fields=kept)


def read_csv(path: str, stream: BinaryIO, fields: Fields) -> Iterator[Item]:
    """Yield one item per row under the header; its id is the row's own, else ``path:line`` where it starts."""
    return _read_table(path, stream, fields, ",")


def read_tsv(path: str, stream: BinaryIO, fields: Fields) -> Iterator[Item]:
    """Yield one item per row of a table separated by tabs."""
    return _read_table(path, stream, fields, "\t")


def _read_table(path: str, stream: BinaryIO, fields: Fields, delimiter: str) -> Iterator[Item]:
    csv.field_size_limit(_LARGEST_FIELD)
    taken: list[_Line] = []  # the lines that make up the row in hand

    def feed() -> Iterator[str]:
        for line in _lines(stream):
            taken.append(line)
            yield line.text

    # strict: an open quotation mark must not swallow the rest of the file without a word
    rows = csv.reader(feed(), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    while True:
        taken.clear()
        row, error = _next_row(rows)
        if row is None and error is None:
            break
        error = next((line.error for line in taken if line.error), error)
        if header is None:
            header = [name.strip() for name in row or ()]
            error = error or _header_error(header, fields)
            if error is not None:
                yield Item(path, error=error)
                return
        elif error is not None:
            yield Item(f"{path}:{taken[0].number}", error=error, line=taken[0].number)
        elif row:
            notes = tuple(dict.fromkeys(note for line in taken for note in line.notes))
            item = _table_item(row, header, f"{path}:{taken[0].number}", notes, fields)
            yield replace(item, line=taken[0].number)
    if header is None:
        yield Item(path, error=f"the file is empty; expected a header with a column {fields.column!r}")


def _next_row(rows: Iterator[list[str]]) -> tuple[list[str] | None, str | None]:
    """Return the next row, or what is wrong with it, or neither at the end."""
    try:
        return next(rows), None
    except StopIteration:
        return None, None
    except csv.Error as error:
        if "unexpected end" in str(error):
            return None, "a quotation mark opened here is never closed, so the rest of the file is lost"
        return None, f"not a valid row: {error}"


def _header_error(header: list[str], fields: Fields) -> str | None:
    if fields.column not in header:
        return no_column(fields.column, header)
    missing = [name for name in fields.keep or () if name not in header]
    return no_column(missing[0], header, "correct --keep") if missing else None


def _table_item(row: list[str], header: list[str], id: str, notes: tuple[str, ...], fields: Fields) -> Item:
    where = header.index(fields.column)
    if len(row) <= where or any(row[len(header) :]):
        return Item(
            id,
            error=f"the row has {len(row)} fields where the header has {len(header)};"
            " a field that holds the separator needs quotation marks",
        )
    named = dict(zip(header, row, strict=False))
    kept = fields.kept(named)
    return Item(_own_id(named, fields) or id, row[where], notes=notes, fields=kept)


def _own_id(row: Mapping[str, Any], fields: Fields) -> str | None:
    """Return the ``id`` that the row itself gives, if it is a name or a number and not the text."""
    own = row.get("id") if fields.column != "id" else None
    return str(own) if isinstance(own, str | int) and not isinstance(own, bool) and own != "" else None


def _lines(stream: BinaryIO) -> Iterator[_Line]:
    """Yield the lines with their ends as they stand; only a line feed ends a line."""
    data = stream.readline()
    if data.startswith(UTF16_MARKS):  # rare, and its lines cannot be found in bytes: read it whole
        yield from _whole(data + stream.read())
        return
    number = 0
    while data:
        number += 1
        try:
            text, notes = decode(data)
            yield _Line(number, text, notes)
        except NotTextError as error:
            yield _Line(number, data.decode("cp1252", "replace"), error=str(error))
        data = stream.readline()


def _whole(data: bytes) -> Iterator[_Line]:
    try:
        text, _ = decode(data)
    except NotTextError as error:
        yield _Line(1, "", error=str(error))
        return
    for number, line in enumerate(text.split("\n"), 1):
        yield _Line(number, line + "\n")


def no_column(column: str, columns: list[str], remedy: str = "name the text with --column") -> str:
    """Return the sentence for a column that is not there, with those that are."""
    there = ", ".join(columns[:20]) + (", …" if len(columns) > 20 else "")
    return f"no column {column!r}; there are: {there or 'none'} ({remedy})"


def _kind(value: object) -> str:
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "null")


def finite(value: Any) -> Any:
    """Return ``value`` with NaN and infinities as None, which is all that JSON can say."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: finite(part) for name, part in value.items()}
    if isinstance(value, list):
        return [finite(part) for part in value]
    return value
