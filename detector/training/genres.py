"""How often good human writing is called filler, genre by genre, on corpora without sentence labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

import numpy as np

from detector.training.figures import Figure, rate
from detector.training.readers import Readers
from detector.training.sources import Row

# Writing that editors or reviewers have been over: what is called filler here is called so wrongly.
EDITED = {
    "news": ("allsides_news", "bbc2225", "nyt2020_gpt2", "reuters21578"),
    "encyclopaedia": ("wikipedia2015",),
    "abstracts": ("openreview_abstracts", "pubmed_abstracts"),
    "reports": ("acl_papers_ocr", "python_peps"),
}
PER_SOURCE = 300
LEAST_WORDS = 100
GROUP = "human texts called filler"


def human_sample(rows: Iterable[Row], labelled: frozenset[str], seed: int = 5) -> list[Row]:
    """Return at most PER_SOURCE human texts of LEAST_WORDS or more from each data set, none of them in ``labelled``."""
    kept: dict[str, list[Row]] = {}
    for row in rows:
        if row.label == "human" and row.id not in labelled and len(row.text.split()) >= LEAST_WORDS:
            kept.setdefault(row.dataset, []).append(row)
    return [row for name in sorted(kept) for row in _draw(kept[name], name, seed)]


def _draw(rows: Sequence[Row], name: str, seed: int) -> list[Row]:
    return Random(f"{seed} {name}").sample(list(rows), min(PER_SOURCE, len(rows)))


def genre_figures(readers: Readers, rows: Sequence[Row], jobs: int) -> list[Figure]:
    """Return the share called filler of well-edited texts, pooled and by genre, and of every data set."""
    reports = readers.score(rows, jobs)
    judged = np.array([report.score == report.score for report in reports], np.bool_)
    called = np.array(["filler" in report.flags for report in reports], np.bool_)
    source = np.array([row.dataset for row in rows])

    def share(name: str, datasets: Sequence[str], floor: float = float("nan")) -> Figure:
        own = called[judged & np.isin(source, datasets)]
        return rate(GROUP, name, own, floor, at_most=True, note=readers.note)

    everything = [name for names in EDITED.values() for name in names]
    found = [share("well-edited news, encyclopaedia, abstracts and reports", everything, 0.005)]
    found += [share(f"well-edited {genre}", names) for genre, names in EDITED.items()]
    return [*found, *(share(str(name), [str(name)]) for name in np.unique(source))]
