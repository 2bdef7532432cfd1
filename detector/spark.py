"""Scores for Spark data frames (``pip install 'filler-detector[spark]'``).

    scored = detector.spark.score(df, column="text", keep=["id"])

Rows go to Python workers as Arrow record batches. The model is read once per worker process: Spark reuses
the processes (``spark.python.worker.reuse``), and a scorer that arrives in one is the scorer already there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from detector import Scorer
from detector.arrow import schema, score_batches
from detector.arrow.batches import ColumnError, kept, result_names
from detector.arrow.columns import TOP
from detector.extras import need
from detector.io.parquet import holds_text

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def score(
    df: DataFrame,
    column: str = "text",
    *,
    scorer: Scorer | None = None,
    keep: Sequence[str] | None = None,
    sentences: bool = False,
    reasons: int = TOP,
) -> DataFrame:
    """Return the kept columns of ``df`` and those of :func:`detector.arrow.schema`, one row for each row.

    ``keep`` names the columns to carry through: None keeps all, ``()`` none; one that bears the name of a result is
    called ``input.NAME``. A ``scorer`` for another model reads it from the same folder on every worker. The plan is
    narrow: no row changes its partition, and a task that fails is repeated as a whole, so no row is lost or doubled.

    Raises :class:`detector.arrow.ColumnError` if a column is not there or ``column`` holds no strings.
    """
    types = need("pyspark.sql.types", "spark")
    pandas_types = need("pyspark.sql.pandas.types", "spark")
    names = kept(df.columns, column, keep)
    kind = pandas_types.to_arrow_type(df.schema[column].dataType)
    if not holds_text(kind):
        raise ColumnError(f"column {column!r} is {df.schema[column].dataType.simpleString()}; expected strings")
    fields = [
        types.StructField(new, df.schema[old].dataType, True)
        for old, new in zip(names, result_names(names), strict=True)
    ]
    results = pandas_types.from_arrow_schema(schema(sentences=sentences)).fields
    task = partial(
        _score_partition,
        column=column,
        scorer=Scorer() if scorer is None else scorer,
        names=names,
        sentences=sentences,
        reasons=reasons,
    )
    needed = [df[f"`{name}`"] for name in dict.fromkeys([column, *names])]
    return df.select(*needed).mapInArrow(task, types.StructType([*fields, *results]))


def _score_partition(
    batches: Iterable[Any], *, column: str, scorer: Scorer, names: list[str], sentences: bool, reasons: int
) -> Iterator[Any]:
    """Score the record batches of one task, in a worker."""
    yield from score_batches(batches, column, scorer=scorer, keep=names, sentences=sentences, reasons=reasons)
