"""``detector score``: records for many texts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import click

from detector.cli import shared
from detector.cli.progress import Progress
from detector.cli.run import score_items
from detector.io.output import OutputError, Write, open_output
from detector.io.readers import count_texts, read
from detector.io.records import Record
from detector.io.writers import FORMATS, Look, Writer, format_for

EXAMPLES = """\b
Examples:
  detector score article.txt
  detector score articles/ --format csv -o scores.csv
  detector score news.jsonl --column body --keep url,date --jobs 0 -o scores.jsonl
  cat article.txt | detector score --fail-above 0.8
"""


@click.command(epilog=EXAMPLES)
@click.argument("paths", nargs=-1, metavar="[PATH|-]...")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), help="Default: table, or as -o says.")
@click.option("--sentences", is_flag=True, help="Add every sentence to the record (jsonl).")
@click.option("--jobs", metavar="N", type=click.IntRange(min=0), default=1, help="Processes; 0: all cores.")
@click.option("--fail-above", metavar="P", type=shared.Probability(), help="Exit 1 if a score is P or more.")
@click.option(
    "--machine-above", metavar="P", type=shared.Probability(), help="Exit 1 if a machine score is P or more."
)
@shared.column_option
@click.option("--keep", metavar="COL[,COL]|all", help="Carry these input fields through, under `input`.")
@shared.output_option
@shared.model_option
@shared.prior_option
@click.pass_context
def score(
    ctx: click.Context,
    *,
    paths: tuple[str, ...],
    form: str | None,
    sentences: bool,
    jobs: int,
    fail_above: float | None,
    machine_above: float | None,
    column: str | None,
    keep: str | None,
    output: str | None,
    model: str | None,
    prior: float | None,
) -> None:
    """Score texts: one record for each, in the order given.

    PATH is a file (.txt .md .html .jsonl .csv .tsv, rows also .gz), a folder, a quoted
    pattern, or - for standard input. One input that cannot be read does not stop the rest.

    Exit status: 0 fine; 1 a limit was reached; 2 something could not be read or scored.
    """
    kept = shared.parse_keep(keep)
    form = form or format_for(output)
    if sentences and not FORMATS[form].sentences:
        able = ", ".join(name for name, known in FORMATS.items() if known.sentences)
        raise click.UsageError(f"--sentences needs --format {able}; to read them: detector explain PATH.")
    sources = shared.find_sources(ctx, paths)
    shared.check_output(output, sources)
    scorer = shared.open_scorer(model, prior)
    items = read(sources, shared.fields_for(column, kept), stdin_rows=column is not None)
    records = score_items(scorer, items, jobs or shared.core_count())
    progress = Progress(count_texts(sources, stdin_rows=column is not None))
    tally = Tally(fail_above, machine_above)
    try:
        with open_output(output) as write:
            look = Look(sentences, shared.terminal_width(output), kept or (), shared.warn)
            write_all(records, FORMATS[form].start(look), write, progress, tally)
    except OutputError as error:
        raise shared.Failure(str(error)) from error
    ctx.exit(tally.end())


def write_all(
    records: Iterable[Record], writer: Writer, write: Write, progress: Progress, tally: Tally
) -> None:
    """Write ``records`` as they come, and count them."""
    for record in records:
        progress.clear()
        tally.add(record)
        write(writer.lines(record))
        progress.step()
    progress.clear()
    write(writer.end())


@dataclass
class Tally:
    """What the exit status depends on: failures, and values at or above a limit."""

    fail_above: float | None
    machine_above: float | None
    problems: shared.Problems = field(default_factory=shared.Problems)
    texts: int = 0
    filler: int = 0
    machine: int = 0

    def add(self, record: Record) -> None:
        """Count one record; a failed one is told at once."""
        report = record.report
        self.texts += 1
        if report.error is not None:
            self.problems.tell(record.id, report.error)
        # an undefined value is NaN, which is never at or above anything
        self.filler += self.fail_above is not None and report.score >= self.fail_above
        self.machine += self.machine_above is not None and report.machine_score >= self.machine_above

    def end(self) -> int:
        """Say what was found and return the exit status."""
        self.problems.end()
        for count, name, limit in (
            (self.filler, "score", self.fail_above),
            (self.machine, "machine score", self.machine_above),
        ):
            if count:
                found = f"{count} of {self.texts} texts have a {name} of {limit:g} or more"
                click.echo(f"detector: {found}", err=True)
        if self.problems.count:
            return 2
        return 1 if self.filler or self.machine else 0
