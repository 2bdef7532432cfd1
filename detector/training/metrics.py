"""The figures of merit, each one function over flat arrays.

Where a figure is undefined (one class only, nothing to correlate) it is NaN. Scores
must be numbers: an article the tool abstained on has none and is left out before.
Nothing here draws random numbers but :func:`bootstrap`, which takes a seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from detector import intervals

NAN = float("nan")
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with the two ends of its interval, NaN where undefined."""

    value: float
    low: float
    high: float


def _numbers(name: str, values: ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name} has {array.ndim} dimensions; give a flat array.")
    if np.isnan(array).any():
        raise ValueError(f"{name} holds NaN; leave out the items without a value first.")
    return array


def _same_length(**arrays: NDArray[Any]) -> None:
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ValueError(f"The arrays differ in length ({told}); give one value per item in each.")


def _labelled(y: ArrayLike, s: ArrayLike) -> tuple[Flags, Floats]:
    truth, score = _numbers("y", y), _numbers("s", s)
    _same_length(y=truth, s=score)
    if not np.isin(truth, (0.0, 1.0)).all():
        raise ValueError("y holds values other than 0 and 1; give one truth value per item.")
    return truth == 1.0, score


def midranks(x: ArrayLike) -> Floats:
    """Ranks from 1, tied values sharing the mean of theirs; shape (n,) to (n,)."""
    values = _numbers("x", x)
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Floats = (last - (counts - 1) / 2)[inverse]
    return ranks


def auroc(y: ArrayLike, s: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Chance that a random positive scores above a random negative, ties counting half.

    The Mann-Whitney U statistic over the number of pairs (Hanley and McNeil 1982). With
    ``weights`` a pair counts as the product of its two weights. NaN with one class only.
    """
    truth, score = _labelled(y, s)
    weight = np.ones(len(score)) if weights is None else _numbers("weights", weights)
    _same_length(s=score, weights=weight)
    levels, inverse = np.unique(score, return_inverse=True)
    positive = np.bincount(inverse[truth], weights=weight[truth], minlength=len(levels))
    negative = np.bincount(inverse[~truth], weights=weight[~truth], minlength=len(levels))
    pairs = float(positive.sum()) * float(negative.sum())
    if pairs == 0.0:
        return NAN
    below = np.cumsum(negative) - negative / 2  # negatives under each level, half of those on it
    return min(1.0, float(positive @ below) / pairs)


def average_precision(y: ArrayLike, s: ArrayLike) -> float:
    """Precision at each threshold, weighted by the recall it adds; NaN without a positive.

    AP = Σ (Rₙ − Rₙ₋₁) Pₙ over distinct scores, falling, without interpolation: the
    definition scikit-learn uses. Its chance level is the share of positives.
    """
    truth, score = _labelled(y, s)
    if not truth.any():
        return NAN
    levels, inverse = np.unique(-score, return_inverse=True)
    hits = np.bincount(inverse, weights=truth.astype(np.float64), minlength=len(levels))
    flagged = np.cumsum(np.bincount(inverse, minlength=len(levels)))
    precision = np.cumsum(hits) / flagged
    return float(hits @ precision / hits.sum())


def octiles(words: ArrayLike) -> Ints:
    """Stratum 0 to 7 of each item by word count; equal counts always share a stratum."""
    counts = _numbers("words", words)
    if not len(counts):
        return np.zeros(0, dtype=np.int64)
    borders = np.quantile(counts, np.arange(1, 8) / 8)
    return np.searchsorted(borders, counts, side="left").astype(np.int64)


def group_auroc(y: ArrayLike, s: ArrayLike, groups: ArrayLike) -> float:
    """AUROC within groups: of the pairs whose members share a group, the share ordered right.

    That is the mean over groups weighted by their number of positive-negative pairs, so a
    group of one class has no say. NaN when no group holds both.
    """
    truth, score = _labelled(y, s)
    _, member = np.unique(np.asarray(groups), return_inverse=True)
    _same_length(y=truth, groups=member)
    order = np.argsort(member, kind="stable")
    total, pairs = 0.0, 0
    for rows in np.split(order, np.flatnonzero(np.diff(member[order])) + 1):
        positive = int(truth[rows].sum())
        weight = positive * (len(rows) - positive)
        if weight:
            total += weight * auroc(truth[rows], score[rows])
            pairs += weight
    return total / pairs if pairs else NAN


def length_stratified_auroc(y: ArrayLike, s: ArrayLike, words: ArrayLike) -> float:
    """:func:`group_auroc` within the octiles of word count, so that length alone earns .5 or little more."""
    return group_auroc(y, s, octiles(words))


def matched_octile_auroc(y: ArrayLike, s: ArrayLike, words: ArrayLike) -> float:
    """AUROC after both classes are given the same spread of word counts.

    In each octile the larger class is weighted down to the size of the smaller one. That
    is what drawing a subsample of it gives on average, without a draw and so without a
    seed. Pairs across octiles count, unlike in :func:`length_stratified_auroc`. NaN when no
    octile holds both classes.
    """
    truth, score = _labelled(y, s)
    stratum = octiles(words)
    _same_length(y=truth, words=stratum)
    positive = np.bincount(stratum[truth], minlength=8)
    negative = np.bincount(stratum[~truth], minlength=8)
    kept = np.minimum(positive, negative)
    mine = np.where(truth, positive[stratum], negative[stratum])
    return auroc(truth, score, kept[stratum] / mine)


def _correlation(x: Floats, y: Floats) -> float:
    x, y = x - x.mean(), y - y.mean()
    scale = float(np.sqrt((x @ x) * (y @ y)))
    return float(np.clip((x @ y) / scale, -1.0, 1.0)) if scale > 0.0 else NAN


def spearman(x: ArrayLike, y: ArrayLike) -> float:
    """Rank correlation of two arrays: Pearson's r of their midranks. NaN when either is constant."""
    a, b = midranks(x), midranks(y)
    _same_length(x=a, y=b)
    return _correlation(a, b) if len(a) > 1 else NAN


def partial_spearman(x: ArrayLike, y: ArrayLike, given: ArrayLike) -> float:
    """Rank correlation of x and y once what the ranks of ``given`` explain is taken out of both.

    Midranks of x and y are regressed on those of ``given`` (least squares with intercept) and
    the residuals correlated, which equals (r_xy − r_xg r_yg) / √((1 − r_xg²)(1 − r_yg²)). NaN
    when nothing of x or of y is left.
    """
    a, b, c = midranks(x), midranks(y), midranks(given)
    _same_length(x=a, y=b, given=c)
    if len(a) < 3:
        return NAN
    c = c - c.mean()
    spread = float(c @ c)
    left = []
    for ranks in (a, b):
        centred = ranks - ranks.mean()
        residual = centred - (float(centred @ c) / spread if spread else 0.0) * c
        # Rounding leaves crumbs where x is a monotone function of given; they are not a residual.
        if float(residual @ residual) <= 1e-12 * max(float(centred @ centred), 1.0):
            return NAN
        left.append(residual)
    return _correlation(left[0], left[1])


def ece(y: ArrayLike, p: ArrayLike, bins: int = 10) -> float:
    """Return the expected calibration error over bins of equal count.

    Σ (n_b / n) · |mean outcome − mean probability|. The bins of Nixon et al. 2019 (adaptive
    calibration error), weighted by size as in Naeini et al. 2015. Items of equal probability
    share their mean outcome first, so that the order of the input cannot matter where a tie
    straddles a border. NaN without items.
    """
    truth, probability = _labelled(y, p)
    if not len(truth):
        return NAN
    if bins < 1:
        raise ValueError(f"bins is {bins}; give at least 1.")
    _, inverse, counts = np.unique(probability, return_inverse=True, return_counts=True)
    outcome = (np.bincount(inverse, weights=truth.astype(np.float64)) / counts)[inverse]
    order = np.argsort(probability, kind="stable")
    gaps = [abs(float(np.sum(outcome[rows] - probability[rows]))) for rows in np.array_split(order, bins)]
    return float(np.sum(gaps)) / len(truth)


def brier(y: ArrayLike, p: ArrayLike) -> float:
    """Mean squared distance of probability from outcome (Brier 1950), 0 best, NaN without items."""
    truth, probability = _labelled(y, p)
    return float(np.mean((probability - truth) ** 2)) if len(truth) else NAN


def bootstrap(
    statistic: Callable[[Ints], float],
    clusters: Sequence[object] | NDArray[Any],
    *,
    seed: int,
    resamples: int = 1000,
    level: float = 0.95,
) -> Interval:
    """Percentile bootstrap (Efron 1979) that draws whole clusters with replacement.

    ``clusters`` names the cluster of each row: an article's id for figures over sentences,
    ``range(n)`` to draw rows one by one. ``statistic`` takes the row numbers drawn, with
    repeats, and returns the figure; ``value`` is the figure of all rows. Draws for which it is
    NaN are left out; the ends are NaN when that is all of them or there are no rows.
    """
    numbers: dict[object, int] = {}
    member = np.fromiter((numbers.setdefault(name, len(numbers)) for name in clusters), dtype=np.int64)
    if not len(member):
        return Interval(NAN, NAN, NAN)
    order = np.argsort(member, kind="stable").astype(np.int64)
    rows = np.split(order, np.flatnonzero(np.diff(member[order])) + 1)
    generator = np.random.default_rng(seed)
    figures = np.array(
        [
            statistic(np.concatenate([rows[k] for k in generator.integers(len(rows), size=len(rows))]))
            for _ in range(resamples)
        ]
    )
    figures = figures[~np.isnan(figures)]
    value = float(statistic(np.arange(len(member), dtype=np.int64)))
    if not len(figures):
        return Interval(value, NAN, NAN)
    low, high = np.quantile(figures, ((1 - level) / 2, (1 + level) / 2))
    return Interval(value, float(low), float(high))


def wilson(k: int, n: int, level: float = 0.95) -> Interval:
    """Score interval of a rate of ``k`` in ``n`` (Wilson 1927); NaN for ``n`` = 0."""
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is not a rate; k must lie between 0 and n.")
    if n == 0:
        return Interval(NAN, NAN, NAN)
    rate = k / n
    low, high = intervals.wilson(rate, n, NormalDist().inv_cdf((1 + level) / 2))
    return Interval(rate, 0.0 if k == 0 else low, 1.0 if k == n else high)


def cut_at_fpr(human_scores: ArrayLike, fpr: float) -> float:
    """Return the lowest cut at which at most ``fpr`` of the human scores are ≥ cut; NaN without scores."""
    human = np.sort(_numbers("human_scores", human_scores))
    if not len(human):
        return NAN
    allowed = int(np.floor(fpr * len(human) + 1e-9))  # .29 × 100 is 28.999… in floats
    if allowed >= len(human):
        return -np.inf
    return float(np.nextafter(human[len(human) - 1 - allowed], np.inf))


def tpr_at_fpr(human_scores: ArrayLike, machine_scores: ArrayLike, fpr: float) -> float:
    """Share of machine scores at or above :func:`cut_at_fpr` of the human ones; NaN if either is empty."""
    machine, cut = _numbers("machine_scores", machine_scores), cut_at_fpr(human_scores, fpr)
    return float(np.mean(machine >= cut)) if len(machine) and not np.isnan(cut) else NAN


def macro_f1(truth: ArrayLike, predicted: ArrayLike, kinds: Sequence[str] | None = None) -> float:
    """Mean over ``kinds`` of F1 = 2 TP / (2 TP + FP + FN); by default the kinds found in either list count alike.

    What is predicted as none of ``kinds`` is a miss. NaN without kinds.
    """
    a, b = np.asarray(truth, dtype=str), np.asarray(predicted, dtype=str)
    _same_length(truth=a, predicted=b)
    chosen = np.union1d(a, b).tolist() if kinds is None else kinds
    if not chosen:
        return NAN
    each = [2 * np.sum((a == k) & (b == k)) / max(np.sum(a == k) + np.sum(b == k), 1) for k in chosen]
    return float(np.mean(each))
