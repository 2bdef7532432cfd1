"""The exact account of ``score``: parts of the logit that add up to it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

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


def groups(view: View, reading: Reading, judged: Judged, head: DocumentHead) -> list[list[Group]]:
    """Split what the sentences of each text give to the logit by kind and main reason, exactly."""
    words = view.document.words.astype(np.float64) * view.prose
    parts = head.sentence_contributions(reading.logit, words, view.texts).tolist()
    lengths: list[float] = words.tolist()
    prose = view.prose.tolist()
    found = []
    for low, high in pairwise(view.texts.tolist()):
        members: dict[str, list[int]] = {}
        for i in range(low, high):
            if prose[i]:
                members.setdefault(f"{judged.kinds[i]}:{judged.main[i]}", []).append(i)
        total = max(sum(lengths[low:high]), 1.0)
        found.append(
            [
                Group(
                    name,
                    tuple(sorted(within, key=lambda i: -abs(parts[i]))),
                    sum([lengths[i] for i in within]) / total,
                    math.fsum([parts[i] for i in within]),
                )
                for name, within in members.items()
            ]
        )
    return found


def reasons(
    view: View,
    reading: Reading,
    judged: Judged,
    values: Floats,
    head: DocumentHead,
    typical: Mapping[str, float],
    places: Places,
    sentences: list[Span],
) -> list[tuple[Reason, ...]]:
    """Return every part of the logit of ``score``, largest first, for each text.

    ``values`` (T, D) are the head's inputs, ``sentences`` the places of all sentences.
    """
    words = view.per_text(view.document.words * view.prose)
    parts = head.contributions(values, words).tolist()
    shown = {
        name: places.spans(runs(shows(view), view.text[view.sentence], view.n_texts).longest(_MOST_SPANS))
        for name in head.names[len(MEANS) :]
        if (shows := _FEATURES[name].shows) is not None
    }
    found = []
    for text, own in enumerate(groups(view, reading, judged, head)):
        given = places.given[text]
        reasons = [_group_reason(group, sentences, given, typical) for group in own]
        columns = (head.names, values[text].tolist(), head.typical.tolist(), parts[text])
        for name, value, usual, part in list(zip(*columns, strict=True))[len(MEANS) :]:
            if math.isfinite(value):
                spans = shown[name][text] if name in shown else ()
                reasons.append(_feature_reason(_FEATURES[name], value, usual, part, spans, given))
        found.append(tuple(sorted(reasons, key=lambda reason: -abs(reason.contribution))))
    return found


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
    feature: Feature,
    value: float,
    typical: float,
    contribution: float,
    spans: tuple[Span, ...],
    given: str,
) -> Reason:
    text = f"{feature.meaning}: {_number(feature, value)}, typically {_number(feature, typical)}"
    quoted = dict.fromkeys([shorten(given[a:b]) for a, b in spans[:4]])
    if quoted:
        text += ": " + ", ".join(f"“{part}”" for part in quoted)
    return Reason(feature.name, value, typical, contribution, text[:1].upper() + text[1:], spans)


def _number(feature: Feature, value: float) -> str:
    return f"{value:.1%}" if feature.unit.startswith("share") else f"{value:.2f}"
