"""Reports as Arrow columns: the schema of the results, and the arrays that fill it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from detector.extras import need
from detector.report import Reason, Report, Sentence, SentenceReason, Span

pa = need("pyarrow", "arrow")

TOP = 3  # reasons a row carries unless more are asked for
_SPANS = pa.list_(pa.struct([("start", pa.int32()), ("end", pa.int32())]))
_REASON = pa.struct(
    [
        ("feature", pa.string()),
        ("value", pa.float64()),
        ("typical", pa.float64()),
        ("contribution", pa.float64()),
        ("text", pa.string()),
        ("spans", _SPANS),
    ]
)
_WHY = pa.struct([("feature", pa.string()), ("text", pa.string()), ("spans", _SPANS)])
_SENTENCE = pa.struct(
    [
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("kind", pa.string()),
        ("filler", pa.float64()),
        ("repeats", pa.int32()),
        ("reasons", pa.list_(_WHY)),
    ]
)
_P_VALUES = pa.struct([("score", pa.float64()), ("machine_score", pa.float64())])


def schema(*, sentences: bool = False) -> Any:
    """Return the ``pyarrow.Schema`` of the results; ``sentences`` adds a column of them.

    Score, label, filler_share, machine_score, flags, words, model, reasons, p_values (null without a
    calibration), notes and error mean what they mean in a report. Every column is nullable.
    """
    fields = [
        ("score", pa.float64()),
        ("label", pa.string()),
        ("filler_share", pa.float64()),
        ("machine_score", pa.float64()),
        ("flags", pa.list_(pa.string())),
        ("words", pa.int64()),
        ("model", pa.string()),
        ("reasons", pa.list_(_REASON)),
        ("p_values", _P_VALUES),
        *([("sentences", pa.list_(_SENTENCE))] if sentences else []),
        ("notes", pa.list_(pa.string())),
        ("error", pa.string()),
    ]
    return pa.schema(fields)


class Columns:
    """Collects reports, keeping only what the columns hold, and gives them as arrays."""

    def __init__(self, *, sentences: bool = False, reasons: int = TOP) -> None:
        self._top = reasons
        self._wants_sentences = sentences
        self._reports: list[tuple[Any, ...]] = []
        self._reasons: list[tuple[Reason, ...]] = []
        self._sentences: list[tuple[Sentence, ...]] = []

    def __len__(self) -> int:
        return len(self._reports)

    def add(self, report: Report) -> None:
        """Add one row."""
        self._reports.append(
            (
                report.score,
                report.label,
                report.filler_share,
                report.machine_score,
                report.flags,
                report.words,
                report.model,
                report.p_values or None,
                report.notes,
                report.error,
            )
        )
        self._reasons.append(report.reasons[: self._top])
        if self._wants_sentences:
            self._sentences.append(report.sentences)

    def take(self) -> list[Any]:
        """Return the arrays of the rows added since the last call, in the order of :func:`schema`."""
        rows = list(zip(*self._reports, strict=True)) or [()] * 10
        score, label, share, machine, flags, words, model, p_values, notes, error = rows
        arrays = [
            numbers(score),
            strings(label),
            numbers(share),
            numbers(machine),
            _lists(flags, strings),
            numbers(words, np.int64),
            strings(model),
            _lists(self._reasons, _reasons),
            _p_values(p_values),
            *([_lists(self._sentences, _sentences)] if self._wants_sentences else []),
            _lists(notes, strings),
            strings(error),
        ]
        self._reports, self._reasons, self._sentences = [], [], []
        return arrays


# Arrays are made from buffers: pa.array() would import pandas where it is installed, 50 MB in every worker.


def strings(values: Sequence[str | None]) -> Any:
    """Return a string array; a lone surrogate, which UTF-8 cannot hold, becomes its escape."""
    data = [b"" if value is None else value.encode("utf-8", "backslashreplace") for value in values]
    validity = _bits([value is not None for value in values])
    buffers = [validity, _ends(data), pa.py_buffer(b"".join(data))]
    return pa.Array.from_buffers(pa.string(), len(data), buffers)


def numbers(values: Sequence[float | None], kind: Any = np.float64) -> Any:
    """Return an array of numbers of a NumPy ``kind``; None, NaN and infinities are nulls."""
    valid = [value is not None and math.isfinite(value) for value in values]
    filled = [value if known else 0 for value, known in zip(values, valid, strict=True)]
    buffers = [_bits(valid), pa.py_buffer(np.array(filled, kind))]
    return pa.Array.from_buffers(pa.from_numpy_dtype(kind), len(filled), buffers)


def _bits(valid: Sequence[bool]) -> Any:
    return pa.py_buffer(np.packbits(np.array(valid, bool), bitorder="little"))


def _ends(rows: Sequence[Sequence[Any]]) -> Any:
    """Return where the values of each row end, 0 first, as a buffer of 32-bit offsets."""
    ends = np.zeros(len(rows) + 1, np.int32)
    np.cumsum([len(row) for row in rows], out=ends[1:])
    return pa.py_buffer(ends)


def _lists(rows: Sequence[Sequence[Any]], build: Any) -> Any:
    """Return a list array whose values, laid end to end, are those that ``build`` makes: no row is a Python dict."""
    values = build([value for row in rows for value in row])
    return pa.Array.from_buffers(pa.list_(values.type), len(rows), [None, _ends(rows)], children=[values])


def _p_values(values: Sequence[Mapping[str, float] | None]) -> Any:
    children = [numbers([(value or {}).get(field.name) for value in values]) for field in _P_VALUES]
    validity = _bits([value is not None for value in values])
    return pa.Array.from_buffers(_P_VALUES, len(values), [validity], children=children)


def _reasons(values: list[Reason]) -> Any:
    return _struct(
        _REASON,
        strings([reason.feature for reason in values]),
        numbers([reason.value for reason in values]),
        numbers([reason.typical for reason in values]),
        numbers([reason.contribution for reason in values]),
        strings([reason.text for reason in values]),
        _lists([reason.spans for reason in values], _spans),
    )


def _sentences(values: list[Sentence]) -> Any:
    return _struct(
        _SENTENCE,
        numbers([sentence.start for sentence in values], np.int32),
        numbers([sentence.end for sentence in values], np.int32),
        strings([sentence.kind for sentence in values]),
        numbers([sentence.filler for sentence in values]),
        numbers([sentence.repeats for sentence in values], np.int32),
        _lists([sentence.reasons for sentence in values], _whys),
    )


def _whys(values: list[SentenceReason]) -> Any:
    return _struct(
        _WHY,
        strings([reason.feature for reason in values]),
        strings([reason.text for reason in values]),
        _lists([reason.spans for reason in values], _spans),
    )


def _spans(values: list[Span]) -> Any:
    return _struct(
        _SPANS.value_type,
        numbers([start for start, _ in values], np.int32),
        numbers([end for _, end in values], np.int32),
    )


def _struct(kind: Any, *arrays: Any) -> Any:
    return pa.StructArray.from_arrays(list(arrays), fields=list(kind))
