"""Variety and structure: how words, sentences and paragraphs differ from each other."""

from __future__ import annotations

import numpy as np

from detector.features.feature import Feature, share
from detector.features.view import View
from detector.text.document import Ints
from detector.text.roles import HEADING

WINDOW = 50  # words; Covington & McFall 2010, moving-average type-token ratio


def type_token_ratio(view: View) -> float:
    """Mean share of different words in windows of 50 words; NaN below 50 words."""
    prose = view.in_prose
    count = int(np.count_nonzero(prose))
    if count < WINDOW:
        return float("nan")
    # A word is new in the windows that begin after its last occurrence: count those windows for every word.
    previous = view.previous[prose]
    last = np.where(previous < 0, -WINDOW, (prose.cumsum() - 1)[previous])
    place = np.arange(count)
    begin = np.maximum(np.maximum(last, place - WINDOW) + 1, 0)
    windows = np.minimum(place, count - WINDOW) - begin + 1
    return float(np.maximum(windows, 0).sum()) / ((count - WINDOW + 1) * WINDOW)


def _lengths(view: View) -> Ints:
    """Words in each prose sentence."""
    lengths: Ints = (view.bounds[1:] - view.bounds[:-1])[view.prose]
    return lengths


def sentence_length(view: View) -> float:
    """Mean number of words in a prose sentence."""
    lengths = _lengths(view)
    return int(lengths.sum()) / len(lengths) if len(lengths) else float("nan")


def sentence_length_spread(view: View) -> float:
    """Standard deviation of the lengths of prose sentences over their mean; NaN for fewer than two."""
    lengths = _lengths(view)
    if len(lengths) < 2 or not lengths.any():
        return float("nan")
    return float(lengths.std() / lengths.mean())


def word_length(view: View) -> float:
    """Mean length of the words of prose, in characters."""
    lengths = view.length[view.in_prose]
    return int(lengths.sum()) / len(lengths) if len(lengths) else float("nan")


def paragraph_sentences(view: View) -> float:
    """Mean number of prose sentences in a paragraph that has any."""
    paragraphs = view.document.paragraph[view.prose]
    if not len(paragraphs):
        return float("nan")
    return len(paragraphs) / (1 + int(np.count_nonzero(paragraphs[1:] != paragraphs[:-1])))  # numbered in order


def headings(view: View) -> float:
    """Share of sentences that are headings."""
    return int(np.count_nonzero(view.role == HEADING)) / view.n_sentences if view.n_sentences else float("nan")


def list_items(view: View) -> float:
    """Share of sentences that begin a list item marked as such."""
    if not view.n_sentences:
        return float("nan")
    opens = {start for start, _ in view.document.source.items}
    if not opens:
        return 0.0
    return sum(start in opens for start in view.document.sentence_start.tolist()) / view.n_sentences


FEATURES = (
    Feature(
        "type_token_ratio",
        "share of words",
        "0 to 1",
        "either",
        "different words in a window of 50; undefined below 50 words",
        type_token_ratio,
    ),
    Feature(
        "rare_word_share",
        "share of words",
        "0 to 1",
        "substance",
        "words in fewer than about one text in 150",
        lambda view: share(view.content & (view.idf > 5.0), view.in_prose),
    ),
    Feature(
        "function_word_share",
        "share of words",
        "0 to 1",
        "either",
        "function words",
        lambda view: share(~view.content, view.in_prose),
    ),
    Feature("word_length", "characters", "above 0", "either", "mean length of a word", word_length),
    Feature("sentence_length", "words", "above 0", "either", "mean length of a sentence", sentence_length),
    Feature(
        "sentence_length_spread",
        "ratio",
        "above 0",
        "either",
        "standard deviation of sentence lengths over their mean",
        sentence_length_spread,
    ),
    Feature(
        "paragraph_sentences", "sentences", "at least 1", "either", "sentences in a paragraph", paragraph_sentences
    ),
    Feature("headings", "share of sentences", "0 to 1", "either", "headings among all sentences", headings),
    Feature("list_items", "share of sentences", "0 to 1", "either", "list items among all sentences", list_items),
)
