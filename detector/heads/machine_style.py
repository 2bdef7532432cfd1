"""Habits that tell machine from human writing whatever it is about: lengths, repetition, rarity, marks.

Every number is a rate or a mean, so that a text of 100 words can be held against one of 1,000.
NaN where a text is too short to tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.features.background import expect
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
    """What the head reads of A texts, arrays over their T tokens: ``width`` in characters, ``begins`` a sentence.

    Text i is ``bounds[i]:bounds[i + 1]``; its first token begins a sentence.
    """

    hash: Hashes
    width: Ints
    is_word: Flags
    is_number: Flags
    is_capital: Flags
    begins: Flags
    bounds: Ints

    @classmethod
    def of(cls, *documents: Document) -> Tokens:
        """Take the first LONGEST tokens of each document."""
        return cls.join([cls._one(document) for document in documents])

    @classmethod
    def _one(cls, document: Document) -> Tokens:
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
            np.array([0, n]),
        )

    @classmethod
    def join(cls, parts: Sequence[Tokens]) -> Tokens:
        """Return the texts of all ``parts``, one after the other."""
        if len(parts) == 1:
            return parts[0]
        sizes = np.concatenate([np.zeros(1, np.int64), *[np.diff(part.bounds) for part in parts]])
        columns = [np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__[:-1]]
        columns.append(sizes.cumsum())
        return cls(*columns)

    @property
    def n_texts(self) -> int:
        """How many texts there are."""
        return len(self.bounds) - 1

    @property
    def text(self) -> Ints:
        """The text of each token (T,)."""
        return np.arange(self.n_texts).repeat(np.diff(self.bounds))


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
        """Read what ``to_arrays`` wrote. Raises ValueError for tables of another form."""
        classes = expect(arrays, "background_classes", np.uint8, 1 << WORD_BITS)
        if classes.max() > len(CLASSES):
            raise ValueError(f"background_classes holds {classes.max()}, expected at most {len(CLASSES)}")
        words = expect(arrays, "background_words", np.uint8, 1 << WORD_BITS)
        return cls(classes, words, expect(arrays, "background_pairs", np.uint16, 1 << PAIR_BITS))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays under the names they have in the file of the head."""
        return {f"background_{name}": getattr(self, name) for name in self.__slots__}


def word_slots(hashes: Hashes) -> Hashes:
    """Return the slot of each token in the tables of words and classes."""
    return hashes >> np.uint64(64 - WORD_BITS)


def pair_hashes(hashes: Hashes) -> Hashes:
    """Return the hash of each token with its follower, one fewer than tokens."""
    return mix(hashes[:-1] * CHAIN + hashes[1:])


def neighbours(text: Ints, n: int) -> Ints:
    """Return where runs of ``n`` tokens of one text begin, given the text of each token."""
    at: Ints = (text[: len(text) - n + 1] == text[n - 1 :]).nonzero()[0]
    return at


def style(tokens: Tokens, background: Background) -> Floats:
    """Measure the habits named in STYLE, (A, len(STYLE)); NaN for a text of fewer than five words.

    Every sum is over one text alone, so that a text has the same habits in any company.
    """
    texts, text, word = tokens.n_texts, tokens.text, tokens.is_word
    words = _counts(text[word], texts)
    slots = word_slots(tokens.hash)
    known = background.classes[slots]
    own = np.bincount(text * (len(CLASSES) + 1) + known, minlength=texts * (len(CLASSES) + 1))
    function = (known == _FUNCTION) | (known == _PERSON)
    at = tokens.begins.nonzero()[0]
    lengths = np.add.reduceat(word.astype(np.int64), at) if len(at) else np.zeros(0, np.int64)
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = own.reshape(texts, -1) / words[:, None]
        found = dict(zip(CLASSES, rates.T, strict=False))
        found["function_words"] = found["function_words"] + found["first_person"]
        found |= _widths(tokens, text, words)
        found |= _sentences(tokens.hash[at], text[at], lengths, texts)
        found |= _again(tokens, text, function)
        found["comma_spread"] = _comma_spread(known, text, at, lengths, texts)
        found |= _rarity(background.words[slots], tokens, text, words, at, lengths)
        found |= _familiarity(tokens, text, background)
    habits = np.stack([found[name] for name in STYLE], axis=1)
    habits[words < 5] = NAN
    return habits


def _counts(text: Ints, texts: int) -> Floats:
    """Return how often each text is named, (A,)."""
    return np.bincount(text, minlength=texts).astype(np.float64)


def _where(is_defined: Flags, values: Floats) -> Floats:
    return np.where(is_defined, values, NAN)


def _sums(values: NDArray[Any], text: Ints, texts: int) -> Floats:
    """Sum ``values`` over each text, (A,); ``text`` is sorted."""
    sums: Floats = np.bincount(text, values, texts).astype(np.float64, copy=False)
    return sums


def _spread(values: NDArray[Any], text: Ints, texts: int) -> tuple[Floats, Floats]:
    """Return the mean and the standard deviation of the values of each text, (A,) both."""
    number = _counts(text, texts)
    mean = _sums(values, text, texts) / number
    return mean, np.sqrt(np.maximum(_sums(values * values, text, texts) / number - mean * mean, 0.0))


def _widths(tokens: Tokens, text: Ints, words: Floats) -> dict[str, Floats]:
    texts = len(words)
    own, width = text[tokens.is_word], tokens.width[tokens.is_word]
    return {
        "numbers": _counts(text[tokens.is_number], texts) / words,
        "word_length_spread": _spread(width, own, texts)[1],
        "long_words": _counts(own[width >= 9], texts) / words,
        "short_words": _counts(own[width <= 3], texts) / words,
    }


def _sentences(openers: Hashes, text: Ints, lengths: Ints, texts: int) -> dict[str, Floats]:
    """Measure sentence lengths and openings; all arrays are over sentences."""
    number = _counts(text, texts)
    packed = np.sort((openers & ~_POSITION) | text.astype(np.uint64))
    again = (packed[1:][packed[1:] == packed[:-1]] & _POSITION).astype(np.int64)
    own, length = text[lengths > 0], lengths[lengths > 0]
    n = _counts(own, texts)
    mean, spread = _spread(length, own, texts)
    within = own[1:] == own[:-1]
    steps = _sums(np.abs(length[1:] - length[:-1])[within], own[1:][within], texts) / np.maximum(n - 1, 1)
    return {
        "sentence_length": np.log(mean),
        "sentence_length_spread": _where(n >= 3, spread / mean),
        "sentence_length_steps": _where(n >= 3, steps / mean),
        "short_sentences": _counts(own[length < 8], texts) / n,
        "long_sentences": _counts(own[length > 30], texts) / n,
        "openers": _where(number > 3, (number - _counts(again, texts)) / number),
    }


def _again(tokens: Tokens, text: Ints, function: Flags) -> dict[str, Floats]:
    """Measure how soon words, and how often runs of words, come again."""
    texts, word = tokens.n_texts, tokens.is_word
    own, of = tokens.hash[word], text[word]
    n = _counts(of, texts)
    # Word and position in one number: after one sort a word stands behind its last occurrence.
    packed = np.sort((own & ~_POSITION) | np.arange(len(own), dtype=np.uint64))
    position = (packed & _POSITION).astype(np.int64)
    ordered = of[position]
    same = ((packed[1:] ^ packed[:-1]) >> _POSITION_BITS == 0) & (ordered[1:] == ordered[:-1])
    here = position[1:][same]
    gap, its = here - position[:-1][same], of[here]
    content = ~function[word]
    n_content = _counts(of[content], texts)
    new = np.ones(len(own) + 1, np.bool_)
    new[1:-1] = ~same
    two = neighbours(text, 2)
    pairs = pair_hashes(tokens.hash)
    four = neighbours(text, 4)
    fours = mix(pairs[four] * CHAIN + pairs[four + 2])
    enough = n >= 20
    found = {
        "words_again_50": _counts(its[gap <= 50], texts) / n,
        "words_again_200": _counts(its[gap <= 200], texts) / n,
        "content_words_again": _where(n_content > 10, _counts(its[content[here] & (gap <= 100)], texts) / n_content),
        "words_used_once": _counts(ordered[new[:-1] & new[1:]], texts) / n,
        "pairs_again": _duplicates(pairs[two], text[two], texts),
        "fours_again": _duplicates(fours, text[four], texts),
    }
    return {name: _where(enough, values) for name, values in found.items()}


def _duplicates(hashes: Hashes, text: Ints, texts: int) -> Floats:
    """Return the share of hashes that the same text has had before, (A,)."""
    packed = np.sort((hashes & ~_POSITION) | text.astype(np.uint64))
    again = (packed[1:][packed[1:] == packed[:-1]] & _POSITION).astype(np.int64)
    return _counts(again, texts) / _counts(text, texts)


def _comma_spread(known: NDArray[np.uint8], text: Ints, at: Ints, lengths: Ints, texts: int) -> Floats:
    commas = np.add.reduceat((known == _COMMA).astype(np.int64), at) if len(at) else lengths
    long = lengths >= 4
    own = text[at][long]
    return _where(_counts(own, texts) >= 3, _spread(commas[long] / lengths[long], own, texts)[1])


def _rarity(
    codes: NDArray[np.uint8], tokens: Tokens, text: Ints, words: Floats, at: Ints, lengths: Ints
) -> dict[str, Floats]:
    """Measure how common the words are, and how that differs between sentences."""
    texts, word = tokens.n_texts, tokens.is_word
    frequency = codes / LOG_STEP + LOWEST_WORD
    of, own = text[word], frequency[word]
    mean, spread = _spread(own, of, texts)
    long = lengths >= 4
    sums = np.add.reduceat(frequency * word, at) if len(at) else np.zeros(0)
    sentence_text = text[at][long]
    by_sentence = _spread(sums[long] / lengths[long], sentence_text, texts)[1]
    plain = word & ~(tokens.is_capital | tokens.is_number)  # a name that is not known says nothing
    return {
        "word_frequency": mean,
        "word_frequency_spread": spread,
        "rare_words": _counts(of[own < -11.5], texts) / words,
        "very_rare_words": _counts(of[own < -13.8], texts) / words,
        "unknown_words": _counts(text[plain & (codes == 0)], texts) / words,
        "sentence_rarity_spread": _where(_counts(sentence_text, texts) > 2, by_sentence),
    }


def _familiarity(tokens: Tokens, text: Ints, background: Background) -> dict[str, Floats]:
    """Measure how usual it is that one token follows the other."""
    texts = tokens.n_texts
    two = neighbours(text, 2)
    pairs, of = pair_hashes(tokens.hash)[two], text[two]
    n = _counts(of, texts)
    entry = background.pairs[pairs >> _PAIR_SHIFT]
    code = entry & 0xFF
    seen = (code > 0) & (entry >> 8 == (pairs & _BYTE))
    n_seen = _counts(of[seen], texts)
    chance = np.where(seen, (code - 1.0) / LOG_STEP + LOWEST_PAIR, LOWEST_PAIR - 2.0)
    mean, spread = _spread(chance, of, texts)
    among = (mean * n - (n - n_seen) * (LOWEST_PAIR - 2.0)) / n_seen
    found = {
        "pair_familiarity": mean,
        "pair_familiarity_spread": spread,
        "unseen_pairs": 1 - n_seen / n,
        "seen_pair_familiarity": _where(n_seen > 0, among),
    }
    return {name: _where(n >= 10, values) for name, values in found.items()}
