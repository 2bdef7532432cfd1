import json
import math

import numpy as np
import pytest
from command import run

from detector import Scorer
from detector.calibration import model_digest
from detector.training import adapt
from detector.training.adapt import Evidence, adapt_head, adapt_model, evidence_of
from detector.training.document import log_loss
from detector.training.shrunk import LEAST, LEAST_REFIT, cross_validated, fit, folds_of, learn
from detector.training.sources import SourceError
from detector.training.user_labels import read_user_labels

TEXT = "One two three. Four five six."


def silent(message):
    pass


# --- labels


def rows(path, *records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


@pytest.mark.parametrize(
    ("fields", "is_filler", "is_machine"),
    [
        ({"label": "filler"}, True, None),
        ({"label": "substantive"}, False, None),
        ({"label": "machine"}, None, True),
        ({"label": "human"}, None, False),
        ({"filler_share": 0.5}, True, None),
        ({"filler_share": 0.49, "label": "human"}, False, False),
        ({"filler_share": 0}, False, None),
        ({"sentences": [[0, 14, "C"], [15, 29, "R"]]}, True, None),
        ({"sentences": [[0, 3, "H"], [4, 14, "G"], [15, 29, "C"]], "label": "machine"}, False, True),
        ({"sentences": [[0, 14, "G"]], "filler_share": 0.9, "label": "filler"}, True, None),
    ],
)
def test_labels_say_filler_or_machine_or_both(fields, is_filler, is_machine, tmp_path):
    (found,), copies = read_user_labels(rows(tmp_path / "l.jsonl", {"text": TEXT, **fields}))
    assert (found.is_filler, found.is_machine, copies) == (is_filler, is_machine, 0)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"label": "filler"}, "no field text"),
        ({"text": "  ", "label": "filler"}, "no field text"),
        ({"text": TEXT}, "has no label; expected"),
        ({"text": TEXT, "label": "spam"}, "the label 'spam'; expected filler, substantive, human or machine"),
        ({"text": TEXT, "label": 1}, "the label 1; expected"),
        ({"text": TEXT, "label": ["filler"]}, "expected filler"),
        ({"text": TEXT, "filler_share": 1.2}, "expected a number from 0 to 1"),
        ({"text": TEXT, "filler_share": True}, "expected a number from 0 to 1"),
        ({"text": TEXT, "filler_share": float("nan")}, "expected a number from 0 to 1"),
        ({"text": TEXT, "sentences": [[0, 14]]}, "not \\[start, end, letter\\]"),
        ({"text": TEXT, "sentences": 4}, "not \\[start, end, letter\\]"),
        ({"text": TEXT, "sentences": [[0, 14, "X"]]}, "a letter other than CRGBH"),
        ({"text": TEXT, "sentences": [[9, 4, "C"]]}, "out of order"),
        ({"text": TEXT, "sentences": [[0, 400, "C"]]}, "beyond the text of 29 characters"),
        ({"text": TEXT, "sentences": [[0, 14, "H"]]}, "no sentence with the letter C, R or G"),
        ({"text": TEXT, "label": "filler", "filler_share": 0.1}, "filler and not filler at once"),
        ({"text": TEXT, "label": "filler", "group": [1]}, "neither a string nor a number"),
    ],
)
def test_a_wrong_row_is_named(record, message, tmp_path):
    file = rows(tmp_path / "l.jsonl", {"text": "Fine.", "label": "filler"}, record)
    with pytest.raises(SourceError, match=message) as caught:
        read_user_labels(file)
    assert "row 2," in str(caught.value)


def test_rows_of_one_text_are_one_and_must_agree(tmp_path):
    twice = [{"text": TEXT, "label": "filler"}, {"text": f" {TEXT}\n", "label": "machine"}]
    (found,), copies = read_user_labels(rows(tmp_path / "a.jsonl", *twice))
    assert (found.is_filler, found.is_machine, copies) == (True, True, 1)
    with pytest.raises(SourceError, match="rows 1 and 3 are the same text with different labels"):
        read_user_labels(rows(tmp_path / "b.jsonl", *twice, {"text": TEXT, "label": "substantive"}))
    with pytest.raises(SourceError, match="holds no rows"):
        read_user_labels(rows(tmp_path / "c.jsonl"))


# --- the method, on made-up parts


def drawn(random, n, multipliers, intercept=-1.0):
    """Parts of a base logit and labels drawn from the logit with other multipliers."""
    parts = random.normal(0, 1.2, (n, len(multipliers)))
    truth = random.random(n) < 1 / (1 + np.exp(-(parts @ np.array(multipliers) + intercept)))
    return parts, truth


def evidence(parts, truth, groups=None, intercept=-1.0):
    rate = float(truth.mean())
    return Evidence("score", parts, truth, tuple(groups or map(str, range(len(truth)))), intercept, rate)


def test_many_labels_find_the_multipliers():
    true = (0.5, 2.0, 1.0, 1.0)
    parts, truth = drawn(np.random.default_rng(1), 20_000, true, 0.3)
    found = fit(parts, truth, -1.0, 1.0)
    assert found.multipliers == pytest.approx(true, abs=0.1)
    assert found.intercept == pytest.approx(0.3, abs=0.1)


def test_few_labels_stay_near_the_base():
    parts, truth = drawn(np.random.default_rng(2), 2 * LEAST, [1.0] * 4)
    wide, narrow = (fit(parts, truth, -1.0, tau).multipliers for tau in (1.0, 0.1))
    slope = fit(parts, truth, -1.0, 0.0).multipliers
    assert np.ptp(slope) == 0
    assert np.abs(narrow - slope).max() < 0.1 * np.abs(wide - slope).max() + 0.05


def test_no_multiplier_turns_negative():
    parts, truth = drawn(np.random.default_rng(3), 2000, (-2.0, 1.0))
    assert (fit(parts, truth, -1.0, 1.0).multipliers > 0).all()
    assert (fit(parts, ~truth, 1.0, 0.0).multipliers > 0).all()


def test_with_few_of_a_class_only_slope_and_intercept_are_fitted():
    random = np.random.default_rng(4)
    parts, truth = drawn(random, 1500, (0.2, 2.5, 1.0))
    few = np.concatenate((np.flatnonzero(truth)[: LEAST_REFIT - 1], np.flatnonzero(~truth)))
    assert learn(parts[few], truth[few], [str(i) for i in few], -1.0, 0).tau == 0
    assert learn(parts, truth, [str(i) for i in range(1500)], -1.0, 0).tau > 0


def test_what_is_told_of_adapted_heads_holds_for_new_texts():
    """Cross-validation must not flatter: its log loss is that on fresh texts, up to chance."""
    random = np.random.default_rng(5)
    parts, truth = drawn(random, 600, (0.3, 2.0, 1.0, 0.6, 1.4))
    fresh, fresh_truth = drawn(random, 20_000, (0.3, 2.0, 1.0, 0.6, 1.4))
    groups = [str(i) for i in range(600)]
    told = log_loss(truth, cross_validated(parts, truth, groups, -1.0, 0))
    real = log_loss(fresh_truth, learn(parts, truth, groups, -1.0, 0).logit(fresh))
    before = log_loss(fresh_truth, fresh.sum(axis=1) - 1.0)
    assert told == pytest.approx(real, abs=0.06)
    assert real < before - 0.02


def test_a_head_that_is_right_already_is_rarely_changed_and_never_much_worse(monkeypatch):
    monkeypatch.setattr(adapt, "_RESAMPLES", 2)  # intervals do not matter here
    random = np.random.default_rng(6)
    kept, losses = 0, []
    for _ in range(25):
        parts, truth = drawn(random, 120, [1.0] * 6)
        outcome = adapt_head(evidence(parts, truth), 0)
        kept += outcome.fit is None
        fresh, fresh_truth = drawn(random, 5000, [1.0] * 6)
        after = fresh.sum(axis=1) - 1.0 if outcome.fit is None else outcome.fit.logit(fresh)
        losses.append(log_loss(fresh_truth, after) - log_loss(fresh_truth, fresh.sum(axis=1) - 1.0))
    assert kept >= 13
    assert np.mean(losses) < 0.015
    assert max(losses) < 0.06


def test_labels_that_mean_nothing_change_nothing():
    random = np.random.default_rng(7)
    parts, truth = drawn(random, 300, [1.0] * 4)
    outcome = adapt_head(evidence(parts, random.permutation(truth)), 0)
    if outcome.fit is not None:  # the base is overconfident about noise; all that can be learnt is to say nothing
        assert outcome.fit.multipliers.max() < 0.3


def test_groups_are_held_out_whole():
    random = np.random.default_rng(8)
    truth = np.repeat(random.random(40) < 0.5, 10)
    groups = [f"author {i // 10}" for i in range(400)]
    fold = folds_of(truth, groups, 0)
    for name in set(groups):
        assert len({f for f, g in zip(fold.tolist(), groups, strict=True) if g == name}) == 1
    assert np.bincount(fold, minlength=5).min() >= 70
    single = folds_of(truth, [str(i) for i in range(400)], 0)
    shares = [truth[single == k].mean() for k in range(5)]
    assert max(shares) - min(shares) < 0.03
    assert np.array_equal(fold, folds_of(truth, groups, 0))


@pytest.mark.parametrize(("positives", "negatives"), [(LEAST - 1, 300), (300, LEAST - 4)])
def test_too_few_texts_are_refused_with_what_is_missing(positives, negatives):
    truth = np.array([True] * positives + [False] * negatives)
    parts = np.random.default_rng(9).normal(0, 1, (len(truth), 3))
    outcome = adapt_head(evidence(parts, truth), 0)
    assert outcome.fit is None
    missing = f"{LEAST - min(positives, negatives)} more labelled {'filler' if positives < LEAST else 'substantive'}"
    assert outcome.why.endswith(f"{LEAST} of each are needed: give {missing}")


# --- whole models


@pytest.fixture(scope="module")
def labelled(stories, small, tmp_path_factory):
    """Stories, labelled by a rule that the small model's random heads do not know."""
    records = []
    for story in stories[:160]:
        report = small.score(story.text)
        machine = report.features["sentence_length"] + len(story.id) % 2 > 18.0
        records.append(
            {
                "text": story.text,
                "label": "machine" if machine else "human",
                "sentences": [[a, b, letter] for (a, b), letter in zip(story.segments, story.letters, strict=True)],
                "group": story.story,
            }
        )
    return rows(tmp_path_factory.mktemp("labels") / "labels.jsonl", *records, {"text": "Short.", "label": "filler"})


@pytest.fixture(scope="module")
def adapted(labelled, small_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("adapted") / "model"
    before = {path.name: path.read_bytes() for path in small_folder.iterdir()}
    told = []
    outcomes = adapt_model(labelled, str(small_folder), folder, "ours-1", 0, 1, told.append)
    assert {path.name: path.read_bytes() for path in small_folder.iterdir()} == before
    assert "160 different texts scored by small; left out: 0 copies, 1 too short or not English" in told[0]
    return folder, outcomes


def test_an_adapted_model_loads_and_its_reasons_are_exact(adapted, small, stories):
    folder, outcomes = adapted
    scorer = Scorer.load(folder)
    assert scorer.model_name == "ours-1"
    assert {outcome.on for outcome in outcomes if outcome.fit} == {"score", "machine_score"}
    for story in stories[240:260]:
        report, before = scorer.score(story.text), small.score(story.text)
        for score, intercept, reasons in (
            (report.score, report.intercept, report.reasons),
            (report.machine_score, report.machine_intercept, report.machine_reasons),
        ):
            total = intercept + sum(reason.contribution for reason in reasons)
            assert math.log(score / (1 - score)) == pytest.approx(total, abs=1e-6)
        assert report.score != before.score
        assert report.machine_score != before.machine_score
        same = [repr(sentence.filler) for sentence in before.sentences]  # NaN equals itself in writing
        assert [repr(sentence.filler) for sentence in report.sentences] == same
        assert {r.feature for r in report.machine_reasons} == {r.feature for r in before.machine_reasons}


def test_every_reason_is_the_base_reason_times_its_multiplier(adapted, small, stories):
    folder, outcomes = adapted
    scorer = Scorer.load(folder)
    multipliers = {outcome.on: outcome.fit.multipliers for outcome in outcomes}
    names = scorer.model.document.names[2:]
    for story in stories[240:245]:
        before = {r.feature: r.contribution for r in small.score(story.text).reasons}
        for reason in scorer.score(story.text).reasons:
            place = names.index(reason.feature) + 1 if reason.feature in names else 0
            expected = before[reason.feature] * multipliers["score"][place]
            assert reason.contribution == pytest.approx(expected, abs=1e-9)


def test_the_logit_told_is_the_logit_of_the_written_model(adapted, small, labelled):
    """No skew: what was fitted is what the folder scores, but for the shift back to the base rate."""
    folder, outcomes = adapted
    texts, _ = read_user_labels(labelled)
    judged = [(text, small.score(text.text)) for text in texts[:30]]
    scorer = Scorer.load(folder)
    for found, outcome in zip(evidence_of(small.model, judged), outcomes, strict=True):
        for parts, (text, _) in zip(found.parts, judged, strict=True):
            report = scorer.score(text.text)
            score = getattr(report, outcome.on)
            assert math.log(score / (1 - score)) == pytest.approx(float(outcome.fit.logit(parts)), abs=1e-5)


def test_the_card_says_what_was_adapted_from_what_and_how_well(adapted, small_folder):
    folder, outcomes = adapted
    card = (folder / "card.md").read_text()
    assert card.startswith("# Model card: ours-1\n")
    assert f"small (digest {model_digest(small_folder)[:12]}) adapted" in card
    for outcome in outcomes:
        assert f"- {outcome.why}.\n" in card
        for item in outcome.figures:
            assert item.name in card
    values = {item.name: item for item in outcomes[0].figures}
    gain = values["log loss, after less before (below 0: better)"]
    assert gain.value == pytest.approx(values["log loss, after"].value - values["log loss, before"].value)
    assert gain.low <= gain.value <= gain.high < 0


def test_an_adapted_model_has_a_reference_of_its_own(adapted):
    folder, _ = adapted
    content = json.loads((folder / "reference.json").read_text())
    assert content["model"] == "ours-1"
    assert content["digest"] == model_digest(folder)
    assert content["groups"]["all"]["n"] == 161


# --- the command


def test_the_command_prints_figures_before_and_after(labelled, small_folder, tmp_path):
    result = run("train", "--labels", labelled, "--base", small_folder, "-o", tmp_path / "m", "--jobs", 1)
    assert result.exit_code == 0, result.output
    for said in ("score adapted to", "| AUROC, before |", "| AUROC, after |", "detector score --model"):
        assert said in result.stdout
    assert Scorer.load(tmp_path / "m").model_name == "custom-1"


def test_too_few_labels_write_nothing(labelled, small_folder, tmp_path):
    lines = labelled.read_text().splitlines(keepends=True)
    (tmp_path / "few.jsonl").write_text("".join(lines[:12]))
    result = run("train", "--labels", tmp_path / "few.jsonl", "--base", small_folder, "-o", tmp_path / "m", "--jobs", 1)
    assert result.exit_code == 2
    assert "Nothing was adapted" in result.stderr
    assert f"{LEAST} of each are needed" in result.stderr
    assert not (tmp_path / "m").exists()


def test_the_base_is_never_written_over(labelled, small_folder):
    result = run("train", "--labels", labelled, "--base", small_folder, "-o", small_folder)
    assert result.exit_code == 2
    assert "is the base model itself, which is never touched" in result.stderr


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--labels", "x.jsonl", "--corpora", "y"], "--corpora is for training anew"),
        (["--labels", "x.jsonl", "--licences", "open"], "--licences is for training anew"),
        (["--base", "y"], "give --labels FILE too"),
        (["--labels", "/nowhere/x.jsonl"], "There is no file /nowhere/x.jsonl"),
        (["--labels", "LABELS", "--base", "/nowhere"], "/nowhere holds no model"),
    ],
)
def test_wrong_usage_is_refused_in_a_sentence(more, message, labelled, tmp_path):
    more = [str(labelled) if part == "LABELS" else part for part in more]
    result = run("train", "-o", tmp_path / "m", *more)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (tmp_path / "m").exists()
