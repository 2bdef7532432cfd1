import math
from types import SimpleNamespace

import numpy as np
import oracles
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detector.features import claims, novelty, phrasing, repetition, variety
from detector.features.overlap import WHOLE, compare, reach
from detector.features.registry import FEATURES, MEASURED, NAMES, measure
from detector.features.sentence import NAMES as SENTENCE_NAMES
from detector.features.sentence import sentence_features
from detector.features.view import segment_sums
from detector.text.document import hash_word
from detector.text.roles import PROSE

quick = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
VOCABULARY = [
    "the", "council", "plan", "of", "and", "a", "river", "is", "not", "but", "it's", "roof", "leaked", "12",
    "3.5", "said", "Okafor", "library", "x",
]  # fmt: skip
words = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=12)
sentences = words.map(lambda chosen: " ".join(chosen) + ".")
articles = st.lists(st.one_of(sentences, st.just("\n\nThe plan\n\n")), max_size=14).map(" ".join)
LIMITS = {"0 to 1": (0, 1), "-1 to 1": (-1, 1), "above 0": (0, math.inf), "at least 1": (1, math.inf)}
LIMITS["below 1"] = (-math.inf, 1)


def words_of(view):
    """Return the lower-case words of each sentence."""
    document = view.document
    found = [[] for _ in range(view.n_sentences)]
    for token in np.flatnonzero(document.is_word).tolist():
        word = document.source.text[document.start[token] : document.end[token]].lower()
        found[document.sentence[token]].append(word)
    return found


def flat(view):
    return [word for words in words_of(view) for word in words]


def column(view, name):
    return sentence_features(view)[:, SENTENCE_NAMES.index(name)].tolist()


def same(value, expected):
    assert value == pytest.approx(expected, abs=1e-9, nan_ok=True)


@quick
@given(articles)
def test_repeated_ngrams(view_of, text):
    view = view_of(text)
    words = words_of(view)
    for n in range(1, 6):
        same(repetition.repeated_ngrams(view, n).item(), oracles.repeated_ngrams(words, n))
    same(repetition.repetition(view).item(), oracles.repetition(words, view.prose.tolist()))


@quick
@given(articles)
def test_type_token_ratio(view_of, text):
    view = view_of(text * 4)
    prose = [w for words, is_in in zip(words_of(view), view.prose, strict=True) if is_in for w in words]
    same(variety.type_token_ratio(view).item(), oracles.type_token_ratio(prose, variety.WINDOW))


@quick
@given(articles)
def test_ngrams_of_other_sentences(view_of, text):
    view = view_of(text)
    words = words_of(view)
    for n in (2, 3):
        earlier, later = oracles.gram_repeats(words, n)
        sizes = [max(len(w), 1) for w in words]
        assert (np.array(column(view, f"repeated_{n}grams")) * sizes).round(6).tolist() == earlier
        assert (np.array(column(view, f"later_{n}grams")) * sizes).round(6).tolist() == later


@quick
@given(articles)
def test_counts_of_each_sentence(view_of, text):
    view = view_of(text)
    words = words_of(view)
    document = view.document
    spans = zip(document.sentence_start.tolist(), document.sentence_end.tolist(), strict=True)
    pieces = [document.source.text[a:b] for a, b in spans]
    counts = {
        "log_words": [len(w) for w in words],
        "numbers": [sum(x[0].isdigit() for x in w) for w in words],
        "stops": [len(list(oracles.tokens(p))) - len(w) for p, w in zip(pieces, words, strict=True)],
        "ending_ed": [sum(x.endswith("ed") for x in w) for w in words],
    }
    same(np.expm1(column(view, "log_words")).tolist(), counts["log_words"])
    same(np.expm1(column(view, "numbers")).tolist(), counts["numbers"])
    same(np.expm1(column(view, "stops")).tolist(), counts["stops"])
    sizes = [max(n, 1) for n in counts["log_words"]]
    same((np.array(column(view, "ending_ed")) * sizes).tolist(), counts["ending_ed"])


@quick
@given(articles)
def test_first_and_fresh_words(view_of, text):
    view = view_of(text)
    seen_at = {}
    first, fresh = [], []
    for number, words in enumerate(words_of(view)):
        for word in words:
            key = (word, bool(view.prose[number]))  # what a heading says does not count as said
            first.append(key not in seen_at)
            seen_at.setdefault(key, number)
            fresh.append(seen_at[key] == number)
    assert view.first.tolist() == first
    assert view.fresh.tolist() == fresh


@quick
@given(articles)
def test_novelty_adds_up_the_rarity_of_first_mentions(view_of, text):
    view = view_of(text)
    counted = [i for i in range(len(view.word)) if view.content[i] and view.prose[view.sentence[i]]]
    total = math.fsum(view.idf[i] for i in counted)
    new = math.fsum(view.idf[i] for i in counted if view.fresh[i])
    same(novelty.new_content(view).item(), new / total if total else math.nan)
    same(claims.specificity(view).item(), total / len(counted) if counted else math.nan)


@quick
@given(st.data())
def test_overlap_is_that_of_the_oracle(data):
    random = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    count = data.draw(st.integers(1, 9))
    check_overlap(random, count, kinds=8, per_sentence=6)


def test_overlap_across_windows_is_that_of_the_oracle():
    check_overlap(np.random.default_rng(0), WHOLE * 2 + 40, kinds=90, per_sentence=5)


def check_overlap(random, count, kinds, per_sentence):
    rarity = random.uniform(0.5, 7, kinds)
    sizes = random.integers(0, per_sentence + 1, count)
    sentence = np.repeat(np.arange(count), sizes)
    group = random.integers(0, kinds, len(sentence))
    prose = random.random(count) < 0.8
    vectors = random.normal(size=(count, 4))
    order = np.lexsort((sentence, group))
    found = compare(sentence[order], group[order], rarity[group[order]], vectors, prose)
    bags = [{str(k): rarity[k] for k in group[sentence == i].tolist()} for i in range(count)]
    for i in random.permutation(count)[:40].tolist():
        window = reach(count)
        low = i // window * window
        near = range(max(0, low - window), min(count, min(low + window, count) + window))
        others = [j for j in near if prose[j] and j != i]
        before, after = [j for j in others if j < i], [j for j in others if j > i]
        covers = {j: oracles.coverage(bags[i], bags[j]) for j in others}
        alike = {j: oracles.similarity(bags[i], bags[j]) for j in others}
        cosines = {j: float(vectors[i] @ vectors[j]) for j in others}
        same(found.covered_before[i], max((covers[j] for j in before), default=0.0))
        same(found.covered_after[i], max((covers[j] for j in after), default=0.0))
        same(found.similar_before[i], max((alike[j] for j in before), default=0.0))
        same(found.similar_after[i], max((alike[j] for j in after), default=0.0))
        same(found.covered_by_previous[i], covers.get(i - 1, 0.0))
        same(found.vector_before[i], max(0.0, *(cosines[j] for j in before), 0.0))
        same(found.central[i], sum(alike.values()) / max(len([j for j in near if prose[j]]) - prose[i], 1))
        same(found.vector_previous[i], cosines.get(i - 1, 0.0))
        if found.earlier[i] < 0:
            assert not any(covers[j] > 0 for j in before)
        else:
            assert int(found.earlier[i]) in before
            same(covers[int(found.earlier[i])], max(covers[j] for j in before))


def check_sums(values, bounds):
    found = segment_sums(np.array(values), bounds)
    assert found.tolist() == pytest.approx(oracles.segment_sums(values, bounds.tolist()), abs=1e-6, rel=1e-12)
    assert not found[np.diff(bounds) == 0].any()
    twice = segment_sums(np.array([values, values]), bounds)
    assert twice.shape == (2, len(bounds) - 1)
    assert (twice == found).all()


@given(st.lists(st.floats(-1e6, 1e6), max_size=30), st.lists(st.integers(0, 29), max_size=12))
def test_segment_sums(values, cuts):
    inner = [cut for cut in cuts if cut < len(values)]
    check_sums(values, np.array(sorted([0, len(values), *inner, *inner])))  # some segments are empty


def test_segment_sums_before_an_empty_last_segment():
    check_sums([1.0, 2.0], np.array([0, 2, 2]))
    check_sums([1.0], np.array([0, 0, 1, 1, 1]))


def test_a_segment_does_not_change_with_its_neighbours():
    random = np.random.default_rng(2)
    values = random.normal(size=50)
    alone = segment_sums(values[10:17], np.array([0, 7]))
    for before in range(10):
        within = segment_sums(values[before:], np.array([0, 10 - before, 17 - before, 50 - before]))
        assert within[1] == alone[0]


def test_lists_cover_whole_phrases_inside_one_sentence(view_of):
    view = view_of("In conclusion, it is hard. They came in. Conclusion or not.")
    covered = [w for w, is_in in zip(flat(view), view.list("transitions"), strict=True) if is_in]
    assert covered[:2] == ["in", "conclusion"]
    assert len(covered) == 2


def test_not_only_but(view_of):
    view = view_of("It is not only a plan but also a promise. It is not only late. But it came.")
    marked = [w for w, is_in in zip(flat(view), phrasing.not_but(view), strict=True) if is_in]
    assert marked == ["not", "only", "a", "plan", "but"]


@pytest.mark.parametrize(("between", "marked"), [(10, 13), (11, 0)])
def test_how_far_not_only_but_reaches(view_of, between, marked):
    view = view_of(f"It is not only {'very ' * between}but it is.")
    assert int(np.count_nonzero(phrasing.not_but(view))) == marked


def test_names_numbers_and_dates(view_of):
    view = view_of("The council met Ana Okafor on Monday in 1962. Three dogs ate 12 buns, 3.5 pies in 9999.")
    words = flat(view)
    shown = {f: [w for w, x in zip(words, f(view), strict=True) if x] for f in (claims.names, claims.numbers)}
    assert {"ana", "okafor"} <= set(shown[claims.names])
    assert "the" not in shown[claims.names]
    assert {"1962", "12", "3.5", "9999", "three"} <= set(shown[claims.numbers])
    assert [w for w, x in zip(words, claims.dates(view), strict=True) if x] == ["monday", "1962"]


def test_claim_to_filler_ratio():
    texts = np.array([0, 0, 2, 3, 4])
    ratio = claims.claim_to_filler_ratio(np.array([10.0, 4.0, 0.0, 1.0]), np.array([0.25, 1.0, 0.5, 0.0]), texts)
    assert ratio == pytest.approx([math.nan, 8.5 / 7.5, math.nan, 2.0], nan_ok=True)


WITHOUT_PROSE = ["", "\n", "...", "???\n\n---", "# The plan", "Subscribe to our newsletter.", "© 2019 Acme"]


@pytest.mark.parametrize("text", WITHOUT_PROSE)
def test_without_prose_features_are_undefined_and_never_zero(view_of, text):
    view = view_of(text)
    assert not view.prose.any()
    values = measure(view)
    # These describe the whole text, not its prose; n-grams and marks need words.
    whole = {"headings", "list_items", "compression", *(f"repeated_{n}grams" for n in range(1, 6))}
    assert {name for name, value in values.items() if not math.isnan(value)} <= whole
    if not len(view.word):
        assert all(math.isnan(values[f"repeated_{n}grams"]) for n in range(1, 6))
    if not view.n_sentences:
        assert all(math.isnan(value) for value in values.values())


def test_one_word_leaves_what_needs_more_undefined(view_of):
    values = measure(view_of("Word"))
    undefined = {name for name, value in values.items() if math.isnan(value)}
    assert {
        "type_token_ratio",
        "sentence_length_spread",
        "compression",
        *(f"repeated_{n}grams" for n in range(2, 6)),
    } <= undefined
    assert values["sentence_length"] == 1
    assert values["word_length"] == 4


def test_every_feature_is_described():
    for feature in FEATURES:
        assert feature.name.isidentifier()
        assert feature.unit
        assert feature.range in LIMITS
        assert feature.direction in ("filler", "substance", "either")
        assert 5 < len(feature.meaning) < 110
        assert not feature.meaning.endswith(".")
    assert len(set(NAMES)) == len(NAMES)


def test_values_lie_in_their_stated_range(view_of, stories):
    limits = {feature.name: LIMITS[feature.range] for feature in MEASURED}
    for story in stories[::3]:
        for name, value in measure(view_of(story.text)).items():
            assert math.isnan(value) or limits[name][0] <= value <= limits[name][1], (story.id, name)


def test_words_shown_for_a_feature_are_words_of_the_text(view_of, stories):
    view = view_of(stories[1].text)
    for feature in MEASURED:
        if feature.shows is not None:
            shown = feature.shows(view)
            assert shown.shape == view.word.shape
            assert shown.dtype == bool
            value = feature.value(view).item()
            if feature.unit == "share of words":
                same(value, np.count_nonzero(shown & view.in_prose) / np.count_nonzero(view.in_prose))


@quick
@given(articles)
def test_sentence_features_are_all_defined(view_of, text):
    features = sentence_features(view_of(text))
    assert np.isfinite(features).all()
    assert features.shape[1] == len(SENTENCE_NAMES)


@pytest.mark.parametrize("text", ["", "...", "Word", "? ! ?", "# Only a heading"])
def test_sentence_features_of_odd_texts_are_defined(view_of, text):
    view = view_of(text)
    features = sentence_features(view)
    assert features.shape == (view.n_sentences, len(SENTENCE_NAMES))
    assert np.isfinite(features).all()


def test_features_do_not_depend_on_what_was_read_before(view_of, stories):
    alone = sentence_features(view_of(stories[3].text))
    for other in stories[5:9]:
        sentence_features(view_of(other.text))
    assert (sentence_features(view_of(stories[3].text)) == alone).all()


def test_a_word_outside_the_vocabulary_is_rare(view_of, background):
    view = view_of("The zzyzzqx of it.")
    assert view.known.tolist() == [True, False, True, True]
    assert view.idf[1] == background.vocabulary.unknown_idf > background.vocabulary.idf.max()
    assert hash_word("zzyzzqx") == int(view.hash[1])


def test_number_words_and_marks_have_their_own_columns(view_of):
    view = view_of('He said "no" (at $5, 10%)? Yes!')
    expected = {"double_quotes": 2, "brackets": 1, "dollars": 1, "percents": 1}
    assert {name: round(math.expm1(column(view, name)[0])) for name in expected} == expected
    assert column(view, "ends_with_question") == [1.0, 0.0]
    assert round(math.expm1(column(view, "exclamations")[1])) == 1


def test_the_ratio_needs_the_head():
    with pytest.raises(TypeError, match="sentence head"):
        FEATURES[0].value(SimpleNamespace())
    assert FEATURES[0].name == "claim_to_filler_ratio"
    assert PROSE == 0
