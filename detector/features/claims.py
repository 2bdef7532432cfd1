"""Claims: the marks of something specific."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from detector.features.background import Floats
from detector.features.feature import Feature, share
from detector.features.view import View
from detector.text.document import Flags, hash_word

_QUOTE = np.uint64(hash_word('"'))
_LEAST_QUOTED_RARITY = 4.5  # idf of the rarest word that makes a quotation say something


def numbers(view: View) -> Flags:
    """Which words are figures or number words (W,)."""
    return (view.number | view.list("number_words")) & view.in_prose


def dates(view: View) -> Flags:
    """Which words are months, days or years between 1500 and 2100 (W,)."""
    return (view.list("months_days") | (view.number & _is_year(view))) & view.in_prose


def _is_year(view: View) -> Flags:
    document = view.document
    years = np.zeros(len(view.word), np.bool_)
    for at in ((view.length == 4) & view.number).nonzero()[0].tolist():
        token = view.word[at]
        digits = document.source.text[document.start[token] : document.end[token]]
        years[at] = digits.isdigit() and 1500 <= int(digits) < 2100
    return years


def names(view: View) -> Flags:
    """Which words are capitalised content words inside a sentence (W,)."""
    return view.name & view.in_prose


def quoted(view: View) -> float:
    """Share of prose sentences that quote something with a rare word in it."""
    document = view.document
    has_quote, has_rare = np.zeros((2, view.n_sentences), np.bool_)
    has_quote[document.sentence[document.hash == _QUOTE]] = True
    rare = view.content & (view.idf > _LEAST_QUOTED_RARITY)
    has_rare[view.sentence[rare]] = True
    return share(has_quote & has_rare, view.prose)


def actions(view: View) -> float:
    """Share of prose sentences that open with the verb of an instruction."""
    opens = view.bounds[:-1]
    filled = opens < view.bounds[1:]
    acts = np.zeros(view.n_sentences, np.bool_)
    acts[filled] = view.list("action_verbs")[opens[filled]]
    return share(acts, view.prose)


def specificity(view: View) -> float:
    """Mean rarity (idf) of the content words of prose."""
    rarity = view.idf[view.content & view.in_prose]
    return float(rarity.sum()) / len(rarity) if len(rarity) else float("nan")


def claim_to_filler_ratio(words: Floats, filler: Floats) -> float:
    """(sum of w (1 - f) + 1) / (sum of w f + 1) over prose sentences; NaN without any."""
    if not len(words):
        return float("nan")
    return (float((words * (1.0 - filler)).sum()) + 1.0) / (float((words * filler).sum()) + 1.0)


def _list(name: str) -> tuple[Callable[[View], float], Callable[[View], Flags]]:
    def shows(view: View) -> Flags:
        return view.list(name) & view.in_prose

    return (lambda view: float(view.list_share[view.lists.index(name)])), shows


FEATURES = (
    Feature(
        "number_density",
        "share of words",
        "0 to 1",
        "substance",
        "figures and number words",
        lambda view: share(numbers(view), view.in_prose),
        numbers,
    ),
    Feature(
        "new_number_density",
        "share of words",
        "0 to 1",
        "substance",
        "figures the article has not given before",
        lambda view: share(view.number & view.first, view.in_prose),
    ),
    Feature(
        "date_density",
        "share of words",
        "0 to 1",
        "substance",
        "months, days and years",
        lambda view: share(dates(view), view.in_prose),
        dates,
    ),
    Feature(
        "name_density",
        "share of words",
        "0 to 1",
        "substance",
        "capitalised words inside sentences",
        lambda view: share(names(view), view.in_prose),
        names,
    ),
    Feature(
        "new_name_density",
        "share of words",
        "0 to 1",
        "substance",
        "names the article has not given before",
        lambda view: share(names(view) & view.first, view.in_prose),
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
