"""Sorted hashes, and a table that tells where one of them would stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.text.document import Hashes, Ints

_MOST_SLOT_BITS = 16  # a larger table falls out of the cache
_LARGEST = np.uint64((1 << 64) - 1)


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """Where a hash stands among N sorted ones, found almost without a search.

    ``hashes`` (N + 1,) ends with the largest number; ``first`` is where the hashes with given upper bits, those left
    by ``shift``, or the next above them begin.
    """

    hashes: Hashes
    first: NDArray[np.int32]
    shift: np.uint64

    @classmethod
    def of(cls, hashes: Hashes) -> Lookup:
        """Build the table of sorted ``hashes``."""
        bits = min(len(hashes).bit_length() + 2, _MOST_SLOT_BITS)
        shift = np.uint64(64 - bits)
        slots = np.arange(1 << bits, dtype=np.uint64) << shift
        return cls(np.append(hashes, _LARGEST), hashes.searchsorted(slots).astype(np.int32), shift)

    def find(self, wanted: Hashes) -> Ints:
        """Return the place of each of ``wanted``, -1 for one that is not there."""
        at = self.first.take((wanted >> self.shift).view(np.int64)).astype(np.int64)
        found = self.hashes.take(at)
        behind = (found < wanted).nonzero()[0]
        while len(behind):
            at[behind] += 1
            found[behind] = own = self.hashes[at[behind]]
            behind = behind[own < wanted[behind]]
        return np.where((found == wanted) & (at < len(self.hashes) - 1), at, -1)
