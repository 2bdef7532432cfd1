"""``detector explain``: one text in the terminal, sentence by sentence, and why."""

from __future__ import annotations

import shutil

import click

from detector.cli import shared
from detector.cli.colour import When, color_option, wants_colour
from detector.cli.gate import Asked
from detector.cli.page import page
from detector.cli.run import score_items
from detector.io.output import OutputError, open_output
from detector.io.readers import read
from detector.io.rows import Html

WIDEST = 110  # longer lines are hard to read

EXAMPLES = """\b
Examples:
  detector explain article.txt
  detector explain article.html --color always | less -R
  cat article.txt | detector explain -
"""


@click.command(epilog=EXAMPLES)
@click.argument("path", required=False, metavar="PATH|-", type=shared.PathName())
@color_option
@shared.column_option
@shared.html_option
@shared.model_option
@click.pass_context
def explain(
    ctx: click.Context, /, *, path: str | None, color: When, column: str | None, html: Html, model: str | None
) -> None:
    """Show the summary of a text, its sentences by kind, and the reasons for its scores.

    The margin names the kind by a letter, colours only repeat it. Of a file with rows, every row
    is shown. The model, prior and calibration of [tool.detector] in pyproject.toml are used.
    """
    sources = shared.find_sources(ctx, () if path is None else (path,))
    settings = Asked().read_settings()
    scorer = shared.open_scorer(model or settings.model, settings.prior, settings.calibration)
    problems = shared.Problems()
    items = read(sources, shared.fields_for(column, html=html), stdin_rows=column is not None)
    width = min(shutil.get_terminal_size().columns, WIDEST)
    try:
        with open_output(None) as write:
            for place, record in enumerate(score_items(scorer, items, inline=settings.inline)):
                if record.report.error is not None:
                    problems.tell(record.id, record.report.error)
                    continue
                write(["", ""] if place else [])
                write(page(record, width=width, colour=wants_colour(color)))
    except OutputError as error:
        raise shared.Failure(str(error)) from error
    problems.end()
    ctx.exit(2 if problems.count else 0)
