"""Word rarity and word vectors from the corpora; phrase tables from the lists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from importlib.resources import files

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils.extmath import randomized_svd

from detector.features.background import (
    LONGEST_PHRASE,
    Background,
    Commonness,
    Floats,
    Phrases,
    Vocabulary,
    chain,
)
from detector.lexicon import entries
from detector.text.document import Hashes, Ints, read
from detector.text.normalise import Normalised, normalise

VOCABULARY_SIZE = 30_000
DIMENSIONS = 64
WINDOW = 5
LEAST_DOCUMENTS = 5
LEAST_COUNTS = {2: 10, 3: 8}  # by n: rarer n-grams are not kept
COMMON_BITS = 20
_BLOCK = 4_000_000
_CONTEXT_POWER = 0.75  # Levy, Goldberg & Dagan 2015: smooths the context distribution


def train_background(texts: Iterable[str], seed: int) -> Background:
    """Count words and n-grams over ``texts``, train word vectors, and join the phrase lists.

    Raises ValueError if the texts share too few words.
    """
    hashes, offsets = _tokens(texts)
    document = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    return Background(
        _vocabulary(hashes, document, len(offsets) - 1, seed), _commonness(hashes, document), phrase_table()
    )


def _vocabulary(hashes: Hashes, document: Ints, documents: int, seed: int) -> Vocabulary:
    """Count words and train their vectors: PPMI of a 5-word window (Levy & Goldberg 2014), then a truncated SVD.

    Vectors are scaled by the root of the singular values and to unit length.
    """
    kinds, index = np.unique(hashes, return_inverse=True)
    frequency = _document_frequency(index, document, len(kinds), documents)
    enough = np.flatnonzero(frequency >= min(LEAST_DOCUMENTS, max(2, documents // 50)))
    if len(enough) < DIMENSIONS * 4:
        raise ValueError(
            f"the texts share only {len(enough)} words; at least {DIMENSIONS * 4} that occur in several "
            "texts are needed, so give more texts"
        )
    kept = np.sort(enough[np.argsort(-frequency[enough], kind="stable")[:VOCABULARY_SIZE]])
    place = np.full(len(kinds), -1, np.int32)
    place[kept] = np.arange(len(kept))
    vectors = _vectors(place[index], document, len(kept), seed)
    return Vocabulary(
        hashes=kinds[kept],
        idf=np.log((documents + 1) / (frequency[kept] + 1)).astype(np.float32).astype(np.float64),
        unknown_idf=float(np.log((documents + 1) / (int(frequency[kept].min()) + 1)) + 0.5),
        vectors=np.round(vectors * 127).astype(np.int8),
    )


def _commonness(hashes: Hashes, document: Ints) -> Commonness:
    """Count 2- and 3-grams and keep the common ones; where two share a slot, the commoner."""
    table = np.zeros(1 << COMMON_BITS, np.uint16)
    found: list[tuple[Hashes, Ints]] = []
    grams = hashes
    for n, least in LEAST_COUNTS.items():
        grams = chain(grams[:-1], hashes[n - 1 :])
        ordered = np.sort(grams[document[: len(grams)] == document[n - 1 :]])
        if not len(ordered):
            continue
        starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
        counts = np.diff(np.append(starts, len(ordered)))
        found.append((ordered[starts][counts >= least], counts[counts >= least]))
    keys, counts = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.argsort(counts, kind="stable")
    keys, counts = keys[order], counts[order]
    level = np.minimum(np.round(np.log2(counts) * 12), 255).astype(np.uint16)
    table[keys >> np.uint64(64 - COMMON_BITS)] = ((keys & np.uint64(255)).astype(np.uint16) << np.uint16(8)) | level
    return Commonness(table)


def phrase_table(keep: Mapping[str, Collection[str]] | None = None) -> Phrases:
    """Return the table of all lists in ``detector/lexicons``; ``keep`` replaces the entries of the lists it names."""
    names = tuple(
        sorted(p.name[:-4] for p in files("detector").joinpath("lexicons").iterdir() if p.name.endswith(".txt"))
    )
    table: dict[int, int] = {}
    for bit, name in enumerate(names):
        chosen = entries(name) if keep is None or name not in keep else keep[name]
        for value in _phrase_hashes(tuple(chosen)).tolist():
            table[value] = table.get(value, 0) | 1 << bit
    hashes = np.array(sorted(table), np.uint64)
    return Phrases(names, hashes, np.array([table[int(h)] for h in hashes], np.uint64))


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
    hashes: Hashes = grams[size <= LONGEST_PHRASE]
    return hashes


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
    ppmi = sp.csr_matrix((information[positive], (counts.row[positive], counts.col[positive])), shape=(size, size))
    left_vectors, values, _ = randomized_svd(ppmi, n_components=DIMENSIONS, n_iter=3, random_state=seed)
    vectors: Floats = left_vectors * np.sqrt(values)
    unit: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return unit
