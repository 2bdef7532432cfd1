"""What passes between readers, the scorer and writers: one item in, one record out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from detector.report import Report, failed


@dataclass(frozen=True, slots=True)
class Item:
    """One text to score, or the sentence that says why there is none.

    ``id`` is the path, or ``path:line`` for a row. ``text`` is the decoded text that
    offsets index. ``fields`` holds the input fields to carry through, None when the
    source has none or none were asked for. ``path`` is the file, ``line`` that of a row
    in it (or of a chapter), 0 when the text is the whole file. ``extracted``: the text is
    not that of the file but was taken out of it, and belongs into the record.
    """

    id: str
    text: str = ""
    error: str | None = None
    notes: tuple[str, ...] = ()
    fields: Mapping[str, Any] | None = None
    path: str = ""
    line: int = 0
    extracted: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the limits and the baseline of a run make of a report.

    ``reached`` names the limits that were reached, of ``score`` and ``machine_score``.
    ``known`` names those of the two that the baseline has for this article already;
    ``sentences`` are the indices of the filler sentences that it has.
    """

    reached: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    sentences: frozenset[int] = frozenset()

    @property
    def new(self) -> tuple[str, ...]:
        """The limits reached by what no baseline knows: those that decide the exit status."""
        return tuple(name for name in self.reached if name not in self.known)


@dataclass(frozen=True, slots=True)
class Record:
    """A report beside what it was made from, and what the run makes of it."""

    id: str
    report: Report
    text: str = ""
    fields: Mapping[str, Any] | None = None
    path: str = ""
    line: int = 0
    verdict: Verdict = Verdict()
    extracted: bool = False


def completed(item: Item, report: Report) -> Report:
    """Return ``report`` with what the reader knew of the item: its error, or its notes."""
    if item.error is not None:
        return failed(item.error, model=report.model)
    return replace(report, notes=(*item.notes, *report.notes)) if item.notes else report
