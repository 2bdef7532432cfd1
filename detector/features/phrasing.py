"""Phrasing: words and phrases, from the lists in ``detector/lexicons``, that carry an article along without content."""

from __future__ import annotations

import numpy as np

from detector.features.background import Floats
from detector.features.feature import Feature, ratio, share_of_words
from detector.features.view import View
from detector.text.document import Flags, hash_word

_NOT = np.uint64(hash_word("not"))
_BUT = np.uint64(hash_word("but"))
_JUST = np.sort(np.array([hash_word(word) for word in ("only", "just", "merely", "simply")], np.uint64))
_REACH = 12  # words between "not just" and "but"


def not_but(view: View) -> Flags:
    """Which words lie in a "not only X but Y" of one sentence (W,)."""
    marked = np.zeros(len(view.hash), np.bool_)
    for at in (view.hash[:-1] == _NOT).nonzero()[0].tolist():
        if view.hash[at + 1] not in _JUST:
            continue
        later = (view.hash[at + 1 : at + 1 + _REACH] == _BUT).nonzero()[0] + at + 1
        if len(later) and view.sentence[later[0]] == view.sentence[at]:
            marked[at : int(later[0]) + 1] = True
    return marked


def _density(name: str, list_name: str, meaning: str, direction: str = "filler") -> Feature:
    def shows(view: View) -> Flags:
        return view.list(list_name) & view.in_prose

    def value(view: View) -> Floats:
        return ratio(view.list_totals[:, view.lists.index(list_name)], view.prose_words)

    value.__doc__ = f"Share of the words of prose that are, or lie in, an entry of {list_name}.txt."
    return Feature(name, "share of words", "0 to 1", direction, meaning, value, shows)  # type: ignore[arg-type]


FEATURES = (
    _density("generic_phrase_density", "generic_phrases", "phrases that stand in sentences which say nothing specific"),
    _density("significance_density", "significance", 'talk of importance: "underscores", "a testament to"'),
    _density("hedge_density", "hedges", 'hedges: "it seems", "to some extent"', "either"),
    _density("booster_density", "boosters", 'boosters and empty praise: "truly", "groundbreaking"'),
    _density("empty_attribution_density", "empty_attribution", 'sources without a name: "experts agree"'),
    _density("announcing_density", "announcing", 'announcing what will be said: "in this article"'),
    _density("transition_density", "transitions", 'connectives: "moreover", "in conclusion"'),
    _density("forecast_density", "forecast", 'vague hopes and forecasts: "only time will tell"'),
    _density("platitude_density", "platitudes", "commonplaces in plain words"),
    _density("abstract_word_share", "abstract_words", "abstract words typical of generic sentences"),
    _density(
        "machine_phrase_density", "machine_phrases", "phrases commoner in machine-written than in human texts", "either"
    ),
    Feature(
        "not_but_density",
        "share of words",
        "0 to 1",
        "filler",
        'words in "not only X but Y"',
        lambda view: share_of_words(view, not_but(view)),
        not_but,
    ),
)
