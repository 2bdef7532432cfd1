"""A baseline lets an old site pass, and nothing new with it."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import command
import pytest

FILE = "detector-baseline.json"
OLD = (
    "The council met on Monday. This is old filler. It rained. "
    "That is filler too. More of the filler. And filler again."
)


@pytest.fixture(autouse=True)
def _here(fake, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def site(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text(OLD)
    (tmp_path / "docs" / "b.md").write_text("A claim stands here. A bit of filler. A fact is here.")
    return tmp_path


run = partial(command.run, "score")


def write(*arguments):
    done = run(*arguments, "--baseline", FILE, "--write-baseline", "--fail-above", "0.6")
    assert done.exit_code == 0, done.output
    return json.loads(Path(FILE).read_text())


def check(*arguments):
    """Return the exit status and the findings that are reported."""
    limits = ("--baseline", FILE, "--fail-above", "0.6")
    done = run(*arguments, *limits, "--format", "sarif")
    found = json.loads(done.stdout)["runs"][0]["results"]
    github = run(*arguments, *limits, "--format", "github")
    assert len(github.stdout.splitlines()) == len(found)
    assert github.exit_code == done.exit_code
    return done.exit_code, [
        (result["ruleId"], result["message"]["text"].partition('"')[2].partition('"')[0]) for result in found
    ]


def test_without_a_baseline_the_site_fails(site):
    assert run("docs", "--fail-above", "0.6").exit_code == 1


def test_what_is_known_is_quiet(site):
    write("docs")
    assert check("docs") == (0, [])
    done = run("docs", "--baseline", FILE, "--fail-above", "0.6")
    assert "6 findings stand in the baseline detector-baseline.json\n" in done.stderr
    assert "docs/a.md" in done.stdout


def test_neither_a_new_path_nor_new_lines_nor_edits_elsewhere_make_it_new(site):
    write("docs")
    (site / "blog").mkdir()
    (site / "blog" / "moved.md").write_text(f"# Title.\n\n{OLD}\n\nA new fact. One more.".replace(". ", ".\n"))
    (site / "docs" / "a.md").unlink()
    assert check(".") == (0, [])


def test_new_sentences_are_reported_alone(site):
    write("docs")
    (site / "docs" / "a.md").write_text(OLD.replace("It rained.", "Brand new filler. It rained. Some more filler."))
    (site / "docs" / "b.md").write_text("A claim stands here. A bit of filler. Much filler. A fact is here.")
    assert check("docs") == (
        0,
        [
            ("filler-generic", "Brand new filler."),
            ("filler-generic", "Some more filler."),
            ("filler-generic", "Much filler."),
        ],
    )


def test_a_new_article_fails(site):
    write("docs")
    (site / "docs" / "new.md").write_text("All new filler. So is this filler. And this filler.")
    assert check("docs") == (1, [("filler-article", ""), ("filler-generic", "All new filler.")])


def test_an_article_that_becomes_filler_fails_although_its_sentences_are_known(site):
    write("docs")
    more = " Much new filler. Very new filler. So much filler. All of it filler. Even more filler."
    (site / "docs" / "b.md").write_text((site / "docs" / "b.md").read_text() + more)
    status, found = check("docs")
    assert status == 1
    assert found == [("filler-article", ""), ("filler-generic", "Much new filler.")]


def test_the_machine_limit_is_known_apart_from_the_score(site):
    text = "The machine wrote this claim. It wrote that as well. And a third."
    (site / "docs" / "c.md").write_text(text)
    limits = ("--baseline", FILE, "--machine-above", "0.5", "--fail-above", "0.6")
    assert run("docs", *limits, "--write-baseline").exit_code == 0
    assert run("docs", *limits).exit_code == 0
    (site / "docs" / "c.md").write_text(f"{text} A fourth fact.")
    assert run("docs", *limits).exit_code == 0
    (site / "docs" / "a.md").write_text(f"{OLD} The machine.")
    assert run("docs", *limits).exit_code == 1


def test_fixed_findings_are_counted_and_pruned(site):
    before = write("docs")
    assert [entry["id"] for entry in before["articles"]] == ["docs/a.md", "docs/b.md"]
    (site / "docs" / "a.md").write_text("The council met on Monday. This is old filler. It rained.")
    (site / "docs" / "b.md").unlink()
    done = run("docs", "--baseline", FILE)
    assert "1 findings stand in the baseline" in done.stderr
    assert "3 are gone from these texts, --write-baseline drops them" in done.stderr
    assert run("docs", "--baseline", FILE, "--write-baseline").exit_code == 0
    (entry,) = json.loads((site / FILE).read_text())["articles"]
    assert entry["id"] == "docs/a.md"
    assert len(entry["filler"]) == 1


def test_writing_for_some_files_keeps_what_is_known_of_the_others(site):
    before = write("docs")
    assert write("docs/a.md") == before
    (site / "docs" / "c.md").write_bytes(b"\0\1\2\3" * 50)
    (site / "docs" / "b.md").write_bytes(b"\0\1\2\3" * 50)
    assert run("docs", "--baseline", FILE, "--write-baseline", "--fail-above", "0.6").exit_code == 2
    assert json.loads((site / FILE).read_text()) == before


def test_the_file_is_the_same_from_any_folder_and_in_any_order(site, monkeypatch):
    before = write("docs")
    assert write("docs/b.md", "docs/a.md") == before
    monkeypatch.chdir(site / "docs")
    run(".", "--baseline", f"../{FILE}", "--write-baseline", "--fail-above", "0.6")
    assert json.loads((site / FILE).read_text()) == before
    assert len((site / FILE).read_text().splitlines()) == 2 + len(before["articles"])


def test_rows_are_known_by_their_words(site):
    rows = [{"text": OLD}, {"text": "A claim stands here. It does."}]
    (site / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    write("a.jsonl")
    (site / "a.jsonl").write_text("\n".join(map(json.dumps, [{"text": "Yet another claim. It is."}, *rows])))
    assert check("a.jsonl") == (0, [])


def test_the_settings_may_name_it(site):
    write("docs")
    (site / "pyproject.toml").write_text(f'[tool.detector]\nfail-above = 0.6\nbaseline = "{FILE}"\n')
    assert run("docs").exit_code == 0
    assert run("docs", "--no-settings", "--fail-above", "0.6").exit_code == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "there is no baseline detector-baseline.json; --write-baseline makes it"),
        ("{", "it is not valid JSON"),
        ("[]", "it has no detector-baseline version"),
        ('{"detector-baseline": 9}', "it is of version 9, expected 1"),
        ('{"detector-baseline": 1}', "damaged baseline"),
        ('{"detector-baseline": 1, "articles": [{"id": "a", "words": "b", "filler": [3]}]}', "damaged baseline"),
    ],
)
def test_a_baseline_that_cannot_be_read_is_one_sentence(site, content, says):
    if content is not None:
        (site / FILE).write_text(content)
    done = run("docs", "--baseline", FILE)
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_writing_needs_a_name_and_a_place(site):
    done = run("docs", "--write-baseline")
    assert done.exit_code == 2
    assert "--write-baseline needs --baseline FILE" in done.stderr
    done = run("docs", "--write-baseline", "--baseline", "gone/b.json")
    assert done.exit_code == 2
    assert "there is no folder" in done.stderr
    assert done.stdout == ""
