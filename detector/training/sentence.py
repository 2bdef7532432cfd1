"""Training of the sentence head: stacked, every layer fed with predictions of models that did not see the article."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from detector.features.background import Background, Floats
from detector.features.sentence import MOST_PARAGRAPHS, NAMES, sentence_features
from detector.features.view import look
from detector.heads.sentence import (
    CLIP,
    GRAM_BITS,
    NEIGHBOUR_FEATURES,
    Network,
    SentenceHead,
    gram_slots,
    own_inputs,
    raw_inputs,
    second_inputs,
    vector_inputs,
)
from detector.text.document import Flags, Ints, read
from detector.text.normalise import normalise
from detector.training.sources import Article

Excluded = frozenset[int]


def _blindfold(**values: float) -> tuple[Ints, Floats]:
    """Return the scaled inputs that hold the named features, of the sentence or its neighbours, and their values."""
    columns = [(NAMES.index(name), value) for name, value in values.items()]
    around = len(NEIGHBOUR_FEATURES)
    for name, value in values.items():
        if name in NEIGHBOUR_FEATURES:
            at = len(NAMES) + 4 + NEIGHBOUR_FEATURES.index(name)
            columns += [(at, value), (at + around, value)]
    return np.array([at for at, _ in columns]), np.array([raw for _, raw in columns])


# What a text all in small letters, and one without paragraph breaks, would give.
_WITHOUT_CAPITALS = _blindfold(names=0.0, new_names=0.0, capital_share=0.0, article_name_share=0.0)
_WITHOUT_PARAGRAPHS = _blindfold(
    opens_paragraph=0.0,
    closes_paragraph=0.0,
    log_paragraph_sentences=float(np.log1p(MOST_PARAGRAPHS)),
    log_paragraphs=float(np.log1p(1)),
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings of the sentence head; the defaults were chosen out of fold on the training families."""

    gram_C: float = 1.0
    gram_support: int = 2  # n-grams of fewer training sentences get no weight
    hidden: int = 64
    seeds: int = 2
    alpha: float = 0.05
    dropout: float = 0.2
    blind: float = 0.4  # share of articles read, in each epoch, as if they had no capitals; and no paragraphs
    epochs: tuple[int, int] = (12, 8)
    repeat_C: float = 0.02
    repeat_weight: float = 1.5  # of a repeat against a generic sentence, which is 2.5 times as common


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


Fitted = tuple[Floats, Any]


@dataclass(slots=True)
class Stack:
    """Models trained without some folds, each trained once and kept with what it says of every sentence.

    The layers are "grams", "first" and "second". A layer's inputs come, within its training folds, from models of
    the layer below that did not see the sentence's fold either.
    """

    data: Sentences
    recipe: Recipe
    folds: tuple[int, ...]
    seed: int
    kept: dict[tuple[str, Excluded], Fitted] = field(default_factory=dict)

    def training(self, without: Excluded) -> Flags:
        """Labelled prose sentences of the folds in use."""
        usable = [fold for fold in self.folds if fold not in without]
        return self.data.is_prose & np.isin(self.data.fold, usable)

    def fill(self, without: Sequence[Excluded], jobs: int) -> None:
        """Train, in parallel, all that the second network without each of ``without`` needs."""
        wanted: dict[str, set[Excluded]] = {"second": set(without)}
        for layer, below in (("second", "first"), ("first", "grams")):
            wanted[below] = {w | {f} for w in wanted[layer] for f in self.folds} | wanted[layer]
        for layer in ("grams", "first", "second"):
            todo = [
                w for w in sorted(wanted[layer], key=sorted) if (layer, w) not in self.kept and self.training(w).any()
            ]
            done = Parallel(n_jobs=jobs)(delayed(self.fit)(layer, w) for w in todo)
            self.kept.update({(layer, w): fitted for w, fitted in zip(todo, done, strict=True)})

    def fit(self, layer: str, without: Excluded) -> Fitted:
        """Return the predictions (N,) and the model of ``layer`` trained without the folds ``without``."""
        key = (layer, without)
        if key not in self.kept:
            if layer == "grams":
                self.kept[key] = self._fit_grams(without)
            else:
                X = self.inputs(without)[0] if layer == "first" else self.second_inputs(without)
                network = self._fit_network(X, without, ("first", "second").index(layer))
                self.kept[key] = network(X), network
        return self.kept[key]

    def predict(self, layer: str, without: Excluded) -> Floats:
        """Return the logits of ``layer``, trained without the folds ``without``, for every sentence."""
        return self.fit(layer, without)[0]

    def out_of_fold(self, layer: str, without: Excluded) -> Floats:
        """Return logits of ``layer`` by models without ``without``, each fold's by one without that fold too."""
        values = self.predict(layer, without).copy()
        for fold in self.folds:
            if fold not in without:
                rows = self.data.fold == fold
                values[rows] = self.predict(layer, without | {fold})[rows]
        return values

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
        X = np.concatenate((np.clip((left - mean) / scale, -CLIP, CLIP), data.vectors), axis=1)
        return X, mean, scale

    def second_inputs(self, without: Excluded) -> Floats:
        """Return the inputs of the second network."""
        first = self.out_of_fold("first", without)
        extra = np.concatenate([second_inputs(first[rows], self.data.weight[rows]) for rows in _articles(self.data)])
        return np.concatenate((self.inputs(without)[0], extra), axis=1)

    def head(self, without: Excluded) -> SentenceHead:
        """Return the head trained on all folds but ``without``, as it is shipped."""
        X, mean, scale = self.inputs(without)
        weights, intercept = self.fit("grams", without)[1]
        rows = self.training(without) & self.data.is_filler
        weights_of = {False: 1.0, True: self.recipe.repeat_weight}
        repeat = LogisticRegression(C=self.recipe.repeat_C, max_iter=2000, class_weight=weights_of)
        repeat.fit(X[rows][:, : own_inputs(X.shape[1])], self.data.letters[rows] == "R")
        return SentenceHead(
            grams=weights.astype(np.float64),
            gram_intercept=intercept,
            mean=mean,
            scale=scale,
            first=self.fit("first", without)[1],
            second=self.fit("second", without)[1],
            repeat=repeat.coef_[0],
            repeat_intercept=float(repeat.intercept_[0]),
        )

    def _fit_grams(self, without: Excluded) -> Fitted:
        rows = self.training(without)
        grams = self.data.grams[rows]
        rare = np.bincount(grams.indices, minlength=grams.shape[1]) < self.recipe.gram_support
        model = LogisticRegression(C=self.recipe.gram_C, solver="liblinear", random_state=self.seed)
        model.fit(grams, self.data.is_filler[rows])
        weights = np.where(rare, 0.0, model.coef_[0]).astype(np.float16)
        intercept = float(model.intercept_[0])
        return np.asarray(self.data.grams @ weights.astype(np.float64)) + intercept, (weights, intercept)

    def _fit_network(self, X: Floats, without: Excluded, layer: int) -> Network:
        """Fit networks with inputs dropped at random, so that none leans on what only some sources show."""
        recipe, rows = self.recipe, np.flatnonzero(self.training(without))
        truth, article = self.data.is_filler[rows], self.data.article[rows]
        inputs = X[rows].astype(np.float32)
        _, mean, scale = self.inputs(without)
        unseen = [(at, (raw - mean[at]) / scale[at]) for at, raw in (_WITHOUT_CAPITALS, _WITHOUT_PARAGRAPHS)]
        kept = 1.0 - recipe.dropout
        models = []
        for number in range(recipe.seeds):
            rng = np.random.default_rng((self.seed, number))
            model = MLPClassifier(
                (recipe.hidden,),
                alpha=recipe.alpha,
                batch_size=min(256, len(rows)),
                random_state=self.seed + number,
            )
            for epoch in range(recipe.epochs[layer]):
                if epoch == int(recipe.epochs[layer] * 0.7):
                    model.learning_rate_init /= 3.0
                order = rng.permutation(len(rows))
                shown = inputs[order]
                for at, value in unseen:
                    blind = (rng.random(int(article[-1]) + 1) < recipe.blind)[article[order]]
                    shown[np.ix_(blind, at)] = value
                shown *= (rng.random(inputs.shape, dtype=np.float32) < kept) / np.float32(kept)
                model.partial_fit(shown, truth[order], classes=[False, True])
            models.append(model)
        return _network(models)


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
