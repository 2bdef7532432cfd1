"""``detector score``: records for many texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import click

from detector.cli import shared
from detector.cli.gate import Asked, Gate, gate_options
from detector.cli.order import Order, OrderType, ordered
from detector.cli.parts import Run, in_parts, part_format, score_in_parts
from detector.cli.progress import Progress
from detector.cli.run import score_items
from detector.cli.tally import Tally
from detector.io.output import OutputError, Write, open_output
from detector.io.readers import count_texts, read
from detector.io.records import Item, Record
from detector.io.rows import Html
from detector.io.writers import FORMATS, Look, Writer

EXAMPLES = """\b
Examples:
  detector score article.txt
  detector score articles/ --format csv -o scores.csv
  detector score news.jsonl --column body --keep url,date --jobs 0 -o scores.jsonl
  detector score big.parquet --keep id,url --jobs 0 -o scored.parquet
  cat article.txt | detector score --fail-above 0.8
  detector score docs/ --sort score --top 20
  detector score docs/ --check --baseline detector-baseline.json --format sarif -o detector.sarif
"""


@click.command(epilog=EXAMPLES)
@click.argument("paths", nargs=-1, metavar="[PATH|-]...", type=shared.PathName())
@click.option("--format", "form", type=click.Choice(list(FORMATS)), help="Default: table, or as -o says.")
@click.option("--sentences", is_flag=True, help="Add every sentence to the record (jsonl, html, parquet).")
@click.option("--jobs", metavar="N", type=click.IntRange(min=0), default=1, help="Processes; 0: all cores.")
@click.option(
    "--sort",
    "order",
    metavar="KEY[:asc|:desc]",
    type=OrderType(),
    help="Order by score, filler, machine, words (highest first) or id.",
)
@click.option("--top", metavar="N", type=click.IntRange(min=1), help="Only the N first, by score or as --sort says.")
@gate_options
@shared.column_option
@click.option(
    "--keep", metavar="COL[,COL]|all", help="Carry these input fields through, under `input`; in Parquet as columns."
)
@shared.html_option
@shared.output_option
@click.option("--resume", is_flag=True, help="Go on where an interrupted run stopped (-o FILE.jsonl or .parquet).")
@shared.model_option
@shared.prior_option
@shared.calibration_option
@click.pass_context
def score(
    ctx: click.Context,
    /,
    *,
    paths: tuple[str, ...],
    form: str | None,
    sentences: bool,
    jobs: int,
    order: Order | None,
    top: int | None,
    column: str | None,
    keep: str | None,
    html: Html,
    output: str | None,
    resume: bool,
    model: str | None,
    prior: float | None,
    calibration: tuple[str, ...],
    **asked: Any,
) -> None:
    """Score texts: one record for each, in the order given.

    PATH is a file (.txt .md .html .pdf .docx .epub, or .jsonl .csv .tsv .parquet; rows also .gz), a
    folder, a quoted pattern, or - for standard input. One input that cannot be read does not stop
    the rest.

    Settings of a project stand in [tool.detector] of its pyproject.toml; a flag wins over them.

    Exit status: 0 fine; 1 a limit was reached; 2 something could not be read or scored.
    """
    kept = shared.parse_keep(keep)
    form = shared.chosen_form(form, output, FORMATS)
    if sentences and not FORMATS[form].sentences:
        able = ", ".join(name for name, known in FORMATS.items() if known.sentences)
        raise click.UsageError(f"--sentences needs --format {able}; to read them: detector explain PATH.")
    settings = Asked(**asked).read_settings()
    gate = Gate(Asked(**asked), settings)
    sources = gate.chosen(shared.find_sources(ctx, paths), paths)
    shared.check_output(output, sources)
    model = model or settings.model
    scorer = shared.open_scorer(model, prior or settings.prior, calibration or settings.calibration)
    fields = shared.fields_for(column, kept, html)
    progress = Progress(count_texts(sources, stdin_rows=column is not None))
    tally = Tally(gate.asked.fail_above, gate.asked.machine_above, gate.asked.check)
    width = shared.terminal_width(output)
    look = Look(sentences, width, kept or (), shared.warn, scorer.cuts, shared.model_card(model))

    def scored(items: Iterable[Item]) -> Iterator[Record]:
        is_explained = FORMATS[form].reads != "numbers"
        given = score_items(scorer, items, jobs or shared.core_count(), inline=gate.inline, reasons=is_explained)
        counted = tallied(gate.pass_through(given), progress, tally)
        return ordered(counted, order, top, FORMATS[form], sentences=sentences)

    try:
        run = Run(ctx, form, sources, settings, in_order=order is None and top is None and gate.baseline is None)
        if in_parts(run, output, resume=resume):
            score_in_parts(run, part_format(run, look, fields), fields, scored, progress, tally)
        else:
            items = read(sources, fields, stdin_rows=column is not None)
            with open_output(output) as write:
                write_all(scored(items), FORMATS[form].start(look), write, progress)
    except OutputError as error:
        raise shared.Failure(str(error)) from error
    if form == "table" and width is not None and tally.texts > 1:
        # to standard error, so that nothing but the table ever stands on standard output
        click.echo(f"\n{tally.totals()}", err=True)
    ctx.exit(tally.end())


def tallied(records: Iterable[Record], progress: Progress, tally: Tally) -> Iterator[Record]:
    """Pass ``records`` on, counting them: those that are not shown as well."""
    for record in records:
        progress.clear()
        tally.add(record)
        yield record
        progress.step()


def write_all(records: Iterable[Record], writer: Writer, write: Write, progress: Progress) -> None:
    """Write ``records`` as they come."""
    for record in records:
        progress.clear()
        write(writer.lines(record))
    progress.clear()
    write(writer.end())
