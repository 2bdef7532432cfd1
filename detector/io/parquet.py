"""Parquet files and Arrow columns to items: rows in order, a few at a time, only the columns that matter."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

from detector.extras import MissingExtraError, need
from detector.io.decode import NotTextError, decode
from detector.io.records import Item
from detector.io.rows import Fields, finite, no_column
from detector.io.sources import unreadable_sentence

_MOST_ROWS, _MOST_BYTES = 256, 4 << 20  # what is decoded at a time, however large the row group
_BUFFER = 1 << 20  # bytes of a column chunk that are read at a time


class ParquetError(ValueError):
    """A file cannot be used as it is; the message is one sentence without the name of the file."""


class Row(Mapping[str, Any]):
    """Some columns of one row: JSON-ready values by name, or the row itself by ``batch`` and ``index``."""

    __slots__ = ("batch", "index", "names")

    def __init__(self, batch: Any, index: int, names: tuple[str, ...]) -> None:
        self.batch = batch
        self.index = index
        self.names = names

    def __getitem__(self, name: str) -> Any:
        if name not in self.names:
            raise KeyError(name)
        return plain(self.batch.column(name)[self.index])

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def read_parquet(path: str, stream: BinaryIO, fields: Fields, skip: int = 0) -> Iterator[Item]:
    """Yield one item per row from row ``skip`` on; its id is the row's own, else ``path:row``, counted from 1.

    A file that cannot be read, or no further, gives an error item.
    """
    row = skip
    try:
        parquet = open_parquet(stream)
        names = kept_names(parquet.schema_arrow, fields)
        for batch in _batches(parquet, fields, names, skip):
            numbers = range(row + 1, row + 1 + batch.num_rows)
            yield from items(batch, fields.column, _ids(batch, fields, path, numbers), names)
            row += batch.num_rows
    except (MissingExtraError, ParquetError) as error:
        yield Item(path, error=str(error))
    except (ValueError, NotImplementedError, OSError) as error:  # what pyarrow's errors are
        if isinstance(error, OSError) and error.errno is not None and not row:
            yield Item(path, error=unreadable_sentence(error))
            return
        after = f" after row {row}" if row else ""
        yield Item(path, error=f"the Parquet file is damaged{after}: {first_line(error)}")


def open_parquet(source: BinaryIO | str) -> Any:
    """Return a ``ParquetFile`` that reads little at a time.

    Raises :class:`ParquetError`, or :class:`detector.extras.MissingExtraError` without pyarrow.
    """
    reader = need("pyarrow.parquet", "arrow").ParquetFile
    size = os.path.getsize(source) if isinstance(source, str) else os.fstat(source.fileno()).st_size
    if not size:
        raise ParquetError("the file is empty (0 bytes); expected a Parquet file")
    try:
        return reader(source, pre_buffer=False, buffer_size=_BUFFER)
    except (ValueError, NotImplementedError) as error:
        raise ParquetError(f"not a readable Parquet file: {first_line(error)}") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise ParquetError(f"not a readable Parquet file: {first_line(error)}") from error


def count_rows(path: str) -> int:
    """Return how many rows the file says it has, 1 (its error) if it cannot be read."""
    try:
        return int(open_parquet(path).metadata.num_rows) or 1
    except (ParquetError, MissingExtraError, OSError):
        return 1


def kept_names(schema: Any, fields: Fields) -> tuple[str, ...]:
    """Return the columns to carry through. Raises :class:`ParquetError` if ``fields`` and ``schema`` disagree."""
    if fields.column not in schema.names:
        raise ParquetError(no_column(fields.column, schema.names))
    names = tuple(schema.names) if fields.keep is None else fields.keep
    for name in (fields.column, *names):
        if name not in schema.names:
            raise ParquetError(no_column(name, schema.names, "correct --keep"))
        if schema.names.count(name) > 1:
            raise ParquetError(f"there are {schema.names.count(name)} columns {name!r}; expected one")
    wanted = schema.field(fields.column).type
    if not holds_text(wanted):
        raise ParquetError(f"column {fields.column!r} is {wanted}; expected strings (name the text with --column)")
    return names


def holds_text(kind: Any) -> bool:
    """Return whether a column of this Arrow type can hold texts (or is all null)."""
    types = need("pyarrow", "arrow").types
    kind = _inner(kind, types)
    return bool(_is_string(kind, types) or _is_bytes(kind, types) or types.is_null(kind))


def _inner(kind: Any, types: Any) -> Any:
    """Return the type of the values: of a dictionary, or under an extension."""
    if types.is_dictionary(kind):
        return kind.value_type
    return getattr(kind, "storage_type", kind)


def _is_string(kind: Any, types: Any) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _is_bytes(kind: Any, types: Any) -> bool:
    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind))


def items(batch: Any, column: str, ids: Iterable[str] | None = None, names: tuple[str, ...] = ()) -> Iterator[Item]:
    """Yield one item per row of a record batch; ``names`` are carried through as a :class:`Row`."""
    found = _texts(batch.column(column), column)
    known = iter(ids) if ids is not None else None
    for index, (text, notes, error) in enumerate(found):
        fields = Row(batch, index, names) if names else None
        yield Item("" if known is None else next(known), text, error, notes, fields)


def _texts(column: Any, name: str) -> Iterator[tuple[str, tuple[str, ...], str | None]]:
    """Yield the text of each row, notes on how it was read, and what is wrong with it."""
    pa = need("pyarrow", "arrow")
    column = getattr(column, "storage", column)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if _is_string(column.type, pa.types):
        try:
            values = column.to_pylist()
        except UnicodeDecodeError:  # nothing checks what a file calls a string
            values = column.cast(pa.large_binary()).to_pylist()
    elif _is_bytes(column.type, pa.types) or pa.types.is_null(column.type):
        values = column.to_pylist()
    else:
        wrong = f"field {name!r} is {column.type}; expected a string"
        yield from (("", (), wrong) for _ in range(len(column)))
        return
    for value in values:
        if isinstance(value, str):
            yield value, (), None
        elif value is None:
            yield "", (), f"field {name!r} is null; expected a string"
        else:
            try:
                yield *decode(value), None
            except NotTextError as error:
                yield "", (), str(error)


def _batches(parquet: Any, fields: Fields, names: tuple[str, ...], skip: int) -> Iterator[Any]:
    """Yield the needed columns from row ``skip`` on, passing over whole row groups without reading them."""
    metadata = parquet.metadata
    if not metadata.num_rows:
        raise ParquetError("the file has no rows")
    own = ("id",) if "id" in parquet.schema_arrow.names else ()
    columns = list(dict.fromkeys((fields.column, *names, *own)))
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        if skip >= group.num_rows:
            skip -= group.num_rows
            continue
        bytes_ = group.total_byte_size // max(group.num_rows, 1)
        size = max(1, min(_MOST_ROWS, _MOST_BYTES // max(bytes_, 1)))
        for batch in parquet.iter_batches(size, row_groups=[number], columns=columns, use_threads=False):
            if skip < batch.num_rows:
                yield batch.slice(skip)
            skip = max(0, skip - batch.num_rows)


def _ids(batch: Any, fields: Fields, path: str, numbers: range) -> Iterator[str]:
    own = plain_column(batch, "id") if "id" in batch.schema.names and fields.column != "id" else [None] * len(numbers)
    for value, number in zip(own, numbers, strict=True):
        named = isinstance(value, str | int) and not isinstance(value, bool) and value != ""
        yield str(value) if named else f"{path}:{number}"


def plain_column(batch: Any, name: str) -> list[Any]:
    """Return the JSON-ready values of a column."""
    return [plain(value) for value in batch.column(name)]


def plain(scalar: Any) -> Any:
    """Return the JSON-ready value of an Arrow scalar: times and decimals as strings, NaN as None."""
    types = need("pyarrow", "arrow").types
    kind = scalar.type
    if not scalar.is_valid:
        return None
    if types.is_dictionary(kind) or hasattr(kind, "storage_type"):
        return plain(scalar.value)
    if types.is_struct(kind):
        return {field.name: plain(scalar[place]) for place, field in enumerate(kind)}
    if types.is_nested(kind) and hasattr(scalar, "values"):
        return [plain(value) for value in scalar.values]
    if types.is_temporal(kind) or types.is_decimal(kind):
        return _written(scalar)
    if _is_bytes(kind, types) or types.is_fixed_size_binary(kind) or _is_string(kind, types):
        return scalar.as_buffer().to_pybytes().decode("utf-8", "backslashreplace")
    return finite(scalar.as_py())


def _written(scalar: Any) -> str:
    pa = need("pyarrow", "arrow")
    if pa.types.is_duration(scalar.type):
        return f"{scalar.value} {scalar.type.unit}"
    return str(scalar.cast(pa.string()).as_py())


def first_line(error: BaseException) -> str:
    """Return what an error of pyarrow says first; the rest is for its developers."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
