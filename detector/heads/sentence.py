"""Which sentences add nothing: the trained sentence head.

Three steps, each a pure function of one article. A linear model over hashed word
1- to 3-grams gives each sentence its wording logit. A small network reads the
sentence's features, its vectors and the wording of its neighbours. A second one
reads the same and what the first said of the neighbours and of the article.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.features.background import Floats
from detector.features.sentence import NAMES, sentence_features
from detector.features.view import View
from detector.text.document import Flags, Hashes, Ints

GRAM_BITS = 18
GRAM_LENGTHS = 3
_GRAM_DAMPING = 3.0  # added to the count under the root, so that very short sentences get smaller logits
CLIP = 5.0  # scaled features beyond this say no more
NEIGHBOUR_FEATURES = ("log_words", "novelty", "new_information", "mean_idf", "new_names")
_NEIGHBOURS = [NAMES.index(name) for name in NEIGHBOUR_FEATURES]
SCALED = len(NAMES) + 4 + 2 * len(NEIGHBOUR_FEATURES)
WORDING = len(NAMES)  # the column of the sentence's own wording logit
_LOGIT_LIMIT = 7.0


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

    def layer(self, X: Floats, same: slice) -> Floats:
        """Return what enters the hidden units, (S, H).

        The columns ``same`` of ``X`` (S, D) hold one row again and again, which is multiplied once.
        """
        entering: Floats = X[:, : same.start] @ self.hidden[: same.start]
        entering += X[:1, same] @ self.hidden[same] + self.bias
        if same.stop < X.shape[1]:
            entering += X[:, same.stop :] @ self.hidden[same.stop :]
        return entering

    def logits(self, entering: Floats) -> Floats:
        """Return the logits of rows from what enters the hidden units (S, H)."""
        logits: Floats = np.maximum(entering, 0.0) @ self.output + self.offset
        return logits

    def slope(self, active: Flags, columns: int) -> Floats:
        """Return the slope of each row's logit along the first ``columns`` inputs, (S, columns).

        The hidden units of the rows are ``active`` (S, H).
        """
        slope: Floats = (active * self.output) @ self.hidden[:columns].T
        return slope

    def gradient(self, X: Floats) -> Floats:
        """Return the slope of each row's logit along each input, (S, D)."""
        return self.slope(X @ self.hidden + self.bias > 0.0, X.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class SentenceHead:
    """The arrays of the trained head.

    ``grams`` (2 ** GRAM_BITS,), of any precision, holds the weight of each hashed n-gram.
    """

    grams: NDArray[np.floating[Any]]
    gram_intercept: float
    mean: Floats
    scale: Floats
    first: Network
    second: Network
    repeat: Floats
    repeat_intercept: float

    def read(self, view: View) -> Reading:
        """Judge every sentence of the article."""
        features = sentence_features(view)
        grams = self.weigh(view)
        wording = grams.logits(view.n_sentences) + self.gram_intercept
        weight = view.document.words.astype(np.float64) * view.prose
        X = np.empty((view.n_sentences, len(self.second.hidden)))
        size = len(self.first.hidden)
        self.scaled(features, wording, weight, view, out=X[:, :size])
        same = slice(size - view.vectors.shape[1], size)  # the vector of the article
        first = self.first.logits(self.first.layer(X[:, :size], same))
        X[:, size:] = second_inputs(first, weight)
        entering = self.second.layer(X, same)
        logit = np.minimum(np.maximum(self.second.logits(entering), -_LOGIT_LIMIT), _LOGIT_LIMIT)
        repeat = X[:, : len(NAMES)] @ self.repeat + self.repeat_intercept
        return Reading(features, wording, grams, logit, 1.0 / (1.0 + np.exp(-logit)), repeat, X, entering > 0.0)

    def weigh(self, view: View) -> Weighed:
        """Return the n-grams of all sentences with their weights."""
        parts = view.grams[:GRAM_LENGTHS]
        at = np.concatenate([part.at for part in parts])
        sentence = np.concatenate([part.sentence for part in parts])
        hashes = np.concatenate([part.hash for part in parts])
        n = np.array([part.n for part in parts]).repeat([len(part.at) for part in parts])
        return Weighed(at, n, sentence, self.grams[hashes >> np.uint64(64 - GRAM_BITS)].astype(np.float64))

    def scaled(self, features: Floats, wording: Floats, weight: Floats, view: View, out: Floats) -> None:
        """Write the inputs of the first network, (S, SCALED + 3 D), into ``out``."""
        left = out[:, :SCALED]
        np.subtract(raw_inputs(features, wording, weight), self.mean, out=left)
        left /= self.scale
        np.minimum(np.maximum(left, -CLIP, out=left), CLIP, out=left)
        out[:, SCALED:] = vector_inputs(view)

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
        """Rebuild what :meth:`to_arrays` gave."""
        first, second = (
            Network(
                arrays[f"{name}_hidden"].astype(np.float64),
                arrays[f"{name}_bias"].astype(np.float64),
                arrays[f"{name}_output"].astype(np.float64),
                float(arrays[f"{name}_offset"]),
            )
            for name in ("first", "second")
        )
        gram_intercept, repeat_intercept = arrays["scalars"].tolist()
        return cls(
            arrays["grams"],
            gram_intercept,
            arrays["mean"],
            arrays["scale"],
            first,
            second,
            arrays["repeat"],
            repeat_intercept,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """1- to 3-grams (G,): first word, number of words, sentence, and weight in the wording logit.

    A positive weight speaks for filler.
    """

    at: Ints
    n: Ints
    sentence: Ints
    weight: Floats

    def logits(self, sentences: int) -> Floats:
        """Sum the weights of each sentence's n-grams over the root of their damped number, (S,)."""
        number = np.bincount(self.sentence, minlength=sentences)
        logits: Floats = np.bincount(self.sentence, self.weight, sentences) / np.sqrt(number + _GRAM_DAMPING)
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


def gram_slots(view: View) -> tuple[Ints, Ints]:
    """Return the table slots of all 1- to 3-grams, sentence by sentence, and the bounds of each sentence (S + 1)."""
    parts = view.grams[:GRAM_LENGTHS]
    hashes: Hashes = np.concatenate([part.hash for part in parts])
    sentence = np.concatenate([part.sentence for part in parts])
    order = np.argsort(sentence, kind="stable")
    slots = (hashes[order] >> np.uint64(64 - GRAM_BITS)).astype(np.int64)
    return slots, np.searchsorted(sentence[order], np.arange(view.n_sentences + 1))


def raw_inputs(features: Floats, wording: Floats, weight: Floats) -> Floats:
    """Return features, wording and what stands around each sentence, unscaled (S, SCALED)."""
    own, around = len(NAMES), len(_NEIGHBOURS)
    raw = np.empty((len(features), SCALED))
    raw[:, :own] = features
    raw[:, own] = wording
    raw[:, own + 1] = shift(wording, 1)
    raw[:, own + 2] = shift(wording, -1)
    raw[:, own + 3] = mean(wording, weight)
    neighbours = features[:, _NEIGHBOURS]
    raw[:, own + 4 : own + 4 + around] = shift(neighbours, 1)
    raw[:, own + 4 + around :] = shift(neighbours, -1)
    return raw


def vector_inputs(view: View) -> Floats:
    """Return the vectors of each sentence and of the article, scaled to the size of the other inputs, (S, 3 D)."""
    count, size = view.vectors.shape
    inputs = np.zeros((count, 3 * size))
    np.multiply(view.vectors, 2, out=inputs[:, :size])
    np.multiply(view.plain, 4, out=inputs[:, size : 2 * size])
    number = int(np.count_nonzero(view.prose))
    if number:
        inputs[:, 2 * size :] = 2 * (view.vectors[view.prose].sum(axis=0) / number)
    return inputs


def second_inputs(logit: Floats, weight: Floats) -> Floats:
    """Return what the first network said of the sentence, its neighbours and the article, (S, 8)."""
    limited = np.minimum(np.maximum(logit, -_LOGIT_LIMIT), _LOGIT_LIMIT)
    filler = 1.0 / (1.0 + np.exp(-limited))
    share = mean(filler, weight)
    inputs = np.empty((len(logit), 8))
    inputs[:, 0] = limited
    inputs[:, 1] = 3 * share
    inputs[:, 2] = mean(limited, weight)
    inputs[:, 3] = 3 * np.sqrt(np.maximum(mean(filler * filler, weight) - share * share, 0.0))
    for column, by in enumerate((1, -1, 2, -2), 4):
        inputs[:, column] = shift(limited, by)
    return inputs


def mean(values: Floats, weight: Floats) -> Floats:
    """Return the weighted mean of ``values`` over the article, once for each sentence; 0 without weight."""
    total = float(weight.sum())
    return np.full(len(values), float((values * weight).sum()) / total if total else 0.0)


def shift(values: Floats, by: int) -> Floats:
    """Return for each sentence the value ``by`` sentences before (negative: after), 0 beyond the ends."""
    moved = np.zeros_like(values)
    if by > 0:
        moved[by:] = values[:-by]
    else:
        moved[:by] = values[-by:]
    return moved
