"""Why one sentence was judged filler or claim.

The slope of its logit along each input, times the input's distance from the mean, is
summed over groups of inputs that a person can understand. The sums rank the groups; the
exact, additive account is that of the article (:mod:`detector.explain.article`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.explain.spans import Places, runs, runs_by_sentence
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
_MOST_QUOTED = 3
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


def sentence_reasons(view: View, reading: Reading, judged: Judged) -> tuple[tuple[SentenceReason, ...], ...]:
    """Return at most two reasons for each prose sentence, the heaviest first."""
    towards = np.where([kind == "claim" for kind in judged.kinds], -1.0, 1.0)
    parts = judged.parts * towards[:, None]
    order = np.argsort(-parts, axis=1)[:, :_MOST_REASONS].tolist() if len(parts) else []
    values = parts.tolist()
    marks = _Marks(view, reading, towards)
    found: list[tuple[SentenceReason, ...]] = []
    for i, kind in enumerate(judged.kinds):
        if kind == "heading" or kind == "boilerplate":
            found.append(())
            continue
        groups = [GROUPS[g] for g in order[i] if values[i][g] > 0.0]
        reasons = [marks.repeats(i)] if kind == "repeat" else []
        reasons += [marks.reason(g, kind != "claim", i) for g in groups if kind != "repeat" or g != OVERLAP]
        found.append(tuple(reasons[:_MOST_REASONS]))
    return tuple(found)


class _Marks:
    """Finds the words of a sentence that show a reason; what all sentences share is worked out once."""

    def __init__(self, view: View, reading: Reading, towards: Floats) -> None:
        self.view = view
        self.places = Places(view)
        specific: Flags = view.name | view.number | (view.content & (view.idf > _RARE))
        count = view.n_sentences
        self.specific = runs_by_sentence(specific, view.sentence, count)
        self.novel = runs_by_sentence(specific & view.fresh, view.sentence, count)
        self.wording = _heaviest(view, reading, towards)
        self.bounds = view.bounds.tolist()
        self.earlier = view.overlap.earlier.tolist()

    def reason(self, group: str, filler: bool, sentence: int) -> SentenceReason:
        """Return the reason of a group of inputs, quoting words unless it is their absence that counts."""
        ranges: list[tuple[int, int]] = []
        if group == WORDS:
            ranges = self.wording[sentence]
        elif group == SPECIFICS and not filler:
            ranges = self.specific[sentence]
        elif group == NOVELTY and not filler:
            ranges = self.novel[sentence]
        spans, quoted = self.places.quote(ranges[:_MOST_SPANS])
        text = _TEXTS[group, filler]
        return SentenceReason(group, f"{text}: {quoted}" if quoted else text, spans)

    def repeats(self, sentence: int) -> SentenceReason:
        """Return the reason of a repeat: the earlier sentence, and the words both have."""
        view, bounds = self.view, self.bounds
        earlier = self.earlier[sentence]
        low, high = bounds[sentence], bounds[sentence + 1]
        before = set(view.hash[bounds[earlier] : bounds[earlier + 1]].tolist())
        content = view.content[low:high].tolist()
        shared = [c and h in before for h, c in zip(view.hash[low:high].tolist(), content, strict=True)]
        spans, quoted = self.places.quote(runs(np.array(shared, np.bool_), low)[:_MOST_SPANS])
        text = f"says again what sentence {earlier + 1} says"
        return SentenceReason("repeats", f"{text}: {quoted}" if quoted else text, spans)


def _heaviest(view: View, reading: Reading, towards: Floats) -> list[list[tuple[int, int]]]:
    """Return, by sentence, word ranges of the n-grams with a content word that weigh most the way it was judged."""
    grams = reading.grams
    so_far = np.concatenate(([0], np.cumsum(view.content)))
    weight = grams.weight * towards[grams.sentence]
    kept = np.flatnonzero((weight > 0.0) & (so_far[grams.at + grams.n] > so_far[grams.at]))
    kept = kept[np.lexsort((-weight[kept], grams.sentence[kept]))]
    sentence = grams.sentence[kept]
    rank = np.arange(len(kept)) - np.searchsorted(sentence, sentence)
    kept = kept[rank < 2 * _MOST_QUOTED]
    found: list[list[tuple[int, int]]] = [[] for _ in range(view.n_sentences)]
    columns = (grams.sentence[kept].tolist(), grams.at[kept].tolist(), (grams.at + grams.n)[kept].tolist())
    for i, start, end in zip(*columns, strict=True):
        taken = found[i]
        if len(taken) < _MOST_QUOTED and all(end <= s or start >= e for s, e in taken):
            taken.append((start, end))
    for taken in found:
        taken.sort()
    return found
