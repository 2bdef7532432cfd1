"""Items through a scorer: every item gives one record, in its place."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from detector.io.records import Item, Record
from detector.report import Report, failed

if TYPE_CHECKING:
    from detector.scorer import Scorer


def score_items(scorer: Scorer, items: Iterable[Item], jobs: int = 1) -> Iterator[Record]:
    """Yield one record per item, in order, holding no more items than the scorer reads ahead."""
    ahead: deque[Item] = deque()

    def texts() -> Iterator[str]:
        for item in items:
            ahead.append(item)
            yield item.text  # empty for an error: scored for nothing, but the order cannot slip

    for report in scorer.score_many(texts(), jobs=jobs, on_error="report"):
        item = ahead.popleft()
        yield Record(item.id, _complete(item, report), item.text, item.fields)


def _complete(item: Item, report: Report) -> Report:
    """Return ``report`` with what the reader knew of the item."""
    if item.error is not None:
        return failed(item.error, model=report.model)
    return replace(report, notes=(*item.notes, *report.notes)) if item.notes else report
