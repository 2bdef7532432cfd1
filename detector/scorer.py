"""The scorer: text in, report out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from detector import calibration as calibrations
from detector import model as models
from detector.calibration import Calibration, Given, On
from detector.explain.article import reasons
from detector.explain.sentences import Judged, judge, sentence_reasons
from detector.explain.spans import Places, sentence_spans
from detector.features.claims import claim_to_filler_ratio
from detector.features.language import is_english
from detector.features.registry import NAMES, measure
from detector.features.view import View, look
from detector.heads.document import MEANS, DocumentHead, log_odds, means, sigmoid
from detector.heads.sentence import Reading
from detector.model import Cuts, Model
from detector.report import NAN, Label, Reason, Report, Sentence, SentenceReason, Span, failed
from detector.text.document import read
from detector.text.normalise import normalise
from detector.text.roles import HEADING, PROSE

OnError = Literal["raise", "report"]
_CHUNK = 16  # texts a worker gets at a time: enough to hide the hand-over, few enough to keep both busy
_LONGEST_LEARNT = 60  # sentences; 14 of the 2,655 labelled articles have more
_ROUNDING = 1e-9  # logits by which a re-weighted cut is raised, so that it stays above the score that it excludes
_NO_MACHINE_HEAD = "This model has no machine head, so machine_score is undefined."


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

    def score(self, text: str) -> Report:
        """Score one text. Raises TypeError if ``text`` is not a str."""
        if not isinstance(text, str):
            raise TypeError(f"a text is a str, not {type(text).__name__}; decode it first")
        source = normalise(text)
        view = look(read(source), self._model.background)
        words = len(text.split())
        label = self._abstains(view)
        if label is not None:
            return self._abstention(view, label, words)
        return self._report(view, words)

    def score_many(self, texts: Iterable[str], *, jobs: int = 1, on_error: OnError = "raise") -> Iterator[Report]:
        """Score texts one after the other, in order, holding only a few at a time.

        ``jobs`` worker processes share the work, 0 means one for each core. An item that is not a text raises
        TypeError, or with ``on_error="report"`` gives a report labelled ``error`` in its place.
        """
        if jobs < 0:
            raise ValueError(f"jobs is a number of processes, 0 for all cores, not {jobs}")
        if on_error not in ("raise", "report"):
            raise ValueError(f'on_error is "raise" or "report", not {on_error!r}')
        if isinstance(texts, str):
            raise TypeError("score_many takes several texts; give a list, or use score for one text")
        if jobs == 1:
            return (self._one(text, on_error) for text in texts)
        return self._parallel(texts, jobs, on_error)

    def features(self, texts: Iterable[str]) -> tuple[tuple[str, ...], NDArray[np.float64]]:
        """Return the names of the features and their values, (number of texts, number of features)."""
        rows = [self._feature_row(text) for text in texts]
        return NAMES, np.array(rows, np.float64).reshape(len(rows), len(NAMES))

    def _one(self, text: str, on_error: OnError) -> Report:
        if on_error == "report" and not isinstance(text, str):
            return failed(f"a text is a str, not {type(text).__name__}", model=self.model_name)
        return self.score(text)

    def _parallel(self, texts: Iterable[str], jobs: int, on_error: OnError) -> Iterator[Report]:
        from joblib import Parallel, delayed

        parallel = Parallel(n_jobs=jobs or -1, return_as="generator", pre_dispatch="3*n_jobs")
        chunks = _chunks(texts)
        for reports in parallel(delayed(_score_chunk)(self, chunk, on_error) for chunk in chunks):
            yield from reports

    def _abstains(self, view: View) -> Label | None:
        if len(view.word) and not is_english(view):
            return "not_english"
        words = int(view.document.words[view.prose].sum())
        return "too_short" if words < self.cuts.least_words or not len(view.word) else None

    def _abstention(self, view: View, label: Label, words: int) -> Report:
        kinds = {PROSE: "claim", HEADING: "heading"}
        sentences = tuple(
            Sentence(*span, kinds.get(role, "boilerplate"), NAN)  # type: ignore[arg-type]
            for span, role in zip(sentence_spans(view), view.role.tolist(), strict=True)
        )
        notes = list(view.document.source.notes)
        if label == "too_short":
            prose = int(view.document.words[view.prose].sum())
            notes.append(f"{prose} words of prose are too few to judge; at least {self.cuts.least_words} are needed.")
        else:
            notes.append("The text does not look English, and this model knows nothing else.")
        measured = {"claim_to_filler_ratio": NAN, **measure(view)}
        return Report(
            score=NAN,
            label=label,
            words=words,
            model=self.model_name,
            features=measured,
            sentences=sentences,
            notes=tuple(notes),
            p_values=dict.fromkeys(self._calibrated, NAN),
        )

    def _report(self, view: View, words: int) -> Report:
        model = self._model
        reading = model.sentence.read(view)
        judged = judge(view, reading, model.sentence)
        measured = _measured(view, reading)
        prose = view.prose
        weight = view.document.words[prose].astype(np.float64)
        average = means(reading.logit[prose], weight)
        values = document_values(model.document, average, measured)
        score = sigmoid(model.document.logit(values, float(weight.sum())))
        plain = score if self._prior is None else sigmoid(self._plain.logit(values, float(weight.sum())))
        machine_score, machine_intercept = NAN, NAN
        machine_reasons: tuple[Reason, ...] = ()
        notes = view.document.source.notes
        if view.n_sentences > _LONGEST_LEARNT:
            notes = (
                *notes,
                f"The text has {view.n_sentences} sentences. The model learnt from articles of up to about "
                f"{_LONGEST_LEARNT}, and reads longer texts as denser than they are: score the parts one by one.",
            )
        if model.machine is None:
            notes = (*notes, _NO_MACHINE_HEAD)
        else:
            machine_intercept, machine_reasons = model.machine.explain(view.document)
            machine_score = sigmoid(machine_intercept + sum(reason.contribution for reason in machine_reasons))
        places, spans = Places(view), sentence_spans(view)
        calibrated = calibrations.p_values(self._calibrated, score=plain, machine_score=machine_score)
        label: Label = "unclear"
        if self._reaches("score", score, self.cuts.filler, calibrated):
            label = "filler"
        elif score < self.cuts.substantive:
            label = "substantive"
        is_machine = self._reaches("machine_score", machine_score, self.cuts.machine, calibrated)
        flags = ("filler",) * (label == "filler") + ("machine",) * is_machine
        return Report(
            score=score,
            label=label,
            filler_share=float(average[0]),
            machine_score=machine_score,
            flags=flags,
            words=words,
            model=model.name,
            features=measured,
            reasons=reasons(view, reading, judged, values, model.document, model.typical, places, spans),
            machine_reasons=machine_reasons,
            sentences=_sentences(view, reading, judged, spans, sentence_reasons(view, reading, judged, places)),
            notes=notes,
            intercept=model.document.intercept,
            machine_intercept=machine_intercept,
            p_values=calibrated,
        )

    def _reaches(self, on: On, score: float, cut: float, p_values: Mapping[str, float]) -> bool:
        """Return whether a text is flagged: by its p-value where there is a calibration, else by the model's cut."""
        calibration = self._calibrated.get(on)
        return score >= cut if calibration is None else calibration.flags(p_values[on])

    def _feature_row(self, text: str) -> list[float]:
        view = look(read(normalise(text)), self._model.background)
        if self._abstains(view) is not None:
            measured = {"claim_to_filler_ratio": NAN, **measure(view)}
        else:
            measured = _measured(view, self._model.sentence.read(view))
        return [measured[name] for name in NAMES]


def document_values(
    head: DocumentHead, average: NDArray[np.float64], measured: dict[str, float]
) -> NDArray[np.float64]:
    """Return the inputs of the document head (D,), NaN where undefined."""
    return np.concatenate((average, [measured[name] for name in head.names[len(MEANS) :]]))


def _measured(view: View, reading: Reading) -> dict[str, float]:
    prose = view.prose
    ratio = claim_to_filler_ratio(view.document.words[prose].astype(np.float64), reading.filler[prose])
    return {"claim_to_filler_ratio": ratio, **measure(view)}


def _sentences(
    view: View, reading: Reading, judged: Judged, spans: list[Span], why: tuple[tuple[SentenceReason, ...], ...]
) -> tuple[Sentence, ...]:
    columns = (
        spans,
        judged.kinds,
        np.where(view.prose, reading.filler, NAN).tolist(),
        view.overlap.earlier.tolist(),
        why,
    )
    return tuple(
        [
            Sentence(start, end, kind, filler, earlier if kind == "repeat" else None, reasons)
            for (start, end), kind, filler, earlier, reasons in zip(*columns, strict=True)
        ]
    )


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


@cache  # a worker process gets the scorer with every chunk of texts, and reads the model once
def _restore(folder: str | None, prior: float | None, given: tuple[Calibration, ...]) -> Scorer:
    if folder is None:
        return Scorer(prior=prior, calibration=given)
    return Scorer.load(folder, prior=prior, calibration=given)


def _chunks(texts: Iterable[str]) -> Iterator[list[str]]:
    source = iter(texts)
    while chunk := list(islice(source, _CHUNK)):
        yield chunk


def _score_chunk(scorer: Scorer, texts: list[str], on_error: OnError) -> list[Report]:
    return [scorer._one(text, on_error) for text in texts]
