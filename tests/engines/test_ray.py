"""Ray itself, on this machine: what comes out, and what a killed worker costs."""

import os

import pytest
from fake_scorer import FakeScorer
from fatal import FatalScorer

pytestmark = pytest.mark.slow
ray = pytest.importorskip("ray")
pa = pytest.importorskip("pyarrow")
pytest.importorskip("ray.data")

import detector.ray  # noqa: E402
from detector import arrow  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def _cluster():
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init(
        num_cpus=3,  # two actors and a core to read with
        include_dashboard=False,
        object_store_memory=200_000_000,
        log_to_driver=False,
        runtime_env={"env_vars": {"PYTHONPATH": os.environ["PYTHONPATH"]}},
    )
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


@pytest.fixture
def dataset(texts):
    rows = pa.table({"id": list(range(len(texts))), "body": texts})
    return ray.data.from_arrow([rows.slice(start, 50) for start in range(0, len(texts), 50)])


def check(rows, texts):
    """Assert that every text has one row, and the right one."""
    assert sorted(row["id"] for row in rows) == list(range(len(texts)))
    for row in rows:
        report = FakeScorer().score(texts[row["id"]])
        assert (row["score"], row["label"]) == (report.score, report.label)


def test_every_row_is_scored_once(dataset, texts):
    found = detector.ray.score(dataset, "body", scorer=FakeScorer(), keep=["id"], sentences=True, workers=2)
    rows = found.take_all()
    check(rows, texts)
    assert set(rows[0]) == {"id", *arrow.schema(sentences=True).names}
    assert rows[0]["reasons"][0]["feature"] == "filler_words"


def test_the_class_goes_with_map_batches(dataset, texts):
    found = dataset.map_batches(
        detector.ray.ScoreBatches,
        fn_constructor_kwargs={"column": "body", "scorer": FakeScorer(), "keep": ["id"]},
        batch_format="pyarrow",
        batch_size=30,
        compute=ray.data.ActorPoolStrategy(size=1),
    )
    check(found.take_all(), texts)


def test_the_class_works_without_a_cluster(texts):
    actor = detector.ray.ScoreBatches("body", scorer=FakeScorer(), keep=())
    found = actor(pa.table({"body": texts[:3]}))
    assert found.schema == arrow.schema()
    assert actor(pa.table({"body": pa.array([], pa.string())})).schema == arrow.schema()


def test_a_killed_worker_costs_no_row(dataset, texts, tmp_path):
    scorer = FatalScorer(str(tmp_path / "mark"), texts[101])
    found = detector.ray.score(dataset, "body", scorer=scorer, keep=["id"], workers=2, batch_size=16).take_all()
    assert (tmp_path / "mark").exists()
    check(found, texts)
