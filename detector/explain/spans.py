"""From words of a view to places and quotations in the text as given."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from detector.features.view import View
from detector.report import Span
from detector.text.document import Flags, Ints

Range = tuple[int, int]  # of words
_LONGEST_QUOTE = 90


def runs(marked: Flags, offset: int = 0) -> list[Range]:
    """Return the [start, end) ranges of consecutive True values, moved by ``offset``."""
    at = marked.nonzero()[0] + offset
    if not len(at):
        return []
    apart = (at[1:] - at[:-1] > 1).nonzero()[0] + 1
    places = at.tolist()
    breaks = [0, *apart.tolist(), len(places)]
    return [(places[a], places[b - 1] + 1) for a, b in pairwise(breaks)]


def runs_by_sentence(marked: Flags, sentence: Ints, count: int) -> list[list[Range]]:
    """Return the ranges of consecutive marked words inside each of ``count`` sentences."""
    found: list[list[Range]] = [[] for _ in range(count)]
    ranges: list[Range] = []
    end, own = -1, -1
    at = marked.nonzero()[0]
    for place, number in zip(at.tolist(), sentence[at].tolist(), strict=True):
        if place == end and number == own:
            ranges[-1] = (ranges[-1][0], place + 1)
        else:
            ranges = found[number]
            ranges.append((place, place + 1))
        end, own = place + 1, number
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
