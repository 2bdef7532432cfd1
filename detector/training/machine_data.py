"""Texts of the machine head as flat token arrays, pieces of them, and what the head sees of each piece."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from detector.heads import machine_style
from detector.heads.machine import GRAM_BITS, GRAM_DAMPING, distinct, gram_slots
from detector.heads.machine_style import LONGEST, Background, Floats, Tokens, pair_hashes, style, word_slots
from detector.lexicon import entries
from detector.text.document import Flags, Ints, hash_word, read
from detector.text.normalise import normalise
from detector.training.sources import Row

MOST_CHARACTERS = 12_000  # of a text; what follows teaches little and costs as much
SHORTEST_PIECE, LONGEST_PIECE = 60, 450  # words
TOKENS_PER_WORD = 1.13
_NOT_MACHINE = ("human-edited", "human-prefix-continued")
_LEAST_WORDS = 30
_COUNT_BITS = 24

_CONTRACTIONS = (
    "don't i'm it's that's can't won't didn't doesn't isn't wasn't aren't weren't couldn't wouldn't "
    "shouldn't haven't hasn't hadn't i've i'd i'll you're you've you'll you'd we're we've we'll we'd "
    "they're they've they'll they'd he's she's he'd she'd he'll she'll there's what's who's let's "
    "here's where's how's ain't"
)
# Tokens of each class of machine_style.CLASSES; a token of two is of the first.
_CLASS_TOKENS = (". …", ",", '"', "!", "?", "-", _CONTRACTIONS, "i me my mine myself")

Names = NDArray[np.str_]
Pieces = tuple[Ints, Ints, Ints]  # text, first token, one past the last token


@dataclass(frozen=True, slots=True, eq=False)
class Store:
    """All texts: ``tokens`` end to end, text i at ``offset[i]:offset[i + 1]``; the rest over texts.

    ``words`` counts white-space tokens, ``is_pure`` is False for texts that a person has edited or begun.
    """

    tokens: Tokens
    offset: Ints
    machine: Flags
    words: Ints
    dataset: Names
    family: Names
    domain: Names
    attack: Names
    generator: Names
    is_pure: Flags

    def piece(self, start: int, end: int) -> Tokens:
        """Return the tokens ``start`` to ``end``."""
        t = self.tokens
        begins = t.begins[start:end].copy()
        begins[:1] = True
        return Tokens(
            t.hash[start:end],
            t.width[start:end],
            t.is_word[start:end],
            t.is_number[start:end],
            t.is_capital[start:end],
            begins,
            np.array([0, len(begins)]),
        )

    def usable(self) -> Ints:
        """Return the texts that are long enough and of one author."""
        return np.flatnonzero(self.is_pure & (self.words >= _LEAST_WORDS))


def build_store(rows: Iterable[Row], leaks: frozenset[str] = frozenset()) -> Store:
    """Tokenise every labelled row whose id is not in ``leaks``."""
    parts: list[Tokens] = []
    facts: list[tuple[Any, ...]] = []
    for row in rows:
        if row.label is None or row.id in leaks:
            continue
        t = Tokens.of(read(normalise(row.text[:MOST_CHARACTERS])))
        parts.append(t)
        attack = row.attack or ""
        facts.append((len(t.hash), row.label == "machine", len(row.text.split()), row.dataset, row.family,
                      row.domain, attack, row.generator or "", attack not in _NOT_MACHINE))  # fmt: skip
    columns = [np.array(column) for column in zip(*facts, strict=True)]
    return Store(Tokens.join(parts), np.concatenate(([0], np.cumsum(columns[0]))), *columns[1:])


def pieces(store: Store, texts: Ints, seed: int) -> Pieces:
    """Cut one piece from each text, two from long ones: (text, start, end) arrays.

    Lengths are log-uniform from SHORTEST_PIECE to LONGEST_PIECE words; a piece begins with a sentence.
    """
    random = np.random.default_rng(seed)
    out: list[tuple[int, int, int]] = []
    for text in texts.tolist():
        first, stop = int(store.offset[text]), int(store.offset[text + 1])
        for _ in range(1 + (stop - first > 2 * LONGEST_PIECE)):
            want = np.exp(random.uniform(np.log(SHORTEST_PIECE), np.log(LONGEST_PIECE)))
            length = int(want * TOKENS_PER_WORD)
            start, end = first, stop
            if stop - first > length:
                openings = np.flatnonzero(store.tokens.begins[first : stop - length + 1])
                start = first + int(openings[random.integers(len(openings))]) if len(openings) else first
                end = start + length
            out.append((text, start, end))
    table = np.array(out, np.int64).reshape(-1, 3)
    return table[:, 0], table[:, 1], table[:, 2]


def build_background(store: Store, texts: Ints) -> Background:
    """Count the words and pairs of ``texts`` and keep the commonest of each slot.

    A word has to be seen twice, a pair three times.
    """
    words = np.zeros(1 << _COUNT_BITS, np.int64)
    hashes = np.concatenate([store.tokens.hash[store.offset[i] : store.offset[i + 1]] for i in texts])
    last = np.cumsum([store.offset[i + 1] - store.offset[i] for i in texts])[:-1] - 1
    shift = np.uint64(64 - _COUNT_BITS)
    np.add.at(words, hashes >> shift, 1)
    unique, counts = np.unique(hashes, return_counts=True)
    unique, counts = unique[counts >= 2], counts[counts >= 2]
    codes = _codes(np.log(counts / len(hashes)), machine_style.LOWEST_WORD, 0)
    word_table = np.zeros(1 << machine_style.WORD_BITS, np.uint8)
    np.maximum.at(word_table, word_slots(unique), codes)
    inner = np.ones(len(hashes) - 1, np.bool_)
    inner[last] = False
    chained = pair_hashes(hashes)
    first = hashes[:-1][inner]
    pairs, at, counts = np.unique(chained[inner], return_index=True, return_counts=True)
    kept = counts >= 3
    pairs, at, counts = pairs[kept], at[kept], counts[kept]
    chance = np.log(counts / words[first[at] >> shift])
    entry = ((pairs & np.uint64(0xFF)) << np.uint64(8)).astype(np.uint16) | np.maximum(
        _codes(chance, machine_style.LOWEST_PAIR, 1), 1
    )
    order = np.argsort(counts, kind="stable")  # the commonest are written last and stay
    pair_table = np.zeros(1 << machine_style.PAIR_BITS, np.uint16)
    pair_table[pairs[order] >> np.uint64(64 - machine_style.PAIR_BITS)] = entry[order]
    return Background(_classes(), word_table, pair_table)


def _classes() -> NDArray[np.uint8]:
    names = [tokens.split() for tokens in _CLASS_TOKENS] + [list(entries("function_words"))]
    table = np.full(1 << machine_style.WORD_BITS, len(machine_style.CLASSES), np.uint8)
    for number in reversed(range(len(names))):
        table[word_slots(np.array([hash_word(token) for token in names[number]], np.uint64))] = number
    return table


def _codes(logs: Floats, lowest: float, first: int) -> NDArray[np.uint8]:
    codes = np.rint((logs - lowest) * machine_style.LOG_STEP) + first
    return np.asarray(np.clip(codes, 0, 255), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What the head sees of N pieces: ``grams`` sparse and damped, ``style`` (N, F), ``text`` (N,)."""

    grams: sparse.csr_matrix
    style: Floats
    text: Ints


def look(store: Store, cut: Pieces, backgrounds: Sequence[Background], which: Ints) -> Seen:
    """Look at each piece through ``backgrounds[which[text]]``."""
    columns, sizes, habits = [], [], []
    for t, a, b in zip(*(column.tolist() for column in cut), strict=True):
        tokens = store.piece(a, min(b, a + LONGEST))
        slots = distinct(gram_slots(tokens))
        columns.append(slots.astype(np.int32))
        sizes.append(len(slots))
        habits.append(style(tokens, backgrounds[which[t]])[0])
    size = np.array(sizes)
    data = np.repeat(1 / np.sqrt(size + GRAM_DAMPING), size).astype(np.float32)
    shape = (len(sizes), 1 << GRAM_BITS)
    starts = np.concatenate(([0], np.cumsum(size)))
    grams = sparse.csr_matrix((data, np.concatenate(columns), starts), shape=shape)
    return Seen(grams, np.array(habits), cut[0])
