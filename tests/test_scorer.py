import gc
import json
import math
import os
import pickle
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, replace
from itertools import count, islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detector import Scorer
from detector.features.registry import NAMES
from detector.model import Cuts, ModelError
from detector.scorer import WorkerLostError

FRENCH = (
    "Le conseil municipal a décidé lundi soir de déplacer la bibliothèque dans une ancienne banque de "
    "la rue principale. Le bâtiment actuel, construit derrière la caserne des pompiers, prend l'eau "
    "depuis une tempête au mois de novembre. Les élus ont voté pour un bail de dix ans, parce que la "
    "salle des coffres reste sèche et garde une température égale pendant toute l'année."
)
KEYS = [
    "schema", "id", "score", "label", "filler_share", "machine_score", "flags", "words", "model", "features",
    "reasons", "machine_reasons", "sentences", "notes",
]  # fmt: skip
LONG = ["a" * 5000, "a " * 400]
ODD = ["", " ", "\n\n", ".", "...", "?!", "Word", "Two words", *LONG, "\x00", "\ud800", "😀😀"]


def record(report):
    """Return all of a report, with every digit."""
    return repr(report)


@pytest.fixture(scope="module")
def batch(stories):
    return [story.text for story in stories[:36]] + [ODD[k] for k in (0, 4, 6)] + [FRENCH]


@pytest.fixture(scope="module")
def alone(any_scorer, batch):
    return [record(any_scorer.score(text)) for text in batch]


def test_a_text_scores_the_same_in_any_batch(any_scorer, batch, alone):
    assert [record(report) for report in any_scorer.score_many(batch)] == alone
    assert [record(report) for report in any_scorer.score_many(batch[::-1])] == alone[::-1]
    assert [record(report) for report in any_scorer.score_many(batch[7:8])] == alone[7:8]


def test_a_text_scores_the_same_twice_and_after_others(any_scorer, batch, alone):
    for k in (3, 0, 3, 38, 3):
        assert record(any_scorer.score(batch[k])) == alone[k]
    assert record(any_scorer.score("" + batch[3] + "")) == alone[3]


def test_worker_processes_give_the_same_reports_in_order(any_scorer, batch, alone):
    texts = batch * 2  # more than one hand-over for each worker
    assert [record(report) for report in any_scorer.score_many(texts, jobs=2)] == alone * 2


def test_threads_share_a_scorer(any_scorer, batch, alone):
    with ThreadPoolExecutor(4) as pool:
        assert [record(report) for report in pool.map(any_scorer.score, batch)] == alone


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 39), max_size=6))
def test_order_does_not_matter(any_scorer, batch, alone, order):
    reports = any_scorer.score_many([batch[k] for k in order])
    assert [record(report) for report in reports] == [alone[k] for k in order]


def test_few_texts_are_read_ahead_and_the_first_answer_comes_at_once(small):
    read = []

    def texts():
        for number in count():
            read.append(number)
            yield f"Text {number} is short."

    reports = small.score_many(texts())
    assert read == []
    next(reports)
    assert read == [0]  # the first answer comes at once
    found = list(islice(reports, 1000))
    assert len(found) == 1000
    assert len(read) <= 1001 + 256


def test_a_scorer_is_small_on_its_way_to_a_worker(any_scorer, batch, alone):
    data = pickle.dumps(any_scorer)
    assert len(data) < 1000
    back = pickle.loads(data)
    assert record(back.score(batch[1])) == alone[1]
    assert pickle.loads(data) is back  # the model is read once


def test_a_scorer_keeps_its_prior_on_the_way(small_folder, batch):
    moved = Scorer.load(small_folder, prior=0.4)
    assert record(pickle.loads(pickle.dumps(moved)).score(batch[1])) == record(moved.score(batch[1]))


def test_a_report_is_frozen(small, batch):
    with pytest.raises(FrozenInstanceError):
        small.score(batch[0]).score = 0.0


# What is no text.


@pytest.mark.parametrize("wrong", [b"x", None, 3, ["a"], 1.5])
def test_what_is_no_text_is_refused_in_one_sentence(small, wrong):
    with pytest.raises(TypeError, match=f"^a text is a str, not {type(wrong).__name__}; decode it first$"):
        small.score(wrong)


def test_an_item_that_is_no_text_stops_the_rest(small, batch):
    reports = small.score_many([batch[0], b"x", batch[1]])
    assert next(reports).label != "error"
    with pytest.raises(TypeError, match="not bytes"):
        next(reports)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_item_that_is_no_text_is_reported_in_its_place(small, batch, jobs):
    texts = [batch[0], b"x", batch[1], None]
    reports = list(small.score_many(texts, jobs=jobs, on_error="report"))
    assert [report.label == "error" for report in reports] == [False, True, False, True]
    assert record(reports[0]) == record(small.score(batch[0]))
    assert reports[1].error == "a text is a str, not bytes"
    assert reports[1].model == small.model_name
    assert math.isnan(reports[1].score)
    assert reports[1].to_dict()["error"] == "a text is a str, not bytes"


class Deadly(str):
    """A text that ends the process which unpickles it."""

    def __reduce__(self):
        return os._exit, (9,)


def test_a_worker_that_is_killed_is_told_and_the_scorer_stays_good(small, batch):
    with pytest.raises(WorkerLostError, match="was killed"):
        list(small.score_many([batch[0], Deadly("a")], jobs=2))
    assert gc.isenabled()
    assert [record(report) for report in small.score_many(batch[:2], jobs=2)] == [
        record(small.score(text)) for text in batch[:2]
    ]


WATCHED = """
import sys, time
from detector import Scorer
found = Scorer().score_many(iter([sys.stdin.read()] * 20_000), jobs=2, reasons=False)
for _ in range(3000):  # until both workers have had texts: one that waits for its first ends later, by itself
    next(found)
print("scoring", flush=True)
time.sleep(600)
"""


def workers_of(parent: int) -> list[Path]:
    """Return the folders in /proc of the worker processes that ``parent`` started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            started_by = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            is_worker = b"LokyProcess" in (folder / "cmdline").read_bytes()
        except OSError:  # it has ended
            continue
        if started_by == parent and is_worker:
            found.append(folder)
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are watched through /proc")
def test_workers_end_with_a_process_that_is_killed(batch):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", WATCHED], text=True, **pipes) as process:
        process.stdin.write(batch[0])
        process.stdin.close()
        assert process.stdout.readline() == "scoring\n"
        found = workers_of(process.pid)
        process.kill()
    assert len(found) == 2
    deadline = time.monotonic() + 60
    while any(worker.exists() for worker in found):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_errors_of_workers_reach_the_caller(small, batch):
    with pytest.raises(TypeError, match="not bytes"):
        list(small.score_many([batch[0], b"x"], jobs=2))


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"jobs": -1}, ValueError, "jobs is a number of processes"),
        ({"on_error": "ignore"}, ValueError, "on_error is"),
    ],
)
def test_wrong_options_are_refused_at_once(small, options, error, words):
    with pytest.raises(error, match=words):
        small.score_many(["a"], **options)


def test_one_text_in_the_place_of_several_is_refused(small):
    with pytest.raises(TypeError, match="give a list, or use score for one text"):
        small.score_many("one text")


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_texts_give_no_reports(small, jobs):
    assert list(small.score_many([], jobs=jobs)) == []


# Labels and abstentions.


def with_cuts(model, folder, **cuts):
    replace(model, cuts=replace(model.cuts, **cuts)).save(folder)
    return Scorer.load(folder)


def test_borders_belong_to_the_upper_label(small, small_model, batch, tmp_path):
    score = small.score(batch[1]).score
    above = math.nextafter(score, 1)
    cases = {
        "filler": {"substantive": 0.0, "filler": score},
        "unclear": {"substantive": score, "filler": above},
        "substantive": {"substantive": above, "filler": 1.0},
    }
    for label, cuts in cases.items():
        report = with_cuts(small_model, tmp_path / label, machine=2.0, **cuts).score(batch[1])
        assert (report.label, report.flags) == (label, ("filler",) * (label == "filler"))
        assert report.score == score


def test_the_machine_flag_is_set_from_its_cut_on(small, small_model, batch, tmp_path):
    report = small.score(batch[1])
    cuts = {"substantive": 0.0, "filler": 1.0}
    at = with_cuts(small_model, tmp_path / "at", machine=report.machine_score, **cuts)
    higher = math.nextafter(report.machine_score, 1)
    above = with_cuts(small_model, tmp_path / "above", machine=higher, **cuts)
    assert at.score(batch[1]).flags == ("machine",)
    assert above.score(batch[1]).flags == ()


def test_labels_and_flags_follow_the_cuts(any_scorer, stories):
    cuts = any_scorer.cuts
    seen = set()
    for report in any_scorer.score_many(story.text for story in stories[::9]):
        seen.add(report.label)
        if report.label in ("too_short", "not_english"):
            continue
        expected = "substantive" if report.score < cuts.substantive else "unclear"
        assert report.label == ("filler" if report.score >= cuts.filler else expected)
        assert ("filler" in report.flags) == (report.label == "filler")
        assert ("machine" in report.flags) == (report.machine_score >= cuts.machine)
    assert len(seen) >= 2


def check_abstains(report, label):
    assert report.label == label
    assert math.isnan(report.score)
    assert math.isnan(report.filler_share)
    assert math.isnan(report.machine_score)
    assert report.flags == report.reasons == report.machine_reasons == ()
    assert all(math.isnan(sentence.filler) and sentence.reasons == () for sentence in report.sentences)
    assert all(sentence.repeats is None for sentence in report.sentences)
    assert set(report.features) == set(NAMES)
    assert any(note.endswith(".") for note in report.notes)


@pytest.mark.parametrize("text", ["", "Word", "...", "The roof leaked. Nobody came.", "# Top\n\nShort."])
def test_short_texts_get_no_score(any_scorer, text):
    report = any_scorer.score(text)
    check_abstains(report, "too_short")
    assert (len(report.sentences) > 0) == any(map(str.isalnum, text))
    assert str(any_scorer.cuts.least_words) in report.notes[-1]


def test_other_languages_get_no_score(any_scorer):
    report = any_scorer.score(FRENCH)
    check_abstains(report, "not_english")
    assert len(report.sentences) == 3


def test_the_least_length_is_the_first_that_is_judged(any_scorer):
    least = any_scorer.cuts.least_words
    sentence = "The council of the town met on a Monday in May and paid for the roof of the hall. "
    words = (sentence * 20).split()
    check_abstains(any_scorer.score(" ".join(words[: least - 1])), "too_short")
    assert 0 < any_scorer.score(" ".join(words[:least])).score < 1


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_odd_texts_never_fail(any_scorer, text):
    report = any_scorer.score(text)
    assert report.words == len(text.split())
    json.dumps(report.to_dict(), allow_nan=False)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=300))
def test_any_text_is_scored(small, text):
    report = small.score(text)
    assert all(0 <= sentence.start < sentence.end <= len(text) for sentence in report.sentences)


# What a report says.


def test_sentences_have_kinds_by_their_probability(any_scorer, stories):
    kinds = set()
    for story in stories[1::16]:
        sentences = any_scorer.score(story.text).sentences
        for place, sentence in enumerate(sentences):
            kinds.add(sentence.kind)
            if sentence.kind in ("heading", "boilerplate"):
                assert math.isnan(sentence.filler)
            else:
                assert (sentence.filler < 0.5) == (sentence.kind == "claim")
            assert (sentence.repeats is not None) == (sentence.kind == "repeat")
            if sentence.repeats is not None:
                assert 0 <= sentence.repeats < place
                assert sentences[sentence.repeats].kind not in ("heading", "boilerplate")
    assert {"claim", "generic", "repeat", "heading"} <= kinds


def test_the_share_is_the_mean_of_the_sentences_weighted_by_words(any_scorer, stories):
    for story in stories[2::40]:
        report = any_scorer.score(story.text)
        prose = [s for s in report.sentences if not math.isnan(s.filler)]
        words = [len(story.text[s.start : s.end].split()) for s in prose]
        filler = [s.filler for s in prose]
        share = float(np.average(filler, weights=words))
        assert report.filler_share == pytest.approx(share, abs=1e-9)
        claims = sum(w * (1 - f) for w, f in zip(words, filler, strict=True)) + 1
        fill = sum(w * f for w, f in zip(words, filler, strict=True)) + 1
        assert report.features["claim_to_filler_ratio"] == pytest.approx(claims / fill, abs=1e-9)
        assert report.words == len(story.text.split())


def test_a_report_is_ready_for_json(any_scorer, batch):
    for text in (batch[0], "Word", FRENCH):
        report = any_scorer.score(text)
        data = report.to_dict("a.txt")
        assert json.loads(json.dumps(data, allow_nan=False)) == data
        assert list(data) == KEYS
        assert data["id"] == "a.txt"
        assert data["schema"] == 1
        assert data["model"] == any_scorer.model_name
        assert (data["score"] is None) == math.isnan(report.score)
        assert list(data["features"]) == list(NAMES)
        assert [set(sentence) for sentence in data["sentences"]] == [
            {"start", "end", "kind", "filler", "repeats", "reasons"}
        ] * len(report.sentences)
        assert "sentences" not in report.to_dict(sentences=False)
        for reason in data["reasons"] + data["machine_reasons"]:
            assert list(reason) == ["feature", "value", "typical", "contribution", "text", "spans"]
            assert all(isinstance(point, int) for span in reason["spans"] for point in span)


def test_features_are_those_of_the_reports(any_scorer, batch):
    names, X = any_scorer.features([*batch[:3], "Word"])
    assert names == NAMES
    assert X.shape == (4, len(names))
    assert X.dtype == np.float64
    for row, text in zip(X, [*batch[:3], "Word"], strict=True):
        np.testing.assert_array_equal(row, list(any_scorer.score(text).features.values()))
    assert any_scorer.features([])[1].shape == (0, len(names))


def test_features_of_the_model_move(scorer, stories):
    names, X = scorer.features(story.text for story in stories[::3])
    assert np.nanmin(np.where(np.isnan(X), np.inf, X), axis=0).max() < np.inf
    still = {name for name, column in zip(names, X.T, strict=True) if len(np.unique(column)) < 2}
    assert still <= {"list_items", "not_but_density"}  # of which the stories have next to none


def test_padded_stories_score_above_full_ones(scorer, stories):
    by_id = {story.id: story.text for story in stories}
    chosen = [story.story for story in stories if story.version == "padded"][::6]
    share = {
        version: np.array([scorer.score(by_id[f"{name}/{version}"]).filler_share for name in chosen])
        for version in ("padded", "full")
    }
    assert (share["padded"] > share["full"]).mean() > 0.95


# Priors, and models without a machine head.


def test_a_prior_moves_scores_and_nothing_else(small, small_folder, batch):
    base = small.model.document.base_rate
    before, after = small.score(batch[1]), Scorer.load(small_folder, prior=0.5).score(batch[1])
    shift = math.log(after.score / (1 - after.score)) - math.log(before.score / (1 - before.score))
    assert shift == pytest.approx(-math.log(base / (1 - base)), abs=1e-9)
    assert after.filler_share == before.filler_share
    assert after.machine_score == before.machine_score
    assert after.reasons == before.reasons
    assert after.intercept - before.intercept == pytest.approx(shift, abs=1e-9)


@pytest.mark.parametrize("prior", [0.0, 1.0, 1.5])
def test_an_impossible_prior_is_refused(small_folder, prior):
    with pytest.raises(ValueError, match="the prior is a share between 0 and 1"):
        Scorer.load(small_folder, prior=prior)


def test_without_a_machine_head_its_score_is_undefined_and_noted(small, small_model, batch, tmp_path):
    replace(small_model, machine=None, cuts=Cuts(0.35, 0.65, 1.0, 40)).save(tmp_path)
    report = Scorer.load(tmp_path).score(batch[1])
    assert math.isnan(report.machine_score)
    assert report.machine_reasons == ()
    assert "machine" not in report.flags
    assert report.notes == ("This model has no machine head, so machine_score is undefined.",)
    assert report.score == small.score(batch[1]).score


def test_what_was_hidden_in_a_text_is_noted(small, batch):
    report = small.score(batch[1].replace("e", "e\u200b", 3))
    assert report.notes == ("3 hidden characters (zero-width space) were removed.",)
    assert report.score == small.score(batch[1]).score


def test_a_model_that_cannot_be_used_raises_its_own_error(tmp_path):
    with pytest.raises(ModelError, match="holds no model"):
        Scorer.load(tmp_path)


def test_a_text_longer_than_those_learnt_from_says_so(any_scorer):
    sentence = "The council met on Monday and paid 4,500 pounds for the roof of the library. "
    assert not any("score the parts" in note for note in any_scorer.score(sentence * 20).notes)
    assert any("61 sentences" in note and "score the parts" in note for note in any_scorer.score(sentence * 61).notes)


def test_a_report_comes_back_from_a_worker_as_it_was(small, batch):
    for text in batch:
        report = small.score(text)
        assert str(pickle.loads(pickle.dumps(report))) == str(report)  # NaN is not equal to itself
