"""What an opened article needs, packed: JSON in blocks, deflated and in base64, read by the script on demand.

Packed, the texts of 2,000 articles take a few megabytes, and nothing that stands in an article is ever seen by the
parser of the page.
"""

from __future__ import annotations

import base64
import json
import math
import re
import zlib
from collections.abc import Mapping
from typing import Any

from detector.io.records import Record
from detector.meaning import meaning
from detector.report import Reason, Sentence

ROOM = 15_000_000  # bytes for all blocks: with the table, a report of 2,000 articles stays under 20 MB
MOST_ARTICLES = 32  # in a block; it is opened as a whole
MOST_BYTES = 1 << 20  # of JSON in a block, unless one article alone has more
MOST_OF_ONE = 8_000_000  # of JSON for one article: a browser is slow to open more
MOST_REASONS = 12  # drawn one by one; the others are added up
DIGITS = 4  # significant ones

_SURROGATES = re.compile("[\ud800-\udfff]")  # one code point for one: offsets stay true


class Packer:
    """Collects articles into blocks. Once ``room`` bytes are full, no more are taken."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._block = 0
        self._begin()

    def _begin(self) -> None:
        self._deflate = zlib.compressobj()
        self._parts: list[bytes] = []
        self._count = 0
        self._size = 0

    def add(self, record: Record) -> tuple[int, int] | None:
        """Take a record; return its block and its place there, None when there is no room for its text."""
        if self._room <= 0:
            return None
        line = json.dumps(details(record), ensure_ascii=False, separators=(",", ":"))
        content = _SURROGATES.sub("\ufffd", line).encode()
        if len(content) > MOST_OF_ONE:
            return None
        place = self._block, self._count
        self._parts.append(self._deflate.compress((b"," if self._count else b"[") + content))
        self._count += 1
        self._size += len(content)
        return place

    def full(self) -> list[str]:
        """Return the block as one line if it is full, else nothing."""
        return self.rest() if self._count >= MOST_ARTICLES or self._size >= MOST_BYTES else []

    def rest(self) -> list[str]:
        """Return the block that was begun, if there is one."""
        if not self._count:
            return []
        packed = b"".join((*self._parts, self._deflate.compress(b"]"), self._deflate.flush()))
        content = base64.b64encode(packed).decode("ascii")
        line = f'<script type="text/plain" id="block-{self._block}">{content}</script>'
        self._room -= len(line)
        self._block += 1
        self._begin()
        return [line]


def details(record: Record) -> dict[str, Any]:
    """Return what the page shows of one article, in the form of ``Report.to_dict`` with less in it."""
    report = record.report
    return {
        "id": record.id,
        "score": _rounded(report.score),
        "label": report.label,
        "filler_share": _rounded(report.filler_share),
        "machine_score": _rounded(report.machine_score),
        "flags": report.flags,
        "words": report.words,
        "p_values": {name: _rounded(value) for name, value in report.p_values.items()},
        "meaning": meaning(report),
        "ratio": _rounded(report.features.get("claim_to_filler_ratio", math.nan)),
        "reasons": _reasons(report.reasons),
        "intercept": _rounded(report.intercept),
        "machine_reasons": _reasons(report.machine_reasons),
        "machine_intercept": _rounded(report.machine_intercept),
        "sentences": [_sentence(sentence) for sentence in report.sentences],
        "notes": report.notes,
        "error": report.error,
        "input": _fields(record.fields),
        "text": record.text,
    }


def _reasons(reasons: tuple[Reason, ...]) -> list[dict[str, Any]]:
    """Return the largest reasons, and the rest as one: the contributions still add up."""
    shown: list[dict[str, Any]] = [
        {
            "feature": reason.feature,
            "contribution": _rounded(reason.contribution),
            "text": reason.text,
            "spans": reason.spans,
        }
        for reason in reasons[:MOST_REASONS]
    ]
    rest = reasons[MOST_REASONS:]
    if rest:
        total = math.fsum(reason.contribution for reason in rest)
        words = f"{len(rest)} smaller ones together"
        shown.append({"feature": "rest", "contribution": _rounded(total), "text": words, "spans": []})
    return shown


def _sentence(sentence: Sentence) -> dict[str, Any]:
    return {
        "start": sentence.start,
        "end": sentence.end,
        "kind": sentence.kind,
        "filler": _rounded(sentence.filler),
        "repeats": sentence.repeats,
        "reasons": [{"text": reason.text, "spans": reason.spans} for reason in sentence.reasons],
    }


def _fields(fields: Mapping[str, Any] | None) -> dict[str, str]:
    """Return kept input fields as text to be shown."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in (fields or {}).items()
    }


def _rounded(value: float) -> float | None:
    """Return ``value`` to DIGITS significant digits, None where it is undefined."""
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
