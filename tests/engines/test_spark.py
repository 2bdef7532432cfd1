"""Spark itself, on this machine: what comes out, what is read once, and what a kill in the middle costs."""

import os
import shutil
import sys

import pytest
from fake_scorer import FakeScorer
from fatal import FatalScorer

pytestmark = pytest.mark.slow
pytest.importorskip("pyspark")
parquet = pytest.importorskip("pyarrow.parquet")
if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
    pytest.skip("Spark needs Java 17", allow_module_level=True)

from pyspark.sql import SparkSession  # noqa: E402

import detector.spark  # noqa: E402
from detector import Scorer, arrow  # noqa: E402
from detector.arrow import ColumnError  # noqa: E402

os.environ["PYSPARK_PYTHON"] = sys.executable


def session(master, **settings):
    builder = SparkSession.builder.master(master).appName("detector")
    options = {
        "spark.ui.enabled": "false",
        "spark.driver.memory": "1g",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "16",
        **settings,
    }
    for name, value in options.items():
        builder = builder.config(name, value)
    started = builder.getOrCreate()
    started.sparkContext.setLogLevel("OFF")
    return started


@pytest.fixture(scope="module")
def spark():
    started = session("local[2,4]")  # two threads, four attempts at a task
    yield started
    started.stop()


def frame(spark, texts, parts=4):
    rows = [(number, text, {"a": number}) for number, text in enumerate(texts)]
    return spark.createDataFrame(rows, "id int, body string, more map<string,int>").repartition(parts, "id")


def expected(texts):
    return {
        number: (FakeScorer().score(text).score, FakeScorer().score(text).label) for number, text in enumerate(texts)
    }


def check(rows, texts):
    """Assert that every text has one row, and the right one."""
    assert sorted(row["id"] for row in rows) == list(range(len(texts)))
    assert {row["id"]: (row["score"], row["label"]) for row in rows} == expected(texts)


def test_every_row_is_scored_once(spark, texts):
    found = detector.spark.score(frame(spark, texts), "body", scorer=FakeScorer(), keep=["id", "more"], sentences=True)
    assert found.columns == ["id", "more", *arrow.schema(sentences=True).names]
    rows = found.collect()
    check(rows, texts)
    row = next(row for row in rows if row["id"] == 1)
    report = FakeScorer().score(texts[1])
    assert row["more"] == {"a": 1}
    assert row["reasons"][0]["contribution"] == report.reasons[0].contribution
    assert [tuple(span) for span in row["reasons"][0]["spans"]] == list(report.reasons[0].spans)
    assert [sentence["kind"] for sentence in row["sentences"]] == [sentence.kind for sentence in report.sentences]


def test_nulls_stay_nulls_and_names_do_not_clash(spark):
    df = spark.createDataFrame([(1, None, 0.5), (2, "short", 0.1)], "id int, text string, score double")
    found = detector.spark.score(df, scorer=FakeScorer()).collect()
    assert [row["label"] for row in found] == ["error", "too_short"]
    assert [row["score"] for row in found] == [None, None]
    assert [row["input.score"] for row in found] == [0.5, 0.1]


def test_a_wrong_column_is_told_before_any_work(spark):
    df = spark.createDataFrame([(1, "a")], "id int, body string")
    with pytest.raises(ColumnError, match="no column 'text'; there are: id, body"):
        detector.spark.score(df, scorer=FakeScorer())
    with pytest.raises(ColumnError, match="column 'id' is int; expected strings"):
        detector.spark.score(df, "id", scorer=FakeScorer())


def test_what_is_scored_can_be_written_and_read(spark, texts, tmp_path):
    scored = detector.spark.score(frame(spark, texts), "body", scorer=FakeScorer(), keep=["id"])
    scored.write.parquet(str(tmp_path / "out"))
    check(parquet.read_table(tmp_path / "out").to_pylist(), texts)


def remember(batches, scorer):
    """Give the process and the place of its model in memory, and keep the model so that the place is not used again."""
    import pickle

    import pyarrow

    import detector

    again = pickle.loads(pickle.dumps(scorer))
    detector.__dict__.setdefault("_kept_for_this_test", []).append(again.model)
    for _ in batches:
        pass
    yield pyarrow.record_batch({"pid": [os.getpid()], "model": [id(scorer.model)], "again": [id(again.model)]})


def test_the_model_is_read_once_in_a_worker_process(spark, stories):
    """Two jobs of many tasks: in one process there is one model, whatever the task."""
    scorer = Scorer()
    df = spark.createDataFrame([(story.text,) for story in stories[:16]], "text string").repartition(8)
    seen = []
    for _ in range(2):
        assert detector.spark.score(df, scorer=scorer, keep=()).count() == 16
        task = remember_with(scorer)
        seen += df.mapInArrow(task, "pid long, model long, again long").collect()
    assert len(seen) == 16
    models = {row["pid"]: set() for row in seen}
    for row in seen:
        models[row["pid"]] |= {row["model"], row["again"]}
    assert len(models) < len(seen)  # processes are used again
    assert all(len(places) == 1 for places in models.values())


def remember_with(scorer):
    return lambda batches: remember(batches, scorer)


def test_a_killed_python_worker_costs_no_row(spark, texts, tmp_path):
    scorer = FatalScorer(str(tmp_path / "mark"), texts[101])
    found = detector.spark.score(frame(spark, texts), "body", scorer=scorer, keep=["id"]).collect()
    assert (tmp_path / "mark").exists()
    check(found, texts)


def test_a_killed_executor_costs_no_row(spark, texts, tmp_path):
    """Two executors, each a Java process of its own; one is killed in the middle of a task."""
    spark.stop()
    cluster = session("local-cluster[2,1,1024]", **{"spark.executor.memory": "1g"})
    try:
        scorer = FatalScorer(str(tmp_path / "mark"), texts[101], levels=2)  # worker, its daemon, the executor
        found = detector.spark.score(frame(cluster, texts), "body", scorer=scorer, keep=["id"]).collect()
        assert (tmp_path / "mark").exists()
        check(found, texts)
    finally:
        cluster.stop()
