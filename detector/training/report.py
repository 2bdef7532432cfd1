"""Every figure of an evaluation run, part by part."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from detector.scorer import Scorer
from detector.training import cliff
from detector.training.background import train_background
from detector.training.baselines import LEGEND, NO_SLOP_GUARD, SLOP_GUARD, available
from detector.training.benchmark_sets import benchmark_figures
from detector.training.evaluate import filler_figures, machine_rows
from detector.training.figures import Figure, markdown
from detector.training.finished import gold_figures
from detector.training.generators import generator_figures
from detector.training.genres import genre_figures, human_sample
from detector.training.judged import Judged, judge
from detector.training.lengths import length_figures
from detector.training.machine import leave_one_family_out
from detector.training.machine_data import build_store
from detector.training.material import STORIES, Material, gather
from detector.training.readers import Readers, finished_reader, fold_readers
from detector.training.robustness import robustness_figures, sample
from detector.training.run import Settings, prepare
from detector.training.sentence import Recipe
from detector.training.sources import SourceError, find_layout
from detector.training.sources_out import leave_one_source_out
from detector.training.train import Filler

Log = Callable[[str], None]
READ = frozenset({"robustness", "lengths", "genres", "cliff"})  # parts that score whole texts
_NEED_CORPORA = "this part needs the corpora; give --corpora DIR or set DETECTOR_CORPORA"


@dataclass(slots=True)
class Results:
    """The figures of a run and, if the sentence and document heads were trained, what they predicted."""

    figures: list[Figure] = field(default_factory=list)
    filler: Filler | None = None
    judged: Judged | None = None


def measure(settings: Settings, parts: Collection[str], model: str | None, log: Log) -> Results:
    """Return the figures of ``parts``.

    filler, robustness, lengths, genres, cliff, gold, sources, machine, generators, benchmarks. With filler, the parts
    that score whole texts are measured out of fold too; without, on a finished model.
    """
    results = Results()
    if SLOP_GUARD not in available():
        log(NO_SLOP_GUARD)
    if "filler" in parts:
        material, filler = prepare(settings, log)
        results.filler, results.judged = filler, judge(filler)
        results.figures += filler_figures(filler, settings.jobs, results.judged)
        log("measured the sentence and document heads out of fold")
        if READ & set(parts):
            with tempfile.TemporaryDirectory() as folder:
                readers = fold_readers(filler, Path(folder), log)
                results.figures += _reading(readers, material, parts, settings.jobs, log)
    elif READ & set(parts):
        material = gather(settings.corpora, settings.data, settings.texts, settings.licences)
        readers = finished_reader(_scorer(model))
        results.figures += _reading(readers, material, parts, settings.jobs, log)
    if "sources" in parts:
        results.figures += _sources(_with_corpora(settings), settings, log)
    if {"machine", "generators"} & set(parts):
        results.figures += _machine(_with_corpora(settings), parts, settings.seed, log)
    if {"gold", "benchmarks"} & set(parts):
        results.figures += _finished(_scorer(model), _with_corpora(settings), parts, settings.jobs)
    return results


def _scorer(model: str | None) -> Scorer:
    return Scorer() if model is None else Scorer.load(model)


def _with_corpora(settings: Settings) -> Material:
    if settings.corpora is None:
        raise SourceError(_NEED_CORPORA)
    return gather(settings.corpora, settings.data, None, settings.licences)


def _reading(readers: Readers, material: Material, parts: Collection[str], jobs: int, log: Log) -> list[Figure]:
    """Return the figures of whole texts; on the stories, of which no fold's scorer is told apart, there are none."""
    gold = [a for a in material.articles if a.story is None and a.fold is not None]
    if not gold:
        raise SourceError(_NEED_CORPORA)
    found: list[Figure] = []
    if "robustness" in parts:
        found += robustness_figures(readers, sample(gold), jobs)
        log("attacked a sample of articles")
    if "lengths" in parts:
        found += length_figures(readers, gold, jobs)
        log("cut articles at sentences")
    if "genres" in parts and material.corpora is not None:
        labelled = frozenset(article.id for article in material.articles)
        found += genre_figures(readers, human_sample(material.rows(), labelled), jobs)
        log("scored human texts of every genre")
    if "cliff" in parts:
        found.append(cliff.cliff(readers.default, gold))
        log("cut articles at every word")
    return found


def _sources(material: Material, settings: Settings, log: Log) -> list[Figure]:
    background = train_background(material.background_texts(), settings.seed)
    articles, jobs = material.articles, settings.jobs
    return leave_one_source_out(articles, background, Recipe(), settings.seed, jobs, log)


def _machine(material: Material, parts: Collection[str], seed: int, log: Log) -> list[Figure]:
    store = build_store(material.rows(), material.leaks)
    found: list[Figure] = []
    if "machine" in parts:
        found += machine_rows(leave_one_family_out(store, seed))
        log("left every family out of the machine head")
    if "generators" in parts:
        found += generator_figures(store, seed)
        log("left every generator out of the machine head")
    return found


def _finished(scorer: Scorer, material: Material, parts: Collection[str], jobs: int) -> list[Figure]:
    found: list[Figure] = []
    if "gold" in parts:
        gold = [a for a in material.articles if a.role == "train" and a.story is None]
        found += gold_figures(scorer.model, gold, f"model {scorer.model_name} on all labelled articles", jobs)
    if "benchmarks" in parts:
        assert material.corpora is not None
        apart = [article for article in material.articles if article.role == "benchmark"]
        found += gold_figures(scorer.model, apart, "labelled articles of benchmark sources", jobs)
        found += benchmark_figures(scorer, material.corpora, jobs)
    return found


def write_report(folder: Path, figures: Sequence[Figure]) -> None:
    """Write the figures to ``folder`` as figures.json and figures.md."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "figures.json").write_text(as_json(figures), encoding="utf-8")
    (folder / "figures.md").write_text(as_markdown(figures), encoding="utf-8")


def with_kept(figures: Sequence[Figure], folder: Path) -> list[Figure]:
    """Return the figures that stand in ``folder``, with ``figures`` in the place of their groups, new groups last."""
    kept = [Figure.from_dict(values) for values in json.loads((folder / "figures.json").read_text(encoding="utf-8"))]
    measured = dict.fromkeys(item.group for item in figures)
    joined: list[Figure] = []
    for group in dict.fromkeys([item.group for item in kept] + list(measured)):
        joined += [item for item in (figures if group in measured else kept) if item.group == group]
    return joined


def as_markdown(figures: Sequence[Figure]) -> str:
    """Return the figures as tables, with a line on what stands beside them where something does."""
    return markdown(figures) + (f"\n{LEGEND}\n" if any(item.beside for item in figures) else "")


def as_json(figures: Sequence[Figure]) -> str:
    """Return the figures as a JSON list."""
    return json.dumps([item.to_dict() for item in figures], indent=1) + "\n"


def gate_files(settings: Settings) -> dict[str, Path]:
    """Return the files whose digests the gate pins; the floors are those of a run with the corpora."""
    files = {"stories": settings.data / STORIES}
    if settings.corpora is not None:
        files["gold"] = find_layout(settings.corpora).gold
    return {name: file for name, file in files.items() if file.exists()}
