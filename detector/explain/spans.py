"""From words of a view to places and quotations in the text as given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detector.features.view import View
from detector.report import Span
from detector.text.document import Flags, Ints
from detector.text.normalise import Normalised

Range = tuple[int, int]  # of words
_LONGEST_QUOTE = 90


def runs(marked: Flags, segment: Ints, count: int) -> list[list[Range]]:
    """Return the [start, end) ranges of consecutive marked words inside each of ``count`` segments.

    ``segment`` (W,) is the sentence or text of each word.
    """
    found: list[list[Range]] = [[] for _ in range(count)]
    at = marked.nonzero()[0]
    if not len(at):
        return found
    own = segment[at]
    opens = np.ones(len(at) + 1, np.bool_)
    opens[1:-1] = (at[1:] - at[:-1] > 1) | (own[1:] != own[:-1])
    first, last = at[opens[:-1]], at[opens[1:]] + 1
    for number, start, end in zip(own[opens[:-1]].tolist(), first.tolist(), last.tolist(), strict=True):
        found[number].append((start, end))
    return found


class Places:
    """Where the words of a view stand in the texts as given, mapped back all at once."""

    def __init__(self, view: View) -> None:
        document = view.document
        starts, ends = document.start[view.word], document.end[view.word]
        self.given = [source.given for source in document.sources]
        self.starts, self.ends = _to_given(document.sources, starts, ends, view.words)

    def quote(self, ranges: Sequence[Range], text: int) -> tuple[tuple[Span, ...], str]:
        """Return the places of word ranges of one text, and what stands there in quotation marks, each only once."""
        if not ranges:
            return (), ""
        spans = tuple([(self.starts[start], self.ends[end - 1]) for start, end in ranges])
        given = self.given[text]
        quoted = dict.fromkeys([" ".join(given[a:b].split()) for a, b in spans])
        return spans, "“" + "”, “".join(quoted) + "”"


def sentence_spans(view: View) -> list[Span]:
    """Return the place of every sentence in its text as given."""
    document = view.document
    places = _to_given(document.sources, document.sentence_start, document.sentence_end, view.texts)
    return list(zip(*places, strict=True))


def _to_given(
    sources: Sequence[Normalised], starts: Ints, ends: Ints, texts: Ints
) -> tuple[list[int], list[int]]:
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
    return starts.tolist(), ends.tolist()


def shorten(text: str) -> str:
    """Return a sentence on one line, cut at a word if it is long."""
    line = " ".join(text.split())
    if len(line) <= _LONGEST_QUOTE:
        return line
    return line[:_LONGEST_QUOTE].rsplit(" ", 1)[0] + " …"
