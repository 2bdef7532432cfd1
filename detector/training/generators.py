"""The machine head with one generator left out, beside the figures with one family left out."""

from __future__ import annotations

import numpy as np

from detector.heads.machine_style import Floats
from detector.text.document import Flags
from detector.training.figures import NAN, Figure, maker
from detector.training.machine import prepare
from detector.training.machine_data import Seen, Store
from detector.training.machine_fit import fit
from detector.training.metrics import matched_octile_auroc

FEWEST = 100  # texts of a generator, and of the human texts it is held against
SHORTEST, LONGEST = 100, 400  # words
GROUP = "machine head, leave one generator out"


def leave_one_generator_out(store: Store, seed: int) -> dict[str, float]:
    """Return for each generator of FEWEST texts the AUROC of a head that saw none of them.

    Its texts are held against the human texts of the same families, or without any, of the same domains; the half of
    these texts that is tested on is not learnt from either. Word-count octiles are matched, as everywhere.
    """
    _, seen, whole = prepare(store, seed)
    held = held_humans(store, seed)
    sized = store.is_pure & (store.words >= SHORTEST) & (store.words <= LONGEST)
    found = {}
    for name in np.unique(store.generator[store.machine]).tolist():
        own = store.machine & (store.generator == name)
        texts = whole.text
        mine, humans = (own & sized)[texts], (against(store, own) & held & sized)[texts]
        if name and min(mine.sum(), humans.sum()) >= FEWEST:
            model = fit(store, seen, np.flatnonzero(~(own | held)[seen.text]), seed)
            at = np.flatnonzero(mine | humans)
            logit: Floats = model(Seen(whole.grams[at], whole.style[at], texts[at]))
            found[str(name)] = matched_octile_auroc(mine[at], logit, store.words[texts[at]])
    return found


def held_humans(store: Store, seed: int) -> Flags:
    """Return half of the human texts, which no head of this evaluation learns from."""
    drawn: Flags = np.random.default_rng(seed + 1).random(len(store.machine)) < 0.5
    return drawn & ~store.machine


def against(store: Store, own: Flags) -> Flags:
    """Return the human texts that the texts ``own`` of a generator are told from."""
    human = ~store.machine
    near: Flags = human & np.isin(store.family, store.family[own])
    return near if near.any() else human & np.isin(store.domain, store.domain[own])


def generator_figures(store: Store, seed: int) -> list[Figure]:
    """Return the AUROC with each generator left out, and its mean with an interval over generators."""
    found = leave_one_generator_out(store, seed)
    values = np.array(list(found.values()))
    make = maker(GROUP, len(values), range(len(values)))
    mean = make("AUROC, macro-mean", lambda r: float(np.mean(values[r])) if len(r) else NAN)
    return [mean, *(Figure(GROUP, f"AUROC, {name}", value) for name, value in found.items())]
