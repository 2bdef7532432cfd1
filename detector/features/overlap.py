"""How much of each sentence other sentences of the article say too.

In articles of up to 256 sentences each is compared with all others. In longer ones
it is compared with those at most a window away, so that the time grows with the length
and not with its square.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.text.document import Flags, Ints

Floats = NDArray[np.float64]
WHOLE = 256  # sentences of an article that are all compared with each other
WINDOW = 64  # sentences, in longer articles


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
    window = reach(count)
    blocks = [
        _block(low, min(low + window, count), window, sentence, group, weight, vectors, prose)
        for low in range(0, count, window)
    ]
    if not blocks:
        blocks = [(np.zeros((12, 0)), np.zeros(0, np.int64))]
    values = blocks[0][0] if len(blocks) == 1 else np.concatenate([block[0] for block in blocks], axis=1)
    measures = dict(zip(Overlap.__slots__, values, strict=False))
    return Overlap(**measures, earlier=np.concatenate([block[1] for block in blocks]))


def reach(sentences: int) -> int:
    """Return how many sentences a block of an article has, and how far it looks to either side."""
    return WHOLE if sentences <= WHOLE else WINDOW


def _block(
    low: int, high: int, window: int, sentence: Ints, group: Ints, weight: Floats, vectors: Floats, prose: Flags
) -> tuple[Floats, Ints]:
    """Compare sentences ``low`` to ``high`` with those from a window before to a window after: (12, high - low)."""
    begin, end = max(0, low - window), min(len(prose), high + window)
    words = group
    if begin or end < len(prose):
        a, b = sentence.searchsorted((begin, end))
        _, words = np.unique(group[a:b], return_inverse=True)
        sentence, weight = sentence[a:b] - begin, weight[a:b]
    count, size = high - low, end - begin
    table = np.zeros((size, int(words.max()) + 1 if len(words) else 1))
    table[sentence, words] = weight
    present = np.zeros_like(table)
    present[sentence, words] = weight > 0
    rows = table[low - begin : high - begin]
    own = prose[begin:end]
    mass = table.sum(axis=1)
    mine = np.maximum(mass[low - begin : high - begin], 1e-9)[:, None]
    measures = np.empty((3, count, size))
    cover, similar, cosine = measures
    shared = rows @ present.T
    np.divide(shared, mine, out=cover)
    np.divide(shared, np.sqrt(mine * np.maximum(mass, 1e-9)), out=similar)
    np.matmul(vectors[low:high], vectors[begin:end].T, out=cosine)
    measures *= own
    inner = np.arange(count)
    place = inner + (low - begin)
    others = np.arange(size)
    before, after = others < place[:, None], others > place[:, None]
    earlier = measures * before
    covered, similar_before, close_before = np.maximum(earlier.max(axis=2), 0.0)
    covered_after, similar_after, close_after = np.maximum((measures * after).max(axis=2), 0.0)
    previous = measures[::2, inner, np.maximum(place - 1, 0)] * (place > 0)
    opening = int(own.argmax())
    by_first = measures[::2, :, opening] * (place > opening)
    alike = measures[1:]
    central = (alike.sum(axis=2) - alike[:, inner, place]) / np.maximum(np.count_nonzero(own) - own[place], 1)
    values = np.array(
        [
            covered,
            covered_after,
            similar_before,
            similar_after,
            previous[0],
            by_first[0],
            central[0],
            close_before,
            close_after,
            previous[1],
            by_first[1],
            central[1],
        ]
    )
    return values, np.where(covered > 0, earlier[0].argmax(axis=1) + begin, -1)
