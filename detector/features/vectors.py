"""What a sentence is about: means of the vectors of its words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detector.features.background import Floats
from detector.text.document import Flags, Ints

_STEP = 8  # sentences are filled up to a multiple of so many words, long ones to a power of two
_LONGEST_STEP = 64
_WORDS_AT_ONCE = 4096  # whose vectors are held together


def sentence_vectors(
    table: NDArray[np.int8], index: Ints, known: Flags, weight: Floats, bounds: Ints
) -> tuple[Floats, Floats]:
    """Return unit means of word vectors weighted by ``weight``, and plain means, by sentence, both (S, D).

    ``table`` (V, D) holds vectors times 127; words (W,) that are not ``known`` count as zero.
    """
    weights = np.zeros((len(index) + 1, 2))  # the last for the places that are filled up
    np.divide(known, 127.0, out=weights[:-1, 0])
    np.multiply(weights[:-1, 0], weight, out=weights[:-1, 1])
    index = np.append(index, 0)
    sizes = bounds[1:] - bounds[:-1]
    sums = np.zeros((len(sizes), 2, table.shape[1]))
    for width, members in _by_width(sizes):
        inner = np.arange(width)
        for low in range(0, len(members), most := max(_WORDS_AT_ONCE // width, 1)):
            own = members[low : low + most]
            place = np.where(inner < sizes[own, None], bounds[own, None] + inner, len(index) - 1)
            vectors = table.take(index[place], axis=0, mode="wrap").astype(np.float64)
            sums[own] = np.matmul(weights[place].transpose(0, 2, 1), vectors)
    plain = sums[:, 0] / np.maximum(sizes, 1)[:, None]
    means = sums[:, 1]
    norm = np.sqrt(np.einsum("ij,ij->i", means, means))
    return means / np.maximum(norm, 1e-9)[:, None], plain


def _by_width(sizes: Ints) -> list[tuple[int, Ints]]:
    """Group the sentences that have words by the width they are filled up to.

    The product that sums the vectors of a sentence then has a shape that depends on that sentence alone.
    """
    widths = -(-sizes // _STEP) * _STEP
    long = (widths > _LONGEST_STEP).nonzero()[0]
    widths[long] = [1 << (size - 1).bit_length() for size in sizes[long].tolist()]
    return [(width, (widths == width).nonzero()[0]) for width in sorted({*widths.tolist()} - {0})]
