"""Training of the sentence head: stacked, every layer fed with predictions of models that did not see the article."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.utils._testing import ignore_warnings

from detector.features.background import Background, Floats
from detector.features.sentence import NAMES, sentence_features
from detector.features.view import look
from detector.heads.sentence import (
    GRAM_BITS,
    Network,
    SentenceHead,
    gram_slots,
    raw_inputs,
    second_inputs,
    vector_inputs,
)
from detector.text.document import Flags, Ints, read
from detector.text.normalise import normalise
from detector.training.sources import Article

Excluded = frozenset[int]


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings of the sentence head; the defaults were chosen out of fold on the training families."""

    gram_C: float = 1.0
    gram_support: int = 2  # n-grams of fewer training sentences get no weight
    hidden: int = 64
    seeds: int = 2
    alpha: float = 0.2
    epochs: tuple[int, int] = (12, 8)
    batch: int = 256
    repeat_C: float = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Sentences:
    """Every sentence of a set of articles, in order.

    ``features`` (N, F), ``vectors`` (N, 3 D), ``grams`` (N, 2 ** GRAM_BITS) counts over the damped root, ``weight``
    (N,) words in prose, ``article`` (N,) index, ``fold`` (N,), ``letters`` (N,) of C R G B H.
    """

    features: Floats
    vectors: NDArray[np.float32]
    grams: sp.csr_matrix
    weight: Floats
    words: Floats
    article: Ints
    fold: Ints
    letters: NDArray[np.str_]

    @property
    def is_prose(self) -> Flags:
        """Sentences with a letter of prose."""
        return np.isin(self.letters, list("CRG"))

    @property
    def is_filler(self) -> Flags:
        """Sentences labelled repeat or generic."""
        return np.isin(self.letters, list("RG"))


def sentences_of(articles: Sequence[Article], background: Background, jobs: int = 2) -> Sentences:
    """Measure the labelled segments of ``articles``, as given."""
    chunks = [articles[i::16] for i in range(16)]
    found = Parallel(n_jobs=jobs)(delayed(_measure)(chunk, background) for chunk in chunks)
    parts = [found[i % 16][i // 16] for i in range(len(articles))]
    sizes = np.array([len(part[0]) for part in parts])
    counts = np.concatenate([np.diff(part[3]) for part in parts])
    slots = np.concatenate([part[2] for part in parts])
    rows = np.repeat(np.arange(len(counts)), counts)
    values = (1.0 / np.sqrt(counts + 3.0))[rows].astype(np.float32)
    grams = sp.csr_matrix((values, (rows, slots)), shape=(len(counts), 1 << GRAM_BITS))
    grams.sum_duplicates()
    return Sentences(
        features=np.concatenate([part[0] for part in parts]),
        vectors=np.concatenate([part[1] for part in parts]),
        grams=grams,
        weight=np.concatenate([part[4] for part in parts]),
        words=np.concatenate([part[5] for part in parts]),
        article=np.repeat(np.arange(len(articles)), sizes),
        fold=np.repeat(np.array([-1 if a.fold is None else a.fold for a in articles]), sizes),
        letters=np.array([letter for a in articles for letter in a.letters]),
    )


def _measure(articles: Iterable[Article], background: Background) -> list[tuple[NDArray[np.generic], ...]]:
    rows: list[tuple[NDArray[np.generic], ...]] = []
    for article in articles:
        source = normalise(article.text)
        document = read(source, [source.from_given(start, end) for start, end in article.segments])
        view = look(document, background)
        slots, bounds = gram_slots(view)
        words = np.array(article.segment_words, np.float64)
        rows.append(
            (
                sentence_features(view),
                vector_inputs(view).astype(np.float32),
                slots,
                bounds,
                document.words * view.prose.astype(np.float64),
                words,
            )
        )
    return rows


@dataclass(slots=True)
class Stack:
    """Predictions of models trained without some folds, each trained once and kept.

    ``first(x)`` is the logit that the first network gives every sentence when it was trained without the folds
    ``x``; within its training folds its inputs came from models that did not see the sentence's fold either.
    """

    data: Sentences
    recipe: Recipe
    folds: tuple[int, ...]
    seed: int
    kept: dict[tuple[str, Excluded], Floats] = field(default_factory=dict)

    def training(self, without: Excluded) -> Flags:
        """Labelled prose sentences of the folds in use."""
        usable = [fold for fold in self.folds if fold not in without]
        return self.data.is_prose & np.isin(self.data.fold, usable)

    def out_of_fold(self, layer: str, without: Excluded) -> Floats:
        """Return the predictions of ``layer`` for the model that must not see ``without``, each fold's by a model
        that did not see that fold either."""
        values = self.predict(layer, without).copy()
        for fold in self.folds:
            if fold not in without:
                rows = self.data.fold == fold
                values[rows] = self.predict(layer, without | {fold})[rows]
        return values

    def predict(self, layer: str, without: Excluded) -> Floats:
        """Return the predictions of ``layer`` ("grams", "first" or "second") for every sentence."""
        key = (layer, without)
        if key not in self.kept:
            self.kept[key] = getattr(self, f"_{layer}")(without)
        return self.kept[key]

    def fill(self, without: Sequence[Excluded], jobs: int) -> None:
        """Train everything that predictions of the second network without each of ``without`` need, in parallel."""
        wanted: dict[str, set[Excluded]] = {"second": set(without)}
        for layer, below in (("second", "first"), ("first", "grams")):
            wanted[below] = {w | {f} for w in wanted[layer] for f in self.folds} | wanted[layer]
        for layer in ("grams", "first", "second"):
            todo = sorted((w for w in wanted[layer] if (layer, w) not in self.kept and self.training(w).any()), key=sorted)
            done = Parallel(n_jobs=jobs)(delayed(self.predict)(layer, w) for w in todo)
            self.kept.update({(layer, w): values for w, values in zip(todo, done, strict=True)})

    def _grams(self, without: Excluded) -> Floats:
        model = self.gram_model(without)
        return np.asarray(self.data.grams @ model.coef_[0] + model.intercept_[0], np.float64)

    def _first(self, without: Excluded) -> Floats:
        X, _, _ = self.inputs(without)
        return _network(self._fit(X, without, 0))(X)

    def _second(self, without: Excluded) -> Floats:
        X = self.second_inputs(without)
        return _network(self._fit(X, without, 1))(X)

    def gram_model(self, without: Excluded) -> LogisticRegression:
        """Fit the linear n-gram model without the folds ``without``."""
        rows = self.training(without)
        grams = self.data.grams[rows]
        rare = np.bincount(grams.indices, minlength=grams.shape[1]) < self.recipe.gram_support
        model = LogisticRegression(C=self.recipe.gram_C, solver="liblinear", random_state=self.seed)
        model.fit(grams, self.data.is_filler[rows])
        model.coef_[0, rare] = 0.0
        return model

    def inputs(self, without: Excluded) -> tuple[Floats, Floats, Floats]:
        """Return the inputs of the first network, and the mean and scale of their left part."""
        data = self.data
        wording = self.out_of_fold("grams", without)
        left = np.concatenate(
            [raw_inputs(data.features[rows], wording[rows], data.weight[rows]) for rows in _articles(data)]
        )
        trained = left[self.training(without)]
        mean, scale = trained.mean(axis=0), trained.std(axis=0)
        scale[scale < 1e-6] = 1.0
        X = np.concatenate((np.clip((left - mean) / scale, -5.0, 5.0), data.vectors), axis=1)
        return X, mean, scale

    def second_inputs(self, without: Excluded) -> Floats:
        """Return the inputs of the second network."""
        X, _, _ = self.inputs(without)
        first = self.out_of_fold("first", without)
        extra = np.concatenate(
            [second_inputs(first[rows], self.data.weight[rows]) for rows in _articles(self.data)]
        )
        return np.concatenate((X, extra), axis=1)

    def head(self, without: Excluded) -> SentenceHead:
        """Return the head trained on all folds but ``without``, as it is shipped."""
        X, mean, scale = self.inputs(without)
        model = self.gram_model(without)
        rows = self.training(without) & self.data.is_filler
        repeat = LogisticRegression(C=self.recipe.repeat_C, max_iter=1000, class_weight="balanced")
        repeat.fit(X[rows][:, : len(NAMES)], self.data.letters[rows] == "R")
        return SentenceHead(
            grams=model.coef_[0].astype(np.float16).astype(np.float64),
            gram_intercept=float(model.intercept_[0]),
            mean=mean,
            scale=scale,
            first=_network(self._fit(X, without, 0)),
            second=_network(self._fit(self.second_inputs(without), without, 1)),
            repeat=repeat.coef_[0],
            repeat_intercept=float(repeat.intercept_[0]),
        )

    @ignore_warnings(category=ConvergenceWarning)  # the number of epochs is the regulariser
    def _fit(self, X: Floats, without: Excluded, layer: int) -> list[MLPClassifier]:
        recipe, rows = self.recipe, self.training(without)
        return [
            MLPClassifier(
                (recipe.hidden,),
                alpha=recipe.alpha,
                max_iter=recipe.epochs[layer],
                batch_size=min(recipe.batch, int(rows.sum())),
                random_state=self.seed + number,
            ).fit(X[rows].astype(np.float32), self.data.is_filler[rows])
            for number in range(recipe.seeds)
        ]


def _network(models: Sequence[MLPClassifier]) -> Network:
    """Join networks of one hidden layer into one that gives the mean of their logits."""
    return Network(
        hidden=np.concatenate([m.coefs_[0] for m in models], axis=1).astype(np.float32).astype(np.float64),
        bias=np.concatenate([m.intercepts_[0] for m in models]).astype(np.float32).astype(np.float64),
        output=(np.concatenate([m.coefs_[1][:, 0] for m in models]) / len(models))
        .astype(np.float32)
        .astype(np.float64),
        offset=float(np.mean([m.intercepts_[1][0] for m in models])),
    )


def _articles(data: Sentences) -> list[slice]:
    """Return the rows of each article that has any."""
    ends = np.flatnonzero(np.diff(data.article, append=-1)) + 1
    return [slice(int(a), int(b)) for a, b in zip(np.concatenate(([0], ends[:-1])), ends, strict=True)]


