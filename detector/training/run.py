"""One training run from start to end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detector.heads.machine import MachineHead
from detector.scorer import Scorer
from detector.training.background import train_background
from detector.training.card import write_card
from detector.training.evaluate import filler_figures, judge
from detector.training.licences import Licences
from detector.training.machine import train_machine
from detector.training.material import Material, gather, groups_of, reference_rows
from detector.training.rates import write_error_rates
from detector.training.reference import write_reference
from detector.training.sentence import Recipe
from detector.training.train import Filler, finish, train_sentences

Log = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run reads and how: ``corpora`` None means ``data`` alone, with ``texts`` if given.

    ``licences`` "open" keeps to sources that the manifest marks as openly licensed.
    """

    corpora: Path | None
    data: Path
    texts: Path | None
    name: str
    seed: int
    jobs: int
    licences: Licences = "all"


def prepare(settings: Settings, log: Log) -> tuple[Material, Filler]:
    """Gather the material, train the background and the sentence heads with all that an evaluation needs."""
    material = gather(settings.corpora, settings.data, settings.texts, settings.licences)
    for note in material.notes:
        log(note)
    background = train_background(material.background_texts(), settings.seed)
    log(f"trained word rarity and vectors of {len(background.vocabulary.hashes):,} words")
    filler = train_sentences(material.articles, background, Recipe(), settings.seed, settings.jobs, log)
    return material, filler


def train_model(settings: Settings, folder: Path, log: Log) -> None:
    """Train every head the material allows, measure them out of fold, and write the model with its card."""
    material, filler = prepare(settings, log)
    machine: MachineHead | None = None
    machine_figures: dict[str, Any] = {}
    if settings.corpora is not None:
        machine, machine_figures = train_machine(material.rows(), settings.seed, material.leaks)
        log("trained the machine head")
    else:
        log("no corpora: the model has no machine head")
    model = finish(filler, settings.name, machine, log)
    judged = judge(filler)
    figures = filler_figures(filler, settings.jobs, judged)
    model.save(folder)
    write_error_rates(folder, filler, judged)
    write_card(folder / "card.md", model, material, filler, figures, machine_figures)
    rows = reference_rows(material, settings.seed)
    reports = Scorer.load(folder).score_many((row.text for row in rows), jobs=settings.jobs)
    write_reference(folder, reports, [groups_of(row) for row in rows])
    log(f"wrote the scores and features of {len(rows):,} texts, for detector drift")
    log(f"wrote {folder}")
