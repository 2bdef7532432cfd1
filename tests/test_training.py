"""A whole training run in miniature: twenty-five stories in five folds, tiny networks."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detector import Scorer
from detector.training import document as documents
from detector.training.background import train_background
from detector.training.evaluate import filler_figures, judge
from detector.training.figures import Figure
from detector.training.gate import failures, sha256
from detector.training.material import gather
from detector.training.sentence import Recipe
from detector.training.sources import SourceError, load_stories
from detector.training.train import choose_borders, finish, train_sentences

STORIES = Path(__file__).parents[1] / "data" / "stories" / "stories.jsonl"
TINY = Recipe(hidden=16, seeds=1, epochs=(12, 8))


def silent(message: str) -> None:
    assert message


@pytest.fixture(scope="module")
def train():
    background = train_background((article.text for article in load_stories(STORIES)), seed=0)
    return lambda articles: train_sentences(articles, background, TINY, 0, 1, silent)


@pytest.fixture(scope="module")
def articles():
    return load_stories(STORIES)[:100]


@pytest.fixture(scope="module")
def filler(articles, train):
    return train(articles)


def by_name(figures):
    return {figure.name: figure.value for figure in figures}


def test_a_tiny_run_tells_padding_from_content(filler):
    figures = by_name(filler_figures(filler, 1))
    assert figures["padded above full, by filler share"] >= 0.9
    assert figures["sentence AUROC"] >= 0.85


def test_scrambled_labels_teach_nothing(articles, train):
    rng = np.random.default_rng(0)
    letters = iter(rng.permutation(list("".join(a.letters for a in articles))).tolist())
    scrambled = [replace(a, letters="".join(next(letters) for _ in a.letters)) for a in articles]
    figures = by_name(filler_figures(train(scrambled), 1))
    assert figures["sentence AUROC"] < 0.6


def test_every_prediction_is_by_a_head_that_did_not_see_the_fold(filler):
    data = filler.stack.data
    judged = judge(filler)
    for fold in filler.folds:
        rows = data.fold == fold
        logit = np.clip(filler.stack.predict("second", frozenset({fold}))[rows], -7, 7)
        assert np.array_equal(judged.filler[rows], 1 / (1 + np.exp(-logit)))
        assert not filler.stack.training(frozenset({fold}))[rows].any()


def test_the_run_is_the_same_twice(articles, filler, train):
    again = train(articles)
    first, second = (run.stack.predict("second", frozenset({0})) for run in (filler, again))
    assert np.array_equal(first, second)


def test_the_shipped_head_reads_as_the_training_did(filler):
    """What the runtime computes from an article is what training computed for its rows: no skew between the two."""
    data, without = filler.stack.data, frozenset({1})
    number = next(i for i, article in enumerate(filler.whole.articles) if article.fold == 1)
    rows = (data.article == number) & (data.weight > 0)
    logit = np.clip(filler.stack.predict("second", without)[rows], -7, 7)
    trained = documents.means(logit, data.weight[rows])
    assert filler.whole.means[without][number] == pytest.approx(trained, abs=1e-6)
    assert filler.heads[without].first.hidden.shape[1] == TINY.hidden


def test_a_model_without_machine_head_says_so(filler, tmp_path):
    model = finish(filler, "tiny", None, silent)
    model.save(tmp_path / "model")
    report = Scorer.load(tmp_path / "model").score(load_stories(STORIES)[1].text)
    assert np.isnan(report.machine_score)
    assert any("no machine head" in note for note in report.notes)
    assert report.model == "tiny"
    total = report.intercept + sum(reason.contribution for reason in report.reasons)
    assert np.log(report.score / (1 - report.score)) == pytest.approx(total, abs=1e-6)


def test_borders_keep_their_promises():
    rng = np.random.default_rng(1)
    share = rng.random(4000) ** 2
    score = np.clip(share + rng.normal(0, 0.1, 4000), 0.001, 0.999)
    human = np.ones(4000, bool)
    lower, upper = choose_borders(score, share, human)
    assert 0 < lower <= upper < 1
    assert (share[score < lower] >= 0.5).mean() <= 0.025
    assert (score[share < 0.33] >= upper).mean() <= 0.006


def test_cuts_end_with_a_sentence_and_keep_their_labels(articles):
    for cut in documents.cuts(articles[:8]):
        assert len(cut.letters) == len(cut.segments)
        assert cut.text.endswith(cut.text[cut.segments[-1][0] : cut.segments[-1][1]])


def test_data_alone_gives_the_stories(tmp_path):
    material = gather(None, STORIES.parents[1], None)
    assert len(material.articles) == 520
    assert list(material.rows()) == []
    with pytest.raises(SourceError, match="--data"):
        gather(None, tmp_path, None)


@pytest.mark.parametrize(
    ("value", "at_most", "floor", "fails"),
    [(0.9, False, 0.88, False), (0.87, False, 0.88, True), (0.03, True, 0.04, False), (-0.3, True, 0.2, True)],
)
def test_the_gate_sees_a_worse_figure(tmp_path, value, at_most, floor, fails):
    gate = tmp_path / "gate.json"
    gate.write_text(json.dumps({"digests": {}, "floors": {"articles: score": floor}}))
    found = failures([Figure("articles", "score", value, at_most=at_most)], {}, gate)
    assert bool(found) is fails


def test_the_gate_sees_other_data_and_a_missing_figure(tmp_path):
    data, gate = tmp_path / "stories", tmp_path / "gate.json"
    data.write_text("one")
    gate.write_text(json.dumps({"digests": {"stories": sha256(data)}, "floors": {"articles: score": 0.9}}))
    assert failures([Figure("articles", "score", 0.95)], {"stories": data}, gate) == []
    assert failures([], {"stories": data}, gate) == ["articles: score: not measured"]
    data.write_text("two")
    assert "not the file" in failures([Figure("articles", "score", 0.95)], {"stories": data}, gate)[0]
    with pytest.raises(SourceError, match="not a gate file"):
        failures([], {}, tmp_path / "none.json")
