"""The form of a feature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from detector.features.background import Floats
from detector.features.view import View
from detector.text.document import Flags

Direction = Literal["filler", "substance", "either"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One documented measure of an article.

    ``value`` returns a float for each text (T,), NaN where it is undefined. ``shows`` (optional) marks the words (W,)
    that the value counts, so that a reason can point at them. A change of definition needs a new name.
    """

    name: str
    unit: str
    range: str
    direction: Direction
    meaning: str
    value: Callable[[View], Floats]
    shows: Callable[[View], Flags] | None = None


def ratio(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    """Divide ``part`` (T,) by ``whole`` (T,); NaN where that is not above 0."""
    shares: Floats = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return shares


def share_of_words(view: View, part: Flags) -> Floats:
    """Share of the words of prose that are marked in ``part`` (W,), by text."""
    return ratio(view.count(part), view.prose_words)


def share_of_sentences(view: View, part: Flags) -> Floats:
    """Share of the sentences of prose that are marked in ``part`` (S,), by text."""
    return ratio(view.per_text(part & view.prose), view.prose_sentences)


def summed(name: str) -> Callable[[View], Floats]:
    """Return the measure of how many words of prose are counted in the sums of ``name``, as a share of them."""
    return lambda view: ratio(view.totals[name], view.prose_words)
