"""Training of the machine head, and its leave-one-family-out evaluation.

Platt scaling and the default cut come from predictions for held-out families; the head that ships
is fitted to all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from detector.heads.machine import MachineHead
from detector.heads.machine_style import Background, Floats
from detector.heads.machine_words import GROUPS
from detector.training.machine_data import Seen, Store, build_background, build_store, look, pieces
from detector.training.machine_figures import held_out_figures
from detector.training.machine_fit import Linear, fit
from detector.training.sources import Row

# Families that the background is not counted on: second-language writers, held back to be tested on, and
# sources so narrow or full of set wording that their own texts would look familiar for that alone.
NOT_BACKGROUND = ("ellipse", "18f_blog", "acl", "github_dmca", "python_peps", "recipes", "sec_contracts")
_SHORTEST_JUDGED = 60  # words of a text that counts in calibration and false-positive rates
_SAMPLE = 3000  # human pieces from which typical values are taken


def prepare(store: Store, seed: int) -> tuple[Background, Seen, Seen]:
    """Return the background that ships, the training pieces and whole texts, as the head sees them.

    The background is counted on half of the texts of human-only families; those texts are looked at through
    a second one, counted on the other half, so that no text is measured against itself.
    """
    usable = store.usable()
    mixed = np.unique(store.family[store.machine])
    human_only = np.flatnonzero(~np.isin(store.family, (*mixed, *NOT_BACKGROUND)))
    half = np.random.default_rng(seed).random(len(store.family)) < 0.5
    first, second = human_only[half[human_only]], human_only[~half[human_only]]
    backgrounds = [build_background(store, first), build_background(store, second)]
    which = np.zeros(len(store.family), np.int64)
    which[first] = 1
    seen = look(store, pieces(store, usable, seed), backgrounds, which)
    judged = np.flatnonzero(store.words >= _SHORTEST_JUDGED)
    whole = look(store, (judged, store.offset[judged], store.offset[judged + 1]), backgrounds, which)
    return backgrounds[0], seen, whole


def held_out(store: Store, seen: Seen, whole: Seen, seed: int) -> Floats:
    """Return, for each whole text, the raw logit of a model that saw nothing of its family."""
    out = np.full(len(whole.text), np.nan)
    family, own = store.family[seen.text], store.family[whole.text]
    for name in np.unique(own):
        at = np.flatnonzero(own == name)
        model = fit(store, seen, np.flatnonzero(family != name), seed)
        out[at] = model(Seen(whole.grams[at], whole.style[at], whole.text[at]))
    return out


def export(model: Linear, background: Background, store: Store, figures: dict[str, Any], seed: int) -> MachineHead:
    """Fold calibration in, centre every part on its median among human pieces, round the n-gram weights."""
    curves = model.curves * figures["slope"]
    grams = model.grams * figures["slope"]
    scale = float(np.abs(grams).max()) / 32767 or 1.0
    draft = MachineHead(
        grams=np.rint(grams / scale).astype(np.int16),
        gram_scale=scale,
        knots=model.knots,
        curves=curves,
        typical=model.middle,
        group_typical=np.zeros(len(GROUPS)),
        intercept=0.0,
        cut=figures["cut"],
        background=background,
    )
    at_typical = draft.parts(model.middle[None])[0]
    usable = store.usable()
    human = usable[~store.machine[usable]]
    sample = np.sort(np.random.default_rng(seed).permutation(human)[:_SAMPLE])
    spans = zip(*pieces(store, sample, seed), strict=True)
    groups = np.median([draft.grams_of(store.piece(start, end)).sums[0] for _, start, end in spans], axis=0)
    intercept = model.intercept * figures["slope"] + figures["offset"] + at_typical.sum() + groups.sum()
    return replace(draft, curves=curves - at_typical[:, None], group_typical=groups, intercept=float(intercept))


def leave_one_family_out(store: Store, seed: int) -> dict[str, Any]:
    """Return the figures, calibration and cut of models that did not see the family they judge."""
    _, seen, whole = prepare(store, seed)
    return held_out_figures(store, whole, held_out(store, seen, whole, seed))


def train_machine(
    rows: Iterable[Row], seed: int, leaks: frozenset[str] = frozenset()
) -> tuple[MachineHead, dict[str, Any]]:
    """Train the head on corpus rows; return it with its leave-one-family-out figures.

    ``leaks`` are ids that must not be trained on. Deterministic for one seed.
    """
    store = build_store(rows, leaks)
    background, seen, whole = prepare(store, seed)
    figures = held_out_figures(store, whole, held_out(store, seen, whole, seed))
    model = fit(store, seen, np.arange(len(seen.text)), seed)
    return export(model, background, store, figures, seed), figures
