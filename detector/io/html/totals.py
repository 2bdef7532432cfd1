"""What a report counts over all its articles, one number at a time."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

from detector.report import Label, Report

BINS = 20


@dataclass(slots=True)
class Totals:
    """Counts so far. ``scores`` and ``machine`` have BINS equal parts of 0 to 1."""

    articles: int = 0
    words: int = 0
    judged_words: int = 0
    filler_words: float = 0.0
    flagged: int = 0
    model: str = ""
    labels: Counter[Label] = field(default_factory=Counter)
    scores: list[int] = field(default_factory=lambda: [0] * BINS)
    machine: list[int] = field(default_factory=lambda: [0] * BINS)

    def add(self, report: Report) -> None:
        """Count one report."""
        self.articles += 1
        self.words += report.words
        self.labels[report.label] += 1
        self.flagged += "machine" in report.flags
        self.model = self.model or report.model
        if not math.isnan(report.filler_share):
            self.judged_words += report.words
            self.filler_words += report.filler_share * report.words
        for bins, value in ((self.scores, report.score), (self.machine, report.machine_score)):
            if not math.isnan(value):
                bins[min(int(value * BINS), BINS - 1)] += 1

    @property
    def filler_share(self) -> float:
        """The share of the words of all judged articles that stand in filler sentences; NaN without any."""
        return self.filler_words / self.judged_words if self.judged_words else math.nan
