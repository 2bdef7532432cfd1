"""The word and phrase lists in ``detector/lexicons``: plain text, one entry a line, their source in the header."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def entries(name: str) -> tuple[str, ...]:
    """Return the entries of the list ``name``, lower case, in file order.

    Raises FileNotFoundError if there is no such list.
    """
    text = (Path(__file__).parent / "lexicons" / f"{name}.txt").read_text(encoding="utf-8")
    return tuple(line.split("\t")[0] for line in text.splitlines() if line and not line.startswith("#"))
