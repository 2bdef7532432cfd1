"""Measured error rates at every cut, in the form that goes into the model folder for pages and programs to show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from detector.training.document import FILLER
from detector.training.judged import Judged, labelled
from detector.training.metrics import Flags, Floats
from detector.training.train import Filler

FILE = "error_rates.json"
CUTS = tuple(round(k / 100, 2) for k in range(1, 100))


def error_rates(score: Floats, filler: Flags, source: str) -> dict[str, Any]:
    """Return the shares of other articles and of filler ones at or above each cut, four digits each.

    ``score`` and ``filler`` (A,) are predictions for articles that the head did not see and their labels; ``source``
    says where they come from. A rate of no articles at all is None.
    """
    missing = np.isnan(score)
    if missing.any():
        raise ValueError(f"{int(missing.sum())} scores are NaN; leave out the articles without a score first.")

    def share(of: Floats) -> list[float | None]:
        return [round(float(np.mean(of >= cut)), 4) if len(of) else None for cut in CUTS]

    return {
        "cuts": list(CUTS),
        "false_positive_rate": share(score[~filler]),
        "true_positive_rate": share(score[filler]),
        "articles": {"filler": int(filler.sum()), "not_filler": int((~filler).sum())},
        "source": source,
    }


def write_error_rates(folder: Path, filler: Filler, judged: Judged) -> None:
    """Write the rates of out-of-fold document scores to ``folder`` as FILE."""
    rows = labelled(filler, judged)
    source = "out of fold by family, gold train" if filler.is_gold.any() else "out of fold by story, stories"
    rates = error_rates(judged.score[rows], judged.truth[rows] >= FILLER, source)
    (folder / FILE).write_text(json.dumps(rates) + "\n", encoding="utf-8")
