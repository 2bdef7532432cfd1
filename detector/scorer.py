"""The scorer: text in, report out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from detector import model as models
from detector.explain.article import reasons as article_reasons
from detector.explain.sentences import judge, name_kinds, sentence_reasons
from detector.explain.spans import Places, sentence_spans
from detector.features.background import Floats
from detector.features.claims import claim_to_filler_ratio
from detector.features.language import is_english
from detector.features.registry import NAMES, measure_all
from detector.features.view import look
from detector.heads.document import MEANS, DocumentHead, means, sigmoid
from detector.model import Cuts, Model
from detector.report import NAN, Kind, Label, Reason, Report, Sentence, SentenceReason, Span, failed
from detector.text.document import Document, read_many
from detector.text.normalise import normalise

OnError = Literal["raise", "report"]
_MOST_TEXTS = 32  # read together: enough to share the cost of calling NumPy,
_MOST_CHARACTERS = 100_000  # few enough for the arrays to stay in the cache
_LONGEST_LEARNT = 60  # sentences; 14 of the 2,655 labelled articles have more
_NO_MACHINE_HEAD = "This model has no machine head, so machine_score is undefined."


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

        Without ``reasons`` the report says what it found, but not why, which takes less time: all its reasons are empty.
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
        found = _read(self._model, texts, reasons)
        return [self._report(found, text, len(given.split())) for text, given in enumerate(texts)]

    def _report(self, found: _Found, text: int, words: int) -> Report:
        cuts, prose = self.cuts, int(found.prose_words[text])
        notes = found.documents[text].source.notes
        label: Label = "unclear"
        if not found.english[text]:
            label = "not_english"
            notes = (*notes, "The text does not look English, and this model knows nothing else.")
        elif not prose or prose < cuts.least_words:
            label = "too_short"
            notes = (
                *notes,
                f"{prose} words of prose are too few to judge; at least {cuts.least_words} are needed.",
            )
        measured = dict(zip(NAMES, found.measured[text], strict=True))
        if label in ("not_english", "too_short"):
            return Report(
                score=NAN,
                label=label,
                words=words,
                model=self.model_name,
                features=measured | {"claim_to_filler_ratio": NAN},
                sentences=_undecided(found, text),
                notes=notes,
            )
        score = sigmoid(found.logits[text])
        if score < cuts.substantive:
            label = "substantive"
        elif score >= cuts.filler:
            label = "filler"
        machine = self._machine(found.documents[text], found.why is not None)
        flags = ("filler",) * (label == "filler") + ("machine",) * (machine.score >= cuts.machine)
        return Report(
            score=score,
            label=label,
            filler_share=found.shares[text],
            machine_score=machine.score,
            flags=flags,
            words=words,
            model=self.model_name,
            features=measured,
            reasons=found.why.article[text] if found.why else (),
            machine_reasons=machine.reasons,
            sentences=_sentences(found, text),
            notes=(*notes, *_length_note(found, text), *machine.notes),
            intercept=self._model.document.intercept,
            machine_intercept=machine.intercept,
        )

    def _machine(self, document: Document, reasons: bool) -> _Machine:
        head = self._model.machine
        if head is None:
            return _Machine(notes=(_NO_MACHINE_HEAD,))
        if not reasons:
            return _Machine(sigmoid(head.logit(document)), head.intercept)
        intercept, parts = head.explain(document)
        return _Machine(sigmoid(intercept + sum(part.contribution for part in parts)), intercept, parts)


@dataclass(frozen=True, slots=True)
class _Machine:
    """What the machine head says of one text."""

    score: float = NAN
    intercept: float = NAN
    reasons: tuple[Reason, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Why:
    """The reasons of each text and of each sentence."""

    article: list[tuple[Reason, ...]]
    sentence: list[tuple[SentenceReason, ...]]


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found in several texts, in plain Python: lists over the texts, and over all their sentences.

    ``texts`` (T + 1) bounds the texts as ranges of sentences.
    """

    documents: list[Document]
    english: list[bool]
    prose_words: list[float]
    measured: list[list[float]]
    shares: list[float]
    logits: list[float]
    texts: list[int]
    kinds: tuple[Kind, ...]
    spans: list[Span]
    filler: list[float]
    repeats: list[int]
    why: _Why | None


def _read(model: Model, texts: Sequence[str], reasons: bool) -> _Found:
    """Take ``texts`` through all stages but the machine head."""
    document = read_many([normalise(text) for text in texts])
    view = look(document, model.background)
    reading = model.sentence.read(view)
    words = document.words.astype(np.float64) * view.prose
    prose_words = view.per_text(words)
    ratio = claim_to_filler_ratio(words, reading.filler, view.texts)
    measured = np.column_stack((ratio, measure_all(view)))
    average = means(reading.logit, words, view.texts)
    values = document_values(model.document, average, measured)
    spans = sentence_spans(view)
    why = None
    if reasons:
        judged, places = judge(view, reading, model.sentence), Places(view)
        article = article_reasons(view, reading, judged, values, model.document, model.typical, places, spans)
        why = _Why(article, sentence_reasons(view, reading, judged, places))
    return _Found(
        documents=document.apart(),
        english=is_english(view),
        prose_words=prose_words.tolist(),
        measured=measured.tolist(),
        shares=average[:, 0].tolist(),
        logits=model.document.logit(values, prose_words).tolist(),
        texts=view.texts.tolist(),
        kinds=judged.kinds if reasons else name_kinds(view, reading),
        spans=spans,
        filler=np.where(view.prose, reading.filler, NAN).tolist(),
        repeats=(view.overlap.earlier - view.texts[view.text]).tolist(),
        why=why,
    )


def document_values(head: DocumentHead, average: Floats, measured: Floats) -> Floats:
    """Return the inputs of the document head (T, D), NaN where undefined, from MEANS (T, 2) and features (T, F)."""
    return np.column_stack((average, measured[:, [NAMES.index(name) for name in head.names[len(MEANS) :]]]))


def _sentences(found: _Found, text: int) -> tuple[Sentence, ...]:
    own = slice(*found.texts[text : text + 2])
    kinds = found.kinds[own]
    why = found.why.sentence[own] if found.why else [()] * len(kinds)
    columns = (found.spans[own], kinds, found.filler[own], found.repeats[own], why)
    return tuple(
        [
            Sentence(start, end, kind, filler, earlier if kind == "repeat" else None, reasons)
            for (start, end), kind, filler, earlier, reasons in zip(*columns, strict=True)
        ]
    )


def _undecided(found: _Found, text: int) -> tuple[Sentence, ...]:
    """Return the sentences of a text of which nothing is said but what its form tells."""
    own = slice(*found.texts[text : text + 2])
    kinds: list[Kind] = [kind if kind in ("heading", "boilerplate") else "claim" for kind in found.kinds[own]]
    return tuple([Sentence(start, end, kind, NAN) for (start, end), kind in zip(found.spans[own], kinds, strict=True)])


def _length_note(found: _Found, text: int) -> tuple[str, ...]:
    sentences = found.texts[text + 1] - found.texts[text]
    if sentences <= _LONGEST_LEARNT:
        return ()
    return (
        f"The text has {sentences} sentences. The model learnt from articles of up to about "
        f"{_LONGEST_LEARNT}, and reads longer texts as denser than they are: score the parts one by one.",
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
        batch.append(text)
        characters += len(text) if isinstance(text, str) else 0
        if len(batch) >= most or characters >= _MOST_CHARACTERS:
            yield batch
            batch, characters, most = [], 0, min(2 * most, _MOST_TEXTS)
    if batch:
        yield batch


def _score_batch(scorer: Scorer, batch: list[str], on_error: OnError, reasons: bool) -> list[Report]:
    return list(scorer._batch(batch, on_error, reasons))
