"""From words of a view to places and quotations in the text as given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detector.features.view import View
from detector.report import Span
from detector.text.document import Flags, Ints

_LONGEST_QUOTE = 90


def runs(marked: Flags, offset: int = 0) -> list[tuple[int, int]]:
    """Return the [start, end) ranges of consecutive True values, moved by ``offset``."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], marked, [False])).astype(np.int8)))
    return [(int(a) + offset, int(b) + offset) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def runs_by_sentence(marked: Flags, sentence: Ints, count: int) -> list[list[tuple[int, int]]]:
    """Return the ranges of consecutive marked words inside each of ``count`` sentences."""
    found: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    at = np.flatnonzero(marked)
    if len(at):
        apart = (np.diff(at) > 1) | (np.diff(sentence[at]) > 0)
        first = np.concatenate(([0], np.flatnonzero(apart) + 1))
        last = np.append(first[1:], len(at)) - 1
        for i, start, end in zip(sentence[at[first]].tolist(), at[first].tolist(), at[last].tolist(), strict=True):
            found[i].append((start, end + 1))
    return found


class Places:
    """Where the words of a view stand in the text as given, mapped back all at once."""

    def __init__(self, view: View) -> None:
        document = view.document
        source = document.source
        starts, ends = document.start[view.word], document.end[view.word]
        if source.origin is not None:
            last = ends - 1
            ends = source.origin[last] + 1 if source.ends is None else source.ends[last]
            starts = source.origin[starts]
        self.given = source.given
        self.starts: list[int] = starts.tolist()
        self.ends: list[int] = ends.tolist()

    def span(self, start: int, end: int) -> Span:
        """Return the place of words ``start`` to ``end``."""
        return self.starts[start], self.ends[end - 1]

    def quote(self, ranges: Sequence[tuple[int, int]]) -> tuple[tuple[Span, ...], str]:
        """Return the places of word ranges and their text in quotation marks, each text once."""
        if not ranges:
            return (), ""
        spans = tuple([(self.starts[start], self.ends[end - 1]) for start, end in ranges])
        texts = dict.fromkeys([" ".join(self.given[a:b].split()) for a, b in spans])
        return spans, "“" + "”, “".join(texts) + "”"


def sentence_spans(view: View) -> list[Span]:
    """Return the place of every sentence in the text as given."""
    document, source = view.document, view.document.source
    starts, ends = document.sentence_start, document.sentence_end
    if source.origin is None or not len(starts):
        return list(zip(starts.tolist(), ends.tolist(), strict=True))
    if (starts >= ends).any():  # segments from outside may hold nothing but removed characters
        return [source.to_given(a, b) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
    last = ends - 1
    given_ends = source.origin[last] + 1 if source.ends is None else source.ends[last]
    return list(zip(source.origin[starts].tolist(), given_ends.tolist(), strict=True))


def shorten(text: str) -> str:
    """Return a sentence on one line, cut at a word if it is long."""
    line = " ".join(text.split())
    if len(line) <= _LONGEST_QUOTE:
        return line
    return line[:_LONGEST_QUOTE].rsplit(" ", 1)[0] + " …"
