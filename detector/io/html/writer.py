"""The writer: details leave as they come, the table and the totals wait for the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detector.io.html import frame
from detector.io.html.details import ROOM, Packer
from detector.io.html.overview import Row, overview
from detector.io.html.totals import Totals
from detector.io.records import Record

if TYPE_CHECKING:
    from detector.io.writers import Look

MOST_ROWS = 100_000  # a browser takes seconds over more


class HtmlWriter:
    """One file for all records: packed details first, then what a reader sees.

    Of each article only a row of numbers is held until the end. When ``room`` bytes of details are written, texts
    are left out and scores kept; past ``most_rows`` articles are counted but not listed. The page and ``look.warn``
    say so.
    """

    def __init__(self, look: Look, *, room: int = ROOM, most_rows: int = MOST_ROWS) -> None:
        self._look = look
        self._packer = Packer(room)
        self._totals = Totals()
        self._rows: list[Row] = []
        self._most_rows = most_rows
        self._left_out = 0
        self._begun = False

    def lines(self, record: Record) -> list[str]:
        """Return the head with the first record, and each block of details that is full."""
        lines = self._begin()
        self._totals.add(record.report)
        if len(self._rows) >= self._most_rows:
            return lines
        place = self._packer.add(record)
        self._left_out += place is None
        self._rows.append(Row.of(record, self._totals.articles, place))
        return [*lines, *self._packer.full()]

    def end(self) -> list[str]:
        """Return what is left: the last details, the overview, the script."""
        notes = self._notes()
        for note in notes:
            self._look.warn(note)
        lines = [*self._begin(), *self._packer.rest()]
        return [*lines, *overview(self._rows, self._totals, self._look.cuts, self._look.card, notes), frame.foot()]

    def _begin(self) -> list[str]:
        lines = [] if self._begun else [frame.head()]
        self._begun = True
        return lines

    def _notes(self) -> list[str]:
        notes = []
        if self._left_out:
            notes.append(
                f"The texts of {self._left_out:,} of {self._totals.articles:,} articles are left out of the report to "
                "keep the file small; their scores are in the table. Score fewer articles at a time to read them all."
            )
        unlisted = self._totals.articles - len(self._rows)
        if unlisted:
            notes.append(
                f"The last {unlisted:,} articles are counted in the totals but not listed; "
                "--format csv or jsonl has a row for each."
            )
        return notes
