"""``detector explain``: one text in the terminal, sentence by sentence, and why."""

from __future__ import annotations

import os
import shutil
import sys

import click

from detector.cli import shared
from detector.cli.page import page
from detector.cli.run import score_items
from detector.io.output import OutputError, open_output
from detector.io.readers import read

WIDEST = 110  # longer lines are hard to read

EXAMPLES = """\b
Examples:
  detector explain article.txt
  detector explain article.html | less
  cat article.txt | detector explain -
"""


@click.command(epilog=EXAMPLES)
@click.argument("path", required=False, metavar="PATH|-")
@shared.column_option
@shared.model_option
@click.pass_context
def explain(ctx: click.Context, path: str | None, column: str | None, model: str | None) -> None:
    """Show the summary of a text, its sentences by kind, and the reasons for its scores.

    The margin names the kind by a letter, colours only repeat it; they are left out when
    the output is no terminal or NO_COLOR is set. Of a file with rows, every row is shown.
    """
    sources = shared.find_sources(ctx, () if path is None else (path,))
    scorer = shared.open_scorer(model)
    problems = shared.Problems()
    items = read(sources, shared.fields_for(column), stdin_rows=column is not None)
    width = min(shutil.get_terminal_size().columns, WIDEST)
    try:
        with open_output(None) as write:
            for place, record in enumerate(score_items(scorer, items)):
                if record.report.error is not None:
                    problems.tell(record.id, record.report.error)
                    continue
                write(["", ""] if place else [])
                write(page(record, width=width, colour=wants_colour()))
    except OutputError as error:
        raise shared.Failure(str(error)) from error
    problems.end()
    ctx.exit(2 if problems.count else 0)


def wants_colour() -> bool:
    """Return whether standard output is a terminal that the user has not asked to keep plain."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
