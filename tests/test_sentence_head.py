import io
from dataclasses import replace

import numpy as np
import pytest

from detector.features.sentence import NAMES, sentence_features
from detector.heads.sentence import (
    CLIP,
    GRAM_BITS,
    SCALED,
    WORDING,
    Network,
    SentenceHead,
    gram_slots,
    mean,
    raw_inputs,
    second_inputs,
    shift,
)

TEXT = (
    "The plan\n\nThe council met on Monday and paid 4,500 pounds. Our roof leaked. Nobody knows why it did! "
    "Only time will tell. The council met on Monday."
)


@pytest.fixture(scope="module")
def view(view_of):
    return view_of(TEXT)


def test_the_wording_logit_is_the_damped_sum_of_the_weights_of_all_ngrams(view, sentence_head):
    for i, found in enumerate(sentence_head.read(view).wording):
        total, count = 0.0, 0
        for part in view.grams[:3]:
            own = view.sentence[part.at] == i
            slots = [value >> (64 - GRAM_BITS) for value in part.hash[part.at][own].tolist()]
            total += sum(sentence_head.grams[slots].tolist())
            count += int(np.count_nonzero(own))
        assert found == pytest.approx(total / (count + 3) ** 0.5 + sentence_head.gram_intercept, abs=1e-9)


def test_slots_are_those_of_each_sentence(view):
    slots, bounds = gram_slots(view)
    words = np.diff(view.bounds).tolist()
    assert np.diff(bounds).tolist() == [sum(max(n - k, 0) for k in range(3)) for n in words]
    assert slots.max() < 1 << GRAM_BITS
    own = [part.hash[part.at][view.sentence[part.at] == 1] for part in view.grams[:3]]
    found = np.concatenate(own) >> np.uint64(64 - GRAM_BITS)
    assert slots[bounds[1] : bounds[2]].tolist() == found.tolist()


def test_a_network_is_one_hidden_layer_and_its_slope_that_of_its_logit(sentence_head):
    random = np.random.default_rng(0)
    X = random.normal(size=(5, sentence_head.first.hidden.shape[0]))
    net = sentence_head.first
    slopes = net.slope(X @ net.hidden + net.bias > 0.0, X.shape[1])
    for row, logit, slope in zip(X, net(X), slopes, strict=True):
        active = [max(0.0, float(row @ net.hidden[:, k] + net.bias[k])) for k in range(net.hidden.shape[1])]
        assert logit == pytest.approx(float(np.dot(active, net.output)) + net.offset)
        for column in (0, 3, len(row) - 1):
            step = np.zeros(len(row))
            step[column] = 1e-6
            nudged = (net(row + step) - net(row - step)) / 2e-6
            assert slope[column] == pytest.approx(nudged, abs=1e-6)


def test_probabilities_belong_to_their_logits(view, sentence_head):
    reading = sentence_head.read(view)
    assert reading.filler == pytest.approx(1 / (1 + np.exp(-reading.logit)))
    assert (np.abs(reading.logit) <= 7).all()
    assert reading.inputs.shape == (view.n_sentences, SCALED + 3 * view.vectors.shape[1] + 8)
    assert len(set(reading.filler.tolist())) > 3


def test_features_are_scaled_and_limited(view, sentence_head):
    reading = sentence_head.read(view)
    left = reading.inputs[:, :SCALED]
    assert (np.abs(left) <= CLIP).all()
    scaled = (sentence_features(view) - sentence_head.mean[: len(NAMES)]) / sentence_head.scale[: len(NAMES)]
    assert left[:, : len(NAMES)] == pytest.approx(np.clip(scaled, -CLIP, CLIP))
    wording = (reading.wording - sentence_head.mean[WORDING]) / sentence_head.scale[WORDING]
    assert left[:, WORDING] == pytest.approx(np.clip(wording, -CLIP, CLIP))


def test_neighbours_stand_where_they_should():
    values = np.arange(1.0, 5.0)
    assert shift(values, 1).tolist() == [0, 1, 2, 3]
    assert shift(values, -1).tolist() == [2, 3, 4, 0]
    assert shift(values, 2).tolist() == [0, 0, 1, 2]
    assert shift(values[:1], 2).tolist() == shift(values[:1], -2).tolist() == [0]
    assert shift(values[:0], 1).tolist() == []
    assert mean(values, np.array([0.0, 1, 0, 3])).tolist() == [3.5] * 4
    assert mean(values, np.zeros(4)).tolist() == [0] * 4


def test_what_stands_around_a_sentence_is_among_its_inputs():
    features = np.arange(3.0 * len(NAMES)).reshape(3, -1)
    wording = np.array([1.0, 2.0, 4.0])
    raw = raw_inputs(features, wording, np.array([1.0, 1.0, 2.0]))
    assert raw.shape == (3, SCALED)
    assert raw[:, : len(NAMES)].tolist() == features.tolist()
    assert raw[:, WORDING : WORDING + 4].tolist() == [[1, 0, 2, 2.75], [2, 1, 4, 2.75], [4, 2, 0, 2.75]]
    columns = np.isin(features[0], raw[1, WORDING + 4 : WORDING + 9])
    assert np.count_nonzero(columns) == 5


def test_the_second_network_reads_the_first_one_weighted_by_words():
    logit = np.array([0.0, 9.0, -2.0])
    found = second_inputs(logit, np.array([1.0, 0.0, 3.0]))
    shares = 1 / (1 + np.exp(-np.array([0.0, 7.0, -2.0])))
    share = (shares[0] + 3 * shares[2]) / 4
    assert found[:, 0].tolist() == [0, 7, -2]
    assert found[:, 1] == pytest.approx(3 * share)
    assert found[:, 2] == pytest.approx(-1.5)
    spread = ((shares[0] ** 2 + 3 * shares[2] ** 2) / 4 - share**2) ** 0.5
    assert found[:, 3] == pytest.approx(3 * spread)
    assert found[:, 4].tolist() == [0, 0, 7]
    assert found[:, 7].tolist() == [-2, 0, 0]


def test_headings_have_no_weight(view, view_of, sentence_head):
    assert view.role.tolist()[0] == 1
    longer = view_of(TEXT.replace("The plan\n", "The plan of it\n"))
    first, second = sentence_head.read(view), sentence_head.read(longer)
    column = SCALED + 3 * view.vectors.shape[1] + 1  # three times the share, over prose alone
    assert first.inputs[1, column] == pytest.approx(second.inputs[1, column], abs=0.2)
    assert first.inputs[1, WORDING + 3] == pytest.approx(second.inputs[1, WORDING + 3])


@pytest.mark.parametrize("text", ["", "...", "Word", "# Heading", "a. b. c.", "? ? ?\n\nx"])
def test_odd_texts_are_read(view_of, sentence_head, text):
    view = view_of(text)
    reading = sentence_head.read(view)
    assert reading.filler.shape == (view.n_sentences,)
    assert np.isfinite(reading.logit).all()
    assert np.isfinite(reading.repeat).all()


def test_the_arrays_of_a_file_give_the_same_head(view, sentence_head):
    file = io.BytesIO()
    np.savez(file, **sentence_head.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        back = SentenceHead.from_arrays(dict(arrays))
    first, second = sentence_head.read(view), back.read(view)
    for name in ("wording", "logit", "filler", "repeat", "inputs"):
        assert (getattr(first, name) == getattr(second, name)).all(), name


def test_a_repeat_is_told_from_a_generic_sentence_by_its_features_alone(view, sentence_head):
    reading = sentence_head.read(view)
    only = replace(sentence_head, repeat=np.zeros(len(NAMES)), repeat_intercept=-3.0)
    assert only.read(view).repeat.tolist() == [-3.0] * view.n_sentences
    assert only.read(view).logit.tolist() == reading.logit.tolist()


def test_without_hidden_units_the_offset_is_left():
    net = Network(np.zeros((2, 1)), np.zeros(1), np.zeros(1), -1.5)
    assert net(np.ones((3, 2))).tolist() == [-1.5] * 3
