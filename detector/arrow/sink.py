"""Records to a Parquet file: kept columns of Parquet inputs with their types, fields of other inputs as strings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from detector.arrow.batches import ColumnError, kept, result_fields, result_names
from detector.arrow.columns import Columns, schema, strings
from detector.extras import need
from detector.io.parquet import ParquetError, Row, kept_names, open_parquet
from detector.io.readers import gives_new_text
from detector.io.records import Record
from detector.io.resume import PartWriter
from detector.io.rows import Fields
from detector.io.sources import Source, unreadable_sentence
from detector.io.writers import cell
from detector.report import Report

pa = need("pyarrow", "arrow")

TEXT = "text"
_BATCH = 256  # records that wait as Python objects
_BATCH_TEXT = 32 << 20  # characters of new texts that wait
_GROUP_ROWS, _GROUP_BYTES = 64_000, 16 << 20  # of a row group of the output, whichever is reached first
_COMPRESSION = "zstd" if pa.Codec.is_available("zstd") else None


class Parquet:
    """The part format of Parquet output: parts are Arrow streams, joined into row groups of a useful size.

    Columns are those kept, then the results. Without a kept ``id`` the first column is the ``id`` of the record. With
    documents among the inputs the last is the ``text`` that came out of them, null for all others.
    """

    def __init__(self, sources: Sequence[Source], fields: Fields, *, sentences: bool) -> None:
        self._sentences = sentences
        self._names, self._fields, self.typed = _kept_fields(sources, fields)
        self._has_id = "id" not in [field.name for field in self._fields]
        own = [pa.field("id", pa.string())] * self._has_id
        self._has_text = any(gives_new_text(source.path, fields) for source in sources)
        if self._has_text and TEXT in [field.name for field in self._fields]:
            raise ColumnError("the text of documents stands in the column text; leave text out of --keep")
        new = [pa.field(TEXT, pa.string())] * self._has_text
        self.schema = pa.schema([*own, *self._fields, *schema(sentences=sentences), *new])

    def open(self, stream: BinaryIO) -> PartWriter:
        """Return a writer of one part."""
        return _Part(stream, self)

    def batch(
        self,
        ids: list[str],
        rows: Sequence[Mapping[str, Any] | None],
        texts: Sequence[str | None],
        columns: Columns,
    ) -> Any:
        """Return the record batch of as many ids, rows of kept fields, new texts, and reports."""
        own = [strings(ids)] * self._has_id
        inputs = self._typed(rows) if self.typed else self._written(rows, ids)
        return pa.record_batch([*own, *inputs, *columns.take(), *[strings(texts)] * self._has_text], schema=self.schema)

    def report(self, record: Record) -> Report:
        """Return the report of ``record``; the error of a whole file names it where no id does."""
        error = record.report.error
        if error is None or self._has_id or record.fields is not None:
            return record.report
        return replace(record.report, error=f"{record.id}: {error}")

    def columns(self) -> Columns:
        """Return an empty collection of reports."""
        return Columns(sentences=self._sentences)

    def join(self, parts: Sequence[Path], stream: BinaryIO) -> None:
        """Write the batches of all parts as one Parquet file."""
        writer = need("pyarrow.parquet", "arrow").ParquetWriter(
            stream, self.schema, compression=_COMPRESSION or "snappy"
        )
        with writer:
            for group in _groups(self._batches(parts)):
                writer.write_table(pa.Table.from_batches(group, self.schema))

    @staticmethod
    def _batches(parts: Sequence[Path]) -> Iterable[Any]:
        for path in parts:
            with path.open("rb") as part, pa.ipc.open_stream(part) as reader:
                yield from reader

    def _typed(self, rows: Sequence[Mapping[str, Any] | None]) -> list[Any]:
        """Return the kept columns, cut from the batches they were read in."""
        if not self._names:
            return []
        pieces: list[list[Any]] = [[] for _ in self._names]
        for row, first, count in _runs(rows):
            for place, (name, field) in enumerate(zip(self._names, self._fields, strict=True)):
                piece = pa.nulls(count, field.type) if row is None else row.batch.column(name).slice(first, count)
                pieces[place].append(piece)
        return [pa.concat_arrays(piece) for piece in pieces]

    def _written(self, rows: Sequence[Mapping[str, Any] | None], ids: Sequence[str]) -> list[Any]:
        """Return the kept fields as strings: one that is no string as JSON. What has no ``id`` keeps its record's."""
        found = []
        for name in self._names:
            instead = ids if name == "id" else [None] * len(ids)
            values = [row.get(name) if row else None for row in rows]
            pairs = zip(values, instead, strict=True)
            found.append(strings([own if value is None else cell(value) for value, own in pairs]))
        return found


class _Part:
    def __init__(self, stream: BinaryIO, form: Parquet) -> None:
        self._form = form
        options = pa.ipc.IpcWriteOptions(compression=_COMPRESSION)
        self._writer = pa.ipc.new_stream(stream, form.schema, options=options)
        self._ids: list[str] = []
        self._rows: list[Mapping[str, Any] | None] = []
        self._texts: list[str | None] = []  # of documents; other texts need not wait in memory
        self._size = 0
        self._columns = form.columns()

    def add(self, record: Record) -> None:
        # the whole report need not wait in memory
        self._columns.add(self._form.report(record))
        self._ids.append(record.id)
        self._rows.append(record.fields)
        self._texts.append(record.text if record.extracted else None)
        self._size += len(record.text) if record.extracted else 0
        if len(self._ids) == _BATCH or self._size >= _BATCH_TEXT:
            self._flush()

    def end(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._ids:
            self._writer.write_batch(self._form.batch(self._ids, self._rows, self._texts, self._columns))
            self._ids, self._rows, self._texts, self._size = [], [], [], 0


def _kept_fields(sources: Sequence[Source], fields: Fields) -> tuple[list[str], list[Any], bool]:
    """Return the names of the columns to keep, their fields in the output, and whether they keep their types.

    Raises :class:`ColumnError` if the inputs do not agree on them, or none can be read.
    """
    if not all(source.path.lower().endswith(".parquet") for source in sources):
        if fields.keep is None:
            raise ColumnError("--keep all needs Parquet inputs; name the fields: --keep id,url")
        names = [pa.field(name, pa.string()) for name in result_names(fields.keep)]
        return list(fields.keep), names, False
    agreed: tuple[str, list[str], list[Any]] | None = None
    problem = ""
    for source in sources:
        try:
            found = open_parquet(source.path).schema_arrow
            kept_names(found, fields)
        except (ParquetError, OSError) as error:  # an error item when its turn comes
            told = unreadable_sentence(error) if isinstance(error, OSError) else str(error)
            problem = problem or f"{source.path}: {told}"
            continue
        names, own = kept(found.names, fields.column, fields.keep), result_fields(found, fields.column, fields.keep)
        if agreed is None:
            agreed = source.path, names, own
        elif [(field.name, field.type) for field in own] != [(field.name, field.type) for field in agreed[2]]:
            raise ColumnError(
                f"the kept columns of {agreed[0]} and {source.path} differ ({_difference(agreed[2], own)});"
                " leave them out of --keep, or score the files one by one"
            )
    if agreed is None:
        raise ColumnError(problem)
    return agreed[1], agreed[2], True


def _difference(first: list[Any], second: list[Any]) -> str:
    ours, theirs = ({field.name: str(field.type) for field in fields} for fields in (first, second))
    name = next((name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)), None)
    return "their order" if name is None else f"{name}: {ours.get(name, 'none')} and {theirs.get(name, 'none')}"


def _runs(rows: Sequence[Any]) -> Iterable[tuple[Row | None, int, int]]:
    """Yield stretches of rows that follow each other in one batch: the first of them, its index, and their number."""
    start = 0
    for place in range(1, len(rows) + 1):
        row, before = rows[place] if place < len(rows) else None, rows[place - 1]
        if isinstance(row, Row) and isinstance(before, Row):
            follows = row.batch is before.batch and row.index == before.index + 1
        else:
            follows = row is None and before is None
        if place == len(rows) or not follows:
            first = rows[start]
            yield (first, first.index, place - start) if isinstance(first, Row) else (None, 0, place - start)
            start = place


def _groups(batches: Iterable[Any]) -> Iterable[list[Any]]:
    held: list[Any] = []
    rows = size = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        size += batch.nbytes
        if rows >= _GROUP_ROWS or size >= _GROUP_BYTES:
            yield held
            held, rows, size = [], 0, 0
    if held:
        yield held
