"""Articles as every feature reads them: words looked up, n-grams, phrases, sentences compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.features.background import LONGEST_PHRASE, Background, Floats, Phrases, chain
from detector.features.overlap import Overlap, compare
from detector.features.repeats import Occurrences, Repeats, occurrences, repeats
from detector.features.vectors import sentence_vectors
from detector.text.document import Document, Flags, Hashes, Ints
from detector.text.roles import PROSE, roles

LONGEST_GRAM = 5
RARE, VERY_RARE = 5.0, 6.5  # idf; a rare word stands in fewer than about one text in 150
_LISTS_HELD = 64  # bits of a word


@dataclass(frozen=True, slots=True, eq=False)
class Grams:
    """The n-grams of one length (W - n + 1,), by their first words: ``inside`` marks those within one sentence."""

    n: int
    hash: Hashes
    inside: Flags

    @property
    def at(self) -> Ints:
        """The first words of the n-grams within a sentence."""
        return self.inside.nonzero()[0]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Arrays over the words (W) and sentences (S) of one text or of several (T), and lists (L).

    ``word`` is the token of each word. ``fresh`` marks words that no earlier prose sentence has, ``previous`` is the
    place of the same word before, -1 for none. Bit b of
    ``listed`` (W,) says that the word lies in an entry of list b, ``list_counts`` (S, L) counts such words.
    ``vectors`` (S, D) are unit means of word vectors weighted by rarity, ``plain`` (S, D) unweighted means over all
    words. ``prose`` (S,) marks sentences of prose, ``in_prose`` (W,) their words. ``common`` holds log2 of the corpus
    counts of the 2-grams and the 3-grams, 0 for rare ones; ``repeats`` the 2- to 5-grams that stand again, ``again``
    (W,) the words that do. ``sums`` (S,) are totals over the words of each sentence, by name, ``totals`` (T,) and
    ``list_totals`` (T, L) those over the prose of each text, which has ``prose_words`` and ``prose_sentences`` (T,).
    ``bounds`` (S + 1) are the sentences as ranges of words, ``texts`` (T + 1) the texts as ranges of sentences,
    ``text`` (S,) is the text of each sentence.
    """

    document: Document
    role: NDArray[np.uint8]
    prose: Flags
    word: Ints
    hash: Hashes
    sentence: Ints
    bounds: Ints
    texts: Ints
    text: Ints
    known: Flags
    idf: Floats
    content: Flags
    capital: Flags
    name: Flags
    number: Flags
    length: Ints
    previous: Ints
    fresh: Flags
    again: Flags
    grams: tuple[Grams, ...]
    common: tuple[Floats, Floats]
    repeats: tuple[Repeats, ...]
    lists: tuple[str, ...]
    listed: Hashes
    list_counts: Ints
    in_prose: Flags
    sums: Mapping[str, Floats]
    totals: Mapping[str, Floats]
    list_totals: Floats
    prose_words: Floats
    prose_sentences: Floats
    vectors: Floats
    plain: Floats
    overlap: Overlap

    @property
    def n_sentences(self) -> int:
        """Sentences, headings and boilerplate included."""
        return len(self.role)

    @property
    def n_texts(self) -> int:
        """Texts, empty ones included."""
        return len(self.texts) - 1

    @property
    def words(self) -> Ints:
        """The texts as ranges of words (T + 1)."""
        return self.bounds[self.texts]

    @property
    def first(self) -> Flags:
        """Which words stand for the first time (W,)."""
        return self.previous < 0

    def list(self, name: str) -> Flags:
        """Which words lie in an entry of the list ``name`` (W,)."""
        return _has(self.listed, self.lists.index(name))

    def count(self, words: Flags) -> Ints:
        """Count the words of prose marked in ``words`` (W,), by text (T,)."""
        marked = self.sentence[(words & self.in_prose).nonzero()[0]]
        return np.bincount(self.text[marked], minlength=self.n_texts)

    def per_text(self, values: NDArray[np.generic]) -> Floats:
        """Sum ``values`` (..., S) over the sentences of each text: (..., T)."""
        return segment_sums(np.asarray(values, np.float64), self.texts)


def look(document: Document, background: Background) -> View:
    """Look ``document`` up in ``background``."""
    role = roles(document)
    prose = role == PROSE
    word = document.is_word.nonzero()[0]
    hashes = document.hash[word]
    sentence = document.sentence[word]
    count = len(role)
    bounds = sentence.searchsorted(np.arange(count + 1))
    texts = document.texts
    text = np.arange(len(texts) - 1).repeat(texts[1:] - texts[:-1])
    in_text = text[sentence]
    vocabulary = background.vocabulary
    index = vocabulary.find(hashes)
    known = index >= 0
    idf = np.where(known, vocabulary.idf.take(index, mode="wrap"), vocabulary.unknown_idf)
    grams = _grams(hashes, sentence)
    lists = background.phrases.names
    listed = _listed(grams, background.phrases)
    content = ~_has(listed, lists.index("function_words"))
    capital, number = document.is_capital[word], document.is_number[word]
    name = capital & content & ~number
    name[bounds[:-1][bounds[:-1] < bounds[1:]]] = False  # the first word of a sentence has a capital anyway
    in_prose = prose[sentence]
    found = occurrences(hashes, sentence, in_text, ~in_prose)
    common = (background.commonness.find(grams[1].hash), background.commonness.find(grams[2].hash))
    common = (common[0] * grams[1].inside, common[1] * grams[2].inside)
    length = (document.end - document.start)[word]
    first = found.previous < 0
    content_idf = idf * content
    rare = content & (idf > RARE)
    values = {
        "words": np.ones(len(word)),
        "names": name,
        "new_names": name & first,
        "numbers": number,
        "new_numbers": number & first,
        "rare_new_words": rare & first,
        "very_rare_new_words": content & (idf > VERY_RARE) & first,
        "unknown_words": ~known,
        "capitals": capital,
        "rare_words": rare,
        "content": content,
        "content_idf": content_idf,
        "new_idf": content_idf * found.fresh,
        "letters": length,
        "common_2grams": common[0] > 0,
        "common_3grams": common[1] > 0,
        "log_2grams": common[0],
        "log_3grams": common[1],
    }
    vectors, plain = sentence_vectors(vocabulary.vectors, index, known, content_idf, bounds)
    list_counts = _list_counts(listed, sentence, count, len(lists))
    sums, totals = _sums(values, bounds, prose, texts)
    by_word = found.order[content[found.order]]
    return View(
        document=document,
        role=role,
        prose=prose,
        word=word,
        hash=hashes,
        sentence=sentence,
        bounds=bounds,
        texts=texts,
        text=text,
        known=known,
        idf=idf,
        content=content,
        capital=capital,
        name=name,
        number=number,
        length=length,
        previous=found.previous,
        fresh=found.fresh,
        again=found.again,
        grams=grams,
        common=common,
        repeats=_repeats(grams, found, sentence, in_text),
        lists=lists,
        listed=listed,
        list_counts=list_counts,
        in_prose=in_prose,
        sums=sums,
        totals=totals,
        list_totals=segment_sums((list_counts * prose[:, None]).T.astype(np.float64), texts).T,
        prose_words=totals["words"],
        prose_sentences=segment_sums(prose.astype(np.float64), texts),
        vectors=vectors,
        plain=plain,
        overlap=compare(sentence[by_word], found.group[by_word], idf[by_word], vectors, prose, texts),
    )


def segment_sums(values: Floats, bounds: Ints) -> Floats:
    """Sum ``values`` (..., W) over [bounds[i], bounds[i + 1]) for each i; an empty segment sums to 0."""
    return segment_reduce(np.add, values, bounds)


def segment_reduce(ufunc: np.ufunc, values: Floats, bounds: Ints) -> Floats:
    """Reduce ``values`` (..., W) over [bounds[i], bounds[i + 1]) for each i; an empty segment gives 0."""
    reduced = np.zeros((*values.shape[:-1], len(bounds) - 1))
    filled = (bounds[:-1] < bounds[1:]).nonzero()[0]
    if len(filled):  # reduceat would give the next element for an empty segment
        reduced[..., filled] = ufunc.reduceat(values[..., : bounds[-1]], bounds[filled], axis=-1)
    return reduced


def _has(listed: Hashes, bit: int) -> Flags:
    has: Flags = (listed & np.uint64(1 << bit)) != 0
    return has


def _grams(hashes: Hashes, sentence: Ints) -> tuple[Grams, ...]:
    grams = [Grams(1, hashes, np.ones(len(hashes), np.bool_))]
    chained = hashes
    for n in range(2, LONGEST_PHRASE + 1):
        chained = chain(chained[:-1], hashes[n - 1 :])
        grams.append(Grams(n, chained, sentence[: len(chained)] == sentence[n - 1 :]))
    return tuple(grams)


def _listed(grams: tuple[Grams, ...], phrases: Phrases) -> Hashes:
    """Return for each word the lists in an entry of which it lies, one bit for each."""
    hit, lists = phrases.find(np.concatenate([gram.hash for gram in grams]))
    listed = np.zeros(len(grams[0].hash), np.uint64)
    begin = 0
    for gram in grams:
        low, high = hit.searchsorted((begin, begin + len(gram.hash))).tolist()
        at, own = hit[low:high] - begin, lists[low:high]
        inside = gram.inside[at]
        at, own = at[inside], own[inside]
        for _ in range(gram.n if len(at) else 0):
            listed[at] |= own  # n-grams of one length begin at different words
            at = at + 1
        begin += len(gram.hash)
    return listed


def _list_counts(listed: Hashes, sentence: Ints, sentences: int, lists: int) -> Ints:
    """Count the words of each sentence that lie in an entry of each list, (S, L)."""
    words = listed.nonzero()[0]
    used = -(-lists // 8)  # bytes
    wide = listed[words].astype("<u8", copy=False).view(np.uint8).reshape(-1, 8)[:, :used]
    at = np.unpackbits(wide, bitorder="little").view(np.bool_).nonzero()[0]
    row, column = np.divmod(at, 8 * used)
    counts = np.bincount(sentence[words][row] * _LISTS_HELD + column, minlength=_LISTS_HELD * sentences)
    return counts.reshape(sentences, _LISTS_HELD)[:, :lists]


def _repeats(grams: tuple[Grams, ...], words: Occurrences, sentence: Ints, text: Ints) -> tuple[Repeats, ...]:
    """Find the 2- to 5-grams that stand more than once in their text."""
    found = []
    twice = words.twice
    for gram in grams[1:LONGEST_GRAM]:
        candidates = gram.inside & twice[: len(gram.inside)] & twice[1 : len(gram.inside) + 1]
        own, twice = repeats(gram.hash, candidates, sentence, text)
        found.append(own)
    return tuple(found)


def _sums(
    values: Mapping[str, NDArray[np.generic]], bounds: Ints, prose: Flags, texts: Ints
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Add the values of words up by sentence, and over the prose of each text.

    Values of n-grams stand at their first words.
    """
    table = np.zeros((len(values), bounds[-1]))
    for row, own in zip(table, values.values(), strict=True):
        row[: len(own)] = own
    sums = segment_sums(table, bounds)
    totals = segment_sums(sums * prose, texts)
    return dict(zip(values, sums, strict=True)), dict(zip(values, totals, strict=True))
