"""Where the words and n-grams of a text stand again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.text.document import Flags, Hashes, Ints

_BITS = 64


@dataclass(frozen=True, slots=True, eq=False)
class Occurrences:
    """Where else each word (W,) stands in its text; the words of headings are kept apart from those of the prose.

    ``order`` sorts the words by text, then word, then place, and ``opens`` (W,) marks in that order the first of each
    word. ``group`` numbers the different words, ``previous`` is the place of the same word before, -1 for none,
    ``fresh`` says that no earlier sentence has it. ``again`` and ``twice`` take headings and prose together: the word
    stood before, the word stands more than once.
    """

    order: Ints
    opens: Flags
    group: Ints
    previous: Ints
    fresh: Flags
    again: Flags
    twice: Flags


@dataclass(frozen=True, slots=True, eq=False)
class Repeats:
    """The n-grams of one length that stand more than once in their text, in no order.

    ``at`` is the first word of each, ``again`` says that it stood before, ``earliest`` and ``latest`` are the first
    and the last sentence that have it.
    """

    at: Ints
    again: Flags
    earliest: Ints
    latest: Ints


def occurrences(hashes: Hashes, sentence: Ints, text: Ints, heading: Flags) -> Occurrences:
    """Sort words: their hashes, sentences and texts (ascending), and whether they stand outside the prose, (W,)."""
    order, opens = ordered(hashes, text, heading)
    count = len(order)
    again, twice = np.empty((2, count), np.bool_)
    again[order] = ~opens
    twice[order] = _several(opens)
    outside = heading[order]
    opens[1:] |= outside[1:] != outside[:-1]
    group = np.empty(count, np.int64)
    group[order] = opens.cumsum() - 1
    previous = np.full(count, -1)
    later = (~opens).nonzero()[0]
    previous[order[later]] = order[later - 1]
    first = sentence[order[opens]]
    return Occurrences(order, opens, group, previous, first[group] == sentence, again, twice)


def repeats(hashes: Hashes, candidates: Flags, sentence: Ints, text: Ints) -> tuple[Repeats, Flags]:
    """Find the n-grams that stand again among the ``candidates``, by their first words; and mark these words.

    An n-gram can only stand twice if the shorter ones inside it do: that leaves few candidates.
    """
    at = candidates.nonzero()[0]
    order, opens = ordered(hashes[at], text[at])
    kept = _several(opens).nonzero()[0]
    opens = opens[kept]
    at = at[order[kept]]
    twice = np.zeros(len(candidates), np.bool_)
    twice[at] = True
    begin = opens.nonzero()[0]
    number = opens.cumsum() - 1
    where = sentence[at]
    last = np.append(begin[1:], len(at)) - 1 if len(at) else begin
    return Repeats(at, ~opens, where[begin][number], where[last][number]), twice


def ordered(hashes: Hashes, text: Ints, below: Flags | None = None) -> tuple[Ints, Flags]:
    """Return the order by text, hash, ``below`` and place, and in that order which are the first of their hash.

    ``text`` ascends. One sort of whole numbers that hold text, upper bits of the hash, and place; should the upper
    bits of two different hashes of a text agree, all of the hash is sorted by.
    """
    count = len(hashes)
    if not count:
        return np.zeros(0, np.int64), np.zeros(0, np.bool_)
    place_bits = (count - 1).bit_length()
    text_bits = int(text[-1]).bit_length()
    low = place_bits + (below is not None)
    keys = ((hashes >> np.uint64(text_bits + low)) << np.uint64(low)) | np.arange(count, dtype=np.uint64)
    if text_bits:
        keys |= text.view(np.uint64) << np.uint64(_BITS - text_bits)
    if below is not None:
        keys |= below.astype(np.uint64) << np.uint64(place_bits)
    keys.sort()
    order = (keys & np.uint64((1 << place_bits) - 1)).view(np.int64)
    upper = keys >> np.uint64(low)
    differs = hashes[order]
    opens = np.ones(count, np.bool_)
    opens[1:] = differs[1:] != differs[:-1]
    changes = upper[1:] != upper[:-1]
    if (opens[1:] & ~changes).any():
        place = np.arange(count)
        order = np.lexsort((place, place if below is None else below, hashes, text))
        differs = hashes[order]
        opens[1:] = differs[1:] != differs[:-1]
    opens[1:] |= text[1:] != text[:-1]  # sorted by text, the texts stand where they stood
    return order, opens


def _several(opens: Flags) -> Flags:
    """Tell which members of runs have company; ``opens`` marks the first of each run."""
    several = ~opens
    several[:-1] |= several[1:]
    return several
