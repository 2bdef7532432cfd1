"""One article as every feature reads it: its words looked up, its n-grams, its phrases, its sentences compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.features.background import LONGEST_PHRASE, Background, Floats, chain
from detector.features.overlap import Overlap, compare
from detector.text.document import Document, Flags, Hashes, Ints
from detector.text.roles import PROSE, roles

LONGEST_GRAM = 5


@dataclass(frozen=True, slots=True, eq=False)
class Grams:
    """The n-grams of one length that lie inside a sentence: ``at`` is the index of the first word."""

    n: int
    hash: Hashes
    at: Ints


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Arrays over words (W), sentences (S) and lists (L).

    ``word`` is the token of each word. ``fresh`` marks words that no earlier prose sentence has, ``first`` those
    that stand for the first time. ``covered`` (L, W) says which words lie in an entry of each list. ``vectors``
    (S, D) are unit means of word vectors weighted by rarity, ``plain`` (S, D) unweighted means over all words.
    ``in_prose`` (W,) marks words of prose, ``list_share`` (L,) is the share of them that each list covers.
    ``common`` holds log2 of the corpus counts of the 2-grams and the 3-grams, 0 for rare ones.
    """

    document: Document
    role: NDArray[np.uint8]
    word: Ints
    hash: Hashes
    sentence: Ints
    bounds: Ints
    known: Flags
    idf: Floats
    content: Flags
    name: Flags
    number: Flags
    group: Ints
    first: Flags
    fresh: Flags
    grams: tuple[Grams, ...]
    common: tuple[Floats, Floats]
    lists: tuple[str, ...]
    covered: Flags
    in_prose: Flags
    list_share: Floats
    vectors: Floats
    plain: Floats
    overlap: Overlap

    @property
    def n_sentences(self) -> int:
        """Sentences, headings and boilerplate included."""
        return len(self.role)

    @property
    def prose(self) -> Flags:
        """Which sentences are prose (S,)."""
        prose: Flags = self.role == PROSE
        return prose

    def list(self, name: str) -> Flags:
        """Which words lie in an entry of the list ``name`` (W,)."""
        covered: Flags = self.covered[self.lists.index(name)]
        return covered

    def per_sentence(self, values: NDArray[np.generic]) -> Floats:
        """Sum ``values`` (..., W) over the words of each sentence: (..., S)."""
        return segment_sums(np.asarray(values, np.float64), self.bounds)


def look(document: Document, background: Background) -> View:
    """Look ``document`` up in ``background``."""
    role = roles(document)
    word = np.flatnonzero(document.is_word)
    hashes = document.hash[word]
    sentence = document.sentence[word]
    bounds = np.searchsorted(sentence, np.arange(document.n_sentences + 1))
    vocabulary = background.vocabulary
    index = vocabulary.find(hashes)
    known = index >= 0
    idf = np.where(known, vocabulary.idf[index], vocabulary.unknown_idf)
    grams = _grams(hashes, sentence)
    covered = _cover(hashes, grams, background)
    lists = background.phrases.names
    content = ~covered[lists.index("function_words")]
    opens = np.zeros(len(word), np.bool_)
    opens[bounds[:-1][bounds[:-1] < bounds[1:]]] = True
    number = document.is_number[word]
    name = document.is_capital[word] & content & ~opens & ~number
    in_prose = role[sentence] == PROSE
    is_all = bool(in_prose.all())
    count = int(np.count_nonzero(in_prose))
    inside = covered if is_all else covered & in_prose
    list_share = np.count_nonzero(inside, axis=1) / count if count else np.full(len(lists), np.nan)
    # What a heading says does not count as said: its words are kept apart from those of the prose.
    apart = hashes if is_all else hashes ^ (~in_prose).astype(np.uint64)
    _, at, group = np.unique(apart, return_index=True, return_inverse=True)
    first = np.zeros(len(word), np.bool_)
    first[at] = True
    fresh = sentence[at][group] == sentence
    weight = idf * content
    vectors, plain = _vectors(vocabulary.vectors, index, known, weight, bounds)
    return View(
        document=document,
        role=role,
        word=word,
        hash=hashes,
        sentence=sentence,
        bounds=bounds,
        known=known,
        idf=idf,
        content=content,
        name=name,
        number=number,
        group=group,
        first=first,
        fresh=fresh,
        grams=grams,
        common=(background.commonness.find(grams[1].hash), background.commonness.find(grams[2].hash)),
        lists=lists,
        covered=covered,
        in_prose=in_prose,
        list_share=list_share,
        vectors=vectors,
        plain=plain,
        overlap=compare(sentence[content], group[content], idf[content], vectors, role == PROSE),
    )


def segment_sums(values: Floats, bounds: Ints) -> Floats:
    """Sum ``values`` (..., W) over [bounds[i], bounds[i + 1]) for each i; an empty segment sums to 0."""
    if values.shape[-1] == 0:
        return np.zeros((*values.shape[:-1], len(bounds) - 1))
    starts = np.minimum(bounds[:-1], values.shape[-1] - 1)
    sums: Floats = np.add.reduceat(values, starts, axis=-1) if len(starts) else np.zeros((*values.shape[:-1], 0))
    sums[..., bounds[:-1] == bounds[1:]] = 0.0  # reduceat gives the next element for an empty segment
    return sums


def _row_sums(values: Floats, bounds: Ints) -> Floats:
    """Sum the rows of ``values`` (W, D) over each segment, (S, D)."""
    if not len(values):
        return np.zeros((len(bounds) - 1, values.shape[1]))
    sums: Floats = np.add.reduceat(values, np.minimum(bounds[:-1], len(values) - 1), axis=0)
    sums[bounds[:-1] == bounds[1:]] = 0.0
    return sums


def _grams(hashes: Hashes, sentence: Ints) -> tuple[Grams, ...]:
    grams = [Grams(1, hashes, np.arange(len(hashes)))]
    chained = hashes
    for n in range(2, LONGEST_PHRASE + 1):
        chained = chain(chained[:-1], hashes[n - 1 :])
        at = np.flatnonzero(sentence[: len(chained)] == sentence[n - 1 :])
        grams.append(Grams(n, chained[at], at))
    return tuple(grams)


def _cover(hashes: Hashes, grams: tuple[Grams, ...], background: Background) -> Flags:
    """Mark the words that lie in an entry of each list."""
    count = len(background.phrases.names)
    steps = np.zeros((count, len(hashes) + 1), np.int64)
    bits = np.arange(count, dtype=np.uint64)
    for gram in grams:
        hit, lists = background.phrases.find(gram.hash)
        which, in_list = np.nonzero((lists[:, None] >> bits) & np.uint64(1))
        start = gram.at[hit[which]]
        np.add.at(steps, (in_list, start), 1)
        np.add.at(steps, (in_list, start + gram.n), -1)
    covered: Flags = np.cumsum(steps[:, :-1], axis=1) > 0
    return covered


def _vectors(
    table: NDArray[np.int8], index: Ints, known: Flags, weight: Floats, bounds: Ints
) -> tuple[Floats, Floats]:
    """Return unit rarity-weighted means and plain means of word vectors, by sentence."""
    words = table[index].astype(np.float64)
    words *= (known / 127.0)[:, None]
    plain = _row_sums(words, bounds) / np.maximum(np.diff(bounds), 1)[:, None]
    words *= weight[:, None]
    means = _row_sums(words, bounds)
    norm = np.sqrt(np.einsum("ij,ij->i", means, means))
    return means / np.maximum(norm, 1e-9)[:, None], plain
