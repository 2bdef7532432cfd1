"""Scores for Ray datasets (``pip install 'filler-detector[ray]'``).

    scored = detector.ray.score(dataset, column="text", keep=["id"], workers=8)

is short for ``dataset.map_batches(ScoreBatches, ...)``: a pool of actors, each of which reads the model once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from detector import Scorer
from detector.arrow import score_batches
from detector.arrow.columns import TOP
from detector.extras import need

if TYPE_CHECKING:
    from ray.data import Dataset

BATCH = 256  # rows an actor gets at a time: what has to be done again when one dies


class ScoreBatches:
    """The actor for ``Dataset.map_batches(..., batch_format="pyarrow")``: tables in, tables with results out.

    The arguments, for ``fn_constructor_kwargs``, are those of :func:`detector.arrow.score_batches`.
    """

    def __init__(
        self,
        column: str = "text",
        *,
        scorer: Scorer | None = None,
        keep: Sequence[str] | None = None,
        sentences: bool = False,
        reasons: int = TOP,
    ) -> None:
        self._column = column
        self._options: dict[str, Any] = {"keep": keep, "sentences": sentences, "reasons": reasons}
        self._scorer = Scorer() if scorer is None else scorer

    def __call__(self, table: Any) -> Any:
        """Return a ``pyarrow.Table`` with one row for each row of ``table``."""
        return score_batches(table, self._column, scorer=self._scorer, **self._options).read_all()


def score(
    dataset: Dataset,
    column: str = "text",
    *,
    scorer: Scorer | None = None,
    keep: Sequence[str] | None = None,
    sentences: bool = False,
    reasons: int = TOP,
    workers: int | tuple[int, int] = 1,
    batch_size: int = BATCH,
) -> Dataset:
    """Return ``dataset`` through a pool of :class:`ScoreBatches` actors, one row for each row.

    ``workers`` is the number of actors, one core each, or the least and the most of them. Ray starts an actor that
    dies again and repeats its batch, so no row is lost or doubled.
    """
    pool = need("ray.data", "ray").ActorPoolStrategy
    least, most = (workers, workers) if isinstance(workers, int) else workers
    options = {"column": column, "scorer": scorer, "keep": keep, "sentences": sentences, "reasons": reasons}
    return dataset.map_batches(
        ScoreBatches,
        fn_constructor_kwargs=options,
        batch_format="pyarrow",
        batch_size=batch_size,
        compute=pool(min_size=least, max_size=most),
        num_cpus=1,
        udf_modifying_row_count=False,
    )
