"""``detector evaluate``: the figures of the heads, measured anew."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from detector.cli.shared import Failure

PARTS = ("filler", "machine", "cliff", "gold", "benchmarks")
DEFAULT = PARTS[:3]


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
    help="Measure only this; can be given again. filler, machine and cliff by default.",
)
@click.option(
    "--gate",
    is_flag=True,
    help="Retrain the sentence and document heads and exit with status 1 if one is worse than tests/gate.json.",
)
@click.option(
    "--model", metavar="DIR", help="Finished model for cliff, gold and benchmarks; the bundled one by default."
)
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
    """Train on four folds of families, predict the fifth, and print every figure beside its target.

    "filler" measures the sentence and document heads, "machine" the machine head with each family left out, "cliff"
    how the score of a short text moves with each word, "benchmarks" the finished model on sets nobody trained on;
    every look at those is added to benchmarks/looks.csv. "gold" scores all labelled articles with a finished model: an
    honest figure only for a model that did not learn from them, such as one trained on the stories alone.
    """
    import os

    from detector.training.figures import markdown
    from detector.training.gate import failures
    from detector.training.report import gate_files, measure
    from detector.training.run import Settings
    from detector.training.sources import ENVIRONMENT, SourceError

    named = corpora or os.environ.get(ENVIRONMENT)
    chosen = ("filler",) if gate else parts or DEFAULT if named else ("filler",)
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
    missed = [item for item in figures if item.passes is False]
    if missed:
        click.echo(f"{len(missed)} of {len(figures)} figures miss their target", err=True)
    if gate:
        try:
            wrong = failures(figures, gate_files(settings))
        except SourceError as error:
            raise Failure(str(error)) from error
        for sentence in wrong:
            click.echo(f"gate: {sentence}", err=True)
        click.echo(f"gate: {'failed' if wrong else 'passed'}")
        if wrong:
            raise SystemExit(1)
