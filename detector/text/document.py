"""Texts as flat arrays: tokens, sentences and paragraphs, made once and read by everything after.

Several texts are laid end to end and read in one go, for most of the time goes into calling
NumPy, not into what it does; one text is a batch of one. No value depends on the neighbours.

A token is a word (a run of letters or digits, with apostrophes between letters
and points or commas between digits) or a single punctuation character.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.text.case import lower
from detector.text.normalise import Normalised
from detector.text.sentences import split

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]

SPACE, LETTER, DIGIT, MARK = 0, 1, 2, 3
_TABLE_END = 0x3000
_SIGMA = "\u03a3"
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
_BLOCK = 256  # powers are products of those of a block and those inside it
_INVERSE = pow(_MULTIPLIER, -1, 1 << 64)


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One text or several (T), tokenised. Offsets index the text of its own source; arrays are parallel within a group.

    Tokens: ``start``, ``end``, ``hash`` (of the lower-cased token), ``sentence``
    (its index), ``is_word``, ``is_number`` (a word that starts with a digit),
    ``is_capital`` (starts with a capital letter),
    ``ending`` (its last two characters, lower case, as ``ending_code`` gives them). Sentences: ``sentence_start``,
    ``sentence_end``, ``first_token`` (length sentences + 1), ``paragraph`` (its
    index in the text), ``words`` (white-space tokens). Texts: ``texts`` (T + 1) bounds them as ranges of sentences.
    """

    sources: tuple[Normalised, ...]
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
    texts: Ints

    @property
    def source(self) -> Normalised:
        """The only text; ValueError if there are several."""
        (only,) = self.sources
        return only

    @property
    def n_sentences(self) -> int:
        """The number of sentences, headings and boilerplate included."""
        return len(self.sentence_start)

    def apart(self) -> list[Document]:
        """Return each text by itself."""
        if len(self.sources) == 1:
            return [self]
        sentences = self.texts.tolist()
        tokens = self.first_token[self.texts].tolist()
        return [
            self._part(source, slice(*sentences[i : i + 2]), slice(*tokens[i : i + 2]))
            for i, source in enumerate(self.sources)
        ]

    def _part(self, source: Normalised, sentences: slice, tokens: slice) -> Document:
        return Document(
            (source,),
            self.start[tokens],
            self.end[tokens],
            self.hash[tokens],
            self.sentence[tokens] - sentences.start,
            self.is_word[tokens],
            self.is_number[tokens],
            self.is_capital[tokens],
            self.ending[tokens],
            self.sentence_start[sentences],
            self.sentence_end[sentences],
            self.first_token[sentences.start : sentences.stop + 1] - tokens.start,
            self.paragraph[sentences],
            self.words[sentences],
            np.array([0, sentences.stop - sentences.start]),
        )


def read(source: Normalised, segments: Sequence[tuple[int, int]] | None = None) -> Document:
    """Tokenise ``source`` and split it into sentences, or into ``segments`` (spans of ``source.text``).

    Segments must be in order and must not overlap; tokens outside all of them are dropped.
    """
    return _read((source,), [split(source) if segments is None else segments])


def read_many(sources: Sequence[Normalised]) -> Document:
    """Tokenise several texts and split them into sentences."""
    return _read(tuple(sources), [split(source) for source in sources])


def _read(sources: tuple[Normalised, ...], spans: list[Sequence[tuple[int, int]]]) -> Document:
    joined = "\n".join([source.text for source in sources])
    begin = np.array([0, *[len(source.text) + 1 for source in sources]]).cumsum()  # of each text in ``joined``
    sizes = np.array([len(own) for own in spans])
    texts = np.concatenate(([0], sizes.cumsum()))
    offset = begin[:-1].repeat(sizes)
    bounds = np.fromiter(chain.from_iterable(chain.from_iterable(spans)), np.int64, 2 * int(texts[-1])).reshape(-1, 2)
    opens, closes = bounds[:, 0] + offset, bounds[:, 1] + offset
    codes = _codes(joined)
    lowered = _lowered(codes, joined)
    kinds = _kinds(lowered)
    _join(lowered, kinds)
    start, end = _tokens(kinds)
    low, high = start.searchsorted(opens), start.searchsorted(closes)
    counts = high - low
    first_token = np.concatenate(([0], counts.cumsum()))
    if first_token[-1] < len(start):  # tokens between sentences
        kept = np.arange(first_token[-1]) + (low - first_token[:-1]).repeat(counts)
        start, end = start[kept], end[kept]
    sentence = np.arange(len(opens)).repeat(counts)
    first = kinds[start]
    before = lowered[np.maximum(end - 2, start)].astype(np.int64)
    own = offset[sentence]
    return Document(
        sources=sources,
        start=start - own,
        end=end - own,
        hash=hash_runs(lowered, start, end),
        sentence=sentence,
        is_word=first != MARK,
        is_number=first == DIGIT,
        is_capital=codes[start] != lowered[start],
        ending=(before << 32) + lowered[end - 1],
        sentence_start=bounds[:, 0],
        sentence_end=bounds[:, 1],
        first_token=first_token,
        paragraph=_paragraphs(codes, opens, closes, texts),
        words=_blank_separated(kinds != SPACE, opens, closes, (begin[1:] - 2).repeat(sizes)),
        texts=texts,
    )


def hash_runs(codes: NDArray[np.unsignedinteger[Any]], start: Ints, end: Ints) -> Hashes:
    """Return a 64-bit hash of each run ``codes[start:end]``; equal runs have equal hashes wherever they stand.

    The sum of code times a power of an odd constant, then one multiply-shift round to spread it. Modulo 2 ** 64 the
    sum is exactly a difference of sums from the beginning, divided by the power at the start.
    """
    if not len(start):
        return np.zeros(0, np.uint64)
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum(_powers(_MULTIPLIER, len(codes)) * codes, out=sums[1:])
    sums = sums[np.minimum(end, start + _LONGEST_HASHED)] - sums[start]
    blocks, inner = _block_powers(_INVERSE, len(codes))
    return mix(sums * blocks[start // _BLOCK] * inner[start % _BLOCK])


def _powers(base: int, count: int) -> Hashes:
    """Return ``base`` to the powers 0 to ``count`` - 1, modulo 2 ** 64."""
    blocks, inner = _block_powers(base, count)
    return (blocks[:, None] * inner).ravel()[:count]


def _block_powers(base: int, count: int) -> tuple[Hashes, Hashes]:
    """Return the powers of ``base`` at every _BLOCK-th of ``count`` places, and those inside a block."""
    inner, step = _inner_powers(base)
    blocks = np.full(count // _BLOCK + 1, step, np.uint64)
    blocks[0] = 1
    return np.multiply.accumulate(blocks), inner


@cache
def _inner_powers(base: int) -> tuple[Hashes, np.uint64]:
    powers = [pow(base, i, 1 << 64) for i in range(_BLOCK + 1)]
    return np.array(powers[:-1], np.uint64), np.uint64(powers[-1])


def mix(values: Hashes) -> Hashes:
    """Spread 64-bit values so that every bit of the result depends on every bit given."""
    values = (values ^ (values >> _HALF)) * _MIX
    return values ^ (values >> _HALF)


def hash_words(words: Sequence[str]) -> Hashes:
    """Return the hashes that lower-case ``words``, none of them empty, have in a document (N,)."""
    end = np.array([len(word) for word in words], np.int64).cumsum()
    start = np.concatenate((np.zeros(1, np.int64), end[:-1]))
    return hash_runs(_codes("".join(words)), start, end)


def hash_word(word: str) -> int:
    """Return the hash a lower-case ``word`` has in a document."""
    return int(hash_words([word])[0])


def ending_code(letters: str) -> int:
    """Return the ``ending`` of words that end in two given letters."""
    return (ord(letters[0]) << 32) + ord(letters[1])


def _codes(text: str) -> NDArray[np.unsignedinteger[Any]]:
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


@cache
def _lower_table() -> NDArray[np.uint32]:
    """Return the small letter of every code point below _TABLE_END."""
    return np.array(_codes(lower("".join(map(chr, range(_TABLE_END))))))


def _lowered(codes: NDArray[np.unsignedinteger[Any]], text: str) -> NDArray[np.unsignedinteger[Any]]:
    """Return the code points of ``text`` in small letters."""
    if codes.dtype == np.uint8 or _SIGMA in text:  # which small sigma it is depends on its neighbours
        return _codes(lower(text))
    lowered = _lower_table().take(codes, mode="clip")
    far = (codes >= _TABLE_END).nonzero()[0]
    if len(far):
        letters = codes[far].tobytes().decode("utf-32-le", "surrogatepass")
        lowered[far] = np.frombuffer(lower(letters).encode("utf-32-le", "surrogatepass"), np.uint32)
    return lowered


def _kinds(codes: NDArray[np.unsignedinteger[Any]]) -> NDArray[np.uint8]:
    kinds: NDArray[np.uint8] = _CLASSES.take(codes, mode="clip")
    if codes.dtype == np.uint8:
        return kinds
    far = (codes >= _TABLE_END).nonzero()[0]
    if len(far):
        values = codes[far]
        kinds[far[(values < 0x3040) | ((values >= 0x1F000) & (values < 0x20000))]] = MARK
    return kinds


def _join(codes: NDArray[np.unsignedinteger[Any]], kinds: NDArray[np.uint8]) -> None:
    """Make an apostrophe between letters a letter, and a point or comma between digits a digit."""
    marks = (kinds == MARK).nonzero()[0]
    marks = marks[(marks > 0) & (marks < len(codes) - 1)]
    before, after, code = kinds[marks - 1], kinds[marks + 1], codes[marks]
    letter = (code == ord("'")) & (before == LETTER) & (after == LETTER)
    digit = ((code == ord(".")) | (code == ord(","))) & (before == DIGIT) & (after == DIGIT)
    kinds[marks[letter]] = LETTER
    kinds[marks[digit]] = DIGIT


def _tokens(kinds: NDArray[np.uint8]) -> tuple[Ints, Ints]:
    """Return where tokens begin and end: every mark, and every run of letters and digits."""
    inside = np.zeros(len(kinds) + 2, np.bool_)
    np.less(kinds - np.uint8(1), 2, out=inside[1:-1])  # LETTER or DIGIT
    mark = kinds == MARK
    start = (mark | (inside[1:-1] & ~inside[:-2])).nonzero()[0]
    end = (mark | (inside[1:-1] & ~inside[2:])).nonzero()[0] + 1
    return start, end


def _blank_separated(solid: Flags, opens: Ints, closes: Ints, last: Ints) -> Ints:
    """Count the white-space tokens that begin in each span; a span cut inside a token counts that piece too.

    ``solid`` marks the characters that are no blanks, ``last`` (S,) is the last character of the text of each span.
    """
    begins = solid.copy()
    begins[1:] &= ~solid[:-1]
    places = begins.nonzero()[0]
    counts = places.searchsorted(closes) - places.searchsorted(opens)
    return counts + ~begins[np.minimum(opens, last)] if len(begins) else counts


def _paragraphs(codes: NDArray[np.unsignedinteger[Any]], opens: Ints, closes: Ints, texts: Ints) -> Ints:
    """Return the paragraph of each sentence: lines are paragraphs unless a sentence runs across them."""
    if not len(opens):
        return np.zeros(0, np.int64)
    breaks = (codes == ord("\n")).nonzero()[0]
    paragraph = np.zeros(len(opens), np.int64)
    paragraph[1:] = (breaks.searchsorted(opens[1:]) > breaks.searchsorted(closes[:-1])).cumsum()
    sizes = texts[1:] - texts[:-1]
    return paragraph - paragraph[texts[:-1][sizes > 0]].repeat(sizes[sizes > 0])
