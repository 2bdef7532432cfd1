"""Repetition: what the article says again in the same words, or nearly."""

from __future__ import annotations

import zlib

import numpy as np

from detector.features.feature import Feature, share
from detector.features.view import View
from detector.text.document import Flags, Hashes

NEAR = 0.6  # share of a sentence's rare words that an earlier one has, from which it counts as said before
REWORDED = 0.85  # cosine of sentence vectors from which a sentence with other words counts as the same
_LEAST_COMPRESSED = 200  # bytes; shorter texts are mostly the overhead of the format


def repeated_ngrams(view: View, n: int) -> float:
    """Share of the n-grams inside sentences that stood in the article before."""
    hashes = view.grams[n - 1].hash
    if not len(hashes):
        return float("nan")
    if n in (2, 3):
        return int(np.count_nonzero(view.repeats[n - 2].again)) / len(hashes)
    ordered = np.sort(hashes)
    return int(np.count_nonzero(ordered[1:] == ordered[:-1])) / len(hashes)


def repetition(view: View) -> float:
    """Share of the words of prose that lie in a word 3-gram said before."""
    return share(repeated_words(view), view.in_prose)


def repeated_words(view: View) -> Flags:
    """Which words lie in a 3-gram that stood in the article before (W,)."""
    marked = np.zeros(len(view.hash), np.bool_)
    at = view.grams[2].at[view.repeats[1].again]
    for step in range(3):
        marked[at + step] = True
    return marked


def repeated_openings(view: View) -> float:
    """Share of prose sentences whose first two words opened an earlier one."""
    openings = np.sort(_openings(view))
    return int(np.count_nonzero(openings[1:] == openings[:-1])) / len(openings) if len(openings) else float("nan")


def _openings(view: View) -> Hashes:
    grams = view.grams[1]
    if not len(grams.at):
        return grams.hash
    opens = view.bounds[:-1][view.prose]
    found = np.minimum(np.searchsorted(grams.at, opens), len(grams.at) - 1)
    openings: Hashes = grams.hash[found[grams.at[found] == opens]]
    return openings


def near_duplicates(view: View) -> float:
    """Share of prose sentences most of whose rare words stand in one earlier sentence."""
    return share(view.overlap.covered_before >= NEAR, view.prose)


def reworded(view: View) -> float:
    """Share of prose sentences close in meaning to an earlier one, but in other words."""
    close = (view.overlap.vector_before >= REWORDED) & (view.overlap.covered_before < NEAR)
    return share(close, view.prose)


def compression(view: View) -> float:
    """Share of the bytes of the text that zlib (level 1) saves."""
    data = view.document.source.text.encode("utf-8", "surrogatepass")
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
