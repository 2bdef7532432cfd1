from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.training import sources
from detector.training.sources import SourceError

TEXT = "A title\n\nOne two three. Four five. Six!"
ARTICLE: dict[str, Any] = {
    "id": "set/1",
    "dataset": "set",
    "domain": "news",
    "family": "kin",
    "role": "train",
    "fold": 3,
    "label": "human",
    "padding": 2,
    "second": {"letters": "HCRG", "padding": 3},
    "text": TEXT,
    "sentences": [[0, 7, "H"], [9, 23, "C"], [24, 34, "R"], [35, 39, "G"]],
}


def write(path: Path, *records: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(record) + "\n" for record in records).encode()
    path.write_bytes(gzip.compress(lines) if path.suffix == ".gz" else lines)
    return path


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    row = {"id": "b/1", "text": "x", "domain": "d", "family": "f"}
    write(
        tmp_path / "corpora/train/b.jsonl.gz", {**row, "label": "human"}, {**row, "id": "b/2", "native": True}
    )
    write(tmp_path / "corpora/train/a.jsonl.gz", {**row, "id": "a/1", "generator": "g", "files": ["y"]})
    write(tmp_path / "corpora/benchmark/c.jsonl.gz", {**row, "id": "c/1"})
    return tmp_path


def test_articles_keep_what_the_file_says(tmp_path: Path) -> None:
    (article,) = sources.load_gold(write(tmp_path / "gold.jsonl.gz", ARTICLE))
    assert (article.letters, article.segments[1]) == ("HCRG", (9, 23))
    assert (article.fold, article.label, article.generator, article.sampling) == (3, "human", None, None)
    assert (article.second_letters, article.second_padding, article.story) == ("HCRG", 3, None)
    assert article.segment_words == (2, 3, 2, 1)
    assert article.words == 8
    assert article.filler_share == pytest.approx(3 / 6)


@given(st.lists(st.tuples(st.sampled_from("CRGBH"), st.integers(0, 30))))
def test_filler_share_leaves_headings_and_boilerplate_out(segments: list[tuple[str, int]]) -> None:
    filler = sum(n for letter, n in segments if letter in "RG")
    prose = filler + sum(n for letter, n in segments if letter == "C")
    share = sources.filler_share("".join(letter for letter, _ in segments), [n for _, n in segments])
    assert share == pytest.approx(filler / prose) if prose else math.isnan(share)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sentences": [[0, 7, "H"], [5, 9, "C"]]}, "not in order"),
        ({"sentences": [[0, 70, "C"]]}, "text of 39 characters"),
        ({"sentences": [[4, 4, "C"]]}, "not in order"),
        ({"sentences": [[0, 7, "X"]]}, "one letter of CRGBH"),
        ({"sentences": [[0, 7]]}, "lacks a field"),
        ({"family": ...}, "family"),
        ({"text": ...}, "no field text"),
        ({"text": None}, "no field text"),
    ],
)
def test_a_broken_article_is_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    broken = {key: value for key, value in {**ARTICLE, **change}.items() if value is not ...}
    with pytest.raises(SourceError, match=message) as caught:
        sources.load_gold(write(tmp_path / "gold.jsonl", ARTICLE, broken))
    assert "article 2" in str(caught.value)


def test_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no file"):
        sources.load_gold(tmp_path / "none.jsonl.gz")
    for content, message in (
        (b'{"id": 1}\n\n{oops\n', "lines.jsonl:3 is not JSON"),
        (b"[1]\n", "holds a list"),
    ):
        (tmp_path / "lines.jsonl").write_bytes(content)
        with pytest.raises(SourceError, match=message):
            list(sources.read_jsonl(tmp_path / "lines.jsonl"))
    whole = gzip.compress(b'{"id": 1}\n' * 2000)
    for broken in (whole[:-12], b"plain text", whole[:20] + b"\xff\xff\xff" + whole[23:]):
        (tmp_path / "cut.jsonl.gz").write_bytes(broken)
        with pytest.raises(SourceError, match="not a whole gzip file"):
            list(sources.read_jsonl(tmp_path / "cut.jsonl.gz"))


def test_versions_of_a_story_share_a_fold(tmp_path: Path) -> None:
    rows = [
        {
            "id": f"{s}/{v}",
            "story": s,
            "version": v,
            "batch": 1,
            "genre": "g",
            "text": "One.",
            "sentences": [[0, 4, "C"]],
        }
        for s in ("s001", "s006", "s130")
        for v in ("brief", "full")
    ]
    stories = sources.load_stories(write(tmp_path / "stories.jsonl", *rows))
    assert [story.fold for story in stories] == [0, 0, 0, 0, 4, 4]
    assert {(story.label, story.dataset, story.family, story.role) for story in stories} == {
        (None, "stories", "stories", "train")
    }
    assert (stories[0].version, stories[0].genre, stories[0].domain) == ("brief", "g", "g")


def test_a_broken_story_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="story 1 lacks one of the fields"):
        sources.load_stories(write(tmp_path / "stories.jsonl", ARTICLE))
    with pytest.raises(SourceError, match="no number"):
        sources.story_fold("prologue")


def test_layout_is_found_from_the_folder_or_its_parent(shared: Path) -> None:
    layout = sources.find_layout(shared)
    assert layout == sources.find_layout(shared / "corpora")
    assert layout.train == shared / "corpora" / "train"
    assert layout.gold == shared / "gold" / "gold.jsonl.gz"
    assert layout.stories == shared / "stories" / "stories.jsonl"
    with pytest.raises(SourceError, match="no folders train and benchmark"):
        sources.find_layout(shared / "corpora" / "train")


def test_corpora_come_from_the_option_then_the_environment(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DETECTOR_CORPORA", str(shared))
    assert sources.corpora_folder(None) == shared
    assert sources.corpora_folder(str(shared / "corpora")) == shared / "corpora"
    with pytest.raises(SourceError, match="does not exist"):
        sources.corpora_folder(str(tmp_path / "nowhere"))
    monkeypatch.delenv("DETECTOR_CORPORA")
    with pytest.raises(SourceError, match="give --corpora DIR or set DETECTOR_CORPORA"):
        sources.corpora_folder(None)


def test_rows_stream_by_data_set(shared: Path) -> None:
    rows = list(sources.iter_corpus(shared))
    assert [(row.id, row.dataset) for row in rows] == [("a/1", "a"), ("b/1", "b"), ("b/2", "b")]
    assert (rows[0].generator, rows[0].label, rows[1].label, rows[2].native) == ("g", None, "human", True)
    assert [row.id for row in sources.iter_corpus(shared, "benchmark")] == ["c/1"]
    assert [row.id for row in sources.iter_corpus(shared, names=["b"])] == ["b/1", "b/2"]
    assert list(sources.iter_corpus(shared, names=[])) == []
    assert sources.datasets(shared) == ("a", "b")


def test_unknown_names_are_refused_before_reading(shared: Path) -> None:
    with pytest.raises(SourceError, match="No train data set is called c, z; there are a, b"):
        sources.iter_corpus(shared, names=["z", "a", "c"])
    with pytest.raises(TypeError, match="list of data set names"):
        sources.iter_corpus(shared, names="ab")
    write(shared / "corpora/train/d.jsonl.gz", {"id": "d/1", "text": "x", "family": "f"})
    with pytest.raises(SourceError, match="row 1, lacks the field 'domain'"):
        list(sources.iter_corpus(shared, names=["d"]))


def labelled(id: str, text: str, **more: object) -> dict[str, Any]:
    record = {key: value for key, value in ARTICLE.items() if key not in ("text", "second")}
    return {**record, "id": id, "text_sha256": sources.text_sha256(text), **more}


def lines_of(folder: Path) -> None:
    write(folder / "deep/some.jsonl", {"id": "a/1", "text": TEXT}, {"id": "other", "text": "…"}, {"note": 1})
    write(
        folder / "more.jsonl.gz",
        {"id": "b/2", "text": f"Before. {TEXT} After."},
        {"id": "c/3", "text": TEXT + "!"},
    )


def files_of(folder: Path) -> None:
    for id, text in (("a/1", TEXT + "\n"), ("b/2", f"Before. {TEXT} After."), ("c/3", TEXT + "!")):
        (folder / id).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{id}.txt").write_bytes(text.encode())


@pytest.mark.parametrize("supply", [lines_of, files_of])
def test_labels_join_texts_of_the_same_fingerprint(tmp_path: Path, supply: Callable[[Path], None]) -> None:
    cut = [8, 8 + len(TEXT)]
    records = [
        labelled("d/4", TEXT),
        labelled("c/3", TEXT),
        labelled("b/2", TEXT, cut=cut),
        labelled("a/1", TEXT),
    ]
    path = write(tmp_path / "labels.jsonl.gz", *records)
    (tmp_path / "texts").mkdir()
    supply(tmp_path / "texts")
    articles, join = sources.load_labels(path, tmp_path / "texts")
    assert [(article.id, article.text) for article in articles] == [("b/2", TEXT), ("a/1", TEXT)]
    assert articles[0].filler_share == pytest.approx(0.5)
    assert join == sources.Join(joined=("b/2", "a/1"), missing=("d/4",), mismatched=("c/3",))


def test_a_right_text_is_found_beside_a_wrong_one(tmp_path: Path) -> None:
    path = write(tmp_path / "labels.jsonl", labelled("a/1", TEXT))
    for order in (("right", "wrong"), ("wrong", "right")):
        texts = tmp_path / order[0]
        for name, kind in zip(("1.jsonl", "2.jsonl"), order, strict=True):
            write(texts / name, {"id": "a/1", "text": TEXT if kind == "right" else "else"})
        articles, join = sources.load_labels(path, texts)
        assert [article.text for article in articles] == [TEXT]
        assert join.mismatched == ()


def test_without_texts_labels_say_what_to_do(tmp_path: Path) -> None:
    path = write(tmp_path / "labels.jsonl", labelled("a/1", TEXT))
    with pytest.raises(SourceError, match="check --texts"):
        sources.load_labels(path, tmp_path / "none")
    (tmp_path / "empty").mkdir()
    articles, join = sources.load_labels(path, tmp_path / "empty")
    assert (articles, join.missing) == ((), ("a/1",))


def test_fingerprint_is_that_of_utf_8() -> None:
    assert sources.text_sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert sources.text_sha256("é") == "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"
