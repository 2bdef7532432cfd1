"""Where something stands: lines and columns in a text, and paths as other programs expect them."""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path

from detector.io.sources import STDIN

STDIN_NAME = "stdin"
_LINE_END = re.compile("\n")


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of a text: lines and columns count from 1, columns in code points; the end column is one past it."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int


class Lines:
    """Finds lines and columns in one text. LF and CRLF end a line, a lone CR does not."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in _LINE_END.finditer(text))]

    def line(self, offset: int) -> int:
        """Return the line of ``offset``, from 1."""
        return bisect_right(self._starts, offset)

    def region(self, start: int, end: int) -> Region:
        """Return where the span ``start`` to ``end`` stands."""
        first, last = self.line(start), self.line(max(end - 1, start))
        return Region(first, start - self._starts[first - 1] + 1, last, end - self._starts[last - 1] + 1)


def repository_root(start: str | None = None) -> str:
    """Return the folder of the repository around ``start`` (the current folder), else ``start`` itself."""
    here = Path(start or os.getcwd()).resolve()
    return str(next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here))


def relative(path: str, root: str) -> str | None:
    """Return ``path`` below ``root`` with forward slashes, None when it lies elsewhere."""
    if path == STDIN:
        return STDIN_NAME
    real = os.path.join(os.path.realpath(os.path.dirname(path) or "."), os.path.basename(path))
    if not real.startswith(root.rstrip(os.sep) + os.sep):
        return None
    return os.path.relpath(real, root).replace(os.sep, "/")
