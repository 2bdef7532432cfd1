"""Sorted hashes, and a table that tells where one of them would stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.text.document import Hashes, Ints

_SLOT_SHIFT = np.uint64(64 - 16)
_LARGEST = np.uint64((1 << 64) - 1)


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """Where a hash stands among N sorted ones, found almost without a search.

    ``hashes`` (N + 1,) ends with the largest number; ``first`` (2 ** 16,) is where the hashes with given upper bits,
    or the next above them, begin.
    """

    hashes: Hashes
    first: NDArray[np.int32]

    @classmethod
    def of(cls, hashes: Hashes) -> Lookup:
        """Build the table of sorted ``hashes``."""
        slots = np.arange(1 << 16, dtype=np.uint64) << _SLOT_SHIFT
        return cls(np.append(hashes, _LARGEST), hashes.searchsorted(slots).astype(np.int32))

    def find(self, wanted: Hashes) -> Ints:
        """Return the place of each of ``wanted``, -1 for one that is not there."""
        at = self.first.take((wanted >> _SLOT_SHIFT).view(np.int64)).astype(np.int64)
        found = self.hashes.take(at)
        behind = (found < wanted).nonzero()[0]
        while len(behind):
            at[behind] += 1
            found[behind] = own = self.hashes[at[behind]]
            behind = behind[own < wanted[behind]]
        return np.where((found == wanted) & (at < len(self.hashes) - 1), at, -1)
