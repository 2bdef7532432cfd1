"""Records as an aligned table for people; rows come out as they are known."""

from __future__ import annotations

from detector.io.records import Record
from detector.io.show import DASH, decimal, percent, visible
from detector.io.width import shorten

_HEADER = ("score", "label", "filler", "machine", "words")
_LEFT = 1  # the label is the one column of words
_WIDTHS = (5, 11, 6, 7, 7)
_NARROWEST = 12


class TableWriter:
    """One row a record; the id comes last, so that rows need not wait for the widest.

    ``width`` is that of the terminal, to which ids are cut; None leaves them whole.
    """

    def __init__(self, width: int | None = None) -> None:
        self._width = width
        self._began = False

    def lines(self, record: Record) -> list[str]:
        """Return the lines of ``record``, after the header when it is the first."""
        report = record.report
        if report.error is not None:
            cells = [DASH, report.label, DASH, DASH, DASH]
            last = f"{visible(record.id)}: {visible(report.error)}"
        else:
            cells = [
                decimal(report.score),
                report.label,
                percent(report.filler_share),
                decimal(report.machine_score),
                str(report.words),
            ]
            last = self._fit(visible(record.id))
        return [*self._header(), _row(cells, last)]

    def end(self) -> list[str]:
        """Return the header when no record came, else nothing."""
        return self._header()

    def _header(self) -> list[str]:
        if self._began:
            return []
        self._began = True
        return [_row(_HEADER, "text")]

    def _fit(self, name: str) -> str:
        if self._width is None:
            return name
        return shorten(name, max(_NARROWEST, self._width - sum(_WIDTHS) - 2 * len(_WIDTHS)))


def _row(cells: tuple[str, ...] | list[str], last: str) -> str:
    padded = [
        cell.ljust(width) if place == _LEFT else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, _WIDTHS, strict=True))
    ]
    return "  ".join([*padded, last])
