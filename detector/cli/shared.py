"""What several commands share: options, the model, and how a problem is told."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from detector.io.output import refuse_output
from detector.io.readers import EXTENSIONS
from detector.io.rows import Fields, Html
from detector.io.show import visible
from detector.io.sources import STDIN, Source, expand, is_input
from detector.io.writers import format_for

if TYPE_CHECKING:
    from detector.scorer import Scorer

F = TypeVar("F", bound=Callable[..., Any])
MOST_ERRORS_SHOWN = 20


class Failure(click.ClickException):
    """A problem that ends the command: one sentence, exit status 2."""

    exit_code = 2

    def format_message(self) -> str:
        """Return the sentence without anything that could steer the terminal."""
        return visible(self.message)


class Probability(click.ParamType):  # type: ignore[type-arg]  # generic only from click 8.4 on
    """A number above 0 and at most 1."""

    name = "P"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return ``value`` as a float, or fail with a sentence."""
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not 0 < number <= 1:
            self.fail(f"{value!r} is not a number above 0 and at most 1, such as 0.8", param, ctx)
        return number


class Share(Probability):
    """A number above 0 and below 1."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return ``value`` as a float, or fail with a sentence."""
        number = super().convert(value, param, ctx)
        if number == 1:
            self.fail(f"{value!r} is not a number above 0 and below 1, such as 0.1", param, ctx)
        return number


class PathName(click.ParamType):  # type: ignore[type-arg]  # generic only from click 8.4 on
    """A path as it was typed; the shell completes it."""

    name = "path"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Leave it to the shell to list files."""
        return [click.shell_completion.CompletionItem(incomplete, type="file")]


def open_scorer(model: str | None, prior: float | None = None, calibration: tuple[str, ...] = ()) -> Scorer:
    """Return the scorer of the folder ``model``, or of the bundled model for None.

    ``prior`` re-weights it, ``calibration`` files give it p-values.
    """
    from detector._version import __version__
    from detector.calibration import CalibrationError, load
    from detector.scorer import Scorer

    try:
        given = [load(file) for file in calibration]
        for old in (one.detector for one in given if one.detector != __version__):
            warn(f"the calibration is of detector {old}, this is {__version__}: calibrate again if scores changed")
        if model is None:
            return Scorer(prior=prior, calibration=given)
        return Scorer.load(model, prior=prior, calibration=given)
    except CalibrationError as error:
        raise Failure(str(error)) from error
    except (OSError, ValueError) as error:
        raise Failure(f"cannot load the model {model or 'that comes with the package'}: {error}") from error


def model_card(model: str | None) -> str:
    """Return the card of the model in the folder ``model``, or of the bundled one; empty if it has none."""
    from detector.model import bundled

    try:
        return (bundled() if model is None else Path(model)).joinpath("card.md").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def model_option(command: F) -> F:
    """Add ``--model``."""
    return click.option(
        "--model",
        metavar="DIR",
        type=click.Path(exists=True, file_okay=False),
        help="Folder of another model, such as `detector train` writes; the bundled one by default.",
    )(command)


def prior_option(command: F) -> F:
    """Add ``--prior``."""
    return click.option(
        "--prior",
        metavar="P",
        type=Share(),
        help="Share of filler articles among your texts, if not that of the model card; re-weights `score`.",
    )(command)


def calibration_option(command: F) -> F:
    """Add ``--calibration``."""
    return click.option(
        "--calibration",
        metavar="FILE",
        type=PathName(),
        multiple=True,
        help="Use the cut that `detector calibrate` found, and add p-values; once for each score.",
    )(command)


def column_option(command: F) -> F:
    """Add ``--column``."""
    return click.option(
        "--column",
        metavar="NAME",
        help="Field of CSV, JSONL and Parquet that holds the text (default: text). "
        "Given, standard input is read as JSONL.",
    )(command)


def html_option(command: F) -> F:
    """Add ``--html``."""
    return click.option(
        "--html",
        type=click.Choice(["whole", "main", "bulk"]),
        default="whole",
        show_default=True,
        help="Read all of a web page, or its main text alone: main by trafilatura, bulk by resiliparse (faster).",
    )(command)


def output_option(command: F) -> F:
    """Add ``-o``."""
    return click.option(
        "-o",
        "--output",
        metavar="FILE",
        type=PathName(),
        help="Write to FILE, whole or not at all; its extension picks the format unless --format does.",
    )(command)


def find_sources(ctx: click.Context, paths: tuple[str, ...]) -> list[Source]:
    """Return what ``paths`` name; without any, standard input if something is piped into it."""
    if not paths:
        if sys.stdin is None or sys.stdin.isatty():
            click.echo(ctx.get_help(), err=True)
            click.echo("\nError: nothing to read; give a PATH, or pipe a text to standard input.", err=True)
            ctx.exit(2)
        paths = (STDIN,)
    if paths.count(STDIN) > 1:
        raise click.UsageError("'-' stands for standard input and can be given once only.")
    return expand(paths, EXTENSIONS)


def check_output(output: str | None, sources: list[Source]) -> None:
    """Refuse, before any work, an output that cannot be written or that is an input."""
    if output is None or output == STDIN:
        return
    refusal = refuse_output(output)
    if refusal is not None:
        raise Failure(refusal)
    if is_input(output, sources):
        raise Failure(f"{output} is one of the inputs and would be overwritten; give -o another name")


def terminal_width(output: str | None = None) -> int | None:
    """Return the width of the terminal that will show the output, None when none will."""
    if output not in (None, STDIN) or sys.stdout is None or not sys.stdout.isatty():
        return None
    return shutil.get_terminal_size().columns


def warn(sentence: str) -> None:
    """Tell the user something that is no failure."""
    click.echo(f"detector: note: {visible(sentence)}", err=True)


def parse_keep(value: str | None) -> tuple[str, ...] | None:
    """Return the names in ``a,b``, None for ``all``."""
    if value is None:
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in value.split(",")))
    if "" in names:
        raise click.BadParameter(f"{value!r} has an empty name; give a,b or all.", param_hint="--keep")
    return None if names == ("all",) else names


def fields_for(column: str | None, keep: tuple[str, ...] | None = (), html: Html = "whole") -> Fields:
    """Return the fields to read, with the default column, and how web pages are read."""
    return Fields("text" if column is None else column, keep, html)


def chosen_form(form: str | None, output: str | None, known: Collection[str]) -> str:
    """Return the format of ``--format``, else that of the name of the output. Raises click.UsageError."""
    name = "" if output is None else output.lower()
    if name.endswith(".gz"):
        raise click.UsageError(f"Output is not packed; name it {(output or '')[:-3]}, or pipe it: … -o - | gzip.")
    found = form or format_for(output)
    if found not in known:
        raise click.UsageError(f"{output} asks for {found}, and this command writes {', '.join(known)}; give --format.")
    return found


def core_count() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Problems:
    """Counts the inputs that failed and tells of each on standard error, up to a limit."""

    def __init__(self) -> None:
        self.count = 0

    def tell(self, id: str, sentence: str) -> None:
        """Report one input."""
        self.count += 1
        if self.count <= MOST_ERRORS_SHOWN:
            click.echo(f"detector: {visible(id)}: {visible(sentence)}", err=True)

    def end(self) -> None:
        """Say how many were not shown."""
        if self.count > MOST_ERRORS_SHOWN:
            hidden = self.count - MOST_ERRORS_SHOWN
            click.echo(f"detector: {hidden} more errors are not shown here", err=True)
