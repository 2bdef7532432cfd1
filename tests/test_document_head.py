import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.heads.document import MEANS, DocumentHead, log_odds, means, sentence_values, sigmoid

NAN = float("nan")
logits = st.lists(st.tuples(st.floats(-9, 9), st.integers(1, 60)), min_size=1, max_size=30)


@pytest.fixture
def values(document_head):
    return document_head.typical + np.linspace(-0.2, 0.3, len(document_head.names))


def test_the_logit_is_intercept_and_contributions(document_head, values):
    parts = document_head.contributions(values, 200)
    assert document_head.logit(values, 200) == pytest.approx(document_head.intercept + parts.sum(), abs=1e-12)
    expected = [
        200 / 230 * weight * (value - usual)
        for weight, value, usual in zip(
            document_head.coefficients, values, document_head.typical, strict=True
        )
    ]
    assert parts.tolist() == pytest.approx(expected)


def test_a_feature_at_its_typical_value_moves_the_logit_by_minus_its_contribution(document_head, values):
    logit = document_head.logit(values, 120)
    for k, part in enumerate(document_head.contributions(values, 120)):
        replaced = values.copy()
        replaced[k] = document_head.typical[k]
        assert document_head.logit(replaced, 120) - logit == pytest.approx(-part, abs=1e-12)


def test_an_undefined_feature_has_no_part(document_head, values):
    values[3] = NAN
    parts = document_head.contributions(values, 120)
    assert parts[3] == 0
    assert np.isfinite(document_head.logit(values, 120))


def test_short_texts_move_the_logit_less(document_head, values):
    lengths = (0, 1, 30, 500)
    distance = [abs(document_head.logit(values, words) - document_head.intercept) for words in lengths]
    assert distance == sorted(distance)
    assert distance[0] == 0
    assert document_head.damping(30) == 0.5
    assert document_head.damping(0) == 0


@given(logits)
def test_the_part_of_the_means_is_a_sum_over_sentences(document_head, rows):
    logit = np.array([row[0] for row in rows])
    words = np.array([row[1] for row in rows], float)
    average = means(logit, words)
    total = float(words.sum())
    values = np.concatenate((average, document_head.typical[len(MEANS) :]))
    expected = document_head.contributions(values, total)[: len(MEANS)].sum()
    assert document_head.sentence_contributions(logit, words).sum() == pytest.approx(expected, abs=1e-9)


@given(logits)
def test_means_are_weighted_by_words(rows):
    total = sum(words for _, words in rows)
    share = sum(words / (1 + math.exp(-logit)) for logit, words in rows) / total
    level = sum(words * min(max(logit, -4), 4) for logit, words in rows) / total
    found = means(np.array([row[0] for row in rows]), np.array([row[1] for row in rows], float))
    assert found.tolist() == pytest.approx([share, level], abs=1e-9)


def test_without_words_the_means_are_undefined(document_head):
    assert np.isnan(means(np.zeros(0), np.zeros(0))).all()
    assert np.isnan(means(np.zeros(2), np.zeros(2))).all()
    assert document_head.sentence_contributions(np.zeros(2), np.zeros(2)).tolist() == [0, 0]
    assert sentence_values(np.zeros(0)).shape == (0, len(MEANS))


@pytest.mark.parametrize("prior", [0.01, 0.3, 0.9])
def test_another_prior_moves_every_logit_by_the_difference_of_log_odds(document_head, values, prior):
    moved = document_head.at_prior(prior)
    difference = moved.logit(values, 80) - document_head.logit(values, 80)
    assert difference == pytest.approx(math.log(prior / (1 - prior)) - math.log(0.12 / 0.88))
    assert moved.base_rate == prior
    assert moved.at_prior(0.12).intercept == pytest.approx(document_head.intercept)


@pytest.mark.parametrize("prior", [0.0, 1.0, -0.1, 2, NAN])
def test_a_prior_outside_zero_to_one_is_refused(document_head, prior):
    with pytest.raises(ValueError, match=r"^the prior is a share between 0 and 1, such as 0\.3, not "):
        document_head.at_prior(prior)


@given(st.floats(-800, 800))
def test_a_probability_never_overflows(logit):
    probability = sigmoid(logit)
    assert 0 <= probability <= 1
    if abs(logit) < 30:
        assert log_odds(probability) == pytest.approx(logit, abs=1e-3)


def test_the_arrays_of_a_file_give_the_same_head(document_head, values):
    file = io.BytesIO()
    np.savez(file, **document_head.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        back = DocumentHead.from_arrays(dict(arrays))
    assert back.names == document_head.names
    assert back.logit(values, 77) == document_head.logit(values, 77)
    assert (back.half_words, back.base_rate) == (document_head.half_words, document_head.base_rate)
