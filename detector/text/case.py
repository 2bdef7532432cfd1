"""Texts in which capitals say nothing: those without any, and those all in capitals."""

from string import ascii_lowercase, ascii_uppercase

_CAPITALS, _SMALL = ascii_uppercase.encode(), ascii_lowercase.encode()
_SHOUTED = 0.6  # share of capitals among the letters from which a text is read in small letters
_LEAST_LETTERS = 40  # fewer are a heading or a name
_OPENING = 1000  # characters looked at first
_CASELESS = 0.005  # share of capitals below which a text is taken to have none on purpose


def is_shouted(text: str) -> bool:
    """Say whether most letters of `text` are capitals."""
    capitals, letters = _letters(text)
    return letters >= _LEAST_LETTERS and capitals > _SHOUTED * letters


def is_caseless(text: str) -> bool:
    """Say whether `text` has next to no capitals, so that a small letter after a full stop says nothing."""
    if _letters(text[:_OPENING])[0] >= _CASELESS * len(text):  # there are no more letters than that
        return False
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
    data = text.encode("utf-8", "surrogatepass")
    without = data.translate(None, _CAPITALS)
    return len(data) - len(without), len(data) - len(without.translate(None, _SMALL))
