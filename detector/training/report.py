"""Every figure of an evaluation run, part by part."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from detector.scorer import Scorer
from detector.training import cliff
from detector.training.evaluate import filler_figures, machine_rows
from detector.training.figures import NAN, Figure, figure
from detector.training.finished import gold_figures
from detector.training.machine import leave_one_family_out
from detector.training.machine_data import build_store
from detector.training.material import STORIES, Material, gather
from detector.training.metrics import auroc, bootstrap
from detector.training.run import Settings, prepare
from detector.training.sources import Row, SourceError, find_layout, iter_corpus

Log = Callable[[str], None]
LOOKS = Path("benchmarks") / "looks.csv"
_RESAMPLES = 200


def measure(settings: Settings, parts: Collection[str], model: str | None, log: Log) -> list[Figure]:
    """Return the figures of ``parts``: filler, machine, cliff, gold, benchmarks."""
    found: list[Figure] = []
    if "filler" in parts:
        _, filler = prepare(settings, log)
        found += filler_figures(filler, settings.jobs)
    if "machine" in parts:
        found += machine_figures(_with_corpora(settings), settings.seed)
        log("left every family out of the machine head")
    if {"cliff", "benchmarks", "gold"} & set(parts):
        scorer = Scorer() if model is None else Scorer.load(model)
        if "gold" in parts:
            gold = [a for a in _with_corpora(settings).articles if a.role == "train" and a.story is None]
            found += gold_figures(
                scorer.model, gold, f"model {scorer.model_name} on all labelled articles", settings.jobs
            )
        if "cliff" in parts:
            found.append(cliff.cliff(scorer, _with_corpora(settings).articles))
            log("cut articles at every word")
        if "benchmarks" in parts:
            material = _with_corpora(settings)
            apart = [article for article in material.articles if article.role == "benchmark"]
            found += gold_figures(scorer.model, apart, "labelled articles of benchmark sources", settings.jobs)
            found += benchmark_figures(scorer, material, settings.jobs)
    return found


def _with_corpora(settings: Settings) -> Material:
    if settings.corpora is None:
        raise SourceError("this part needs the corpora; give --corpora DIR or set DETECTOR_CORPORA")
    return gather(settings.corpora, settings.data, None)


def machine_figures(material: Material, seed: int) -> list[Figure]:
    """Return AUROC with each family left out of training, and its macro-mean."""
    figures = leave_one_family_out(build_store(material.rows(), material.leaks), seed)
    return machine_rows(figures)


def benchmark_figures(scorer: Scorer, material: Material, jobs: int) -> list[Figure]:
    """Hold the model against sets that nobody trained, tuned or selected on, and note the look in LOOKS."""
    assert material.corpora is not None
    group = "never trained on"
    sets: dict[str, tuple[str, Callable[[Row], bool], float]] = {
        "DetectRL unattacked": ("detectrl", lambda row: row.attack is None, 0.93),
        "OUTFOX ChatGPT": ("outfox", _is_chatgpt, 0.92),
        "OUTFOX all without attacks": ("outfox", lambda row: row.attack is None, 0.86),
        "HPPT": ("hppt", lambda row: True, NAN),
    }
    found = []
    for name, (dataset, wanted, floor) in sets.items():
        rows = [row for row in iter_corpus(material.corpora, "benchmark", [dataset]) if row.label and wanted(row)]
        reports = list(scorer.score_many((row.text for row in rows), jobs=jobs))
        y = np.array([row.label == "machine" for row in rows])
        s = np.array([report.machine_score for report in reports])
        judged = np.isfinite(s)
        y, s = y[judged], s[judged]
        interval = bootstrap(lambda r, y=y, s=s: auroc(y[r], s[r]), range(len(y)), seed=0, resamples=_RESAMPLES)  # type: ignore[misc]
        note = f"{int((~judged).sum())} abstentions left out" if not judged.all() else ""
        found.append(figure(group, f"machine_score, {name}, AUROC", interval, len(y), floor, note=note))
    _note_look(found, scorer.model_name)
    return found


def _is_chatgpt(row: Row) -> bool:
    return row.attack is None and (
        row.label == "human" or "chatgpt" in (row.generator or "").lower() or "gpt-3.5" in (row.generator or "")
    )


def _note_look(figures: list[Figure], model: str) -> None:
    """Append date, commit and figures to the list of looks, which is kept so that nobody can look until it fits."""
    commit = (
        subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
        ).stdout.strip()
        or "-"
    )
    LOOKS.parent.mkdir(exist_ok=True)
    is_new = not LOOKS.exists()
    with LOOKS.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if is_new:
            writer.writerow(["date", "commit", "set", "figure", "value", "n", "note"])
        for item in figures:
            writer.writerow([datetime.now(UTC).date(), commit, item.name, "AUROC", f"{item.value:.4f}", item.n, model])


def gate_files(settings: Settings) -> dict[str, Path]:
    """Return the files whose digests the gate pins; the floors are those of a run with the corpora."""
    files = {"stories": settings.data / STORIES}
    if settings.corpora is not None:
        files["gold"] = find_layout(settings.corpora).gold
    return {name: file for name, file in files.items() if file.exists()}
