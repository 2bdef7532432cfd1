"""Labelled segments scored through the tool's own sentences."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from joblib import Parallel, delayed

from detector.features.background import Background, Floats
from detector.features.view import look
from detector.heads.sentence import SentenceHead
from detector.text.document import Flags, Ints, read
from detector.text.normalise import normalise
from detector.training.sources import PROSE, Article
from detector.training.train import Filler


def overlay(filler: Filler, jobs: int) -> tuple[Flags, Floats, Ints]:
    """Return, for labelled prose segments, the truth, the score of the own sentences over them, and the article.

    The score is by a head that did not see the article. Segments that no own sentence touches are left out.
    """
    chosen = np.flatnonzero(filler.is_gold & (filler.whole.fold >= 0)).tolist()
    articles = filler.whole.articles
    heads = {fold: filler.heads[frozenset({fold})] for fold in filler.folds}
    found = Parallel(n_jobs=jobs)(
        delayed(_score)([articles[i] for i in chosen[k::16]], filler.background, heads) for k in range(16)
    )
    y, s, index = [], [], []
    for k, part in enumerate(found):
        for i, (truth, score) in zip(chosen[k::16], part, strict=True):
            y += truth
            s += score
            index += [i] * len(truth)
    return np.array(y), np.array(s), np.array(index)


def _score(
    articles: Iterable[Article], background: Background, heads: dict[int, SentenceHead]
) -> list[tuple[list[bool], list[float]]]:
    rows = []
    for article in articles:
        source = normalise(article.text)
        view = look(read(source), background)
        assert article.fold is not None
        filler = heads[article.fold].read(view).filler
        spans = [
            source.to_given(*span)
            for span in zip(view.document.sentence_start.tolist(), view.document.sentence_end.tolist(), strict=True)
        ]
        truth: list[bool] = []
        score: list[float] = []
        for (start, end), letter in zip(article.segments, article.letters, strict=True):
            overlaps = np.array([max(0, min(end, b) - max(start, a)) for a, b in spans], np.float64)
            if letter in PROSE and overlaps.sum():
                truth.append(letter != "C")
                score.append(float(overlaps @ filler / overlaps.sum()))
        rows.append((truth, score))
    return rows
