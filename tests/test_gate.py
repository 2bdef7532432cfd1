"""The gate: it passes what is as good as before, sees what is not, and no floor falls without a reason that stays."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from detector.cli import evaluate as command
from detector.cli import main
from detector.training import gate, report
from detector.training.background import train_background
from detector.training.evaluate import filler_figures, judge
from detector.training.figures import Figure
from detector.training.material import gather
from detector.training.metrics import auroc
from detector.training.sentence import Recipe
from detector.training.sources import ENVIRONMENT, SourceError, load_stories
from detector.training.train import train_sentences

ROOT = Path(__file__).parents[1]
STORIES = ROOT / "data" / "stories" / "stories.jsonl"
TINY = Recipe(hidden=16, seeds=1, epochs=(12, 8))
MARGIN = 0.05
GOOD = Figure("articles", "score", 0.95)
ERROR = Figure("articles", "error", 0.03, at_most=True)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "gate.json"
    floors = {"articles: score": 0.9, "articles: error": 0.04}
    path.write_text(json.dumps({"note": "kept", "reasons": {}, "digests": {}, "floors": floors}), encoding="utf-8")
    return path


def held(path):
    return json.loads(path.read_text(encoding="utf-8"))


# Floors


def test_raising_a_floor_is_free(file):
    told = gate.update_floors([GOOD, ERROR], {"articles: score": 0.94, "articles: error": 0.035}, None, file)
    assert held(file)["floors"] == {"articles: score": 0.94, "articles: error": 0.035}
    assert held(file)["reasons"] == {}
    assert held(file)["note"] == "kept"
    assert told == ["articles: score: floor 0.9 → 0.94", "articles: error: floor 0.04 → 0.035"]


@pytest.mark.parametrize("floors", [{"articles: score": 0.8}, {"articles: error": 0.05}])
@pytest.mark.parametrize("reason", [None, "", "ok", "   because    "])
def test_lowering_a_floor_takes_a_reason(file, floors, reason):
    before = file.read_text(encoding="utf-8")
    with pytest.raises(SourceError, match="--reason"):
        gate.update_floors([GOOD, ERROR], floors, reason, file)
    assert file.read_text(encoding="utf-8") == before


def test_the_reason_of_a_lowered_floor_stays_in_the_file(file):
    why = "The labels of forty articles were corrected."
    gate.update_floors([GOOD, ERROR], {"articles: score": 0.8}, why, file)
    gate.update_floors([GOOD, ERROR], {"articles: score": 0.7}, "And forty more were corrected.", file)
    gate.update_floors([GOOD, ERROR], {"articles: score": 0.93}, None, file)
    first, second = held(file)["reasons"]["articles: score"]
    assert (first["from"], first["to"], first["reason"]) == (0.9, 0.8, why)
    assert (second["from"], second["to"]) == (0.8, 0.7)
    assert held(file)["floors"]["articles: score"] == 0.93


def test_floors_are_changed_all_or_none(file):
    with pytest.raises(SourceError, match="--reason"):
        gate.update_floors([GOOD, ERROR], {"articles: score": 0.94, "articles: error": 0.05}, None, file)
    assert held(file)["floors"]["articles: score"] == 0.9


def test_a_floor_is_for_a_measured_figure_that_reaches_it(file):
    with pytest.raises(SourceError, match="no figure is called 'articles: nothing'"):
        gate.update_floors([GOOD], {"articles: nothing": 0.5}, None, file)
    with pytest.raises(SourceError, match="would miss"):
        gate.update_floors([GOOD], {"articles: score": 0.96}, None, file)
    undefined = Figure("articles", "score", float("nan"))
    with pytest.raises(SourceError, match="would miss"):
        gate.update_floors([undefined], {"articles: score": 0.1}, "It cannot be measured today.", file)
    assert gate.failures([undefined, ERROR], {}, file)


def test_other_data_takes_a_reason_and_new_data_does_not(file, tmp_path):
    data = tmp_path / "gold"
    data.write_text("one", encoding="utf-8")
    gate.pin_data({"gold": data}, None, file)
    assert held(file)["digests"] == {"gold": gate.sha256(data)}
    assert gate.pin_data({"gold": data}, None, file) == []
    data.write_text("two", encoding="utf-8")
    assert "not the file" in gate.failures([GOOD, ERROR], {"gold": data}, file)[0]
    with pytest.raises(SourceError, match="--reason"):
        gate.pin_data({"gold": data}, None, file)
    gate.pin_data({"gold": data}, "Labels of forty articles were corrected.", file)
    assert held(file)["reasons"]["data gold"][0]["to"] == gate.sha256(data)
    assert gate.failures([GOOD, ERROR], {"gold": data}, file) == []


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"digests": {}}', '{"digests": {}, "floors": []}'])
def test_a_broken_gate_file_is_told_in_a_sentence(tmp_path, content):
    path = tmp_path / "gate.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match="is not a gate file"):
        gate.failures([GOOD], {}, path)


def test_the_gate_of_the_project_pins_what_it_is_measured_on():
    pinned = gate.read_gate(ROOT / "tests" / "gate.json")
    assert set(pinned["digests"]) == {"gold", "stories"}
    assert pinned["digests"]["stories"] == gate.sha256(STORIES)
    assert len(pinned["floors"]) >= 10


# The command


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A clone with a gate file and stories, and a measurement that takes no time."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "data" / "stories").mkdir(parents=True)
    (tmp_path / "data" / "stories" / "stories.jsonl").write_text("a story", encoding="utf-8")
    floors = {"articles: score": 0.9}
    (tmp_path / "tests" / "gate.json").write_text(json.dumps({"digests": {}, "floors": floors}), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    asked = []

    def measure(settings, parts, model, log):
        asked.append(tuple(parts))
        return report.Results([GOOD])

    monkeypatch.setattr(report, "measure", measure)
    return asked


def invoke(*arguments):
    return CliRunner().invoke(main, ["evaluate", "--gate", *arguments])


def test_the_gate_retrains_the_sentence_and_document_heads(project):
    run = invoke()
    assert run.exit_code == 0, run.output
    assert "gate: passed" in run.output
    assert project == [("filler",)]
    assert "filler" in command.DEFAULT


def test_a_lowered_floor_needs_its_flag_and_its_reason(project):
    name = "articles: score"
    run = invoke("--update-floor", name, "0.5")
    assert run.exit_code == 2
    assert "--reason" in run.output
    assert held(Path("tests/gate.json"))["floors"] == {name: 0.9}
    run = invoke("--update-floor", name, "0.5", "--reason", "Half of the labels were drawn anew.")
    assert run.exit_code == 0, run.output
    assert held(Path("tests/gate.json"))["floors"] == {name: 0.5}
    assert held(Path("tests/gate.json"))["reasons"][name][0]["reason"] == "Half of the labels were drawn anew."


def test_a_worse_figure_ends_with_status_1(project, monkeypatch):
    monkeypatch.setattr(report, "measure", lambda *_: report.Results([replace(GOOD, value=0.8)]))
    run = invoke()
    assert run.exit_code == 1
    assert "gate: failed" in run.output
    assert "0.8000, at least 0.9 expected" in run.output


def test_new_data_is_pinned_by_its_flag(project):
    assert invoke("--new-data").exit_code == 0
    assert "stories" in held(Path("tests/gate.json"))["digests"]
    Path("data/stories/stories.jsonl").write_text("another story", encoding="utf-8")
    assert invoke().exit_code == 1
    assert invoke("--new-data").exit_code == 2


# Scrambled labels


def scrambled(articles, seed=0):
    """Return the articles with their letters shuffled over the whole of them: as many of each, in wrong places."""
    rng = np.random.default_rng(seed)
    letters = iter(rng.permutation(list("".join(a.letters for a in articles))).tolist())
    return [replace(a, letters="".join(next(letters) for _ in a.letters)) for a in articles]


def train(articles, recipe=TINY):
    background = train_background((article.text for article in articles), seed=0)
    return train_sentences(articles, background, recipe, 0, 1, lambda message: None)


def pinned_floors(figures, path):
    """Write a gate with every figure that has a target as its floor, less a margin."""
    kept = [item for item in figures if not np.isnan(item.floor) and not np.isnan(item.value)]
    floors = {gate.key(item): abs(item.value) + MARGIN if item.at_most else item.value - MARGIN for item in kept}
    path.write_text(json.dumps({"digests": {}, "floors": floors}), encoding="utf-8")
    return floors


def compare(articles, path):
    """Pin the floors of a run, then see what the gate says of it and of one that learnt from scrambled labels."""
    honest = train(articles)
    figures = filler_figures(honest, 1)
    floors = pinned_floors(figures, path)
    assert len(floors) >= 5
    assert gate.failures(figures, {}, path) == []
    blind = train(scrambled(articles))
    return honest, blind, gate.failures(filler_figures(blind, 1), {}, path)


def test_the_gate_fails_when_the_labels_of_the_stories_are_scrambled(tmp_path):
    honest, blind, found = compare(load_stories(STORIES)[:60], tmp_path / "gate.json")
    missed = Counter(sentence.split(",")[0] for sentence in found)
    assert any("sentence AUROC" in sentence for sentence in found)
    assert any("padded above" in sentence for sentence in found), missed
    # Nor does what was learnt from them say anything of the true labels.
    data = honest.stack.data
    prose = data.is_prose & (data.weight > 0)
    assert auroc(data.is_filler[prose], judge(honest).filler[prose]) > 0.85
    assert 0.3 < auroc(data.is_filler[prose], judge(blind).filler[prose]) < 0.7


@pytest.mark.slow
@pytest.mark.corpora
def test_the_gate_fails_when_the_labels_of_the_articles_are_scrambled(tmp_path):
    """The whole of the labelled articles, small networks: about ten minutes on two cores."""
    folder = os.environ.get(ENVIRONMENT)
    if not folder:
        pytest.skip(f"{ENVIRONMENT} is not set: the texts of the corpora are not part of the repository")
    material = gather(Path(folder), ROOT / "data", None)
    articles = [a for a in material.articles if a.fold is not None]
    _, blind, found = compare(articles, tmp_path / "gate.json")
    for name in ("sentences: filler against claim, AUROC", "articles: filler share, Spearman", "padded above full"):
        assert any(name in sentence for sentence in found)
    # The floors of the project itself, too.
    pinned = gate.failures(filler_figures(blind, 1), {}, ROOT / "tests" / "gate.json")
    assert len([sentence for sentence in pinned if "expected" in sentence]) >= 8
