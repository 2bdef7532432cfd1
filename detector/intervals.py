"""The interval of a rate."""

from __future__ import annotations

import math

Z95 = 1.959963984540054  # of a 95 % interval


def wilson(rate: float, n: int, z: float = Z95) -> tuple[float, float]:
    """Return the score interval of a ``rate`` seen in ``n`` cases (Wilson 1927), between 0 and 1; ``n`` is not 0."""
    z2 = z * z
    centre = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = z / (1 + z2 / n) * math.sqrt(rate * (1 - rate) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
