"""A scorer that takes its own process, or that process's parents, down at one text, once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path

from fake_scorer import FakeScorer

from detector.report import Report


class FatalScorer(FakeScorer):
    """``mark`` is a file that remembers the death; ``levels`` says whose: 0 its own, 2 that of the grandparent."""

    def __init__(self, mark: str, text: str, levels: int = 0) -> None:
        self.mark, self.text, self.levels = mark, text, levels

    def score_many(self, texts: Iterable[str], jobs: int = 1, on_error: str = "raise") -> Iterator[Report]:
        for text in texts:
            if text == self.text and not Path(self.mark).exists():
                Path(self.mark).write_text(str(os.getpid()))
                os.kill(ancestor(self.levels), signal.SIGKILL)
            yield self.score(text)


def ancestor(levels: int) -> int:
    """Return the process that is so many levels above this one."""
    pid = os.getpid()
    for _ in range(levels):
        status = Path(f"/proc/{pid}/status").read_text()
        pid = int(status.partition("PPid:")[2].split()[0])
    return pid
