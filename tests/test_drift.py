import json
import math
from collections import Counter

import numpy as np
import pytest
from command import run

from detector import Scorer
from detector.calibration import model_digest
from detector.report import NAN, Report, failed
from detector.training.drift import advice, compare, harmonic, holm, least_visible
from detector.training.reference import (
    ALL,
    LEAST_TEXTS,
    DriftError,
    Group,
    Sample,
    group_of,
    lines_of,
    read_reference,
    reference_of,
    write_reference,
)

ALPHA = 0.05
NAMES = [f"feature_{k}" for k in range(12)]


def drawn(random, n):
    """The same without the reports, which are slow to make."""
    values = random.normal(0, 1, (len(NAMES), n)) + 0.5 * random.normal(0, 1, n)
    values[4:8] = np.maximum(values[4:8] - 1, 0)
    values[8:] = np.round(values[8:])
    columns = dict(
        zip(["score", "machine_score", "filler_share", "words", *NAMES], [*values[:4], *values], strict=True)
    )
    labels = random.choice(["substantive", "unclear", "filler", "too_short"], p=[0.7, 0.1, 0.1, 0.1], size=n)
    counts = Counter(labels.tolist()) + Counter({"flag machine": int(random.binomial(n, 0.05))})
    return Sample(n, {name: column.tolist() for name, column in columns.items()}, counts)


def reports(random, n, shift=0.0, spread=1.0, labels=(0.7, 0.1, 0.1, 0.1), machine=0.05):
    """Made-up reports: some features continuous, some mostly zero, some on a few levels, all of them correlated."""
    made = []
    for common in random.normal(0, 1, n):
        own = random.normal(0, 1, len(NAMES)) + 0.5 * common
        values = own * spread
        values[0] += shift
        values[4:8] = np.maximum(values[4:8] - 1, 0)
        values[8:] = np.round(values[8:])
        label = random.choice(["substantive", "unclear", "filler", "too_short"], p=labels)
        if label == "too_short":
            made.append(Report(NAN, "too_short", words=9))
            continue
        score = 1 / (1 + math.exp(2 - common))
        made.append(
            Report(
                score,
                label,
                filler_share=score / 2,
                machine_score=float(random.random()),
                flags=("machine",) * bool(random.random() < machine),
                words=int(random.integers(100, 900)),
                features=dict(zip(NAMES, values.tolist(), strict=True)),
            )
        )
    return made


def sample(items):
    found = Sample()
    for report in items:
        found.add(report)
    return found


def reference(items) -> Group:
    return group_of(sample(items))


# --- alarms


@pytest.mark.parametrize("m", [40, 400])
def test_fresh_texts_like_those_of_the_reference_rarely_alarm(m):
    random = np.random.default_rng(m)
    runs = 120
    alarms = significant = 0
    for _ in range(runs):
        changes = compare(group_of(drawn(random, 300)), drawn(random, m), ALPHA)
        assert len(changes) == len(NAMES) + 4 + 4 + 1
        alarms += any(change.moved for change in changes)
        significant += any(change.p <= ALPHA for change in changes)
    highest = ALPHA * runs + 3 * math.sqrt(ALPHA * (1 - ALPHA) * runs)
    assert alarms <= significant <= highest


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"shift": 1.0}, "feature_0"),
        ({"spread": 3.0}, "feature_2"),
        ({"labels": (0.4, 0.1, 0.4, 0.1)}, "filler"),
        ({"machine": 0.3}, "flag machine"),
    ],
)
def test_what_really_moved_is_named(change, name):
    random = np.random.default_rng(5)
    for _ in range(10):
        changes = compare(reference(reports(random, 400)), sample(reports(random, 200, **change)), ALPHA)
        assert name in {found.name for found in changes if found.moved}
        if "shift" in change:
            assert changes[0].name == name
            assert changes[0].shift == pytest.approx(1.0 / math.sqrt(1.25), abs=0.25)
            assert changes[0].now - changes[0].before == pytest.approx(1.0, abs=0.4)


def test_a_huge_batch_does_not_alarm_for_a_change_that_does_not_matter():
    random = np.random.default_rng(6)
    slightly = drawn(random, 12_000)
    slightly.values["feature_0"] = [value + 0.13 for value in slightly.values["feature_0"]]
    changes = compare(group_of(drawn(random, 12_000)), slightly, ALPHA)
    slight = next(change for change in changes if change.name == "feature_0")
    assert slight.p < ALPHA
    assert slight.distance < 0.1
    assert not slight.moved


def test_a_small_batch_is_told_what_it_could_not_see():
    visible = least_visible(300, 40, 21, ALPHA)
    p = 2 * math.exp(-2 * harmonic(300, 40) * visible**2)
    assert 21 * p == pytest.approx(ALPHA)


def test_too_small_a_batch_is_refused():
    random = np.random.default_rng(7)
    known = reference(reports(random, 100))
    compare(known, sample(reports(random, LEAST_TEXTS)), ALPHA)
    with pytest.raises(DriftError, match="19 texts are too few"):
        compare(known, sample(reports(random, LEAST_TEXTS - 1)), ALPHA)


def test_the_distance_is_that_of_the_two_distributions():
    known = reference([Report(0.5, "unclear", words=w) for w in range(1, 101)])
    batch = sample([Report(0.5, "unclear", words=w) for w in range(31, 131)])
    words = next(change for change in compare(known, batch, ALPHA) if change.name == "words")
    assert words.distance == pytest.approx(0.3)
    assert (words.before, words.now) == (50.5, 80.5)
    assert words.moved


def test_holm_adjusts_as_published():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_advice_says_when_to_calibrate_again():
    random = np.random.default_rng(8)
    known = reference(reports(random, 400))

    def told(**change):
        found = compare(known, sample(reports(random, 400, **change)), ALPHA)
        return " ".join(advice([one for one in found if one.moved]))

    assert "no need to calibrate again." in told()
    assert "The scores themselves have not moved" in told(shift=1.0)
    assert "Calibrate again before you rely on score" in told(labels=(0.4, 0.1, 0.4, 0.1))
    assert "Calibrate again before you rely on machine_score" in told(machine=0.4)
    longer = [Report(r.score, r.label, words=r.words * 3) for r in reports(random, 400)]
    assert "longer than those of the reference" in " ".join(
        advice([one for one in compare(known, sample(longer), ALPHA) if one.moved])
    )


# --- files


def test_a_reference_keeps_groups_of_a_hundred_texts_and_leaves_failures_out():
    random = np.random.default_rng(9)
    items = [*reports(random, 250), failed("unreadable")]
    groups = [("human", "news")] * 120 + [("machine", "news")] * 99 + [("machine", "essay")] * 32
    found = reference_of(items, "m", "d", groups)
    assert {name: group.n for name, group in found.groups.items()} == {
        ALL: 250,
        "human": 120,
        "news": 219,
        "machine": 130,
    }
    judged = [r for r in items[:250] if r.label != "too_short"]
    assert found.groups[ALL].measures["score"].n == len(judged)
    assert found.groups[ALL].labels["too_short"] == 250 - len(judged)


def test_a_file_gives_back_what_was_written(tmp_path):
    found = reference_of(reports(np.random.default_rng(1), 60), "m", "d")
    (tmp_path / "r.json").write_text("\n".join(lines_of(found)))
    assert read_reference(tmp_path / "r.json", "d") == found
    with pytest.raises(DriftError, match=r"another model \(m\)"):
        read_reference(tmp_path / "r.json", "e")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no reference"),
        (b"{", "is not JSON"),
        (b"\xff\xff", "is not JSON"),
        (b"[]", "is not a reference"),
        (b"[" * 200_000, "is not JSON"),
        ({"kind": "other"}, "is not a reference"),
        ({"groups": {}}, "is damaged"),
        ({"groups": {"all": {"n": 3}}}, "is damaged"),
        ({"groups": {"all": {"n": 3, "labels": {}, "measures": {"score": {}}}}}, "is damaged"),
        ({"groups": 3}, "is damaged"),
    ],
)
def test_a_file_that_is_no_sound_reference_is_one_sentence(content, message, tmp_path):
    file = tmp_path / "r.json"
    if isinstance(content, dict):
        whole = json.loads("\n".join(lines_of(reference_of(reports(np.random.default_rng(1), 30), "m", "d"))))
        content = json.dumps({**whole, **content}).encode()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(DriftError, match=message):
        read_reference(file, "d")


def spoilt(place, value):
    """Return a reference with one value replaced: ``place`` is the way to it from the group of all texts."""
    content = json.loads("\n".join(lines_of(reference_of(reports(np.random.default_rng(1), 30), "m", "d"))))
    *way, last = place
    target = content["groups"][ALL]
    for key in way:
        target = target[key]
    target[last] = value
    return json.dumps(content)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (["n"], -30),
        (["n"], 10**30),
        (["n"], "30"),
        (["n"], True),
        (["n"], 30.5),
        (["labels"], {"filler": -1}),
        (["labels"], {"filler": 31}),
        (["measures", "score", "n"], 0),
        (["measures", "score", "n"], 31),
        (["measures", "score", "sd"], -1.0),
        (["measures", "score", "mean"], math.nan),
        (["measures", "score", "median"], "x" * 10_000),
        (["measures", "score", "points", 0], math.inf),
        (["measures", "score", "points", 0], 9.0),
        (["measures", "score", "below", 0], -0.5),
        (["measures", "score", "below", -1], 1.5),
        (["measures", "score", "below", 0], 10**400),
    ],
    ids=str,
)
def test_numbers_that_no_texts_could_have_given_are_damage(place, value, tmp_path):
    file = tmp_path / "r.json"
    file.write_text(spoilt(place, value))
    with pytest.raises(DriftError, match="is damaged") as caught:
        read_reference(file, "d")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200 + len(str(file))


@pytest.mark.parametrize("n", [0, 1, LEAST_TEXTS - 1, LEAST_TEXTS])
def test_a_reference_is_of_as_many_texts_as_a_batch(n, tmp_path):
    file = tmp_path / "r.json"
    file.write_text("\n".join(lines_of(reference_of(reports(np.random.default_rng(1), n), "m", "d"))))
    if n == LEAST_TEXTS:
        assert read_reference(file, "d").groups[ALL].n == n
        return
    with pytest.raises(DriftError, match=f"is of {n} texts, too few .* at least 20 different ones"):
        read_reference(file, "d")


def test_a_folder_is_not_called_a_reference_that_is_not_there(tmp_path):
    with pytest.raises(DriftError, match=r"cannot be read \(is a directory\)"):
        read_reference(tmp_path, "d")


# --- the command


@pytest.fixture(scope="module")
def batches(stories, tmp_path_factory):
    """Three files: full stories, other full stories, padded ones."""
    folder = tmp_path_factory.mktemp("batches")
    full = [story.text for story in stories if story.version == "full"]
    padded = [story.text for story in stories if story.version == "padded"]
    for name, texts in (("march", full[:100:2]), ("april", full[1:100:2]), ("padded", padded[1:100:2])):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return folder


@pytest.fixture(scope="module")
def march(batches, small_folder):
    result = run("drift", batches / "march.jsonl", "--model", small_folder, "--write-reference", batches / "march.json")
    assert result.exit_code == 0, result.output
    assert "50 texts scored" in result.stderr
    return batches / "march.json"


def drift(batches, march, small_folder, name, *more):
    return run("drift", batches / f"{name}.jsonl", "--model", small_folder, "--reference", march, *more)


def test_texts_like_those_of_the_reference_do_not_fail(batches, march, small_folder):
    result = drift(batches, march, small_folder, "april", "--fail-if-drifted")
    assert result.exit_code == 0, result.output
    assert "0 of " in result.stdout
    assert "Nothing moved enough to matter" in result.stdout
    assert "With 50 texts only a distance of 0." in result.stdout


def test_other_texts_fail_when_that_is_asked_for(batches, march, small_folder):
    result = drift(batches, march, small_folder, "padded", "--fail-if-drifted")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    head = next(place for place, line in enumerate(lines) if line.startswith("what moved"))
    found = [line.split()[0] for line in lines[head + 1 : lines.index("", head)]]
    assert {"abstract_word_share", "generic_phrase_density", "stale_sentences"} <= set(found)
    assert drift(batches, march, small_folder, "padded").exit_code == 0


def test_json_holds_every_comparison(batches, march, small_folder):
    result = drift(batches, march, small_folder, "padded", "--format", "json")
    content = json.loads(result.stdout)
    assert content["drifted"] is True
    assert (content["texts"], content["reference_texts"]) == (50, 50)
    names = {one["name"] for one in content["comparisons"]}
    assert {"score", "machine_score", "words", "repetition", "substantive"} <= names
    moved = [one for one in content["comparisons"] if one["moved"]]
    assert moved == content["comparisons"][: len(moved)]
    distances = [one["distance"] for one in moved]
    assert distances == sorted(distances, reverse=True)
    assert content["advice"]


def test_a_model_brings_the_reference_of_its_training(batches, small_model, small_folder, stories, tmp_path):
    small_model.save(tmp_path / "model")
    result = run("drift", batches / "april.jsonl", "--model", tmp_path / "model")
    assert result.exit_code == 2
    assert "there is no reference" in result.stderr
    assert "--write-reference" in result.stderr
    scorer = Scorer.load(tmp_path / "model")
    before = model_digest(tmp_path / "model")
    full = [story.text for story in stories if story.version == "full"]
    file = write_reference(
        tmp_path / "model", scorer.score_many(full), [(("human",) if i < 110 else ()) for i in range(len(full))]
    )
    assert file == tmp_path / "model" / "reference.json"
    assert model_digest(tmp_path / "model") == before
    for group in ("all", "human"):
        result = run("drift", batches / "april.jsonl", "--model", tmp_path / "model", "--group", group)
        assert result.exit_code == 0
        assert f"against {len(full) if group == 'all' else 110} of the reference" in result.stdout
    result = run("drift", batches / "april.jsonl", "--model", tmp_path / "model", "--group", "poems")
    assert result.exit_code == 2
    assert "no group 'poems'; there are all, human" in result.stderr


def test_a_reference_of_another_model_is_refused(batches, march):
    result = run("drift", batches / "april.jsonl", "--reference", march)
    assert result.exit_code == 2
    assert "was made with another model (small)" in result.stderr


def test_writing_and_comparing_exclude_each_other(batches, march):
    result = run("drift", batches / "april.jsonl", "--reference", march, "--write-reference", "x.json")
    assert result.exit_code == 2
    assert "compares nothing" in result.stderr


def test_a_batch_that_is_too_small_is_refused(batches, march, small_folder, tmp_path):
    lines = (batches / "april.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "few.jsonl").write_text("".join(lines[:5] * 10))
    result = run("drift", tmp_path / "few.jsonl", "--model", small_folder, "--reference", march)
    assert result.exit_code == 2
    assert "5 texts are too few" in result.stderr


@pytest.mark.parametrize("more", [["--column", "nope"], []], ids=["no such column", "five texts"])
def test_too_few_texts_never_replace_a_reference(batches, march, small_folder, tmp_path, more):
    lines = (batches / "april.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "rows.jsonl").write_text("".join(lines if more else lines[:5] * 10))
    (tmp_path / "good.json").write_bytes(march.read_bytes())
    for name in ("good.json", "new.json"):
        result = run(
            "drift", tmp_path / "rows.jsonl", "--model", small_folder, "--write-reference", tmp_path / name, *more
        )
        assert result.exit_code == 2
        assert f"{0 if more else 5} texts are too few" in result.stderr
        assert "wrote" not in result.output
    assert (tmp_path / "good.json").read_bytes() == march.read_bytes()
    assert not (tmp_path / "new.json").exists()


def test_texts_too_short_to_judge_make_a_reference_only_in_number(small_folder, tmp_path):
    for n, status in ((1, 2), (LEAST_TEXTS, 0)):
        (tmp_path / "short.jsonl").write_text("".join(json.dumps({"text": f"Short {i}."}) + "\n" for i in range(n)))
        result = run("drift", tmp_path / "short.jsonl", "--model", small_folder, "--write-reference", tmp_path / "r")
        assert result.exit_code == status
        assert (tmp_path / "r").exists() == (status == 0)
    result = run("drift", tmp_path / "short.jsonl", "--model", small_folder, "--reference", tmp_path / "r")
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("content", ["[" * 200_000, '{"kind": 1}', spoilt(["n"], 0), ""])
def test_a_damaged_reference_ends_the_command_with_one_sentence(batches, small_folder, tmp_path, content):
    (tmp_path / "r.json").write_text(content)
    result = drift(batches, tmp_path / "r.json", small_folder, "april")
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert "write " in result.stderr
