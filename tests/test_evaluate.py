"""The figures of an evaluation: what they count, how they are told, what stands beside them."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from detector import Report
from detector.cli import main
from detector.training import (
    baselines,
    benchmark_sets,
    evaluate,
    figures,
    filler_rows,
    generators,
    genres,
    lengths,
    metrics,
    report,
)
from detector.training.figures import Figure, markdown
from detector.training.rates import CUTS, FILE, error_rates
from detector.training.readers import finished_reader
from detector.training.sources import Article, Row

PADDED = "It is important to note that only time will tell. " * 8
DENSE = "The council bought 14 buses from Wrightbus on 3 May for £4.1m, and sold its depot in Hull."


def article(id: str, letters: str, text: str | None = None, **fields: object) -> Article:
    text = " ".join(["w"] * len(letters)) if text is None else text
    segments = tuple((2 * i, 2 * i + 1) for i in range(len(letters)))
    base = Article(id, text, segments, letters, "human", "d", "news", "f", 0, "train")
    return replace(base, **fields)


# Baselines


def test_baselines_say_what_they_are_named_for():
    assert baselines.length("one two  three\n") == 3
    assert baselines.cliches(PADDED) > 5 > baselines.cliches(DENSE) == 0
    assert baselines.cliches("") == 0
    assert baselines.compression(PADDED) < 0.5 < baselines.compression(DENSE)
    assert baselines.compression("") == 1


def test_baselines_keep_the_order_of_the_texts():
    texts = ["w " * n for n in range(1, 40)]
    assert baselines.measure_baselines(texts)["length"].tolist() == list(range(1, 40))


def test_slop_guard_is_left_out_with_a_line_when_it_is_missing(monkeypatch):
    monkeypatch.setattr(baselines, "find_spec", lambda name: None)
    assert set(baselines.available()) == {"length", "clichés", "compression"}
    assert "pip install slop-guard" in baselines.NO_SLOP_GUARD


def test_slop_guard_prefers_dense_text():
    pytest.importorskip("slop_guard", reason=baselines.NO_SLOP_GUARD)
    slop = "Let us delve into the rich tapestry of this pivotal, groundbreaking and vibrant landscape. " * 6
    assert baselines.slop_guard(slop) < baselines.slop_guard(DENSE)


def test_a_baseline_counts_in_the_direction_that_serves_it():
    y = np.array([1, 1, 0, 0]) == 1
    values = {"length": np.array([1.0, 2.0, 3.0, 4.0]), "same": np.ones(4)}
    found = baselines.beside(values, lambda b: filler_rows.metrics.auroc(y, b))
    assert found == {"length": 1.0, "same": 0.5}


# Figures


def test_a_table_shows_value_interval_target_verdict_and_baselines():
    rows = [
        figures.figure("g", "good", filler_rows.metrics.Interval(0.9, 0.8, 1.0), 5, 0.85, beside={"length": 0.61}),
        Figure("g", "bad", 0.3, floor=0.2, at_most=True, note="why"),
        Figure("h", "plain", float("nan")),
    ]
    text = markdown(rows)
    assert "| good | 0.900 | 0.800 to 1.000 | 5 | ≥ 0.85 | met | length 0.61 |" in text
    assert "| bad (why) | 0.300 |  |  | ≤ 0.2 | **missed** |  |" in text
    assert "| plain | – |  |  |  |  |\n" in text
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert all(len({line.count("|") for line in table}) == 1 for table in tables)
    assert rows[0].to_dict()["beside"] == {"length": 0.61}
    assert rows[2].to_dict()["value"] is None


def test_three_kinds_counts_what_was_named_otherwise_as_missed():
    truth = np.array(list("CCRRGG"))
    assert metrics.macro_f1(truth, truth, "CRG") == 1.0
    # C: 2 hits of 2 named; R: 1 hit, 1 named; G: nothing hit, one named.
    assert metrics.macro_f1(truth, list("CCRGHB"), "CRG") == pytest.approx((1 + 2 / 3 + 0) / 3)


def predictions(articles, score, share=None):
    truth = np.array([a.filler_share for a in articles])
    filler = SimpleNamespace(
        whole=SimpleNamespace(
            articles=articles, fold=np.array([a.fold if a.fold is not None else -1 for a in articles])
        ),
        is_gold=np.ones(len(articles), bool),
    )
    judged = evaluate.Judged(np.zeros(0), np.array(score if share is None else share), truth, np.array(score))
    return filler, judged


def test_calibration_is_measured_by_source_and_small_ones_are_pooled():
    articles = [article(str(i), "G" if i % 2 else "C", dataset="big") for i in range(100)]
    articles += [article(str(i), "G" if i % 2 else "C", dataset=f"s{i % 4}", domain="blog") for i in range(96)]
    sure = [0.99 if i % 2 else 0.01 for i in range(100)]
    filler, judged = predictions(articles, [*sure, *([0.9] * 96)])
    rows = {item.name: item for item in filler_rows.calibration_figures(filler, judged)}
    assert rows["ECE, big"].value == pytest.approx(0.01)
    assert rows["ECE, smaller sources, blog"].value == pytest.approx(0.4)
    count = rows["sources whose ECE surely exceeds 0.10"]
    assert (count.value, count.passes) == (1, False)
    assert "blog" in count.note


def test_articles_are_also_ranked_within_their_source():
    # One source is all filler and scored high, the other all dense and scored low: pooled perfect, within nothing.
    articles = [article(f"a{i}", "G", dataset="a", label="machine") for i in range(20)]
    articles += [article(f"b{i}", "CG"[i % 2], dataset="b", text="w w", label="human") for i in range(20)]
    score = [0.9] * 20 + [0.4 if i % 2 else 0.6 for i in range(20)]
    filler, judged = predictions(articles, score)
    plain = {"length": np.array([a.words for a in articles], float)}
    rows = {item.name: item for item in filler_rows.article_figures(filler, judged, plain)}
    assert rows["score for share ≥ .5, AUROC"].value == pytest.approx(2 / 3)
    assert rows["the same within source, pair-weighted"].value == 0.0
    assert rows["the same among human articles"].value == 0.0
    assert rows["the same among human articles"].beside == (("length", 0.5),)


def test_machine_rows_hold_pooled_worst_and_second_language_rates():
    rates = {"bbc": (0, 1000), "ellipse_test": (30, 2000), "tiny": (9, 10), "blog": (12, 300)}
    rows = evaluate.machine_rows(
        {
            "families": {"a": 0.9, "b": 1.0},
            "one_class": {},
            "tpr_at_1_percent": 0.7,
            "tpr_interval": (0.6, 0.8),
            "caught_at_cut": 0.6,
            "human_rates": rates,
        }
    )
    found = {item.name: item for item in rows}
    assert found["AUROC, macro-mean"].value == pytest.approx(0.95)
    assert found["AUROC, macro-mean"].low == pytest.approx(0.9)
    assert found["human texts at or above the cut, pooled"].value == pytest.approx(51 / 3310)
    worst = found["human texts at or above the cut, upper bound of the worst genre of 200+"]
    assert worst.note == "blog"
    assert worst.value == pytest.approx(evaluate.metrics.wilson(12, 300).high)
    assert worst.passes is False
    assert found["second-language writers at or above the cut"].passes is False
    assert found["TPR at 1 % FPR, pooled"].passes is True


# Whole texts


class Fixed:
    """A scorer that finds the share of the word "pad" and calls a third of it filler."""

    model_name = "fixed"

    def score_many(self, texts, jobs=1):
        for text in texts:
            words = text.split()
            share = words.count("pad") / len(words) if len(words) >= 5 else float("nan")
            ends = [i for i, c in enumerate(text) if c == "."]
            spans = [SimpleNamespace(end=end + 1) for end in ends]
            flags = ("filler",) if share > 0.3 else ()
            yield Report(score=share, label="unclear", filler_share=share, flags=flags, sentences=tuple(spans))


def test_openings_are_held_against_their_own_labels():
    # 200 words of claims, then 200 of filler: an opening of 150 has none, the whole half.
    text = " ".join(["fact fact fact fact fact fact fact fact fact fact."] * 20 + ["pad pad pad pad pad."] * 40)
    ends = [i + 1 for i, c in enumerate(text) if c == "."]
    starts = [0, *(end + 1 for end in ends[:-1])]
    long = Article(
        "l", text, tuple(zip(starts, ends, strict=True)), "C" * 20 + "G" * 40, None, "d", "news", "f", 0, "train"
    )
    found = {item.name: item for item in lengths.length_figures(finished_reader(Fixed()), [long], 1)}
    assert found["filler share, mean absolute error, openings near 150 words"].value == 0.0
    # "pad." is not "pad": four fifths of the filler are seen.
    assert found["filler share, mean absolute error, whole articles"].value == pytest.approx(0.1)
    assert found["filler share, mean absolute error, openings near 300 words"].n == 1
    growth = found["appending a sentence moves score by at most 0.15, share of steps"]
    assert (growth.value, growth.n) == (1.0, 59)


def test_human_texts_are_counted_by_genre_and_labelled_ones_left_out():
    rows = [Row(f"n{i}", "fact " * 120, "human", "news", "bbc2225", "bbc2225") for i in range(5)]
    rows += [Row(f"w{i}", "fact pad " * 60, "human", "wiki", "wikipedia2015", "wikipedia2015") for i in range(5)]
    rows += [
        Row("m", "pad " * 120, "machine", "news", "bbc2225", "bbc2225"),
        Row("short", "pad " * 20, "human", "news", "bbc2225", "bbc2225"),
        Row("gold", "pad " * 120, "human", "news", "bbc2225", "bbc2225"),
    ]
    drawn = genres.human_sample(rows, frozenset({"gold"}))
    assert {row.id for row in drawn} == {*(f"n{i}" for i in range(5)), *(f"w{i}" for i in range(5))}
    found = {item.name: item for item in genres.genre_figures(finished_reader(Fixed()), drawn, 1)}
    assert found["well-edited news"].value == 0.0
    assert found["well-edited encyclopaedia"].value == 1.0
    pooled = found["well-edited news, encyclopaedia, abstracts and reports"]
    assert (pooled.value, pooled.n, pooled.passes) == (0.5, 10, False)


def test_error_rates_fall_from_cut_to_cut():
    rng = np.random.default_rng(0)
    filler = rng.random(400) < 0.3
    score = np.clip(filler * 0.4 + rng.random(400) * 0.6, 0, 1)
    rates = error_rates(score, filler, "test")
    assert rates["cuts"] == list(CUTS) == json.loads(json.dumps(rates))["cuts"]
    assert (len(CUTS), CUTS[0], CUTS[-1]) == (99, 0.01, 0.99)
    for name in ("false_positive_rate", "true_positive_rate"):
        assert rates[name] == sorted(rates[name], reverse=True)
    at = CUTS.index(0.5)
    assert rates["false_positive_rate"][at] == round(float(np.mean(score[~filler] >= 0.5)), 4)
    assert rates["true_positive_rate"][at] == round(float(np.mean(score[filler] >= 0.5)), 4)
    assert rates["articles"] == {"filler": int(filler.sum()), "not_filler": int((~filler).sum())}
    assert error_rates(score[filler], filler[filler], "no others")["false_positive_rate"][0] is None
    with pytest.raises(ValueError, match="NaN"):
        error_rates(np.array([np.nan]), np.array([True]), "test")


def test_the_server_reads_the_rates_that_training_writes(tmp_path):
    served = pytest.importorskip("detector.server.rates")
    rates = error_rates(np.array([0.1, 0.2, 0.9]), np.array([False, False, True]), "out of fold, a test")
    (tmp_path / FILE).write_text(json.dumps(rates), encoding="utf-8")
    read = served.read_rates(str(tmp_path))
    assert (read.filler, read.not_filler, read.source) == (1, 2, "out of fold, a test")
    assert read.cuts == CUTS


# Sets nobody trained on


class Tells:
    """A scorer that knows machine texts by the word "delve"; a misspelling hides it."""

    model_name = "tells"

    def score_many(self, texts, jobs=1):
        for text in texts:
            found = text.count("delve") / 10
            yield Report(score=0.1, label="unclear", machine_score=found, flags=("machine",) if found > 0.2 else ())


@pytest.fixture
def corpora(tmp_path):
    import gzip

    def row(number, label, text, **fields):
        return {"id": f"{label}{number}", "text": text, "label": label, "domain": "essay", "family": "x", **fields}

    detectrl = [row(i, "human", f"plain {i}") for i in range(20)]
    detectrl += [row(i, "machine", "delve " * (1 + i % 3)) for i in range(20)]
    detectrl += [row(100 + i, "machine", "dlveve", attack="adversarial_character_llm") for i in range(20)]
    detectrl += [row(200 + i, "human", "delve " * 9, attack="adversarial_character_llm") for i in range(20)]
    manuals = [row(i, "human", "delve delve delve" if i == 0 else "plain") for i in range(10)]
    (tmp_path / "train").mkdir()
    (tmp_path / "benchmark").mkdir()
    for name, rows in (("detectrl", detectrl), ("git_docs", manuals)):
        with gzip.open(tmp_path / "benchmark" / f"{name}.jsonl.gz", "wt") as file:
            file.writelines(json.dumps(each) + "\n" for each in rows)
    return tmp_path


def test_every_look_at_a_benchmark_is_written_down(corpora, tmp_path, monkeypatch):
    looks = tmp_path / "looks.csv"
    monkeypatch.setattr(benchmark_sets, "LOOKS", looks)
    found = {item.name: item for item in benchmark_sets.benchmark_figures(Tells(), corpora, 1)}
    assert found["machine_score, DetectRL unattacked, AUROC"].value == 1.0
    assert found["machine_score, DetectRL unattacked, AUROC"].n == 40  # attacked human texts are not in it
    loss = found["detectrl, adversarial_character_llm: AUROC loss"]
    assert (loss.value, loss.floor, loss.passes) == (0.5, 0.03, False)
    assert found["called machine, git_docs"].value == pytest.approx(0.1)
    assert found["called machine, all sets"].n == 30
    with looks.open(encoding="utf-8") as file:
        noted = list(csv.DictReader(file))
    measured = [name for name, item in found.items() if item.group.startswith("never trained on")]
    assert [row["figure"] for row in noted] == measured
    assert {row["note"].split(";")[0] for row in noted} == {"tells"}
    benchmark_sets.benchmark_figures(Tells(), corpora, 1)
    assert len(looks.read_text(encoding="utf-8").splitlines()) == 2 * len(measured) + 1


def test_a_generator_is_held_against_the_human_texts_of_its_families():
    store = SimpleNamespace(
        machine=np.array([True, True, False, False, False]),
        family=np.array(["a", "b", "a", "c", "d"]),
        domain=np.array(["news", "essay", "news", "essay", "blog"]),
    )
    own = np.array([True, False, False, False, False])
    assert generators.against(store, own).tolist() == [False, False, True, False, False]
    own = np.array([False, True, False, False, False])  # no human text in its family: those of its domain
    assert generators.against(store, own).tolist() == [False, False, False, True, False]
    held = generators.held_humans(store, seed=0)
    assert not held[store.machine].any()
    assert generators.held_humans(store, seed=0).tolist() == held.tolist()


# The command


def test_floors_are_changed_through_the_gate_alone():
    run = CliRunner().invoke(main, ["evaluate", "--update-floor", "a", "0.5"])
    assert run.exit_code == 2
    assert "--gate" in run.output


def test_parts_that_need_the_corpora_say_so(monkeypatch):
    monkeypatch.delenv("DETECTOR_CORPORA", raising=False)
    data = str(Path(__file__).parents[1] / "data")
    for part in ("robustness", "machine", "generators", "benchmarks"):
        run = CliRunner().invoke(main, ["evaluate", "--data", data, "--part", part])
        assert run.exit_code == 2, part
        assert "DETECTOR_CORPORA" in run.output
        assert "Traceback" not in run.output


# One source out


def test_a_source_left_out_is_read_by_a_head_that_saw_none_of_it(stories):
    from detector.training.background import train_background
    from detector.training.sentence import Recipe, sentences_of
    from detector.training.sources_out import read_apart, source_figures

    tiny = Recipe(hidden=8, seeds=1, epochs=(4, 3))
    chosen = stories[:48]
    background = train_background((story.text for story in chosen), seed=0)
    data = sentences_of(chosen, background, 1)
    rows = np.isin(data.article, range(8))  # the first two stories
    read = read_apart(data, rows, tiny, 0, 1)
    assert np.isfinite(read).all()
    # What their letters say cannot have mattered.
    other = replace(data, letters=np.where(rows & data.is_prose, "G", data.letters))
    assert np.array_equal(read_apart(other, rows, tiny, 0, 1), read)
    filler = np.full(len(data.fold), np.nan)
    filler[rows] = read
    family = np.array(["first"] * 8 + [""] * 40)
    found = {item.name: item for item in source_figures(data, filler, family)}
    assert found["filler against claim, AUROC"].value > 0.7
    assert found["filler against claim, AUROC, first"].value == found["filler against claim, AUROC"].value
    assert found["filler share, Spearman"].n == 8


def test_a_part_measured_anew_takes_the_place_of_its_group_alone(tmp_path):
    def one(group, name, value):
        beside = (("length", 0.5), ("clichés", float("nan")))
        return Figure(group, name, value, 0.1, 0.9, 7, 0.5, True, "a note", beside)

    old = [one("a", "x", 0.1), one("b", "y", 0.2), one("b", "z", float("nan")), Figure("c", "w", 0.3)]
    report.write_report(tmp_path, old)
    assert repr(report.with_kept([], tmp_path)) == repr(old)
    joined = report.with_kept([one("d", "v", 0.4), one("b", "z", 0.5)], tmp_path)
    assert [(item.group, item.name, item.value) for item in joined] == [
        ("a", "x", 0.1),
        ("b", "z", 0.5),
        ("c", "w", 0.3),
        ("d", "v", 0.4),
    ]
