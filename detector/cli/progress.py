"""One line on standard error while a long run lasts; nothing when nobody watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

PATIENCE = 2.0  # seconds before anything is shown
_PAUSE = 0.2  # seconds between two drawings
_BAR = 24


class Progress:
    """Counts texts; draws a bar when ``total`` is known, else the count and the rate."""

    def __init__(
        self, total: int | None, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.total = total
        self.done = 0
        self._before = 0
        self._stream = sys.stderr if stream is None else stream
        self._clock = clock
        self._start = clock()
        self._next = self._start + PATIENCE
        self._drawn = 0
        self._watched = self._stream is not None and self._stream.isatty()

    def start_at(self, done: int) -> None:
        """Begin with ``done`` texts of an earlier run, which say nothing about the rate of this one."""
        self.done = self._before = done

    def step(self) -> None:
        """Count one text and draw when it is time to."""
        self.done += 1
        if self._watched and self._clock() >= self._next:
            self.clear()
            line = self.line()
            self._stream.write(line)
            self._stream.flush()
            self._drawn = len(line)
            self._next = self._clock() + _PAUSE

    def clear(self) -> None:
        """Take the line away, so that other output can be written."""
        if self._drawn:
            self._stream.write("\r" + " " * self._drawn + "\r")
            self._stream.flush()
            self._drawn = 0

    def line(self) -> str:
        """Return what would be drawn now."""
        rate = (self.done - self._before) / max(self._clock() - self._start, 1e-9)
        if not self.total:
            return f"{self.done} texts, {rate:.0f} a second"
        filled = _BAR * min(self.done, self.total) // self.total
        bar = "#" * filled + "." * (_BAR - filled)
        left = max(0, self.total - self.done)
        wait = f", {span(left / rate)} left" if left and rate else ""
        return f"[{bar}] {self.done} of {self.total} texts, {rate:.0f} a second{wait}"


def span(seconds: float) -> str:
    """Return a time to wait in the largest unit that says enough."""
    for unit, name in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"
