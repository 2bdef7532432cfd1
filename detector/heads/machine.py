"""How machine-written a text reads: one logit, an exact sum of habits and of words and phrases.

logit = intercept + Σ curve(habit) + Σ weights of the distinct n-grams / √(their number + GRAM_DAMPING).
Curves and group sums are counted from their median among human texts, so the intercept is the
logit of a text that is typical of people in all respects.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.features.background import expect
from detector.heads.machine_style import (
    CHAIN,
    LONGEST,
    STYLE,
    Background,
    Floats,
    Tokens,
    neighbours,
    pair_hashes,
    style,
)
from detector.heads.machine_words import GROUPS, group_text, style_texts
from detector.report import NAN, Reason, Span
from detector.text.document import Document, Flags, Ints, hash_word, mix

GRAM_BITS = 18
GRAM_DAMPING = 50.0  # so that few words weigh little
MOST_SPANS = 6
MOST_QUOTED = 3  # in the words of a reason
_CANDIDATES = 2 * MOST_SPANS  # looked at for spans that do not overlap
_GRAM_SHIFT = np.uint64(64 - GRAM_BITS)
_NUMBER = np.uint64(hash_word("0"))
_SLOT_BITS, _PLACE_BITS = np.int64(GRAM_BITS), np.int64(26)
_SLOT, _PLACE = np.int64((1 << GRAM_BITS) - 1), np.int64((1 << 26) - 1)

Slots = NDArray[np.uint32]


def gram_slots(tokens: Tokens) -> Slots:
    """Return the table slot of every 1-, 2- and 3-gram of the texts, those of one length together (G,).

    Marks are tokens like words; all numbers are one word.
    """
    return _grams(tokens)[0]


def _grams(tokens: Tokens) -> tuple[Slots, Ints, Ints]:
    """Return for every n-gram (G,) its table slot, its first token and how many tokens it has."""
    text = tokens.text
    one = np.where(tokens.is_number, _NUMBER, tokens.hash)
    two = pair_hashes(one)
    pairs, triples = neighbours(text, 2), neighbours(text, 3)
    hashes = np.concatenate((mix(one), two[pairs], mix(two[triples] * CHAIN + one[triples + 2])))
    at = np.concatenate((np.arange(len(one)), pairs, triples))
    n = np.array([1, 2, 3]).repeat((len(one), len(pairs), len(triples)))
    return (hashes >> _GRAM_SHIFT).astype(np.uint32), at, n


def distinct(slots: Slots) -> Slots:
    """Return each slot once, sorted."""
    ordered = np.sort(slots)
    kept = np.ones(len(ordered), np.bool_)
    kept[1:] = ordered[1:] != ordered[:-1]
    return ordered[kept]


@dataclass(frozen=True, slots=True, eq=False)
class Grams:
    """The distinct n-grams of A texts (D,), text by text: text, first token, length, weight and group.

    ``sums`` (A, len(GROUPS)) are what the groups of each text add up to, in logits.
    """

    text: Ints
    at: Ints
    n: Ints
    weight: Ints
    group: Ints
    sums: Floats


@dataclass(frozen=True, slots=True, eq=False)
class MachineReading:
    """What the head says of A texts: logits (A,), habits and their parts (A, F), parts of the groups (A, G)."""

    logit: Floats
    habits: Floats
    parts: Floats
    grams: Grams
    group_parts: Floats


@dataclass(frozen=True, slots=True, eq=False)
class MachineHead:
    """The arrays of the trained head.

    ``grams`` (2 ** GRAM_BITS,) int16 weights, ``gram_scale`` logits per unit. ``knots`` and ``curves``
    (F, K): the logits of habit f at its knots, straight between them and level outside; zero at
    ``typical`` (F,), the median among human texts. ``group_typical`` (G,): the same for the sums of
    GROUPS. ``cut``: the default probability from which a text is called machine-written.
    """

    grams: NDArray[np.int16]
    gram_scale: float
    knots: Floats
    curves: Floats
    typical: Floats
    group_typical: Floats
    intercept: float
    cut: float
    background: Background

    def logit(self, document: Document) -> float:
        """Return the calibrated log-odds that ``document`` reads machine-written."""
        return float(self.read([document]).logit[0])

    def read(self, documents: Sequence[Document]) -> MachineReading:
        """Judge documents; each gets the same logit in any company."""
        return self.read_tokens(Tokens.of(*documents))

    def read_tokens(self, tokens: Tokens) -> MachineReading:
        """Judge texts given as tokens. Raises ValueError for more than one text and more than LONGEST tokens."""
        if tokens.n_texts > 1 and len(tokens.hash) > LONGEST:
            raise ValueError(f"{len(tokens.hash):,} tokens of {tokens.n_texts} texts are too many to judge at once")
        habits = style(tokens, self.background)
        parts = self.parts(habits)
        grams = self.grams_of(tokens)
        group_parts = grams.sums - self.group_typical
        rows = np.concatenate((parts, group_parts), axis=1).tolist()
        logit = np.array([math.fsum((self.intercept, *row)) for row in rows])
        return MachineReading(logit, habits, parts, grams, group_parts)

    def parts(self, habits: Floats) -> Floats:
        """Return what each habit (A, F) adds, (A, F); nothing where it is undefined."""
        knots, column = self.knots, np.arange(habits.shape[1])
        missing = np.isnan(habits)
        x = np.where(missing, self.typical, habits)
        x = np.minimum(np.maximum(x, knots[:, 0]), knots[:, -1])
        at = (x[..., None] >= knots[:, 1:-1]).sum(axis=2)
        low, high = knots[column, at], knots[column, at + 1]
        start, stop = self.curves[column, at], self.curves[column, at + 1]
        share = np.divide(x - low, high - low, out=np.zeros(x.shape), where=high > low)
        return np.where(missing, 0.0, start + share * (stop - start))

    def grams_of(self, tokens: Tokens) -> Grams:
        """Return the distinct n-grams of each text with their weights, and the sums of their groups."""
        slots, at, n = _grams(tokens)
        text = tokens.text[at]
        packed = np.sort((((text << _SLOT_BITS) | slots) << _PLACE_BITS) | np.arange(len(slots)))
        key = packed >> _PLACE_BITS
        kept = np.ones(len(packed), np.bool_)
        kept[1:] = key[1:] != key[:-1]
        index = packed[kept] & _PLACE  # the first place of each
        weight = self.grams[key[kept] & _SLOT].astype(np.int64)
        at, n, text = at[index], n[index], text[index]
        group = _kinds(tokens.is_word, at, n) * 2 + (weight < 0)
        size = tokens.n_texts * len(GROUPS)
        sums = np.bincount(text * len(GROUPS) + group, weight, size).reshape(-1, len(GROUPS))
        number = np.bincount(text, minlength=tokens.n_texts)
        return Grams(text, at, n, weight, group, sums * self.gram_scale / np.sqrt(number + GRAM_DAMPING)[:, None])

    def reasons(self, documents: Sequence[Document], reading: MachineReading) -> list[tuple[Reason, ...]]:
        """Return the reasons of each document, weightiest first."""
        usual, usual_sums = tuple(self.typical.tolist()), self.group_typical.tolist()
        columns = (reading.habits, reading.parts, reading.grams.sums, reading.group_parts)
        rows = zip(documents, _quoted(documents, reading.grams), *[column.tolist() for column in columns], strict=True)
        found: list[tuple[Reason, ...]] = []
        for document, quoted, values, parts, sums, group_parts in rows:
            given = document.source.given
            said = style_texts(STYLE, values, usual, parts)
            reasons = list(map(Reason, STYLE, values, usual, parts, said))
            for name, value, typical, part, (count, spans) in zip(
                GROUPS, sums, usual_sums, group_parts, quoted, strict=True
            ):
                text = group_text(name, count, [given[start:end] for start, end in spans[:MOST_QUOTED]], part)
                reasons.append(Reason(name, value, typical, part, text, spans))
            reasons.sort(key=lambda reason: -abs(reason.contribution))
            found.append(tuple(reasons))
        return found

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays that ``from_arrays`` reads, fit for an .npz without pickles."""
        arrays: dict[str, NDArray[Any]] = {
            "grams": self.grams,
            "knots": self.knots,
            "curves": self.curves,
            "typical": self.typical,
            "group_typical": self.group_typical,
            "numbers": np.array([self.gram_scale, self.intercept, self.cut]),
            "names": np.array(STYLE),
        }
        return arrays | self.background.to_arrays()

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> MachineHead:
        """Build the head from ``to_arrays``; ValueError if it was trained with other features or does not fit."""
        names = tuple(expect(arrays, "names", np.str_, None).tolist())
        if names != STYLE:
            raise ValueError("the machine head was trained with other features; train it again")
        scale, intercept, cut = expect(arrays, "numbers", np.floating, 3, finite=False).tolist()
        if not (math.isfinite(scale) and math.isfinite(intercept)):  # a cut of NaN is never reached
            raise ValueError("numbers holds NaN or infinite numbers")
        knots = expect(arrays, "knots", np.floating, len(STYLE), None)
        if knots.shape[1] < 2:
            raise ValueError("knots has one knot for each habit, expected two or more")
        return cls(
            grams=expect(arrays, "grams", np.int16, 1 << GRAM_BITS),
            gram_scale=scale,
            knots=knots,
            curves=expect(arrays, "curves", np.floating, *knots.shape),
            typical=expect(arrays, "typical", np.floating, len(STYLE)),
            group_typical=expect(arrays, "group_typical", np.floating, len(GROUPS)),
            intercept=intercept,
            cut=cut if cut < 1 else NAN,
            background=Background.from_arrays(arrays),
        )


def _kinds(is_word: Flags, at: Ints, n: Ints) -> Ints:
    """Return the kind of n-grams, ordered as in GROUPS: 0 word, 1 phrase, 2 with a mark."""
    plain = is_word[at] & is_word[at + (n > 1)] & is_word[at + n - 1]  # of three tokens the middle one is at + 1
    return np.where(plain, n > 1, 2)


def _quoted(documents: Sequence[Document], grams: Grams) -> list[list[tuple[int, tuple[Span, ...]]]]:
    """Return for each document and group how many n-grams have a weight, and the places of the weightiest.

    Places are spans of the text as given that do not overlap, at most MOST_SPANS.
    """
    weighed = grams.weight.nonzero()[0]
    cell = grams.text[weighed] * len(GROUPS) + grams.group[weighed]
    size = np.abs(grams.weight[weighed])
    # Cell, then weight, then place, in one number: int16 weights, at most 3 * LONGEST n-grams.
    packed = np.sort((cell << 40) | ((0x8000 - size) << 24) | np.arange(len(weighed)))
    counts = np.bincount(cell, minlength=len(documents) * len(GROUPS))
    begin = counts.cumsum() - counts
    shown = np.minimum(counts, _CANDIDATES)
    place = np.arange(int(shown.sum())) + (begin - (shown.cumsum() - shown)).repeat(shown)
    found = weighed[packed[place] & 0xFFFFFF]
    offset = np.concatenate([[0], *[[min(len(d.hash), LONGEST)] for d in documents]]).cumsum()[:-1]
    first = grams.at[found] - offset[grams.text[found]]
    rows = list(zip(first.tolist(), grams.n[found].tolist(), strict=True))
    result: list[list[tuple[int, tuple[Span, ...]]]] = []
    ends = shown.cumsum()
    tables = [table.reshape(-1, len(GROUPS)).tolist() for table in (counts, ends - shown, ends)]
    for document, own, starts, stops in zip(documents, *tables, strict=True):
        chosen = [_apart(rows[a:b]) for a, b in zip(starts, stops, strict=True)]
        spans = iter(_spans(document, [gram for grams_ in chosen for gram in grams_]))
        result.append([(n, tuple([next(spans) for _ in grams_])) for n, grams_ in zip(own, chosen, strict=True)])
    return result


def _apart(grams: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the first of ``grams`` (first token, length) that share no token with one before, at most MOST_SPANS."""
    taken: set[int] = set()
    chosen = []
    for gram in grams:
        first, n = gram
        last = first + n - 1
        if first in taken or last in taken or (first + 1 in taken and n == 3):
            continue
        taken.update((first, last, first + (n > 1)))
        chosen.append(gram)
        if len(chosen) == MOST_SPANS:
            break
    return chosen


def _spans(document: Document, grams: list[tuple[int, int]]) -> list[Span]:
    """Return the places of n-grams in the text as given, mapped all at once."""
    if not grams:
        return []
    first, n = np.array(grams).T
    start, end = document.start[first], document.end[first + n - 1]
    source = document.source
    if source.origin is not None:
        last = end - 1
        start, end = source.origin[start], source.origin[last] + 1 if source.ends is None else source.ends[last]
    return list(zip(start.tolist(), end.tolist(), strict=True))
