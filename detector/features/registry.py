"""Every feature of an article, in the order of reports and tables."""

from __future__ import annotations

import numpy as np

from detector.features import claims, novelty, phrasing, repetition, variety
from detector.features.background import Floats
from detector.features.feature import Feature
from detector.features.view import View

MEASURED: tuple[Feature, ...] = (
    *phrasing.FEATURES,
    *repetition.FEATURES,
    *claims.FEATURES,
    *novelty.FEATURES,
    *variety.FEATURES,
)


def _from_the_head(view: View) -> Floats:
    raise TypeError("claim_to_filler_ratio needs the sentence head; it is part of a report")


FEATURES: tuple[Feature, ...] = (
    Feature(
        "claim_to_filler_ratio",
        "ratio",
        "above 0",
        "substance",
        "words of claims over words of filler, as the sentence head sees them",
        _from_the_head,
    ),
    *MEASURED,
)
NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)


def measure_all(view: View) -> Floats:
    """Return every feature that the texts alone define, (T, len(MEASURED)); NaN where undefined."""
    return np.stack([feature.value(view) for feature in MEASURED], axis=1)


def measure(view: View) -> dict[str, float]:
    """Return every feature that the only text of ``view`` alone defines, by name; NaN where undefined."""
    (row,) = measure_all(view).tolist()
    return dict(zip(NAMES[1:], row, strict=True))
