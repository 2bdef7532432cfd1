"""The figures of the heads, out of fold by family, as a sceptic would measure them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from detector.training import metrics
from detector.training.baselines import measure_baselines
from detector.training.document import FILLER
from detector.training.figures import NAN, Figure, figure, maker
from detector.training.filler_rows import (
    article_figures,
    calibration_figures,
    family_figures,
    own_sentence_figures,
    sentence_figures,
)
from detector.training.judged import Judged, column, judge
from detector.training.metrics import Interval
from detector.training.story_rows import story_figures
from detector.training.train import Filler

__all__ = ["Judged", "filler_figures", "judge", "machine_rows", "rates_by_genre"]

MACHINE = "machine head, leave one family out"
SECOND_LANGUAGE = "ellipse_test"  # essays by learners of English, a family of its own and so held out whole
_GENRE = 200  # human texts of a data set whose rate is worth a bound of its own


def filler_figures(filler: Filler, jobs: int, judged: Judged | None = None) -> list[Figure]:
    """Return every figure that labelled articles and stories give (design §4b)."""
    judged = judge(filler) if judged is None else judged
    plain = measure_baselines([article.text for article in filler.whole.articles], jobs)
    found: list[Figure] = []
    if filler.is_gold.any():
        found += sentence_figures(filler, judged, jobs)
        found += own_sentence_figures(filler, jobs)
        found += article_figures(filler, judged, plain)
        found += calibration_figures(filler, judged)
        found += family_figures(filler, judged)
    return [*found, *story_figures(filler, judged, plain)]


def rates_by_genre(filler: Filler, judged: Judged, cut: float, least: int = 20) -> list[tuple[str, Interval, int, int]]:
    """Return for each genre of human articles the rate called filler that are not, Wilson interval, count and n."""
    found = []
    domain = np.where(column(filler, "label") == "human", column(filler, "domain"), "")
    innocent = filler.is_gold & (filler.whole.fold >= 0) & (judged.truth < FILLER)
    for name in np.unique(domain[innocent]):
        rows = innocent & (domain == name)
        if name and rows.sum() >= least:
            called = int((judged.score[rows] >= cut).sum())
            found.append((str(name), metrics.wilson(called, int(rows.sum())), called, int(rows.sum())))
    return found


def machine_rows(figures: Mapping[str, Any]) -> list[Figure]:
    """Return the leave-one-family-out figures of a machine head as rows."""
    families: Mapping[str, float] = figures["families"]
    values = np.array(list(families.values()))
    mean = maker(MACHINE, len(values), range(len(values)))
    macro = mean("AUROC, macro-mean", lambda r: float(np.mean(values[r])) if len(r) else NAN, 0.96)
    rows = [Figure(MACHINE, f"AUROC, {name}", value) for name, value in families.items()]
    one_class: Mapping[str, float] = figures["one_class"]
    rows += [
        Figure(MACHINE, f"AUROC, {name}", value, note="one class, same domain") for name, value in one_class.items()
    ]
    low, high = figures.get("tpr_interval", (NAN, NAN))
    return [
        macro,
        Figure(MACHINE, "TPR at 1 % FPR, pooled", figures["tpr_at_1_percent"], low, high, floor=0.60),
        Figure(MACHINE, "machine texts at or above the cut", figures["caught_at_cut"]),
        *_human_rows(figures["human_rates"]),
        *rows,
    ]


def _human_rows(rates: Mapping[str, tuple[int, int]]) -> list[Figure]:
    """Return how many human texts are called machine: pooled, in the worst genre, by learners, and in each genre."""
    called, count = (sum(pair[i] for pair in rates.values()) for i in (0, 1))
    pooled = metrics.wilson(called, count)
    bounds = {name: metrics.wilson(k, n) for name, (k, n) in rates.items()}
    large = [name for name, (_, n) in rates.items() if n >= _GENRE]
    found = [figure(MACHINE, "human texts at or above the cut, pooled", pooled, count, 0.01, at_most=True)]
    if large:
        worst = max(large, key=lambda name: bounds[name].high)
        name = f"human texts at or above the cut, upper bound of the worst genre of {_GENRE}+"
        found.append(Figure(MACHINE, name, bounds[worst].high, n=rates[worst][1], floor=0.05, at_most=True, note=worst))
    if SECOND_LANGUAGE in rates:
        name = "second-language writers at or above the cut"
        rate, n = bounds[SECOND_LANGUAGE], rates[SECOND_LANGUAGE][1]
        found.append(figure(MACHINE, name, rate, n, 0.01, at_most=True, note="family ellipse held out"))
    return [*found, *(figure(MACHINE, f"human texts called machine, {k}", bounds[k], rates[k][1]) for k in rates)]
