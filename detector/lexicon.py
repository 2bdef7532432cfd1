"""The word and phrase lists in ``detector/lexicons``: plain text, one entry a line, their source in the header."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def entries(name: str) -> tuple[str, ...]:
    """Return the entries of the list ``name``, lower case, in file order.

    Raises FileNotFoundError if there is no such list.
    """
    text = files("detector").joinpath("lexicons", f"{name}.txt").read_text(encoding="utf-8")
    return tuple(line.split("\t")[0] for line in text.splitlines() if line and not line.startswith("#"))
