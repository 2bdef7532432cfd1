"""``detector train``: from labelled articles and corpora to a model folder."""

from __future__ import annotations

import time
from pathlib import Path

import click

from detector.cli.shared import Failure


@click.command(
    epilog="""\b
Examples:
  detector train --corpora ../shared/corpora -o my-model   the default model, from everything
  detector train --data data -o stories-model              from the stories that come with the project
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
def train(corpora: str | None, data: str, texts: str | None, output: str, name: str, seed: int, jobs: int) -> None:
    """Train the sentence, document and machine heads and write them as plain files.

    With corpora (--corpora or DETECTOR_CORPORA) all three heads are trained, as the default model was. Without, the
    sentence and document heads learn from the stories in --data, and from labelled articles whose texts --texts
    gives; such a model has no machine head.
    """
    import os

    from detector.training.run import Settings, train_model
    from detector.training.sources import ENVIRONMENT, SourceError

    named = corpora or (None if texts else os.environ.get(ENVIRONMENT))
    start = time.monotonic()

    def log(message: str) -> None:
        click.echo(f"[{time.monotonic() - start:6.0f} s] {message}", err=True)

    settings = Settings(
        corpora=Path(named) if named else None,
        data=Path(data),
        texts=Path(texts) if texts else None,
        name=name,
        seed=seed,
        jobs=jobs,
    )
    try:
        train_model(settings, Path(output), log)
    except (SourceError, OSError) as error:
        raise Failure(str(error)) from error
    click.echo(f"wrote the model {name} to {output}; use it with: detector score --model {output} PATH")
