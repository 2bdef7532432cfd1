"""Every feature of an article, in the order of reports and tables."""

from __future__ import annotations

from detector.features import claims, novelty, phrasing, repetition, variety
from detector.features.feature import Feature
from detector.features.view import View

MEASURED: tuple[Feature, ...] = (
    *phrasing.FEATURES,
    *repetition.FEATURES,
    *claims.FEATURES,
    *novelty.FEATURES,
    *variety.FEATURES,
)


def _from_the_head(view: View) -> float:
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


def measure(view: View) -> dict[str, float]:
    """Return every feature that the text alone defines, by name; NaN where undefined."""
    return {feature.name: feature.value(view) for feature in MEASURED}
