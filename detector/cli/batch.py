"""A batch of texts to learn something about as a whole: each different text once, failures told and counted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from detector.cli import shared
from detector.cli.progress import Progress
from detector.cli.run import score_items
from detector.io.readers import count_texts, read
from detector.io.records import Item
from detector.io.sources import Source

if TYPE_CHECKING:
    from detector.report import Report
    from detector.scorer import Scorer


@dataclass
class Batch:
    """Counts what a batch held: texts that could be read, copies among them, and texts on which the model abstained."""

    problems: shared.Problems = field(default_factory=shared.Problems)
    copies: int = 0
    abstained: int = 0
    scored: int = 0

    def reports(self, scorer: Scorer, sources: list[Source], column: str | None, jobs: int) -> Iterator[Report]:
        """Yield the report of each different text, abstentions among them; what fails is told on standard error."""
        is_rows = column is not None
        progress = Progress(count_texts(sources, stdin_rows=is_rows))
        items = self._distinct(read(sources, shared.fields_for(column), stdin_rows=is_rows))
        for record in score_items(scorer, items, jobs or shared.core_count(), reasons=False):
            progress.clear()
            if record.report.error is not None:
                self.problems.tell(record.id, record.report.error)
            else:
                is_judged = record.report.label not in ("too_short", "not_english")
                self.scored += is_judged
                self.abstained += not is_judged
                yield record.report
            progress.step()
        progress.clear()
        self.problems.end()

    def told(self) -> str:
        """Return the counts in words, such as ``1,204 texts scored; left out: 3 copies, 2 abstentions``."""
        left_out = [
            f"{count:,} {name if count == 1 else plural}"
            for count, name, plural in (
                (self.copies, "copy of another text", "copies of other texts"),
                (self.abstained, "text too short or not English", "texts too short or not English"),
                (self.problems.count, "that could not be read", "that could not be read"),
            )
            if count
        ]
        tail = f"; left out: {', '.join(left_out)}" if left_out else ""
        return f"{self.scored:,} {'text' if self.scored == 1 else 'texts'} scored{tail}"

    def _distinct(self, items: Iterable[Item]) -> Iterator[Item]:
        """Pass on each text once, whatever its white space: a copy is no second piece of evidence."""
        seen: set[bytes] = set()
        for item in items:
            if item.error is None:
                key = hashlib.sha256(" ".join(item.text.split()).encode("utf-8", "surrogatepass")).digest()
                if key in seen:
                    self.copies += 1
                    continue
                seen.add(key)
            yield item
