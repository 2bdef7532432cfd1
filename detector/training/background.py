"""Word rarity and word vectors from the corpora; phrase tables from the lists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from importlib.resources import files

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils.extmath import randomized_svd

from detector.features.background import LONGEST_PHRASE, Background, Floats, Phrases, Vocabulary, chain
from detector.lexicon import entries
from detector.text.document import Hashes, Ints, read
from detector.text.normalise import Normalised, normalise

VOCABULARY_SIZE = 30_000
DIMENSIONS = 64
WINDOW = 5
LEAST_DOCUMENTS = 5
_BLOCK = 4_000_000
_CONTEXT_POWER = 0.75  # Levy, Goldberg & Dagan 2015: smooths the context distribution


def train_vocabulary(texts: Iterable[str], seed: int) -> Vocabulary:
    """Count words over ``texts`` and train word vectors: PPMI of a 5-word window, then a truncated SVD.

    Levy & Goldberg 2014, with context smoothing. Vectors are scaled by the root of the singular values and to
    unit length. Raises ValueError if the texts hold fewer than 1,000 different words.
    """
    hashes, offsets = _tokens(texts)
    kinds, index = np.unique(hashes, return_inverse=True)
    document = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    frequency = _document_frequency(index, document, len(kinds), len(offsets) - 1)
    enough = np.flatnonzero(frequency >= min(LEAST_DOCUMENTS, max(2, len(offsets) // 50)))
    if len(enough) < DIMENSIONS * 4:
        raise ValueError(
            f"the texts share only {len(enough)} words; at least {DIMENSIONS * 4} that occur in several "
            "texts are needed, so give more texts"
        )
    kept = np.sort(enough[np.argsort(-frequency[enough], kind="stable")[:VOCABULARY_SIZE]])
    place = np.full(len(kinds), -1, np.int32)
    place[kept] = np.arange(len(kept))
    vectors = _vectors(place[index], document, len(kept), seed)
    documents = len(offsets) - 1
    return Vocabulary(
        hashes=kinds[kept],
        idf=np.log((documents + 1) / (frequency[kept] + 1)).astype(np.float32).astype(np.float64),
        unknown_idf=float(np.log((documents + 1) / (int(frequency[kept].min()) + 1)) + 0.5),
        vectors=np.round(vectors * 127).astype(np.int8),
    )


def phrase_table(keep: Mapping[str, Collection[str]] | None = None) -> Phrases:
    """Return the table of all lists in ``detector/lexicons``; ``keep`` replaces the entries of the lists it names."""
    names = tuple(sorted(p.name[:-4] for p in files("detector").joinpath("lexicons").iterdir() if p.name.endswith(".txt")))
    table: dict[int, int] = {}
    for bit, name in enumerate(names):
        chosen = entries(name) if keep is None or name not in keep else keep[name]
        for value in _phrase_hashes(tuple(chosen)).tolist():
            table[value] = table.get(value, 0) | 1 << bit
    hashes = np.array(sorted(table), np.uint64)
    return Phrases.of(names, hashes, np.array([table[int(h)] for h in hashes], np.uint64))


def background(vocabulary: Vocabulary, keep: Mapping[str, Collection[str]] | None = None) -> Background:
    """Join a vocabulary and the phrase lists."""
    return Background(vocabulary, phrase_table(keep))


def _phrase_hashes(phrases: tuple[str, ...]) -> Hashes:
    """Hash whole phrases as n-grams of a text are hashed; those longer than any n-gram are left out."""
    text = "\n".join(phrases)
    spans, start = [], 0
    for phrase in phrases:
        spans.append((start, start + len(phrase)))
        start += len(phrase) + 1
    document = read(Normalised(text, text, None, (), (), ()), spans)
    words = document.hash[document.is_word]
    sentence = document.sentence[document.is_word]
    size = np.bincount(sentence, minlength=len(phrases))
    opens = np.cumsum(size) - size
    grams = words[opens[size > 0]].copy()
    size, opens = size[size > 0], opens[size > 0]
    for n in range(1, LONGEST_PHRASE):
        longer = size > n
        grams[longer] = chain(grams[longer], words[opens[longer] + n])
    return grams[size <= LONGEST_PHRASE]


def _tokens(texts: Iterable[str]) -> tuple[Hashes, Ints]:
    parts: list[Hashes] = []
    sizes = [0]
    for text in texts:
        source = normalise(text)
        document = read(source, [(0, len(source.text))] if source.text else [])
        words = document.hash[document.is_word]
        parts.append(words)
        sizes.append(len(words))
    return np.concatenate(parts) if parts else np.zeros(0, np.uint64), np.cumsum(sizes)


def _document_frequency(index: Ints, document: Ints, kinds: int, documents: int) -> Ints:
    pairs = np.unique(index.astype(np.int64) * documents + document)
    return np.bincount(pairs // documents, minlength=kinds)


def _vectors(words: NDArray[np.int32], document: Ints, size: int, seed: int) -> Floats:
    counts = sp.csr_matrix((size, size), dtype=np.float32)
    for start in range(0, len(words), _BLOCK):
        block, where = words[start : start + _BLOCK + WINDOW], document[start : start + _BLOCK + WINDOW]
        for distance in range(1, WINDOW + 1):
            left, right = block[:-distance], block[distance:]
            pair = (left >= 0) & (right >= 0) & (where[:-distance] == where[distance:])
            pair[_BLOCK:] = False
            weights = np.full(int(pair.sum()), 1.0 / distance, np.float32)
            counts = counts + sp.csr_matrix((weights, (left[pair], right[pair])), shape=(size, size))
    counts = (counts + counts.T).tocoo()
    total = counts.data.sum(dtype=np.float64)
    row = np.bincount(counts.row, counts.data, minlength=size)
    context = row**_CONTEXT_POWER
    context *= total / context.sum()
    information = np.log(counts.data * total / (row[counts.row] * context[counts.col]))
    positive = (information > 0) & (counts.data >= 1.0)
    ppmi = sp.csr_matrix(
        (information[positive], (counts.row[positive], counts.col[positive])), shape=(size, size)
    )
    left_vectors, values, _ = randomized_svd(ppmi, n_components=DIMENSIONS, n_iter=3, random_state=seed)
    vectors: Floats = left_vectors * np.sqrt(values)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
