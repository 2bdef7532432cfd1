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
        """Rebuild what :meth:`to_arrays` gave. Raises ValueError for arrays that do not fit together."""
        words = expect(arrays, "word_hashes", np.uint64, None)
        table = expect(arrays, "common_grams", np.uint16, None)
        names = tuple(expect(arrays, "list_names", np.str_, None).tolist())
        phrases = expect(arrays, "phrase_hashes", np.uint64, None)
        lists = expect(arrays, "phrase_lists", np.uint64, len(phrases))
        if len(table) < 2 or len(table) & (len(table) - 1):
            raise ValueError(f"common_grams has {len(table)} slots, expected a power of two")
        if int(lists.max()) >> len(names):
            raise ValueError(f"phrase_lists names lists beyond the {len(names)} of list_names")
        if not (_ascend(words) and _ascend(phrases)):
            raise ValueError("word_hashes or phrase_hashes is not sorted")
        return cls(
            Vocabulary(
                words,
                expect(arrays, "word_idf", np.floating, len(words)).astype(np.float64),
                float(expect(arrays, "unknown_idf", np.floating)),
                expect(arrays, "word_vectors", np.int8, len(words), None),
            ),
            Commonness(table),
            Phrases(names, phrases, lists),
        )


def expect(
    arrays: Mapping[str, NDArray[Any]], name: str, kind: type[np.generic], *shape: int | None, finite: bool = True
) -> NDArray[Any]:
    """Return an array of a model's file. Raises ValueError if it is of another kind or shape, or holds NaN.

    A size of None is any but 0. ``finite`` refuses NaN and infinite numbers.
    """
    array = arrays.get(name)
    if array is None:
        raise ValueError(f"there is no array {name}")
    fits = len(array.shape) == len(shape) and all(
        size > 0 if wanted is None else size == wanted for size, wanted in zip(array.shape, shape, strict=True)
    )
    if not fits or not issubclass(array.dtype.type, kind):
        raise ValueError(f"{name} is {array.dtype} {array.shape}, expected {kind.__name__} {shape}")
    if finite and issubclass(kind, np.floating) and not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinite numbers")
    return array


def _ascend(hashes: Hashes) -> bool:
    return bool((hashes[1:] > hashes[:-1]).all())


def chain(grams: Hashes, words: Hashes) -> Hashes:
    """Return the hashes of n-grams one word longer: ``grams`` followed by ``words``, pair by pair."""
    return mix(grams * _CHAIN + words)
