"""How machine-written a text reads: one logit, an exact sum of habits and of words and phrases.

logit = intercept + Σ curve(habit) + Σ weights of the distinct n-grams / √(their number + GRAM_DAMPING).
Curves and group sums are counted from their median among human texts, so the intercept is the
logit of a text that is typical of people in all respects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.heads.machine_style import CHAIN, STYLE, Background, Floats, Tokens, pair_hashes, style
from detector.heads.machine_words import GROUPS, group_text, style_text
from detector.report import NAN, Reason, Span
from detector.text.document import Document, Flags, Ints, hash_word, mix

GRAM_BITS = 18
GRAM_DAMPING = 50.0  # so that few words weigh little
MOST_SPANS = 8
_CANDIDATES = 2 * MOST_SPANS  # looked at for spans that do not overlap
_GRAM_SHIFT = np.uint64(64 - GRAM_BITS)
_NUMBER = np.uint64(hash_word("0"))
_HALF, _LOWER = np.int64(32), np.int64((1 << 32) - 1)

Slots = NDArray[np.uint32]


def gram_slots(tokens: Tokens) -> Slots:
    """Return the table slot of every 1-, 2- and 3-gram, those of one length together (3 T - 3 for T > 1).

    Marks are tokens like words; all numbers are one word.
    """
    one = np.where(tokens.is_number, _NUMBER, tokens.hash)
    two = pair_hashes(one)
    three = mix(two[:-1] * CHAIN + one[2:])
    return (np.concatenate((mix(one), two, three)) >> _GRAM_SHIFT).astype(np.uint32)


def distinct(slots: Slots) -> Slots:
    """Return each slot once, sorted."""
    ordered = np.sort(slots)
    kept = np.ones(len(ordered), np.bool_)
    kept[1:] = ordered[1:] != ordered[:-1]
    return ordered[kept]


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
        return self.logit_of(Tokens.of(document))

    def logit_of(self, tokens: Tokens) -> float:
        """Return the calibrated log-odds for a text given as tokens."""
        values = style(tokens, self.background, pair_hashes(tokens.hash))
        slots = distinct(gram_slots(tokens))
        total = int(self.grams[slots].sum(dtype=np.int64))
        words = total * self.gram_scale / np.sqrt(len(slots) + GRAM_DAMPING)
        return float(self.intercept + self.parts(values).sum() + words - self.group_typical.sum())

    def parts(self, values: Floats) -> Floats:
        """Return what each habit adds, (F,); nothing where it is undefined."""
        knots = self.knots
        missing = np.isnan(values)
        x = np.where(missing, self.typical, values)
        x = np.minimum(np.maximum(x, knots[:, 0]), knots[:, -1])
        at = (x[:, None] >= knots[:, 1:-1]).sum(axis=1)
        row = np.arange(len(x))
        low, high = knots[row, at], knots[row, at + 1]
        start, stop = self.curves[row, at], self.curves[row, at + 1]
        share = np.divide(x - low, high - low, out=np.zeros(len(x)), where=high > low)
        return np.where(missing, 0.0, start + share * (stop - start))

    def groups(self, tokens: Tokens) -> tuple[Floats, Ints, Ints, Ints]:
        """Split the n-gram sum: ``sums`` (G,), and for each distinct n-gram its index, weight and group."""
        slots = gram_slots(tokens)
        packed = np.sort((slots.astype(np.int64) << _HALF) | np.arange(len(slots)))
        ordered = packed >> _HALF
        kept = np.ones(len(packed), np.bool_)
        kept[1:] = ordered[1:] != ordered[:-1]
        index = packed[kept] & _LOWER  # the first place of each
        weight = self.grams[ordered[kept]].astype(np.int64)
        group = _kinds(tokens.is_word)[index] * 2 + (weight < 0)
        sums = np.bincount(group, weight, len(GROUPS)) * self.gram_scale / np.sqrt(len(index) + GRAM_DAMPING)
        return sums, index, weight, group

    def explain(self, document: Document) -> tuple[float, tuple[Reason, ...]]:
        """Return the intercept and the reasons, weightiest first; together they are the logit."""
        tokens = Tokens.of(document)
        values = style(tokens, self.background, pair_hashes(tokens.hash))
        reasons = [
            Reason(name, value, typical, part, style_text(name, value, typical, part))
            for name, value, typical, part in zip(
                STYLE, values.tolist(), self.typical.tolist(), self.parts(values).tolist(), strict=True
            )
        ]
        sums, index, weight, group = self.groups(tokens)
        for k, name in enumerate(GROUPS):
            own = np.flatnonzero((group == k) & (weight != 0))
            spans = _weightiest(document, index[own], weight[own], len(tokens.hash))
            quotes = [document.source.given[start:end] for start, end in spans]
            value, typical = float(sums[k]), float(self.group_typical[k])
            text = group_text(name, len(own), quotes, value - typical)
            reasons.append(Reason(name, value, typical, value - typical, text, tuple(spans)))
        reasons.sort(key=lambda reason: -abs(reason.contribution))
        return self.intercept, tuple(reasons)

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
        """Build the head from ``to_arrays``; ValueError if it was trained with other features."""
        names = tuple(str(name) for name in arrays["names"])
        if names != STYLE:
            raise ValueError("The machine head was trained with other features; train it again.")
        scale, intercept, cut = (float(number) for number in arrays["numbers"])
        return cls(
            grams=arrays["grams"],
            gram_scale=scale,
            knots=arrays["knots"],
            curves=arrays["curves"],
            typical=arrays["typical"],
            group_typical=arrays["group_typical"],
            intercept=intercept,
            cut=cut if cut < 1 else NAN,
            background=Background.from_arrays(arrays),
        )


def _kinds(word: Flags) -> Ints:
    """Return the kind of every n-gram, ordered as in ``gram_slots``: 0 word, 1 phrase, 2 with a mark."""
    two = word[:-1] & word[1:]
    three = two[:-1] & word[2:]
    return np.concatenate((np.where(word, 0, 2), np.where(two, 1, 2), np.where(three, 1, 2)))


def _weightiest(document: Document, index: Ints, weight: Ints, tokens: int) -> list[Span]:
    """Return the spans in the text as given of the weightiest n-grams that do not overlap."""
    size = -np.abs(weight)
    order = np.arange(len(size))
    if len(size) > _CANDIDATES:
        order = np.sort(np.argpartition(size, _CANDIDATES)[:_CANDIDATES])
    order = order[np.argsort(size[order], kind="stable")]
    spans: list[Span] = []
    taken: list[Span] = []
    for gram in index[order].tolist():
        n = 1 if gram < tokens else 2 if gram < 2 * tokens - 1 else 3
        first = gram - (0, tokens, 2 * tokens - 1)[n - 1]
        if any(first < stop and start < first + n for start, stop in taken):
            continue
        taken.append((first, first + n))
        start, end = int(document.start[first]), int(document.end[first + n - 1])
        spans.append(document.source.to_given(start, end))
        if len(spans) == MOST_SPANS:
            break
    return spans
