"""From words of a view to places and quotations in the text as given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detector.features.view import View
from detector.report import Span
from detector.text.document import Flags

_LONGEST_QUOTE = 90


def runs(marked: Flags, offset: int = 0) -> list[tuple[int, int]]:
    """Return the [start, end) ranges of consecutive True values, moved by ``offset``."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], marked, [False])).astype(np.int8)))
    return [(int(a) + offset, int(b) + offset) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def word_span(view: View, start: int, end: int) -> Span:
    """Return the place of words ``start`` to ``end`` in the text as given."""
    document = view.document
    first, last = view.word[start], view.word[end - 1]
    return document.source.to_given(int(document.start[first]), int(document.end[last]))


def quote(view: View, ranges: Sequence[tuple[int, int]]) -> tuple[tuple[Span, ...], str]:
    """Return the places of word ranges and their text in quotation marks, each text once."""
    spans = tuple(word_span(view, start, end) for start, end in ranges)
    given = view.document.source.given
    texts = dict.fromkeys(" ".join(given[a:b].split()) for a, b in spans)
    return spans, ", ".join(f"“{text}”" for text in texts)


def sentence_span(view: View, sentence: int) -> Span:
    """Return the place of a sentence in the text as given."""
    document = view.document
    return document.source.to_given(
        int(document.sentence_start[sentence]), int(document.sentence_end[sentence])
    )


def shorten(text: str) -> str:
    """Return a sentence on one line, cut at a word if it is long."""
    line = " ".join(text.split())
    if len(line) <= _LONGEST_QUOTE:
        return line
    return line[:_LONGEST_QUOTE].rsplit(" ", 1)[0] + " …"
