"""How the score of a short text moves as it grows word by word."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from detector.scorer import Scorer
from detector.training.figures import Figure
from detector.training.metrics import bootstrap
from detector.training.sources import Article

ARTICLES = 200
WORDS = 40
STEP = 0.10
_WORD = re.compile(r"\S+")


def cliff(scorer: Scorer, articles: Iterable[Article]) -> Figure:
    """Cut articles at every word from the minimum length to 40 words above it, and count the small steps.

    The first ARTICLES labelled articles long enough, in order of their id's hash so that sources mix. The value is
    the share of steps from one word to the next in which ``score`` moves by at most STEP; a step into or out of an
    abstention counts as a move from or to the base rate.
    """
    long_enough = scorer.cuts.least_words + WORDS + 20
    chosen = sorted((a for a in articles if a.story is None and a.words >= long_enough), key=_mixed)[:ARTICLES]
    base = scorer.model.document.base_rate
    steps: list[float] = []
    article_of: list[int] = []
    for number, article in enumerate(chosen):
        ends = [match.end() for match in _WORD.finditer(article.text)]
        reports = [
            scorer.score(article.text[:end])
            for end in ends[scorer.cuts.least_words - 5 : scorer.cuts.least_words + WORDS + 15]
        ]
        first = next((i for i, report in enumerate(reports) if np.isfinite(report.score)), len(reports) - 1)
        window = reports[max(first - 1, 0) : first + WORDS + 1]
        scores = np.array([base if np.isnan(report.score) else report.score for report in window])
        steps += np.abs(np.diff(scores)).tolist()
        article_of += [number] * (len(scores) - 1)
    small = np.array(steps) <= STEP
    interval = bootstrap(lambda r: float(np.mean(small[r])), article_of, seed=0, resamples=200)
    return Figure(
        "no cliff",
        f"steps of at most {STEP} per word, share",
        interval.value,
        interval.low,
        interval.high,
        len(steps),
        0.95,
        note=f"{len(chosen)} articles",
    )


def _mixed(article: Article) -> int:
    from zlib import crc32

    return crc32(article.id.encode())
