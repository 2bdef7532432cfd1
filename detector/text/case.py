"""Texts in which capitals say nothing: those without any, and those all in capitals."""

import numpy as np

_SHOUTED = 0.6  # share of capitals among the letters from which a text is read in small letters
_LEAST_LETTERS = 40  # fewer are a heading or a name
_CASELESS = 0.005  # share of capitals below which a text is taken to have none on purpose


def is_shouted(text: str) -> bool:
    """Say whether most letters of `text` are capitals."""
    capitals, letters = _letters(text)
    return letters >= _LEAST_LETTERS and capitals > _SHOUTED * letters


def is_caseless(text: str) -> bool:
    """Say whether `text` has next to no capitals, so that a small letter after a full stop says nothing."""
    capitals, letters = _letters(text)
    return letters > 0 and capitals < _CASELESS * letters


def lower(text: str) -> str:
    """Return `text` in small letters, code point by code point."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a few capitals, such as the dotted I, grow when lowered
        lowered = "".join(low if len(low := char.lower()) == 1 else char for char in text)
    return lowered


def _letters(text: str) -> tuple[int, int]:
    """Count the capitals and the letters of the Latin alphabet."""
    codes = np.frombuffer(text.encode("ascii", "ignore"), np.uint8)
    counts = np.bincount(codes, minlength=128)
    capitals = int(counts[ord("A") : ord("Z") + 1].sum())
    return capitals, capitals + int(counts[ord("a") : ord("z") + 1].sum())
