"""``detector evaluate``: the figures of the heads, measured anew."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from detector.cli.shared import Failure

PARTS = ("filler", "machine", "cliff", "benchmarks")


@click.command(
    epilog="""\b
Examples:
  detector evaluate --corpora ../shared/corpora
  detector evaluate --part filler -o figures.json
  detector evaluate --data data                      stories alone, without corpora
"""
)
@click.option("--corpora", metavar="DIR", help="Folder with train/ and benchmark/; DETECTOR_CORPORA by default.")
@click.option("--data", metavar="DIR", default="data", show_default=True, help="The project's data folder.")
@click.option(
    "--part",
    "parts",
    multiple=True,
    type=click.Choice(PARTS),
    help="Measure only this; can be given again. All but benchmarks by default.",
)
@click.option(
    "--gate",
    is_flag=True,
    help="Exit with status 1 if a floor is missed; the sentence and document heads only.",
)
@click.option("--model", metavar="DIR", help="Model that is held against the benchmarks; the bundled one by default.")
@click.option("--seed", default=0, show_default=True, help="The seed of the training runs.")
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(min=1), help="Worker processes.")
@click.option("-o", "--output", metavar="FILE", help="Also write the figures as JSON to FILE.")
def evaluate(
    corpora: str | None,
    data: str,
    parts: tuple[str, ...],
    gate: bool,
    model: str | None,
    seed: int,
    jobs: int,
    output: str | None,
) -> None:
    """Train on four folds of families, predict the fifth, and print every figure beside its floor.

    "filler" measures the sentence and document heads, "machine" the machine head with each family left out, "cliff"
    how the score of a short text moves with each word, "benchmarks" the finished model on sets nobody trained on;
    every look at those is added to benchmarks/looks.csv.
    """
    import os

    from detector.training.figures import markdown
    from detector.training.report import measure
    from detector.training.run import Settings
    from detector.training.sources import ENVIRONMENT, SourceError

    named = corpora or os.environ.get(ENVIRONMENT)
    chosen = ("filler",) if gate else parts or PARTS[:-1] if named else ("filler",)
    start = time.monotonic()

    def log(message: str) -> None:
        click.echo(f"[{time.monotonic() - start:6.0f} s] {message}", err=True)

    settings = Settings(Path(named) if named else None, Path(data), None, "evaluation", seed, jobs)
    try:
        figures = measure(settings, chosen, model, log)
    except (SourceError, OSError) as error:
        raise Failure(str(error)) from error
    click.echo(markdown(figures), nl=False)
    if output is not None:
        Path(output).write_text(json.dumps([f.to_dict() for f in figures], indent=1) + "\n", encoding="utf-8")
    missed = [f for f in figures if f.passes is False]
    if missed:
        click.echo(f"{len(missed)} of {len(figures)} figures miss their floor", err=True)
    if gate and missed:
        raise SystemExit(1)
