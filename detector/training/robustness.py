"""How far scores move under changes of a text that change little or nothing of what it says."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np

from detector.report import Report
from detector.text.document import Flags
from detector.training.attacks import ATTACKS, Attack
from detector.training.document import FILLER
from detector.training.figures import Figure, maker, rate
from detector.training.metrics import Floats, Ints, auroc
from detector.training.readers import Readers
from detector.training.sources import Article

ARTICLES = 300
SAME, NEAR = 0.01, 0.05  # of any score under marks, of the filler share under changes of layout
_SCORES = ("score", "filler_share", "machine_score")


def sample(articles: Sequence[Article], count: int = ARTICLES, seed: int = 3) -> list[Article]:
    """Return labelled training articles drawn at random, the same for one seed."""
    usable = [a for a in articles if a.story is None and a.role == "train" and np.isfinite(a.filler_share)]
    return Random(seed).sample(sorted(usable, key=lambda a: a.id), min(count, len(usable)))


def robustness_figures(
    readers: Readers, articles: Sequence[Article], jobs: int, attacks: Sequence[Attack] = ATTACKS
) -> list[Figure]:
    """Return for each attack how much scores move and how much ranking is lost, on articles it can change.

    An article the tool no longer judges once attacked counts as moved, and as ranked by chance.
    """
    before = readers.score(articles, jobs)
    judged = np.flatnonzero(np.isfinite([report.score for report in before])).tolist()
    kept, first = [articles[i] for i in judged], [before[i] for i in judged]
    found: list[Figure] = []
    for attack in attacks:
        attacked = [attack(article) for article in kept]
        changed = np.array([a.text != b.text for a, b in zip(kept, attacked, strict=True)], np.bool_)
        after = readers.score(attacked, jobs)
        found += _attack_figures(attack, kept, first, after, changed, readers.note)
    return found


def _attack_figures(
    attack: Attack,
    articles: Sequence[Article],
    before: Sequence[Report],
    after: Sequence[Report],
    changed: Flags,
    note: str,
) -> list[Figure]:
    old, new = _table(before), _table(after)
    moved = np.where(np.isnan(new) & np.isfinite(old), 1.0, np.abs(np.nan_to_num(new - old)))
    rows = np.flatnonzero(changed)
    group = f"robustness: {attack.group}"
    found = []
    if attack.group == "marks":
        same = moved[rows].max(axis=1, initial=0.0) <= SAME
        found.append(rate(group, f"{attack.name}: all scores within {SAME}", same, 1.0, note=note))
    else:
        near = moved[rows, 1] <= NEAR
        floor = 0.95 if attack.group == "layout" else float("nan")
        found.append(rate(group, f"{attack.name}: filler share within {NEAR}", near, floor, note=note))
    y = np.array([article.filler_share >= FILLER for article in articles])
    chance = float(np.mean(y))
    found.append(_loss(attack, "score", y, old[:, 0], np.where(np.isnan(new[:, 0]), chance, new[:, 0]), group, note))
    known = np.flatnonzero(np.isfinite(old[:, 2]) & np.array([article.label is not None for article in articles]))
    machine = np.array([article.label == "machine" for article in articles])[known]
    if len(known):
        late = np.where(np.isnan(new[known, 2]), 0.5, new[known, 2])
        found.append(_loss(attack, "machine_score", machine, old[known, 2], late, group, note))
    return found


def _loss(attack: Attack, name: str, y: Flags, old: Floats, new: Floats, group: str, note: str) -> Figure:
    """Return AUROC before less AUROC after; the machine score has no target here, its benchmarks have."""
    most = {"marks": 0.001, "layout": 0.02, "characters": 0.03}.get(attack.group, float("nan"))
    make = maker(group, len(y), range(len(y)), note)

    def loss(r: Ints) -> float:
        return auroc(y[r], old[r]) - auroc(y[r], new[r])

    made: Figure = make(f"{attack.name}: AUROC loss of {name}", loss, most if name == "score" else float("nan"), True)
    return made


def _table(reports: Sequence[Report]) -> Floats:
    return np.array([[getattr(report, name) for name in _SCORES] for report in reports], np.float64).reshape(-1, 3)
