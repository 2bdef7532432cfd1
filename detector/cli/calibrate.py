"""``detector calibrate``: a cut for a user's own texts, with a guarantee."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from detector.calibration import CalibrationError, On
from detector.cli import shared
from detector.cli.batch import Batch
from detector.io.output import OutputError, open_output

EXAMPLES = """\b
Examples:
  detector calibrate our-archive/ --fpr 0.01 -o calibration.json
  detector score today/ --calibration calibration.json
  detector calibrate essays.jsonl --column body --on machine_score --fpr 0.05
"""


@click.command(epilog=EXAMPLES)
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option(
    "--fpr",
    metavar="RATE",
    type=shared.Share(),
    default=0.01,
    show_default=True,
    help="Flag at most this share of texts like these.",
)
@click.option(
    "--on",
    type=click.Choice(["score", "machine_score"]),
    default="score",
    show_default=True,
    help="Which number: how probable filler is, or how machine-written a text reads.",
)
@click.option("--jobs", metavar="N", type=click.IntRange(min=0), default=1, help="Processes; 0: all cores.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Where to write. By default calibration-score.json (or -machine_score) in the folder of --model; for the "
    "bundled model, whose folder may not be yours to write to, in the current folder.",
)
@shared.column_option
@shared.model_option
@click.pass_context
def calibrate(
    ctx: click.Context,
    *,
    paths: tuple[str, ...],
    fpr: float,
    on: On,
    jobs: int,
    output: str | None,
    column: str | None,
    model: str | None,
) -> None:
    """Find the cut that flags at most a given share of texts like yours.

    Give texts that you trust: for --on score, articles that you would not call filler; for --on machine_score, texts
    that people wrote. PATH is anything `detector score` reads. The p-value of a new text is the share of trusted
    texts, itself counted in, that score as high or higher; it is flagged when the p-value is RATE or less.

    What is guaranteed: a new trusted text is flagged with a probability of at most RATE, averaged over the draw of
    your texts and of the new one, whatever the model is worth and also where scores tie. It is not guaranteed for each
    genre, author or length apart, nor for the one calibration in hand: the output says within which bounds its own
    rate lies. Nothing is promised about how much filler is caught.

    What is assumed: the new text is drawn as your texts were (exchangeable with them): the same desk, kinds of text,
    lengths and period, no text chosen for its score. Many texts of one author weaken that. If times change, `detector
    drift` tells; then calibrate again. Untrusted texts among yours raise the cut: fewer are flagged, never more.

    How many are needed: 1/RATE - 1 that can be scored, so 99 for 0.01, 999 for 0.001. With fewer the command ends
    with status 2, writes nothing, and says how many are missing and which rate is possible. Texts that are too short
    or not English are left out and counted; a copy counts once, with a note.
    """
    sources = shared.find_sources(ctx, paths)
    target = output or os.path.join(model or "", f"calibration-{on}.json")
    shared.check_output(target, sources)
    scorer = shared.open_scorer(model)
    from detector.calibration import calibrate as find
    from detector.calibration import model_digest
    from detector.training.calibrate import lines_of, told

    if on == "machine_score" and scorer.model.machine is None:
        raise shared.Failure(f"the model {scorer.model_name} has no machine head, so there is no machine_score")
    batch = Batch()
    scores = [float(getattr(report, on)) for report in batch.reports(scorer, sources, column, jobs)]
    if batch.copies:
        shared.warn(f"{batch.copies:,} of the texts are copies of others and are counted once")
    click.echo(batch.told(), err=True)
    try:
        found = find(
            scores,
            on=on,
            fpr=fpr,
            model=scorer.model_name,
            digest=model_digest(_folder(model)),
            date=datetime.now(UTC).date().isoformat(),
        )
        with open_output(target) as write:
            write(lines_of(found))
    except (CalibrationError, OutputError) as error:
        raise shared.Failure(str(error)) from error
    own = scorer.cuts.filler if on == "score" else scorer.cuts.machine
    if target != "-":
        for line in [
            *told(found, own, sum(score >= own for score in scores)),
            f"wrote {target}; use it with: detector score --calibration {target} PATH",
        ]:
            click.echo(line)
    ctx.exit(2 if batch.problems.count else 0)


def _folder(model: str | None) -> Path:
    from detector.model import bundled

    return bundled() if model is None else Path(model)
