"""Repetition: what the article says again in the same words, or nearly."""

from __future__ import annotations

import zlib

import numpy as np

from detector.features.background import Floats
from detector.features.feature import Feature, ratio, share_of_sentences, share_of_words
from detector.features.repeats import ordered
from detector.features.view import View
from detector.text.document import Flags

NEAR = 0.6  # share of a sentence's rare words that an earlier one has, from which it counts as said before
REWORDED = 0.85  # cosine of sentence vectors from which a sentence with other words counts as the same
_LEAST_COMPRESSED = 200  # bytes; shorter texts are mostly the overhead of the format


def repeated_ngrams(view: View, n: int) -> Floats:
    """Share of the n-grams inside sentences that stood in the article before."""
    sizes = view.bounds[1:] - view.bounds[:-1]
    number = view.per_text(np.maximum(sizes - (n - 1), 0))
    again = view.again.nonzero()[0] if n == 1 else view.repeats[n - 2].at[view.repeats[n - 2].again]
    return ratio(np.bincount(view.text[view.sentence[again]], minlength=view.n_texts), number)


def repetition(view: View) -> Floats:
    """Share of the words of prose that lie in a word 3-gram said before."""
    return share_of_words(view, repeated_words(view))


def repeated_words(view: View) -> Flags:
    """Which words lie in a 3-gram that stood in the article before (W,)."""
    marked = np.zeros(len(view.hash), np.bool_)
    at = view.repeats[1].at[view.repeats[1].again]
    for step in range(3):
        marked[at + step] = True
    return marked


def repeated_openings(view: View) -> Floats:
    """Share of prose sentences whose first two words opened an earlier one."""
    long = (view.prose & (view.bounds[1:] - view.bounds[:-1] > 1)).nonzero()[0]
    text = view.text[long]
    _, opens = ordered(view.grams[1].hash[view.bounds[long]], text)
    number = np.bincount(text, minlength=view.n_texts)
    return ratio(number - np.bincount(text[opens], minlength=view.n_texts), number)


def near_duplicates(view: View) -> Floats:
    """Share of prose sentences most of whose rare words stand in one earlier sentence."""
    return share_of_sentences(view, view.overlap.covered_before >= NEAR)


def reworded(view: View) -> Floats:
    """Share of prose sentences close in meaning to an earlier one, but in other words."""
    close = (view.overlap.vector_before >= REWORDED) & (view.overlap.covered_before < NEAR)
    return share_of_sentences(view, close)


def compression(view: View) -> Floats:
    """Share of the bytes of the text that zlib (level 1) saves."""
    return np.array([_compression(source.text) for source in view.document.sources])


def _compression(text: str) -> float:
    data = text.encode("utf-8", "surrogatepass")
    return 1.0 - len(zlib.compress(data, 1)) / len(data) if len(data) >= _LEAST_COMPRESSED else float("nan")


def _ngram_feature(n: int) -> Feature:
    return Feature(
        f"repeated_{n}grams",
        "share of word n-grams",
        "0 to 1",
        "filler",
        f"{n} words in a row that stood in the article before" if n > 1 else "words that stood in the article before",
        lambda view: repeated_ngrams(view, n),
    )


FEATURES = (
    Feature(
        "repetition",
        "share of words",
        "0 to 1",
        "filler",
        "words in a run of three that was said before",
        repetition,
        repeated_words,
    ),
    *(_ngram_feature(n) for n in range(1, 6)),
    Feature(
        "repeated_openings",
        "share of sentences",
        "0 to 1",
        "either",
        "sentences that open like an earlier one",
        repeated_openings,
    ),
    Feature(
        "near_duplicates",
        "share of sentences",
        "0 to 1",
        "filler",
        "sentences most of whose rare words stand in one earlier sentence",
        near_duplicates,
    ),
    Feature(
        "reworded_sentences",
        "share of sentences",
        "0 to 1",
        "filler",
        "sentences close to an earlier one by word vectors, in other words",
        reworded,
    ),
    Feature(
        "compression",
        "share of bytes",
        "below 1",
        "filler",
        "what zlib level 1 saves; undefined below 200 bytes",
        compression,
    ),
)
