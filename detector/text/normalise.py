"""One form for texts that say the same, with an exact map back to the text as given."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.text import case, markup, unicode
from detector.text.unicode import Edit

Span = tuple[int, int]
Index = NDArray[np.int64]

# Removing marks can uncover marks ("&amp;lt;b>"), so the rounds go on until nothing changes. Real texts
# need two or three; after this many the text is an attack and the mark characters left in it are blanked.
MAX_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Normalised:
    """A text in normal form. All spans are half-open and count code points.

    `origin[i]` is where in `given` the code points that `text[i]` stands for begin, `ends[i]` where they end;
    None means the identity (`ends`: one past `origin`). Both never decrease. `headings` and `items` are
    spans of `text` that the markup calls headings (whole lines) and list items (from after the bullet to
    the end of the line). `notes` are sentences for people about what was removed or read differently.
    """

    given: str
    text: str
    origin: Index | None
    headings: tuple[Span, ...]
    items: tuple[Span, ...]
    notes: tuple[str, ...]
    ends: Index | None = None

    def to_given(self, start: int, end: int) -> Span:
        """Span of `given` that `text[start:end]` stands for; an empty span stays empty."""
        if self.origin is None:
            return start, end
        if end <= start:
            at = int(self.origin[start]) if start < self.origin.size else len(self.given)
            return at, at
        last = int(self.origin[end - 1]) + 1 if self.ends is None else int(self.ends[end - 1])
        return int(self.origin[start]), last

    def from_given(self, start: int, end: int) -> Span:
        """Span of `text` whose characters begin inside `given[start:end]`; empty if all of it was removed."""
        if self.origin is None:
            return start, end
        first, last = np.searchsorted(self.origin, (start, end))
        return int(first), int(last)


class _Draft:
    """A text being edited, and the map from it to the text as given."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.origin: Index | None = None
        self.ends: Index | None = None

    def edit(self, edits: list[Edit]) -> None:
        """Make `edits`: every character of a replacement stands for all that was replaced."""
        if not edits:
            return
        pieces: list[str] = []
        before = 0
        for start, end, new in edits:
            pieces += (self.text[before:start], new)
            before = end
        pieces.append(self.text[before:])
        size = len(self.text)
        self.text = "".join(pieces)
        if all(len(new) < 2 for _, _, new in edits):
            # A replacement of one character takes the place of the first replaced one.
            kept = np.ones(size, bool)
            for start, end, new in edits:
                kept[start + len(new) : end] = False
            index = np.flatnonzero(kept)
            last = index
            if wide := [(start, end) for start, end, new in edits if new and end - start > 1]:
                last = index.copy()
                last[np.searchsorted(index, [start for start, _ in wide])] = [end - 1 for _, end in wide]
        else:
            index, last = _index(edits, size)
        self._compose(index, last)

    def keep(self, index: Index, codes: unicode.Codes) -> None:
        """Keep the characters at `index`; `codes` are those of the text."""
        self.text = unicode.text_of(codes[index])
        self._compose(index, index)

    def _compose(self, index: Index, last: Index) -> None:
        """Characters `index[i]` to `last[i]` of the old text are now character `i`."""
        ends = self.ends[last] if self.ends is not None else None
        if ends is None and index is not last and not np.array_equal(index, last):
            ends = last + 1 if self.origin is None else self.origin[last] + 1
        self.origin = index if self.origin is None else self.origin[index]
        self.ends = ends

    def to_given(self, start: int, end: int) -> Span:
        """Span of the given text that `text[start:end]` stands for."""
        if self.origin is None:
            return start, end
        return int(self.origin[start]), int(self.origin[end - 1]) + 1


def _index(edits: list[Edit], size: int) -> tuple[Index, Index]:
    """First and last character of a text of `size` that each character of the edited text stands for."""
    # The edited text alternates between kept stretches, whose index runs, and replacements, whose index
    # stands.
    start, stop = np.array([e[:2] for e in edits], np.int64).T
    first = np.zeros(2 * len(edits) + 1, np.int64)
    first[1::2], first[2::2] = start, stop
    length = np.empty_like(first)
    length[:-1:2], length[-1] = start - first[:-1:2], size - first[-1]
    length[1::2] = [len(e[2]) for e in edits]
    runs = np.repeat(np.arange(first.size) % 2 == 0, length)
    within = np.arange(runs.size) - np.repeat(np.cumsum(length) - length, length)
    index = np.repeat(first, length) + within * runs
    first[1::2] = stop - 1
    return index, np.where(runs, index, np.repeat(first, length))


def normalise(given: str) -> Normalised:
    """Fold, unmask and tidy `given`; any string is accepted, and normalising the result changes nothing.

    Quotes, dashes, blanks, line breaks and look-alike letters get one form each; hidden characters,
    Markdown and HTML marks, code, front matter and comments are removed; blanks are single, no line begins
    or ends with one. A text all in capitals is read in small letters.
    """
    draft = _Draft(given)
    found: Counter[str] = Counter()
    headings: list[Span] = []
    items: list[Span] = []
    for round_ in range(2 * MAX_ROUNDS):
        changed = _characters(draft, found)
        if round_ >= MAX_ROUNDS:
            draft.text = markup.blanked(draft.text)
        for stage in markup.stages(draft.text):
            marks = stage(draft.text)
            headings += [draft.to_given(*span) for span in marks.headings]
            items += [draft.to_given(*span) for span in marks.items]
            found.update(marks.found)
            if marks.edits:
                changed = True
                draft.edit(marks.edits)
        changed |= _blanks(draft)
        if case.is_shouted(draft.text):
            draft.text = case.lower(draft.text)
            found["shouted"] = 1
            changed = True
        if not changed:
            break
    result = Normalised(given, draft.text, draft.origin, (), (), tuple(_notes(found)), draft.ends)
    if not headings and not items:
        return result
    lines = _lines(result, headings)
    return Normalised(
        given,
        draft.text,
        draft.origin,
        tuple((draft.text.rfind("\n", 0, start) + 1, end) for start, end in lines),
        tuple(_lines(result, items)),
        result.notes,
        draft.ends,
    )


def _lines(result: Normalised, given_spans: Iterable[Span]) -> list[Span]:
    """Map spans back to the text, each run on to the end of its line; drop those of which nothing is left."""
    spans = set()
    for given_start, given_end in given_spans:
        start, end = result.from_given(given_start, given_end)
        while start < end and result.text[start] in " \n":
            start += 1
        if start < end:
            stop = result.text.find("\n", start)
            spans.add((start, stop if stop >= 0 else len(result.text)))
    return sorted(spans)


def _characters(draft: _Draft, found: Counter[str]) -> bool:
    """Fold single characters; whether anything changed that may call for another round."""
    if unicode.is_plain(draft.text):
        return False
    folded = unicode.fold(draft.text)
    found.update(folded.found)
    codes = folded.codes
    if folded.edits:
        draft.text = unicode.text_of(codes)
        draft.edit(folded.edits)
        codes = unicode.codes_of(draft.text)
    settled = unicode.settle(codes)
    found.update(settled.found)
    draft.text = unicode.text_of(settled.codes)
    draft.edit(settled.edits)
    return bool(settled.edits) or settled.found["lookalike"] > 0


def _blanks(draft: _Draft) -> bool:
    """Make blanks single, strip lines, and allow one empty line at most; whether anything changed."""
    text = draft.text
    tabs = "\t" in text
    if tabs:
        text = draft.text = text.replace("\t", " ")
    if not _is_untidy(text):
        return tabs
    codes = unicode.codes_of(text)
    blank = codes == 32
    line_break = codes == 10
    # Of a run of blanks the last is kept, if neither a line break nor the end follows ...
    kept = np.append(~(blank[:-1] & (blank | line_break)[1:]), True)
    kept[: len(text) - len(text.lstrip(" \n"))] = False
    kept[len(text.rstrip(" \n")) :] = False
    at = np.flatnonzero(kept)
    # ... and no line break precedes; of a run of line breaks, two.
    breaks = line_break[at]
    solid = np.append(True, ~(blank[at[1:]] & breaks[:-1]))
    solid[2:] &= ~(breaks[2:] & breaks[1:-1] & breaks[:-2])
    draft.keep(at[solid[: at.size]], codes)
    return True


def _is_untidy(text: str) -> bool:
    """Say whether `text` begins or ends with white space, or has two together other than one empty line."""
    if not text:
        return False
    codes = np.frombuffer(text.encode(), np.uint8) if text.isascii() else unicode.codes_of(text)
    blank = codes <= 32
    if blank[0] or blank[-1]:
        return True
    return int(np.count_nonzero(blank[1:] & blank[:-1])) != text.count("\n\n")


_NOTES = {
    "control": (
        "{n} control or invalid character was read as a blank.",
        "{n} control or invalid characters were read as blanks.",
    ),
    "lookalike": (
        "{n} letter that only looks Latin was read as Latin.",
        "{n} letters that only look Latin were read as Latin.",
    ),
    "shouted": ("The text is in capitals and was read in small letters.",) * 2,
    "front matter": ("The front matter is not prose and was left out.",) * 2,
    "code": (
        "{n} code block is not prose and was left out.",
        "{n} code blocks are not prose and were left out.",
    ),
    "script": ("{n} script or style sheet was left out.", "{n} scripts or style sheets were left out."),
    "comment": ("{n} comment was left out.", "{n} comments were left out."),
    "image": ("{n} image was left out.", "{n} images were left out."),
}


def _notes(found: Counter[str]) -> list[str]:
    """One sentence for each kind of thing found."""
    if not found:
        return []
    notes = []
    names = {name: found[name] for name in unicode.HIDDEN_NAMES if found[name]}
    if len(names) == 1:
        ((name, n),) = names.items()
        notes.append(f"{n} hidden character{'s' * (n > 1)} ({name}) {'were' if n > 1 else 'was'} removed.")
    elif names:
        counts = ", ".join(f"{name}: {n}" for name, n in names.items())
        notes.append(f"{sum(names.values())} hidden characters ({counts}) were removed.")
    for name, (one, many) in _NOTES.items():
        if n := found[name]:
            notes.append((one if n == 1 else many).format(n=n))
    return notes
