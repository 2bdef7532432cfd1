"""Habits that tell machine from human writing whatever it is about: lengths, repetition, rarity, marks.

Every number is a rate or a mean, so that a text of 100 words can be held against one of 1,000.
NaN where a text is too short to tell.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.report import NAN
from detector.text.document import Document, Flags, Hashes, Ints, mix

Floats = NDArray[np.float64]

WORD_BITS = 18
PAIR_BITS = 19
LOG_STEP = 15.0  # codes of a logarithm per unit
LOWEST_WORD = -17.0  # logarithm of the relative frequency that code 0 stands for
LOWEST_PAIR = -12.0  # of the chance of a word after another that code 1 stands for
LONGEST = 1 << 20  # tokens that are looked at; a longer text is judged by its beginning
CHAIN = np.uint64(0x9E3779B97F4A7C15)
_PAIR_SHIFT = np.uint64(64 - PAIR_BITS)
_BYTE = np.uint64(0xFF)
_POSITION = np.uint64((1 << 21) - 1)
_POSITION_BITS = np.uint64(21)

STYLE = (
    "stops",
    "commas",
    "quotation_marks",
    "exclamation_marks",
    "question_marks",
    "dashes",
    "contractions",
    "first_person",
    "function_words",
    "numbers",
    "word_length_spread",
    "long_words",
    "short_words",
    "sentence_length",
    "sentence_length_spread",
    "sentence_length_steps",
    "short_sentences",
    "long_sentences",
    "words_again_50",
    "words_again_200",
    "content_words_again",
    "words_used_once",
    "pairs_again",
    "fours_again",
    "openers",
    "comma_spread",
    "word_frequency",
    "word_frequency_spread",
    "rare_words",
    "very_rare_words",
    "unknown_words",
    "sentence_rarity_spread",
    "pair_familiarity",
    "pair_familiarity_spread",
    "unseen_pairs",
    "seen_pair_familiarity",
)

# Tokens that are counted each as one of these; the first habits of STYLE are their rates.
CLASSES = STYLE[:9]
_COMMA, _PERSON, _FUNCTION = (CLASSES.index(name) for name in ("commas", "first_person", "function_words"))


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """What the head reads of a text, arrays over tokens: ``width`` in characters, ``begins`` a sentence."""

    hash: Hashes
    width: Ints
    is_word: Flags
    is_number: Flags
    is_capital: Flags
    begins: Flags

    @classmethod
    def of(cls, document: Document) -> Tokens:
        """Take the first LONGEST tokens of ``document``."""
        n = min(len(document.hash), LONGEST)
        sentence = document.sentence[:n]
        begins = np.ones(n, np.bool_)
        begins[1:] = sentence[1:] != sentence[:-1]
        return cls(
            document.hash[:n],
            document.end[:n] - document.start[:n],
            document.is_word[:n],
            document.is_number[:n],
            document.is_capital[:n],
            begins,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """How common words and pairs of neighbours are in human writing, and which tokens are of which class.

    ``classes`` (2 ** WORD_BITS,) uint8: index in CLASSES of the tokens of each slot, len(CLASSES) for most.
    ``words`` (2 ** WORD_BITS,) uint8: code of the log frequency of the commonest word of each slot.
    ``pairs`` (2 ** PAIR_BITS,) uint16: upper byte a fingerprint of the pair, lower byte the code of the log
    chance of the second word after the first, 0 for none.
    """

    classes: NDArray[np.uint8]
    words: NDArray[np.uint8]
    pairs: NDArray[np.uint16]

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> Background:
        """Read what ``to_arrays`` wrote."""
        return cls(*(arrays[f"background_{name}"] for name in cls.__slots__))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays under the names they have in the file of the head."""
        return {f"background_{name}": getattr(self, name) for name in self.__slots__}


def word_slots(hashes: Hashes) -> Hashes:
    """Return the slot of each token in the tables of words and classes."""
    return hashes >> np.uint64(64 - WORD_BITS)


def count(flags: Flags) -> int:
    """Return how many flags are set."""
    return int(np.count_nonzero(flags))


def pair_hashes(hashes: Hashes) -> Hashes:
    """Return the hash of each token with its follower, one fewer than tokens."""
    return mix(hashes[:-1] * CHAIN + hashes[1:])


def style(tokens: Tokens, background: Background, pairs: Hashes) -> Floats:
    """Measure the habits named in STYLE, shape (len(STYLE),); ``pairs`` is ``pair_hashes(tokens.hash)``."""
    word = tokens.is_word
    words = count(word)
    if words < 5:
        return np.full(len(STYLE), NAN)
    hashes = tokens.hash
    slots = word_slots(hashes)
    known = background.classes[slots]
    rates = (np.bincount(known, minlength=len(CLASSES) + 1) / words).tolist()
    function = (known == _FUNCTION) | (known == _PERSON)
    width = tokens.width[word]
    at = np.flatnonzero(tokens.begins)
    lengths = np.add.reduceat(word.astype(np.int64), at)
    openers = np.sort(hashes[at])
    return np.array(
        (
            *rates[:_FUNCTION],
            rates[_FUNCTION] + rates[_PERSON],
            count(tokens.is_number) / words,
            _spread(width)[1],
            count(width >= 9) / words,
            count(width <= 3) / words,
            *_sentence_lengths(lengths[lengths > 0]),
            *_again(hashes, word, function, pairs),
            (count(openers[1:] != openers[:-1]) + 1) / len(openers) if len(openers) > 3 else NAN,
            _comma_spread(known, lengths, at),
            *_rarity(background.words[slots], tokens, words, at, lengths),
            *_familiarity(pairs, background),
        )
    )


def _sentence_lengths(lengths: Ints) -> tuple[float, ...]:
    n = len(lengths)
    if n == 0:
        return (NAN,) * 5
    mean, spread = _spread(lengths)
    spread, steps = spread / mean, float(np.abs(lengths[1:] - lengths[:-1]).sum()) / max(n - 1, 1) / mean
    if n < 3:
        spread = steps = NAN
    return math.log(mean), spread, steps, count(lengths < 8) / n, count(lengths > 30) / n


def _again(hashes: Hashes, word: Flags, function: Flags, pairs: Hashes) -> tuple[float, ...]:
    own = hashes[word]
    n = len(own)
    if n < 20:
        return (NAN,) * 6
    # Word and position in one number: after one sort a word stands behind its last occurrence.
    packed = np.sort((own & ~_POSITION) | np.arange(n, dtype=np.uint64))
    position = (packed & _POSITION).astype(np.int64)
    same = (packed[1:] ^ packed[:-1]) >> _POSITION_BITS == 0
    here = position[1:][same]
    gap = here - position[:-1][same]
    content = ~function[word]
    n_content = count(content)
    new = np.ones(n, np.bool_)
    new[1:] = ~same
    once = new.copy()
    once[:-1] &= new[1:]
    return (
        count(gap <= 50) / n,
        count(gap <= 200) / n,
        count(content[here] & (gap <= 100)) / n_content if n_content > 10 else NAN,
        count(once) / n,
        _duplicates(pairs),
        _duplicates(mix(pairs[:-2] * CHAIN + pairs[2:])),
    )


def _comma_spread(known: NDArray[np.uint8], lengths: Ints, at: Ints) -> float:
    long = lengths >= 4
    if count(long) < 3:
        return NAN
    commas = np.add.reduceat((known == _COMMA).astype(np.int64), at)
    return _spread(commas[long] / lengths[long])[1]


def _spread(values: NDArray[Any]) -> tuple[float, float]:
    n = len(values)
    mean = float(values.sum()) / n
    return mean, math.sqrt(max(float((values * values).sum()) / n - mean * mean, 0.0))


def _duplicates(hashes: Hashes) -> float:
    ordered = np.sort(hashes)
    return count(ordered[1:] == ordered[:-1]) / len(ordered) if len(ordered) else NAN


def _rarity(codes: NDArray[np.uint8], tokens: Tokens, words: int, at: Ints, lengths: Ints) -> tuple[float, ...]:
    word = tokens.is_word
    frequency = codes / LOG_STEP + LOWEST_WORD
    own = frequency[word]
    mean, spread = _spread(own)
    by_sentence = NAN
    long = lengths >= 4
    if count(long) > 2:
        by_sentence = _spread(np.add.reduceat(frequency * word, at)[long] / lengths[long])[1]
    plain = word & ~(tokens.is_capital | tokens.is_number)  # a name that is not known says nothing
    unknown = count(plain & (codes == 0)) / words
    return mean, spread, count(own < -11.5) / words, count(own < -13.8) / words, unknown, by_sentence


def _familiarity(pairs: Hashes, background: Background) -> tuple[float, ...]:
    n = len(pairs)
    if n < 10:
        return (NAN,) * 4
    entry = background.pairs[pairs >> _PAIR_SHIFT]
    code = entry & 0xFF
    seen = (code > 0) & (entry >> 8 == (pairs & _BYTE))
    n_seen = count(seen)
    chance = np.where(seen, (code - 1.0) / LOG_STEP + LOWEST_PAIR, LOWEST_PAIR - 2.0)
    mean, spread = _spread(chance)
    among = (mean * n - (n - n_seen) * (LOWEST_PAIR - 2.0)) / n_seen if n_seen else NAN
    return mean, spread, 1 - n_seen / n, among
