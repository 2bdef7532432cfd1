"""Claims: the marks of something specific."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from detector.features.background import Floats
from detector.features.feature import Feature, ratio, share_of_sentences, share_of_words, summed
from detector.features.view import View, segment_sums
from detector.text.document import Flags, Ints, hash_word

_QUOTE = np.uint64(hash_word('"'))
_LEAST_QUOTED_RARITY = 4.5  # idf of the rarest word that makes a quotation say something


def numbers(view: View) -> Flags:
    """Which words are figures or number words (W,)."""
    return (view.number | view.list("number_words")) & view.in_prose


def dates(view: View) -> Flags:
    """Which words are months, days or years between 1500 and 2100 (W,)."""
    return (view.list("months_days") | (view.number & _is_year(view))) & view.in_prose


def _is_year(view: View) -> Flags:
    document, texts = view.document, view.text[view.sentence]
    years = np.zeros(len(view.word), np.bool_)
    for at in ((view.length == 4) & view.number).nonzero()[0].tolist():
        token = view.word[at]
        digits = document.sources[texts[at]].text[document.start[token] : document.end[token]]
        years[at] = digits.isdigit() and 1500 <= int(digits) < 2100
    return years


def names(view: View) -> Flags:
    """Which words are capitalised content words inside a sentence (W,)."""
    return view.name & view.in_prose


def quoted(view: View) -> Floats:
    """Share of prose sentences that quote something with a rare word in it."""
    document = view.document
    has_quote, has_rare = np.zeros((2, view.n_sentences), np.bool_)
    has_quote[document.sentence[document.hash == _QUOTE]] = True
    rare = view.content & (view.idf > _LEAST_QUOTED_RARITY)
    has_rare[view.sentence[rare]] = True
    return share_of_sentences(view, has_quote & has_rare)


def actions(view: View) -> Floats:
    """Share of prose sentences that open with the verb of an instruction."""
    opens = view.bounds[:-1]
    filled = opens < view.bounds[1:]
    acts = np.zeros(view.n_sentences, np.bool_)
    acts[filled] = view.list("action_verbs")[opens[filled]]
    return share_of_sentences(view, acts)


def specificity(view: View) -> Floats:
    """Mean rarity (idf) of the content words of prose."""
    return ratio(view.totals["content_idf"], view.totals["content"])


def claim_to_filler_ratio(words: Floats, filler: Floats, texts: Ints) -> Floats:
    """(sum of w (1 - f) + 1) / (sum of w f + 1) over the sentences of each text; NaN without words.

    ``words`` w and ``filler`` f are (S,), ``texts`` (T + 1) bounds the texts; headings and boilerplate have no words.
    """
    total, fillers = segment_sums(np.array([words, words * filler]), texts)
    claims = segment_sums(words * (1.0 - filler), texts)
    return np.where(total > 0, (claims + 1.0) / (fillers + 1.0), np.nan)


def _list(name: str) -> tuple[Callable[[View], Floats], Callable[[View], Flags]]:
    def shows(view: View) -> Flags:
        return view.list(name) & view.in_prose

    return (lambda view: ratio(view.list_totals[:, view.lists.index(name)], view.prose_words)), shows


FEATURES = (
    Feature(
        "number_density",
        "share of words",
        "0 to 1",
        "substance",
        "figures and number words",
        lambda view: share_of_words(view, numbers(view)),
        numbers,
    ),
    Feature(
        "new_number_density",
        "share of words",
        "0 to 1",
        "substance",
        "figures the article has not given before",
        summed("new_numbers"),
    ),
    Feature(
        "date_density",
        "share of words",
        "0 to 1",
        "substance",
        "months, days and years",
        lambda view: share_of_words(view, dates(view)),
        dates,
    ),
    Feature(
        "name_density",
        "share of words",
        "0 to 1",
        "substance",
        "capitalised words inside sentences",
        summed("names"),
        names,
    ),
    Feature(
        "new_name_density",
        "share of words",
        "0 to 1",
        "substance",
        "names the article has not given before",
        summed("new_names"),
    ),
    Feature(
        "quotations",
        "share of sentences",
        "0 to 1",
        "substance",
        "sentences that quote something with a rare word",
        quoted,
    ),
    Feature(
        "attribution_density",
        "share of words",
        "0 to 1",
        "substance",
        'verbs of attribution: "said", "announced"',
        *_list("attribution_verbs"),
    ),
    Feature(
        "causal_density",
        "share of words",
        "0 to 1",
        "substance",
        'words of cause: "because", "led to"',
        *_list("causal"),
    ),
    Feature(
        "actions",
        "share of sentences",
        "0 to 1",
        "substance",
        "sentences that open with the verb of an instruction",
        actions,
    ),
    Feature("specificity", "nats (idf)", "above 0", "substance", "mean rarity of the content words", specificity),
)
