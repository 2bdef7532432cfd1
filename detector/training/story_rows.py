"""Figures over the project's own stories, each told four times with the same facts, held out by story."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from detector.features.background import Floats
from detector.text.document import Flags
from detector.training import metrics
from detector.training.baselines import Baselines
from detector.training.figures import Figure, maker, rate
from detector.training.judged import Judged, borders
from detector.training.train import Filler

GROUP = "stories, held out by story"
ORDER = (("padded", "full", 1.0), ("mixed", "full", 0.98), ("padded", "mixed", 0.97))
DENSE = ("brief", "full")  # versions without filler, which must not be called filler
LEAST_WORDS = 100


def story_figures(filler: Filler, judged: Judged, plain: Baselines) -> list[Figure]:
    """Return how versions are ordered, how sentences are, and whether dense versions stay below the filler cut."""
    articles = filler.whole.articles
    stories = {(a.story, a.version): i for i, a in enumerate(articles) if a.story is not None}
    if not stories:
        return []
    names = sorted({story for story, _ in stories if story is not None})

    def wins(values: Floats, high: str, low: str) -> Flags:
        return np.array([values[stories[n, high]] > values[stories[n, low]] for n in names], np.bool_)

    def ordered(high: str, low: str, floor: float) -> Figure:
        others = {name: max(wins(v, high, low).mean(), wins(-v, high, low).mean()) for name, v in plain.items()}
        return rate(GROUP, f"{high} above {low}, by filler share", wins(judged.share, high, low), floor, beside=others)

    return [
        *(ordered(*triple) for triple in ORDER),
        *_sentences(filler, judged),
        *_by_batch(filler, judged, names, wins),
    ]


def _sentences(filler: Filler, judged: Judged) -> list[Figure]:
    articles, data = filler.whole.articles, filler.stack.data
    story = np.array([article.story or "" for article in articles])
    rows = np.flatnonzero(data.is_prose & (story[data.article] != ""))
    whole = np.flatnonzero(story != "")
    y, s = data.is_filler[rows], judged.filler[rows]
    error = np.abs(judged.share[whole] - judged.truth[whole])
    dense = np.array([i for i in whole if articles[i].version in DENSE and articles[i].words >= LEAST_WORDS])
    below = judged.score[dense] < borders(filler, judged)[1]
    return [
        maker(GROUP, len(rows), story[data.article[rows]])("sentence AUROC", lambda r: metrics.auroc(y[r], s[r]), 0.97),
        maker(GROUP, len(whole), story[whole])(
            "filler share, mean absolute error", lambda r: float(np.mean(error[r])), 0.05, True
        ),
        rate(GROUP, f"brief and full of {LEAST_WORDS}+ words below the filler cut", below, 1.0),
    ]


def _by_batch(
    filler: Filler, judged: Judged, names: list[str], wins: Callable[[Floats, str, str], Flags]
) -> list[Figure]:
    """Return the order of padded and full in each batch of stories: they were written at different times."""
    batch = {a.story: a.batch for a in filler.whole.articles if a.story is not None}
    own = np.array([batch[name] or 0 for name in names])
    won = wins(judged.share, "padded", "full")
    return [rate(GROUP, f"padded above full, batch {number}", won[own == number]) for number in np.unique(own)]
