import gzip
import json

import pytest
from click.testing import CliRunner

from detector.cli import main
from detector.training import run
from detector.training.licences import open_datasets
from detector.training.material import gather, groups_of, reference_rows
from detector.training.sources import SourceError, text_sha256

TEXT = "One two three. Four five six."
LICENCES = {"free": True, "closed": False, "also_free": True, "unsaid": None, "bench": True}


def write(path, records):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(record) + "\n" for record in records).encode()
    path.write_bytes(gzip.compress(lines) if path.suffix == ".gz" else lines)


def row(dataset, number, **more):
    constants = {"domain": "news", "family": dataset, "label": "human" if number % 2 else "machine"}
    return {"id": f"{dataset}/{number}", "text": f"{dataset} {number}. {TEXT}", **constants, **more}


def labelled(dataset, role="train"):
    sentences = [[0, 14, "C"], [15, 29, "G"]]
    facts = {"dataset": dataset, "role": role, "sentences": sentences, "text": TEXT}
    return {**row(dataset, 900), **facts, "fold": 1 if role == "train" else None}


@pytest.fixture
def folders(tmp_path):
    """Corpora of several licences, and the project's data folder with one story."""
    corpora, data = tmp_path / "shared" / "corpora", tmp_path / "data"
    names = ("free", "closed", "also_free", "unsaid", "unlisted")
    for name in names:
        write(corpora / "train" / f"{name}.jsonl.gz", [row(name, number) for number in range(6)])
    write(corpora / "benchmark" / "bench.jsonl.gz", [row("bench", 1)])
    manifest = {name: {"role": "train", "licence": "x", "open": is_open} for name, is_open in LICENCES.items()}
    del manifest["unsaid"]["open"]
    (corpora / "manifest.json").write_text(json.dumps(manifest))
    gold = [labelled(name) for name in names]
    write(tmp_path / "shared" / "gold" / "gold.jsonl.gz", [*gold, labelled("bench", "benchmark")])
    story = {**labelled("stories"), "story": "s001", "version": "full", "batch": 1, "genre": "report"}
    write(data / "stories" / "stories.jsonl", [story])
    (data / "leaks.txt").write_text("free/0\n")
    (data / "corpora").mkdir()
    (data / "corpora" / "manifest.json").write_text(json.dumps(manifest))
    return corpora, data


def test_open_keeps_to_sources_that_the_manifest_marks_as_open(folders):
    corpora, data = folders
    material = gather(corpora, data, None, "open")
    assert [article.dataset for article in material.articles] == ["free", "also_free", "bench", "stories"]
    assert [r.id for r in material.rows()] == [
        *(f"also_free/{number}" for number in range(6)),
        *(f"free/{number}" for number in range(1, 6)),  # and the leak is still left out
    ]
    assert {text.split()[0] for text in material.background_texts()} == {"also_free", "free"}
    assert {r.dataset for r in reference_rows(material, 0)} == {"also_free", "free"}
    assert "4 of 7 labelled articles, corpora: also_free, free" in material.notes[-1]


def test_all_is_the_default_and_leaves_nothing_out(folders):
    corpora, data = folders
    material = gather(corpora, data, None)
    assert material == gather(corpora, data, None, "all")
    assert {r.dataset for r in material.rows()} == {"free", "closed", "also_free", "unsaid", "unlisted"}
    assert len(material.articles) == 7


def test_without_corpora_labels_joined_with_texts_are_chosen_the_same_way(folders, tmp_path):
    _, data = folders
    records = []
    for name in ("free", "closed", "unlisted"):
        record = labelled(name)
        text = f"{record.pop('text')} {name}"
        (tmp_path / "texts" / name).mkdir(parents=True)
        (tmp_path / "texts" / name / "900.txt").write_text(text)
        records.append({**record, "text_sha256": text_sha256(text)})
    write(data / "gold" / "labels.jsonl.gz", records)
    assert len(gather(None, data, tmp_path / "texts").articles) == 4
    material = gather(None, data, tmp_path / "texts", "open")
    assert [article.dataset for article in material.articles] == ["free", "stories"]


def test_the_stories_alone_are_open(folders):
    _, data = folders
    assert [article.dataset for article in gather(None, data, None, "open").articles] == ["stories"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "There is no manifest"),
        ("{", "is not JSON"),
        ("[1]", "not an object with one entry for each data set"),
        ('{"free": 3}', "not an object with one entry for each data set"),
        ('{"free": {"open": false}}', "marks no training data set as open"),
        ('{"free": {"open": "yes"}}', "marks no training data set as open"),
    ],
)
def test_a_manifest_that_cannot_tell_is_refused(folders, content, message):
    corpora, data = folders
    if content is None:
        (corpora / "manifest.json").unlink()
    else:
        (corpora / "manifest.json").write_text(content)
    with pytest.raises(SourceError, match=message):
        gather(corpora, data, None, "open")


def test_the_manifest_of_the_project_marks_sources(request):
    names = open_datasets(request.config.rootpath / "data" / "corpora" / "manifest.json")
    assert {"stories", "wikipedia2015", "18f_blog"} <= names
    assert not names & {"reuters21578", "ted_talks", "bbc2225"}


def test_the_command_hands_the_choice_on(folders, monkeypatch, tmp_path):
    corpora, data = folders
    seen = []
    monkeypatch.setattr(run, "train_model", lambda settings, folder, log: seen.append(settings.licences))
    command = ["train", "--corpora", str(corpora), "--data", str(data), "-o", str(tmp_path / "model")]
    for more in ([], ["--licences", "open"]):
        assert CliRunner().invoke(main, [*command, *more]).exit_code == 0
    assert seen == ["all", "open"]
    result = CliRunner().invoke(main, [*command, "--licences", "some"])
    assert result.exit_code == 2


def test_a_run_reads_what_the_settings_say(folders, monkeypatch):
    corpora, data = folders
    seen = []

    class EnoughError(Exception):
        pass

    def train_background(texts, seed):
        seen.extend(texts)
        raise EnoughError

    monkeypatch.setattr(run, "train_background", train_background)
    with pytest.raises(EnoughError):
        run.prepare(run.Settings(corpora, data, None, "n", 0, 1, "open"), lambda message: None)
    assert {text.split()[0] for text in seen} == {"also_free", "free"}


# --- texts that stand for training in detector drift


def test_reference_texts_are_drawn_evenly_and_are_not_those_learnt_sentence_by_sentence(folders):
    corpora, data = folders
    write(corpora / "train" / "free.jsonl.gz", [row("free", n) for n in range(900, 990)])
    write(corpora / "train" / "closed.jsonl.gz", [row("closed", n, attack="swap") for n in range(9)])
    material = gather(corpora, data, None)
    drawn = reference_rows(material, 3, most=20)
    counts = {name: sum(r.dataset == name for r in drawn) for name in ("free", "closed", "also_free")}
    assert counts == {"free": 40, "closed": 0, "also_free": 6}
    assert "free/900" not in {r.id for r in drawn}
    assert drawn == reference_rows(material, 3, most=20)
    assert drawn != reference_rows(material, 4, most=20)
    assert groups_of(drawn[0]) == ("human", "news")


def test_without_corpora_the_stories_stand_for_training(folders):
    _, data = folders
    (story,) = reference_rows(gather(None, data, None), 0)
    assert groups_of(story) == ("machine", "report")
