"""``detector features``: the feature table, and what each feature means."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from detector.cli import shared
from detector.io.output import OutputError, Write, open_output
from detector.io.readers import read
from detector.io.records import Item
from detector.io.rows import Html
from detector.io.show import DASH, visible
from detector.io.suppress import mask
from detector.io.writers import csv_line, json_line
from detector.report import null

if TYPE_CHECKING:
    from detector.scorer import Scorer

FORMS = ("table", "csv", "jsonl")
BATCH = 64  # texts in memory at a time
COLUMNS = ("name", "unit", "range", "direction", "meaning")

EXAMPLES = """\b
Examples:
  detector features article.txt
  detector features articles/ --format csv -o features.csv
  detector features --list
"""


@click.command(epilog=EXAMPLES)
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option("--format", "form", type=click.Choice(FORMS), help="Default: table, or as -o says.")
@click.option("--list", "listed", is_flag=True, help="Document every feature instead of measuring a text.")
@shared.column_option
@shared.html_option
@shared.output_option
@shared.model_option
@click.pass_context
def features(
    ctx: click.Context,
    *,
    paths: tuple[str, ...],
    form: str | None,
    listed: bool,
    column: str | None,
    html: Html,
    output: str | None,
    model: str | None,
) -> None:
    """Print the features of texts: one row a text in csv and jsonl, one block in a table.

    An undefined feature is an empty cell in csv, null in jsonl, an em dash in a table.
    """
    form = shared.chosen_form(form, output, FORMS)
    problems = shared.Problems()
    try:
        if listed:
            if paths:
                raise click.UsageError("--list documents the features and takes no PATH.")
            shared.check_output(output, [])
            with open_output(output) as write:
                write_list(form, write)
            return
        sources = shared.find_sources(ctx, paths)
        shared.check_output(output, sources)
        scorer = shared.open_scorer(model)
        items = read(sources, shared.fields_for(column, html=html), stdin_rows=column is not None)
        with open_output(output) as write:
            write_features(measure(scorer, items), form, write, problems)
    except OutputError as error:
        raise shared.Failure(str(error)) from error
    problems.end()
    ctx.exit(2 if problems.count else 0)


Found = dict[str, float | None]  # None: undefined
Lines = Callable[[Item, Found], list[str]]


def measure(scorer: Scorer, items: Iterable[Item]) -> Iterator[tuple[Item, Found]]:
    """Yield each item with its features; all are undefined for an item that failed."""
    items = iter(items)
    while batch := list(islice(items, BATCH)):
        names, values = scorer.features([mask(item.text).text for item in batch])
        for item, row in zip(batch, values, strict=True):
            failed = item.error is not None
            yield (
                item,
                {name: None if failed else null(float(row[place])) for place, name in enumerate(names)},
            )


def write_features(
    rows: Iterable[tuple[Item, Found]], form: str, write: Write, problems: shared.Problems
) -> None:
    """Write ``rows`` in ``form``; an item that failed keeps its place and its sentence."""
    lines: Lines = {"csv": _csv_lines, "jsonl": _jsonl_lines, "table": _table_lines}[form]
    for place, (item, found) in enumerate(rows):
        if item.error is not None:
            problems.tell(item.id, item.error)
        if form == "csv" and place == 0:
            write([csv_line(["id", *found, "error"])])
        write(lines(item, found))


def _csv_lines(item: Item, found: Found) -> list[str]:
    return [csv_line([item.id, *found.values(), item.error])]


def _jsonl_lines(item: Item, found: Found) -> list[str]:
    content: dict[str, Any] = {"id": item.id, "features": found}
    if item.error is not None:
        content["error"] = item.error
    return [json_line(content)]


def _table_lines(item: Item, found: Found) -> list[str]:
    if item.error is not None:
        return [f"{visible(item.id)}: {visible(item.error)}", ""]
    width = max(map(len, found), default=0)
    numbers = {name: DASH if value is None else f"{value:.4g}" for name, value in found.items()}
    return [visible(item.id), *(f"  {name.ljust(width)}  {number}" for name, number in numbers.items()), ""]


def write_list(form: str, write: Write) -> None:
    """Write what every feature means: name, unit, range, direction and one line."""
    from detector.features.registry import FEATURES

    rows = [{column: _plain(getattr(feature, column)) for column in COLUMNS} for feature in FEATURES]
    if form == "jsonl":
        write([json_line(row) for row in rows])
    elif form == "csv":
        write([csv_line(COLUMNS), *(csv_line(row.values()) for row in rows)])
    else:
        width = min(shared.terminal_width() or 100, 100)
        for row in rows:
            head = f"{row['name']}  ({row['unit']}, {row['range']}; {row['direction']})"
            body = textwrap.wrap(row["meaning"], width, initial_indent="    ", subsequent_indent="    ")
            write([head, *body])


def _plain(value: object) -> str:
    """Return a value of the registry as words: a range of numbers as ``0 to 1``."""
    if isinstance(value, tuple):
        return " to ".join(f"{end:g}" if isinstance(end, (int, float)) else str(end) for end in value)
    return str(value)
