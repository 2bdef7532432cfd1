"""The scorer: text in, report out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from detector import model as models
from detector.features.registry import NAMES
from detector.heads.document import sigmoid
from detector.model import Cuts, Model
from detector.reading import Reading, read
from detector.report import NAN, Label, Report, failed

OnError = Literal["raise", "report"]
_MOST_TEXTS = 24  # read together: enough to share the cost of calling NumPy,
_MOST_CHARACTERS = 80_000  # few enough for the arrays to stay in the cache


class Scorer:
    """Scores texts with one model; immutable, shared freely between threads, and sent to workers by its folder.

    ``Scorer()`` is the bundled model. Raises :class:`detector.model.ModelError` if the model cannot be used.
    """

    __slots__ = ("_folder", "_model", "_prior")

    def __init__(self, *, prior: float | None = None) -> None:
        self._set(None, prior)

    @classmethod
    def load(cls, folder: str | Path, *, prior: float | None = None) -> Scorer:
        """Return a scorer for the model in ``folder``; ``prior`` is the share of filler articles to expect."""
        scorer = cls.__new__(cls)
        scorer._set(str(folder), prior)
        return scorer

    def _set(self, folder: str | None, prior: float | None) -> None:
        self._folder = folder
        self._prior = prior
        self._model = _model(folder, prior)

    def __reduce__(self) -> tuple[object, tuple[str | None, float | None]]:
        return _restore, (self._folder, self._prior)

    @property
    def model(self) -> Model:
        """The model behind the scores."""
        return self._model

    @property
    def model_name(self) -> str:
        """The name of the model, as in every report."""
        return self._model.name

    @property
    def cuts(self) -> Cuts:
        """The borders between labels."""
        return self._model.cuts

    def score(self, text: str, *, reasons: bool = True) -> Report:
        """Score one text. Raises TypeError if ``text`` is not a str.

        Without ``reasons`` the report says what it found but not why, which takes less time: all its reasons are empty.
        """
        if not isinstance(text, str):
            raise TypeError(_not_a_text(text) + "; decode it first")
        return self._reports([text], reasons)[0]

    def score_many(
        self, texts: Iterable[str], *, jobs: int = 1, on_error: OnError = "raise", reasons: bool = True
    ) -> Iterator[Report]:
        """Score texts one after the other, in order, holding only a few at a time.

        Texts are read a few together, first one, then more and more; no report depends on that. ``jobs`` worker
        processes share the work, 0 means one for each core. An item that is not a text raises
        TypeError, or with ``on_error="report"`` gives a report labelled ``error`` in its place. ``reasons`` as in
        :meth:`score`.
        """
        if jobs < 0:
            raise ValueError(f"jobs is a number of processes, 0 for all cores, not {jobs}")
        if on_error not in ("raise", "report"):
            raise ValueError(f'on_error is "raise" or "report", not {on_error!r}')
        if isinstance(texts, str):
            raise TypeError("score_many takes several texts; give a list, or use score for one text")
        if jobs == 1:
            return self._one_after_the_other(texts, on_error, reasons)
        return self._parallel(texts, jobs, on_error, reasons)

    def features(self, texts: Iterable[str]) -> tuple[tuple[str, ...], NDArray[np.float64]]:
        """Return the names of the features and their values, (number of texts, number of features)."""
        rows = [list(report.features.values()) for report in self.score_many(texts, reasons=False)]
        return NAMES, np.array(rows, np.float64).reshape(len(rows), len(NAMES))

    def _one_after_the_other(self, texts: Iterable[str], on_error: OnError, reasons: bool) -> Iterator[Report]:
        for batch in _batches(texts):
            yield from self._batch(batch, on_error, reasons)

    def _parallel(self, texts: Iterable[str], jobs: int, on_error: OnError, reasons: bool) -> Iterator[Report]:
        from joblib import Parallel, delayed

        parallel = Parallel(n_jobs=jobs or -1, return_as="generator", pre_dispatch="3*n_jobs")
        batches = _batches(texts)
        for reports in parallel(delayed(_score_batch)(self, batch, on_error, reasons) for batch in batches):
            yield from reports

    def _batch(self, items: Sequence[object], on_error: OnError, reasons: bool) -> Iterator[Report]:
        """Score what is a text among ``items``; what is not gives an error in its place."""
        texts = [item for item in items if isinstance(item, str)]
        reports = iter(self._reports(texts, reasons) if texts else ())
        for item in items:
            if isinstance(item, str):
                yield next(reports)
            elif on_error == "report":
                yield failed(_not_a_text(item), model=self.model_name)
            else:
                raise TypeError(_not_a_text(item) + "; decode it first")

    def _reports(self, texts: Sequence[str], reasons: bool) -> list[Report]:
        found = read(self._model, texts, reasons)
        return [self._report(found, text, len(given.split())) for text, given in enumerate(texts)]

    def _report(self, found: Reading, text: int, words: int) -> Report:
        model, cuts = self._model, self.cuts
        abstains = found.abstains[text]
        if abstains is not None:
            return Report(
                score=NAN,
                label=abstains,
                words=words,
                model=model.name,
                features=found.features(text),
                sentences=found.sentences(text),
                notes=found.notes(text),
            )
        score, machine = sigmoid(found.logits[text]), found.machine[text]
        label: Label = "unclear"
        if score < cuts.substantive:
            label = "substantive"
        elif score >= cuts.filler:
            label = "filler"
        flags = ("filler",) * (label == "filler") + ("machine",) * (machine.score >= cuts.machine)
        return Report(
            score=score,
            label=label,
            filler_share=found.shares[text],
            machine_score=machine.score,
            flags=flags,
            words=words,
            model=model.name,
            features=found.features(text),
            reasons=found.reasons[text],
            machine_reasons=machine.reasons,
            sentences=found.sentences(text),
            notes=found.notes(text),
            intercept=model.document.intercept,
            machine_intercept=machine.intercept,
        )


def _not_a_text(item: object) -> str:
    return f"a text is a str, not {type(item).__name__}"


def _model(folder: str | None, prior: float | None) -> Model:
    model = models.load(models.bundled() if folder is None else folder)
    return model if prior is None else replace(model, document=model.document.at_prior(prior))


@cache  # a worker process gets the scorer with every batch of texts, and reads the model once
def _restore(folder: str | None, prior: float | None) -> Scorer:
    return Scorer(prior=prior) if folder is None else Scorer.load(folder, prior=prior)


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    """Take a few texts at a time: one first, so that the first answer comes at once, then twice as many each time."""
    batch: list[str] = []
    characters, most = 0, 1
    for text in texts:
        size = len(text) if isinstance(text, str) else 0
        if len(batch) >= most or (batch and characters + size > _MOST_CHARACTERS):
            yield batch
            batch, characters, most = [], 0, min(2 * most, _MOST_TEXTS)
        batch.append(text)
        characters += size
    if batch:
        yield batch


def _score_batch(scorer: Scorer, batch: list[str], on_error: OnError, reasons: bool) -> list[Report]:
    return list(scorer._batch(batch, on_error, reasons))
