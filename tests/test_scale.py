"""The arithmetic of ``benchmarks/scale.py``, which nothing else would notice going wrong."""

import importlib.util
import sys
from pathlib import Path

import pytest

SCALE = Path(__file__).parent.parent / "benchmarks" / "scale.py"


@pytest.fixture(scope="module")
def scale():
    spec = importlib.util.spec_from_file_location("scale", SCALE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["scale"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["scale"]


def test_the_start_is_taken_off_the_rate(scale):
    timed = scale.Timed(few=64, many=1064, cold_seconds=5.64, few_seconds=1, many_seconds=11)
    assert timed.rate == pytest.approx(100)
    assert timed.start == pytest.approx(5.0)
    lost = scale.Timed(few=64, many=128, cold_seconds=5, few_seconds=1, many_seconds=1.1)
    assert scale.shown(lost.rate, ".3g") == "more --rows needed"
    assert lost.start == 5


@pytest.mark.parametrize(
    ("value", "text"), [(0.0123, "0.012"), (9.96, "10"), (123.4, "120"), (69_444_444, "69,000,000"), (12, "12")]
)
def test_two_figures_count(scale, value, text):
    assert scale.number(value) == text


def test_core_hours_are_articles_over_the_rate(scale):
    table = "\n".join(scale.paper_table(100.0, 300, 2000, 500))
    assert "| 10 million | detector, 300 words | 28 | 1.7 | 0.028 | 0.0014 |" in table
    assert "| 10 million | detector, 500 words | 46 |" in table
    assert "| 250 billion | 500 TB | 120 TB |" in table
    assert "| 1 billion | RoBERTa-base (OpenAI's base detector) | 370,000 |" in table


def test_every_article_is_another_one(scale):
    stream = scale.articles()
    texts = [next(stream) for _ in range(2000)]
    assert len(set(texts)) == 2000
