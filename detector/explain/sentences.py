"""Why one sentence was judged filler or claim.

The slope of its logit along each input, times the input's distance from the mean, is
summed over groups of inputs that a person can understand. The sums rank the groups; the
exact, additive account is that of the article (:mod:`detector.explain.article`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from detector.explain.spans import Places, Range, runs
from detector.features.background import Floats
from detector.features.sentence import ARTICLE, COMMON, NAMES, OVERLAPS, PLACES, RARITY_STEPS
from detector.features.view import View
from detector.heads.sentence import SCALED, WORDING, Reading, SentenceHead, by_rows
from detector.report import Kind, SentenceReason
from detector.text.document import Flags, Ints
from detector.text.roles import BOILERPLATE, HEADING

WORDS, SPECIFICS, NOVELTY, OVERLAP, MANNER = "wording", "specifics", "novelty", "overlap", "manner"
GROUPS = (WORDS, SPECIFICS, NOVELTY, OVERLAP, MANNER)
_WORDS, _SPECIFICS, _NOVELTY, _OVERLAP = range(4)  # their places in GROUPS
_SURROUNDINGS = len(GROUPS)
_MOST_REASONS = 2
_MOST_SPANS = 4
_MOST_QUOTED = 3
_RARE = 5.0  # idf of a word worth pointing at
_KINDS: tuple[Kind, ...] = ("claim", "repeat", "generic", "heading", "boilerplate")
_CLAIM, _REPEAT, _GENERIC, _HEADING, _BOILERPLATE = range(5)

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
    """What weighs in every sentence: ``parts`` (S, len(GROUPS)) in logits, towards filler, and the main group."""

    kinds: tuple[Kind, ...]
    parts: Floats
    main: tuple[str, ...]


def name_kinds(view: View, reading: Reading) -> tuple[Kind, ...]:
    """Name the kind of every sentence."""
    repeats = (reading.repeat > 0.0) & (view.overlap.earlier >= 0)
    kind = np.where(reading.filler < 0.5, _CLAIM, np.where(repeats, _REPEAT, _GENERIC))
    kind[view.role == HEADING] = _HEADING
    kind[view.role == BOILERPLATE] = _BOILERPLATE
    return tuple([_KINDS[i] for i in kind.tolist()])


def judge(view: View, reading: Reading, head: SentenceHead) -> Judged:
    """Name the kind of every sentence and the group of inputs that weighs most in it."""
    columns = SCALED + 2 * view.vectors.shape[1]
    parts = by_rows(head.second.slope(reading.active, columns) * reading.inputs[:, :columns], _membership(columns))
    towards = np.where(reading.filler >= 0.5, 1.0, -1.0)
    main = (parts * towards[:, None]).argmax(axis=1).tolist() if len(parts) else []
    return Judged(name_kinds(view, reading), parts, tuple([GROUPS[i] for i in main]))


@cache
def _membership(columns: int) -> Floats:
    """Return which of the first inputs belong to which group, (columns, len(GROUPS)); vectors are wording."""
    member = np.zeros((columns, len(GROUPS)))
    member[:SCALED] = _GROUP_OF[:, None] == np.arange(len(GROUPS))
    member[SCALED:, GROUPS.index(WORDS)] = 1.0
    return member


def sentence_reasons(
    view: View, reading: Reading, judged: Judged, places: Places
) -> list[tuple[SentenceReason, ...]]:
    """Return at most two reasons for each prose sentence, the heaviest first."""
    claims = np.array([kind == "claim" for kind in judged.kinds], np.bool_)
    towards = np.where(claims, -1.0, 1.0)
    parts = judged.parts * towards[:, None]
    order = np.argsort(-parts, axis=1, kind="stable")[:, :_MOST_REASONS]
    weighs = parts[np.arange(len(parts))[:, None], order] > 0.0
    shown = _shown(view, reading, towards, order, weighs, claims)
    columns = (
        judged.kinds,
        order.tolist(),
        weighs.tolist(),
        view.overlap.earlier.tolist(),
        view.text.tolist(),
        view.texts[:-1][view.text].tolist(),
    )
    found: list[tuple[SentenceReason, ...]] = []
    for i, (kind, ranked, heavy, earlier, text, first) in enumerate(zip(*columns, strict=True)):
        if kind in {"heading", "boilerplate"}:
            found.append(())
            continue
        repeats = kind == "repeat"
        reasons = [_repeats(view, places, i, earlier, text, first)] if repeats else []
        for group, counts in zip(ranked, heavy, strict=True):
            if counts and len(reasons) < _MOST_REASONS and not (repeats and group == _OVERLAP):
                spans, quoted = places.quote(shown[group][i][:_MOST_SPANS], text) if group in shown else ((), "")
                said = _TEXTS[GROUPS[group], kind != "claim"]
                reasons.append(SentenceReason(GROUPS[group], f"{said}: {quoted}" if quoted else said, spans))
        found.append(tuple(reasons))
    return found


def _shown(
    view: View, reading: Reading, towards: Floats, order: Ints, weighs: Flags, claims: Flags
) -> dict[int, list[list[Range]]]:
    """Return, for each group of inputs that words can show, the ranges of words that do so in each sentence.

    Sentences for which the group is no reason have none; nor has filler for want of figures or news, since it is
    their absence that counts.
    """
    ranked = {group: (weighs & (order == group)).any(axis=1) for group in (_WORDS, _SPECIFICS, _NOVELTY)}
    specific: Flags = view.name | view.number | (view.content & (view.idf > _RARE))
    shown = {_WORDS: _heaviest(view, reading, towards * ranked[_WORDS])}
    for group, marked in ((_SPECIFICS, specific), (_NOVELTY, specific & view.fresh)):
        wanted = marked & (ranked[group] & claims)[view.sentence]
        shown[group] = runs(wanted, view.sentence, view.n_sentences)
    return shown


def _repeats(view: View, places: Places, sentence: int, earlier: int, text: int, first: int) -> SentenceReason:
    """Return the reason of a repeat: the earlier sentence, and the words both have; ``first`` opens the text."""
    start, end, low, high = view.bounds[[earlier, earlier + 1, sentence, sentence + 1]].tolist()
    before = set(view.hash[start:end].tolist())
    content = view.content[low:high].tolist()
    shared = [c and h in before for h, c in zip(view.hash[low:high].tolist(), content, strict=True)]
    (ranges,) = runs(np.array(shared, np.bool_), np.zeros(high - low, np.int64), 1)
    spans, quoted = places.quote([(low + a, low + b) for a, b in ranges[:_MOST_SPANS]], text)
    said = f"says again what sentence {earlier - first + 1} says"
    return SentenceReason("repeats", f"{said}: {quoted}" if quoted else said, spans)


def _heaviest(view: View, reading: Reading, towards: Floats) -> list[list[Range]]:
    """Return, by sentence, word ranges of the n-grams with a content word that weigh most ``towards`` a side (S,)."""
    so_far = np.zeros(len(view.content) + 1, np.int64)
    view.content.cumsum(out=so_far[1:])
    weight = reading.grams.weight * towards[view.sentence]
    kinds, at = (weight > 0.0).nonzero()
    end = at + kinds + 1
    meant = so_far[end] > so_far[at]
    kinds, at, end = kinds[meant], at[meant], end[meant]
    sentence = view.sentence[at]
    order = np.lexsort((-weight[kinds, at], sentence))
    own = sentence[order]
    order = order[np.arange(len(order)) - own.searchsorted(own) < 2 * _MOST_QUOTED]
    found: list[list[Range]] = [[] for _ in range(view.n_sentences)]
    for i, start, stop in zip(sentence[order].tolist(), at[order].tolist(), end[order].tolist(), strict=True):
        taken = found[i]
        if len(taken) < _MOST_QUOTED:
            for s, e in taken:
                if start < e and s < stop:
                    break
            else:
                taken.append((start, stop))
    for taken in found:
        taken.sort()
    return found
