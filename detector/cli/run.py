"""Items through a scorer: every item gives one record, in its place."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from detector.io.records import Item, Record, completed
from detector.io.suppress import Masked, mask

if TYPE_CHECKING:
    from detector.scorer import Scorer


def score_items(
    scorer: Scorer, items: Iterable[Item], jobs: int = 1, *, inline: bool = True, reasons: bool = True
) -> Iterator[Record]:
    """Yield one record per item, in order, holding no more items than the scorer reads ahead.

    What inline comments switch off is not scored, unless ``inline`` is unset; the record has the text as given.
    ``reasons`` as in ``Scorer.score_many``: without them it is faster.
    """
    ahead: deque[Item] = deque()

    def texts() -> Iterator[str]:
        for item in items:
            masked = mask(item.text) if inline else Masked(item.text)
            ahead.append(replace(item, notes=(*item.notes, *masked.notes)) if masked.notes else item)
            yield masked.text  # empty for an error: scored for nothing, but the order cannot slip

    for report in scorer.score_many(texts(), jobs=jobs, on_error="report", reasons=reasons):
        item = ahead.popleft()
        path, new = item.path or item.id, item.extracted
        yield Record(item.id, completed(item, report), item.text, item.fields, path, item.line, extracted=new)
