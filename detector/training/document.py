"""Training of the document head: a regularised logistic model on what the sentence head says out of fold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from joblib import Parallel, delayed
from sklearn.linear_model import LogisticRegression

from detector.features.background import Background, Floats
from detector.features.registry import measure
from detector.features.view import look
from detector.heads.document import MEANS, DocumentHead, means
from detector.heads.sentence import SentenceHead
from detector.text.document import Flags, Ints, read
from detector.text.normalise import normalise
from detector.training.sources import Article

FEATURES: tuple[str, ...] = ("repetition", "reworded_sentences", "sentence_length")
CUT_LENGTHS = (40, 60, 80, 120, 200, 300)
DAMPINGS = (1.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0)
FILLER = 0.5  # labelled share from which an article is filler
SUBSTANTIVE = 0.33  # labelled share below which an article counts as substantive when typical values are taken
_C = 0.3
_FEATURE_SCALE = (
    0.5  # the hand-made features are shrunk more than the means over sentences: they cross genres less well
)


@dataclass(frozen=True, slots=True, eq=False)
class Documents:
    """Articles as the document head sees them, once for each sentence head.

    ``means[key]`` (N, 2), ``measured`` (N, M) features by ``names``, ``words`` (N,) words of prose by rule,
    ``share`` (N,) labelled filler share, ``fold`` (N,).
    """

    articles: tuple[Article, ...]
    means: Mapping[frozenset[int], Floats]
    names: tuple[str, ...]
    measured: Floats
    words: Floats
    share: Floats
    fold: Ints

    def values(self, key: frozenset[int], features: Sequence[str] = FEATURES) -> Floats:
        """Return the inputs of a document head, (N, 2 + len(features))."""
        columns = [self.names.index(name) for name in features]
        return np.concatenate((self.means[key], self.measured[:, columns]), axis=1)


def documents_of(
    articles: Sequence[Article],
    background: Background,
    heads: Mapping[frozenset[int], SentenceHead],
    jobs: int = 2,
    segmentation: str = "given",
) -> Documents:
    """Measure articles with every sentence head; segments as ``given`` or the tool's ``own``."""
    chunks = [articles[i::16] for i in range(16)]
    found = Parallel(n_jobs=jobs)(delayed(_measure)(c, background, dict(heads), segmentation) for c in chunks)
    rows = [found[i % 16][i // 16] for i in range(len(articles))]
    return Documents(
        articles=tuple(articles),
        means={key: np.array([row[0][key] for row in rows]) for key in heads},
        names=tuple(rows[0][1]),
        measured=np.array([list(row[1].values()) for row in rows]),
        words=np.array([row[2] for row in rows]),
        share=np.array([article.filler_share for article in articles]),
        fold=np.array([-1 if a.fold is None else a.fold for a in articles]),
    )


def _measure(
    articles: Iterable[Article],
    background: Background,
    heads: dict[frozenset[int], SentenceHead],
    segmentation: str,
) -> list[tuple[dict[frozenset[int], Floats], dict[str, float], float]]:
    rows = []
    for article in articles:
        source = normalise(article.text)
        given = [source.from_given(start, end) for start, end in article.segments]
        view = look(read(source, given if segmentation == "given" else None), background)
        prose = view.prose
        words = view.document.words[prose].astype(np.float64)
        averages = {key: means(head.read(view).logit[prose], words) for key, head in heads.items()}
        rows.append((averages, measure(view), float(words.sum())))
    return rows


def cuts(articles: Iterable[Article], lengths: Sequence[int] = CUT_LENGTHS) -> list[Article]:
    """Return the openings of articles that end with the sentence nearest to each length, with their own labels."""
    found: list[Article] = []
    for article in articles:
        total = np.cumsum(article.segment_words)
        ends = {int(np.argmin(np.abs(total - length))) + 1 for length in lengths if total[-1] > length * 1.25}
        for end in sorted(ends):
            segments = article.segments[:end]
            found.append(
                replace(
                    article,
                    text=article.text[: segments[-1][1]],
                    segments=segments,
                    letters=article.letters[:end],
                )
            )
    return found


def fit(
    documents: Documents,
    key_of: Mapping[int, frozenset[int]],
    rows: Flags,
    half_words: float,
    features: Sequence[str] = FEATURES,
) -> DocumentHead:
    """Fit the head on ``rows``, each article read by the sentence head ``key_of`` its fold, that did not see it."""
    values = np.stack(
        [documents.values(key_of[f], features)[i] for i, f in enumerate(documents.fold.tolist()) if rows[i]]
    )
    share, words = documents.share[rows], documents.words[rows]
    typical = np.nanmedian(values[share < SUBSTANTIVE], axis=0)
    centred = np.nan_to_num(values - typical) * (words / (words + half_words))[:, None]
    scale = np.maximum(centred.std(axis=0), 1e-9)
    scale[len(MEANS) :] /= _FEATURE_SCALE
    model = LogisticRegression(C=_C, max_iter=2000).fit(centred / scale, share >= FILLER)
    return DocumentHead(
        names=(*MEANS, *features),
        coefficients=model.coef_[0] / scale,
        typical=typical,
        intercept=float(model.intercept_[0]),
        half_words=half_words,
        base_rate=float(np.mean(share >= FILLER)),
    )


def logits(head: DocumentHead, values: Floats, words: Floats) -> Floats:
    """Return the logit of each article."""
    return np.array([head.logit(row, float(count)) for row, count in zip(values, words, strict=True)])


def log_loss(truth: Flags, logit: Floats) -> float:
    """Mean negative log-likelihood, in nats."""
    return float(np.mean(np.logaddexp(0.0, np.where(truth, -logit, logit))))
