"""Short texts: openings against their own labels, and a text that grows sentence by sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from detector.training.document import cuts
from detector.training.figures import NAN, Figure, maker
from detector.training.metrics import Floats, Ints
from detector.training.readers import Readers
from detector.training.sources import Article

LENGTHS = (150, 300, 450)  # words
STEP = 0.15
GROWN = 200  # articles that are read again and again as they grow


def length_figures(readers: Readers, articles: Sequence[Article], jobs: int) -> list[Figure]:
    """Return the error of the filler share at each length, and how the score moves as texts grow.

    Openings end with the sentence nearest to the length and are held against the labels of that opening. The last
    figure compares the shortest openings with all whole articles.
    """
    gold = [a for a in articles if a.story is None and a.role == "train" and np.isfinite(a.filler_share)]
    group = "length"
    whole = _errors(readers, gold, jobs)
    found = [_mean_error(group, "whole articles", whole, readers.note)]
    shortest = whole
    for length in LENGTHS:
        openings = [a for a in cuts(gold, (length,)) if np.isfinite(a.filler_share)]
        errors = _errors(readers, openings, jobs)
        found.append(_mean_error(group, f"openings near {length} words", errors, readers.note))
        if length == LENGTHS[0]:
            shortest = errors
    joined = np.concatenate((whole, shortest))
    is_short = np.arange(len(joined)) >= len(whole)
    make = maker(group, len(joined), range(len(joined)), readers.note)

    def ratio(r: Ints) -> float:
        short = is_short[r]
        if short.all() or not short.any():  # a draw of few articles may hold one kind alone
            return NAN
        return float(np.mean(joined[r[short]]) / np.mean(joined[r[~short]]))

    name = f"error at {LENGTHS[0]} words over error of whole articles"
    return [*found, make(name, ratio, 1.5, True), growth_figure(readers, gold, jobs)]


def _errors(readers: Readers, articles: Sequence[Article], jobs: int) -> Floats:
    """Return |predicted - labelled share| of the articles that are judged."""
    share = np.array([report.filler_share for report in readers.score(articles, jobs)])
    errors = np.abs(share - [article.filler_share for article in articles])
    judged: Floats = errors[np.isfinite(errors)]
    return judged


def _mean_error(group: str, name: str, errors: Floats, note: str) -> Figure:
    make = maker(group, len(errors), range(len(errors)), note)
    made: Figure = make(f"filler share, mean absolute error, {name}", lambda r: float(np.mean(errors[r])))
    return made


def growth_figure(readers: Readers, articles: Sequence[Article], jobs: int) -> Figure:
    """Append one sentence at a time to openings of the first GROWN articles by the hash of their id.

    The value is the share of steps in which ``score`` moves by at most STEP, from the first length that is judged.
    """
    chosen = sorted(articles, key=_mixed)[:GROWN]
    grown: list[Article] = []
    of: list[int] = []
    for number, (article, report) in enumerate(zip(chosen, readers.score(chosen, jobs), strict=True)):
        ends = [sentence.end for sentence in report.sentences]
        grown += [replace(article, text=article.text[:end]) for end in ends]
        of += [number] * len(ends)
    score = np.array([report.score for report in readers.score(grown, jobs)])
    article_of = np.array(of)
    step = np.abs(np.diff(score))
    kept = np.flatnonzero((np.diff(article_of) == 0) & np.isfinite(step))
    small = step[kept] <= STEP
    make = maker("length", len(kept), article_of[kept], readers.note)
    made: Figure = make(
        f"appending a sentence moves score by at most {STEP}, share of steps", lambda r: float(np.mean(small[r])), 0.95
    )
    return made


def _mixed(article: Article) -> int:
    from zlib import crc32

    return crc32(article.id.encode())
