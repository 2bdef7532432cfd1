import io
import math
import re
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.heads.machine import GRAM_BITS, MOST_SPANS, MachineHead, distinct, gram_slots
from detector.heads.machine_style import (
    CLASSES,
    LONGEST,
    PAIR_BITS,
    STYLE,
    WORD_BITS,
    Background,
    Tokens,
    style,
    word_slots,
)
from detector.heads.machine_words import GROUPS
from detector.text.document import hash_word, read
from detector.text.normalise import normalise

TEXT = (
    "The committee met on Tuesday, and nobody brought the minutes. Anna said “we'll vote in 2019”, "
    "then left. It's a long story: the roof leaked, the roof leaked again, and the council paid 4,500! "
    "Who pays next? I don't know. The committee will meet again before the winter, or so we were told."
)


def background():
    classes = np.full(1 << WORD_BITS, len(CLASSES), np.uint8)
    for name, token in (("stops", "."), ("commas", ","), ("exclamation_marks", "!"), ("contractions", "don't")):
        classes[word_slots(np.array([hash_word(token)], np.uint64))] = CLASSES.index(name)
    classes[word_slots(np.array([hash_word("i")], np.uint64))] = CLASSES.index("first_person")
    random = np.random.default_rng(3)
    return Background(
        classes,
        random.integers(0, 200, 1 << WORD_BITS).astype(np.uint8),
        random.integers(0, 1 << 16, 1 << PAIR_BITS).astype(np.uint16),
    )


@pytest.fixture(scope="module")
def head():
    return head_of()


@cache
def head_of():
    random = np.random.default_rng(1)
    knots = np.sort(random.normal(0.2, 0.3, (len(STYLE), 5)), axis=1)
    typical = np.full(len(STYLE), 0.2)
    draft = MachineHead(
        grams=random.integers(-900, 900, 1 << GRAM_BITS).astype(np.int16),
        gram_scale=0.003,
        knots=knots,
        curves=random.normal(0, 1, knots.shape),
        typical=typical,
        group_typical=random.normal(0, 1, len(GROUPS)),
        intercept=-0.7,
        cut=0.9,
        background=background(),
    )
    at_typical = draft.parts(typical[None])[0]
    arrays = draft.to_arrays() | {"curves": draft.curves - at_typical[:, None]}
    return MachineHead.from_arrays(arrays)


def explain(head, document):
    return head.intercept, head.reasons([document], head.read([document]))[0]


def doc(text):
    return read(normalise(text))


@pytest.mark.parametrize("text", [TEXT, "One sentence is all there is to read in here"])
def test_each_habit_is_worded_with_its_own_noun_and_numbers(head, text):
    _, reasons = explain(head, doc(text))
    habits = {reason.feature: reason for reason in reasons if reason.feature in STYLE}
    assert habits["commas"].text.startswith("Commas per 100 words: ")
    assert habits["sentence_length"].text.startswith("Mean sentence length in words: ")
    assert len({reason.text.partition(":")[0] for reason in habits.values()}) == len(STYLE)
    for reason in habits.values():
        said = re.search(r": ([-\d.]+)", reason.text)
        if math.isnan(reason.value):
            assert "too little text to tell" in reason.text
        else:
            readings = (reason.value, 100 * reason.value, math.exp(reason.value))
            assert min(abs(float(said[1]) - reading) for reading in readings) <= 0.51


@pytest.mark.parametrize("text", [TEXT, "Word.", "No mark here", "", "…", "ONE TWO " * 40, TEXT * 7, TEXT.lower()])
def test_reasons_and_intercept_add_up_to_the_logit(head, text):
    document = doc(text)
    intercept, reasons = explain(head, document)
    assert math.isfinite(head.logit(document))
    assert intercept + sum(reason.contribution for reason in reasons) == pytest.approx(head.logit(document), abs=1e-9)
    sizes = [abs(reason.contribution) for reason in reasons]
    assert sizes == sorted(sizes, reverse=True)
    assert {reason.feature for reason in reasons} == set(STYLE) | set(GROUPS)


def test_an_undefined_habit_adds_nothing_and_says_so(head):
    _, reasons = explain(head, doc("One sentence is all there is to read in here"))
    spread = next(reason for reason in reasons if reason.feature == "sentence_length_spread")
    assert math.isnan(spread.value)
    assert spread.contribution == 0
    assert "too little text" in spread.text


def test_a_habit_at_its_typical_value_adds_nothing_and_elsewhere_moves_the_logit_by_its_contribution(head):
    document = doc(TEXT)
    tokens = Tokens.of(document)
    values = style(tokens, head.background)
    parts = head.parts(values)[0]
    for k in np.flatnonzero(~np.isnan(values[0])):
        changed = values.copy()
        changed[0, k] = head.typical[k]
        assert parts.sum() - head.parts(changed).sum() == pytest.approx(parts[k], abs=1e-9)
    assert np.abs(parts).max() > 0.1


def test_curves_are_straight_between_knots_and_level_outside(head):
    k = 4
    values = np.full((1, len(STYLE)), np.nan)
    for x in np.linspace(head.knots[k, 0] - 1, head.knots[k, -1] + 1, 37):
        values[0, k] = x
        assert head.parts(values)[0, k] == pytest.approx(np.interp(x, head.knots[k], head.curves[k]), abs=1e-9)


def test_spans_quote_the_text_as_given(head):
    given = "# The **roof**  leaked\u200b again\n\n" + TEXT
    document = doc(given)
    _, reasons = explain(head, document)
    grams = [reason for reason in reasons if reason.feature in GROUPS]
    assert all(len(reason.spans) <= MOST_SPANS for reason in grams)
    assert sum(len(reason.spans) for reason in grams) > 20
    for reason in grams:
        for start, end in reason.spans:
            quote = given[start:end]
            assert quote == quote.strip()
            assert quote
        if reason.feature.endswith("words"):
            assert all(given[start:end].replace("'", "").replace(",", "").isalnum() for start, end in reason.spans)


def test_spans_of_a_group_do_not_overlap(head):
    _, reasons = explain(head, doc(TEXT * 3))
    for reason in reasons:
        ordered = sorted(reason.spans)
        assert all(a[1] <= b[0] for a, b in pairwise(ordered))


def test_the_weightiest_word_is_quoted_first(head):
    grams = np.zeros(1 << GRAM_BITS, np.int16)
    tokens = Tokens.of(doc("delve"))
    grams[gram_slots(tokens)[0]] = 500
    planted = MachineHead.from_arrays(head.to_arrays() | {"grams": grams})
    plain, with_word = doc(TEXT), doc(TEXT + " We delve.")
    start = (TEXT + " We delve.").index("delve")
    _, reasons = explain(planted, with_word)
    words = next(reason for reason in reasons if reason.feature == "machine_words")
    assert words.spans == ((start, start + 5),)
    assert "“delve”" in words.text
    assert not next(r for r in explain(planted, plain)[1] if r.feature == "machine_words").spans


def test_a_round_trip_through_a_file_changes_nothing(head):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **head.to_arrays())
    buffer.seek(0)
    with np.load(buffer, allow_pickle=False) as arrays:
        again = MachineHead.from_arrays(dict(arrays))
    assert again.logit(doc(TEXT)) == head.logit(doc(TEXT))
    assert again.cut == head.cut


def test_a_head_with_other_features_is_refused(head):
    arrays = head.to_arrays() | {"names": np.array(["stops"])}
    with pytest.raises(ValueError, match="train it again"):
        MachineHead.from_arrays(arrays)


def test_quotes_dashes_blanks_and_markup_do_not_move_the_logit(head):
    dressed = "**" + TEXT.replace("'", "\u2019").replace(" ", "  ").replace("Anna", "A\u200bnna") + "**"
    assert head.logit(doc(dressed)) == head.logit(doc(TEXT))


def test_numbers_are_one_word(head):
    a, b = (Tokens.of(doc(f"It cost {n} pounds in all.")) for n in ("17", "9,250"))
    assert (gram_slots(a) == gram_slots(b)).all()


def test_a_repeated_phrase_counts_once():
    tokens = Tokens.of(doc("the roof leaked " * 50))
    assert len(distinct(gram_slots(tokens))) == 9


def test_habits_measure_what_they_say():
    measured = dict(zip(STYLE, style_of("One two three. I don't, no! One two three four five six."), strict=True))
    assert measured["stops"] == pytest.approx(2 / 12)
    assert measured["commas"] == pytest.approx(1 / 12)
    assert measured["exclamation_marks"] == pytest.approx(1 / 12)
    assert measured["contractions"] == pytest.approx(1 / 12)
    assert measured["first_person"] == pytest.approx(1 / 12)
    assert measured["sentence_length"] == pytest.approx(math.log(4))
    assert measured["sentence_length_spread"] == pytest.approx(math.sqrt(2) / 4)
    assert measured["sentence_length_steps"] == pytest.approx(1.5 / 4)
    assert measured["short_sentences"] == 1
    varied = " ".join(f"word{'abcdefghijklmnopqrstuvwxyz'[i]}" for i in range(26))
    again = dict(zip(STYLE, style_of(f"{varied} {varied}"), strict=True))
    assert again["words_used_once"] == 0
    assert again["words_again_50"] == pytest.approx(0.5)
    assert again["fours_again"] == pytest.approx(23 / 49)
    assert dict(zip(STYLE, style_of(varied), strict=True))["words_used_once"] == 1


def style_of(text):
    tokens = Tokens.of(doc(text))
    return style(tokens, background())[0].tolist()


WORDS = st.sampled_from("the roof leaked and we don't know who paid 4,500 pounds , . ! “ ” — Anna".split())
TEXTS = st.lists(st.lists(WORDS, max_size=60).map(" ".join), min_size=1, max_size=6)


@given(TEXTS)
@settings(max_examples=60, deadline=None)
def test_a_text_is_judged_the_same_in_any_company(texts):
    head = head_of()
    documents = [doc(text) for text in [*texts, TEXT, ""]]
    together = head.read(documents)
    reasons = head.reasons(documents, together)
    for i, document in enumerate(documents):
        alone = head.read([document])
        assert alone.logit[0] == together.logit[i]
        assert str(head.reasons([document], alone)[0]) == str(reasons[i])  # NaN is not equal to itself


def test_too_many_tokens_at_once_are_refused(head):
    long = doc("word " * (LONGEST - 2))
    with pytest.raises(ValueError, match="too many to judge at once"):
        head.read([long, doc(TEXT)])
    assert math.isfinite(head.logit(long))
