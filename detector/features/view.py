"""One article as every feature reads it: its words looked up, its n-grams, its phrases, its sentences compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.features.background import LONGEST_PHRASE, Background, Floats, Phrases, chain
from detector.features.overlap import Overlap, compare
from detector.text.document import Document, Flags, Hashes, Ints
from detector.text.roles import PROSE, roles

LONGEST_GRAM = 5
_SENTENCES_AT_ONCE = 256  # whose word vectors are held together


@dataclass(frozen=True, slots=True, eq=False)
class Grams:
    """The n-grams of one length that lie inside a sentence: ``at`` is the index of the first word."""

    n: int
    hash: Hashes
    at: Ints
    sentence: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Repeats:
    """Where else each n-gram of one length stands: whether it stood before, the first and the last sentence with it."""

    again: Flags
    earliest: Ints
    latest: Ints


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Arrays over words (W), sentences (S) and lists (L).

    ``word`` is the token of each word. ``fresh`` marks words that no earlier prose sentence has, ``first`` those
    that stand for the first time, ``previous`` is the place of the same word before, -1 for none. Bit b of
    ``listed`` (W,) says that the word lies in an entry of list b, ``list_counts`` (S, L) counts such words.
    ``vectors`` (S, D) are unit means of word vectors weighted by rarity, ``plain`` (S, D) unweighted means over all
    words. ``prose`` (S,) marks sentences of prose, ``in_prose`` (W,) their words, ``list_share`` (L,) is the share
    of these that each list covers. ``common`` holds log2 of the corpus counts of the 2-grams and the 3-grams, 0 for
    rare ones, and ``repeats`` where else they stand. ``bounds`` (S + 1) are the sentences as ranges of words.
    """

    document: Document
    role: NDArray[np.uint8]
    prose: Flags
    word: Ints
    hash: Hashes
    sentence: Ints
    bounds: Ints
    known: Flags
    idf: Floats
    content: Flags
    capital: Flags
    name: Flags
    number: Flags
    length: Ints
    group: Ints
    first: Flags
    previous: Ints
    fresh: Flags
    grams: tuple[Grams, ...]
    common: tuple[Floats, Floats]
    repeats: tuple[Repeats, Repeats]
    lists: tuple[str, ...]
    listed: Hashes
    list_counts: Ints
    in_prose: Flags
    list_share: Floats
    vectors: Floats
    plain: Floats
    overlap: Overlap

    @property
    def n_sentences(self) -> int:
        """Sentences, headings and boilerplate included."""
        return len(self.role)

    def list(self, name: str) -> Flags:
        """Which words lie in an entry of the list ``name`` (W,)."""
        return _has(self.listed, self.lists.index(name))

    def per_sentence(self, values: NDArray[np.generic]) -> Floats:
        """Sum ``values`` (..., W) over the words of each sentence: (..., S)."""
        return segment_sums(np.asarray(values, np.float64), self.bounds)


def look(document: Document, background: Background) -> View:
    """Look ``document`` up in ``background``."""
    role = roles(document)
    prose = role == PROSE
    word = document.is_word.nonzero()[0]
    hashes = document.hash[word]
    sentence = document.sentence[word]
    count = len(role)
    bounds = sentence.searchsorted(np.arange(count + 1))
    vocabulary = background.vocabulary
    index = vocabulary.find(hashes)
    known = index >= 0
    idf = np.where(known, vocabulary.idf[index], vocabulary.unknown_idf)
    grams = _grams(hashes, sentence)
    lists = background.phrases.names
    listed = _listed(grams, background.phrases)
    list_counts = _list_counts(listed, sentence, count, len(lists))
    content = ~_has(listed, lists.index("function_words"))
    capital, number = document.is_capital[word], document.is_number[word]
    name = capital & content & ~number
    name[bounds[:-1][bounds[:-1] < bounds[1:]]] = False  # the first word of a sentence has a capital anyway
    in_prose = prose[sentence]
    is_all = bool(prose.all())
    own = len(word) if is_all else int(np.count_nonzero(in_prose))
    covered = (list_counts if is_all else list_counts[prose]).sum(axis=0)
    # What a heading says does not count as said: its words are kept apart from those of the prose.
    group, at, previous = _occurrences(hashes if is_all else hashes ^ (~in_prose).astype(np.uint64))
    weight = idf * content
    vectors, plain = _vectors(vocabulary.vectors, index, known, weight, bounds)
    split = len(grams[1].hash)
    common = background.commonness.find(np.concatenate((grams[1].hash, grams[2].hash)))
    return View(
        document=document,
        role=role,
        prose=prose,
        word=word,
        hash=hashes,
        sentence=sentence,
        bounds=bounds,
        known=known,
        idf=idf,
        content=content,
        capital=capital,
        name=name,
        number=number,
        length=(document.end - document.start)[word],
        group=group,
        first=previous < 0,
        previous=previous,
        fresh=sentence[at][group] == sentence,
        grams=grams,
        common=(common[:split], common[split:]),
        repeats=_repeats(grams[1], grams[2]),
        lists=lists,
        listed=listed,
        list_counts=list_counts,
        in_prose=in_prose,
        list_share=covered / own if own else np.full(len(lists), np.nan),
        vectors=vectors,
        plain=plain,
        overlap=compare(sentence[content], group[content], idf[content], vectors, prose),
    )


def segment_sums(values: Floats, bounds: Ints) -> Floats:
    """Sum ``values`` (..., W) over [bounds[i], bounds[i + 1]) for each i; an empty segment sums to 0."""
    sums = np.zeros((*values.shape[:-1], len(bounds) - 1))
    filled = (bounds[:-1] < bounds[1:]).nonzero()[0]
    if len(filled):  # reduceat would give the next element for an empty segment
        sums[..., filled] = np.add.reduceat(values[..., : bounds[-1]], bounds[filled], axis=-1)
    return sums


def _has(listed: Hashes, bit: int) -> Flags:
    has: Flags = (listed & np.uint64(1 << bit)) != 0
    return has


def _grams(hashes: Hashes, sentence: Ints) -> tuple[Grams, ...]:
    grams = [Grams(1, hashes, np.arange(len(hashes)), sentence)]
    chained = hashes
    for n in range(2, LONGEST_PHRASE + 1):
        chained = chain(chained[:-1], hashes[n - 1 :])
        at = (sentence[: len(chained)] == sentence[n - 1 :]).nonzero()[0]
        grams.append(Grams(n, chained[at], at, sentence[at]))
    return tuple(grams)


def _listed(grams: tuple[Grams, ...], phrases: Phrases) -> Hashes:
    """Return for each word the lists in an entry of which it lies, one bit for each."""
    hit, lists = phrases.find(np.concatenate([gram.hash for gram in grams]))
    listed = np.zeros(len(grams[0].hash), np.uint64)
    begin = 0
    for gram in grams:
        low, high = hit.searchsorted((begin, begin + len(gram.hash))).tolist()
        at, own = gram.at[hit[low:high] - begin], lists[low:high]
        for _ in range(gram.n if high > low else 0):
            listed[at] |= own  # n-grams of one length begin at different words
            at = at + 1
        begin += len(gram.hash)
    return listed


def _list_counts(listed: Hashes, sentence: Ints, sentences: int, lists: int) -> Ints:
    """Count the words of each sentence that lie in an entry of each list, (S, L)."""
    bits = np.unpackbits(listed.astype("<u8", copy=False).view(np.uint8), bitorder="little")
    at = bits.view(np.bool_).nonzero()[0]
    counts = np.bincount((sentence[at >> 6] << 6) | (at & 63), minlength=64 * sentences)
    return counts.reshape(sentences, 64)[:, :lists]


def _occurrences(hashes: Hashes) -> tuple[Ints, Ints, Ints]:
    """Number the different words; return each word's number, where each number stands first, where each word stood.

    The last is the place before, -1 for none.
    """
    order = hashes.argsort(kind="stable")
    ordered = hashes[order]
    opens = np.ones(len(order), np.bool_)
    opens[1:] = ordered[1:] != ordered[:-1]
    group = np.empty(len(order), np.int64)
    group[order] = opens.cumsum() - 1
    previous = np.full(len(order), -1)
    again = (~opens).nonzero()[0]
    previous[order[again]] = order[again - 1]
    return group, order[opens], previous


def _repeats(two: Grams, three: Grams) -> tuple[Repeats, Repeats]:
    """Find equal 2-grams and equal 3-grams, with one sort for both."""
    hashes = np.concatenate((two.hash, three.hash))
    order = hashes.argsort(kind="stable")
    ordered, where = hashes[order], np.concatenate((two.sentence, three.sentence))[order]
    opens = np.ones(len(order) + 1, np.bool_)
    opens[1:-1] = ordered[1:] != ordered[:-1]
    begin = opens.nonzero()[0]
    number = opens[:-1].cumsum() - 1
    again = np.empty(len(order), np.bool_)
    earliest, latest = np.empty((2, len(order)), np.int64)
    again[order] = ~opens[:-1]
    earliest[order] = where[begin[:-1]][number]
    latest[order] = where[begin[1:] - 1][number]
    split = len(two.hash)
    return (
        Repeats(again[:split], earliest[:split], latest[:split]),
        Repeats(again[split:], earliest[split:], latest[split:]),
    )


def _vectors(
    table: NDArray[np.int8], index: Ints, known: Flags, weight: Floats, bounds: Ints
) -> tuple[Floats, Floats]:
    """Return unit rarity-weighted means and plain means of word vectors, by sentence."""
    weights = np.empty((2, len(index)))
    np.divide(known, 127.0, out=weights[0])
    np.multiply(weights[0], weight, out=weights[1])
    sums = np.zeros((len(bounds) - 1, 2, table.shape[1]))
    edges = bounds.tolist()
    for low in range(0, len(sums), _SENTENCES_AT_ONCE):
        high = min(low + _SENTENCES_AT_ONCE, len(sums))
        begin = edges[low]
        words = table.take(index[begin : edges[high]], axis=0, mode="wrap").astype(np.float64)
        for i in range(low, high):
            start, end = edges[i], edges[i + 1]
            np.matmul(weights[:, start:end], words[start - begin : end - begin], out=sums[i])
    plain = sums[:, 0] / np.maximum(bounds[1:] - bounds[:-1], 1)[:, None]
    means = sums[:, 1]
    norm = np.sqrt(np.einsum("ij,ij->i", means, means))
    return means / np.maximum(norm, 1e-9)[:, None], plain
