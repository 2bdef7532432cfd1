"""The sentence head with one source left out at a time: the hardest split, beside the five fixed folds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from detector.features.background import Background, Floats
from detector.training import metrics
from detector.training.document import FILLER
from detector.training.figures import NAN, Figure, maker
from detector.training.sentence import Recipe, Sentences, Stack, sentences_of
from detector.training.sources import Article

FEWEST = 20  # articles of a family that is left out on its own
APART = 99  # number of the fold that holds the family left out
GROUP = "filler, leave one source out"
Log = Callable[[str], None]


def leave_one_source_out(
    articles: Sequence[Article], background: Background, recipe: Recipe, seed: int, jobs: int, log: Log
) -> list[Figure]:
    """Return figures of sentences and filler shares by heads that saw nothing of the family.

    Each family of FEWEST labelled articles of the corpora is left out in turn, and the head trained on the rest in its
    folds. The share alone stands for an article here: a document head for each source would take five times as long.
    """
    data = sentences_of(articles, background, jobs)
    family = np.array([a.family if a.story is None and a.fold is not None else "" for a in articles])
    names, counts = np.unique(family[family != ""], return_counts=True)
    filler = np.full(len(data.fold), np.nan)
    for name in names[counts >= FEWEST].tolist():
        rows = family[data.article] == name
        filler[rows] = read_apart(data, rows, recipe, seed, jobs)
        log(f"left out {name}, {int(np.sum(family == name))} articles")
    return source_figures(data, filler, family)


def read_apart(data: Sentences, rows: NDArray[np.bool_], recipe: Recipe, seed: int, jobs: int) -> Floats:
    """Return the probability of filler of the sentences ``rows`` (N,) by a head that learnt from none of them."""
    apart = replace(data, fold=np.where(rows, APART, data.fold))
    folds = tuple(np.unique(apart.fold[apart.fold >= 0]).tolist())
    stack = Stack(apart, recipe, folds, seed)
    without = frozenset({APART})
    stack.fill([without], jobs)
    probability: Floats = 1.0 / (1.0 + np.exp(-np.clip(stack.predict("second", without)[rows], -7.0, 7.0)))
    return probability


def source_figures(data: Sentences, filler: Floats, family: NDArray[np.str_]) -> list[Figure]:
    """Return pooled figures, means over families and the AUROC of each; ``family`` (A,) names each article's."""
    rows = np.flatnonzero(data.is_prose & np.isfinite(filler))
    y, s, article = data.is_filler[rows], filler[rows], data.article[rows]
    weight = data.words[rows]
    total = np.bincount(article, weight, len(family))
    kept = np.flatnonzero(total)
    truth = np.bincount(article, weight * y, len(family))[kept] / total[kept]
    share = np.bincount(article, weight * s, len(family))[kept] / total[kept]
    own = family[article]
    by_family = {
        str(name): metrics.auroc(y[own == name], s[own == name])
        for name in np.unique(own)
        if 0 < y[own == name].sum() < np.sum(own == name)
    }
    values = np.array(list(by_family.values()))
    sentences = maker(GROUP, len(rows), article)
    whole = maker(GROUP, len(kept), range(len(kept)))
    families = maker(GROUP, len(values), range(len(values)))
    return [
        sentences("filler against claim, AUROC", lambda r: metrics.auroc(y[r], s[r])),
        sentences("filler against claim, average precision", lambda r: metrics.average_precision(y[r], s[r])),
        whole("filler share, Spearman", lambda r: metrics.spearman(share[r], truth[r])),
        whole("filler share for share ≥ .5, AUROC", lambda r: metrics.auroc(truth[r] >= FILLER, share[r])),
        families(
            "filler against claim, AUROC, mean over sources", lambda r: float(np.mean(values[r])) if len(r) else NAN
        ),
        *(Figure(GROUP, f"filler against claim, AUROC, {name}", value) for name, value in by_family.items()),
    ]
