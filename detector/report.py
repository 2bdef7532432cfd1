"""What a score looks like from outside: frozen records and their one JSON form.

A report holds about a hundred of the small ones, so these are named tuples: made, pickled and loaded in a third of the
time that frozen dataclasses take.

Undefined numbers are ``nan`` here and ``None`` in :meth:`Report.to_dict`. Every
span is a pair of code-point offsets into the text as given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

SCHEMA = 1
NAN = float("nan")

Span = tuple[int, int]
Label = Literal["filler", "unclear", "substantive", "too_short", "not_english", "error"]
Kind = Literal["claim", "repeat", "generic", "boilerplate", "heading"]


class Reason(NamedTuple):
    """One additive part of a logit.

    ``contribution`` is in logits, positive towards filler (or towards
    machine-written); ``typical`` is the median value among substantive articles.
    """

    feature: str
    value: float
    typical: float
    contribution: float
    text: str
    spans: tuple[Span, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the reason as JSON-ready values."""
        return {
            "feature": self.feature,
            "value": null(self.value),
            "typical": null(self.typical),
            "contribution": null(self.contribution),
            "text": self.text,
            "spans": [list(span) for span in self.spans],
        }


class SentenceReason(NamedTuple):
    """What made one sentence filler or claim, with the words that show it."""

    feature: str
    text: str
    spans: tuple[Span, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the reason as JSON-ready values."""
        return {"feature": self.feature, "text": self.text, "spans": [list(span) for span in self.spans]}


class Sentence(NamedTuple):
    """One sentence of the text as given.

    ``filler`` is the probability that the sentence is a repeat or generic, NaN for
    headings, boilerplate and abstentions; ``repeats`` is the index of the earlier
    sentence that a repeat says again.
    """

    start: int
    end: int
    kind: Kind
    filler: float
    repeats: int | None = None
    reasons: tuple[SentenceReason, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the sentence as JSON-ready values."""
        return {
            "start": self.start,
            "end": self.end,
            "kind": self.kind,
            "filler": null(self.filler),
            "repeats": self.repeats,
            "reasons": [reason.to_dict() for reason in self.reasons],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The whole answer for one text.

    ``intercept`` plus the contributions of ``reasons`` is the logit of ``score``;
    ``machine_intercept`` plus those of ``machine_reasons`` is that of
    ``machine_score``. ``words`` counts white-space tokens of the text as given.
    ``p_values`` holds the p-value of each calibrated score, by its name.
    """

    score: float
    label: Label
    filler_share: float = NAN
    machine_score: float = NAN
    flags: tuple[str, ...] = ()
    words: int = 0
    model: str = ""
    features: Mapping[str, float] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    machine_reasons: tuple[Reason, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    notes: tuple[str, ...] = ()
    intercept: float = NAN
    machine_intercept: float = NAN
    error: str | None = None
    p_values: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self, id: str | None = None, *, sentences: bool = True) -> dict[str, Any]:
        """Return the record that one line of JSONL holds; ``p_values`` and ``error`` only where they are set."""
        record: dict[str, Any] = {
            "schema": SCHEMA,
            "id": id,
            "score": null(self.score),
            "label": self.label,
            "filler_share": null(self.filler_share),
            "machine_score": null(self.machine_score),
            "flags": list(self.flags),
            "words": self.words,
            "model": self.model,
            "features": {name: null(value) for name, value in self.features.items()},
            "reasons": [reason.to_dict() for reason in self.reasons],
            "machine_reasons": [reason.to_dict() for reason in self.machine_reasons],
        }
        if sentences:
            record["sentences"] = [sentence.to_dict() for sentence in self.sentences]
        record["notes"] = list(self.notes)
        if self.p_values:
            record["p_values"] = {name: null(value) for name, value in self.p_values.items()}
        if self.error is not None:
            record["error"] = self.error
        return record

    def _repr_html_(self) -> str:
        """Return the report as notebooks show it."""
        from detector.card import card

        return card(self)


def failed(message: str, *, model: str = "") -> Report:
    """Return the report that stands in the place of an item that could not be scored."""
    return Report(score=NAN, label="error", model=model, error=message)


def null(value: float) -> float | None:
    """Return ``value``, or None where JSON has no number for it."""
    return value if math.isfinite(value) else None
