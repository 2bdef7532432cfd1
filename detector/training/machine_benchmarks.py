"""The machine head on public test sets that it was never trained, tuned or selected on."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from detector.heads.machine import MachineHead
from detector.text.document import read
from detector.text.normalise import normalise
from detector.training.metrics import auroc, tpr_at_fpr, wilson
from detector.training.sources import Row

# (set, figure, value, number of texts, note)
Figure = tuple[str, str, float, int, str]
HEADER = ("date", "commit", "set", "figure", "value", "n", "note")
_LEAST_WORDS = 30


def benchmark_figures(head: MachineHead, rows: Iterable[Row]) -> list[Figure]:
    """Score every labelled row and return the figures of design.md §4b, set by set."""
    kept = [row for row in rows if row.label is not None and len(row.text.split()) >= _LEAST_WORDS]
    logit = np.array([head.logit(read(normalise(row.text))) for row in kept])
    machine = np.array([row.label == "machine" for row in kept])
    dataset = np.array([row.dataset for row in kept])
    attack = np.array([row.attack or "" for row in kept])
    generator = np.array([row.generator or "" for row in kept])
    cut = np.log(head.cut / (1 - head.cut))
    figures: list[Figure] = []

    def add(name: str, chosen: np.ndarray, what: str) -> None:
        figures.append((name, f"AUROC, {what}", auroc(machine[chosen], logit[chosen]), int(chosen.sum()), ""))

    for name in np.unique(dataset):
        here = dataset == name
        human, plain = here & ~machine, here & (attack == "")
        if (here & machine).any():
            both = plain if (plain & machine).any() else here
            add(str(name), both, "without attacks" if both is plain else "all")
            rate = tpr_at_fpr(logit[both & ~machine], logit[both & machine], 0.01)
            figures.append((str(name), "TPR at 1 % FPR", rate, int(both.sum()), ""))
            for source in np.unique(generator[both & machine]):
                add(str(name), both & (~machine | (generator == source)), str(source))
            for kind in np.unique(attack[here & machine & (attack != "")]):
                add(str(name), (human & (attack == "")) | (here & machine & (attack == kind)), str(kind))
            caught = int((logit[both & machine] >= cut).sum())
            figures.append((str(name), "machine texts over the cut", caught / (both & machine).sum(), caught, ""))
        plain_human = human & (attack == "")
        if plain_human.any():
            over = wilson(int((logit[plain_human] >= cut).sum()), int(plain_human.sum()))
            note = f"95 % interval {over.low:.4f} to {over.high:.4f}"
            figures.append((str(name), "human texts over the cut", over.value, int(plain_human.sum()), note))
    return figures


def record_look(path: Path, figures: Iterable[Figure], commit: str) -> None:
    """Append ``figures`` to the list of looks at benchmarks, which begins with HEADER."""
    is_new = not path.exists()
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if is_new:
            writer.writerow(HEADER)
        for name, figure, value, n, note in figures:
            writer.writerow((today, commit, name, figure, f"{value:.4f}", n, note))
