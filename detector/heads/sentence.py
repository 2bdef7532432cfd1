"""Which sentences add nothing: the trained sentence head.

Three steps, each a pure function of one article, taken for several articles at once. A linear model over hashed word
1- to 3-grams gives each sentence its wording logit. A small network reads the
sentence's features, its vectors and the wording of its neighbours. A second one
reads the same and what the first said of the neighbours and of the article.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.features.background import Floats, expect
from detector.features.sentence import NAMES, sentence_features
from detector.features.view import View, segment_sums
from detector.text.document import Flags, Hashes, Ints

GRAM_BITS = 18
GRAM_LENGTHS = 3
_GRAM_DAMPING = 3.0  # added to the count under the root, so that very short sentences get smaller logits
CLIP = 5.0  # scaled features beyond this say no more
NEIGHBOUR_FEATURES = ("log_words", "novelty", "new_information", "mean_idf", "new_names")
_NEIGHBOURS = [NAMES.index(name) for name in NEIGHBOUR_FEATURES]
SCALED = len(NAMES) + 4 + 2 * len(NEIGHBOUR_FEATURES)
_OF_FIRST = 8  # columns of ``second_inputs``
WORDING = len(NAMES)  # the column of the sentence's own wording logit
_LOGIT_LIMIT = 7.0
_ROWS = 16  # of a product: with one shape for all, no row depends on how many there are


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """One hidden layer: relu(X @ hidden + bias) @ output + offset, a logit for each row."""

    hidden: Floats
    bias: Floats
    output: Floats
    offset: float

    def __call__(self, X: Floats) -> Floats:
        """Return the logits of the rows of ``X`` (S, D)."""
        return self.logits(X @ self.hidden + self.bias)

    def logits(self, entering: Floats) -> Floats:
        """Return the logits of rows from what enters the hidden units (S, H)."""
        logits: Floats = np.matmul(np.maximum(entering, 0.0)[..., None, :], self.output)[..., 0] + self.offset
        return logits

    def slope(self, active: Flags, columns: int) -> Floats:
        """Return the slope of each row's logit along the first ``columns`` inputs, (S, columns).

        The hidden units of the rows are ``active`` (S, H).
        """
        return by_rows(active * self.output, self.hidden[:columns].T)


@dataclass(frozen=True, slots=True, eq=False)
class SentenceHead:
    """The arrays of the trained head.

    ``grams`` (2 ** GRAM_BITS,), of any precision, holds the weight of each hashed n-gram. ``shared`` holds side by
    side what the two networks and ``repeat`` do with the inputs that belong to one sentence.
    """

    grams: NDArray[np.floating[Any]]
    gram_intercept: float
    mean: Floats
    scale: Floats
    first: Network
    second: Network
    repeat: Floats
    repeat_intercept: float
    shared: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Lay the weights of the inputs of one sentence side by side."""
        own = own_inputs(len(self.first.hidden))
        repeat = np.zeros((own, 1))
        repeat[: len(self.repeat), 0] = self.repeat
        object.__setattr__(self, "shared", np.hstack((self.first.hidden[:own], self.second.hidden[:own], repeat)))

    def read(self, view: View) -> Reading:
        """Judge every sentence of the articles."""
        features = sentence_features(view)
        grams = self.weigh(view)
        wording = grams.logits(view.bounds) + self.gram_intercept
        weight: Floats = view.document.words.astype(np.float64) * view.prose
        count, size, own = view.n_sentences, len(self.first.hidden), own_inputs(len(self.first.hidden))
        rows = np.zeros((len(self.second.hidden), -(-count // _ROWS) * _ROWS))  # an input of all sentences in each row
        X = rows[:, :count].T
        X[:, :SCALED] = self.scaled(raw_inputs(features, wording, weight, view.texts))
        X[:, SCALED:size] = vector_inputs(view)
        entering = by_rows(rows[:own].T, self.shared)[:count]
        units = len(self.first.bias)
        first, second, repeat = entering[:, :units], entering[:, units:-1], entering[:, -1]
        first += self._of_article(self.first, X, view.texts)
        X[:, size:] = second_inputs(self.first.logits(first), weight, view.texts)
        second += self._of_article(self.second, X, view.texts)
        second += by_rows(rows[size:].T, self.second.hidden[size:])[:count]
        logit = np.minimum(np.maximum(self.second.logits(second), -_LOGIT_LIMIT), _LOGIT_LIMIT)
        repeat = repeat + self.repeat_intercept
        return Reading(features, wording, grams, logit, 1.0 / (1.0 + np.exp(-logit)), repeat, X, second > 0.0)

    def _of_article(self, network: Network, X: Floats, texts: Ints) -> Floats:
        """Return what the vector of its article adds to the hidden units of each sentence, bias included.

        (S, H), or (1, H) for a single article.
        """
        own, size = own_inputs(len(self.first.hidden)), len(self.first.hidden)
        filled = texts[:-1] < texts[1:]
        vectors = X[texts[:-1][filled], own:size]
        entering: Floats = np.matmul(vectors[:, None, :], network.hidden[own:size])[:, 0] + network.bias
        return entering if len(entering) == 1 else entering.repeat((texts[1:] - texts[:-1])[filled], axis=0)

    def weigh(self, view: View) -> Weighed:
        """Return the n-grams of all sentences with their weights."""
        weight = np.zeros((GRAM_LENGTHS, len(view.hash)))
        for row, gram in zip(weight, view.grams, strict=False):
            row[: len(gram.hash)] = self.grams[(gram.hash >> np.uint64(64 - GRAM_BITS)).view(np.int64)] * gram.inside
        return Weighed(weight)

    def scaled(self, raw: Floats) -> Floats:
        """Return ``raw_inputs`` (S, SCALED) as the networks read them."""
        left = raw - self.mean
        left /= self.scale
        np.minimum(np.maximum(left, -CLIP, out=left), CLIP, out=left)
        return left

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return plain arrays for an ``.npz`` file; weights in half or single precision."""
        arrays: dict[str, NDArray[Any]] = {
            "grams": self.grams.astype(np.float16),
            "mean": self.mean,
            "scale": self.scale,
            "repeat": self.repeat,
            "scalars": np.array([self.gram_intercept, self.repeat_intercept]),
        }
        for name, network in (("first", self.first), ("second", self.second)):
            arrays[f"{name}_hidden"] = network.hidden.astype(np.float32)
            arrays[f"{name}_bias"] = network.bias.astype(np.float32)
            arrays[f"{name}_output"] = network.output.astype(np.float32)
            arrays[f"{name}_offset"] = np.array(network.offset)
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> SentenceHead:
        """Rebuild what :meth:`to_arrays` gave. Raises ValueError for arrays that do not fit together."""
        first = _network(arrays, "first", None)
        second = _network(arrays, "second", len(first.hidden) + _OF_FIRST)
        gram_intercept, repeat_intercept = expect(arrays, "scalars", np.floating, 2).tolist()
        scale = expect(arrays, "scale", np.floating, SCALED)
        if not scale.all():
            raise ValueError("scale holds 0")
        return cls(
            expect(arrays, "grams", np.floating, 1 << GRAM_BITS),
            gram_intercept,
            expect(arrays, "mean", np.floating, SCALED),
            scale,
            first,
            second,
            expect(arrays, "repeat", np.floating, None),
            repeat_intercept,
        )


def _network(arrays: Mapping[str, NDArray[Any]], name: str, inputs: int | None) -> Network:
    hidden = expect(arrays, f"{name}_hidden", np.floating, inputs, None)
    units = hidden.shape[1]
    return Network(
        hidden.astype(np.float64),
        expect(arrays, f"{name}_bias", np.floating, units).astype(np.float64),
        expect(arrays, f"{name}_output", np.floating, units).astype(np.float64),
        float(expect(arrays, f"{name}_offset", np.floating)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """What the n-grams weigh in the wording logit: ``weight`` (GRAM_LENGTHS, W), at their first words.

    A positive weight speaks for filler; an n-gram that is not inside one sentence weighs nothing.
    """

    weight: Floats

    def logits(self, bounds: Ints) -> Floats:
        """Sum the weights of each sentence's n-grams over the root of their damped number, (S,)."""
        sizes = bounds[1:] - bounds[:-1]
        number = sum(np.maximum(sizes - less, 0) for less in range(GRAM_LENGTHS))
        logits: Floats = segment_sums(self.weight, bounds).sum(axis=0) / np.sqrt(number + _GRAM_DAMPING)
        return logits


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What the head says of each sentence (S,), and what it read.

    Wording logit and its n-grams, filler logit and probability, repeat-against-generic logit; the features (S, F), the
    network inputs (S, D) and the hidden units of the second network that were active (S, H).
    """

    features: Floats
    wording: Floats
    grams: Weighed
    logit: Floats
    filler: Floats
    repeat: Floats
    inputs: Floats
    active: Flags


def by_rows(X: Floats, weights: Floats) -> Floats:
    """Return ``X`` (S, D) times ``weights`` (D, N); a row is the same alone and among any others.

    BLAS chooses the order of its sums by the shape of the product, so the rows are multiplied _ROWS at a time.
    """
    count, size = X.shape
    filled = -(-count // _ROWS) * _ROWS
    if filled > count:
        padded = np.zeros((filled, size), order="F" if X.flags.f_contiguous else "C")
        padded[:count] = X
        X = padded
    blocks = X.reshape(filled // _ROWS, _ROWS, size)
    product: Floats = np.matmul(blocks, weights).reshape(filled, weights.shape[1])
    return product[:count]


def gram_slots(view: View) -> tuple[Ints, Ints]:
    """Return the table slots of all 1- to 3-grams, sentence by sentence, and the bounds of each sentence (S + 1)."""
    parts = view.grams[:GRAM_LENGTHS]
    hashes: Hashes = np.concatenate([part.hash[part.inside] for part in parts])
    sentence = np.concatenate([view.sentence[part.at] for part in parts])
    order = np.argsort(sentence, kind="stable")
    slots = (hashes[order] >> np.uint64(64 - GRAM_BITS)).astype(np.int64)
    return slots, np.searchsorted(sentence[order], np.arange(view.n_sentences + 1))


def raw_inputs(features: Floats, wording: Floats, weight: Floats, texts: Ints | None = None) -> Floats:
    """Return features, wording and what stands around each sentence, unscaled (S, SCALED).

    Here and below ``texts`` (T + 1) bounds the articles as ranges of sentences, None for a single one.
    """
    neighbours = features[:, _NEIGHBOURS]
    around = (shift(wording, 1, texts), shift(wording, -1, texts), mean(wording, weight, texts))
    raw = np.vstack(
        (features.T, wording, *around, shift(neighbours, 1, texts).T, shift(neighbours, -1, texts).T)
    )
    return raw.T


def vector_inputs(view: View) -> Floats:
    """Return the vectors of each sentence and of its article, scaled to the size of the other inputs, (S, 3 D)."""
    sums = segment_sums(np.ascontiguousarray(view.vectors.T) * view.prose, view.texts)
    article = 2 * (sums / np.maximum(view.prose_sentences, 1)).T
    size = view.vectors.shape[1]
    inputs = np.empty((3 * size, view.n_sentences))
    np.multiply(view.vectors.T, 2, out=inputs[:size])
    np.multiply(view.plain.T, 4, out=inputs[size : 2 * size])
    inputs[2 * size :] = article.T[:, view.text]
    return inputs.T


def second_inputs(logit: Floats, weight: Floats, texts: Ints | None = None) -> Floats:
    """Return what the first network said of the sentence, its neighbours and the article, (S, 8)."""
    limited = np.minimum(np.maximum(logit, -_LOGIT_LIMIT), _LOGIT_LIMIT)
    filler = 1.0 / (1.0 + np.exp(-limited))
    share, level, squares = mean(np.array([filler, limited, filler * filler]), weight, texts)
    spread = np.sqrt(np.maximum(squares - share * share, 0.0))
    around = [shift(limited, by, texts) for by in (1, -1, 2, -2)]
    return np.array([limited, 3 * share, level, 3 * spread, *around]).T


def mean(values: Floats, weight: Floats, texts: Ints | None = None) -> Floats:
    """Return the weighted mean of ``values`` (..., S) over the article, once for each sentence; 0 without weight."""
    texts = _bounds(weight, texts)
    sums = segment_sums(values * weight, texts)
    total = segment_sums(weight, texts)
    means = np.divide(sums, total, out=np.zeros(sums.shape), where=total > 0)
    return means.repeat(texts[1:] - texts[:-1], axis=-1)


def shift(values: Floats, by: int, texts: Ints | None = None) -> Floats:
    """Return for each sentence the value ``by`` sentences before (negative: after), 0 beyond the ends."""
    texts = _bounds(values, texts)
    moved = np.zeros_like(values)
    if by > 0:
        moved[by:] = values[:-by]
        beyond = np.minimum(texts[:-1, None] + np.arange(by), texts[1:, None])
    else:
        moved[:by] = values[-by:]
        beyond = np.maximum(texts[1:, None] + np.arange(by, 0), texts[:-1, None])
    moved[beyond[beyond < texts[1:, None]]] = 0.0
    return moved


def _bounds(values: Floats, texts: Ints | None) -> Ints:
    return np.array([0, len(values)]) if texts is None else texts


def own_inputs(count: int) -> int:
    """Return how many of ``count`` inputs of the first network belong to one sentence: all but its article's vector."""
    return SCALED + 2 * ((count - SCALED) // 3)
