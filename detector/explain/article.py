"""The exact account of ``score``: parts of the logit that add up to it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from detector.explain.sentences import MANNER, NOVELTY, OVERLAP, SPECIFICS, WORDS, Judged
from detector.explain.spans import Places, runs, shorten
from detector.features.background import Floats
from detector.features.feature import Feature
from detector.features.registry import MEASURED
from detector.features.view import View
from detector.heads.document import MEANS, DocumentHead
from detector.heads.sentence import Reading
from detector.report import Reason, Span

_MOST_SPANS = 8
_QUOTED = 2
_PLURAL = {"generic": "generic sentences", "repeat": "sentences that repeat earlier ones", "claim": "claims"}
_SINGULAR = {"generic": "generic sentence", "repeat": "sentence that repeats an earlier one", "claim": "claim"}
_BECAUSE = {
    ("filler", WORDS): "by their wording",
    ("filler", SPECIFICS): "with few names, figures or rare words",
    ("filler", NOVELTY): "with little new",
    ("filler", OVERLAP): "that share their content with others",
    ("filler", MANNER): "in general terms",
    ("claim", WORDS): "by their wording",
    ("claim", SPECIFICS): "with names, figures or rare words",
    ("claim", NOVELTY): "with words new to the article",
    ("claim", OVERLAP): "unlike other sentences",
    ("claim", MANNER): "that tell something particular",
}
_FEATURES = {feature.name: feature for feature in MEASURED}


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Prose sentences of one kind that are so for one main reason, and their part of the logit."""

    name: str
    members: tuple[int, ...]
    share: float
    contribution: float


def groups(view: View, reading: Reading, judged: Judged, head: DocumentHead) -> list[Group]:
    """Split what the sentences give to the logit by kind and main reason, exactly."""
    prose = view.prose.nonzero()[0]
    words = view.document.words[prose].astype(np.float64)
    parts = head.sentence_contributions(reading.logit[prose], words).tolist()
    lengths: list[float] = words.tolist()
    total = max(sum(lengths), 1.0)
    members: dict[str, list[int]] = {}
    places = prose.tolist()
    for at, sentence in enumerate(places):
        members.setdefault(f"{judged.kinds[sentence]}:{judged.main[sentence]}", []).append(at)
    return [
        Group(
            name,
            tuple([places[i] for i in sorted(within, key=lambda i: -abs(parts[i]))]),
            sum([lengths[i] for i in within]) / total,
            math.fsum([parts[i] for i in within]),
        )
        for name, within in members.items()
    ]


def reasons(
    view: View,
    reading: Reading,
    judged: Judged,
    values: Floats,
    head: DocumentHead,
    typical: Mapping[str, float],
    places: Places,
    sentences: list[Span],
) -> tuple[Reason, ...]:
    """Return every part of the logit of ``score``, largest first.

    ``values`` (D,) are the head's inputs, ``sentences`` the places of all sentences.
    """
    words = float(view.document.words[view.prose].sum())
    found = [_group_reason(group, sentences, places.given, typical) for group in groups(view, reading, judged, head)]
    parts = head.contributions(values, words)
    columns = (head.names, values.tolist(), head.typical.tolist(), parts.tolist())
    for name, value, usual, part in list(zip(*columns, strict=True))[len(MEANS) :]:
        if math.isfinite(value):
            found.append(_feature_reason(_FEATURES[name], value, usual, part, view, places))
    return tuple(sorted(found, key=lambda reason: -abs(reason.contribution)))


def _group_reason(group: Group, sentences: list[Span], given: str, typical: Mapping[str, float]) -> Reason:
    kind, _, why = group.name.partition(":")
    count = len(group.members)
    usual = typical.get(group.name, 0.0)
    because = _BECAUSE["claim" if kind == "claim" else "filler", why]
    if count == 1:
        because = because.replace("their", "its").replace("tell ", "tells ").replace("share ", "shares ")
    head = f"{count} {_SINGULAR[kind] if count == 1 else _PLURAL[kind]} {because}"
    spans = tuple([sentences[i] for i in group.members[:_MOST_SPANS]])
    quoted = "; ".join(f"“{shorten(given[a:b])}”" for a, b in spans[:_QUOTED])
    text = f"{head} ({group.share:.0%} of the words, typically {usual:.0%}): {quoted}"
    return Reason(group.name, group.share, usual, group.contribution, text, spans)


def _feature_reason(
    feature: Feature, value: float, typical: float, contribution: float, view: View, places: Places
) -> Reason:
    spans: tuple[Span, ...] = ()
    text = f"{feature.meaning}: {_number(feature, value)}, typically {_number(feature, typical)}"
    if feature.shows is not None:
        ranges = sorted(runs(feature.shows(view)), key=lambda r: r[0] - r[1])[:_MOST_SPANS]
        spans = tuple([places.span(*r) for r in ranges])
        quoted = dict.fromkeys([shorten(places.given[a:b]) for a, b in spans[:4]])
        if quoted:
            text += ": " + ", ".join(f"“{part}”" for part in quoted)
    return Reason(feature.name, value, typical, contribution, text[:1].upper() + text[1:], spans)


def _number(feature: Feature, value: float) -> str:
    return f"{value:.1%}" if feature.unit.startswith("share") else f"{value:.2f}"
