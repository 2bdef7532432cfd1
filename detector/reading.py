"""Several texts taken through all stages at once, and what was found in them as plain Python values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detector.explain.article import reasons as article_reasons
from detector.explain.sentences import judge, name_kinds, sentence_reasons
from detector.explain.spans import Places, sentence_spans
from detector.features.background import Floats
from detector.features.claims import claim_to_filler_ratio
from detector.features.language import is_english
from detector.features.registry import NAMES, measure_all
from detector.features.view import View, look
from detector.heads.document import MEANS, DocumentHead, means, sigmoid
from detector.heads.machine import MachineHead
from detector.model import Model
from detector.report import NAN, Kind, Label, Reason, Sentence, SentenceReason, Span
from detector.text.document import Document, read_many
from detector.text.normalise import normalise

_LONGEST_LEARNT = 60  # sentences; 14 of the 2,655 labelled articles have more
_FORMAL = ("heading", "boilerplate")


@dataclass(frozen=True, slots=True)
class Machine:
    """What the machine head says of one text; undefined without one."""

    score: float = NAN
    intercept: float = NAN
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in T texts: tuples and lists over the texts, and over the sentences of all of them.

    ``abstains`` is the label of a text that is not judged, None for one that is. ``evidence`` is what the
    features add to the logit of the score. ``texts`` (T + 1) bounds the texts as ranges of
    sentences; ``earlier`` is the sentence of the text that each repeats, if it is a repeat. Reasons are empty unless
    they were asked for.
    """

    abstains: list[Label | None]
    evidence: list[float]
    shares: list[float]
    measured: list[list[float]]
    reasons: list[tuple[Reason, ...]]
    machine: list[Machine]
    remarks: list[tuple[str, ...]]
    texts: list[int]
    kinds: tuple[Kind, ...]
    spans: list[Span]
    filler: list[float]
    earlier: list[int]
    why: list[tuple[SentenceReason, ...]]

    def features(self, text: int) -> dict[str, float]:
        """Return the features of one text, NaN where undefined."""
        found = dict(zip(NAMES, self.measured[text], strict=True))
        return found if self.abstains[text] is None else found | {"claim_to_filler_ratio": NAN}

    def notes(self, text: int) -> tuple[str, ...]:
        """Return what is to be said about one text."""
        return self.remarks[text]

    def sentences(self, text: int) -> tuple[Sentence, ...]:
        """Return the sentences of one text; of a text that is not judged, only what their form tells."""
        own = slice(*self.texts[text : text + 2])
        spans, kinds = self.spans[own], self.kinds[own]
        if self.abstains[text] is not None:
            formal: list[Kind] = [kind if kind in _FORMAL else "claim" for kind in kinds]
            return tuple([Sentence(*span, kind, NAN) for span, kind in zip(spans, formal, strict=True)])
        columns = (spans, kinds, self.filler[own], self.earlier[own], self.why[own])
        return tuple(
            [
                Sentence(start, end, kind, filler, earlier if kind == "repeat" else None, why)
                for (start, end), kind, filler, earlier, why in zip(*columns, strict=True)
            ]
        )


def read(model: Model, texts: Sequence[str], reasons: bool) -> Reading:
    """Take ``texts`` through all stages; what is found in one does not depend on the others."""
    document = read_many([normalise(text) for text in texts])
    view = look(document, model.background)
    words = document.words.astype(np.float64) * view.prose
    prose_words = view.per_text(words)
    abstains = _abstains(view, prose_words.tolist(), model.cuts.least_words)
    machine = _machine(model.machine, document.apart(), abstains, reasons)
    reading = model.sentence.read(view)
    ratio = claim_to_filler_ratio(words, reading.filler, view.texts)
    measured = np.column_stack((ratio, measure_all(view)))
    average = means(reading.logit, words, view.texts)
    values = document_values(model.document, average, measured)
    spans = sentence_spans(view)
    why: list[tuple[SentenceReason, ...]] = [()] * view.n_sentences
    because: list[tuple[Reason, ...]] = [()] * view.n_texts
    if reasons:
        judged, places = judge(view, reading, model.sentence), Places(view)
        because = article_reasons(view, reading, judged, values, model.document, model.typical, places, spans)
        why = sentence_reasons(view, reading, judged, places)
    return Reading(
        abstains=abstains,
        evidence=model.document.evidence(values, prose_words).tolist(),
        shares=average[:, 0].tolist(),
        measured=measured.tolist(),
        reasons=because,
        machine=machine,
        remarks=_remarks(model, document, abstains, prose_words.tolist()),
        texts=view.texts.tolist(),
        kinds=judged.kinds if reasons else name_kinds(view, reading),
        spans=spans,
        filler=np.where(view.prose, reading.filler, NAN).tolist(),
        earlier=(view.overlap.earlier - view.texts[view.text]).tolist(),
        why=why,
    )


def document_values(head: DocumentHead, average: Floats, measured: Floats) -> Floats:
    """Return the inputs of the document head (T, D), NaN where undefined, from MEANS (T, 2) and features (T, F)."""
    return np.column_stack((average, measured[:, [NAMES.index(name) for name in head.names[len(MEANS) :]]]))


def _abstains(view: View, prose_words: Sequence[float], least: int) -> list[Label | None]:
    """Return the label of the texts that cannot be judged, None for the others."""
    has_words = (view.words[1:] > view.words[:-1]).tolist()
    labels: list[Label | None] = []
    for some, english, count in zip(has_words, is_english(view), prose_words, strict=True):
        if some and not english:
            labels.append("not_english")
        else:
            labels.append("too_short" if not some or count < least else None)
    return labels


def _machine(
    head: MachineHead | None, documents: Sequence[Document], abstains: Sequence[Label | None], reasons: bool
) -> list[Machine]:
    """Let the machine head read the documents that are judged."""
    found = [Machine()] * len(documents)
    judged = [i for i, label in enumerate(abstains) if label is None]
    if head is None or not judged:
        return found
    own = [documents[i] for i in judged]
    reading = head.read(own)
    why = head.reasons(own, reading) if reasons else [()] * len(own)
    for i, logit, because in zip(judged, reading.logit.tolist(), why, strict=True):
        found[i] = Machine(sigmoid(logit), head.intercept, because)
    return found


def _remarks(
    model: Model, document: Document, abstains: Sequence[Label | None], words: Sequence[float]
) -> list[tuple[str, ...]]:
    sizes = (document.texts[1:] - document.texts[:-1]).tolist()
    return [
        (*source.notes, *_remark(model, label, sentences, int(count)))
        for source, label, sentences, count in zip(document.sources, abstains, sizes, words, strict=True)
    ]


def _remark(model: Model, abstains: Label | None, sentences: int, words: int) -> tuple[str, ...]:
    if abstains == "not_english":
        return ("The text does not look English, and this model knows nothing else.",)
    if abstains == "too_short":
        return (f"The prose is too short to judge: {words} words, and at least {model.cuts.least_words} are needed.",)
    found: tuple[str, ...] = ()
    if sentences > _LONGEST_LEARNT:
        found = (
            f"The text has {sentences} sentences. The model learnt from articles of up to about "
            f"{_LONGEST_LEARNT}, and reads longer texts as somewhat denser than they are: better score the parts.",
        )
    if model.machine is None:
        found += ("This model has no machine head, so machine_score is undefined.",)
    return found
