"""Pictures of out-of-fold predictions, as PNG files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from detector.extras import need
from detector.training import metrics
from detector.training.document import FILLER
from detector.training.evaluate import rates_by_genre
from detector.training.judged import Judged, borders, labelled
from detector.training.metrics import Flags, Floats
from detector.training.train import Filler

BINS = 10
VERSIONS = ("brief", "full", "mixed", "padded")
_OURS, _OTHER = "#1f5a96", "#b0552a"


def draw(filler: Filler, judged: Judged, folder: Path) -> list[Path]:
    """Draw every picture the predictions allow into ``folder``, which is made if need be; return the files.

    Raises MissingExtraError without matplotlib.
    """
    rows = labelled(filler, judged)
    score, share, truth = judged.score[rows], judged.share[rows], judged.truth[rows]
    pictures: dict[str, Callable[[Any], None]] = {
        "reliability": lambda axes: reliability(axes, truth >= FILLER, score),
        "roc": lambda axes: roc(axes, truth >= FILLER, score),
        "filler_share": lambda axes: shares(axes, truth, share),
    }
    stories = [(a.version, i) for i, a in enumerate(filler.whole.articles) if a.story is not None]
    if stories:
        by_version = {v: judged.score[[i for version, i in stories if version == v]] for v in VERSIONS}
        pictures["stories"] = lambda axes: versions(axes, by_version)
    if filler.is_gold.any():
        cut = borders(filler, judged)[1]
        genres = rates_by_genre(filler, judged, cut)
        pictures["false_positives"] = lambda axes: bars(axes, [(name, rate) for name, rate, _, _ in genres], cut)
    folder.mkdir(parents=True, exist_ok=True)
    return [_save(folder / f"{name}.png", picture) for name, picture in pictures.items()]


def _save(file: Path, picture: Callable[[Any], None]) -> Path:
    figure = need("matplotlib.figure", "plot").Figure(figsize=(6, 5), layout="constrained")
    picture(figure.add_subplot())
    figure.savefig(file, dpi=120)
    return file


def calibration(y: Flags, p: Floats) -> tuple[Floats, Floats, Floats]:
    """Return for bins of equal count the mean probability, the share that is filler, and its Wilson ends (2, bins)."""
    order = np.argsort(p, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    rates = [metrics.wilson(int(y[part].sum()), len(part)) for part in parts]
    ends = np.array([[rate.low for rate in rates], [rate.high for rate in rates]])
    return np.array([p[part].mean() for part in parts]), np.array([rate.value for rate in rates]), ends


def reliability(axes: Any, y: Flags, p: Floats) -> None:
    """Draw what share of the articles is filler against the probability that was given."""
    said, found, ends = calibration(y, p)
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    axes.errorbar(said, found, yerr=np.abs(ends - found), fmt="o", color=_OURS, capsize=2)
    axes.set(xlabel="score, mean of the bin", ylabel="share of filler articles, 95 % interval")
    axes.set_title(f"Reliability: ECE {metrics.ece(y, p):.3f}, Brier {metrics.brier(y, p):.3f}, {len(y)} articles")


def roc(axes: Any, y: Flags, score: Floats) -> None:
    """Draw the share of filler articles found against the share of others called so."""
    order = np.argsort(-score, kind="stable")
    last = np.append(np.flatnonzero(np.diff(score[order])), len(order) - 1)  # one point for each distinct score
    hits, misses = np.cumsum(y[order])[last], np.cumsum(~y[order])[last]
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    axes.plot(np.append(0, misses / max((~y).sum(), 1)), np.append(0, hits / max(y.sum(), 1)), color=_OURS)
    axes.set(xlabel="other articles called filler", ylabel="filler articles called filler")
    axes.set_title(f"Score for a labelled share of at least a half: AUROC {metrics.auroc(y, score):.3f}")


def shares(axes: Any, truth: Floats, share: Floats) -> None:
    """Draw the predicted filler share against the labelled one."""
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    axes.scatter(truth, share, s=6, alpha=0.4, color=_OURS, linewidths=0)
    axes.set(xlabel="labelled filler share", ylabel="predicted filler share", xlim=(0, 1), ylim=(0, 1))
    error = float(np.mean(np.abs(truth - share)))
    axes.set_title(f"Filler share: Spearman {metrics.spearman(share, truth):.3f}, mean absolute error {error:.3f}")


def versions(axes: Any, scores: dict[str, Floats]) -> None:
    """Draw the scores of the stories, version by version."""
    scatter = np.random.default_rng(0)
    for place, values in enumerate(scores.values()):
        axes.scatter(place + scatter.uniform(-0.25, 0.25, len(values)), values, s=8, alpha=0.5, color=_OURS)
        axes.plot([place - 0.3, place + 0.3], [np.median(values)] * 2, color=_OTHER)
    axes.set_xticks(range(len(scores)), scores)
    axes.set(ylabel="score, out of fold; line: median", ylim=(0, 1), title="The same stories, told four times")


def bars(axes: Any, rates: Sequence[tuple[str, metrics.Interval]], cut: float) -> None:
    """Draw the share called filler of the human articles of each genre that are not."""
    ordered = sorted(rates, key=lambda pair: pair[1].value)
    values = np.array([rate.value for _, rate in ordered])
    ends = np.array([[rate.low for _, rate in ordered], [rate.high for _, rate in ordered]])
    place = np.arange(len(ordered))
    axes.barh(place, values, color=_OURS, alpha=0.6)
    axes.errorbar(values, place, xerr=np.abs(ends - values), fmt="none", color="black", capsize=2)
    axes.set_yticks(place, [name for name, _ in ordered])
    axes.set(xlabel="called filler, 95 % interval", xlim=(0, None))
    axes.set_title(f"Human articles with a labelled share below a half, cut {cut:g}")
