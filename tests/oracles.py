"""The same measures in plain Python, slow and plain enough to be believed, to hold the array code against."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

Words = Sequence[str]


def tokens(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of words and marks.

    Words are runs of letters or digits, with "'" between letters and "." or "," between digits. For texts
    whose letters are those of Latin, Greek or Cyrillic and whose blanks are " " and line breaks.
    """
    at = 0
    while at < len(text):
        end = at + 1
        if _is_inside(text, at):
            while end < len(text) and _is_inside(text, end):
                end += 1
            yield at, end
        elif not text[at].isspace():
            yield at, end
        at = end


def _is_inside(text: str, at: int) -> bool:
    char, before, after = text[at], text[at - 1 : at], text[at + 1 : at + 2]
    if char == "'":
        return before.isalpha() and after.isalpha()
    if char in ".,":
        return before in tuple("0123456789") and after in tuple("0123456789")
    return char.isalnum()


def blank_separated(piece: str) -> int:
    """Count white-space tokens."""
    return len(piece.split())


def grams(sentences: Sequence[Words], n: int) -> list[tuple[int, int, tuple[str, ...]]]:
    """List the n-grams inside sentences as (sentence, place in it, words)."""
    return [
        (number, place, tuple(words[place : place + n]))
        for number, words in enumerate(sentences)
        for place in range(len(words) - n + 1)
    ]


def repeated_ngrams(sentences: Sequence[Words], n: int) -> float:
    """Share of the n-grams that stood before."""
    found = [gram for _, _, gram in grams(sentences, n)]
    return (len(found) - len(set(found))) / len(found) if found else math.nan


def repetition(sentences: Sequence[Words], prose: Sequence[bool]) -> float:
    """Share of the words of prose that lie in a 3-gram said before."""
    seen: set[tuple[str, ...]] = set()
    marked: set[tuple[int, int]] = set()
    for number, place, gram in grams(sentences, 3):
        if gram in seen:
            marked |= {(number, place + step) for step in range(3)}
        seen.add(gram)
    total = sum(len(words) for words, is_prose in zip(sentences, prose, strict=True) if is_prose)
    return sum(prose[number] for number, _ in marked) / total if total else math.nan


def type_token_ratio(words: Words, window: int) -> float:
    """Mean share of different words over all windows."""
    if len(words) < window:
        return math.nan
    starts = range(len(words) - window + 1)
    return sum(len(set(words[start : start + window])) for start in starts) / (len(starts) * window)


def gram_repeats(sentences: Sequence[Words], n: int) -> tuple[list[int], list[int]]:
    """Count for each sentence its n-grams that an earlier sentence has, and those that a later one has."""
    own = [[tuple(words[at : at + n]) for at in range(len(words) - n + 1)] for words in sentences]
    earlier = [sum(any(gram in other for other in own[:i]) for gram in mine) for i, mine in enumerate(own)]
    later = [sum(any(gram in other for other in own[i + 1 :]) for gram in mine) for i, mine in enumerate(own)]
    return earlier, later


def coverage(mine: dict[str, float], other: dict[str, float]) -> float:
    """Share of the weight of my words that the other sentence has too."""
    total = sum(mine.values())
    return sum(weight for word, weight in mine.items() if word in other) / max(total, 1e-9)


def similarity(mine: dict[str, float], other: dict[str, float]) -> float:
    """Return the shared weight over the geometric mean of both."""
    shared = sum(weight for word, weight in mine.items() if word in other)
    return shared / math.sqrt(max(sum(mine.values()), 1e-9) * max(sum(other.values()), 1e-9))


def segment_sums(values: Sequence[float], bounds: Sequence[int]) -> list[float]:
    """Sum over each [bounds[i], bounds[i + 1])."""
    return [math.fsum(values[a:b]) for a, b in pairwise(bounds)]
