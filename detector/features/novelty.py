"""Novelty: what each sentence adds to what the article has said."""

from __future__ import annotations

from detector.features.background import Floats
from detector.features.feature import Feature, ratio, share_of_sentences, summed
from detector.features.view import View


def new_content(view: View) -> Floats:
    """Share of the rarity of content words in prose that is carried by words no earlier sentence has."""
    return ratio(view.totals["new_idf"], view.totals["content_idf"])


def stale_sentences(view: View) -> Floats:
    """Share of prose sentences without a new rare word, a new name or a new figure."""
    new = view.sums["rare_new_words"] + view.sums["new_names"] + view.sums["new_numbers"]
    return share_of_sentences(view, new == 0)


def _mean(view: View, attribute: str) -> Floats:
    """Mean over prose sentences of one measure of overlap."""
    return ratio(view.per_text(getattr(view.overlap, attribute) * view.prose), view.prose_sentences)


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
        "new_information", "nats per word", "above 0", "substance", "rarity of the new content words", summed("new_idf")
    ),
    Feature(
        "new_rare_words",
        "share of words",
        "0 to 1",
        "substance",
        "rare words used for the first time",
        summed("rare_new_words"),
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
