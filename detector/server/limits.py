"""How much the server takes on: sizes, numbers, seconds, and how many requests at once."""

from __future__ import annotations

from dataclasses import dataclass

from detector.server.errors import RefusalError

MEGABYTE = 1_000_000
HELD_BODIES = 8  # full bodies that may be in memory at once, whatever the number of requests


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may ask for.

    ``body``: bytes of one request; ``characters``: code points of one text; ``items``: texts of one batch;
    ``seconds``: to score one text, and as long again to wait for a worker; ``requests``: scoring requests at once,
    those that wait for a worker among them.
    """

    body: int = 8 * MEGABYTE
    characters: int = 2_000_000  # a worker takes 0.3 kB of memory for one in prose, 4 kB where each line is a letter
    items: int = 1_000
    seconds: float = 30.0
    requests: int = 128


class Gate:
    """Counts the scoring requests that are inside, and the bytes of their bodies."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.inside = 0
        self.held = 0

    def enter(self) -> Ticket:
        """Let one request in. Raises a RefusalError with status 429 when there are too many."""
        if self.inside >= self.limits.requests:
            raise busy(f"{self.inside} requests are being scored, which is the limit")
        self.inside += 1
        return Ticket(self)


class Ticket:
    """One request inside the gate; it must ``leave`` once."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._held = 0

    def hold(self, size: int) -> None:
        """Count ``size`` more bytes. Raises a RefusalError with status 429 when all requests hold too many."""
        if self._gate.held + size > HELD_BODIES * self._gate.limits.body:
            raise busy("the requests being read are too large together")
        self._gate.held += size
        self._held += size

    def leave(self) -> None:
        """Give back what was counted."""
        self._gate.inside -= 1
        self._gate.held -= self._held
        self._held = 0


def busy(why: str) -> RefusalError:
    """Return the refusal that asks to come back."""
    return RefusalError(429, f"{why}; send it again after the seconds in Retry-After", retry=1)
