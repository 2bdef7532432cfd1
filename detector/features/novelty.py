"""Novelty: what each sentence adds to what the article has said."""

from __future__ import annotations

import numpy as np

from detector.features.feature import Feature, share
from detector.features.view import View


def new_content(view: View) -> float:
    """Share of the rarity of content words in prose that is carried by words no earlier sentence has."""
    counted = view.content & view.in_prose
    total = float(view.idf[counted].sum())
    return float(view.idf[counted & view.fresh].sum()) / total if total else float("nan")


def new_information(view: View) -> float:
    """Rarity (idf) of the new content words, per word of prose."""
    prose = view.in_prose
    count = int(np.count_nonzero(prose))
    return float(view.idf[view.content & view.fresh & prose].sum()) / count if count else float("nan")


def stale_sentences(view: View) -> float:
    """Share of prose sentences without a new rare word, a new name or a new figure."""
    new = view.first & ((view.content & (view.idf > 5.0)) | view.name | view.number)
    stale = np.ones(view.n_sentences, np.bool_)
    stale[view.sentence[new]] = False
    return share(stale, view.prose)


def _mean(view: View, attribute: str) -> float:
    """Mean over prose sentences of one measure of overlap."""
    values = getattr(view.overlap, attribute)[view.prose]
    return float(values.sum()) / len(values) if len(values) else float("nan")


FEATURES = (
    Feature(
        "new_content",
        "share of rarity",
        "0 to 1",
        "substance",
        "content, weighted by rarity, in words not used before",
        new_content,
    ),
    Feature(
        "new_information", "nats per word", "above 0", "substance", "rarity of the new content words", new_information
    ),
    Feature(
        "new_rare_words",
        "share of words",
        "0 to 1",
        "substance",
        "rare words used for the first time",
        lambda view: share(view.first & view.content & (view.idf > 5.0), view.in_prose),
    ),
    Feature(
        "stale_sentences",
        "share of sentences",
        "0 to 1",
        "filler",
        "sentences with no new rare word, name or figure",
        stale_sentences,
    ),
    Feature(
        "coverage",
        "share of rarity",
        "0 to 1",
        "filler",
        "how much of a sentence one earlier sentence has, on average",
        lambda view: _mean(view, "covered_before"),
    ),
    Feature(
        "similarity",
        "cosine",
        "-1 to 1",
        "filler",
        "closeness of a sentence to the nearest earlier one by word vectors",
        lambda view: _mean(view, "vector_before"),
    ),
)
