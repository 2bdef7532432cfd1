"""Variety and structure: how words, sentences and paragraphs differ from each other."""

from __future__ import annotations

import numpy as np

from detector.features.background import Floats
from detector.features.feature import Feature, ratio, summed
from detector.features.view import View, segment_sums
from detector.text.roles import HEADING

WINDOW = 50  # words; Covington & McFall 2010, moving-average type-token ratio


def type_token_ratio(view: View) -> Floats:
    """Mean share of different words in windows of 50 words; NaN below 50 words."""
    # A word is new in the windows that begin after its last occurrence: count those windows for every word.
    prose = view.in_prose.nonzero()[0]
    counts = view.prose_words.astype(np.int64)
    begins = counts.cumsum() - counts
    place = np.arange(len(prose)) - begins.repeat(counts)
    among = np.zeros(len(view.hash), np.int64)
    among[prose] = place
    previous = view.previous[prose]
    last = np.where(previous < 0, -WINDOW, among[previous])
    begin = np.maximum(np.maximum(last, place - WINDOW) + 1, 0)
    windows = np.minimum(place, (counts - WINDOW).repeat(counts)) - begin + 1
    new = segment_sums(np.maximum(windows, 0), np.append(begins, len(prose)))
    number = np.maximum(counts - WINDOW + 1, 0)
    return ratio(new, number * WINDOW)


def sentence_length(view: View) -> Floats:
    """Mean number of words in a prose sentence."""
    return ratio(view.prose_words, view.prose_sentences)


def sentence_length_spread(view: View) -> Floats:
    """Standard deviation of the lengths of prose sentences over their mean; NaN for fewer than two."""
    number, total = view.prose_sentences, view.prose_words
    squares = view.per_text((view.bounds[1:] - view.bounds[:-1]) ** 2 * view.prose)
    return ratio(np.sqrt(number * squares - total * total), total * (number > 1))


def word_length(view: View) -> Floats:
    """Mean length of the words of prose, in characters."""
    return ratio(view.totals["letters"], view.prose_words)


def paragraph_sentences(view: View) -> Floats:
    """Mean number of prose sentences in a paragraph that has any."""
    prose = view.prose.nonzero()[0]
    paragraph, text = view.document.paragraph[prose], view.text[prose]
    opens = np.ones(len(prose), np.bool_)
    opens[1:] = (paragraph[1:] != paragraph[:-1]) | (text[1:] != text[:-1])  # numbered in order
    return ratio(view.prose_sentences, np.bincount(text[opens], minlength=view.n_texts))


def headings(view: View) -> Floats:
    """Share of sentences that are headings."""
    return ratio(view.per_text(view.role == HEADING), view.texts[1:] - view.texts[:-1])


def list_items(view: View) -> Floats:
    """Share of sentences that begin a list item marked as such."""
    items = np.zeros(view.n_texts)
    for text, source in enumerate(view.document.sources):
        if source.items:
            opens = {start for start, _ in source.items}
            own = view.document.sentence_start[view.texts[text] : view.texts[text + 1]]
            items[text] = sum(start in opens for start in own.tolist())
    return ratio(items, view.texts[1:] - view.texts[:-1])


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
        summed("rare_words"),
    ),
    Feature(
        "function_word_share",
        "share of words",
        "0 to 1",
        "either",
        "function words",
        lambda view: ratio(view.prose_words - view.totals["content"], view.prose_words),
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
