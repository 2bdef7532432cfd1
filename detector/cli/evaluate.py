"""``detector evaluate``: the figures of the heads, measured anew."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from detector.cli.shared import Failure, check_output

if TYPE_CHECKING:
    from detector.training.figures import Figure
    from detector.training.licences import Licences
    from detector.training.run import Settings

PARTS = ("filler", "robustness", "lengths", "genres", "cliff", "gold", "sources", "machine", "generators", "benchmarks")
DEFAULT = ("filler", "robustness", "lengths", "genres", "cliff", "machine")


@click.command(
    epilog="""\b
Examples:
  detector evaluate --corpora ../shared/corpora --folder build/figures
  detector evaluate --part filler -o figures.json
  detector evaluate --part robustness --model build/model
  detector evaluate --data data                      stories alone, without corpora
  detector evaluate --gate --update-floor "articles: filler share, Spearman" 0.85
"""
)
@click.option("--corpora", metavar="DIR", help="Folder with train/ and benchmark/; DETECTOR_CORPORA by default.")
@click.option("--data", metavar="DIR", default="data", show_default=True, help="The project's data folder.")
@click.option(
    "--part",
    "parts",
    multiple=True,
    type=click.Choice(PARTS),
    help="Measure only this; can be given again. All but gold, sources, generators and benchmarks by default.",
)
@click.option(
    "--gate",
    is_flag=True,
    help="Retrain the sentence and document heads and exit with status 1 if one is worse than tests/gate.json.",
)
@click.option(
    "--update-floor",
    "floors",
    type=(str, float),
    multiple=True,
    metavar="NAME VALUE",
    help="With --gate: set a floor before comparing; can be given again. Lowering one takes --reason.",
)
@click.option(
    "--new-data", is_flag=True, help="With --gate: pin today's labelled articles and stories; takes --reason."
)
@click.option(
    "--reason", metavar="SENTENCE", help="Why a floor is lowered or the data changed; stays in the gate file."
)
@click.option(
    "--licences",
    type=click.Choice(("all", "open")),
    default="all",
    show_default=True,
    help="Sources to train on: all, or those alone that the manifest marks as openly licensed.",
)
@click.option("--model", metavar="DIR", help="Finished model for the parts that need one; the bundled one by default.")
@click.option("--seed", default=0, show_default=True, help="The seed of the training runs.")
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(min=1), help="Worker processes.")
@click.option("-o", "--output", metavar="FILE", help="Also write the figures as JSON to FILE.")
@click.option(
    "--folder", metavar="DIR", help="Also write figures.json, figures.md and, with the part filler, pictures to DIR."
)
def evaluate(
    corpora: str | None,
    data: str,
    parts: tuple[str, ...],
    gate: bool,
    floors: tuple[tuple[str, float], ...],
    new_data: bool,
    reason: str | None,
    licences: Licences,
    model: str | None,
    seed: int,
    jobs: int,
    output: str | None,
    folder: str | None,
) -> None:
    """Train on four folds of families, predict the fifth, and print every figure beside its target.

    "filler" measures the sentence and document heads. "robustness" attacks texts, "lengths" cuts them at sentences,
    "genres" scores human texts of every kind and "cliff" follows the score word by word: with "filler" out of fold,
    alone on a finished model. "machine" leaves each family out of the machine head, "generators" each generator,
    and "sources" each source out of the sentence head.
    "benchmarks" looks at sets nobody trained on; every look is added to benchmarks/looks.csv. "gold" scores all
    labelled articles with a finished model: honest only for one that did not learn from them.
    """
    import os

    from detector.extras import MissingExtraError
    from detector.training.plots import draw
    from detector.training.report import as_json, as_markdown, measure, write_report
    from detector.training.run import Settings
    from detector.training.sources import ENVIRONMENT, SourceError

    if (floors or new_data) and not gate:
        raise click.UsageError("--update-floor and --new-data change the gate; give --gate with them")
    named = corpora or os.environ.get(ENVIRONMENT)
    chosen = ("filler",) if gate else parts or DEFAULT if named else parts or ("filler",)
    start = time.monotonic()

    def log(message: str) -> None:
        click.echo(f"[{time.monotonic() - start:6.0f} s] {message}", err=True)

    check_output(output, [])
    settings = Settings(Path(named) if named else None, Path(data), None, "evaluation", seed, jobs, licences)
    try:
        if folder is not None:
            Path(folder).mkdir(parents=True, exist_ok=True)  # or say so before hours of work
        results = measure(settings, chosen, model, log)
        figures = results.figures
        click.echo(as_markdown(figures), nl=False)
        if output is not None:
            Path(output).write_text(as_json(figures), encoding="utf-8")
        if folder is not None:
            write_report(Path(folder), figures)
            if results.filler is not None and results.judged is not None:
                draw(results.filler, results.judged, Path(folder))
    except (SourceError, OSError, MissingExtraError) as error:
        raise Failure(str(error)) from error
    missed = [item for item in figures if item.passes is False]
    if missed:
        click.echo(f"{len(missed)} of {len(figures)} figures miss their target", err=True)
    if gate:
        _pass_gate(figures, settings, dict(floors), new_data, reason)


def _pass_gate(
    figures: Sequence[Figure], settings: Settings, floors: dict[str, float], new_data: bool, reason: str | None
) -> None:
    """Change the gate file as asked, then compare; exit status 1 if something is worse."""
    from detector.training.gate import failures, pin_data, update_floors
    from detector.training.report import gate_files
    from detector.training.sources import SourceError

    files = gate_files(settings)
    try:
        changed = pin_data(files, reason) if new_data else []
        changed += update_floors(figures, floors, reason) if floors else []
        wrong = failures(figures, files)
    except SourceError as error:
        raise Failure(str(error)) from error
    for sentence in [*changed, *wrong]:
        click.echo(f"gate: {sentence}", err=True)
    click.echo(f"gate: {'failed' if wrong else 'passed'}")
    if wrong:
        raise SystemExit(1)
