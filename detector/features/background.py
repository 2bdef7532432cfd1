"""What is known of English before an article is read: word rarity, word vectors, phrase lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.text.document import Hashes, Ints, mix
from detector.text.lookup import Lookup

Floats = NDArray[np.float64]
_CHAIN = np.uint64(0x9E3779B97F4A7C15)
_LOW_BYTE = np.uint64(255)
LONGEST_PHRASE = 6


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """The commonest words of the corpora.

    ``hashes`` is sorted (V,); ``idf`` (V,) is ln((N + 1) / (df + 1)) over N documents and ``unknown_idf`` what a
    word outside the list gets; ``vectors`` (V, D) int8 are unit word vectors times 127.
    """

    hashes: Hashes
    idf: Floats
    unknown_idf: float
    vectors: NDArray[np.int8]
    lookup: Lookup = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Build the table for looking words up."""
        object.__setattr__(self, "lookup", Lookup.of(self.hashes))

    def find(self, hashes: Hashes) -> Ints:
        """Return the index of each word, -1 for a word outside the list."""
        return self.lookup.find(hashes)


@dataclass(frozen=True, slots=True, eq=False)
class Phrases:
    """Every entry of the word and phrase lists.

    ``hashes`` (P,) is sorted; bit b of ``lists`` (P,) says that the entry stands in the list ``names[b]``.
    """

    names: tuple[str, ...]
    hashes: Hashes
    lists: Hashes
    lookup: Lookup = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Build the table for looking entries up."""
        object.__setattr__(self, "lookup", Lookup.of(self.hashes))

    def find(self, hashes: Hashes) -> tuple[Ints, Hashes]:
        """Return where in ``hashes`` an entry stands, and the lists it belongs to."""
        place = self.lookup.find(hashes)
        hit = (place >= 0).nonzero()[0]
        return hit, self.lists[place[hit]]


@dataclass(frozen=True, slots=True, eq=False)
class Commonness:
    """How common word 2- and 3-grams are in the corpora.

    ``table`` (2 ** b,) uint16, indexed by the upper bits of a hash: the upper byte repeats the lowest byte of the
    hash, the lower byte is 12 log2 of the count, 0 for an empty slot. Rare n-grams are not in it.
    """

    table: NDArray[np.uint16]

    def find(self, hashes: Hashes) -> Floats:
        """Return log2 of the count of each n-gram, 0 for one that is not in the table."""
        shift = np.uint64(64 - (len(self.table).bit_length() - 1))
        slots = self.table[hashes >> shift]
        known = (slots >> np.uint16(8)) == (hashes & _LOW_BYTE)
        return np.where(known, (slots & np.uint16(255)) / 12.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Vocabulary, common n-grams and phrase lists of one model."""

    vocabulary: Vocabulary
    commonness: Commonness
    phrases: Phrases

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return plain arrays for an ``.npz`` file."""
        return {
            "word_hashes": self.vocabulary.hashes,
            "word_idf": self.vocabulary.idf.astype(np.float32),
            "unknown_idf": np.array(self.vocabulary.unknown_idf),
            "word_vectors": self.vocabulary.vectors,
            "common_grams": self.commonness.table,
            "list_names": np.array(self.phrases.names),
            "phrase_hashes": self.phrases.hashes,
            "phrase_lists": self.phrases.lists,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Background:
        """Rebuild what :meth:`to_arrays` gave."""
        return cls(
            Vocabulary(
                arrays["word_hashes"],
                arrays["word_idf"].astype(np.float64),
                float(arrays["unknown_idf"]),
                arrays["word_vectors"],
            ),
            Commonness(arrays["common_grams"]),
            Phrases(tuple(arrays["list_names"].tolist()), arrays["phrase_hashes"], arrays["phrase_lists"]),
        )


def chain(grams: Hashes, words: Hashes) -> Hashes:
    """Return the hashes of n-grams one word longer: ``grams`` followed by ``words``, pair by pair."""
    return mix(grams * _CHAIN + words)
