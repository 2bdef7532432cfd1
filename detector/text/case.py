"""Texts in which capitals say nothing: those without any, and those all in capitals."""

import numpy as np

_SHOUTED = 0.6  # share of capitals among the letters from which a text is read in small letters
_LEAST_LETTERS = 40  # fewer are a heading or a name
_ALPHABET = 26
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
    codes = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
    capitals = np.count_nonzero(codes - np.uint8(ord("A")) < _ALPHABET)  # what is below A comes out large
    letters = np.count_nonzero((codes | np.uint8(0x20)) - np.uint8(ord("a")) < _ALPHABET)
    return int(capitals), int(letters)
