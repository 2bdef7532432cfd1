"""How much of each sentence other sentences of the article say too.

In articles of up to 256 sentences each is compared with all others. In longer ones
it is compared with those at most a window away, so that the time grows with the length
and not with its square.

All pairs of sentences that are compared stand in one flat row, sentence by sentence: the
pairs of a sentence with earlier ones, the sentence itself, and its pairs with later ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from detector.text.document import Flags, Ints

Floats = NDArray[np.float64]
WHOLE = 256  # sentences of an article that are all compared with each other
WINDOW = 64  # sentences, in longer articles
_PAIRS_AT_ONCE = 1 << 16
Block = tuple[int, int, int, int]  # sentences low to high are compared with begin to end


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


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What the sentences (S,) are compared by: their content words, vectors and kind.

    ``sentence``, ``key`` and ``weight`` (N,) are the different content words of each sentence, sorted by ``key``, that
    is by word and then by sentence. ``shared`` are the places of those that another sentence has too, sorted by
    sentence and then by word, ``sharer`` their sentences; ``mass`` (S,) adds the weights up. ``prose`` (S,) marks
    prose, ``before`` (S + 1) counts it before each sentence.
    """

    sentence: Ints
    key: Ints
    weight: Floats
    shared: Ints
    sharer: Ints
    mass: Floats
    vectors: Floats
    prose: Flags
    before: Ints

    @classmethod
    def of(cls, sentence: Ints, group: Ints, weight: Floats, vectors: Floats, prose: Flags) -> Said:
        """Drop what a sentence says twice from words sorted by ``group``, then ``sentence``."""
        count = len(prose)
        key = group * count + sentence
        kept = np.ones(len(key), np.bool_)
        kept[1:] = key[1:] != key[:-1]
        sentence, group, weight, key = sentence[kept], group[kept], weight[kept], key[kept]
        opens = np.ones(len(key) + 1, np.bool_)
        opens[1:-1] = group[1:] != group[:-1]
        shared = (~(opens[:-1] & opens[1:])).nonzero()[0]
        bits = len(key).bit_length()
        shared = np.sort((sentence[shared] << bits) | shared) & ((1 << bits) - 1)
        mass: Floats = np.bincount(sentence, weight, count)  # type: ignore[assignment]
        before = np.concatenate(([0], prose.cumsum()))
        return cls(sentence, key, weight, shared, sentence[shared], np.maximum(mass, 1e-9), vectors, prose, before)


def compare(
    sentence: Ints, group: Ints, weight: Floats, vectors: Floats, prose: Flags, texts: Ints | None = None
) -> Overlap:
    """Compare sentences over their content words: arrays of one length give sentence, word group and rarity.

    The words are sorted by group, those of a group by sentence; no group belongs to two texts. ``texts`` (T + 1)
    bounds the texts as ranges of sentences, None for one text. Sentences that are not prose are compared with the
    others, but the others not with them.
    """
    count = len(prose)
    said = Said.of(sentence, group, weight, vectors, prose)
    values, earlier = np.zeros((12, count)), np.full(count, -1)
    for blocks in _chunks(_blocks([0, count] if texts is None else texts.tolist())):
        low, high = blocks[0][0], blocks[-1][1]
        values[:, low:high], earlier[low:high] = _compare(blocks, said)
    measures = dict(zip(Overlap.__slots__, values, strict=False))
    return Overlap(**measures, earlier=earlier)


def reach(sentences: int) -> int:
    """Return how many sentences a block of an article has, and how far it looks to either side."""
    return WHOLE if sentences <= WHOLE else WINDOW


def _blocks(texts: list[int]) -> Iterator[Block]:
    for start, stop in pairwise(texts):
        window = reach(stop - start)
        for low in range(start, stop, window):
            high = min(low + window, stop)
            yield low, high, max(start, low - window), min(stop, high + window)


def _chunks(blocks: Iterator[Block]) -> Iterator[list[Block]]:
    """Take together as many blocks as have _PAIRS_AT_ONCE pairs."""
    chunk: list[Block] = []
    pairs = 0
    for block in blocks:
        low, high, begin, end = block
        chunk.append(block)
        pairs += (high - low) * (end - begin)
        if pairs >= _PAIRS_AT_ONCE:
            yield chunk
            chunk, pairs = [], 0
    if chunk:
        yield chunk


def _compare(blocks: list[Block], said: Said) -> tuple[Floats, Ints]:
    """Compare the sentences of ``blocks``, which follow each other: (12, S) measures and the earlier sentences."""
    vectors, prose = said.vectors, said.prose
    lows, highs, begins, ends = np.array(blocks).T
    heights = highs - lows
    begin, end = begins.repeat(heights), ends.repeat(heights)
    mine = np.arange(lows[0], highs[-1])
    width = end - begin
    edges = np.concatenate(([0], width.cumsum()))
    start = edges[:-1]  # of the pairs of each sentence
    other = np.arange(edges[-1]) - (start - begin).repeat(width)
    measures = np.empty((3, edges[-1]))
    cover, similar, cosine = measures
    shared = _shared(said, mine, begin, end, start, edges[-1])
    own = said.mass[mine].repeat(width)
    np.divide(shared, own, out=cover)
    np.divide(shared, np.sqrt(own * said.mass[other]), out=similar)
    at = 0
    for low, high, left, right in blocks:
        size = (high - low) * (right - left)
        np.matmul(vectors[low:high], vectors[left:right].T, out=cosine[at : at + size].reshape(high - low, -1))
        at += size
    counted = prose[other]
    measures *= counted
    itself = start + mine - begin
    has_before, has_after = mine > begin, mine + 1 < end
    before = _reduce(np.maximum, measures, start, itself, has_before)
    after = _reduce(np.maximum, measures, itself + 1, edges[1:], has_after)
    total = _reduce(np.add, measures, start, itself, has_before)
    total += _reduce(np.add, measures, itself + 1, edges[1:], has_after)
    covered, similar_before, close_before = np.maximum(before, 0.0)
    covered_after, similar_after, close_after = np.maximum(after, 0.0)
    previous = measures[::2, np.maximum(itself - 1, 0)] * has_before
    opening = _openings(said, begins, ends).repeat(heights)
    by_first = measures[::2, start + opening - begin] * (mine > opening)
    central = total[1:] / np.maximum(said.before[end] - said.before[begin] - prose[mine], 1)
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
    return values, _earlier(cover, covered, start, other, mine)


def _shared(said: Said, mine: Ints, begin: Ints, end: Ints, start: Ints, pairs: int) -> Floats:
    """Return the weight of the words that the sentences of each pair share, (pairs,).

    ``begin``, ``end`` and ``start`` (S,) are, for each of the sentences ``mine``, those it is compared with and the
    place of its first pair.
    """
    first, last = said.sharer.searchsorted((mine[0], mine[-1] + 1))
    words = said.shared[first:last]
    row = said.sharer[first:last] - mine[0]
    base = said.key[words] - said.sharer[first:last]
    low = said.key.searchsorted(base + begin[row])
    counts = said.key.searchsorted(base + end[row]) - low
    partner = np.arange(counts.sum()) + (low - counts.cumsum() + counts).repeat(counts)
    pair = said.sentence[partner] + (start - begin)[row].repeat(counts)
    shared: Floats = np.bincount(pair, said.weight[words].repeat(counts), pairs)  # type: ignore[assignment]
    return shared


def _reduce(ufunc: np.ufunc, values: Floats, start: Ints, stop: Ints, filled: Flags) -> Floats:
    """Reduce ``values`` (K, P) over the ranges from ``start`` to ``stop`` that are ``filled``; 0 for others."""
    reduced = np.zeros((len(values), len(start)))
    at = filled.nonzero()[0]
    if len(at):
        bounds = np.stack((start[at], stop[at]), axis=1).ravel()
        if bounds[-1] == values.shape[1]:
            bounds = bounds[:-1]
        reduced[:, at] = ufunc.reduceat(values, bounds, axis=1)[:, ::2]
    return reduced


def _openings(said: Said, begins: Ints, ends: Ints) -> Ints:
    """Return the first sentence of prose from each of ``begins`` to ``ends``; the first of all if there is none."""
    opening = said.before.searchsorted(said.before[begins] + 1) - 1
    return np.where(opening < ends, opening, begins)


def _earlier(cover: Floats, covered: Floats, start: Ints, other: Ints, mine: Ints) -> Ints:
    """Return the first of the earlier sentences that cover most of each sentence, -1 where none covers any."""
    best = np.where(covered > 0, covered, np.inf).repeat(np.diff(np.append(start, len(cover))))
    hits = (cover == best).nonzero()[0]
    row = start.searchsorted(hits, side="right") - 1
    hits, row = hits[other[hits] < mine[row]], row[other[hits] < mine[row]]
    earlier = np.full(len(start), -1)
    earlier[row[::-1]] = other[hits[::-1]]  # the first is written last
    return earlier
