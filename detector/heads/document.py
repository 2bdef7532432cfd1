"""How probable it is that most of an article is filler: the trained document head.

A logistic model over a few features of the article. Each enters as its distance from the
typical value of substantive articles, damped in short texts, where there is little evidence:

    logit = intercept + damping(words) * sum of coefficient * (value - typical)

Two of the features are means over the sentences, weighted by words, of what the sentence
head says; their part of the logit is therefore also an exact sum over sentences.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.features.background import Floats, expect
from detector.features.registry import NAMES
from detector.features.view import segment_sums
from detector.text.document import Ints

SHARE, MEAN_LOGIT = "filler_share", "mean_filler_logit"
MEANS = (SHARE, MEAN_LOGIT)
_LOGIT_LIMIT = 4.0  # one sentence cannot weigh more than this in the mean


@dataclass(frozen=True, slots=True, eq=False)
class DocumentHead:
    """The arrays of the trained head: ``names`` of D features, MEANS first, and (D,) ``coefficients``, ``typical``.

    ``half_words`` is the length at which the evidence counts half. ``base_rate`` is the share of filler articles
    the probabilities are calibrated at.
    """

    names: tuple[str, ...]
    coefficients: Floats
    typical: Floats
    intercept: float
    half_words: float
    base_rate: float

    def damping(self, words: float | Floats) -> Floats:
        """Return how much the evidence of ``words`` words of prose counts, 0 to 1; for one article or several."""
        words = np.asarray(words, np.float64)
        counts: Floats = np.divide(words, words + self.half_words, out=np.zeros(words.shape), where=words > 0)
        return counts

    def contributions(self, values: Floats, words: float | Floats) -> Floats:
        """Return each feature's part of the logit; an undefined feature has no part.

        Values (D,) and a number of words give (D,), values (T, D) and words (T,) of several articles (T, D).
        """
        parts: Floats = self.damping(words)[..., None] * self.coefficients * (values - self.typical)
        return np.where(np.isnan(values), 0.0, parts)

    def sentence_contributions(self, logit: Floats, words: Floats, texts: Ints | None = None) -> Floats:
        """Split the parts of MEANS over sentences: logits and words (S,) give contributions (S,).

        ``texts`` (T + 1) bounds the articles as ranges of sentences, None for a single one.
        """
        texts = np.array([0, len(words)]) if texts is None else texts
        total = segment_sums(words, texts)
        weight = np.divide(self.damping(total), total, out=np.zeros(len(total)), where=total > 0)
        share, level = sentence_values(logit).T - self.typical[: len(MEANS), None]
        own = share * self.coefficients[0] + level * self.coefficients[1]
        parts: Floats = weight.repeat(texts[1:] - texts[:-1]) * words * own
        return parts

    def evidence(self, values: Floats, words: float | Floats) -> Any:  # a float, or (T,)
        """Return what the features add to the logit of an article, or of each of several (T,)."""
        evidence: Any = self.contributions(values, words).sum(axis=-1)
        return evidence

    def logit(self, values: Floats, words: float | Floats) -> Any:
        """Return the calibrated logit of an article, or of each of several (T,)."""
        logit: Any = self.intercept + self.evidence(values, words)
        return logit

    def at_prior(self, prior: float) -> DocumentHead:
        """Return the head re-weighted for texts of which the share ``prior`` are filler; 0 < prior < 1."""
        if not 0.0 < prior < 1.0:
            raise ValueError(f"the prior is a share between 0 and 1, such as 0.3, not {prior}")
        moved = self.intercept + log_odds(prior) - log_odds(self.base_rate)
        return DocumentHead(self.names, self.coefficients, self.typical, moved, self.half_words, prior)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return plain arrays for an ``.npz`` file."""
        return {
            "names": np.array(self.names),
            "coefficients": self.coefficients,
            "typical": self.typical,
            "scalars": np.array([self.intercept, self.half_words, self.base_rate]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> DocumentHead:
        """Rebuild what :meth:`to_arrays` gave. Raises ValueError for arrays that do not fit together."""
        names = tuple(expect(arrays, "names", np.str_, None).tolist())
        if names[: len(MEANS)] != MEANS or not set(names[len(MEANS) :]) <= set(NAMES):
            raise ValueError("the document head was trained on other features")
        coefficients, typical = (expect(arrays, name, np.floating, len(names)) for name in ("coefficients", "typical"))
        intercept, half_words, base_rate = expect(arrays, "scalars", np.floating, 3).tolist()
        if half_words < 0.0 or not 0.0 < base_rate < 1.0:
            raise ValueError(f"half_words is {half_words}, expected 0 or more, or base_rate {base_rate}, 0 to 1")
        return cls(names, coefficients, typical, intercept, half_words, base_rate)


def sentence_values(logit: Floats) -> Floats:
    """Return what each sentence adds to MEANS before weighting, (S, 2)."""
    return np.stack((1.0 / (1.0 + np.exp(-logit)), np.clip(logit, -_LOGIT_LIMIT, _LOGIT_LIMIT)), axis=1)


def means(logit: Floats, words: Floats, texts: Ints | None = None) -> Floats:
    """Return MEANS of an article from its sentences' logits and words of prose (S,); NaN without words.

    (2,) for one article, (T, 2) for several, whose ranges of sentences ``texts`` (T + 1) bounds.
    """
    if texts is None:
        return means(logit, words, np.array([0, len(words)])).ravel()
    total = segment_sums(words, texts)
    sums = segment_sums(sentence_values(logit).T * words, texts)
    average: Floats = np.divide(sums, total, out=np.full(sums.shape, np.nan), where=total > 0)
    return average.T


def log_odds(probability: float) -> float:
    """Return the logit of a probability strictly between 0 and 1."""
    return math.log(probability / (1.0 - probability))


def sigmoid(logit: float) -> float:
    """Return the probability of a logit, without overflow at either end."""
    if logit >= 0:
        return 1.0 / (1.0 + math.exp(-logit))
    return math.exp(logit) / (1.0 + math.exp(logit))
