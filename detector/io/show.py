"""Text made safe to print: no control character moves the cursor, no line is wider than asked."""

from __future__ import annotations

import re

DASH = "—"  # an undefined number

# Controls but tab and line ends, lone surrogates, and the marks that reorder or hide what follows.
_UNSAFE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_BLANKS = re.compile(r"\s+")


def visible(text: str) -> str:
    """Return ``text`` on one line, with what cannot be shown escaped by its code."""
    text = _BLANKS.sub(" ", text).strip()
    return _UNSAFE.sub(lambda found: ascii(found.group())[1:-1], text)


def decimal(value: float, digits: int = 2) -> str:
    """Return ``value`` to ``digits`` places, an em dash when it is undefined."""
    return DASH if value != value else f"{value:.{digits}f}"  # noqa: PLR0124 - NaN is the one that differs


def percent(value: float) -> str:
    """Return a share of 0 to 1 as a percentage, an em dash when it is undefined."""
    return DASH if value != value else f"{value:.0%}"  # noqa: PLR0124
