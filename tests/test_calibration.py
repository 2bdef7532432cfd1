import json
import math
import os
import pickle
import shutil
from dataclasses import replace

import numpy as np
import pytest
from command import run
from hypothesis import given
from hypothesis import strategies as st

from detector import Scorer, calibration
from detector.calibration import Calibration, CalibrationError, calibrate, most_above, texts_needed
from detector.training.calibrate import realised_rate

NAN = float("nan")
FPR = 0.1
coarse = st.integers(0, 4).map(lambda k: k / 4)  # so that most scores tie


def exact(scores, score):
    return (1 + sum(other >= score for other in scores)) / (len(scores) + 1)


def made(scores, fpr=0.05, **facts):
    return calibrate(scores, on="score", fpr=fpr, **facts)


# --- the promise


@given(st.lists(coarse | st.floats(0, 1), min_size=20, max_size=60), st.sampled_from([0.05, 0.1, 0.29, 0.5]))
def test_whichever_text_is_the_new_one_no_more_than_the_promised_share_is_flagged(scores, fpr):
    """Exchangeability makes each of the n + 1 texts equally likely to be the new one: this is the whole guarantee."""
    flagged = 0
    for place, score in enumerate(scores):
        found = made(scores[:place] + scores[place + 1 :], fpr)
        flagged += found.flags(found.p_value(score))
    assert flagged <= fpr * len(scores) + 1e-9


@pytest.mark.parametrize(("n", "fpr"), [(20, 0.05), (99, 0.01), (100, 0.05), (250, 0.1)])
@pytest.mark.parametrize("levels", [None, 40, 8])
def test_over_many_draws_the_realised_rate_is_the_promised_one_or_less(n, fpr, levels):
    """Scores are uniform, or tie on a few levels; the rate of each draw's cut is then known without sampling."""
    random = np.random.default_rng(n)
    rates = []
    for _ in range(1500):
        scores = random.random(n)
        if levels is not None:
            scores = np.floor(scores * levels) / levels
        cut = made(scores.tolist(), fpr).cut
        above = 1 - cut if levels is None else sum(k / levels >= cut for k in range(levels)) / levels
        rates.append(max(0.0, above))
    error = np.std(rates) / math.sqrt(len(rates))
    assert np.mean(rates) <= fpr + 3 * error
    if levels is None:  # no more cautious than it has to be
        assert np.mean(rates) >= (most_above(n, fpr) + 1) / (n + 1) - 3 * error


def test_a_cut_at_the_plain_quantile_would_break_the_promise():
    """What the two tests above would see: the mean rate without counting the new text in is nearly twice as high."""
    random = np.random.default_rng(1)
    rates = [1 - np.sort(random.random(20))[-2] for _ in range(1500)]
    assert np.mean(rates) > 0.08


@pytest.mark.parametrize(("n", "fpr"), [(19, 0.05), (99, 0.01), (500, 0.01), (300, 0.2)])
def test_the_rate_of_one_draw_lies_within_the_bounds_told(n, fpr):
    random = np.random.default_rng(3)
    rates = np.array([1 - made(random.random(n).tolist(), fpr).cut for _ in range(1500)])
    told = realised_rate(n, fpr)
    assert np.mean((told.low <= rates) & (rates <= told.high)) == pytest.approx(0.95, abs=0.02)
    assert np.mean(rates) == pytest.approx(told.mean, rel=0.1)
    assert told.mean <= fpr


# --- p-values and the cut


@given(st.lists(coarse | st.floats(0, 1), min_size=19, max_size=80), coarse | st.floats(0, 1))
def test_a_p_value_counts_the_trusted_texts_that_score_as_high(scores, score):
    found = made(scores)
    assert found.p_value(score) == exact(scores, score)
    assert found.flags(found.p_value(score)) == (score >= found.cut)
    assert found.n == len(scores)


@pytest.mark.parametrize("fpr", [0.0005, 0.01, 0.3])
@pytest.mark.parametrize("levels", [10**9, 3000])
def test_thinning_moves_no_cut_and_lowers_no_p_value(fpr, levels):
    scores = np.floor(np.random.default_rng(4).random(30_000) ** 3 * levels) / levels
    found = made(scores.tolist(), fpr)
    assert len(found.scores) < 4000
    ranked = np.sort(scores)
    for score in [*np.linspace(0, 1, 400), found.cut, np.nextafter(found.cut, 0), *ranked[-20:]]:
        p = (1 + len(ranked) - np.searchsorted(ranked, score)) / (len(ranked) + 1)
        assert p <= found.p_value(score) <= p + 0.001
        assert found.flags(found.p_value(score)) == (p <= fpr) == (score >= found.cut)


def test_an_undefined_score_has_no_p_value_and_is_never_flagged():
    found = made([0.1] * 30 + [NAN] * 5)
    assert found.n == 30
    assert math.isnan(found.p_value(NAN))
    assert not found.flags(NAN)


def test_where_too_many_trusted_texts_have_the_highest_score_nothing_is_flagged():
    found = made([0.2] * 30 + [1.0] * 5)
    assert found.cut > 1
    assert not found.flags(found.p_value(1.0))


# --- too few, and wrong input


@pytest.mark.parametrize(
    ("fpr", "needed"), [(0.01, 99), (0.05, 19), (0.001, 999), (0.29, 3), (1 / 3, 2), (0.5, 1), (0.9, 1)]
)
def test_as_many_texts_are_needed_as_stated(fpr, needed):
    assert texts_needed(fpr) == needed
    assert made([0.5] * needed, fpr).flags(1 / (needed + 1))
    with pytest.raises(CalibrationError, match=f"needs {needed} trusted texts"):
        made([0.5] * (needed - 1), fpr)


def test_too_few_texts_are_refused_with_what_is_missing_and_what_is_possible():
    with pytest.raises(CalibrationError) as caught:
        made([0.5] * 60 + [NAN] * 50, 0.01)
    assert "there are 60, so give 39 more, or --fpr 0.0164" in str(caught.value)
    made([0.5] * 60, 0.0164)


@pytest.mark.parametrize("fpr", [0, 1, -0.1, 2, NAN])
def test_a_rate_outside_zero_to_one_is_refused(fpr):
    with pytest.raises(CalibrationError, match="between 0 and 1"):
        made([0.5] * 30, fpr)


def test_another_number_cannot_be_calibrated():
    with pytest.raises(CalibrationError, match='on "score" or "machine_score"'):
        calibrate([0.5] * 30, on="words", fpr=0.1)


def test_a_file_gives_back_what_was_written(tmp_path):
    found = made(np.random.default_rng(2).random(300).tolist(), model="m", digest="d", date="2030-01-02")
    (tmp_path / "c.json").write_text(json.dumps(found.to_dict()))
    assert calibration.load(tmp_path / "c.json") == found


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: no such file"),
        (b"\xff", "is not JSON"),
        (b"{", "is not JSON"),
        (b"[" * 200_000, "is not JSON"),
        (b"[1]", "is not a calibration"),
        ({"kind": "other"}, "is not a calibration"),
        ({"format": 99}, "of format 99"),
        ({"n": ...}, "is damaged"),
        ({"scores": [0.3, 0.2, 0.1]}, "is damaged"),
        ({"scores": "abc"}, "is damaged"),
        ({"at_least": [30, 1]}, "is damaged"),
        ({"n": 31}, "is damaged"),
        ({"n": 10**400, "at_least": [10**400, 10, 1]}, "is damaged"),
        ({"at_least": [10**400, 10, 1]}, "is damaged"),
        ({"scores": [0.1, 0.2, 10**400]}, "is damaged"),
        ({"fpr": 0.001}, "is damaged"),
        ({"fpr": 1e-300}, "is damaged"),
        ({"fpr": 1e-320}, "is damaged"),
        ({"on": "words"}, "is damaged"),
        ({"scores": [float("nan"), 0.2, 0.3]}, "is damaged"),
    ],
)
def test_a_file_that_is_no_sound_calibration_is_one_sentence(content, message, tmp_path):
    file = tmp_path / "c.json"
    if isinstance(content, dict):
        whole = {**made([0.1] * 20 + [0.2] * 9 + [0.3]).to_dict(), **content}
        content = json.dumps({key: value for key, value in whole.items() if value is not ...}).encode()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CalibrationError, match=message):
        calibration.load(file)


def test_an_error_names_the_file_as_it_was_given():
    with pytest.raises(CalibrationError, match=r"^the calibration '' cannot be read: no such file or directory; "):
        calibration.load("")


def test_the_content_of_a_file_is_checked_as_the_file_is():
    content = made([0.1] * 30, model="m").to_dict()
    assert calibration.from_dict(json.loads(json.dumps(content)), "ours") == made([0.1] * 30, model="m")
    with pytest.raises(CalibrationError, match=r"^the calibration ours is damaged"):
        calibration.from_dict({**content, "n": 31}, "ours")


# --- a scorer with a calibration


@pytest.fixture(scope="module")
def texts(stories):
    return [story.text for story in stories[:80]]


@pytest.fixture(scope="module")
def plain(small, texts):
    return [small.score(text) for text in texts]


@pytest.fixture(scope="module")
def trusted(small_folder, plain):
    digest = calibration.model_digest(small_folder)
    return {
        on: calibrate([getattr(r, on) for r in plain[:40]], on=on, fpr=FPR, model="small", digest=digest)
        for on in ("score", "machine_score")
    }


@pytest.fixture(scope="module")
def file(trusted, tmp_path_factory):
    path = tmp_path_factory.mktemp("calibration") / "c.json"
    path.write_text(json.dumps(trusted["score"].to_dict()))
    return path


def same(first, second):
    return repr(first) == repr(second)  # NaN equals itself in writing


def test_reports_carry_the_p_value_and_the_label_follows_it(small_folder, file, trusted, texts, plain):
    scorer = Scorer.load(small_folder, calibration=file)
    flagged = 0
    for text, before in zip(texts, plain, strict=True):
        report = scorer.score(text)
        assert report.score == before.score
        p = trusted["score"].p_value(before.score)
        assert report.p_values == {"score": p}
        assert report.to_dict()["p_values"] == {"score": p}
        assert (p <= FPR) == (report.label == "filler") == ("filler" in report.flags)
        assert (report.label == "filler") == (report.score >= scorer.cuts.filler)
        assert ("machine" in report.flags) == ("machine" in before.flags)
        flagged += report.label == "filler"
    assert 0 < flagged < len(texts)
    assert sum(scorer.score(text).label == "filler" for text in texts[:40]) <= FPR * 41
    assert 0 < scorer.cuts.substantive <= scorer.cuts.filler


def test_without_a_calibration_the_record_is_what_it_was(small, texts):
    report = small.score(texts[0])
    assert report.p_values == {}
    assert "p_values" not in report.to_dict()


def test_both_scores_can_be_calibrated(small_folder, trusted, texts):
    scorer = Scorer.load(small_folder, calibration=list(trusted.values()))
    reports = [scorer.score(text) for text in texts]
    assert all(set(report.p_values) == {"score", "machine_score"} for report in reports)
    flagged = [r.p_values["machine_score"] <= FPR for r in reports]
    assert flagged == ["machine" in report.flags for report in reports]
    assert flagged == [report.machine_score >= scorer.cuts.machine for report in reports]
    assert any(flagged)
    with pytest.raises(CalibrationError, match="two calibrations are on score"):
        Scorer.load(small_folder, calibration=[trusted["score"], trusted["score"]])


def test_an_abstention_has_an_undefined_p_value(small_folder, file):
    report = Scorer.load(small_folder, calibration=file).score("Too short.")
    assert report.label == "too_short"
    assert math.isnan(report.p_values["score"])
    assert report.flags == ()
    assert report.to_dict()["p_values"] == {"score": None}


@pytest.mark.parametrize("prior", [0.01, 0.5, 0.95])
def test_a_prior_moves_the_score_and_neither_p_value_nor_flag(small_folder, file, texts, prior):
    plain, moved = (Scorer.load(small_folder, calibration=file, prior=p) for p in (None, prior))
    for text in texts:
        before, after = plain.score(text), moved.score(text)
        assert after.score != before.score
        assert after.p_values == before.p_values
        assert (after.label == "filler") == (before.label == "filler") == ("filler" in after.flags)
        assert (after.score >= moved.cuts.filler) == (after.label == "filler")


def test_a_calibrated_scorer_is_sent_to_workers_whole(small_folder, file, texts, tmp_path):
    copy = tmp_path / "c.json"
    shutil.copy(file, copy)
    scorer = Scorer.load(small_folder, calibration=copy, prior=0.3)
    copy.unlink()  # what a worker does later must not depend on it
    here = list(scorer.score_many(texts[:20]))
    there = list(scorer.score_many(texts[:20], jobs=2))
    assert all(same(a, b) for a, b in zip(here, there, strict=True))
    again = pickle.loads(pickle.dumps(scorer))
    assert same(again.score(texts[0]), here[0])
    assert again.cuts == scorer.cuts


def test_a_calibration_of_another_model_is_refused(small_model, file, trusted, tmp_path, small_folder):
    head = replace(small_model.document, intercept=small_model.document.intercept + 1e-9)
    replace(small_model, document=head).save(tmp_path / "other")
    for given_ in (file, trusted["score"]):
        with pytest.raises(CalibrationError, match=r"made with another model \(small, digest .*calibrate again"):
            Scorer.load(tmp_path / "other", calibration=given_)
    shutil.copytree(small_folder, tmp_path / "copy")
    (tmp_path / "copy" / "card.md").write_text("a card changes no score")
    Scorer.load(tmp_path / "copy", calibration=file)


# --- the commands


@pytest.fixture
def corpus(texts, tmp_path):
    folder = tmp_path / "trusted"
    folder.mkdir()
    for number, text in enumerate(texts[:40]):
        (folder / f"{number:02}.txt").write_text(text)
    return folder


def test_calibrate_writes_a_file_that_score_uses(small_folder, corpus, texts, tmp_path, trusted):
    target = tmp_path / "cut.json"
    result = run("calibrate", corpus, "--model", small_folder, "--fpr", FPR, "-o", target)
    assert result.exit_code == 0, result.output
    found = calibration.load(target)
    assert replace(found, date="") == trusted["score"]
    assert len(found.date) == 10
    assert "40 texts scored" in result.stderr
    assert f"detector score --calibration {target}" in result.stdout
    rows = tmp_path / "new.jsonl"
    rows.write_text("".join(json.dumps({"text": text}) + "\n" for text in [*texts[40:], "Short."]))
    scored = run("score", rows, "--model", small_folder, "--calibration", target, "--format", "jsonl")
    records = [json.loads(line) for line in scored.stdout.splitlines()]
    assert records[-1]["p_values"] == {"score": None}
    for record in records[:-1]:
        p = record["p_values"]["score"]
        assert p == found.p_value(record["score"])
        assert (p <= FPR) == (record["label"] == "filler") == ("filler" in record["flags"])
    table = run("score", rows, "--model", small_folder, "--calibration", target, "--format", "csv").stdout.splitlines()
    place = table[0].split(",").index("p_value.score")
    assert table[1].split(",")[place] == str(records[0]["p_values"]["score"])
    refused = run("score", rows, "--calibration", target)
    assert refused.exit_code == 2
    assert "made with another model" in refused.stderr


def test_by_default_it_is_written_beside_the_model_or_for_the_bundled_one_here(
    small_folder, corpus, tmp_path, monkeypatch
):
    own = tmp_path / "own"
    shutil.copytree(small_folder, own)
    monkeypatch.chdir(tmp_path)
    assert run("calibrate", corpus, "--model", own, "--fpr", FPR).exit_code == 0
    assert run("calibrate", corpus, "--model", own, "--fpr", FPR, "--on", "machine_score").exit_code == 0
    assert [path.name for path in sorted(own.glob("calibration*"))] == [
        "calibration-machine_score.json",
        "calibration-score.json",
    ]
    Scorer.load(own, calibration=[own / "calibration-score.json", own / "calibration-machine_score.json"])
    assert run("calibrate", corpus, "--fpr", FPR).exit_code == 0
    assert Scorer(calibration="calibration-score.json").model_name == calibration.load("calibration-score.json").model


def test_too_few_texts_write_nothing(small_folder, corpus, tmp_path):
    result = run("calibrate", corpus, "--model", small_folder, "-o", tmp_path / "c.json")
    assert result.exit_code == 2
    assert "there are 40, so give 59 more, or --fpr 0.0244" in result.stderr
    assert not (tmp_path / "c.json").exists()


def test_copies_count_once_and_what_cannot_be_scored_not_at_all(small_folder, corpus, texts, tmp_path):
    (corpus / "copy.txt").write_text("\n" + texts[0].replace(" ", "  ", 3) + "\n")
    (corpus / "short.txt").write_text("Short.")
    (corpus / "bad.jsonl").write_text('{"body": 1}\n')
    result = run("calibrate", corpus, "--model", small_folder, "--fpr", FPR, "-o", tmp_path / "c.json")
    assert result.exit_code == 2  # something could not be read, but the rest is not lost
    assert "bad.jsonl:1: " in result.stderr
    assert "1 of the texts are copies of others and are counted once" in result.stderr
    assert "40 texts scored; left out: 1 copy of another text, 1 text too short or not English" in result.stderr
    assert calibration.load(tmp_path / "c.json").n == 40


def test_a_model_without_machine_head_has_no_machine_score_to_calibrate(small_model, corpus, tmp_path):
    replace(small_model, machine=None).save(tmp_path / "model")
    result = run("calibrate", corpus, "--model", tmp_path / "model", "--on", "machine_score")
    assert result.exit_code == 2
    assert "has no machine head" in result.stderr


def test_a_calibration_of_another_version_is_used_with_a_note(small_folder, corpus, file, tmp_path):
    old = {**json.loads(file.read_text()), "detector": "0.0.1"}
    (tmp_path / "old.json").write_text(json.dumps(old))
    result = run("score", corpus / "00.txt", "--model", small_folder, "--calibration", tmp_path / "old.json")
    assert result.exit_code == 0
    assert "note: the calibration is of detector 0.0.1" in result.stderr


def test_the_help_says_what_is_promised_and_what_is_assumed():
    shown = " ".join(run("calibrate", "--help").stdout.split())
    for said in ("What is guaranteed", "What is assumed", "exchangeable", "99 for 0.01", "status 2"):
        assert said in shown


def test_a_calibration_cannot_be_written_over_an_input(small_folder, corpus):
    result = run("calibrate", corpus, "--model", small_folder, "--fpr", FPR, "-o", corpus / "00.txt")
    assert result.exit_code == 2
    assert "would be overwritten" in result.stderr
    assert os.path.getsize(corpus / "00.txt") > 100


def test_a_calibration_is_a_value():
    first, second = made([0.1] * 30), made([0.1] * 30)
    assert first == second
    assert hash(first) == hash(second)
    assert isinstance(first, Calibration)
