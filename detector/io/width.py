"""How many columns of a terminal a text takes: East Asian letters and emoji two, combining marks none."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_ELLIPSIS = "…"


def cells(text: str) -> int:
    """Return the width of ``text``, which holds no control characters, in columns."""
    return len(text) if text.isascii() else sum(map(_cell, text))


def _cell(character: str) -> int:
    if character < "\u0300":
        return 0 if character == "\u00ad" else 1
    if unicodedata.category(character) in ("Mn", "Me", "Cf") or "\u1160" <= character <= "\u11ff":
        return 0  # marks on the letter before, joiners, and the inner parts of Korean syllables
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def clip(text: str, width: int) -> str:
    """Return as much of the start of ``text`` as fits in ``width`` columns, with the marks of its last letter."""
    if text.isascii():
        return text[: max(width, 0)]
    taken = 0
    for place, character in enumerate(text):
        taken += _cell(character)
        if taken > width:
            return text[:place]
    return text


def clip_end(text: str, width: int) -> str:
    """Return as much of the end of ``text`` as fits in ``width`` columns; it does not begin with a loose mark."""
    taken = 0
    for place in range(len(text) - 1, -1, -1):
        taken += _cell(text[place])
        if taken > width:
            start = place + 1
            while start < len(text) and not _cell(text[start]):
                start += 1
            return text[start:]
    return text


def shorten(text: str, width: int) -> str:
    """Return ``text`` in at most ``width`` columns, cut in the middle where both ends tell most."""
    if cells(text) <= width:
        return text
    if width < 4:
        return clip(text, width)
    tail = (width - 1) // 2
    return f"{clip(text, width - 1 - tail)}{_ELLIPSIS}{clip_end(text, tail)}"


def wrap(text: str, width: int) -> list[str]:
    """Return ``text`` in lines of at most ``width`` columns, broken at blanks, and in words that have too many."""
    lines: list[str] = []
    line, used = "", 0
    for piece, joined in _pieces(text, width):
        size = cells(piece)
        gap = 1 if line and not joined else 0
        if line and used + gap + size > width:
            lines.append(line)
            line, used, gap = "", 0, 0
        line += " " * gap + piece
        used += gap + size
    return [*lines, line] if line else lines


def _pieces(text: str, width: int) -> Iterator[tuple[str, bool]]:
    """Yield words, and whether each belongs to the one before without a blank.

    A word that fits on no line comes letter by letter with its marks, and so fills the line it begins on.
    """
    for word in text.split():
        if cells(word) <= width:
            yield word, False
            continue
        start = 0
        for place in range(1, len(word) + 1):
            if place == len(word) or _cell(word[place]):
                yield word[start:place], start > 0
                start = place
