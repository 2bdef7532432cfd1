"""Where sentences begin and end.

One regular expression finds the candidates; a few plain rules decide on each.
"""

from __future__ import annotations

import re
from functools import cache

from detector.lexicon import entries
from detector.text.normalise import Normalised

_CANDIDATE = re.compile(r"[.!?…]+[\"'”’)\]]*|\n+")
_GLUED = re.compile(r"[a-z][a-z)][.!?][A-Z][a-z]")  # "the end.The next": a lost blank
_WORD_BEFORE = re.compile(r"[\w.&'-]*\Z")
_WORD_AFTER = re.compile(r"\s*[\"'“‘(\[]*(\w*)")
_SOFT_WRAP = re.compile(r"[a-z,;]\n[a-z]")
_SINGLE_BREAK = re.compile(r"\S\n(?=\S)")
_WRAPPED_SHARE = 0.25  # of single line breaks that fall inside a sentence, before they stop counting as ends
_MAY_END = frozenset(
    "a.d a.m b.c co corp dept etc inc jr llc ltd p.m ph.d plc sr u.k u.n u.s u.s.a d.c al".split()
)
_OPENERS = frozenset(
    "the a an it he she they we i you this that these those there in on at as but and if when while after "
    "before for his her its their our my however for with some many most what why how".split()
)


@cache
def _abbreviations() -> frozenset[str]:
    return frozenset(entries("abbreviations"))


def split(source: Normalised) -> list[tuple[int, int]]:
    """Return the (start, end) span of every sentence of ``source.text``, in order, without outer white space."""
    text = source.text
    wrapped = _is_hard_wrapped(text)
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _CANDIDATE.finditer(text):
        stop, end = match.span()
        if text[stop] == "\n":
            if end - stop == 1 and wrapped:
                continue
        elif end < len(text) and not text[end].isspace():
            if end - stop > 1 or not _GLUED.match(text, max(stop - 2, 0)):
                continue
        elif not _ends_sentence(text, start, stop, end):
            continue
        _append(spans, text, start, end)
        start = end
    _append(spans, text, start, len(text))
    return spans


def _append(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    bare = piece.strip()
    if bare:
        begin = start + piece.index(bare[0])
        spans.append((begin, begin + len(bare)))


def _is_hard_wrapped(text: str) -> bool:
    """Tell whether line breaks only wrap the text, as in mail: many fall between two lower-case words."""
    if "\n" not in text:
        return False
    soft = len(_SOFT_WRAP.findall(text))
    return soft >= 2 and soft >= _WRAPPED_SHARE * len(_SINGLE_BREAK.findall(text))


def _ends_sentence(text: str, start: int, stop: int, end: int) -> bool:
    """Decide on ``text[stop:end]``, a run of closing marks inside the sentence that began at ``start``."""
    after = _WORD_AFTER.match(text, end)
    following = after[1] if after else ""
    is_lower = following[:1].islower()
    mark = text[stop]
    if mark != ".":
        return not (is_lower and end - stop > 1 and text[end - 1] in "\"'”’)]")
    if end - stop > 1:
        if text[stop + 1] == ".":
            return not is_lower
        return not (is_lower and text[end - 1] in "\"'”’)]")
    before = _WORD_BEFORE.search(text, max(start, stop - 24), stop)
    word = before[0].strip("'-").lower() if before else ""
    if not word:
        return not is_lower
    if len(word) == 1 and word.isalpha():
        return word == "i" and following.lower() in _OPENERS
    if word in _MAY_END:
        return following[:1].isupper() and following.lower() in _OPENERS
    if word in _abbreviations():
        return False
    if word.isdigit() and stop - len(word) <= start:
        return False  # the number of a list item
    return True
