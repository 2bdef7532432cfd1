"""Where sentences begin and end.

One regular expression finds the candidates; a few plain rules decide on each.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

from detector.lexicon import entries
from detector.text.case import is_caseless
from detector.text.normalise import Normalised

# Marks with what closes after them (quotes, brackets, the number of a reference), or line breaks. It begins
# with one class and not with two branches, so that the search skips fast over everything else.
_CANDIDATE = re.compile(r"[.!?…\n](?:(?<!\n)[.!?…]*(?:[\"'”’)\]]|\[\d{1,3}\])*|\n*)")
_GLUED = re.compile(r"[a-z][a-z)][.!?]\"?[A-Z][a-z]")  # "the end.The next": a lost blank
_WORD_BEFORE = re.compile(r"[\w.&'-]*\Z")
_WORD_AFTER = re.compile(r"\s*[\"'“‘(\[]*(\w*)")
_LONGEST_BEFORE = 24  # characters read of the word before a stop
_WRAPPED_SHARE = 0.25  # of single line breaks that fall inside a sentence, before they stop counting as ends
_CLOSERS = frozenset("\"'”’)]")
_OPENERS = frozenset(
    {
        "the", "a", "an", "it", "he", "she", "they", "we", "i", "you", "this", "that", "these", "those",
        "there", "in", "on", "at", "as", "but", "and", "if", "when", "while", "after", "before", "for",
        "his", "her", "its", "their", "our", "my", "however", "with", "some", "many", "most", "what", "why",
        "how",
    }
)  # fmt: skip
# Abbreviations that a name or an example follows. After all others a capital "The" or "He" begins a sentence.
_NEVER_END = frozenset(
    {
        "adm", "asst", "ca", "capt", "cf", "cllr", "cmdr", "col", "cpl", "cpt", "dr", "e.g", "eg",
        "fr", "ft", "gen", "gov", "hon", "i.e", "ie", "insp", "lt", "maj", "messrs", "mlle", "mme",
        "mr", "mrs", "ms", "msgr", "mt", "pres", "prof", "q.v", "rep", "reps", "rev", "sen", "sens", "sgt",
        "st", "supt", "viz", "vs",
    }
)  # fmt: skip
_BEFORE_NUMBERS = frozenset(
    {
        "ch", "chap", "eq", "eqs", "fig", "figs", "no", "nos", "pg", "pp", "sec", "secs", "vol", "vols",
    }
)  # fmt: skip


@cache
def _abbreviations() -> frozenset[str]:
    return frozenset(entries("abbreviations"))


def split(source: Normalised) -> list[tuple[int, int]]:
    """Return the (start, end) span of every sentence of ``source.text``, in order, without outer blanks."""
    text = source.text
    caseless = is_caseless(text)
    wrapped = not caseless and _is_hard_wrapped(text)
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _CANDIDATE.finditer(text):
        stop, end = match.span()
        if text[stop] == "\n":
            if end - stop == 1 and wrapped:
                continue
        elif end < len(text) and not text[end].isspace():
            if not _GLUED.match(text, max(stop - 2, 0)):
                continue
            if text[stop + 1] == '"' and text.count('"', start, stop) % 2 == 0:
                end = stop + 1  # the quotation opens here
        elif not _ends_sentence(text, start, stop, end, caseless):
            continue
        _append(spans, text, start, end)
        start = end
    _append(spans, text, start, len(text))
    return spans


def _append(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    start = end - len(piece.lstrip())
    end -= len(piece) - len(piece.rstrip())
    if start < end and (text[start].isalnum() or any(map(str.isalnum, piece))):  # stray marks are no sentence
        spans.append((start, end))


def _is_hard_wrapped(text: str) -> bool:
    """Tell whether line breaks only wrap the text, as in mail: many fall between two lower-case words."""
    if "\n" not in text:
        return False
    lines = text.split("\n")
    borders = [(line[-1], after[0]) for line, after in pairwise(lines) if line and after]
    soft = sum("a" <= after <= "z" and ("a" <= before <= "z" or before in ",;") for before, after in borders)
    return soft >= 2 and soft >= _WRAPPED_SHARE * len(borders)


def _ends_sentence(text: str, start: int, stop: int, end: int, caseless: bool) -> bool:
    """Decide on ``text[stop:end]``, a run of closing marks inside the sentence that began at ``start``.

    In a ``caseless`` text every word after it is taken to have a capital.
    """
    if end - stop == 1 and text[stop] == ".":
        word = text[max(start, stop - _LONGEST_BEFORE, text.rfind(" ", start, stop) + 1) : stop]
        if len(word) > 1 and word.isalpha() and word.lower() not in _abbreviations():
            return True  # as nearly always
    after = _WORD_AFTER.match(text, end)
    following = after[1] if after else ""
    if caseless:
        following = following[:1].upper() + following[1:]
    is_lower = following[:1].islower()
    if text[stop] != "." or end - stop > 1:
        is_ellipsis = text[stop : stop + 2] == ".."
        return not (is_lower and (is_ellipsis or (end - stop > 1 and text[end - 1] in _CLOSERS)))
    first = max(start, stop - _LONGEST_BEFORE, text.rfind(" ", start, stop) + 1)
    before = _WORD_BEFORE.search(text, first, stop)
    word = before[0].strip("'-").lower() if before else ""
    if not word:
        return not is_lower
    is_opener = following[:1].isupper() and following.lower() in _OPENERS
    if len(word) == 1 and word.isalpha():
        return (is_opener and (len(following) > 1 or word == "i")) or _is_unit(text, stop, following)
    if word in _abbreviations():
        if word in _BEFORE_NUMBERS:
            return following[:1].isupper()
        return is_opener and word not in _NEVER_END
    if "." in word and max(map(len, word.split("."))) == 1:
        return is_opener
    # The number of a list item ends nothing.
    return not (word.isdigit() and stop - len(word) <= start)


def _is_unit(text: str, stop: int, following: str) -> bool:
    """Tell whether a unit after a figure stands before ``stop``, as in "32 C.", and a capital follows."""
    return text[max(stop - 2, 0)] == " " and text[max(stop - 3, 0)].isdigit() and following[:1].isupper()
