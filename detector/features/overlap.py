"""How much of each sentence other sentences of the article say too.

Every sentence is compared with those at most a window away, so that the time
grows with the length of the article and not with its square.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.text.document import Flags, Ints

Floats = NDArray[np.float64]
WINDOW = 256


@dataclass(frozen=True, slots=True, eq=False)
class Overlap:
    """Per sentence (S,), 0 to 1, 0 where there is nothing to compare with.

    Coverage is the share of a sentence's content words, weighted by rarity, that the other sentence has;
    similarity divides the shared weight by the geometric mean of both; vector similarity is a cosine.
    ``earlier`` is the index of the earlier sentence that covers most, -1 for none.
    """

    covered_before: Floats
    covered_after: Floats
    similar_before: Floats
    similar_after: Floats
    covered_by_previous: Floats
    covered_by_first: Floats
    central: Floats
    vector_before: Floats
    vector_after: Floats
    vector_previous: Floats
    vector_first: Floats
    vector_central: Floats
    earlier: Ints


def compare(sentence: Ints, group: Ints, weight: Floats, vectors: Floats, prose: Flags) -> Overlap:
    """Compare sentences over their content words: arrays of one length give sentence, word group and rarity.

    Sentences that are not prose are compared with the others, but the others not with them.
    """
    count = len(prose)
    blocks = [
        _block(low, min(low + WINDOW, count), sentence, group, weight, vectors, prose)
        for low in range(0, count, WINDOW)
    ]
    columns = [np.concatenate(parts) for parts in zip(*blocks, strict=True)] if blocks else [np.zeros(0)] * 13
    return Overlap(*columns[:12], earlier=columns[12].astype(np.int64))


def _block(
    low: int, high: int, sentence: Ints, group: Ints, weight: Floats, vectors: Floats, prose: Flags
) -> tuple[NDArray[np.generic], ...]:
    """Compare sentences ``low`` to ``high`` with those from a window before to a window after."""
    begin, end = max(0, low - WINDOW), min(len(prose), high + WINDOW)
    a, b = np.searchsorted(sentence, (begin, end))
    words = group[a:b]
    if begin or end < len(prose):
        _, words = np.unique(words, return_inverse=True)
    table = np.zeros((end - begin, int(words.max()) + 1 if len(words) else 1))
    table[sentence[a:b] - begin, words] = weight[a:b]
    rows = table[low - begin : high - begin]
    own = prose[begin:end]
    shared = rows @ (table > 0).astype(np.float64).T
    mass = table.sum(axis=1)
    mine = np.maximum(mass[low - begin : high - begin], 1e-9)[:, None]
    cover = shared / mine * own
    similar = shared / np.sqrt(mine * np.maximum(mass, 1e-9)) * own
    cosine = vectors[low:high] @ vectors[begin:end].T * own
    index = np.arange(begin, end)
    here = np.arange(low, high)[:, None]
    before, after = index < here, index > here
    covered = np.where(before, cover, 0.0)
    others = np.maximum(own.sum() - own[low - begin : high - begin], 1)
    inner = np.arange(high - low)
    previous = np.maximum(inner + low - begin - 1, 0)
    has_previous = inner + low > begin
    opening = int(np.argmax(own)) if own.any() else 0
    follows = np.arange(low, high) > begin + opening
    best = covered.argmax(axis=1)
    self_place = inner + low - begin
    return (
        covered.max(axis=1),
        np.where(after, cover, 0.0).max(axis=1),
        np.where(before, similar, 0.0).max(axis=1),
        np.where(after, similar, 0.0).max(axis=1),
        cover[inner, previous] * has_previous,
        cover[:, opening] * follows,
        (similar.sum(axis=1) - similar[inner, self_place]) / others,
        np.where(before, cosine, 0.0).max(axis=1),
        np.where(after, cosine, 0.0).max(axis=1),
        cosine[inner, previous] * has_previous,
        cosine[:, opening] * follows,
        (cosine.sum(axis=1) - cosine[inner, self_place]) / others,
        np.where(covered.max(axis=1) > 0, best + begin, -1),
    )
