from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from detector.training import leaks, sources

DATA = Path(__file__).parent.parent / "data"
LABELS = DATA / "gold" / "labels.jsonl.gz"
STORIES = DATA / "stories" / "stories.jsonl"


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build", DATA / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return list(sources.read_jsonl(LABELS))


@pytest.fixture
def corpora() -> Path:
    folder = os.environ.get("DETECTOR_CORPORA")
    if not folder:
        pytest.skip("DETECTOR_CORPORA is not set: the texts of the corpora are not part of the repository")
    return Path(folder)


def test_stories_are_whole_and_their_letters_give_the_stated_share() -> None:
    stories = sources.load_stories(STORIES)
    stated = {record["id"]: record["filler_share"] for record in sources.read_jsonl(STORIES)}
    assert len(stories) == len(stated) == 520
    for story in stories:
        assert story.filler_share == pytest.approx(stated[story.id], abs=5.1e-5)
        covered = "".join(story.text[start:end] for start, end in story.segments)
        assert "".join(covered.split()) == "".join(story.text.split())


def test_every_story_has_four_versions_in_one_fold_of_even_size() -> None:
    stories = sources.load_stories(STORIES)
    share = {(story.story, story.version): story.filler_share for story in stories}
    for name in {story.story for story in stories}:
        assert share[name, "padded"] > share[name, "mixed"] > share[name, "full"]
        assert share[name, "brief"] < 0.1
        assert len({story.fold for story in stories if story.story == name}) == 1
    assert [sum(story.fold == fold for story in stories) for fold in range(5)] == [104] * 5


def test_labels_hold_letters_and_no_text(rows: list[dict[str, Any]]) -> None:
    assert len(rows) == len({row["id"] for row in rows}) == 2764
    for row in rows:
        assert "text" not in row
        assert max(len(value) for value in row.values() if isinstance(value, str)) <= 100
        flat = [point for start, end, _ in row["sentences"] for point in (start, end)]
        assert flat == sorted(flat)
        assert {letter for _, _, letter in row["sentences"]} <= set("CRGBH")
        assert len(bytes.fromhex(row["text_sha256"])) == 32
        assert row["second"] is None or len(row["second"]["letters"]) == len(row["sentences"])


def test_folds_hold_families_together_and_benchmarks_out(rows: list[dict[str, Any]]) -> None:
    fold_of: dict[str, set[int]] = {}
    for row in rows:
        assert (row["role"] == "benchmark") == (row["fold"] is None)
        if row["role"] == "train":
            fold_of.setdefault(row["family"], set()).add(row["fold"])
    assert all(len(folds) == 1 for folds in fold_of.values())
    assert set().union(*fold_of.values()) == set(range(5))


def test_manifest_has_a_source_and_a_licence_for_every_labelled_data_set(rows: list[dict[str, Any]]) -> None:
    manifest = json.loads((DATA / "corpora" / "manifest.json").read_text(encoding="utf-8"))
    for entry in manifest.values():
        assert {"role", "family", "source", "licence", "open", "sha256"} <= entry.keys()
    # One source of labelled essays is not among the corpora.
    assert {row["dataset"] for row in rows} - manifest.keys() == {"kaggle_train_essays"}


def test_the_card_counts_what_is_here(build: ModuleType) -> None:
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    assert build.with_counts(readme, build.counts(DATA)) == readme
    assert "2,764 articles, 53,538 sentences" in readme


def test_agreement_by_hand(build: ModuleType) -> None:
    # 3 of 4 agree; chance is 1/2 · 1/4 + 1/2 · 3/4 = 1/2.
    pairs = [(True, True), (True, False), (False, False), (False, False)]
    assert build.agreement(pairs) == pytest.approx((0.75, 0.5))


def test_the_folder_is_small() -> None:
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) < 2_000_000


def test_list_of_leaks_names_training_texts_only(rows: list[dict[str, Any]]) -> None:
    listed = leaks.load_leaks(DATA / "leaks.txt")
    assert listed
    assert not listed & {row["id"] for row in rows if row["role"] == "benchmark"}


@pytest.mark.corpora
def test_data_is_what_build_writes(build: ModuleType, corpora: Path) -> None:
    layout = sources.find_layout(corpora)
    assert layout.stories.read_bytes() == STORIES.read_bytes()
    assert build.manifest(layout.manifest) == (DATA / "corpora" / "manifest.json").read_text(encoding="utf-8")
    written = build.labels(corpora)
    # zlib may pack differently elsewhere, so what is packed is compared.
    assert gzip.decompress(written) == gzip.decompress(LABELS.read_bytes())


@pytest.mark.corpora
def test_labels_join_the_texts_they_were_made_from(corpora: Path) -> None:
    layout = sources.find_layout(corpora)
    articles, join = sources.load_labels(LABELS, layout.gold.parent)
    assert articles == sources.load_gold(layout.gold)
    assert (join.missing, join.mismatched) == ((), ())
    _, join = sources.load_labels(LABELS, layout.train)
    assert len(join.joined) > 2000
    assert any(id.startswith("kaggle_train_essays/") for id in join.missing)


@pytest.mark.corpora
def test_manifest_states_the_fingerprints_of_the_corpora(corpora: Path) -> None:
    layout = sources.find_layout(corpora)
    manifest = json.loads((DATA / "corpora" / "manifest.json").read_text(encoding="utf-8"))
    for name, entry in manifest.items():
        data = (getattr(layout, entry["role"]) / f"{name}.jsonl.gz").read_bytes()
        assert hashlib.sha256(data).hexdigest() == entry["sha256"], name


@pytest.mark.corpora
@pytest.mark.slow
def test_list_of_leaks_is_what_the_command_writes(corpora: Path, tmp_path: Path) -> None:
    leaks.main(["--corpora", str(corpora), "-o", str(tmp_path / "leaks.txt")])
    assert (tmp_path / "leaks.txt").read_bytes() == (DATA / "leaks.txt").read_bytes()
