"""What a stage of unmasking gives back, and how its patterns are compiled."""

import re
from collections import Counter
from functools import cache

from detector.text.unicode import Edit


class Marks:
    """Edits to a text (sorted, apart), spans of it before the edits, and counts of what was left out."""

    __slots__ = ("edits", "found", "headings", "items")

    def __init__(self) -> None:
        self.edits: list[Edit] = []
        self.headings: list[tuple[int, int]] = []
        self.items: list[tuple[int, int]] = []
        self.found: Counter[str] = Counter()


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern when a text first needs it: together they would take longer than a short run."""
    return re.compile(pattern)
