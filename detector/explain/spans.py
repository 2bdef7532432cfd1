"""From words of a view to places and quotations in the text as given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from detector.features.view import View
from detector.report import Span
from detector.text.document import Flags, Ints
from detector.text.normalise import Normalised

_LONGEST_QUOTE = 90


@dataclass(frozen=True, slots=True, eq=False)
class Ranges:
    """Ranges of words [start, end) (R,), segment by segment: those of segment i are ``bounds[i]:bounds[i + 1]``."""

    start: Ints
    end: Ints
    bounds: Ints

    @classmethod
    def of(cls, start: Ints, end: Ints, segment: Ints, count: int, most: int | None = None) -> Ranges:
        """Lay out ranges, of which those of each of ``count`` segments stand together; keep the first ``most``."""
        bounds = segment.searchsorted(np.arange(count + 1))
        if most is not None:
            kept = (np.arange(len(start)) - bounds[segment] < most).nonzero()[0]
            start, end = start[kept], end[kept]
            bounds = np.concatenate(([0], np.minimum(bounds[1:] - bounds[:-1], most).cumsum()))
        return cls(start, end, bounds)

    def longest(self, most: int) -> Ranges:
        """Return the ``most`` longest of each segment, longest first."""
        count = len(self.bounds) - 1
        segment = np.arange(count).repeat(self.bounds[1:] - self.bounds[:-1])
        order = np.lexsort((self.start - self.end, segment))
        return Ranges.of(self.start[order], self.end[order], segment, count, most)


def runs(marked: Flags, segment: Ints, count: int, most: int | None = None) -> Ranges:
    """Return the ranges of consecutive marked words inside each of ``count`` segments, at most ``most`` in each.

    ``segment`` (W,) is the sentence or text of each word.
    """
    at = marked.nonzero()[0]
    own = segment[at]
    opens = np.ones(len(at) + 1, np.bool_)
    opens[1:-1] = (at[1:] - at[:-1] > 1) | (own[1:] != own[:-1])
    begins = opens[:-1] if len(at) else opens[:0]
    return Ranges.of(at[begins], at[opens[1:]] + 1, own[begins], count, most)


class Places:
    """Where the words of a view stand in the texts as given, mapped back all at once."""

    def __init__(self, view: View) -> None:
        document = view.document
        starts, ends = document.start[view.word], document.end[view.word]
        self.given = [source.given for source in document.sources]
        self.starts, self.ends = _to_given(document.sources, starts, ends, view.words)

    def spans(self, ranges: Ranges) -> list[tuple[Span, ...]]:
        """Return the places of the ranges of each segment."""
        spans = list(zip(self.starts[ranges.start].tolist(), self.ends[ranges.end - 1].tolist(), strict=True))
        return [tuple(spans[low:high]) for low, high in pairwise(ranges.bounds.tolist())]


def quote(given: str, spans: Iterable[Span]) -> str:
    """Return what stands in ``spans`` in quotation marks, each text only once."""
    pieces = [given[start:end] for start, end in spans]
    pieces = [piece if piece.isalnum() else " ".join(piece.split()) for piece in pieces]
    return "“" + (pieces[0] if len(pieces) == 1 else "”, “".join(dict.fromkeys(pieces))) + "”"


def sentence_spans(view: View) -> list[Span]:
    """Return the place of every sentence in its text as given."""
    document = view.document
    starts, ends = _to_given(document.sources, document.sentence_start, document.sentence_end, view.texts)
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def _to_given(
    sources: Sequence[Normalised], starts: Ints, ends: Ints, texts: Ints
) -> tuple[Ints, Ints]:
    """Map spans back to the texts as given; ``texts`` (T + 1) bounds those of each text."""
    starts, ends = starts.copy(), ends.copy()
    for source, low, high in zip(sources, texts[:-1].tolist(), texts[1:].tolist(), strict=True):
        if source.origin is None or low == high:
            continue
        first, last = starts[low:high], ends[low:high] - 1
        if (first > last).any():  # segments from outside may hold nothing but removed characters
            spans = [source.to_given(a, b + 1) for a, b in zip(first.tolist(), last.tolist(), strict=True)]
            starts[low:high], ends[low:high] = np.array(spans).T
            continue
        ends[low:high] = source.origin[last] + 1 if source.ends is None else source.ends[last]
        starts[low:high] = source.origin[first]
    return starts, ends


def shorten(text: str) -> str:
    """Return a sentence on one line, cut at a word if it is long."""
    line = " ".join(text.split())
    if len(line) <= _LONGEST_QUOTE:
        return line
    return line[:_LONGEST_QUOTE].rsplit(" ", 1)[0] + " …"
