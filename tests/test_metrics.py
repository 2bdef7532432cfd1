from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from detector.training import metrics as m

# Few distinct values, so that ties are common.
scored = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=1, max_size=40)
stratified = st.lists(
    st.tuples(st.booleans(), st.integers(0, 6), st.integers(0, 60)), min_size=1, max_size=40
)
pairs = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=20)


def same(a: float, b: float) -> bool:
    return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, abs_tol=1e-9)


def count_pairs(items: Sequence[tuple[bool, float]]) -> tuple[float, int]:
    positive, negative = [s for y, s in items if y], [s for y, s in items if not y]
    won = sum(1.0 if p > n else 0.5 if p == n else 0.0 for p, n in product(positive, negative))
    return won, len(positive) * len(negative)


def plain_auroc(items: Sequence[tuple[bool, float]]) -> float:
    won, total = count_pairs(items)
    return won / total if total else math.nan


def plain_ranks(x: list[int]) -> list[float]:
    return [sum(b < a for b in x) + (sum(b == a for b in x) + 1) / 2 for a in x]


def plain_pearson(x: list[float], y: list[float]) -> float:
    mx, my = sum(x) / len(x), sum(y) / len(y)
    top = sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True))
    down = math.sqrt(sum((a - mx) ** 2 for a in x) * sum((b - my) ** 2 for b in y))
    return top / down if down > 0 else math.nan


@given(scored)
def test_auroc_is_the_share_of_pairs_ordered_right(items: list[tuple[bool, int]]) -> None:
    y, s = zip(*items, strict=True)
    assert same(m.auroc(y, s), plain_auroc(items))


@given(scored, st.data())
def test_weights_count_an_item_that_many_times(items: list[tuple[bool, int]], data: st.DataObject) -> None:
    times = data.draw(st.lists(st.integers(0, 3), min_size=len(items), max_size=len(items)))
    y, s = zip(*items, strict=True)
    repeated = [item for item, n in zip(items, times, strict=True) for _ in range(n)]
    assert same(m.auroc(y, s, weights=times), plain_auroc(repeated))


def test_average_precision_by_hand() -> None:
    # Falling scores: hit, miss, hit. Recall rises by a half twice, at precisions 1 and 2/3.
    assert m.average_precision([1, 0, 1], [0.9, 0.5, 0.2]) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert m.average_precision([1, 0, 0, 0], [0.3] * 4) == pytest.approx(0.25)
    assert math.isnan(m.average_precision([0, 0], [0.1, 0.2]))


@given(scored.filter(lambda items: len({y for y, _ in items}) == 2))
def test_auroc_and_average_precision_agree_with_scikit_learn(items: list[tuple[bool, int]]) -> None:
    y, s = zip(*items, strict=True)
    assert m.auroc(y, s) == pytest.approx(roc_auc_score(y, s))
    assert m.average_precision(y, s) == pytest.approx(average_precision_score(y, s))


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=60))
def test_octiles_rise_with_length_and_keep_ties_together(words: list[int]) -> None:
    stratum = m.octiles(words)
    assert set(stratum) <= set(range(8))
    for a, b in product(range(len(words)), repeat=2):
        assert words[a] != words[b] or stratum[a] == stratum[b]
        assert words[a] <= words[b] or stratum[a] >= stratum[b]


def test_octiles_of_distinct_lengths_are_eighths() -> None:
    assert np.bincount(m.octiles(range(80))).tolist() == [10] * 8


@given(stratified)
def test_stratified_figures_count_pairs_within_a_stratum(items: list[tuple[bool, int, int]]) -> None:
    y, s, words = zip(*items, strict=True)
    stratum = m.octiles(words)
    won = total = 0.0
    for k in range(8):
        one = count_pairs([(y[i], s[i]) for i in range(len(y)) if stratum[i] == k])
        won, total = won + one[0], total + one[1]
    expected = won / total if total else math.nan
    assert same(m.length_stratified_auroc(y, s, words), expected)
    assert same(m.group_auroc(y, s, [f"octile {k}" for k in stratum]), expected)


def test_a_score_that_is_length_alone_earns_little_within_octiles() -> None:
    words = np.arange(800)
    y = words >= 400
    assert m.auroc(y, words) == 1.0
    assert math.isnan(m.length_stratified_auroc(y, words, words))  # no octile holds both classes
    mixed = np.where(words % 4 == 0, ~y, y)
    assert m.auroc(mixed, words) == pytest.approx(0.75, abs=0.01)
    assert m.length_stratified_auroc(mixed, words, words) == pytest.approx(0.5, abs=0.02)
    assert m.matched_octile_auroc(mixed, words, words) == pytest.approx(0.5, abs=0.02)


@given(stratified)
def test_matched_octiles_weigh_the_classes_alike(items: list[tuple[bool, int, int]]) -> None:
    y, s, words = zip(*items, strict=True)
    stratum = m.octiles(words).tolist()
    size = {
        (k, c): sum(t == k and v == c for t, v in zip(stratum, y, strict=True))
        for k in range(8)
        for c in (0, 1)
    }
    weight = [Fraction(min(size[k, 0], size[k, 1]), size[k, int(c)]) for k, c in zip(stratum, y, strict=True)]
    top = down = Fraction(0)
    for a, b in product(range(len(y)), repeat=2):
        if y[a] and not y[b]:
            down += weight[a] * weight[b]
            top += weight[a] * weight[b] * Fraction((s[a] > s[b]) * 2 + (s[a] == s[b]), 2)
    assert same(m.matched_octile_auroc(y, s, words), float(top / down) if down else math.nan)


@given(pairs)
def test_spearman_is_the_correlation_of_midranks(items: list[tuple[int, int]]) -> None:
    x, y = (list(part) for part in zip(*items, strict=True))
    assert same(m.spearman(x, y), plain_pearson(plain_ranks(x), plain_ranks(y)))


def test_spearman_by_hand() -> None:
    # Without ties 1 - 6 Σd² / (n (n² - 1)); here d = 1, 1, 0, 0.
    assert m.spearman([10, 20, 30, 40], [2, 1, 3, 4]) == pytest.approx(1 - 6 * 2 / (4 * 15))
    assert math.isnan(m.spearman([1, 1, 1], [1, 2, 3]))


@given(st.lists(st.tuples(*[st.integers(0, 5)] * 3), min_size=3, max_size=25))
def test_partial_spearman_follows_the_recursion_formula(items: list[tuple[int, int, int]]) -> None:
    x, y, g = (list(part) for part in zip(*items, strict=True))
    xy, xg, yg = m.spearman(x, y), m.spearman(x, g), m.spearman(y, g)
    xg, yg = (0.0 if len(set(g)) == 1 else r for r in (xg, yg))
    left = (1 - xg * xg) * (1 - yg * yg)
    expected = math.nan if math.isnan(xy) or left < 1e-9 else (xy - xg * yg) / math.sqrt(left)
    assert same(m.partial_spearman(x, y, g), expected)


def test_partial_spearman_removes_a_common_cause() -> None:
    generator = np.random.default_rng(3)
    cause = generator.normal(size=4000)
    x, y = cause + generator.normal(size=4000), cause + generator.normal(size=4000)
    assert m.spearman(x, y) > 0.4
    assert abs(m.partial_spearman(x, y, cause)) < 0.06
    assert math.isnan(m.partial_spearman(cause, y, cause**3))


def test_ece_by_hand() -> None:
    # Two bins of two: |0.5 - 0.15| and |1 - 0.8|, each half the items.
    assert m.ece([0, 1, 1, 1], [0.1, 0.2, 0.7, 0.9], bins=2) == pytest.approx((0.35 + 0.2) / 2)
    assert m.ece([0, 0, 1, 1], [0.0, 0.0, 1.0, 1.0]) == 0.0
    assert m.ece([0, 1] * 50, [0.5] * 100) == pytest.approx(0.0)
    assert math.isnan(m.ece([], []))


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=50, unique_by=lambda t: t[1]))
def test_ece_is_the_weighted_gap_of_its_bins(items: list[tuple[bool, float]]) -> None:
    items = sorted(items, key=lambda item: item[1])
    small, large = divmod(len(items), 10)
    gap, start = 0.0, 0
    for k in range(10):
        part = items[start : start + small + (k < large)]
        start += len(part)
        if part:
            gap += len(part) / len(items) * abs(sum(y for y, _ in part) - sum(p for _, p in part)) / len(part)
    y, p = zip(*items, strict=True)
    assert m.ece(y, p) == pytest.approx(gap, abs=1e-9)


@given(scored, st.randoms())
def test_ece_does_not_depend_on_order(items: list[tuple[bool, int]], random: Random) -> None:
    shuffled = list(items)
    random.shuffle(shuffled)
    figures = [m.ece([y for y, _ in part], [s / 6 for _, s in part]) for part in (items, shuffled)]
    assert figures[0] == pytest.approx(figures[1])


def test_brier_by_hand() -> None:
    assert m.brier([1, 0], [0.8, 0.4]) == pytest.approx((0.04 + 0.16) / 2)
    assert math.isnan(m.brier([], []))


def test_wilson_gives_the_published_example() -> None:
    # Newcombe 1998, table I, method 3: 81 of 263 and 15 of 148; 1 of 29.
    for k, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (1, 29, 0.0061, 0.1718)):
        interval = m.wilson(k, n)
        assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)
        assert interval.value == k / n


def test_wilson_at_the_ends() -> None:
    assert m.wilson(0, 20).low == 0.0
    assert m.wilson(0, 20).high == pytest.approx(0.1611, abs=5e-5)
    assert m.wilson(20, 20).high == 1.0
    assert math.isnan(m.wilson(0, 0).high)
    with pytest.raises(ValueError, match="5 of 3"):
        m.wilson(5, 3)


def test_bootstrap_by_row_is_near_the_normal_interval() -> None:
    values = np.random.default_rng(0).normal(size=400)
    interval = m.bootstrap(lambda rows: float(values[rows].mean()), range(400), seed=1)
    half = 1.96 * values.std() / 20
    assert interval.value == pytest.approx(values.mean())
    assert interval.low == pytest.approx(values.mean() - half, abs=0.02)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.02)
    assert interval == m.bootstrap(lambda rows: float(values[rows].mean()), range(400), seed=1)
    assert interval != m.bootstrap(lambda rows: float(values[rows].mean()), range(400), seed=2)


def test_bootstrap_draws_whole_clusters() -> None:
    clusters = ["a", "b", "b", "c", "b"]

    def whole(rows: m.Ints) -> float:
        drawn = [clusters[row] for row in rows]
        times = {name: drawn.count(name) / clusters.count(name) for name in set(clusters)}
        assert all(n.is_integer() for n in times.values())
        assert sum(times.values()) == 3
        return float(times["b"])

    interval = m.bootstrap(whole, clusters, seed=0, resamples=200)
    assert interval.value == 1.0
    assert interval.low == 0.0
    assert interval.high >= 2.0


def test_bootstrap_leaves_out_undefined_draws() -> None:
    y, s = [1, 0, 0], [3.0, 2.0, 1.0]
    interval = m.bootstrap(lambda rows: m.auroc([y[i] for i in rows], [s[i] for i in rows]), range(3), seed=0)
    assert (interval.value, interval.low, interval.high) == (1.0, 1.0, 1.0)
    undefined = m.bootstrap(lambda rows: math.nan, range(3), seed=0, resamples=5)
    assert math.isnan(undefined.low)
    assert math.isnan(m.bootstrap(lambda rows: 0.0, [], seed=0).value)


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=40),
    st.lists(st.integers(0, 9), min_size=1, max_size=40),
    st.sampled_from([0.0, 0.01, 0.1, 0.29, 0.5, 1.0]),
)
def test_the_cut_is_the_lowest_that_keeps_the_rate(human: list[int], machine: list[int], fpr: float) -> None:
    cut = m.cut_at_fpr(human, fpr)
    limit = Fraction(str(fpr)) * len(human)
    assert sum(h >= cut for h in human) <= limit
    best = max(
        (sum(s >= c for s in machine) for c in range(11) if sum(h >= c for h in human) <= limit), default=0
    )
    assert m.tpr_at_fpr(human, machine, fpr) == pytest.approx(best / len(machine))


def test_the_number_allowed_survives_rounding() -> None:
    # 0.29 × 100 is 28.999… in floats.
    assert m.tpr_at_fpr(range(100), [71.0, 70.0], 0.29) == 0.5


def test_tpr_is_undefined_without_either_class() -> None:
    assert math.isnan(m.tpr_at_fpr([], [1.0], 0.01))
    assert math.isnan(m.tpr_at_fpr([1.0], [], 0.01))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=30))
def test_macro_f1_agrees_with_scikit_learn(items: list[tuple[str, str]]) -> None:
    truth, predicted = (list(part) for part in zip(*items, strict=True))
    expected = f1_score(truth, predicted, average="macro", zero_division=0)
    assert m.macro_f1(truth, predicted) == pytest.approx(expected)


def test_one_class_is_undefined() -> None:
    assert math.isnan(m.auroc([1, 1], [0.1, 0.2]))
    assert math.isnan(m.group_auroc([1, 0], [0.1, 0.2], ["a", "b"]))
    assert math.isnan(m.matched_octile_auroc([0, 0], [0.1, 0.2], [5, 6]))
    assert math.isnan(m.macro_f1([], []))


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="s holds NaN"):
        m.auroc([1, 0], [math.nan, 0.2])
    with pytest.raises(ValueError, match="y 2, s 3"):
        m.auroc([1, 0], [0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match="other than 0 and 1"):
        m.brier([2, 0], [0.1, 0.2])
    with pytest.raises(ValueError, match="2 dimensions"):
        m.spearman([[1.0, 2.0]], [1.0])
    with pytest.raises(ValueError, match="bins is 0"):
        m.ece([1], [0.5], bins=0)
