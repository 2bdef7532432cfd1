"""Columns in, columns out: scores for Arrow record batches (``pip install 'filler-detector[arrow]'``).

    reader = detector.arrow.score_batches(parquet_file.iter_batches(), column="text", keep=["id"])

The result columns are those of :func:`schema`; undefined numbers are nulls. A text that is null
or no string gives a row with the label ``error`` and says why in ``error``.
"""

from detector.arrow.batches import ColumnError, score_batches, score_column
from detector.arrow.columns import schema

__all__ = ["ColumnError", "schema", "score_batches", "score_column"]
