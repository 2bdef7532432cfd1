"""Workflow commands, read back as the runner of GitHub Actions reads them."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from command import run
from fake_scorer import CLAIM, FILLER

from detector.io.github import command


@pytest.fixture(autouse=True)
def _here(fake, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def parse(line):
    """Return the name, the properties and the message of a command, unescaped."""
    found = re.fullmatch(r"::(\w+) ([^:]*)::(.*)", line)
    assert found, line
    properties = dict(pair.split("=", 1) for pair in found[2].split(","))
    plain = {key: unescape(value) for key, value in properties.items()}
    return found[1], plain, unescape(found[3])


def unescape(text):
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


def github(*arguments, status=0, stdin=None):
    done = run("score", "--format", "github", *arguments, stdin=stdin)
    assert done.exit_code == status, done.output
    return [parse(line) for line in done.stdout.splitlines()]


def test_a_run_is_a_command_at_its_place(tmp_path):
    (tmp_path / "a.txt").write_text("A fact.\nA claim. Some filler here. A date.\nLast filler\nof two lines. One more.")
    first, second = github("a.txt")
    assert first[0] == "notice"
    assert first[1] == {
        "file": "a.txt",
        "line": "2",
        "endLine": "2",
        "col": "10",
        "endColumn": "26",
        "title": "Says nothing specific",
    }
    assert "Some filler here." in first[2]
    assert second[1] == {"file": "a.txt", "line": "3", "endLine": "4", "col": "1", "title": "Says nothing specific"}


def test_the_article_comes_first_and_failing_is_an_error(tmp_path):
    (tmp_path / "a.txt").write_text(FILLER)
    assert [(one[0], one[1]["title"]) for one in github("a.txt")] == [
        ("warning", "Low-information filler"),
        ("warning", "Says nothing specific"),
    ]
    assert [one[0] for one in github("a.txt", "--check", status=1)] == ["error", "warning"]


def test_texts_without_findings_give_no_line(tmp_path):
    (tmp_path / "a.txt").write_text(CLAIM)
    (tmp_path / "b.txt").write_text("short")
    assert github(".") == []


def test_rows_point_at_their_line_and_failures_are_errors(tmp_path):
    (tmp_path / "a.jsonl").write_text(f'{json.dumps({"text": CLAIM})}\nbad\n{json.dumps({"text": FILLER})}\n')
    found = github("a.jsonl", "gone.txt", status=2)
    assert [(one[0], one[1]["file"], one[1].get("line")) for one in found] == [
        ("error", "a.jsonl", "2"),
        ("warning", "a.jsonl", "3"),
        ("warning", "a.jsonl", "3"),
        ("error", "gone.txt", None),
    ]
    assert "not valid JSON" in found[0][2]


def test_nothing_in_a_name_or_text_can_end_a_command(tmp_path):
    name = "a,line=7::error title=x::%0A 100%,\n::error::b.txt"
    (tmp_path / name.replace("/", "")).write_text("::error file=x::boo filler\n::stop-commands::filler. % filler.")
    done = run("score", "--format", "github", ".")
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    for line in lines:
        kind, properties, message = parse(line)
        assert kind == "warning"
        assert properties["file"] == name
    assert '"::error file=x::boo filler ::stop-commands::filler."' in message


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "50%", "%0A", "a::b", ",=:%", "", "%25"])
def test_escaping_is_undone_by_the_reader(text):
    line = command("notice", {"file": text, "line": 3, "col": None}, text)
    assert "\n" not in line
    assert parse(line) == ("notice", {"file": text, "line": "3"}, text)


def test_names_are_relative_to_the_repository(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text(FILLER)
    for folder, path in ((tmp_path, "docs"), (tmp_path / "docs", "a.txt"), (tmp_path, tmp_path / "docs" / "a.txt")):
        monkeypatch.chdir(folder)
        assert {one[1]["file"] for one in github(path)} == {"docs/a.txt"}
