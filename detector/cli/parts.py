"""``detector score -o FILE`` in parts that outlive an interrupt: what goes on, and with what it must agree."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from detector._version import __version__
from detector.cli import shared
from detector.cli.progress import Progress
from detector.cli.settings import Settings
from detector.cli.tally import Tally
from detector.extras import MissingExtraError
from detector.io.output import OutputError
from detector.io.readers import read
from detector.io.records import Item, Record
from detector.io.resume import Lines, PartFormat, Parts, Trail, fingerprint, open_parts
from detector.io.rows import Fields
from detector.io.sources import STDIN, Source
from detector.io.writers import FORMATS, Look
from detector.scorer import WorkerLostError

if TYPE_CHECKING:
    from detector.arrow.sink import Parquet

RESUMABLE = ("jsonl", "parquet")
_FREE = {"paths", "form", "jobs", "output", "resume", "model"}  # change nothing in the records, or are told by content


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the command: what is read and how. ``in_order`` says that records are written as they come."""

    ctx: click.Context
    form: str
    sources: Sequence[Source]
    settings: Settings
    in_order: bool

    @property
    def can_go_on(self) -> bool:
        """Whether a finished part stays true: its inputs can be read again, and no later record changes it."""
        return self.in_order and all(source.path != STDIN and _is_file(source.path) for source in self.sources)


def in_parts(run: Run, output: str | None, *, resume: bool) -> bool:
    """Return whether the output is written in parts. Raises click.UsageError if ``resume`` cannot be had."""
    if run.form not in RESUMABLE or output in (None, STDIN) or not _is_file(output or ""):
        if resume:
            raise click.UsageError(f"--resume needs -o FILE of --format {' or '.join(RESUMABLE)}.")
        return False
    if resume and not run.in_order:
        raise click.UsageError("--resume goes with neither --sort, --top nor --baseline: they need all records.")
    if resume and not run.can_go_on:
        raise click.UsageError("--resume needs input files: what was piped in cannot be read again.")
    return run.form == "parquet" or run.can_go_on


def part_format(run: Run, look: Look, fields: Fields) -> PartFormat:
    """Return how parts are written. Raises shared.Failure if the inputs do not fit the format."""
    if run.form != "parquet":
        return Lines(lambda: FORMATS[run.form].start(look))
    try:
        return _parquet()(run.sources, fields, sentences=look.sentences)
    except (MissingExtraError, ValueError) as error:
        raise shared.Failure(str(error)) from error


def score_in_parts(
    run: Run,
    form: PartFormat,
    fields: Fields,
    score: Callable[[Iterable[Item]], Iterator[Record]],
    progress: Progress,
    tally: Tally,
) -> None:
    """Score what the finished parts lack, and put all together. Raises OutputError if the disk or a part refuses."""
    with _kept_parts(run) as parts:
        tally.restore(parts.done.counts or {})
        progress.start_at(parts.done.texts)
        trail = Trail(run.sources, parts.done)
        stdin_rows = run.ctx.params["column"] is not None
        items = trail.items(lambda source, skip: read([source], fields, stdin_rows=stdin_rows, skip=skip))
        place = trail.place if run.can_go_on else lambda texts: (0, 0)
        for _ in parts.write(score(items), form, lambda texts: (*place(texts), tally.counts())):
            pass
        progress.clear()
        parts.join(form)


@contextmanager
def _kept_parts(run: Run) -> Iterator[Parts]:
    """Give the parts of the output, and say what is kept of them when the run does not end."""
    output, resume = run.ctx.params["output"], run.ctx.params["resume"]
    with open_parts(output, _job(run), resume=resume, keep=run.can_go_on) as parts:
        if parts.done.texts:
            shared.warn(f"going on after {parts.done.texts} texts that are scored already")
        try:
            yield parts
        except (KeyboardInterrupt, OutputError, WorkerLostError):
            kept = parts.finished if run.can_go_on else 0
            if kept:
                click.echo(err=True)  # the progress may stand on this line
                shared.warn(f"{kept} texts are kept in {parts.folder}; the same command with --resume goes on")
            raise


def _parquet() -> type[Parquet]:
    from detector.arrow.sink import Parquet

    return Parquet


def _is_file(path: str) -> bool:
    """Return whether ``path`` is a plain file or nothing yet."""
    return os.path.isfile(path) or not os.path.exists(path)


def _job(run: Run) -> dict[str, Any]:
    """Return what a finished part depends on; each name is the subject of the sentence that refuses."""
    from detector.calibration import model_digest
    from detector.model import bundled

    params = run.ctx.params
    model = params["model"] or run.settings.model
    options = {
        f"the option --{name.replace('_', '-')}": [*_values(value)]
        for name, value in sorted(params.items())
        if name not in _FREE
    }
    return {
        "the version of detector": __version__,
        "the format": run.form,
        "the input": fingerprint(run.sources),
        "the model": model_digest(bundled() if model is None else Path(model)),
        "the settings file": repr(run.settings),
        **options,
    }


def _values(value: Any) -> Iterator[str]:
    """Yield an option as it was given, a file by its content."""
    for one in value if isinstance(value, tuple) else (value,):
        yield fingerprint([Source(one)]) if isinstance(one, str) and os.path.isfile(one) else str(one)
