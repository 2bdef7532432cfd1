"""The figures of the sentence and document heads, out of fold by family, as a sceptic would measure them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.features.background import Floats
from detector.text.document import Ints
from detector.training import metrics
from detector.training.document import FILLER
from detector.training.figures import NAN, Figure, figure
from detector.training.metrics import Interval
from detector.training.overlay import overlay
from detector.training.train import Filler, choose_damping

SEED = 0
RESAMPLES = 200  # enough for two digits of an interval, few enough for a gate
STRICT = 0.33
_LEAST_PER_FAMILY = 10  # articles of each kind, for a family to count in the mean over families


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Out-of-fold predictions.

    ``filler`` (N,) of every labelled sentence; over articles (A,) the predicted and the labelled share of the
    labelled sentences' words, and the score by a document head that did not see the fold.
    """

    filler: Floats
    share: Floats
    truth: Floats
    score: Floats


def judge(filler: Filler) -> Judged:
    """Predict every fold with heads trained on the others."""
    data = filler.stack.data
    logit = np.full(len(data.fold), np.nan)
    for fold in filler.folds:
        rows = data.fold == fold
        logit[rows] = np.clip(filler.stack.predict("second", frozenset({fold}))[rows], -7.0, 7.0)
    probability = 1.0 / (1.0 + np.exp(-logit))
    half_words = choose_damping(filler)
    score = 1.0 / (1.0 + np.exp(-filler.logits(filler.whole, filler.nested_heads(half_words))))
    count = len(filler.whole.articles)
    weight = data.words * data.is_prose
    total = np.bincount(data.article, weight, count)
    sums = np.bincount(data.article, weight * np.nan_to_num(probability), count)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = sums / total
    return Judged(probability, share, filler.whole.share, score)


def filler_figures(filler: Filler, jobs: int) -> list[Figure]:
    """Return every figure that labelled articles and stories give (design §4b)."""
    judged = judge(filler)
    found: list[Figure] = []
    if filler.is_gold.any():
        found += _sentence_figures(filler, judged, "given segments")
        found += _own_sentence_figures(filler, jobs)
        found += _article_figures(filler, judged)
        found += _family_figures(filler, judged)
    return [*found, *_story_figures(filler, judged)]


def _sentence_figures(filler: Filler, judged: Judged, note: str) -> list[Figure]:
    data = filler.stack.data
    rows = np.flatnonzero(data.is_prose & filler.is_gold[data.article] & (data.fold >= 0))
    y, s, words, article = data.is_filler[rows], judged.filler[rows], data.words[rows], data.article[rows]
    make = _maker("sentences", len(rows), article, note)
    kinds = np.array(list("CRG"))
    return [
        make("filler against claim, AUROC", lambda r: metrics.auroc(y[r], s[r]), 0.88),
        make("filler against claim, average precision", lambda r: metrics.average_precision(y[r], s[r]), 0.75),
        make("length-stratified AUROC", lambda r: metrics.length_stratified_auroc(y[r], s[r], words[r]), 0.84),
        make("AUROC from the number of words alone", lambda r: metrics.auroc(y[r], -words[r])),
        *(
            make(
                f"{name} against claim, AUROC",
                lambda r, letter=letter: _two(data.letters[rows][r], s[r], letter),
            )
            for letter, name in zip(kinds[1:], ("repeat", "generic"), strict=True)
        ),
    ]


def _two(letters: NDArray[np.str_], score: Floats, letter: str) -> float:
    kept = (letters == letter) | (letters == "C")
    return metrics.auroc(letters[kept] == letter, score[kept])


def _own_sentence_figures(filler: Filler, jobs: int) -> list[Figure]:
    """Score with the tool's own sentences; a labelled segment takes the mean of those that overlap it."""
    y, s, article = overlay(filler, jobs)
    make = _maker("sentences", len(y), article, "own sentences")
    return [
        make("filler against claim, AUROC", lambda r: metrics.auroc(y[r], s[r])),
        make("filler against claim, average precision", lambda r: metrics.average_precision(y[r], s[r])),
    ]


def _article_figures(filler: Filler, judged: Judged) -> list[Figure]:
    label = np.array([article.label or "" for article in filler.whole.articles])
    family = np.array([article.family for article in filler.whole.articles])
    rows = np.flatnonzero(filler.is_gold & (filler.whole.fold >= 0) & np.isfinite(judged.truth))
    truth, share, score = judged.truth[rows], judged.share[rows], judged.score[rows]
    make = _maker("articles", len(rows), rows)
    known = np.isin(label[rows], ["human", "machine"])
    machine = (label[rows] == "machine").astype(np.float64)

    def among(author: str) -> Callable[[Ints], float]:
        def value(r: Ints) -> float:
            kept = r[label[rows][r] == author]
            return metrics.auroc(truth[kept] >= FILLER, score[kept])

        return value

    def partial(r: Ints) -> float:
        kept = r[known[r]]
        return metrics.partial_spearman(score[kept], machine[kept], truth[kept])

    y = truth >= FILLER
    return [
        make("filler share, Spearman", lambda r: metrics.spearman(share[r], truth[r]), 0.80),
        make("filler share, mean absolute error", lambda r: float(np.mean(np.abs(share[r] - truth[r])))),
        make("score for share ≥ .5, AUROC", lambda r: metrics.auroc(y[r], score[r]), 0.93),
        make("the same among human articles", among("human"), 0.92),
        make("the same among machine articles", among("machine"), 0.92),
        make(
            "the same within source, pair-weighted",
            lambda r: metrics.group_auroc(y[r], score[r], family[rows][r]),
        ),
        make("filler share for share ≥ .5, AUROC", lambda r: metrics.auroc(y[r], share[r])),
        make("score for share ≥ .33, AUROC", lambda r: metrics.auroc(truth[r] >= STRICT, score[r])),
        make("partial Spearman of score with machine, given share", partial, 0.20, True),
        make("score, expected calibration error", lambda r: metrics.ece(y[r], score[r]), 0.04, True),
        make("score, Brier", lambda r: metrics.brier(y[r], score[r])),
    ]


def _family_figures(filler: Filler, judged: Judged) -> list[Figure]:
    """Means over families, beside the pooled figures."""
    family = np.array([article.family for article in filler.whole.articles])
    rows = np.flatnonzero(filler.is_gold & (filler.whole.fold >= 0) & np.isfinite(judged.truth))
    data = filler.stack.data
    spearman, auroc = [], []
    for name in np.unique(family[rows]):
        own = rows[family[rows] == name]
        if len(own) >= 2 * _LEAST_PER_FAMILY:
            spearman.append(metrics.spearman(judged.share[own], judged.truth[own]))
        sentences = np.isin(data.article, own) & data.is_prose
        if data.is_filler[sentences].sum() >= _LEAST_PER_FAMILY:
            auroc.append(metrics.auroc(data.is_filler[sentences], judged.filler[sentences]))
    return [
        Figure("means over families", "filler against claim, AUROC", float(np.nanmean(auroc)), n=len(auroc)),
        Figure("means over families", "filler share, Spearman", float(np.nanmean(spearman)), n=len(spearman)),
    ]


def _story_figures(filler: Filler, judged: Judged) -> list[Figure]:
    articles = filler.whole.articles
    data = filler.stack.data
    stories = {(a.story, a.version): i for i, a in enumerate(articles) if a.story is not None}
    if not stories:
        return []
    names = sorted({story for story, _ in stories if story is not None})
    rows = np.flatnonzero(data.is_prose & ~filler.is_gold[data.article])
    story_of = np.array([articles[i].story for i in data.article[rows]])
    whole = np.array(sorted(stories.values()))
    error = np.abs(judged.share[whole] - judged.truth[whole])
    make = _maker("stories, held out by story", len(names), np.arange(len(names)))

    def above(high: str, low: str) -> Callable[[Ints], float]:
        wins = np.array([judged.share[stories[n, high]] > judged.share[stories[n, low]] for n in names])
        return lambda r: float(np.mean(wins[r]))

    y, s = data.is_filler[rows], judged.filler[rows]
    sentence = metrics.bootstrap(lambda r: metrics.auroc(y[r], s[r]), story_of, seed=SEED, resamples=RESAMPLES)
    mae = metrics.bootstrap(
        lambda r: float(np.mean(error[r])), [articles[i].story for i in whole], seed=SEED, resamples=RESAMPLES
    )
    return [
        make("padded above full, by filler share", above("padded", "full"), 1.0),
        make("mixed above full, by filler share", above("mixed", "full"), 0.98),
        make("padded above mixed, by filler share", above("padded", "mixed")),
        figure("stories, held out by story", "sentence AUROC", sentence, len(rows), 0.93),
        figure(
            "stories, held out by story",
            "filler share, mean absolute error",
            mae,
            len(whole),
            0.08,
            at_most=True,
        ),
    ]


def rates_by_genre(filler: Filler, judged: Judged, cut: float, least: int = 20) -> list[tuple[str, Interval, int, int]]:
    """Return for each genre of human articles the rate called filler that are not, Wilson interval, count and n."""
    found = []
    domain = np.array([a.domain if a.label == "human" else "" for a in filler.whole.articles])
    innocent = filler.is_gold & (filler.whole.fold >= 0) & (judged.truth < FILLER)
    for name in np.unique(domain[innocent]):
        rows = innocent & (domain == name)
        if name and rows.sum() >= least:
            called = int((judged.score[rows] >= cut).sum())
            found.append((str(name), metrics.wilson(called, int(rows.sum())), called, int(rows.sum())))
    return found


def _maker(group: str, n: int, clusters: Ints | NDArray[np.generic], note: str = "") -> Callable[..., Figure]:
    """Return a function that measures a statistic of row numbers with a bootstrap over ``clusters``."""

    def make(name: str, statistic: Callable[[Ints], float], floor: float = NAN, at_most: bool = False) -> Figure:
        interval = metrics.bootstrap(statistic, clusters.tolist(), seed=SEED, resamples=RESAMPLES)
        return figure(group, name, interval, n, floor, at_most=at_most, note=note)

    return make


def machine_rows(figures: Mapping[str, Any]) -> list[Figure]:
    """Return the leave-one-family-out figures of a machine head as rows."""
    group = "machine head, leave one family out"
    families: Mapping[str, float] = figures["families"]
    macro = Figure(group, "AUROC, macro-mean", figures["macro_auroc"], n=len(families), floor=0.93)
    rows = [Figure(group, f"AUROC, {name}", value) for name, value in families.items()]
    one_class: Mapping[str, float] = figures["one_class"]
    rows += [Figure(group, f"AUROC, {name}", value, note="one class, same domain") for name, value in one_class.items()]
    called = sum(k for k, _ in figures["human_rates"].values())
    count = sum(n for _, n in figures["human_rates"].values())
    rate = metrics.wilson(called, count)
    return [
        macro,
        *rows,
        Figure(group, "TPR at 1 % FPR, pooled", figures["tpr_at_1_percent"]),
        figure(group, "human texts at or above the cut, pooled", rate, count),
        Figure(group, "machine texts at or above the cut", figures["caught_at_cut"]),
    ]
