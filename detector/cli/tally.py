"""What a run counts: for the exit status, and for the last line under a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import click

from detector.cli import shared
from detector.io.records import Record
from detector.io.show import visible

_MOST_NAMED = 5
_ABSTAINED = {"too_short": "too short", "not_english": "not English"}


@dataclass
class Tally:
    """Failures, labels, and values at or above a limit that no baseline knows.

    ``fail_above`` and ``machine_above`` are named in what is said; None where each path may have its own. With
    ``check`` a label may have been the limit.
    """

    fail_above: float | None = None
    machine_above: float | None = None
    check: bool = False
    problems: shared.Problems = field(default_factory=shared.Problems)
    texts: int = 0
    filler: int = 0
    machine: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    _named: dict[str, list[str]] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        """Count one record; a failed one is told at once."""
        report = record.report
        self.texts += 1
        self.labels[report.label] += 1
        if report.error is not None:
            self.problems.tell(record.id, report.error)
        for name in record.verdict.new:
            self.filler += name == "score"
            self.machine += name == "machine_score"
            named = self._named.setdefault(name, [])
            if len(named) < _MOST_NAMED:
                named.append(visible(record.id))

    def end(self) -> int:
        """Say what was found and return the exit status."""
        self.problems.end()
        for count, name, limit in (
            (self.filler, "score", self.fail_above),
            (self.machine, "machine_score", self.machine_above),
        ):
            if count:
                above = "at or above their limit" if limit is None else f"of {limit:g} or more"
                what = f"have a {name.replace('_', ' ')} {above}"
                if name == "score" and limit is None and self.check:
                    what = "are labelled filler or reach their limit"
                click.echo(f"detector: {count} of {self.texts} texts {what}: {self._names(name, count)}", err=True)
        if self.problems.count:
            return 2
        return 1 if self.filler or self.machine else 0

    def _names(self, name: str, count: int) -> str:
        named = self._named.get(name, [])
        more = [f"{count - len(named)} more"] if count > len(named) else []
        return ", ".join([*named, *more])

    def counts(self) -> dict[str, int]:
        """Return the numbers, for a run that goes on later."""
        labels = {f"label.{label}": count for label, count in self.labels.items()}
        return {
            "texts": self.texts,
            "filler": self.filler,
            "machine": self.machine,
            "failed": self.problems.count,
            **labels,
        }

    def restore(self, counts: Mapping[str, int]) -> None:
        """Go on from the numbers of an earlier run."""
        self.texts = counts.get("texts", 0)
        self.filler = counts.get("filler", 0)
        self.machine = counts.get("machine", 0)
        self.problems.count = counts.get("failed", 0)
        labels = {name.partition("label.")[2]: count for name, count in counts.items() if name.startswith("label.")}
        self.labels = Counter(labels)

    def totals(self) -> str:
        """Return one line: how many texts there were, and what became of them."""
        counts = [
            f"{self.labels[label]} {label}" for label in ("filler", "unclear", "substantive") if self.labels[label]
        ]
        abstained = {words: self.labels[label] for label, words in _ABSTAINED.items() if self.labels[label]}
        if abstained:
            why = ", ".join(f"{count} {words}" for words, count in abstained.items())
            counts.append(f"{sum(abstained.values())} not judged ({why})")
        if self.labels["error"]:
            counts.append(f"{self.labels['error']} failed")
        return f"{self.texts} text{'s' * (self.texts != 1)}: {', '.join(counts) or 'nothing to score'}"
