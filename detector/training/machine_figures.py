"""Figures, calibration and the default cut of the machine head, from logits for held-out families."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from detector.heads.machine_style import Floats
from detector.text.document import Flags, Ints
from detector.training.machine_data import Names, Seen, Store
from detector.training.metrics import bootstrap, cut_at_fpr, matched_octile_auroc, tpr_at_fpr, wilson

BASE_RATE = 0.5  # share of machine texts at which the probabilities are calibrated
_FEWEST = 100  # texts of each class for a family to enter the mean
_SHORTEST, _LONGEST = 100, 400  # words, likewise
_RESAMPLES = 200
_LARGE_GENRE = 1000
_GENRE = 200  # human texts that make a data set count as a genre


def held_out_figures(store: Store, whole: Seen, raw: Floats) -> dict[str, Any]:
    """Return all figures from the raw logits of whole texts by models that saw none of their family."""
    figures = family_figures(store, whole.text, raw)
    pure = store.is_pure[whole.text]
    text = whole.text[pure]
    slope, offset = calibrate(store, text, raw[pure])
    logit = raw[pure] * slope + offset
    cut = choose_cut(store, text, logit)
    caught = logit[store.machine[text]] >= cut
    return figures | {
        "slope": slope,
        "offset": offset,
        "base_rate": BASE_RATE,
        "cut": float(1 / (1 + np.exp(-cut))),
        "cut_logit": cut,
        "caught_at_cut": float(caught.mean()),
        "human_rates": human_rates(store, text, logit, cut),
    }


def paired_families(store: Store, text: Ints) -> list[str]:
    """Return the families with enough texts of middling length of each class to enter the mean."""
    sized = _sized(store, text)
    family, machine = store.family[text], store.machine[text]
    return [
        str(name)
        for name in np.unique(family)
        if min((sized & (family == name) & (machine == side)).sum() for side in (False, True)) >= _FEWEST
    ]


def _sized(store: Store, text: Ints) -> Flags:
    words = store.words[text]
    return store.is_pure[text] & (words >= _SHORTEST) & (words <= _LONGEST)


def family_figures(store: Store, text: Ints, logit: Floats) -> dict[str, Any]:
    """Return the leave-one-family-out figures of design.md §4b from held-out logits."""
    sized = _sized(store, text)
    machine, family, words = store.machine[text], store.family[text], store.words[text]
    figures: dict[str, float] = {}
    for name in paired_families(store, text):
        at = sized & (family == name)
        figures[name] = matched_octile_auroc(machine[at], logit[at], words[at])
    pooled = sized & np.isin(family, list(figures))
    humans, machines = logit[pooled & ~machine], logit[pooled & machine]
    return {
        "families": figures,
        "macro_auroc": float(np.mean(list(figures.values()))) if figures else float("nan"),
        "tpr_at_1_percent": tpr_at_fpr(humans, machines, 0.01),
        "tpr_interval": _tpr_interval(family[pooled], machine[pooled], logit[pooled]),
        "one_class": _one_class(store, text, logit, sized, figures),
        "apart": _apart(store, text, logit),
    }


def _tpr_interval(family: Names, machine: Flags, logit: Floats) -> tuple[float, float]:
    """Return the 95 % interval of the pooled TPR at 1 % FPR over draws of whole families."""

    def value(rows: Ints) -> float:
        side = machine[rows]
        return tpr_at_fpr(logit[rows[~side]], logit[rows[side]], 0.01)

    interval = bootstrap(value, family.tolist(), seed=0, resamples=_RESAMPLES)
    return interval.low, interval.high


def _one_class(store: Store, text: Ints, logit: Floats, sized: Flags, done: Iterable[str]) -> dict[str, float]:
    """AUROC of each family of one class against held-out texts of the other class in its domains."""
    machine, family, domain = store.machine[text], store.family[text], store.domain[text]
    out: dict[str, float] = {}
    for name in sorted(set(family.tolist()) - set(done)):
        own = sized & (family == name)
        for side in (False, True):
            mine = own & (machine == side)
            rest = sized & (family != name) & (machine != side) & np.isin(domain, domain[mine])
            if mine.sum() >= _FEWEST and rest.sum() >= _FEWEST:
                at = mine | rest
                out[f"{name} ({'machine' if side else 'human'})"] = matched_octile_auroc(
                    machine[at], logit[at], store.words[text][at]
                )
    return out


def _apart(store: Store, text: Ints, logit: Floats) -> dict[str, float]:
    """AUROC of edited and continued texts against the human texts of their family."""
    out: dict[str, float] = {}
    attack, family, machine = store.attack[text], store.family[text], store.machine[text]
    for name in np.unique(attack[~store.is_pure[text]]):
        mine = attack == name
        at = mine | (~machine & np.isin(family, family[mine]))
        out[str(name)] = matched_octile_auroc(mine[at], logit[at], store.words[text][at])
    return out


def calibrate(store: Store, text: Ints, logit: Floats) -> tuple[float, float]:
    """Return slope and offset of Platt scaling at BASE_RATE, families weighted by the root of their size."""
    machine = store.machine[text]
    key = np.char.add(store.family[text], np.where(machine, "+", "-"))
    _, member, counts = np.unique(key, return_inverse=True, return_counts=True)
    weight = counts[member] ** -0.5
    for side, share in ((machine, BASE_RATE), (~machine, 1 - BASE_RATE)):
        weight[side] *= share * len(text) / weight[side].sum()
    model = LogisticRegression(C=1e6).fit(logit[:, None], machine, sample_weight=weight)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def choose_cut(store: Store, text: Ints, logit: Floats, rate: float = 0.01, most: float = 0.05) -> float:
    """Return the lowest logit reached by at most ``rate`` of held-out humans and by few of any one kind of them.

    A kind is the human side of a data set. Of one with 1,000 texts or more, at most ``rate`` reach the cut; of one with
    200 or more, at most ``most``, by the upper end of the 95 % interval. So no group of writers pays for the others.
    """
    human = ~store.machine[text]
    cut = cut_at_fpr(logit[human], rate)
    for name in np.unique(store.dataset[text][human]):
        scores = np.sort(logit[human & (store.dataset[text] == name)])[::-1]
        if len(scores) >= _GENRE:
            allowed = max(k for k in range(len(scores)) if k == 0 or wilson(k, len(scores)).high <= most)
            cut = max(cut, float(np.nextafter(scores[allowed], np.inf)))
        if len(scores) >= _LARGE_GENRE:
            cut = max(cut, cut_at_fpr(scores, rate))
    return cut


def human_rates(store: Store, text: Ints, logit: Floats, cut: float) -> dict[str, tuple[int, int]]:
    """Return, for each human data set, how many texts reach ``cut`` and how many there are."""
    human = ~store.machine[text]
    out = {}
    for name in np.unique(store.dataset[text][human]):
        scores = logit[human & (store.dataset[text] == name)]
        out[str(name)] = (int((scores >= cut).sum()), len(scores))
    return out
