"""No text that a head learns from stands in a benchmark, nor opens like one."""

from __future__ import annotations

import gzip
import json
import os
from itertools import chain
from pathlib import Path

import pytest

from detector.training import leaks
from detector.training.material import Material, gather
from detector.training.sources import ENVIRONMENT, find_layout, iter_corpus, load_gold

DATA = Path(__file__).parents[1] / "data"


def shared(material: Material, corpora: Path) -> tuple[int, int, set[str]]:
    """Count benchmark texts and texts that are learnt from; return the ids of those that both share.

    By id, by the first 15 words, and for the labelled articles also by runs of 10 words.
    """
    held = [article for article in load_gold(find_layout(corpora).gold) if article.role == "benchmark"]
    ids, openings = set(), set()
    for row in chain(iter_corpus(corpora, "benchmark"), held):
        ids.add(row.id)
        openings.add(tuple(leaks.words_of(row.text)[: leaks.OPENING]))
    openings.discard(())
    learnt = [article for article in material.articles if article.fold is not None]
    found, count = set(), 0
    for text in chain(material.rows(), learnt):
        count += 1
        if text.id in ids or tuple(leaks.words_of(text.text)[: leaks.OPENING]) in openings:
            found.add(text.id)
    index = leaks.benchmark_index(chain(iter_corpus(corpora, "benchmark"), held))
    found |= {article.id for article in learnt if index.is_leak(article.text)}
    return len(ids), count, found


@pytest.fixture(scope="module")
def corpora() -> Path:
    folder = os.environ.get(ENVIRONMENT)
    if not folder:
        pytest.skip(f"{ENVIRONMENT} is not set: the texts of the corpora are not part of the repository")
    return Path(folder)


@pytest.mark.slow
@pytest.mark.corpora
def test_nothing_that_is_learnt_from_stands_in_a_benchmark(corpora):
    benchmarks, learnt, found = shared(gather(corpora, DATA, None), corpora)
    assert benchmarks > 40_000  # they were read
    assert learnt > 80_000
    assert found == set()


@pytest.mark.corpora
def test_labelled_articles_of_benchmark_sources_are_in_no_fold(corpora):
    material = gather(corpora, DATA, None)
    assert {a.role for a in material.articles if a.fold is not None} == {"train"}
    assert all(a.fold is None for a in material.articles if a.role == "benchmark")
    folds: dict[str, set[int | None]] = {}
    for article in material.articles:
        if article.story is None and article.fold is not None:
            folds.setdefault(article.family, set()).add(article.fold)
    assert max(map(len, folds.values())) == 1  # a family is held out whole


def words(start: int, count: int = 60) -> str:
    return " ".join(f"word{i}" for i in range(start, start + count)) + "."


@pytest.fixture
def small(tmp_path) -> Path:
    """Corpora of a few texts; row/1, row/2 and gold/1 share their opening, their id or a long run with a benchmark."""
    base = {"label": "human", "domain": "news", "family": "f", "dataset": "d"}
    rows = [
        {"id": "row/0", "text": words(1000)},
        {"id": "row/1", "text": words(0, 15) + " and then something else."},
        {"id": "held/1", "text": words(2000)},
    ]
    labelled = [("gold/0", words(3000), "train"), ("gold/1", "First. " + words(100), "train")]
    labelled.append(("gold/2", words(4000), "benchmark"))
    held = [{"id": "held/0", "text": words(0)}, {"id": "held/1", "text": words(100)}]
    gold = [
        {
            "id": id,
            "text": text,
            "sentences": [[0, len(text), "C"]],
            "role": role,
            "fold": 0 if role == "train" else None,
        }
        for id, text, role in labelled
    ]
    files = {"train/d.jsonl.gz": rows, "benchmark/d.jsonl.gz": held, "../gold/gold.jsonl.gz": gold}
    for name, records in files.items():
        file = tmp_path / "corpora" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with gzip.open(file, "wt", encoding="utf-8") as out:
            out.writelines(json.dumps(base | record) + "\n" for record in records)
    stories = (DATA / "stories" / "stories.jsonl").read_text(encoding="utf-8").splitlines()[:2]
    (tmp_path / "data" / "stories").mkdir(parents=True)
    (tmp_path / "data" / "stories" / "stories.jsonl").write_text("\n".join(stories), encoding="utf-8")
    return tmp_path


def test_what_is_shared_with_a_benchmark_is_seen(small):
    (small / "data" / "leaks.txt").write_text("# none\n", encoding="utf-8")
    material = gather(small / "corpora", small / "data", None)
    assert shared(material, small / "corpora") == (3, 3 + 2 + 2, {"row/1", "held/1", "gold/1"})


def test_listed_leaks_are_dropped_from_what_is_learnt(small):
    (small / "data" / "leaks.txt").write_text("# two\nrow/1\ngold/1\nheld/1\n", encoding="utf-8")
    material = gather(small / "corpora", small / "data", None)
    assert [row.id for row in material.rows()] == ["row/0"]
    assert [a.id for a in material.articles if a.story is None] == ["gold/0", "gold/2"]
    assert shared(material, small / "corpora")[2] == set()
