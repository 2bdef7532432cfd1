"""Whether today's texts have moved away from those of a reference, and what to do about it.

Measures (scores, length, features) are compared by the Kolmogorov-Smirnov distance, taken at the reference's stored
quantiles; its p-value is the Dvoretzky-Kiefer-Wolfowitz bound with Massart's constant at the sample size n m / (n + m)
(for two samples: Wei and Dudley 2012), which errs on the safe side where values tie. Rates of labels and flags are
compared by Fisher's exact test. Holm's procedure keeps the chance of any false alarm at ``alpha``. To be told as moved,
a difference must also be large enough to matter, so that a huge batch does not alarm for nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import fisher_exact

from detector.features.registry import FEATURES
from detector.report import NAN
from detector.training.reference import MACHINE, Group, Measure, Sample, check_size, share_below

LEAST_DISTANCE = 0.1  # at least a tenth of the texts would have to change for the distributions to agree
LEAST_RATE_EFFECT = 0.2  # Cohen's h, "small": 1 % against 4 %, 10 % against 17 %


@dataclass(frozen=True, slots=True)
class Change:
    """How one measure, or the rate of one label, differs between reference and batch.

    ``before`` and ``now`` are medians, or rates; ``shift`` is that of the mean in standard deviations of the reference,
    for a rate Cohen's h; ``distance`` the largest difference between the distributions, 0 to 1; ``p`` is adjusted for
    the number of comparisons; ``moved`` says that it is neither chance nor too small to matter.
    """

    name: str
    is_rate: bool
    n: int
    before: float
    now: float
    shift: float
    distance: float
    p: float
    moved: bool


def compare(reference: Group, batch: Sample, alpha: float) -> tuple[Change, ...]:
    """Return every difference between reference and batch, what moved first, the largest first.

    Measures that one of the two lacks are left out. Raises DriftError for fewer than 20 texts.
    """
    check_size(batch.n)
    found = [
        _measured(name, measure, np.array(batch.values[name], np.float64))
        for name, measure in reference.measures.items()
        if name in batch.values
    ]
    labels = sorted(set(reference.labels) | set(batch.labels))
    found += [_rated(label, reference.labels.get(label, 0), reference.n, batch) for label in labels]
    judged = [
        replace(change, p=p, moved=p <= alpha and _matters(change))
        for change, p in zip(found, holm([change.p for change in found]), strict=True)
    ]
    return tuple(sorted(judged, key=lambda change: (not change.moved, -change.distance)))


def _matters(change: Change) -> bool:
    return abs(change.shift) >= LEAST_RATE_EFFECT if change.is_rate else change.distance >= LEAST_DISTANCE


def _measured(name: str, before: Measure, values: NDArray[np.float64]) -> Change:
    distance = float(np.abs(share_below(values, np.array(before.points)) - before.below).max())
    size = harmonic(before.n, len(values))
    p = min(1.0, 2.0 * math.exp(-2.0 * size * distance**2))
    shift = (float(values.mean()) - before.mean) / before.sd if before.sd else NAN
    return Change(name, False, len(values), before.median, float(np.median(values)), shift, distance, p, False)


def _rated(label: str, count: int, n: int, batch: Sample) -> Change:
    now = batch.labels.get(label, 0)
    p = float(fisher_exact([[count, n - count], [now, batch.n - now]]).pvalue)
    before, rate = count / n, now / batch.n
    effect = 2 * (math.asin(math.sqrt(rate)) - math.asin(math.sqrt(before)))
    return Change(label, True, batch.n, before, rate, effect, abs(rate - before), p, False)


def harmonic(n: int, m: int) -> float:
    """Return the size of one sample that tells as much as a comparison of ``n`` with ``m``."""
    return n * m / (n + m)


def holm(p: Sequence[float]) -> list[float]:
    """Return p-values adjusted by Holm's procedure: none of those at most alpha is false with probability 1 - alpha."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    adjusted, highest = [1.0] * len(p), 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p) - rank) * p[i]))
        adjusted[i] = highest
    return adjusted


def least_visible(n: int, m: int, comparisons: int, alpha: float) -> float:
    """Return the least distance that a comparison of ``n`` with ``m`` texts can tell from chance."""
    return math.sqrt(math.log(2 * comparisons / alpha) / (2 * harmonic(n, m)))


def told(changes: Sequence[Change], n: int, m: int, alpha: float) -> list[str]:
    """Return what moved, most first, and what to do, in sentences; ``n`` texts of reference, ``m`` of the batch."""
    moved = [change for change in changes if change.moved]
    visible = least_visible(n, m, len(changes), alpha)
    lines = [
        f"{m:,} texts against {n:,} of the reference: {len(moved)} of {len(changes)} comparisons moved "
        f"(chance of any false alarm: at most {alpha:g})."
    ]
    if visible > LEAST_DISTANCE:
        lines.append(
            f"With {m:,} texts only a distance of {visible:.2f} or more can be told from chance; smaller changes that "
            f"matter (from {LEAST_DISTANCE:g} on) may go unseen."
        )
    if moved:
        lines += ["", *_table(moved), ""]
    return [*lines, *advice(moved)]


def advice(moved: Sequence[Change]) -> list[str]:
    """Return whether to calibrate again, and what to look at, given what moved."""
    names = {change.name for change in moved}
    rates = {change.name for change in moved if change.is_rate}
    lines = []
    for on, own in (
        ("score", {"score", "filler_share"} | rates - {MACHINE}),
        ("machine_score", {"machine_score", MACHINE}),
    ):
        if names & own:
            lines.append(
                f"Calibrate again before you rely on {on}: its cuts and p-values hold for texts like those of the "
                f"reference (detector calibrate PATH --on {on}, with trusted texts of today)."
            )
    if lines:
        lines.append(
            "Read some of the texts first: if it is the writing that changed, that is news, and no fault of the cut."
        )
    if "words" in names:
        way = "longer" if next(change.shift for change in moved if change.name == "words") > 0 else "shorter"
        lines.append(
            f"The texts are {way} than those of the reference. Scores and most features depend on length, so part of "
            "what moved may be length alone: compare with a reference of texts as long as these."
        )
    if moved and not names & {"score", "filler_share", "machine_score", *rates}:
        lines.append("The scores themselves have not moved, so no need to calibrate again yet; look at what did.")
    return lines or ["Nothing moved enough to matter: no need to calibrate again."]


def _table(moved: Sequence[Change]) -> list[str]:
    meanings = {feature.name: feature.meaning for feature in FEATURES} | _MEANINGS
    rows = [("what moved", "before", "now", "shift", "distance", "p", "")]
    for change in moved:
        before, now = (f"{x:.1%}" if change.is_rate else f"{x:.3g}" for x in (change.before, change.now))
        name = change.name if change.name == MACHINE or not change.is_rate else f"label {change.name}"
        meaning = f"share of texts with this {name.split()[0]}" if change.is_rate else meanings.get(change.name, "")
        shift = "–" if math.isnan(change.shift) else f"{change.shift:+.2f}"
        p = "<0.0001" if change.p < 1e-4 else f"{change.p:.4f}"
        rows.append((name, before, now, shift, f"{change.distance:.2f}", p, meaning))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(w) if at in (0, 6) else cell.rjust(w)
            for at, (cell, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


_MEANINGS = {
    "score": "probability that at least half of the words are filler",
    "machine_score": "probability that the text reads machine-written",
    "filler_share": "estimated share of words in filler sentences",
    "words": "length in words",
}
