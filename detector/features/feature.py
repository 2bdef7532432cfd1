"""The form of a feature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from detector.features.background import Floats
from detector.features.view import View
from detector.text.document import Flags

Direction = Literal["filler", "substance", "either"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One documented measure of an article.

    ``value`` returns a float, NaN where it is undefined. ``shows`` (optional) marks the words (W,) that the value
    counts, so that a reason can point at them. A change of definition needs a new name.
    """

    name: str
    unit: str
    range: str
    direction: Direction
    meaning: str
    value: Callable[[View], float]
    shows: Callable[[View], Flags] | None = None


@dataclass(frozen=True, slots=True)
class SentenceFeature:
    """One measure of every sentence of an article: ``values`` returns (S,) floats, all defined.

    ``wording`` names the reason shown to people when the feature made a sentence filler (``filler``) or claim
    (``claim``); an empty string means the feature is context that nobody needs to be shown.
    """

    name: str
    meaning: str
    values: Callable[[View], Floats]
    filler: str = ""
    claim: str = ""
    shows: Callable[[View], Flags] | None = None


def share(part: Flags, whole: Flags) -> float:
    """Share of the words in ``whole`` that are also in ``part``; NaN without any."""
    count = int(np.count_nonzero(whole))
    return int(np.count_nonzero(part & whole)) / count if count else float("nan")
