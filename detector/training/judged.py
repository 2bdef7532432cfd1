"""What the heads say of articles they did not see: the predictions behind every figure of the filler part."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from detector.explain.sentences import judge as name_kinds
from detector.features.background import Background, Floats
from detector.features.view import look
from detector.heads.sentence import SentenceHead
from detector.text.document import Flags, Ints, read
from detector.text.normalise import normalise
from detector.training.sources import Article
from detector.training.train import Filler, choose_borders, choose_damping

KINDS = {"claim": "C", "repeat": "R", "generic": "G", "boilerplate": "B", "heading": "H"}


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Out-of-fold predictions.

    ``filler`` (N,) of every labelled sentence; over articles (A,) the predicted and the labelled share of the
    labelled sentences' words, and the score by a document head that did not see the fold.
    """

    filler: Floats
    share: Floats
    truth: Floats
    score: Floats


def judge(filler: Filler) -> Judged:
    """Predict every fold with heads trained on the others."""
    data = filler.stack.data
    logit = np.full(len(data.fold), np.nan)
    for fold in filler.folds:
        rows = data.fold == fold
        logit[rows] = np.clip(filler.stack.predict("second", frozenset({fold}))[rows], -7.0, 7.0)
    probability = 1.0 / (1.0 + np.exp(-logit))
    half_words = choose_damping(filler)
    score = 1.0 / (1.0 + np.exp(-filler.logits(filler.whole, filler.nested_heads(half_words))))
    count = len(filler.whole.articles)
    weight = data.words * data.is_prose
    total = np.bincount(data.article, weight, count)
    sums = np.bincount(data.article, weight * np.nan_to_num(probability), count)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = sums / total
    return Judged(probability, share, filler.whole.share, score)


def labelled(filler: Filler, judged: Judged) -> Ints:
    """Return the articles that were predicted and have a labelled share: the gold ones, or all if there are none."""
    rows = (filler.whole.fold >= 0) & np.isfinite(judged.truth) & np.isfinite(judged.score)
    if filler.is_gold.any():
        rows &= filler.is_gold
    return np.flatnonzero(rows)


def column(filler: Filler, name: str) -> NDArray[np.str_]:
    """Return one field of every article (A,), "" where it is not known."""
    return np.array([getattr(article, name) or "" for article in filler.whole.articles])


def borders(filler: Filler, judged: Judged) -> tuple[float, float]:
    """Return the borders of "substantive" and "filler" as a model trained on all of this would get them."""
    rows = labelled(filler, judged)
    human: Flags = column(filler, "label")[rows] == "human"
    return choose_borders(judged.score[rows], judged.truth[rows], human)


def letters(filler: Filler, jobs: int) -> NDArray[np.str_]:
    """Return the letter that a head that did not see the fold gives every labelled segment (N,); "" outside folds."""
    articles = filler.whole.articles
    heads = {fold: filler.heads[frozenset({fold})] for fold in filler.folds}
    found = Parallel(n_jobs=jobs)(delayed(_letters)(articles[k::16], filler.background, heads) for k in range(16))
    return np.array([letter for i in range(len(articles)) for letter in found[i % 16][i // 16]])


def _letters(articles: Iterable[Article], background: Background, heads: dict[int, SentenceHead]) -> list[list[str]]:
    rows = []
    for article in articles:
        if article.fold is None:
            rows.append([""] * len(article.letters))
            continue
        source = normalise(article.text)
        view = look(read(source, [source.from_given(*segment) for segment in article.segments]), background)
        head = heads[article.fold]
        rows.append([KINDS[kind] for kind in name_kinds(view, head.read(view), head).kinds])
    return rows
