"""A report does not depend on the texts that were read with it: alone, in any batch and in any order it is the same."""

import math
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detector.features.repeats import ordered
from detector.heads.sentence import by_rows
from detector.text.document import read, read_many
from detector.text.normalise import normalise

ODD = [
    "",
    "\n",
    "...",
    "Word",
    "# Only a heading",
    "The roof leaked. Nobody came.",
    "😀 🎉",
    "Das ist nicht der Text, den wir auf dem Tisch haben, und er ist auch nicht kurz. " * 4,
    "One sentence of a great many words and no stop " * 30,
    "The council met on Monday. " * 40,
    "Tom — who is 12 — said “no”.\n\n- one\n- two\n\n## Part\n\n" + "Ana Okafor paid $4,500 for it in 1962. " * 7,
    "ΟΔΟΣ ΣΑΣ ΑΣ. " * 6 + "It was a street. " * 9,
]
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def same(first, second):
    """Whether two reports are equal in every field; NaN equals NaN."""
    return repr(first) == repr(second)


@pytest.fixture(scope="module")
def texts(stories):
    return ODD + [story.text for story in stories[::40]]


@pytest.fixture(scope="module", params=["small", "scorer"])
def alone(request, texts):
    scorer = request.getfixturevalue(request.param)
    return scorer, [scorer.score(text) for text in texts]


def test_what_is_compared_is_not_nothing(alone):
    reports = alone[1]
    assert {"too_short", "not_english"} < {report.label for report in reports}
    assert sum(not math.isnan(report.score) for report in reports) > 10
    assert same(reports[-1], reports[-1])
    assert not same(reports[-1], reports[-2])


def test_a_report_is_the_same_alone_and_among_all(alone, texts):
    scorer, expected = alone
    for report, own in zip(scorer.score_many(texts), expected, strict=True):
        assert same(report, own)


@quick
@given(st.lists(st.integers(0, len(ODD) + 12), max_size=40))
def test_a_report_is_the_same_in_any_batch_and_order(alone, texts, order):
    scorer, expected = alone
    for k, report in zip(order, scorer.score_many([texts[k] for k in order]), strict=True):
        assert same(report, expected[k])


@quick
@given(st.lists(st.text(max_size=200), max_size=5))
def test_any_texts_may_stand_together(alone, texts, others):
    scorer, expected = alone
    reports = list(scorer.score_many([*others, texts[-1], *others]))
    assert same(reports[len(others)], expected[-1])
    assert all(same(report, scorer.score(text)) for report, text in zip(reports, others, strict=False))


def test_without_reasons_the_rest_is_the_same(alone, texts):
    scorer, expected = alone
    for report, own in zip(scorer.score_many(texts, reasons=False), expected, strict=True):
        assert report.reasons == report.machine_reasons == ()
        assert all(sentence.reasons == () for sentence in report.sentences)
        for one in ("score", "label", "filler_share", "flags", "words", "notes", "intercept", "machine_intercept"):
            assert same(getattr(report, one), getattr(own, one))
        assert report.machine_score == pytest.approx(own.machine_score, abs=1e-12, nan_ok=True)
        assert same(dict(report.features), dict(own.features))
        shown = [(s.start, s.end, s.kind, repr(s.filler), s.repeats) for s in report.sentences]
        assert shown == [(s.start, s.end, s.kind, repr(s.filler), s.repeats) for s in own.sentences]


@quick
@given(st.lists(st.text(max_size=60), max_size=6))
def test_texts_read_together_are_read_as_if_alone(texts):
    sources = [normalise(text) for text in texts]
    if not sources:
        return
    for part, source in zip(read_many(sources).apart(), sources, strict=True):
        own = read(source)
        assert part.source is source
        for field in fields(own):
            if field.name != "sources":
                assert np.array_equal(getattr(part, field.name), getattr(own, field.name)), field.name


@quick
@given(st.integers(1, 40), st.integers(0, 39))
def test_a_row_of_a_product_does_not_depend_on_the_other_rows(count, place):
    random = np.random.default_rng(count)
    X, weights = random.normal(size=(count, 37)), random.normal(size=(37, 21))
    place %= count
    assert np.array_equal(by_rows(X, weights)[place], by_rows(X[place : place + 1], weights)[0])
    assert by_rows(X, weights) == pytest.approx(X @ weights)


@quick
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6), st.booleans()), max_size=30))
def test_words_are_sorted_by_text_then_hash_then_place(words):
    words.sort(key=lambda word: word[0])
    text = np.array([word[0] for word in words], np.int64)
    # Hashes that differ in their lowest bits alone do not fit into the sorted numbers.
    hashes = np.array([(word[1] // 3 << 60) + word[1] for word in words], np.uint64)
    below = np.array([word[2] for word in words], bool)
    order, opens = ordered(hashes, text, below)
    expected = sorted(range(len(words)), key=lambda i: (text[i], hashes[i], below[i], i))
    assert order.tolist() == expected
    keys = [(text[i], hashes[i]) for i in expected]
    assert opens.tolist() == [i == 0 or keys[i] != keys[i - 1] for i in range(len(keys))]
