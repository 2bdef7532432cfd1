"""Which sentences are the article's prose, and which are headings or boilerplate, by rule."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from detector.text import boilerplate
from detector.text.case import is_caseless
from detector.text.document import Document, Flags, Ints, hash_word
from detector.text.lookup import Lookup
from detector.text.normalise import Normalised

PROSE, HEADING, BOILERPLATE = 0, 1, 2
_LONGEST_HEADING = 14  # words
_LONGEST_MARKED_HEADING = 25  # words; a longer one is a text whose line breaks were lost
_LONGEST_INTRODUCTION = 5  # words of a heading that ends in a colon; longer ones announce a list
_ENDS_PROSE = frozenset(".!?;,…")
_ENDS = Lookup.of(np.sort(np.array([hash_word(mark) for mark in _ENDS_PROSE], np.uint64)))
_BULLETS = frozenset("-*•|+")


def roles(document: Document) -> NDArray[np.uint8]:
    """Return PROSE, HEADING or BOILERPLATE for every sentence (S,)."""
    role = np.full(document.n_sentences, PROSE, np.uint8)
    telling = boilerplate.telling(document)
    tried = (document.words <= boilerplate.LONGEST) & (telling | boilerplate.may_begin(document) | _lines(document))
    for source, (low, high) in zip(document.sources, pairwise(document.texts.tolist()), strict=True):
        own = slice(low, high)
        starts, ends = document.sentence_start[own], document.sentence_end[own]
        _judge(source, starts, ends, document.words[own], tried[own].nonzero()[0], telling[own], role[own])
        marked = [span for span in source.headings if len(source.text[slice(*span)].split()) <= _LONGEST_MARKED_HEADING]
        if marked:
            first, last = np.array(marked).T
            at = np.searchsorted(first, starts, side="right") - 1
            role[own][(at >= 0) & (starts < last[np.maximum(at, 0)])] = HEADING
        if source.items:
            items = {span[0] for span in source.items}
            for i in np.flatnonzero(role[own] == HEADING).tolist():
                if starts[i] in items:
                    role[low + i] = PROSE
    return role


def _lines(document: Document) -> Flags:
    """Tell which sentences may be a line of their own that does not end as prose does (S,).

    A paragraph begins before them and after them, and their last token is no mark that ends prose.
    """
    opens = np.ones(document.n_sentences + 1, np.bool_)
    paragraph = document.paragraph
    opens[1:-1] = paragraph[1:] != paragraph[:-1]
    opens[document.texts] = True
    lines: Flags = opens[:-1] & opens[1:]
    lines &= document.first_token[1:] > document.first_token[:-1]
    own = lines.nonzero()[0]
    last = document.first_token[own + 1] - 1
    lines[own] = (_ENDS.find(document.hash[last]) < 0) | (document.end[last] < document.sentence_end[own])
    return lines


def _judge(
    source: Normalised, starts: Ints, ends: Ints, words: Ints, tried: Ints, telling: Flags, role: NDArray[np.uint8]
) -> None:
    """Write into ``role`` which of the sentences ``tried`` are headings or boilerplate by their words."""
    text, last = source.text, len(role) - 1
    caseless: bool | None = None
    columns = (tried.tolist(), *[column[tried].tolist() for column in (starts, ends, words, telling)])
    for i, start, end, count, is_telling in zip(*columns, strict=True):
        sentence = text[start:end]
        is_tried = end - start <= boilerplate.LONGEST_TRIED
        if boilerplate.has_no_words(sentence) or (is_tried and boilerplate.is_boilerplate(sentence, is_telling)):
            role[i] = BOILERPLATE
        elif count <= _LONGEST_HEADING and _is_line(text, start, end):
            if is_tried and boilerplate.is_line(text, start, end):
                role[i] = BOILERPLATE
            elif i < last:
                caseless = is_caseless(text) if caseless is None else caseless
                if _is_heading(text, start, end, count, caseless):
                    role[i] = HEADING


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
