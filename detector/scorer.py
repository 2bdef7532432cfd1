"""The scorer: text in, report out."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from detector import calibration as calibrations
from detector import model as models
from detector.calibration import Calibration, Given, On
from detector.features.registry import NAMES
from detector.heads.document import log_odds, sigmoid
from detector.model import Cuts, Model
from detector.reading import Reading, read
from detector.report import NAN, Label, Report, failed

OnError = Literal["raise", "report"]
_MOST_CHARACTERS = 80_000  # read together: enough to share the cost of calling NumPy, few enough to stay in the cache
_MOST_TEXTS = 256
_GROWTH = 4  # of the number of texts read together, from one on
_ROUNDING = 1e-9  # logits by which a re-weighted cut is raised, so that it stays above the score that it excludes


class WorkerLostError(RuntimeError):
    """A worker process ended while it had texts, as one does that the system stops for want of memory."""


class Scorer:
    """Scores texts with one model; immutable, shared freely between threads, and sent to workers by its folder.

    ``Scorer()`` is the bundled model. Raises :class:`detector.model.ModelError` if the model cannot be used.
    ``calibration`` is a file written by ``detector calibrate``, or one for each score: reports then carry p-values, and
    the label ``filler`` and the flag ``machine`` follow them. Raises :class:`detector.calibration.CalibrationError` if
    it is of another model.
    """

    __slots__ = ("_calibrated", "_folder", "_model", "_plain", "_prior")

    def __init__(self, *, prior: float | None = None, calibration: Given | Iterable[Given] | None = None) -> None:
        self._set(None, prior, calibration)

    @classmethod
    def load(
        cls,
        folder: str | Path,
        *,
        prior: float | None = None,
        calibration: Given | Iterable[Given] | None = None,
    ) -> Scorer:
        """Return a scorer for the model in ``folder``; ``prior`` is the share of filler articles to expect."""
        scorer = cls.__new__(cls)
        scorer._set(str(folder), prior, calibration)
        return scorer

    def _set(self, folder: str | None, prior: float | None, given: Given | Iterable[Given] | None) -> None:
        plain = models.load(models.bundled() if folder is None else folder)
        self._folder = folder
        self._prior = prior
        self._plain = plain.document  # calibrations hold scores as they are without a prior
        self._calibrated = calibrations.load_for(given, models.bundled() if folder is None else Path(folder))
        self._model = _adjusted(plain, prior, self._calibrated)

    def __reduce__(self) -> tuple[object, tuple[str | None, float | None, tuple[Calibration, ...]]]:
        return _restore, (self._folder, self._prior, tuple(self._calibrated.values()))

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

        Without ``reasons`` the report says what it found, but not why: all its reasons are empty. That takes less time.
        """
        if not isinstance(text, str):
            raise TypeError(_not_a_text(text) + "; decode it first")
        return self._reports([text], reasons)[0]

    def score_many(
        self, texts: Iterable[str], *, jobs: int = 1, on_error: OnError = "raise", reasons: bool = True
    ) -> Iterator[Report]:
        """Score texts one after the other, in order, holding only a few at a time.

        Texts are read a few together, from an iterator first one, then more and more; no report depends on that.
        ``jobs`` worker processes share the work, 0 means one for each core. An item that is not a text raises
        TypeError, or with ``on_error="report"`` gives a report labelled ``error`` in its place. ``reasons`` as in
        :meth:`score`. Raises WorkerLostError if a worker process is killed.
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
        first = _MOST_TEXTS if isinstance(texts, Sequence) else 1  # nobody waits for the texts of a list
        for batch in _batches(texts, first):
            yield from self._batch(batch, on_error, reasons)

    def _parallel(self, texts: Iterable[str], jobs: int, on_error: OnError, reasons: bool) -> Iterator[Report]:
        from concurrent.futures.process import BrokenProcessPool
        from warnings import catch_warnings, simplefilter

        from joblib import Parallel, delayed

        parallel = Parallel(n_jobs=jobs or -1, return_as="generator", pre_dispatch="3*n_jobs")
        found = parallel(delayed(_score_batch)(self, batch, on_error, reasons) for batch in _batches(texts, 1))
        try:
            for data in found:
                yield from _received(data)
        except BrokenProcessPool as error:
            why = "a process that scored texts was killed, perhaps for want of memory; use fewer jobs or shorter texts"
            raise WorkerLostError(why) from error
        finally:
            with catch_warnings():
                simplefilter("ignore")  # whoever stops half-way knows that not all was done
                found.close()

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
                p_values=dict.fromkeys(self._calibrated, NAN),
            )
        evidence, machine = found.evidence[text], found.machine[text]
        score, plain = (sigmoid(head.intercept + evidence) for head in (model.document, self._plain))
        calibrated = calibrations.p_values(self._calibrated, score=plain, machine_score=machine.score)
        label: Label = "unclear"
        if self._reaches("score", score, cuts.filler, calibrated):
            label = "filler"
        elif score < cuts.substantive:
            label = "substantive"
        is_machine = self._reaches("machine_score", machine.score, cuts.machine, calibrated)
        flags = ("filler",) * (label == "filler") + ("machine",) * is_machine
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
            p_values=calibrated,
        )

    def _reaches(self, on: On, score: float, cut: float, p_values: Mapping[str, float]) -> bool:
        """Return whether a text is flagged: by its p-value where there is a calibration, else by the model's cut."""
        calibration = self._calibrated.get(on)
        return score >= cut if calibration is None else calibration.flags(p_values[on])


def _not_a_text(item: object) -> str:
    return f"a text is a str, not {type(item).__name__}"


def _adjusted(model: Model, prior: float | None, calibrated: Mapping[On, Calibration]) -> Model:
    """Return the model re-weighted for ``prior``, its cuts those of the calibrations."""
    document = model.document if prior is None else model.document.at_prior(prior)
    cuts = model.cuts
    if "machine_score" in calibrated:
        cuts = replace(cuts, machine=calibrated["machine_score"].cut)
    if "score" in calibrated:
        cut = calibrated["score"].cut
        if prior is not None and cut < 1.0:  # a report's score is re-weighted, so the cut it is held against is too
            cut = sigmoid(log_odds(cut) + log_odds(prior) - log_odds(model.document.base_rate) + _ROUNDING)
        cuts = replace(cuts, substantive=min(cuts.substantive, cut), filler=cut)
    return replace(model, document=document, cuts=cuts)


@cache  # a worker process gets the scorer with every batch of texts, and reads the model once
def _restore(folder: str | None, prior: float | None, given: tuple[Calibration, ...]) -> Scorer:
    if folder is None:
        return Scorer(prior=prior, calibration=given)
    return Scorer.load(folder, prior=prior, calibration=given)


def _batches(texts: Iterable[str], first: int) -> Iterator[list[str]]:
    """Take a few texts at a time: ``first`` (one, for the first answer to come at once), then more each time."""
    batch: list[str] = []
    characters, most = 0, first
    for text in texts:
        size = len(text) if isinstance(text, str) else 0
        if batch and characters + size > _MOST_CHARACTERS:
            yield batch
            batch, characters = [], 0
        batch.append(text)
        characters += size
        if len(batch) == most:
            yield batch
            batch, characters, most = [], 0, min(_GROWTH * most, _MOST_TEXTS)
    if batch:
        yield batch


def _score_batch(scorer: Scorer, batch: list[str], on_error: OnError, reasons: bool) -> bytes:
    """Return reports as bytes, so that it is not joblib that takes them apart."""
    from multiprocessing.reduction import ForkingPickler

    _end_with_parent()
    return bytes(ForkingPickler.dumps(list(scorer._batch(batch, on_error, reasons))))


@cache
def _end_with_parent() -> None:
    """Let this worker end when the process that started it was killed and cannot tell it to."""
    import os
    import threading
    import time

    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _received(data: bytes) -> list[Report]:
    """Return the reports that a worker sent, made with the garbage collector paused: so many would set it off in vain.

    One process receives what all workers send, so its time counts several times.
    """
    from multiprocessing.reduction import ForkingPickler

    is_on = gc.isenabled()
    gc.disable()
    try:
        reports: list[Report] = ForkingPickler.loads(data)
    finally:
        if is_on:
            gc.enable()
    return reports
