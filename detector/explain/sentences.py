"""Why one sentence was judged filler or claim.

The slope of its logit along each input, times the input's distance from the mean, is
summed over groups of inputs that a person can understand. The sums rank the groups; the
exact, additive account is that of the article (:mod:`detector.explain.article`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.explain.spans import quote, runs
from detector.features.background import Floats
from detector.features.sentence import ARTICLE, COMMON, NAMES, OVERLAPS, PLACES, RARITY_STEPS
from detector.features.view import View
from detector.heads.sentence import SCALED, WORDING, Reading, SentenceHead
from detector.report import Kind, SentenceReason
from detector.text.document import Flags
from detector.text.roles import HEADING, PROSE

WORDS, SPECIFICS, NOVELTY, OVERLAP, MANNER = "wording", "specifics", "novelty", "overlap", "manner"
GROUPS = (WORDS, SPECIFICS, NOVELTY, OVERLAP, MANNER)
_SURROUNDINGS = len(GROUPS)
_MOST_REASONS = 2
_MOST_SPANS = 4
_RARE = 5.0  # idf of a word worth pointing at

_TEXTS: dict[tuple[str, bool], str] = {
    (WORDS, True): "wording typical of filler",
    (WORDS, False): "wording typical of claims",
    (SPECIFICS, True): "few names, figures or rare words",
    (SPECIFICS, False): "names, figures or rare words",
    (NOVELTY, True): "little that the article has not said",
    (NOVELTY, False): "words new to the article",
    (OVERLAP, True): "shares its content with other sentences",
    (OVERLAP, False): "shares little with other sentences",
    (MANNER, True): "speaks in general terms",
    (MANNER, False): "tells something particular",
}


def _column_groups() -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the group of each scaled input; inputs that describe the surroundings get one of their own."""
    group = np.full(SCALED, _SURROUNDINGS)
    members = {
        SPECIFICS: (
            "names new_names numbers new_numbers rare_new_words very_rare_new_words unknown_word_share capital_share "
            "rare_word_share mean_idf highest_idf double_quotes percents dollars pounds list_attribution_verbs "
            "list_months_days list_number_words"
        ).split()
        + [f"idf_above_{step:.0f}" for step in RARITY_STEPS]
        + list(COMMON),
        NOVELTY: ["novelty", "highest_new_idf", "new_information"],
        OVERLAP: ["repeated_2grams", "repeated_3grams", "later_2grams", "later_3grams", *OVERLAPS],
        WORDS: ["vector_focus", "word_length"],
    }
    for name, columns in members.items():
        group[[NAMES.index(column) for column in columns]] = GROUPS.index(name)
    group[WORDING] = GROUPS.index(WORDS)
    placed = {column for columns in members.values() for column in columns} | {*PLACES, *ARTICLE, "log_words"}
    manner = [i for i, name in enumerate(NAMES) if name not in placed]
    group[manner] = GROUPS.index(MANNER)
    return group


_GROUP_OF = _column_groups()


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Every sentence's kind and what weighs in it: ``parts`` (S, len(GROUPS)) in logits, towards filler."""

    kinds: tuple[Kind, ...]
    parts: Floats
    main: tuple[str, ...]


def judge(view: View, reading: Reading, head: SentenceHead) -> Judged:
    """Name the kind of every sentence and the group of inputs that weighs most in it."""
    kinds = tuple(_kind(*row) for row in zip(view.role.tolist(), reading.filler.tolist(), reading.repeat.tolist(), view.overlap.earlier.tolist(), strict=True))
    parts = _parts(reading, head)
    towards = np.where(reading.filler >= 0.5, 1.0, -1.0)
    main = tuple(GROUPS[i] for i in (parts * towards[:, None]).argmax(axis=1).tolist()) if len(kinds) else ()
    return Judged(kinds, parts, main)


def _kind(role: int, filler: float, repeat: float, earlier: int) -> Kind:
    if role != PROSE:
        return "heading" if role == HEADING else "boilerplate"
    if filler < 0.5:
        return "claim"
    return "repeat" if repeat > 0.0 and earlier >= 0 else "generic"


def _parts(reading: Reading, head: SentenceHead) -> Floats:
    slope = head.second.gradient(reading.inputs)
    part = slope * reading.inputs
    sums = np.zeros((len(part), len(GROUPS) + 1))
    for number in range(len(GROUPS)):
        sums[:, number] = part[:, :SCALED][:, _GROUP_OF == number].sum(axis=1)
    vectors = part[:, SCALED:-8]
    sums[:, 0] += vectors[:, : vectors.shape[1] * 2 // 3].sum(axis=1)
    return sums[:, : len(GROUPS)]


def sentence_reasons(
    view: View, reading: Reading, judged: Judged, head: SentenceHead
) -> tuple[tuple[SentenceReason, ...], ...]:
    """Return at most two reasons for each prose sentence, the heaviest first."""
    marks = _Marks(view, head)
    found: list[tuple[SentenceReason, ...]] = []
    for i, kind in enumerate(judged.kinds):
        if kind in ("heading", "boilerplate"):
            found.append(())
            continue
        filler = kind != "claim"
        parts = judged.parts[i] if filler else -judged.parts[i]
        order = [g for g in np.argsort(-parts).tolist() if parts[g] > 0.0][:_MOST_REASONS]
        reasons = [_reason(GROUPS[g], filler, i, marks) for g in order]
        if kind == "repeat":
            reasons = [marks.repeats(i), *(r for r in reasons if r.feature != OVERLAP)][:_MOST_REASONS]
        found.append(tuple(reasons))
    return tuple(found)


def _reason(group: str, filler: bool, sentence: int, marks: _Marks) -> SentenceReason:
    spans, quoted = marks.show(group, filler, sentence)
    text = _TEXTS[group, filler]
    return SentenceReason(group, f"{text}: {quoted}" if quoted else text, spans)


class _Marks:
    """Finds the words of a sentence that show a reason; what all sentences share is worked out once."""

    def __init__(self, view: View, head: SentenceHead) -> None:
        self.view = view
        self.head = head
        self.specific: Flags = view.name | view.number | (view.content & (view.idf > _RARE))
        self.grams: tuple[Floats, ...] = tuple(head.gram_weights(part) for part in view.grams[:3])

    def show(self, group: str, filler: bool, sentence: int) -> tuple[tuple[tuple[int, int], ...], str]:
        """Return spans of the text as given, and the words quoted; nothing where absence is the reason."""
        view = self.view
        low, high = int(view.bounds[sentence]), int(view.bounds[sentence + 1])
        if group == WORDS:
            places = self._heaviest(low, high, 1.0 if filler else -1.0)
        elif group == SPECIFICS and not filler:
            places = runs(self.specific[low:high], low)
        elif group == NOVELTY and not filler:
            places = runs((self.specific & view.fresh)[low:high], low)
        else:
            return (), ""
        return quote(view, places[:_MOST_SPANS])

    def _heaviest(self, low: int, high: int, sign: float) -> list[tuple[int, int]]:
        """Return word ranges of the n-grams that weigh most towards ``sign``, without overlap, in text order."""
        found: list[tuple[float, int, int]] = []
        for part, weights in zip(self.view.grams, self.grams, strict=False):
            a, b = np.searchsorted(part.at, (low, high))
            for at, weight in zip(part.at[a:b].tolist(), (sign * weights[a:b]).tolist(), strict=True):
                if weight > 0.0:
                    found.append((-weight, at, at + part.n))
        taken: list[tuple[int, int]] = []
        for _, start, end in sorted(found):
            if all(end <= s or start >= e for s, e in taken):
                taken.append((start, end))
            if len(taken) == 3:
                break
        return sorted(taken)

    def repeats(self, sentence: int) -> SentenceReason:
        """Return the reason of a repeat: the earlier sentence, and the words both have."""
        view = self.view
        earlier = int(view.overlap.earlier[sentence])
        low, high = int(view.bounds[sentence]), int(view.bounds[sentence + 1])
        a, b = int(view.bounds[earlier]), int(view.bounds[earlier + 1])
        shared = np.isin(view.hash[low:high], view.hash[a:b]) & view.content[low:high]
        spans, quoted = quote(view, runs(shared, low)[:_MOST_SPANS])
        text = f"says again what sentence {earlier + 1} says"
        return SentenceReason("repeats", f"{text}: {quoted}" if quoted else text, spans)

