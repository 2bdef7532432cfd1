"""Records to findings: what a reviewer is pointed at, with its rule, its place and a lasting fingerprint.

A finding is one run of filler sentences that stand together, or one article as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from detector.io.places import Lines, Region
from detector.io.readers import AS_IT_STANDS, reader_for
from detector.io.records import Record
from detector.io.show import decimal, percent, visible
from detector.io.sources import STDIN
from detector.io.suppress import switches
from detector.io.width import shorten
from detector.report import Report, Sentence

Level = Literal["note", "warning", "error"]

GENERIC, REPEAT, ARTICLE, MACHINE = "filler-generic", "filler-repeat", "filler-article", "machine-article"
_QUOTED = 120  # characters of a sentence in a message
_SHOWN_REASONS = 2
_WORD = re.compile(r"\w+")
_HASH_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that a finding speaks of."""

    text: str
    region: Region


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at. ``region`` is None where only the file is known; ``rank`` is 0 to 100, higher is worse.

    ``fingerprint`` depends on the words alone: it outlives edits elsewhere, new line breaks and a new path.
    """

    rule: str
    level: Level
    message: str
    path: str
    region: Region | None
    fingerprint: str
    rank: float
    related: tuple[Related, ...] = ()


def is_filler(sentence: Sentence) -> bool:
    """Say whether a sentence counts as filler."""
    return sentence.kind in ("repeat", "generic")


def fingerprint(text: str) -> str:
    """Return a hash of the words of ``text``, whatever their case, punctuation and line breaks."""
    import hashlib  # not needed by most scores, and slow to load

    words = " ".join(_WORD.findall(text.casefold())) or text
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]


def article_fingerprint(record: Record) -> str:
    """Return a hash of the words of the article."""
    return fingerprint(record.text)


def findings(record: Record) -> list[Finding]:
    """Return what is new in ``record``: the article first, then its runs of filler sentences in order."""
    report = record.report
    if report.error is not None:
        return []
    places = _Places(record)
    return [*_article(record, places), *_runs(record, places)]


class _Places:
    """Where spans of a record stand in its file: exactly in a text, at its line for a row, else nowhere."""

    def __init__(self, record: Record) -> None:
        is_text = record.path == STDIN or reader_for(record.path) in AS_IT_STANDS
        exact = record.line == 0 and is_text and not record.extracted
        self._lines = Lines(record.text) if exact else None
        row = Region(record.line, 1, record.line, 1) if record.line and not record.extracted else None
        self.start = Region(1, 1, 1, 1) if exact else row
        self._row = row

    def region(self, start: int, end: int) -> Region | None:
        return self._row if self._lines is None else self._lines.region(start, end)

    def name(self, record: Record, sentence: int) -> str:
        """Return how to speak of a sentence: by its line if lines mean something."""
        if self._lines is None:
            return f"sentence {sentence + 1}"
        return f"line {self._lines.line(record.report.sentences[sentence].start)}"


def _article(record: Record, places: _Places) -> Iterator[Finding]:
    report, verdict = record.report, record.verdict
    failing = "score" in verdict.new
    if failing or (report.label == "filler" and "score" not in verdict.known):
        yield Finding(
            ARTICLE,
            "error" if failing else "warning",
            f"Probably low-information filler: score {decimal(report.score)}, "
            f"{percent(report.filler_share)} of the words stand in filler sentences.",
            record.path,
            places.start,
            article_fingerprint(record),
            _rank(report.score),
        )
    if "machine_score" in verdict.new:
        yield Finding(
            MACHINE,
            "error",
            f"Reads machine-written: machine score {decimal(report.machine_score)}. "
            "This says nothing about how much of it is filler.",
            record.path,
            places.start,
            article_fingerprint(record),
            _rank(report.machine_score),
        )


def _runs(record: Record, places: _Places) -> Iterator[Finding]:
    sentences = record.report.sentences
    level: Level = "warning" if record.report.label == "filler" or record.verdict.new else "note"
    for run in filler_runs(record):
        members = [sentences[index] for index in run]
        repeated = sum(_length(one) for one in members if one.kind == "repeat")
        rule = REPEAT if 2 * repeated > sum(map(_length, members)) else GENERIC
        start, end = members[0].start, members[-1].end
        yield Finding(
            rule,
            level,
            _message(record, run, places),
            record.path,
            places.region(start, end),
            fingerprint(" ".join(record.text[one.start : one.end] for one in members)),
            _rank(max(one.filler for one in members)),
            tuple(_related(record, run, places)),
        )


def filler_runs(record: Record) -> list[list[int]]:
    """Return the indices of filler sentences that no baseline knows, those that follow each other together.

    A comment to the detector between two sentences parts them.
    """
    sentences, known = record.report.sentences, record.verdict.sentences
    new = [index for index, one in enumerate(sentences) if is_filler(one) and index not in known]
    runs: list[list[int]] = [new[:1]] if new else []
    for before, index in pairwise(new):
        gap = record.text[sentences[before].end : sentences[index].start]
        if index == before + 1 and not switches(gap):
            runs[-1].append(index)
        else:
            runs.append([index])
    return runs


def _message(record: Record, run: Sequence[int], places: _Places) -> str:
    members = [record.report.sentences[index] for index in run]
    first = members[0]
    quote = f'"{shorten(visible(record.text[first.start : first.end]), _QUOTED)}"'
    why = "; ".join(visible(reason.text) for reason in first.reasons[:_SHOWN_REASONS])
    because = f" Why: {why}." if why else ""
    quote += because
    if len(members) > 1:
        counts = [
            f"{count} {word}{'s' * (count > 1)}"
            for word, count in (
                ("generic sentence", sum(one.kind == "generic" for one in members)),
                ("repeat", sum(one.kind == "repeat" for one in members)),
            )
            if count
        ]
        return f"{' and '.join(counts)} in a row add nothing specific, from {quote}"
    if first.repeats is not None:
        return f"Comes back to {places.name(record, first.repeats)}: {quote}"
    return f"Says nothing specific: {quote}"


def _related(record: Record, run: Sequence[int], places: _Places) -> Iterator[Related]:
    sentences = record.report.sentences
    earlier = dict.fromkeys(sentences[index].repeats for index in run)
    for index in earlier:
        if index is not None and index not in run:
            one = sentences[index]
            region = places.region(one.start, one.end)
            if region is not None:
                yield Related(shorten(visible(record.text[one.start : one.end]), _QUOTED), region)


def _length(sentence: Sentence) -> int:
    return sentence.end - sentence.start


def _rank(probability: float) -> float:
    return round(100 * min(max(probability, 0.0), 1.0), 1)


def abstention(report: Report) -> str | None:
    """Return why ``report`` has no score although nothing failed, None when it has one."""
    if report.label not in ("too_short", "not_english"):
        return None
    return visible(report.notes[-1]) if report.notes else f"not judged: {report.label}"
