import math
from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest

from detector.explain.spans import runs
from detector.features.registry import NAMES, measure
from detector.features.view import look
from detector.heads.document import MEANS, means
from detector.reading import document_values
from detector.report import NAN
from detector.text.document import read
from detector.text.normalise import normalise

SENTENCE_GROUPS = {"wording", "specifics", "novelty", "overlap", "manner"}


def log_odds(score):
    return math.log(score) - math.log1p(-score)


def check_sums(report, has_machine_head=True):
    for score, intercept, reasons in (
        (report.score, report.intercept, report.reasons),
        (report.machine_score, report.machine_intercept, report.machine_reasons),
    )[: 1 + has_machine_head]:
        logit = intercept + math.fsum(reason.contribution for reason in reasons)
        if abs(logit) < 18:  # beyond, a probability has too few digits left to give its logit back
            assert logit == pytest.approx(log_odds(score), abs=1e-6)
        assert score == pytest.approx(1 / (1 + math.exp(-logit)), abs=1e-9)
        sizes = [abs(reason.contribution) for reason in reasons]
        assert sizes == sorted(sizes, reverse=True)


def judged(scorer, texts):
    return [report for report in scorer.score_many(texts) if not math.isnan(report.score)]


def test_reasons_add_up_on_every_story(scorer, stories):
    reports = judged(scorer, (story.text for story in stories))
    assert len(reports) > 500
    for report in reports:
        check_sums(report, scorer.model.machine is not None)


def test_reasons_add_up_whatever_was_learnt(small, stories):
    reports = judged(small, (story.text for story in stories[::7]))
    assert len(reports) > 70
    for report in reports:
        check_sums(report)


@pytest.mark.corpora
def test_reasons_add_up_on_labelled_articles(scorer, gold):
    reports = judged(scorer, (article.text for article in gold))
    assert len(reports) > 150
    for report in reports:
        check_sums(report, scorer.model.machine is not None)


def parts_of(scorer, text):
    """Return what the scorer computes on the way to a report."""
    view = look(read(normalise(text)), scorer.model.background)
    reading = scorer.model.sentence.read(view)
    words = view.document.words[view.prose].astype(float)
    average = means(reading.logit[view.prose], words)
    # The ratio depends on the sentence head and is no input of the document head.
    measured = np.array([[NAN, *measure(view).values()]])
    (values,) = document_values(scorer.model.document, average[None], measured)
    return view, reading, words, values


def test_a_feature_at_its_typical_value_moves_the_logit_by_minus_its_contribution(any_scorer, stories):
    head = any_scorer.model.document
    for story in stories[1::29]:
        report = any_scorer.score(story.text)
        _, _, words, values = parts_of(any_scorer, story.text)
        logit = head.logit(values, words.sum())
        assert logit == pytest.approx(log_odds(report.score), abs=1e-6)
        own = {reason.feature: reason for reason in report.reasons if reason.feature in head.names}
        defined = np.array(head.names)[~np.isnan(values)].tolist()
        assert set(own) == set(defined) - set(MEANS)
        for name, reason in own.items():
            replaced = values.copy()
            replaced[head.names.index(name)] = reason.typical
            moved = head.logit(replaced, words.sum()) - logit
            assert moved == pytest.approx(-reason.contribution, abs=1e-6)


def test_groups_of_sentences_share_out_the_part_of_the_means(any_scorer, stories):
    head = any_scorer.model.document
    for story in stories[2::29]:
        report = any_scorer.score(story.text)
        view, reading, words, values = parts_of(any_scorer, story.text)
        expected = head.contributions(values, words.sum())[: len(MEANS)].sum()
        by_sentence = head.sentence_contributions(reading.logit[view.prose], words)
        groups = [reason for reason in report.reasons if ":" in reason.feature]
        assert by_sentence.sum() == pytest.approx(expected, abs=1e-9)
        assert math.fsum(reason.contribution for reason in groups) == pytest.approx(expected, abs=1e-9)
        assert math.fsum(reason.value for reason in groups) == pytest.approx(1)


def test_groups_hold_the_sentences_of_their_kind(any_scorer, stories):
    for story in stories[3::29]:
        report = any_scorer.score(story.text)
        kinds = {(sentence.start, sentence.end): sentence.kind for sentence in report.sentences}
        named = defaultdict(int)
        for reason in report.reasons:
            kind, colon, why = reason.feature.partition(":")
            if colon:
                assert kind in ("claim", "generic", "repeat")
                assert why in SENTENCE_GROUPS
                assert {kinds[span] for span in reason.spans} == {kind}
                named[kind] += int(reason.text.split()[0])
            else:
                assert reason.feature in NAMES
        for kind in ("claim", "generic", "repeat"):
            assert named[kind] == sum(sentence.kind == kind for sentence in report.sentences)


def test_reasons_quote_the_text_they_point_at(any_scorer, stories):
    for story in stories[::40]:
        report = any_scorer.score(story.text)
        for reason in (*report.reasons, *report.machine_reasons):
            assert reason.text
            assert reason.text[0] == reason.text[0].upper()
            for start, end in reason.spans:
                assert 0 <= start < end <= len(story.text)
        for sentence in report.sentences:
            for reason in sentence.reasons:
                for start, end in reason.spans:
                    assert sentence.start <= start < end <= sentence.end
                    assert " ".join(story.text[start:end].split()) in reason.text


def test_quotations_hold_the_text_as_given(small):
    source = "The council’s **plan**, it’s said, met “Tolbury\u00adford” in 1962. Nobody cares. " * 9
    report = small.score(source)
    for sentence in report.sentences:
        for reason in sentence.reasons:
            for start, end in reason.spans:
                assert f"“{' '.join(source[start:end].split())}”" in reason.text


def test_every_prose_sentence_has_at_most_two_reasons_of_different_kinds(any_scorer, stories):
    reports = [any_scorer.score(story.text) for story in stories[1::60]]
    found = [sentence for report in reports for sentence in report.sentences]
    for sentence in found:
        names = [reason.feature for reason in sentence.reasons]
        assert len(names) == len(set(names)) <= 2
        assert set(names) <= SENTENCE_GROUPS | {"repeats"}
        if sentence.kind in ("heading", "boilerplate"):
            assert names == []
        assert ("repeats" in names) == (sentence.kind == "repeat")
    explained = [bool(s.reasons) for s in found if s.kind not in ("heading", "boilerplate")]
    assert sum(explained) > 0.95 * len(explained)


def test_a_repeat_names_the_sentence_it_repeats_as_people_count(any_scorer, stories):
    seen = 0
    for story in stories[1::20]:
        for sentence in any_scorer.score(story.text).sentences:
            if sentence.kind == "repeat":
                seen += 1
                said = f"comes back to what sentence {sentence.repeats + 1} says"
                assert sentence.reasons[0].text.startswith(said)
    assert seen > 0


def test_runs_end_with_their_segment():
    def found(marked, segment):
        ranges = runs(np.array(marked, bool), np.array(segment, int), 3)
        pairs = list(zip(ranges.start.tolist(), ranges.end.tolist(), strict=True))
        return [pairs[a:b] for a, b in pairwise(ranges.bounds.tolist())]

    assert found([1, 1, 0, 1], [0, 0, 0, 0]) == [[(0, 2), (3, 4)], [], []]
    assert found([0, 1, 1, 1, 1], [0, 0, 1, 1, 2]) == [[(1, 2)], [(2, 4)], [(4, 5)]]
    assert found([0, 0], [0, 2]) == found([], []) == [[], [], []]
