"""Record batches through a scorer, one out for each one in."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from detector import Scorer
from detector.arrow.columns import TOP, Columns, schema
from detector.extras import need
from detector.io.parquet import items
from detector.io.records import Item, completed
from detector.io.rows import no_column

pa = need("pyarrow", "arrow")

_SLICE = 256  # rows whose texts are Python strings at a time


class ColumnError(ValueError):
    """A column is missing or its name stands for two things; the message names the columns there are."""


def score_batches(
    reader: Any,
    column: str = "text",
    *,
    scorer: Scorer | None = None,
    keep: Sequence[str] | None = None,
    sentences: bool = False,
    reasons: int = TOP,
    jobs: int = 1,
) -> Any:
    """Score the texts of ``column`` and return a ``pyarrow.RecordBatchReader`` that streams the results.

    ``reader`` is a ``RecordBatchReader``, a ``Table`` or an iterable of record batches; one batch comes out for each
    that comes in, rows in order. ``keep`` names the columns to carry through in front of those of
    :func:`detector.arrow.schema`: None keeps all, ``()`` none; one that bears the name of a result is called
    ``input.NAME``. ``reasons`` is the largest number of reasons a row carries; ``jobs`` is as in
    :meth:`detector.Scorer.score_many`.

    Raises :class:`ColumnError` if a column is not there. Texts may be string, large_string, string_view or binary
    (UTF-8), dictionary-encoded or not; what is none gives a row with the label ``error``.
    """
    if reasons < 0:
        raise ValueError(f"reasons is a number of reasons, 0 or more, not {reasons}")
    batches, given = _opened(reader)
    fields = [] if given is None else result_fields(given, column, keep)
    whole = pa.schema([*fields, *schema(sentences=sentences)])
    names = [] if given is None else kept(given.names, column, keep)
    columns = Columns(sentences=sentences, reasons=reasons)
    # what no column shows need not be worked out
    options = {"jobs": jobs} if reasons or sentences else {"jobs": jobs, "reasons": False}
    scored = _scored(Scorer() if scorer is None else scorer, batches, column, columns, options)
    return pa.RecordBatchReader.from_batches(whole, (_joined(*pair, names, whole) for pair in scored))


def score_column(texts: Any, *, scorer: Scorer | None = None, sentences: bool = False, reasons: int = TOP) -> Any:
    """Return a ``pyarrow.StructArray`` with the results for an array or chunked array of texts.

    Its fields are those of :func:`detector.arrow.schema`: what a vectorised function of a database returns.
    """
    chunks = texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]
    batches = [pa.record_batch([chunk], names=["text"]) for chunk in chunks]
    found = score_batches(batches, scorer=scorer, keep=(), sentences=sentences, reasons=reasons)
    kind = pa.struct(list(schema(sentences=sentences)))
    return pa.concat_arrays([batch.to_struct_array() for batch in found] or [pa.nulls(0, kind)])


def kept(names: Sequence[str], column: str, keep: Sequence[str] | None) -> list[str]:
    """Return the names of the columns to carry through. Raises :class:`ColumnError` if one is not there."""
    if isinstance(keep, str):
        raise TypeError(f"keep takes several names; give [{keep!r}]")
    if column not in names:
        raise ColumnError(no_column(column, list(names), "name the text with column="))
    for name in names if keep is None else keep:
        if name not in names:
            raise ColumnError(no_column(name, list(names), "correct keep"))
        if names.count(name) > 1:
            raise ColumnError(f"there are {names.count(name)} columns {name!r}; expected one")
    return list(dict.fromkeys(names if keep is None else keep))


def result_names(names: Iterable[str]) -> list[str]:
    """Return what kept columns are called among the results: ``input.NAME`` for one that bears a result's name."""
    taken = set(schema(sentences=True).names)
    called = [f"input.{name}" if name in taken else name for name in names]
    for name in called:
        if called.count(name) > 1:
            raise ColumnError(f"two of the columns kept would be called {name!r}; leave one out of keep")
    return called


def result_fields(given: Any, column: str, keep: Sequence[str] | None) -> list[Any]:
    """Return the fields of the columns to carry through: nullable, of the type they have, renamed if they clash."""
    names = kept(given.names, column, keep)
    called = result_names(names)
    return [given.field(old).with_name(new).with_nullable(True) for old, new in zip(names, called, strict=True)]


def _opened(reader: Any) -> tuple[Iterator[Any], Any]:
    """Return the batches and their schema, None if there is no batch to tell it."""
    if isinstance(reader, pa.Table):
        return iter(reader.to_batches()), reader.schema
    if isinstance(reader, pa.RecordBatch):
        return iter([reader]), reader.schema
    batches = iter(reader)
    if isinstance(reader, pa.RecordBatchReader):
        return batches, reader.schema
    first = next(batches, None)
    if first is None:
        return iter(()), None
    if not isinstance(first, pa.RecordBatch):
        raise TypeError(f"expected record batches, a reader of them or a table, not {type(first).__name__}")
    return chain([first], batches), first.schema


def _scored(
    scorer: Scorer, batches: Iterable[Any], column: str, columns: Columns, options: dict[str, Any]
) -> Iterator[tuple[Any, list[Any]]]:
    """Yield each batch with its results; the scorer reads ahead over the borders of batches."""
    waiting: deque[Any] = deque()
    ahead: deque[Item] = deque()

    def texts() -> Iterator[str]:
        for batch in batches:
            if not batch.num_rows:
                continue
            if column not in batch.schema.names:
                raise ColumnError(no_column(column, batch.schema.names, "name the text with column="))
            waiting.append(batch)
            for start in range(0, batch.num_rows, _SLICE):
                for item in items(batch.slice(start, _SLICE), column):
                    ahead.append(item)
                    yield item.text  # empty for an error: scored for nothing, but the order cannot slip

    for report in scorer.score_many(texts(), on_error="report", **options):
        columns.add(completed(ahead.popleft(), report))
        if len(columns) == waiting[0].num_rows:
            yield waiting.popleft(), columns.take()


def _joined(batch: Any, results: list[Any], names: list[str], whole: Any) -> Any:
    """Return one batch of the kept columns and the results."""
    arrays = [batch.column(name) for name in names]
    fields = list(whole)[: len(names)]
    arrays = [
        array if array.type == field.type else array.cast(field.type)
        for array, field in zip(arrays, fields, strict=True)
    ]
    return pa.record_batch([*arrays, *results], schema=whole)
