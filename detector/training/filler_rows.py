"""Figures over labelled sentences and articles, from out-of-fold predictions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from detector.features.background import Floats
from detector.text.document import Ints
from detector.training import metrics
from detector.training.baselines import Baselines, beside, cliches
from detector.training.document import FILLER
from detector.training.figures import Figure, maker
from detector.training.judged import Judged, column, labelled, letters
from detector.training.overlay import overlay
from detector.training.train import Filler

STRICT = 0.33
LARGE = 90  # articles of a source that is looked at on its own
_LEAST_PER_FAMILY = 10  # articles of each kind, for a family to count in the mean over families
_MOST_ERROR = 0.10  # of calibration within a source


def sentence_figures(filler: Filler, judged: Judged, jobs: int) -> list[Figure]:
    """Return how well sentences of filler are told from claims, and repeats from generic ones."""
    data = filler.stack.data
    rows = np.flatnonzero(data.is_prose & filler.is_gold[data.article] & (data.fold >= 0))
    y, s, words, article = data.is_filler[rows], judged.filler[rows], data.words[rows], data.article[rows]
    truth, named = data.letters[rows], letters(filler, jobs)[rows]
    texts = filler.whole.articles
    segments = [segment for a in texts for segment in a.segments]
    at = zip(article.tolist(), rows.tolist(), strict=True)
    density = [cliches(texts[a].text[slice(*segments[i])]) for a, i in at]
    plain: Baselines = {"length": words, "clichés": np.array(density)}
    make = maker("sentences", len(rows), article, "given segments")

    def against_claims(letter: str) -> Callable[[Ints], float]:
        return lambda r: _two(truth[r], s[r], letter)

    return [
        make(
            "filler against claim, AUROC",
            lambda r: metrics.auroc(y[r], s[r]),
            0.92,
            beside=beside(plain, lambda b: metrics.auroc(y, b)),
        ),
        make(
            "filler against claim, average precision",
            lambda r: metrics.average_precision(y[r], s[r]),
            0.84,
            beside=beside(plain, lambda b: metrics.average_precision(y, b)),
        ),
        make(
            "length-stratified AUROC",
            lambda r: metrics.length_stratified_auroc(y[r], s[r], words[r]),
            0.90,
            beside=beside(plain, lambda b: metrics.length_stratified_auroc(y, b, words)),
        ),
        make("repeat against claim, AUROC", against_claims("R")),
        make("generic against claim, AUROC", against_claims("G")),
        make("repeat, generic or claim, macro-F1", lambda r: metrics.macro_f1(truth[r], named[r], "CRG"), 0.65),
    ]


def _two(truth: NDArray[np.str_], score: Floats, letter: str) -> float:
    kept = (truth == letter) | (truth == "C")
    return metrics.auroc(truth[kept] == letter, score[kept])


def own_sentence_figures(filler: Filler, jobs: int) -> list[Figure]:
    """Score with the tool's own sentences; a labelled segment takes the mean of those that overlap it."""
    y, s, article = overlay(filler, jobs)
    make = maker("sentences", len(y), article, "own sentences")
    return [
        make("filler against claim, AUROC", lambda r: metrics.auroc(y[r], s[r])),
        make("filler against claim, average precision", lambda r: metrics.average_precision(y[r], s[r])),
    ]


def article_figures(filler: Filler, judged: Judged, plain: Baselines) -> list[Figure]:
    """Return how well share and score rank articles; ``plain`` are baselines over all articles (A,)."""
    rows = labelled(filler, judged)
    label, source = column(filler, "label")[rows], column(filler, "dataset")[rows]
    truth, share, score = judged.truth[rows], judged.share[rows], judged.score[rows]
    make = maker("articles", len(rows), rows)
    machine = (label == "machine").astype(np.float64)
    known = np.flatnonzero(label != "")
    y, strict = truth >= FILLER, truth >= STRICT

    def others(statistic: Callable[[Floats], float], kept: Ints | None = None) -> dict[str, float]:
        return beside(plain, statistic, rows if kept is None else rows[kept])

    def among(author: str) -> Figure:
        own = np.flatnonzero(label == author)
        return maker("articles", len(own), rows)(
            f"the same among {author} articles",
            lambda r: metrics.auroc(y[r[label[r] == author]], score[r[label[r] == author]]),
            {"human": 0.95, "machine": 0.96}[author],
            beside=others(lambda b: metrics.auroc(y[own], b), own),
        )

    def partial(r: Ints) -> float:
        kept = r[np.isin(r, known)]
        return metrics.partial_spearman(score[kept], machine[kept], truth[kept])

    return [
        make(
            "filler share, Spearman",
            lambda r: metrics.spearman(share[r], truth[r]),
            0.88,
            beside=others(lambda b: metrics.spearman(b, truth)),
        ),
        make(
            "filler share, mean absolute error",
            lambda r: float(np.mean(np.abs(share[r] - truth[r]))),
            beside={"always the median": float(np.mean(np.abs(truth - np.median(truth))))},
        ),
        make(
            "score for share ≥ .5, AUROC",
            lambda r: metrics.auroc(y[r], score[r]),
            0.97,
            beside=others(lambda b: metrics.auroc(y, b)),
        ),
        make(
            "score for share ≥ .33, AUROC",
            lambda r: metrics.auroc(strict[r], score[r]),
            0.94,
            beside=others(lambda b: metrics.auroc(strict, b)),
        ),
        among("human"),
        among("machine"),
        make(
            "the same within source, pair-weighted",
            lambda r: metrics.group_auroc(y[r], score[r], source[r]),
            0.90,
            beside=others(lambda b: metrics.group_auroc(y, b, source)),
        ),
        make("filler share for share ≥ .5, AUROC", lambda r: metrics.auroc(y[r], share[r])),
        make("partial Spearman of score with machine, given share", partial, 0.10, True),
        make(
            "score, Brier",
            lambda r: metrics.brier(y[r], score[r]),
            0.05,
            True,
            beside={"always the base rate": float(np.mean(y) * (1 - np.mean(y)))},
        ),
        make("score, expected calibration error", lambda r: metrics.ece(y[r], score[r]), 0.02, True),
    ]


def calibration_figures(filler: Filler, judged: Judged) -> list[Figure]:
    """Return the calibration error of each source of LARGE articles, smaller ones pooled by domain.

    The last row counts those of which even the lower end of the interval exceeds _MOST_ERROR.
    """
    rows = labelled(filler, judged)
    source, domain = column(filler, "dataset")[rows], column(filler, "domain")[rows]
    y, score = judged.truth[rows] >= FILLER, judged.score[rows]
    large = np.array([np.sum(source == name) >= LARGE for name in source], np.bool_)
    place = np.where(large, source, np.char.add("smaller sources, ", domain))
    found = []
    for name in np.unique(place):
        own = np.flatnonzero(place == name)
        if len(own) < LARGE:
            continue
        truth, said = y[own], score[own]
        make = maker("calibration by source", len(own), range(len(own)))
        found.append(make(f"ECE, {name}", lambda r, t=truth, p=said: metrics.ece(t[r], p[r])))
    bad = [item.name.removeprefix("ECE, ") for item in found if item.low > _MOST_ERROR]
    name = f"sources whose ECE surely exceeds {_MOST_ERROR:.2f}"
    note = f"of {len(found)}" + (f": {', '.join(bad)}" if bad else "")
    return [*found, Figure("calibration by source", name, float(len(bad)), floor=0.0, at_most=True, note=note)]


def family_figures(filler: Filler, judged: Judged) -> list[Figure]:
    """Return means over families, to stand beside the pooled figures."""
    family = column(filler, "family")
    rows = labelled(filler, judged)
    data = filler.stack.data
    ranks, aurocs = [], []
    for name in np.unique(family[rows]):
        own = rows[family[rows] == name]
        if len(own) >= 2 * _LEAST_PER_FAMILY:
            ranks.append(metrics.spearman(judged.share[own], judged.truth[own]))
        sentences = np.isin(data.article, own) & data.is_prose
        if data.is_filler[sentences].sum() >= _LEAST_PER_FAMILY:
            aurocs.append(metrics.auroc(data.is_filler[sentences], judged.filler[sentences]))
    found = []
    for name, values in (("filler against claim, AUROC", aurocs), ("filler share, Spearman", ranks)):
        kept = np.array([value for value in values if not np.isnan(value)])
        make = maker("means over families", len(kept), range(len(kept)))
        found.append(make(name, lambda r, v=kept: float(np.mean(v[r])) if len(r) else float("nan")))
    return found
