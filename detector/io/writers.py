"""Records to lines in a format; a new format is one class and one entry in ``FORMATS``."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from detector.io.records import Record
from detector.io.table import TableWriter
from detector.report import null

if TYPE_CHECKING:
    from detector.model import Cuts


class Writer(Protocol):
    """Turns records into lines, without their line ends."""

    def lines(self, record: Record) -> list[str]:
        """Return the lines that ``record`` completes; none when they must wait for a later one."""
        ...

    def end(self) -> list[str]:
        """Return the lines that were waiting, and whatever closes the output."""
        ...


@dataclass(frozen=True, slots=True)
class Look:
    """What a writer may be told.

    ``sentences``: they are wanted; ``width``: that of the terminal, if there is one;
    ``keep``: the fields asked for by name; ``warn`` takes one sentence for the user;
    ``cuts``: the borders between labels, and ``card`` the card of the model, to be shown.
    """

    sentences: bool = False
    width: int | None = None
    keep: tuple[str, ...] = ()
    warn: Callable[[str], None] = print
    cuts: Cuts | None = None
    card: str = ""


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write records: ``extensions`` choose it for ``-o``, ``sentences`` says it can hold them.

    ``reads`` says how much of a record the writer looks at: its ``numbers``, its ``reasons`` as well, or ``all``,
    the text included.
    """

    start: Callable[[Look], Writer]
    extensions: tuple[str, ...] = ()
    sentences: bool = False
    reads: Literal["numbers", "reasons", "all"] = "all"


class JsonlWriter:
    """One JSON object a line, as ``Report.to_dict`` orders it, then ``input`` when fields are kept.

    ``text`` is added when offsets index a text that was taken out of the file, not the file itself.
    """

    def __init__(self, look: Look) -> None:
        self._sentences = look.sentences

    def lines(self, record: Record) -> list[str]:
        """Return the one line of ``record``."""
        content = record.report.to_dict(record.id, sentences=self._sentences)
        if record.fields is not None:
            content["input"] = dict(record.fields)
        if record.extracted:
            content["text"] = record.text
        return [json_line(content)]

    def end(self) -> list[str]:
        """Return nothing: every line stands alone."""
        return []


class CsvWriter:
    """One row a record under a header.

    The feature columns are those of the first report that has features; rows before it
    wait. The ``input.`` columns are the fields asked for by name, else those of the first
    record written that carries any.
    """

    def __init__(self, look: Look) -> None:
        self._look = look
        self._waiting: list[Record] = []
        self._features: tuple[str, ...] | None = None
        self._calibrated: tuple[str, ...] = ()
        self._inputs = look.keep
        self._left_out: set[str] = set()

    def lines(self, record: Record) -> list[str]:
        """Return the row of ``record``, with the header and any that waited when it is the first scored."""
        if self._features is None:
            # only the numbers are kept: a text that waits would hold memory
            self._waiting.append(Record(record.id, record.report, fields=record.fields))
            return self._begin() if record.report.features else []
        return [csv_line(self._row(record))]

    def end(self) -> list[str]:
        """Return the header and the rows still waiting."""
        return self._begin() if self._features is None else []

    def _begin(self) -> list[str]:
        last = self._waiting[-1].report.features if self._waiting else {}
        self._features = tuple(last)
        self._calibrated = tuple(self._waiting[-1].report.p_values) if self._waiting else ()
        carried = next((record.fields for record in self._waiting if record.fields is not None), {})
        self._inputs = self._inputs or tuple(carried)
        waiting, self._waiting = self._waiting, []
        header = [
            *("id", "score", "label", "filler_share", "machine_score", "flags", "words", "model"),
            *(f"feature.{name}" for name in self._features),
            *(f"p_value.{name}" for name in self._calibrated),
            *("notes", "error"),
            *(f"input.{name}" for name in self._inputs),
        ]
        return [csv_line(cells) for cells in (header, *map(self._row, waiting))]

    def _row(self, record: Record) -> list[Any]:
        report = record.report
        fields = record.fields or {}
        self._warn_of(set(fields) - set(self._inputs))
        return [
            record.id,
            null(report.score),
            report.label,
            null(report.filler_share),
            null(report.machine_score),
            ";".join(report.flags),
            report.words,
            report.model,
            *(null(report.features.get(name, float("nan"))) for name in self._features or ()),
            *(null(report.p_values.get(name, float("nan"))) for name in self._calibrated),
            "; ".join(report.notes),
            report.error,
            *(cell(fields.get(name)) for name in self._inputs),
        ]

    def _warn_of(self, fields: set[str]) -> None:
        for name in sorted(fields - self._left_out):
            self._look.warn(f"field {name!r} has no column and is left out; --format jsonl keeps it")
        self._left_out |= fields


def cell(value: Any) -> Any:
    """Return a kept field as a cell: a string as it is, anything else as JSON."""
    return value if value is None or isinstance(value, str) else json_line(value)


def json_line(content: Any) -> str:
    """Return ``content`` as JSON on one line, by every notion of a line end."""
    line = json.dumps(content, ensure_ascii=False)
    for character in "\x85\u2028\u2029":
        line = line.replace(character, f"\\u{ord(character):04x}")
    return line


def csv_line(cells: Iterable[Any]) -> str:
    """Return one row without its line end; None is an empty cell."""
    row = io.StringIO()
    csv.writer(row, lineterminator="\r\n").writerow(cells)  # so that a cell with either end is quoted
    return row.getvalue()[:-2]


def _sarif(look: Look) -> Writer:
    from detector.io.sarif import SarifWriter

    return SarifWriter(look)


def _html(look: Look) -> Writer:
    from detector.io.html import HtmlWriter

    return HtmlWriter(look)


def _github(look: Look) -> Writer:
    from detector.io.github import GithubWriter

    return GithubWriter(look)


def _parquet(look: Look) -> Writer:
    from detector.io.output import OutputError

    raise OutputError("Parquet is no text that could be shown; give -o FILE, a new one or a plain file")


FORMATS: dict[str, Format] = {
    "table": Format(lambda look: TableWriter(look.width), (".txt",), reads="numbers"),
    "jsonl": Format(JsonlWriter, (".jsonl", ".ndjson"), sentences=True, reads="reasons"),
    "csv": Format(CsvWriter, (".csv",), reads="numbers"),
    "html": Format(_html, (".html", ".htm"), sentences=True),
    "sarif": Format(_sarif, (".sarif", ".sarif.json")),
    "github": Format(_github),
    "parquet": Format(_parquet, (".parquet",), sentences=True, reads="reasons"),
}


def format_for(path: str | None) -> str:
    """Return the name of the format that the extension of ``path`` asks for, else ``table``."""
    for name, form in FORMATS.items():
        if path is not None and path.lower().endswith(form.extensions):
            return name
    return "table"
