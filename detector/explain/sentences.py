"""Why one sentence was judged filler or claim.

The slope of its logit along each input, times the input's distance from the mean, is
summed over groups of inputs that a person can understand. The sums rank the groups; the
exact, additive account is that of the article (:mod:`detector.explain.article`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from detector.explain.spans import Places, Ranges, quote, runs
from detector.features.background import Floats
from detector.features.sentence import ARTICLE, COMMON, NAMES, OVERLAPS, PLACES, RARITY_STEPS
from detector.features.view import View
from detector.heads.sentence import SCALED, WORDING, Reading, SentenceHead, by_rows
from detector.report import Kind, SentenceReason, Span
from detector.text.document import Flags, Ints
from detector.text.roles import BOILERPLATE, HEADING

WORDS, SPECIFICS, NOVELTY, OVERLAP, MANNER = "wording", "specifics", "novelty", "overlap", "manner"
GROUPS = (WORDS, SPECIFICS, NOVELTY, OVERLAP, MANNER)
_WORDS, _SPECIFICS, _NOVELTY, _OVERLAP, _MANNER = range(5)  # their places in GROUPS
_SURROUNDINGS = len(GROUPS)
_MOST_REASONS = 2
_AT_ONCE = 1024  # sentences whose hidden units are held together
_MOST_SPANS = 4
_MOST_QUOTED = 3
_RARE = 5.0  # idf of a word worth pointing at
_KINDS: tuple[Kind, ...] = ("claim", "repeat", "generic", "heading", "boilerplate")
_CLAIM, _REPEAT, _GENERIC, _HEADING, _BOILERPLATE = range(5)

_TEXTS: dict[tuple[int, bool], str] = {
    (_WORDS, True): "wording typical of filler",
    (_WORDS, False): "wording typical of claims",
    (_SPECIFICS, True): "few names, figures or rare words",
    (_SPECIFICS, False): "names, figures or rare words",
    (_NOVELTY, True): "little that the article has not said",
    (_NOVELTY, False): "words new to the article",
    (_OVERLAP, True): "shares its content with other sentences",
    (_OVERLAP, False): "shares little with other sentences",
    (_MANNER, True): "speaks in general terms",
    (_MANNER, False): "tells something particular",
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
    parts = np.empty((view.n_sentences, len(GROUPS)))
    for low in range(0, view.n_sentences, _AT_ONCE):
        own = slice(low, low + _AT_ONCE)
        weights, inputs = reading.active[own] * head.second.output, reading.inputs[own].T
        for group, columns in enumerate(_columns(view.vectors.shape[1])):
            entering = by_rows(inputs[columns].T, head.second.hidden[columns])
            np.einsum("ij,ij->i", entering, weights, out=parts[own, group])
    towards = np.where(reading.filler >= 0.5, 1.0, -1.0)
    main = (parts * towards[:, None]).argmax(axis=1).tolist() if len(parts) else []
    return Judged(name_kinds(view, reading), parts, tuple([GROUPS[i] for i in main]))


@cache
def _columns(vector: int) -> tuple[Ints, ...]:
    """Return the inputs that belong to each of GROUPS; the two vectors of a sentence, of this size, are wording."""
    groups = np.append(_GROUP_OF, np.full(2 * vector, _WORDS))
    return tuple([(groups == group).nonzero()[0] for group in range(len(GROUPS))])


def sentence_reasons(
    view: View, reading: Reading, judged: Judged, places: Places
) -> list[tuple[SentenceReason, ...]]:
    """Return at most two reasons for each prose sentence, the heaviest first."""
    claims = np.array([kind == "claim" for kind in judged.kinds], np.bool_)
    towards = np.where(claims, -1.0, 1.0)
    parts = judged.parts * towards[:, None]
    order = np.argsort(-parts, axis=1, kind="stable")[:, :_MOST_REASONS]
    weighs = (parts[np.arange(len(parts))[:, None], order] > 0.0) & view.prose[:, None]
    shown = _shown(view, reading, places, towards, order, weighs, claims)
    said_again = places.spans(_said_again(view, judged.kinds))
    numbers = (view.overlap.earlier - view.texts[view.text] + 1).tolist()
    columns = (judged.kinds, order.tolist(), weighs.tolist(), view.text.tolist(), numbers)
    found: list[tuple[SentenceReason, ...]] = []
    for i, (kind, ranked, heavy, text, number) in enumerate(zip(*columns, strict=True)):
        reasons: list[SentenceReason] = []
        if kind == "repeat":
            said = f"comes back to what sentence {number} says"
            reasons.append(_reason("repeats", said, places.given[text], said_again[i]))
        for group, counts in zip(ranked, heavy, strict=True):
            if counts and len(reasons) < _MOST_REASONS and not (kind == "repeat" and group == _OVERLAP):
                spans = shown[group][i] if group in shown else ()
                reasons.append(_reason(GROUPS[group], _TEXTS[group, kind != "claim"], places.given[text], spans))
        found.append(tuple(reasons))
    return found


def _reason(feature: str, said: str, given: str, spans: tuple[Span, ...]) -> SentenceReason:
    return SentenceReason(feature, f"{said}: {quote(given, spans)}" if spans else said, spans)


def _shown(
    view: View, reading: Reading, places: Places, towards: Floats, order: Ints, weighs: Flags, claims: Flags
) -> dict[int, list[tuple[Span, ...]]]:
    """Return, for each group of inputs that words can show, the places of words that do so in each sentence.

    Sentences for which the group is no reason have none; nor has filler for want of figures or news, since it is
    their absence that counts.
    """
    ranked = {group: (weighs & (order == group)).any(axis=1) for group in (_WORDS, _SPECIFICS, _NOVELTY)}
    specific: Flags = view.name | view.number | (view.content & (view.idf > _RARE))
    shown = {_WORDS: places.spans(_heaviest(view, reading, towards * ranked[_WORDS]))}
    for group, marked in ((_SPECIFICS, specific), (_NOVELTY, specific & view.fresh)):
        wanted = marked & (ranked[group] & claims)[view.sentence]
        shown[group] = places.spans(runs(wanted, view.sentence, view.n_sentences, _MOST_SPANS))
    return shown


def _said_again(view: View, kinds: Sequence[Kind]) -> Ranges:
    """Return the ranges of content words of each repeat that the earlier sentence has too."""
    marked = np.zeros(len(view.hash), np.bool_)
    for sentence in [i for i, kind in enumerate(kinds) if kind == "repeat"]:
        earlier = int(view.overlap.earlier[sentence])
        start, end, low, high = view.bounds[[earlier, earlier + 1, sentence, sentence + 1]].tolist()
        before = set(view.hash[start:end].tolist())
        marked[low:high] = [word in before for word in view.hash[low:high].tolist()]
    return runs(marked & view.content, view.sentence, view.n_sentences, _MOST_SPANS)


def _heaviest(view: View, reading: Reading, towards: Floats) -> Ranges:
    """Return, by sentence, the n-grams with a content word that weigh most ``towards`` a side (S,), none overlapping.

    They are picked from twice as many, the heaviest first, and stand in the order of the text.
    """
    so_far = np.zeros(len(view.content) + 1, np.int64)
    view.content.cumsum(out=so_far[1:])
    weight = reading.grams.weight * towards[view.sentence]
    kind, at = (weight > 0.0).nonzero()
    end = at + kind + 1
    meant = (so_far[end] > so_far[at]).nonzero()[0]
    kind, at, end = kind[meant], at[meant], end[meant]
    sentence = view.sentence[at]
    order = _by_weight(sentence, weight[kind, at])
    own = sentence[order]
    rank = np.arange(len(order)) - own.searchsorted(np.arange(view.n_sentences))[own]
    kept = (rank < 2 * _MOST_QUOTED).nonzero()[0]
    order, own, rank = order[kept], own[kept], rank[kept]
    starts, ends = np.zeros((2, view.n_sentences, 2 * _MOST_QUOTED), np.int64)  # an empty range overlaps nothing
    starts[own, rank], ends[own, rank] = at[order], end[order]
    rows = np.arange(view.n_sentences)
    left = ends > 0
    picked = np.zeros(left.shape, np.bool_)
    for _ in range(_MOST_QUOTED):
        first = left.argmax(axis=1)
        picked[rows, first] |= left[rows, first]
        start, stop = starts[rows, first, None], ends[rows, first, None]
        left &= (starts >= stop) | (start >= ends)
    row, column = picked.nonzero()
    start, stop = starts[row, column], ends[row, column]
    by_place = start.argsort(kind="stable")
    return Ranges.of(start[by_place], stop[by_place], row[by_place], view.n_sentences)


def _by_weight(sentence: Ints, weight: Floats) -> Ints:
    """Return the order by sentence, then weight (above 0, at half precision, as in a model's file), largest first."""
    place_bits = max(len(weight) - 1, 0).bit_length()
    size = weight.astype(np.float16).view(np.uint16).astype(np.int64)  # of numbers above 0 the bits are in order too
    keys = ((sentence << 15 | (0x7FFF - size)) << place_bits) | np.arange(len(weight))
    keys.sort()
    return keys & ((1 << place_bits) - 1)
