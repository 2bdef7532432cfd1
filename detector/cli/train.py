"""``detector train``: from labelled articles and corpora to a model folder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from detector.cli.shared import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from detector.training.licences import Licences

FROM_CORPORA = ("corpora", "data", "texts", "licences")  # options that adapting a finished model has no use for


@click.command(
    epilog="""\b
Examples:
  detector train --corpora ../shared/corpora -o my-model   the default model, from everything
  detector train --corpora ../shared/corpora --licences open -o open-model
  detector train --data data -o stories-model              from the stories that come with the project
  detector train --labels ours.jsonl -o our-model          the bundled model, adapted to your own labels
"""
)
@click.option("--corpora", metavar="DIR", help="Folder with train/ and benchmark/; DETECTOR_CORPORA by default.")
@click.option(
    "--data",
    metavar="DIR",
    default="data",
    show_default=True,
    help="The project's data folder: stories, labels, leaks.",
)
@click.option("--texts", metavar="DIR", help="Texts of the labelled articles, to join with the label files in --data.")
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    default="detector-model",
    show_default=True,
    help="Folder to write the model to.",
)
@click.option("--name", default="custom-1", show_default=True, help="Name of the model, as it stands in every report.")
@click.option("--seed", default=0, show_default=True, help="The one seed that everything random follows.")
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(min=1), help="Worker processes.")
@click.option(
    "--licences",
    type=click.Choice(["all", "open"]),
    default="all",
    show_default=True,
    help="open: learn only from sources that manifest.json marks as openly licensed.",
)
@click.option(
    "--labels",
    metavar="FILE",
    help="Adapt a finished model to your own labelled texts (JSONL) instead of training a new one.",
)
@click.option("--base", metavar="DIR", help="The model that --labels adapt; the bundled one by default.")
@click.pass_context
def train(
    ctx: click.Context,
    *,
    corpora: str | None,
    data: str,
    texts: str | None,
    output: str,
    name: str,
    seed: int,
    jobs: int,
    licences: Licences,
    labels: str | None,
    base: str | None,
) -> None:
    """Train the sentence, document and machine heads and write them as plain files.

    With corpora (--corpora or DETECTOR_CORPORA) all three heads are trained, as the default model was. Without, the
    sentence and document heads learn from the stories in --data, and from labelled articles whose texts --texts
    gives; such a model has no machine head.

    With --labels the document and machine heads of a finished model are adapted; it is not touched itself. One JSON
    object a line: "text", and "label" (filler, substantive, human or machine), "filler_share" (0 to 1; filler from .5
    on) or "sentences" ([[start, end, letter], ...] with the letters C R G B H); "group" keeps texts together that are
    not independent, such as those of one author. A head needs 20 texts of each class for a new slope and intercept;
    from 100 of each on every weight is fitted, drawn to what it was. Cross-validated figures before and after are
    printed; a head that does not gain stays as it was.
    """
    if labels is not None:
        _adapt(ctx, labels, base, output, name, seed, jobs)
        return
    if base is not None:
        raise click.UsageError("--base names the model that --labels adapt; give --labels FILE too.")
    import os

    from detector.training.run import Settings, train_model
    from detector.training.sources import ENVIRONMENT, SourceError

    named = corpora or (None if texts else os.environ.get(ENVIRONMENT))
    log = _log()
    settings = Settings(
        corpora=Path(named) if named else None,
        data=Path(data),
        texts=Path(texts) if texts else None,
        name=name,
        seed=seed,
        jobs=jobs,
        licences=licences,
    )
    try:
        train_model(settings, Path(output), log)
    except (SourceError, OSError) as error:
        raise Failure(str(error)) from error
    click.echo(f"wrote the model {name} to {output}; use it with: detector score --model {output} PATH")


def _log() -> Callable[[str], None]:
    start = time.monotonic()
    return lambda message: click.echo(f"[{time.monotonic() - start:6.0f} s] {message}", err=True)


def _adapt(ctx: click.Context, labels: str, base: str | None, output: str, name: str, seed: int, jobs: int) -> None:
    given = [key for key in FROM_CORPORA if ctx.get_parameter_source(key) is ParameterSource.COMMANDLINE]
    if given:
        raise click.UsageError(f"--{given[0]} is for training anew; --labels adapts a finished model.")
    from detector.training.adapt import adapt_model
    from detector.training.figures import markdown

    try:
        outcomes = adapt_model(Path(labels), base, Path(output), name, seed, jobs, _log())
    except (OSError, ValueError) as error:  # labels or the base model cannot be used
        raise Failure(str(error)) from error
    for outcome in outcomes:
        click.echo(outcome.why)
    click.echo(markdown([item for outcome in outcomes for item in outcome.figures]))
    click.echo(
        "Scores stay calibrated at the base rate of the base model (another: detector score --prior P), and labels "
        "keep its borders (your own: detector calibrate)."
    )
    click.echo(f"wrote the model {name} to {output}; use it with: detector score --model {output} PATH")
