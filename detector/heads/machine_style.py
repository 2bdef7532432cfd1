"""Habits that tell machine from human writing whatever it is about: lengths, repetition, rarity, marks.

Every number is a rate or a mean, so that a text of 100 words can be held against one of 1,000.
NaN where a text is too short to tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.text.document import Document, Flags, Hashes, Ints, mix

Floats = NDArray[np.float64]

WORD_BITS = 18
PAIR_BITS = 19
LOG_STEP = 15.0  # codes of a logarithm per unit
LOWEST_WORD = -17.0  # logarithm of the relative frequency that code 0 stands for
LOWEST_PAIR = -12.0  # of the chance of a word after another that code 1 stands for
LONGEST = 1 << 20  # tokens that are looked at; a longer text is judged by its beginning
CHAIN = np.uint64(0x9E3779B97F4A7C15)
_WORD_SHIFT = np.uint64(64 - WORD_BITS)
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
_PERSON, _FUNCTION = CLASSES.index("first_person"), CLASSES.index("function_words")


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

    ``known`` (W,) sorted hashes, ``known_class`` (W,) their index in CLASSES.
    ``words`` (2 ** WORD_BITS,) uint8: code of the log frequency of the commonest word of each slot.
    ``pairs`` (2 ** PAIR_BITS,) uint16: upper byte a fingerprint of the pair, lower byte the code of the log
    chance of the second word after the first, 0 for none.
    """

    known: Hashes
    known_class: NDArray[np.uint8]
    words: NDArray[np.uint8]
    pairs: NDArray[np.uint16]

    def classes(self, hashes: Hashes) -> Ints:
        """Return the index in CLASSES of each token, len(CLASSES) for those of none."""
        slot = np.searchsorted(self.known, hashes)
        slot[slot == len(self.known)] = 0
        return np.where(self.known[slot] == hashes, self.known_class[slot], len(CLASSES)).astype(np.int64)

    def frequency(self, hashes: Hashes) -> Floats:
        """Return the log relative frequency of each word."""
        out: Floats = self.words[hashes >> _WORD_SHIFT] / LOG_STEP + LOWEST_WORD
        return out

    def chance(self, pairs: Hashes) -> Floats:
        """Return the log chance of each pair's second word after its first, NaN for pairs not seen."""
        entry = self.pairs[pairs >> _PAIR_SHIFT]
        code = entry & 0xFF
        hit = (code > 0) & (entry >> 8 == (pairs & _BYTE))
        return np.where(hit, (code - 1.0) / LOG_STEP + LOWEST_PAIR, np.nan)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> Background:
        """Read what ``to_arrays`` wrote."""
        return cls(*(arrays[f"background_{name}"] for name in cls.__slots__))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays under the names they have in the file of the head."""
        return {f"background_{name}": getattr(self, name) for name in self.__slots__}


def pair_hashes(hashes: Hashes) -> Hashes:
    """Return the hash of each token with its follower, one fewer than tokens."""
    return mix(hashes[:-1] * CHAIN + hashes[1:])


def style(tokens: Tokens, background: Background, pairs: Hashes) -> Floats:
    """Measure the habits named in STYLE, shape (len(STYLE),); ``pairs`` is ``pair_hashes(tokens.hash)``."""
    word = tokens.is_word
    words = int(word.sum())
    if words < 5:
        return np.full(len(STYLE), np.nan)
    hashes = tokens.hash
    known = background.classes(hashes)
    rates = (np.bincount(known, minlength=len(CLASSES) + 1) / words).tolist()
    function = (known == _FUNCTION) | (known == _PERSON)
    width = tokens.width[word]
    mean = width.sum() / words
    at = np.flatnonzero(tokens.begins)
    lengths = np.add.reduceat(word.astype(np.int64), at)
    openers = np.sort(hashes[at])
    return np.array(
        (
            *rates[:_FUNCTION],
            rates[_FUNCTION] + rates[_PERSON],
            tokens.is_number.sum() / words,
            np.sqrt(max((width * width).sum() / words - mean * mean, 0.0)),
            (width >= 9).sum() / words,
            (width <= 3).sum() / words,
            *_sentence_lengths(lengths[lengths > 0]),
            *_again(hashes, word, function, pairs),
            ((openers[1:] != openers[:-1]).sum() + 1) / len(openers) if len(openers) > 3 else np.nan,
            *_rarity(background.frequency(hashes), tokens, words, at, lengths),
            *_familiarity(background.chance(pairs)),
        )
    )


def _sentence_lengths(lengths: Ints) -> tuple[float, ...]:
    n = len(lengths)
    if n == 0:
        return (np.nan,) * 5
    mean = lengths.sum() / n
    spread = steps = np.nan
    if n > 2:
        spread = np.sqrt(max((lengths * lengths).sum() / n - mean * mean, 0.0)) / mean
        steps = np.abs(lengths[1:] - lengths[:-1]).sum() / (n - 1) / mean
    return np.log(mean), spread, steps, (lengths < 8).sum() / n, (lengths > 30).sum() / n


def _again(hashes: Hashes, word: Flags, function: Flags, pairs: Hashes) -> tuple[float, ...]:
    own = hashes[word]
    n = len(own)
    if n < 20:
        return (np.nan,) * 6
    # Word and position in one number: after one sort a word stands behind its last occurrence.
    packed = np.sort((own & ~_POSITION) | np.arange(n, dtype=np.uint64))
    position = (packed & _POSITION).astype(np.int64)
    same = (packed[1:] ^ packed[:-1]) >> _POSITION_BITS == 0
    here = position[1:][same]
    gap = here - position[:-1][same]
    content = ~function[word]
    n_content = int(content.sum())
    new = np.ones(n, np.bool_)
    new[1:] = ~same
    once = new.copy()
    once[:-1] &= new[1:]
    return (
        (gap <= 50).sum() / n,
        (gap <= 200).sum() / n,
        (content[here] & (gap <= 100)).sum() / n_content if n_content > 10 else np.nan,
        once.sum() / n,
        _duplicates(pairs),
        _duplicates(mix(pairs[:-2] * CHAIN + pairs[2:])),
    )


def _duplicates(hashes: Hashes) -> float:
    ordered = np.sort(hashes)
    return float((ordered[1:] == ordered[:-1]).sum() / len(ordered)) if len(ordered) else np.nan


def _rarity(frequency: Floats, tokens: Tokens, words: int, at: Ints, lengths: Ints) -> tuple[float, ...]:
    word = tokens.is_word
    own = frequency[word]
    mean = own.sum() / words
    spread = np.sqrt(max((own * own).sum() / words - mean * mean, 0.0))
    by_sentence = np.nan
    long = lengths >= 4
    if long.sum() > 2:
        means = np.add.reduceat(np.where(word, frequency, 0.0), at)[long] / lengths[long]
        by_sentence = means.std()
    plain = word & ~tokens.is_capital & ~tokens.is_number  # a name that is not known says nothing
    unknown = (plain & (frequency == LOWEST_WORD)).sum() / words
    return mean, spread, (own < -11.5).sum() / words, (own < -13.8).sum() / words, unknown, by_sentence


def _familiarity(chance: Floats) -> tuple[float, ...]:
    n = len(chance)
    if n < 10:
        return (np.nan,) * 4
    seen = ~np.isnan(chance)
    n_seen = int(seen.sum())
    filled = np.where(seen, chance, LOWEST_PAIR - 2.0)
    mean = filled.sum() / n
    spread = np.sqrt(max((filled * filled).sum() / n - mean * mean, 0.0))
    return mean, spread, 1 - n_seen / n, chance[seen].sum() / n_seen if n_seen else np.nan
