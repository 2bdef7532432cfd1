"""Whole scorers for texts that they did not learn from, so that what users run is what is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from detector.report import Report
from detector.scorer import Scorer
from detector.training.train import Filler, finish

Log = Callable[[str], None]


class Item(Protocol):
    """What is scored: an article or a corpus row."""

    @property
    def text(self) -> str:
        """The whole text."""

    @property
    def family(self) -> str:
        """The family of sources it belongs to."""


@dataclass(frozen=True, slots=True)
class Readers:
    """A scorer for each family that did not see it; ``default`` for all others.

    ``note`` says in a few words what the scorers had learnt from, and stands beside every figure they give.
    """

    default: Scorer
    by_family: Mapping[str, Scorer]
    note: str

    def of(self, item: Item) -> Scorer:
        """Return the scorer for a text."""
        return self.by_family.get(item.family, self.default)

    def score(self, items: Sequence[Item], jobs: int = 1) -> list[Report]:
        """Score texts, each by its own scorer; reports in the order of ``items``."""
        places: dict[int, list[int]] = {}
        for i, item in enumerate(items):
            places.setdefault(id(self.of(item)), []).append(i)
        reports: dict[int, Report] = {}
        for own in places.values():
            scorer = self.of(items[own[0]])
            reports.update(zip(own, scorer.score_many((items[i].text for i in own), jobs=jobs), strict=True))
        return [reports[i] for i in range(len(items))]


def finished_reader(scorer: Scorer) -> Readers:
    """Return one finished scorer for everything."""
    return Readers(scorer, {}, f"model {scorer.model_name}")


def fold_readers(filler: Filler, folder: Path, log: Log) -> Readers:
    """Save a whole model for each fold under ``folder`` and return their scorers, and one of all folds.

    The sentence and document heads of fold f saw nothing of its families. The machine head is the bundled one, there
    to see that it does not move; its own figures come from elsewhere.
    """
    model = replace(finish(filler, "evaluation", None, log), machine=Scorer().model.machine)
    nested = filler.nested_heads(model.document.half_words)
    model.save(folder / "all")
    scorers = {}
    for fold in filler.folds:
        place = folder / str(fold)
        replace(model, sentence=filler.heads[frozenset({fold})], document=nested[fold]).save(place)
        scorers[fold] = Scorer.load(place)
    articles = zip(filler.whole.articles, filler.is_gold, strict=True)
    families = {a.family: scorers[a.fold] for a, is_gold in articles if is_gold and a.fold is not None}
    return Readers(Scorer.load(folder / "all"), families, "out of fold")
