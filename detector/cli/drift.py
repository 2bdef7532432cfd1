"""``detector drift``: today's texts against those of training, or of a batch of your own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from detector.cli import shared
from detector.cli.batch import Batch
from detector.io.output import OutputError, open_output
from detector.report import null

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detector.training.drift import Change

EXAMPLES = """\b
Examples:
  detector drift --write-reference march.json march/
  detector drift april/ --reference march.json
  detector drift april/ --reference march.json --format json --fail-if-drifted
"""


@click.command(epilog=EXAMPLES)
@click.argument("paths", nargs=-1, metavar="BATCH...")
@click.option(
    "--reference",
    metavar="FILE",
    help="What to compare with; by default the texts of training (reference.json in the model's folder).",
)
@click.option(
    "--group",
    default="all",
    show_default=True,
    help="Compare with one group of the reference, such as human, machine or news.",
)
@click.option(
    "--alpha",
    metavar="P",
    type=click.FloatRange(0, 0.5, min_open=True),
    default=0.01,
    show_default=True,
    help="Chance of any false alarm.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="json: every comparison.",
)
@click.option("--fail-if-drifted", is_flag=True, help="Exit 1 if anything moved.")
@click.option("--write-reference", "target", metavar="FILE", help="Write BATCH as a reference instead of comparing it.")
@click.option("--jobs", metavar="N", type=click.IntRange(min=0), default=1, help="Processes; 0: all cores.")
@shared.column_option
@shared.model_option
@click.pass_context
def drift(
    ctx: click.Context,
    *,
    paths: tuple[str, ...],
    reference: str | None,
    group: str,
    alpha: float,
    form: str,
    fail_if_drifted: bool,
    target: str | None,
    jobs: int,
    column: str | None,
    model: str | None,
) -> None:
    """Compare a batch of texts with the texts of training, name what moved, and say when to calibrate again.

    Scores, length and every feature are compared by how far the two distributions lie apart (0: alike, 1: they do not
    meet), labels by their rates. Something has moved when that is unlikely to be chance, all comparisons taken
    together, and large enough to matter: a distance of .1, or for a rate what statisticians call a small effect.

    Your texts are not those of training. A reference of your own, from a month that you were content with, tells more:
    write it with --write-reference. At least 20 different texts are needed; copies count once.

    Exit status: 0 fine; 1 something moved and --fail-if-drifted is given; 2 an error.
    """
    if target is not None and (reference is not None or fail_if_drifted):
        raise click.UsageError("--write-reference compares nothing; leave --reference and --fail-if-drifted out.")
    sources = shared.find_sources(ctx, paths)
    shared.check_output(target, sources)
    scorer = shared.open_scorer(model)
    from pathlib import Path

    from detector.calibration import model_digest
    from detector.model import bundled
    from detector.training.drift import compare, told
    from detector.training.reference import (
        ALL,
        FILE,
        DriftError,
        Sample,
        check_size,
        lines_of,
        read_reference,
        reference_of,
    )

    folder = bundled() if model is None else Path(model)
    digest = model_digest(folder)
    batch = Batch()
    reports = batch.reports(scorer, sources, column, jobs)
    drifted = False
    try:
        if target is not None:
            made = reference_of(reports, scorer.model_name, digest)
            check_size(made.groups[ALL].n)  # before the file that stands there is replaced
            with open_output(target) as write:
                write(lines_of(made))
        else:
            known = read_reference(Path(reference) if reference else folder.joinpath(FILE), digest)
            if group not in known.groups:
                raise DriftError(f"the reference has no group {group!r}; there are {', '.join(sorted(known.groups))}")
            sample = Sample()
            for report in reports:
                sample.add(report)
            changes = compare(known.groups[group], sample, alpha)
            drifted = any(change.moved for change in changes)
    except (DriftError, OutputError) as error:
        raise shared.Failure(str(error)) from error
    click.echo(batch.told(), err=True)
    if target is not None:
        click.echo(f"wrote {target}; use it with: detector drift --reference {target} BATCH", err=target == "-")
    elif form == "json":
        click.echo(_json(changes, known.groups[group].n, sample.n, alpha))
    else:
        for line in told(changes, known.groups[group].n, sample.n, alpha):
            click.echo(line)
    ctx.exit(2 if batch.problems.count else int(fail_if_drifted and drifted))


def _json(changes: Sequence[Change], n: int, m: int, alpha: float) -> str:
    from detector.training.drift import advice

    moved = [change for change in changes if change.moved]
    comparisons = [
        {
            "name": change.name,
            "of": "label" if change.is_rate else "measure",
            "moved": change.moved,
            "before": change.before,
            "now": change.now,
            "shift": null(change.shift),
            "distance": change.distance,
            "p": change.p,
        }
        for change in changes
    ]
    content = {
        "drifted": bool(moved),
        "texts": m,
        "reference_texts": n,
        "alpha": alpha,
        "advice": advice(moved),
        "comparisons": comparisons,
    }
    return json.dumps(content, indent=1, ensure_ascii=False)
