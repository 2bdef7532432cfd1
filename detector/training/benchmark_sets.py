"""Sets that nobody trained, tuned or selected on. Every look at them is written down."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from detector.report import Report
from detector.scorer import Scorer
from detector.text.document import Flags
from detector.training.baselines import Baselines, beside, measure_baselines
from detector.training.figures import NAN, Figure, figure, maker
from detector.training.machine_data import Names
from detector.training.metrics import Floats, Ints, auroc, wilson
from detector.training.sources import Row, datasets, iter_corpus

LOOKS = Path("benchmarks") / "looks.csv"
GROUP, ATTACKED, HUMAN = "never trained on", "never trained on: attacks", "never trained on: human texts"
# AUROC of machine_score that each set should reach.
TARGETS = {
    "DetectRL unattacked": 0.96,
    "OUTFOX ChatGPT": 0.97,
    "OUTFOX all without attacks": 0.91,
    "HPPT": 0.85,
}
# Figures of others on the same sets, as their authors give them.
PUBLISHED = (
    Figure(
        "published by others on the same sets",
        "OUTFOX without attacks, F1 of its own detector, which is shown essays of the same source",
        0.969,
        note="the best of three generators; Koike et al., AAAI 2024, abstract of arXiv 2307.11729",
    ),
)
# Human benchmark texts that editors or reviewers have been over.
EDITED = ("git_docs", "openstax_business", "hppt")
_MOST_CHARACTER_LOSS = 0.03


def benchmark_figures(scorer: Scorer, corpora: Path, jobs: int) -> list[Figure]:
    """Hold a finished model against every benchmark set, and append the look to LOOKS."""
    found: list[Figure] = []
    human: dict[str, list[Report]] = {}
    for dataset in datasets(corpora, "benchmark"):
        rows = [row for row in iter_corpus(corpora, "benchmark", [dataset]) if row.label]
        reports = list(scorer.score_many((row.text for row in rows), jobs=jobs))
        for row, report in zip(rows, reports, strict=True):
            if row.label == "human" and row.attack is None:
                human.setdefault(dataset, []).append(report)
        if any(row.label == "machine" for row in rows):
            found += set_figures(dataset, rows, reports, jobs)
    found += human_figures(human)
    note_look(found, scorer.model_name)
    return [*found, *PUBLISHED]


def set_figures(dataset: str, rows: Sequence[Row], reports: Sequence[Report], jobs: int) -> list[Figure]:
    """Return AUROC of machine_score on a set with both classes, and what each of its attacks costs."""
    score = np.array([report.machine_score for report in reports])
    machine = np.array([row.label == "machine" for row in rows])
    judged = np.isfinite(score)
    attack = np.array([row.attack or "" for row in rows])
    found = []
    # HPPT is all of it polished: there the attack is the set.
    clean = (attack == "") | (dataset == "hppt")
    for name, wanted in _parts(dataset, rows).items():
        at = np.flatnonzero(judged & clean & wanted)
        out = int((~judged & clean & wanted).sum())
        plain = measure_baselines([rows[i].text for i in at.tolist()], jobs)
        found.append(_clean_figure(name, at, machine[at], score[at], plain, out))
    return found if dataset == "hppt" else [*found, *attack_figures(dataset, attack, machine, score)]


def _clean_figure(name: str, at: Ints, y: Flags, s: Floats, plain: Baselines, abstained: int) -> Figure:
    make = maker(GROUP, len(at), range(len(at)), f"{abstained} abstentions left out" * bool(abstained))
    made: Figure = make(
        f"machine_score, {name}, AUROC",
        lambda r: auroc(y[r], s[r]),
        TARGETS.get(name, NAN),
        beside=beside(plain, lambda b: auroc(y, b)),
    )
    return made


def _parts(dataset: str, rows: Sequence[Row]) -> Mapping[str, Flags]:
    everything = np.ones(len(rows), np.bool_)
    if dataset == "outfox":
        chatgpt = np.array([row.label == "human" or is_chatgpt(row) for row in rows], np.bool_)
        return {"OUTFOX ChatGPT": chatgpt, "OUTFOX all without attacks": everything}
    return {{"detectrl": "DetectRL unattacked", "hppt": "HPPT"}.get(dataset, dataset): everything}


def is_chatgpt(row: Row) -> bool:
    """Tell whether ChatGPT wrote a text, under any of the names it goes by."""
    generator = (row.generator or "").lower()
    return "chatgpt" in generator or "gpt-3.5" in generator


def attack_figures(dataset: str, attack: Names, machine: Flags, score: Floats) -> list[Figure]:
    """Return AUROC without attacks less AUROC of each attack's machine texts, against the same human texts."""
    judged = np.isfinite(score)
    human = np.flatnonzero(judged & ~machine & (attack == ""))
    clean = np.flatnonzero(judged & machine & (attack == ""))
    found = []
    for name in np.unique(attack[machine & (attack != "")]).tolist():
        own = np.flatnonzero(judged & machine & (attack == name))
        joined = np.concatenate((human, clean, own))
        part = np.repeat([0, 1, 2], [len(human), len(clean), len(own)])
        s = score[joined]

        def loss(r: Ints, part: Ints = part, s: Floats = s) -> float:
            p, v = part[r], s[r]
            return auroc(p[p != 2] == 1, v[p != 2]) - auroc(p[p != 1] == 2, v[p != 1])

        most = _MOST_CHARACTER_LOSS if "character" in name and "word" not in name and "mixing" not in name else NAN
        make = maker(ATTACKED, len(own), range(len(joined)))
        found.append(make(f"{dataset}, {name}: AUROC loss", loss, most, True))
    return found


def human_figures(reports: Mapping[str, Sequence[Report]]) -> list[Figure]:
    """Return how many human texts of each set are called machine and filler, and of the edited ones together."""
    found = []

    def rate(name: str, flag: str, own: Sequence[Report], floor: float = NAN) -> Figure:
        judged = [report for report in own if report.score == report.score]
        called = sum(flag in report.flags for report in judged)
        return figure(HUMAN, f"called {flag}, {name}", wilson(called, len(judged)), len(judged), floor, at_most=True)

    edited = [report for name in EDITED for report in reports.get(name, ())]
    if edited:
        found.append(rate("well-edited manuals, textbook sections and abstracts", "filler", edited, 0.005))
    everyone = [report for own in reports.values() for report in own]
    found.append(rate("all sets", "machine", everyone, 0.01))
    for name, own in reports.items():
        found += [rate(name, "machine", own), rate(name, "filler", own)]
    return found


def note_look(figures: Sequence[Figure], model: str, looks: Path | None = None) -> None:
    """Append date, commit and figures to the list of looks, which is kept so that nobody can look until it fits."""
    looks = LOOKS if looks is None else looks
    commit = _git("rev-parse", "--short", "HEAD") or "-"
    looks.parent.mkdir(exist_ok=True)
    is_new = not looks.exists()
    with looks.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if is_new:
            writer.writerow(["date", "commit", "set", "figure", "value", "n", "note"])
        today = datetime.now(UTC).date()
        for item in figures:
            note = f"{model}; {item.note}" if item.note else model
            writer.writerow([today, commit, item.group, item.name, f"{item.value:.4f}", item.n, note])


def _git(*arguments: str) -> str:
    run: Callable[..., subprocess.CompletedProcess[str]] = subprocess.run
    return run(["git", *arguments], capture_output=True, text=True, check=False).stdout.strip()
