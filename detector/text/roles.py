"""Which sentences are the article's prose, and which are headings or boilerplate, by rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detector.text import boilerplate
from detector.text.case import is_caseless
from detector.text.document import Document

PROSE, HEADING, BOILERPLATE = 0, 1, 2
_LONGEST_HEADING = 14  # words
_LONGEST_MARKED_HEADING = 25  # words; a longer one is a text whose line breaks were lost
_LONGEST_INTRODUCTION = 5  # words of a heading that ends in a colon; longer ones announce a list
_ENDS_PROSE = frozenset(".!?;,…")
_BULLETS = frozenset("-*•|+")


def roles(document: Document) -> NDArray[np.uint8]:
    """Return PROSE, HEADING or BOILERPLATE for every sentence (S,)."""
    source = document.source
    text = source.text
    role = np.full(document.n_sentences, PROSE, np.uint8)
    words = document.words.tolist()
    starts, ends = document.sentence_start.tolist(), document.sentence_end.tolist()
    last = len(role) - 1
    telling = boilerplate.telling(document)
    caseless = is_caseless(text)
    for i, count in enumerate(words):
        if count > boilerplate.LONGEST:
            continue
        start, end = starts[i], ends[i]
        sentence = text[start:end]
        is_tried = end - start <= boilerplate.LONGEST_TRIED
        if boilerplate.has_no_words(sentence) or (is_tried and boilerplate.is_boilerplate(sentence, i in telling)):
            role[i] = BOILERPLATE
        elif count <= _LONGEST_HEADING and _is_line(text, start, end):
            if is_tried and boilerplate.LINE.match(text, start, end):
                role[i] = BOILERPLATE
            elif i < last and _is_heading(text, start, end, count, caseless):
                role[i] = HEADING
    marked = [span for span in source.headings if len(text[slice(*span)].split()) <= _LONGEST_MARKED_HEADING]
    if marked:
        low, high = np.array(marked).T
        at = np.searchsorted(low, document.sentence_start, side="right") - 1
        role[(at >= 0) & (document.sentence_start < high[np.maximum(at, 0)])] = HEADING
    if source.items:
        items = {span[0] for span in source.items}
        for i in np.flatnonzero(role == HEADING).tolist():
            if starts[i] in items:
                role[i] = PROSE
    return role


def _is_line(text: str, start: int, end: int) -> bool:
    """Tell whether a sentence stands on a line of its own and does not end with a full stop or the like."""
    return (
        text[start - 1 : start] in ("", "\n") and text[end : end + 1] in ("", "\n") and text[end - 1] not in _ENDS_PROSE
    )


def _is_heading(text: str, start: int, end: int, words: int, caseless: bool) -> bool:
    """Tell whether a short sentence stands on a line of its own and does not end as prose does."""
    if text[end : end + 1] != "\n" or text[start] in _BULLETS:
        return False
    closing = text[start:end].rstrip("\"')]")[-1:]
    if not closing or closing in _ENDS_PROSE or (text[start].islower() and not caseless):
        return False
    return closing != ":" or words <= _LONGEST_INTRODUCTION
