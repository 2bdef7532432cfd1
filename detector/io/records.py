"""What passes between readers, the scorer and writers: one item in, one record out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from detector.report import Report


@dataclass(frozen=True, slots=True)
class Item:
    """One text to score, or the sentence that says why there is none.

    ``id`` is the path, or ``path:line`` for a row. ``text`` is the decoded text that
    offsets index. ``fields`` holds the input fields to carry through, None when the
    source has none or none were asked for.
    """

    id: str
    text: str = ""
    error: str | None = None
    notes: tuple[str, ...] = ()
    fields: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A report beside what it was made from."""

    id: str
    report: Report
    text: str = ""
    fields: Mapping[str, Any] | None = None
