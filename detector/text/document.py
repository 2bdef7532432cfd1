"""A text as flat arrays: tokens, sentences and paragraphs, made once and read by everything after.

A token is a word (a run of letters or digits, with apostrophes between letters
and points or commas between digits) or a single punctuation character.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.text.normalise import Normalised
from detector.text.sentences import split

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]

SPACE, LETTER, DIGIT, MARK = 0, 1, 2, 3
_TABLE_END = 0x3000
_LONGEST_HASHED = 48  # characters of a word that enter its hash; nothing in English is longer
_MULTIPLIER = 0x9E3779B97F4A7C15
_MIX = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)


def _class_table() -> NDArray[np.uint8]:
    """Return the class of every code point below U+3000; those above are letters, save for emoji."""
    table = np.full(_TABLE_END, LETTER, np.uint8)
    table[:0x80] = MARK
    table[0x80:0xC0] = MARK
    table[0x2000:0x2C00] = MARK
    table[[0xD7, 0xF7]] = MARK
    table[[0xAA, 0xB5, 0xBA]] = LETTER
    for start, end, kind in (("0", "9", DIGIT), ("A", "Z", LETTER), ("a", "z", LETTER)):
        table[ord(start) : ord(end) + 1] = kind
    table[:0x21] = SPACE
    table[[0x7F, 0x85, 0xA0]] = SPACE
    return table


_CLASSES = _class_table()
_POWERS = np.array([pow(_MULTIPLIER, i, 1 << 64) for i in range(_LONGEST_HASHED)] + [0], np.uint64)


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One text, tokenised. Offsets index ``source.text``; arrays are parallel within a group.

    Tokens: ``start``, ``end``, ``hash`` (of the lower-cased token), ``sentence``
    (its index), ``is_word``, ``is_number`` (a word that starts with a digit),
    ``is_capital`` (starts with a capital letter),
    ``ending`` (its last two characters, lower case, as ``ending_code`` gives them). Sentences: ``sentence_start``,
    ``sentence_end``, ``first_token`` (length sentences + 1), ``paragraph`` (its
    index), ``words`` (white-space tokens).
    """

    source: Normalised
    start: Ints
    end: Ints
    hash: Hashes
    sentence: Ints
    is_word: Flags
    is_number: Flags
    is_capital: Flags
    ending: Ints
    sentence_start: Ints
    sentence_end: Ints
    first_token: Ints
    paragraph: Ints
    words: Ints

    @property
    def n_sentences(self) -> int:
        """The number of sentences, headings and boilerplate included."""
        return len(self.sentence_start)


def read(source: Normalised, segments: Sequence[tuple[int, int]] | None = None) -> Document:
    """Tokenise ``source`` and split it into sentences, or into ``segments`` (spans of ``source.text``).

    Segments must be in order and must not overlap; tokens outside all of them are dropped.
    """
    text = source.text
    spans = split(source) if segments is None else segments
    bounds = np.array(spans, np.int64).reshape(-1, 2)
    lowered = _lower(text)
    codes = _codes(lowered)
    kinds = _kinds(codes)
    _join(codes, kinds)
    is_inside = (kinds == LETTER) | (kinds == DIGIT)
    begins = kinds == MARK
    begins[:1] |= is_inside[:1]
    begins[1:] |= is_inside[1:] & ~is_inside[:-1]
    start = np.flatnonzero(begins)
    sentence = np.searchsorted(bounds[:, 0], start, side="right") - 1
    if len(bounds):
        kept = (sentence >= 0) & (start < bounds[np.maximum(sentence, 0), 1])
    else:
        kept = np.zeros(len(start), np.bool_)
    end = _ends(start, kinds, is_inside, len(text))
    hashes = hash_runs(codes, start, end)
    if not kept.all():
        start, end, hashes, sentence = start[kept], end[kept], hashes[kept], sentence[kept]
    first = kinds[start]
    upper = _codes(text)[start] != codes[start]
    white = kinds == SPACE
    tokens_begin = ~white
    tokens_begin[1:] &= white[:-1]
    return Document(
        source=source,
        start=start,
        end=end,
        hash=hashes,
        sentence=sentence,
        is_word=first != MARK,
        is_number=first == DIGIT,
        is_capital=upper,
        ending=(codes[np.maximum(end - 2, start)].astype(np.int64) << 32) + codes[end - 1],
        sentence_start=bounds[:, 0],
        sentence_end=bounds[:, 1],
        first_token=np.searchsorted(sentence, np.arange(len(bounds) + 1)),
        paragraph=_paragraphs(text, bounds),
        words=_count_between(tokens_begin, bounds),
    )


def hash_runs(codes: NDArray[np.uint32], start: Ints, end: Ints) -> Hashes:
    """Return a 64-bit hash of each run ``codes[start:end]``; equal runs have equal hashes wherever they stand.

    The sum of code times a power of an odd constant, then one multiply-shift round to spread it.
    """
    if not len(start):
        return np.zeros(0, np.uint64)
    length = end - start
    begin = length.cumsum() - length
    place = np.arange(int(begin[-1] + length[-1]))
    values = codes[place + (start - begin).repeat(length)].astype(np.uint64)
    place -= begin.repeat(length)
    values *= _POWERS.take(place, mode="clip")
    sums = np.add.reduceat(values, begin)
    return mix(sums)


def mix(values: Hashes) -> Hashes:
    """Spread 64-bit values so that every bit of the result depends on every bit given."""
    values = (values ^ (values >> _HALF)) * _MIX
    return values ^ (values >> _HALF)


def hash_word(word: str) -> int:
    """Return the hash a lower-case ``word`` has in a document."""
    codes = _codes(word)
    return int(hash_runs(codes, np.array([0]), np.array([len(codes)]))[0])


def ending_code(letters: str) -> int:
    """Return the ``ending`` of words that end in two given letters."""
    return (ord(letters[0]) << 32) + ord(letters[1])


def _lower(text: str) -> str:
    lowered = text.lower()
    if len(lowered) != len(text):  # a few capitals, such as the dotted I, grow when lowered
        lowered = "".join(low if len(low := char.lower()) == 1 else char for char in text)
    return lowered


def _codes(text: str) -> NDArray[np.uint32]:
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), np.uint8).astype(np.uint32)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _kinds(codes: NDArray[np.uint32]) -> NDArray[np.uint8]:
    kinds = _CLASSES[np.minimum(codes, _TABLE_END - 1)]
    beyond = codes >= 0x1F000
    if beyond.any():
        kinds[beyond & (codes < 0x20000)] = MARK
    if (codes >= _TABLE_END).any():
        kinds[(codes >= 0x3000) & (codes < 0x3040)] = MARK
    return kinds


def _join(codes: NDArray[np.uint32], kinds: NDArray[np.uint8]) -> None:
    """Make an apostrophe between letters a letter, and a point or comma between digits a digit."""
    if len(codes) < 3:
        return
    before, after = kinds[:-2], kinds[2:]
    middle = codes[1:-1]
    letter = (middle == ord("'")) & (before == LETTER) & (after == LETTER)
    digit = ((middle == ord(".")) | (middle == ord(","))) & (before == DIGIT) & (after == DIGIT)
    inner = kinds[1:-1]
    inner[letter] = LETTER
    inner[digit] = DIGIT


def _ends(start: Ints, kinds: NDArray[np.uint8], is_inside: Flags, length: int) -> Ints:
    """Return the end of each token: the next place that is not part of a word."""
    outside = np.flatnonzero(~is_inside)
    stops = np.append(outside, length)
    end = stops[np.searchsorted(outside, start, side="left")]
    marks = kinds[start] == MARK
    end[marks] = start[marks] + 1
    return end


def _count_between(begins: Flags, bounds: Ints) -> Ints:
    """Count the white-space tokens that begin in each span; a span cut inside a token counts that piece too."""
    total = np.concatenate(([0], np.cumsum(begins)))
    counts = total[bounds[:, 1]] - total[bounds[:, 0]]
    return counts + ~begins[np.minimum(bounds[:, 0], len(begins) - 1)] if len(begins) else counts


def _paragraphs(text: str, bounds: Ints) -> Ints:
    """Return the paragraph of each sentence: lines are paragraphs unless a sentence runs across them."""
    breaks = np.array(
        [0] * (len(bounds) > 0)
        + ["\n" in text[end:start] for end, start in zip(bounds[:-1, 1].tolist(), bounds[1:, 0].tolist(), strict=True)],
        np.int64,
    )
    return np.cumsum(breaks)
