"""Figures of a finished model on labelled articles it has not learnt from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from joblib import Parallel, delayed

from detector.features.background import Floats
from detector.features.registry import measure
from detector.features.view import look
from detector.heads.document import MEANS, means
from detector.model import Model
from detector.text.document import read
from detector.text.normalise import normalise
from detector.training import metrics
from detector.training.document import FILLER
from detector.training.figures import Figure, figure
from detector.training.sources import Article

_RESAMPLES = 200


def gold_figures(model: Model, articles: Sequence[Article], group: str, jobs: int) -> list[Figure]:
    """Score the labelled segments of ``articles``, as given: sentences against letters, articles against shares."""
    chunks = [articles[i::16] for i in range(16)]
    found = Parallel(n_jobs=jobs)(delayed(_read)(chunk, model) for chunk in chunks)
    rows = [found[i % 16][i // 16] for i in range(len(articles))]
    letters = np.array([letter for article in articles for letter in article.letters])
    filler = np.concatenate([row[0] for row in rows])
    article_of = np.repeat(np.arange(len(articles)), [len(row[0]) for row in rows])
    prose = np.flatnonzero(np.isin(letters, list("CRG")))
    y, s = np.isin(letters[prose], list("RG")), filler[prose]
    truth = np.array([article.filler_share for article in articles])
    kept = np.flatnonzero(np.isfinite(truth))
    share, score = np.array([row[1] for row in rows]), np.array([row[2] for row in rows])

    def make(name: str, statistic: object, clusters: object, n: int) -> Figure:
        interval = metrics.bootstrap(statistic, clusters, seed=0, resamples=_RESAMPLES)  # type: ignore[arg-type]
        return figure(group, name, interval, n)

    sentences, each = article_of[prose].tolist(), kept.tolist()
    t, p, q = truth[kept], share[kept], score[kept]
    return [
        make("filler against claim, AUROC", lambda r: metrics.auroc(y[r], s[r]), sentences, len(y)),
        make(
            "filler against claim, average precision",
            lambda r: metrics.average_precision(y[r], s[r]),
            sentences,
            len(y),
        ),
        make("filler share, Spearman", lambda r: metrics.spearman(p[r], t[r]), each, len(t)),
        make("score for share ≥ .5, AUROC", lambda r: metrics.auroc(t[r] >= FILLER, q[r]), each, len(t)),
    ]


def _read(articles: Iterable[Article], model: Model) -> list[tuple[Floats, float, float]]:
    rows = []
    for article in articles:
        source = normalise(article.text)
        view = look(read(source, [source.from_given(a, b) for a, b in article.segments]), model.background)
        reading = model.sentence.read(view)
        words = np.array(article.segment_words, np.float64) * [letter in "CRG" for letter in article.letters]
        share = float((words * reading.filler).sum() / words.sum()) if words.sum() else float("nan")
        prose = view.prose
        weight = view.document.words[prose].astype(np.float64)
        measured = measure(view)
        features = [measured[name] for name in model.document.names[len(MEANS) :]]
        values = np.concatenate((means(reading.logit[prose], weight), features))
        rows.append((reading.filler, share, model.document.logit(values, float(weight.sum()))))
    return rows
